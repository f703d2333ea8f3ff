"""Scores along videos, and which fifth of a video decides, against counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillviewer.core.evaluation.score_progress import SHARES, contribution_shares, scores_at


def test_scores_after_shares_of_25_steps() -> None:
    curves = np.stack([np.arange(1, 26), -np.arange(1, 26)]).astype(np.float64)
    assert [scores_at(curves, share).tolist() for share in SHARES] == [[k, -k] for k in (5, 10, 15, 20, 25)]


@given(n=st.integers(1, 60), percent=st.integers(1, 100))
def test_a_part_of_a_step_counts_as_a_whole_one(n: int, percent: int) -> None:
    (value,) = scores_at(np.arange(1.0, n + 1)[None], percent / 100)
    assert value == min(k for k in range(1, n + 1) if 100 * k >= percent * n)


def test_contributions_are_shared_out_video_by_video() -> None:
    # ten steps, two a fifth; the second video counts as much as the first, though its numbers are larger
    first, second = np.zeros(10), np.zeros(10)
    first[[0, 9]] = 1, -3
    second[[4, 5]] = -10, 30
    unknown, nothing = np.full(10, np.nan), np.zeros(10)
    shares = contribution_shares(np.stack([first, second, unknown, nothing]))
    np.testing.assert_allclose(shares, [0.125, 0, 0.5, 0, 0.375])


def test_steps_that_do_not_divide_by_five() -> None:
    np.testing.assert_allclose(contribution_shares(np.ones((1, 7))), [2 / 7, 1 / 7, 2 / 7, 1 / 7, 1 / 7])


@pytest.mark.parametrize("contributions", [np.zeros((2, 5)), np.full((1, 5), np.nan)])
def test_where_nothing_counts_nothing_is_said(contributions: np.ndarray) -> None:
    assert np.isnan(contribution_shares(contributions)).all()


def test_videos_of_several_lengths_are_counted_by_their_own_steps() -> None:
    curves, own = np.full((3, 10), np.nan), (10, 5, 7)
    for row, n in enumerate(own):
        curves[row, :n] = np.arange(1, n + 1)
    for share in SHARES:
        alone = [scores_at(curves[row : row + 1, :n], share)[0] for row, n in enumerate(own)]
        assert scores_at(curves, share).tolist() == alone
    each = [contribution_shares(curves[row : row + 1, :n]) for row, n in enumerate(own)]
    np.testing.assert_allclose(contribution_shares(curves), np.mean(each, axis=0))
    curves[2, 3] = np.nan  # one that is not known
    np.testing.assert_allclose(contribution_shares(curves), np.mean(each[:2], axis=0))
