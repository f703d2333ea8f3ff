"""Comments that blame a part of a movement, and moments that lie in it."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.blame import PARTS, blamed, read_by_hand
from benchmarks.real_people import frames_of, in_blamed
from benchmarks.real_sides import from_line


@pytest.mark.parametrize(
    ("comment", "parts"),
    [
        ("The start was good. There were large errors in the second part.", {"second"}),
        ("At the beginning the hand was shaking, but the end was fine.", {"beginning"}),
        ("The middle corner is not sharp enough.", {"middle"}),
        ("The corners are rounded, and there was a pause at the end corner.", {"corners", "end"}),
        ("There were no errors in the first part.", set()),
        ("In the first half, the speed was good, the line was left inward.", {"first"}),
        ("The whole movement was poor.", set()),
    ],
)
def test_the_parts_that_a_comment_blames(comment: str, parts: set[str]) -> None:
    assert blamed(comment) == parts


def test_fifty_comments_were_read_by_hand() -> None:
    labels = read_by_hand()
    assert len(labels) == 50
    assert set().union(*labels.values()) == PARTS.keys()


def path() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return a pointer that follows the second side, 100 frames to the middle corner and 100 on."""
    corners = np.array([(50, 85.5), (160.3, 170.3), (272.5, 85)])
    share = np.linspace(0, 1, 100)[:, None]
    return np.concatenate([a + share * (b - a) for a, b in pairwise(corners)])


def test_distances_from_the_line_are_signed() -> None:
    distance, signed = from_line(path(), "Side2")
    assert distance == pytest.approx(np.zeros(200), abs=1e-9)
    below, inside = from_line(path()[20:80] + np.array([0, 6]), "Side2")
    assert below == pytest.approx(inside)
    assert below == pytest.approx(6 * 110.3 / np.hypot(110.3, 84.8))
    assert (signed < 1e-9).all()


def test_parts_of_the_path() -> None:
    counts = {part: int(frames_of(part, path(), "Side2").sum()) for part in PARTS}
    assert counts["first"] == 100
    assert counts["second"] == 100
    assert counts["beginning"] == counts["end"] == 40
    assert counts["middle"] == 2 * sum(139.1 * i / 99 < 30 for i in range(100))
    assert frames_of("end", path(), "Side2")[-1] == frames_of("beginning", path(), "Side2")[0] == 1


def test_the_moment_that_lowered_most_is_looked_up() -> None:
    inside = np.repeat([0.0, 1.0], 50)
    worth = np.array([2.0, -0.1, 0.0, 0.0, 0.0, 0.0, 0.0, -3.0, -2.0, 1.0])
    assert in_blamed(worth, inside) == 1
    assert in_blamed(-worth, inside) == 0
    assert in_blamed(worth, np.repeat([0.0, 1.0], [85, 15])) == 0.25
    assert np.isnan(in_blamed(np.abs(worth), inside))
