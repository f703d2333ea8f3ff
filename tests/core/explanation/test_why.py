"""Shares of the fifths of a video in its score, against sums by hand."""

from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.why import fifth_shares, format_fifths
from tests.core.analyses import make_analysis
from tests.core.explanation.test_evidence import make_evidence
from tests.facts import missing


def weighed(*contributions: list[float]) -> Evidence:
    return replace(make_evidence(len(contributions)), segments=np.array(contributions), cells=None, cell_steps=None)


def test_a_contribution_belongs_to_the_fifth_of_its_frame() -> None:
    """20 frames: four of every fifth. Frames 0, 3 and 4 lie in the first two fifths, whatever step they are."""
    analysis = make_analysis([[0, 3, 4, 19], [1, 8, 12, 16]])
    evidence = weighed([1.0, -2.0, 3.0, -4.0], [0.5, 0.0, 0.5, -1.0])
    np.testing.assert_allclose(fifth_shares(analysis, evidence), np.array([3.5, 3.0, 0.0, 0.5, 5.0]) / 12)
    assert not missing(format_fifths(analysis, evidence), "decide 29", "25", "42 %")


@pytest.mark.parametrize(("first", "words"), [(5, "first fifth was"), (9, "first two fifths was"), (3, "")])
def test_fifths_that_were_not_looked_at_are_told(first: int, words: str) -> None:
    found = format_fifths(make_analysis([[first, 18]]), weighed([1.0, 1.0]))
    assert found.endswith(f"No frame of the {words} looked at." if words else "+ and −).")


def test_nothing_is_told_of_a_video_that_moved_nothing() -> None:
    assert format_fifths(make_analysis([[4, 18]]), weighed([0.0, 0.0])) == ""
