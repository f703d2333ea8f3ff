"""Agreement of the raters of an item, against published numbers and a regression by hand."""

import numpy as np
import pytest

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import describe_raters, rater_agreement
from tests.core.ratings.test_rating_reliability import MINI, SHROUT_FLEISS, WRIGHT
from tests.facts import missing


def given(values: np.ndarray) -> RatingSet:
    ratings = tuple(
        VideoRating(f"v{row}", f"r{column}", "Flow", float(values[row, column]))
        for row, column in zip(*np.nonzero(~np.isnan(values)), strict=True)
    )
    return RatingSet(ratings, (RatingScale("Flow", 0, 10),))


def test_agreement_of_shrout_and_fleiss() -> None:
    found = rater_agreement(given(SHROUT_FLEISS), "Flow")
    assert found.icc_single is not None
    assert found.icc_mean is not None
    assert [round(one.value, 2) for one in (found.icc_single, found.icc_mean)] == [0.29, 0.62]
    assert found.severity == pytest.approx(SHROUT_FLEISS.mean(axis=0) - SHROUT_FLEISS.mean())
    assert found.sem == pytest.approx(np.sqrt(1.02), abs=0.01)
    assert len(found.pairs) == 6
    assert not missing(found.sentences, "4 raters", "“Flow”", "6 videos")
    assert (
        "ICC(2,1), one rater: 0.29 (0.02 to 0.76), poor. ICC(2,k), mean of all: 0.62 (0.07 to 0.93), moderate."
        in found.sentences
    )


def test_who_counts_more_errors_is_severe() -> None:
    counts = np.array([[1.0, 4], [3, 6], [0, 3]])
    ratings = given(counts)
    errors = RatingSet(ratings.ratings, (RatingScale("Flow", 0, 10, less_is_better=True),))
    assert rater_agreement(ratings, "Flow").severity == pytest.approx([-1.5, 1.5])
    assert rater_agreement(errors, "Flow").severity == pytest.approx([1.5, -1.5])


def test_limits_of_agreement_of_bland_and_altman() -> None:
    (pair,) = rater_agreement(given(np.array([WRIGHT, MINI], dtype=float).T), "Flow").pairs
    assert pair.limits is not None
    assert [round(one.value) for one in (pair.limits.bias, pair.limits.low, pair.limits.high)] == [-2, -78, 74]


def test_raters_without_common_videos_have_little_to_tell() -> None:
    apart = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 3.0]])
    found = rater_agreement(given(apart), "Flow")
    assert (found.n_complete, found.icc_single, found.pairs[0].limits) == (0, None, None)
    assert found.sentences == (
        "2 raters of “Flow”; 0 videos were rated by all.", "r0 and r1: weighted kappa not defined."
    )  # fmt: skip
    with pytest.raises(DatasetError, match=r"“Flow”.*1 rater"):
        rater_agreement(given(apart[:2, :1]), "Flow")


def test_the_description_of_raters_states_the_reliability_of_their_mean() -> None:
    assert not missing(describe_raters(given(SHROUT_FLEISS), "Flow"), "4;", "moderate", "0.62")


def test_the_description_of_raters_states_no_reliability_that_is_not_known() -> None:
    alone = describe_raters(given(np.array([[1.0], [2.0]])), "Flow")
    apart = describe_raters(given(np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 3.0]])), "Flow")
    equal = describe_raters(given(np.full((3, 2), 4.0)), "Flow")
    assert not missing(alone, "one;", "not known")
    assert not missing(apart, "2;", "too few")
    assert not missing(equal, "2;", "not defined")
