"""Where a score stands, in numbers and in exactly these words; and the video to compare with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skillviewer.core.analysis.cohort import (
    CohortMember,
    CohortPosition,
    ReferenceVideo,
    SimilarityMeasure,
    cohort_position,
    cohort_positions,
    reference_video,
)
from tests.facts import missing

NARROW = (-0.63, -0.20)


def cohort(n_higher: int, n_lower: int, n_tied: int = 0, score: float = -0.41) -> list[float]:
    return [score + 1 + i for i in range(n_higher)] + [score - 1 - i for i in range(n_lower)] + [score] * n_tied


@pytest.mark.parametrize(
    ("others", "interval", "words"),
    [
        (cohort(42, 6), NARROW, "lower than 88 % of the 48 comparable videos of this task"),
        (cohort(5, 43), NARROW, "higher than 90 % of the 48 comparable videos of this task"),
        (cohort(48, 0), NARROW, "lower than all 48 comparable videos of this task"),
        (cohort(0, 48), NARROW, "higher than all 48 comparable videos of this task"),
        (cohort(499, 1), NARROW, "lower than 99 % of the 500 comparable videos of this task"),
        (
            cohort(30, 15, 3),
            NARROW,
            "lower than 63 % of the 48 comparable videos of this task (3 of them score the same)",
        ),
        (
            cohort(20, 3, 1),
            NARROW,
            "lower than 83 % of the 24 comparable videos of this task (1 of them scores the same)",
        ),
        (cohort(24, 24), (-9.0, -1.5), "in the middle of the 48 comparable videos of this task"),
        (cohort(42, 6), (-0.63, 30.0), "not distinguishable from the median of the 48 comparable videos of this task"),
        (cohort(0, 0, 20), NARROW, "not distinguishable from the median of the 20 comparable videos of this task"),
        (cohort(19, 0), NARROW, "only 19 comparable videos of this task, too few for a percentile (at least 20)"),
        (cohort(1, 0), NARROW, "only 1 comparable video of this task, too few for a percentile (at least 20)"),
        ([], NARROW, "no comparable videos of this task"),
    ],
)
def test_sentences(others: list[float], interval: tuple[float, float], words: str) -> None:
    low, high = (f"{x:+.2f}".replace("-", "−") for x in interval)
    expected = f"Score −0.41 (95 % interval {low} to {high}): {words}."
    assert cohort_position(-0.41, interval, others).sentence() == expected


def test_the_sentence_of_the_guide() -> None:
    expected = "Score −0.41 (95 % interval −0.63 to −0.20): lower than 88 % of the 48 comparable videos of this task."
    assert cohort_position(-0.41, NARROW, cohort(42, 6)).sentence() == expected


def test_cohort_is_named_and_digits_are_chosen() -> None:
    found = cohort_position(0.5, None, cohort(0, 30, score=0.5), cohort="the task “Suturing”")
    assert not missing(found.sentence(3), "Score +0.500", "30 comparable", "“Suturing”")
    assert not found.at_median


@pytest.mark.parametrize(
    ("low", "high", "told_apart"), [(-1.0, 0.1, True), (-1.0, 0.2, False), (0.2, 0.3, False), (0.21, 0.3, True)]
)
def test_interval_that_holds_the_median_at_its_very_end(low: float, high: float, told_apart: bool) -> None:
    others = [0.2] * 11 + [0.9] * 5 + [-0.9] * 5
    assert cohort_position(-0.1, (low, high), others).at_median is not told_apart


@given(st.lists(st.integers(-3, 3).map(float), min_size=20, max_size=60), st.integers(-3, 3).map(float))
def test_percentile_is_the_mean_rank(others: list[float], score: float) -> None:
    found = cohort_position(score, None, others)
    brute = np.mean([1.0 if other < score else 0.5 if other == score else 0.0 for other in others]) * 100
    assert found.percentile == pytest.approx(brute)
    assert found.n_lower + found.n_tied + found.n_higher == found.n_compared == len(others)
    assert found.median == np.median(others)


def test_no_percentile_below_twenty() -> None:
    assert cohort_position(0, None, cohort(10, 9, score=0)).percentile is None
    assert cohort_position(0, None, cohort(10, 10, score=0)).percentile == 50


def test_only_scores_make_a_cohort() -> None:
    with pytest.raises(ValueError, match="have a score"):
        cohort_position(0, None, [1.0, float("nan")])
    with pytest.raises(ValueError, match="have a score"):
        cohort_position(float("nan"), None, [1.0])


def test_a_standing_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        cohort_position(0, None, []).score = 1.0  # type: ignore[misc]
    assert isinstance(cohort_position(0, None, []), CohortPosition)


# ---- the video to compare with


def member(name: str, score: float, *embedding: float) -> CohortMember:
    return CohortMember(name, score, np.array(embedding) if embedding else None)


def test_reference_is_the_well_scored_video_that_looks_most_alike() -> None:
    others = [
        member("alike but low", 0.2, 0.0, 0.0),
        member("low", 0.1, 5.0, 1.0),
        *(member(f"middle {i}", 0.3, 9.0, i) for i in range(4)),
        member("good and far", 0.9, 9.0, 9.0),
        member("good and near", 0.8, 1.0, 0.5),
    ]
    video = member("video", -0.4, 0.0, 0.0)
    found = reference_video(video, others)
    every = np.array([m.embedding for m in (video, *others)])
    expected = np.sqrt(np.mean((np.array([1.0, 0.5]) / every.std(axis=0)) ** 2))
    assert found == ReferenceVideo("good and near", 0.8, SimilarityMeasure.LOOKS, float(expected))


def test_reference_without_looks_is_the_nearest_in_score_among_the_well_scored() -> None:
    others = [member(f"v{i}", float(i)) for i in range(12)]
    found = reference_video(member("video", 1.5, 1.0), others)
    assert found == ReferenceVideo("v9", 9.0, SimilarityMeasure.SCORE, 7.5)  # the top quarter begins at 8.25


def test_reference_is_scored_higher_or_there_is_none() -> None:
    others = [member("a", 1.0), member("b", 2.0), member("c", 3.0)]
    assert reference_video(member("video", 2.5), others) == ReferenceVideo("c", 3.0, SimilarityMeasure.SCORE, 0.5)
    assert reference_video(member("video", 3.0), others) is None
    assert reference_video(member("video", 3.0), []) is None


def test_reference_among_equals_is_the_higher_score_then_the_name() -> None:
    video = member("video", 0.0, 0.0)
    others = [member("z", 2.0, 1.0), member("b", 3.0, 1.0), member("a", 3.0, -1.0)]
    found = reference_video(video, [*others, *(member(f"low {i}", -1.0, 0.0) for i in range(9))])
    assert found is not None
    assert found.name == "a"


@pytest.mark.parametrize("n", [1, 2, 3, 24, 25])
def test_a_whole_cohort_stands_as_each_of_its_videos_does(n: int) -> None:
    scores = np.random.default_rng(n).integers(-4, 5, n) / 4  # with ties
    intervals = [None if i % 3 == 0 else (score - 0.3, score + 0.3) for i, score in enumerate(scores)]
    found = cohort_positions(scores.tolist(), intervals)
    for i, stand in enumerate(found):
        alone = cohort_position(float(scores[i]), intervals[i], np.delete(scores, i).tolist())
        assert repr(stand) == repr(alone)  # by their words: the median of nobody is NaN
        assert stand.percentile_text.split(" ")[0] == (
            "–" if alone.percentile is None else str(_half_up(alone.percentile))
        )


def _half_up(percentile: float) -> int:
    return int(np.floor(percentile + 0.5))


def test_a_percentile_in_words_is_never_rounded_to_all_or_none() -> None:
    found = cohort_positions([float(i) for i in range(301)], [None] * 301)
    assert [found[i].percentile_text.split(" ")[0] for i in (0, 1, 299, 300)] == ["0", "1", "99", "100"]


def test_a_percentile_has_a_range_of_both_its_errors() -> None:
    """Wilson's interval (1927) of the lower scores, at either end of the score's interval."""
    others = [float(i) for i in range(24)]
    wilson = (
        stats.binomtest(4, 24).proportion_ci(method="wilson"),
        stats.binomtest(7, 24).proportion_ci(method="wilson"),
    )
    found = cohort_position(4.5, (3.5, 6.5), others)
    assert found.percentile_range == pytest.approx((100 * wilson[0].low, 100 * wilson[1].high))
    assert found.percentile_text == "21 (7 to 49)"
    narrow = cohort_position(4.5, None, others).percentile_range
    assert found.percentile is not None
    assert found.percentile_range[0] < narrow[0] < found.percentile < narrow[1] < found.percentile_range[1]


def test_a_cohort_without_a_score_is_refused() -> None:
    with pytest.raises(ValueError, match="have a score"):
        cohort_positions([0.0, float("nan")], [None, None])
