"""Numbers in sentences."""

import pytest

from skillviewer.core.text import format_size, percent, signed, whole_percent


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
def test_whole_percent_rounds_half_up_and_says_none_and_all_only_of_none_and_all(
    part: int, whole: int, expected: int
) -> None:
    assert whole_percent(part, whole) == expected


def test_percent_of_fractions() -> None:
    assert [percent(v) for v in (0.8333, 0.0, 1.0, None, float("nan"), float("inf"))] == [
        "83.3", "0.0", "100.0", "–", "–", "–",
    ]  # fmt: skip
    assert (percent(0.5, " %"), percent(None, " %")) == ("50.0 %", "–")


def test_sizes() -> None:
    sizes = [(0, "0 bytes"), (999, "999 bytes"), (1_234, "1.23 kB"), (999_400, "999 kB"), (999_600, "1 MB"),
             (5_600_000, "5.6 MB"), (12_000_000_000, "12 GB"), (1_500_000_000_000, "1500 GB")]  # fmt: skip
    assert [format_size(n) for n, _ in sizes] == [words for _, words in sizes]
