"""Numbers in sentences."""

import pytest

from skillviewer.core.text import percent, signed


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-0.41, 2, "−0.41"), (0.9, 2, "+0.90"), (-0.004, 2, "0.00"), (0.004, 2, "0.00"), (-0.006, 2, "−0.01"),
     (-12.3456, 3, "−12.346"), (2.5, 0, "+2"), (0.0, 1, "0.0")],
)  # fmt: skip
def test_signed(value: float, digits: int, text: str) -> None:
    assert signed(value, digits) == text


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (42, 48, 88),
        (7, 8, 88),
        (1, 8, 13),
        (0, 48, 0),
        (48, 48, 100),
        (499, 500, 99),
        (1, 500, 1),
        (1, 2, 50),
        (43, 86, 50),
    ],
)
def test_percent_rounds_half_up_and_says_none_and_all_only_of_none_and_all(
    part: int, whole: int, expected: int
) -> None:
    assert percent(part, whole) == expected
