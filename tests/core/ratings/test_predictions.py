"""PredictedRatings ratings of held-out videos, and the chosen metrics of a model, against numbers made another way."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from skillviewer.core.dataset.dataset import Dataset, Measure
from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy
from skillviewer.core.evaluation.metrics import METRICS, reference
from skillviewer.core.ratings.predictions import (
    explain_missing_metrics,
    metrics_named,
    model_metrics,
    predict_ratings,
    predictions_by_raters,
    rated_metrics,
    rejection_points,
)
from skillviewer.core.ratings.rating_metrics import RATED_METRICS
from tests.core.datasets import people, ranked
from tests.facts import missing

LEVELS = ("novice", "intermediate", "expert")
NAMES = people("ABCDEFGHIJKL", 2)
ALL = metrics_named("all")


def rated(levels: tuple[str, ...] = LEVELS) -> Dataset:
    """Return videos with ratings 2, 1 and 0 by two raters, from the best third to the worst."""
    truth = {name: 2.0 - 3 * i // len(NAMES) for i, name in enumerate(NAMES)}
    given = tuple(VideoRating(name, rater, "Flow", value) for name, value in truth.items() for rater in "xy")
    ratings = RatingSet(given, (RatingScale("Flow", 0, 2, levels=levels),))
    return replace(ranked(NAMES), ratings=ratings, criterion="Flow")


def results(dataset: Dataset, seed: int, noise: float = 3.0) -> list[FoldScores]:
    """Return noisy scores in the true order, on a scale of its own for every fold."""
    rng = np.random.default_rng(seed)
    folds = make_folds(dataset, fold_unit=FoldUnit.PARTICIPANT).folds
    return [
        FoldScores(
            fold, {name: 100 * k + (k + 1) * (-i + rng.normal(0, noise)) for i, name in enumerate(dataset.names)}
        )
        for k, fold in enumerate(folds)
    ]


def test_scores_of_folds_are_brought_to_one_scale() -> None:
    dataset = rated()
    exact, noisy = (predict_ratings(results(dataset, 1, noise), dataset) for noise in (0.0, 3.0))
    assert exact is not None
    assert noisy is not None
    order = {name: i for i, name in enumerate(NAMES)}
    assert stats.spearmanr(exact.scores, [-order[name] for name in sorted(NAMES)]).statistic > 0.99
    assert stats.spearmanr(noisy.scores, noisy.truth).statistic > 0.7
    assert np.abs(exact.ratings - exact.truth).mean() < 0.25
    assert ((exact.low <= exact.ratings) & (exact.ratings <= exact.high)).all()


def test_every_metric_is_that_of_the_predictions() -> None:
    dataset = rated()
    by_seed = [results(dataset, seed) for seed in (1, 2)]
    found = model_metrics(ALL, by_seed, dataset, reference(dataset))
    assert list(found) == list(ALL) == [*(one.name for one in METRICS), *(one.name for one in RATED_METRICS)]
    both = [one for one in (predict_ratings(some, dataset) for some in by_seed) if one is not None]
    assert found["mae"].value == pytest.approx(np.mean([np.abs(one.ratings - one.truth).mean() for one in both]))
    hits = [np.mean(np.clip(np.floor(one.ratings + 0.5), 0, 2) == one.truth) for one in both]
    assert found["top_1"].value == pytest.approx(np.mean(hits))
    inside = [((one.low <= one.truth) & (one.truth <= one.high)).mean() for one in both]
    assert found["coverage"].value == pytest.approx(np.mean(inside))
    assert found["accuracy"] == pooled_accuracy([*by_seed[0], *by_seed[1]], dataset)
    for name, one in found.items():
        assert np.isnan(one.low) or one.low <= one.value <= one.high, name
    kept, errors = zip(*rejection_points(ALL, by_seed, dataset), strict=True)
    assert (kept[-1], errors[-1]) == pytest.approx((1, np.abs(both[0].ratings - both[0].truth).mean()))
    assert found["rejection"].value > 0


def test_rank_correlations_of_folds_leave_out_people() -> None:
    dataset = rated()
    some, known = results(dataset, 3), reference(dataset)
    (spearman,) = (metric for metric in METRICS if metric.name == "spearman")
    found = model_metrics(["spearman"], [some], dataset, known)["spearman"]
    assert found.value == pytest.approx(np.mean([spearman.measure(result, known) for result in some]))
    assert found.n_clusters == 12
    assert -1 < found.low < found.value < found.high < 1


def test_what_cannot_be_computed_is_told_in_a_sentence() -> None:
    bare = ranked(NAMES)
    assert not missing(explain_missing_metrics(ALL, predict_ratings(results(bare, 1), bare), bare)[0], "import joins")
    numbers = rated(levels=())
    assert explain_missing_metrics(ALL, predict_ratings(results(numbers, 1), numbers), numbers) == [
        "Not computed: top_1, macro_f1, expected_cost. The ratings of “Flow” are numbers and no levels."
    ]
    few = rated().restricted(people("ABCDEF", 2))
    told = explain_missing_metrics(["mae", "coverage", "width"], predict_ratings(results(few, 1), few), few)
    assert told == ["Not computed: coverage, width. Intervals of ratings need 10 other people, and 6 were rated."]
    assert list(model_metrics(["mae", "width"], [results(few, 1)], few, reference(few))) == ["mae"]
    assert explain_missing_metrics(["accuracy"], None, bare) == []
    scored = replace(bare, scores=Measure("GRS", tuple((name, float(i)) for i, name in enumerate(reversed(NAMES)))))
    assert list(model_metrics(["mae"], [results(scored, 1)], scored, reference(scored))) == ["mae"]


def test_one_rater_is_measured_against_the_mean_of_the_others() -> None:
    given = {"x": (1.0, 2.0, 3.0), "y": (1.0, 2.0, 3.0), "z": (3.0, 2.0, 1.0)}
    names = ("A1", "B1", "C1")
    ratings = tuple(
        VideoRating(video, rater, "Flow", value)
        for rater, own in given.items()
        for video, value in zip(names, own, strict=True)
    )
    scale = RatingScale("Flow", 1, 3, less_is_better=True)
    dataset = replace(ranked(list(names)), ratings=RatingSet(ratings, (scale,)), criterion="Flow")
    found = rated_metrics(["mae", "rating_spearman"], predictions_by_raters(dataset), dataset)
    # the others' mean is 2 for x and y, and 1, 2, 3 for z
    assert found["mae"].value == pytest.approx((2 / 3 + 2 / 3 + 4 / 3) / 3)
    assert found["rating_spearman"].value == pytest.approx(-1), "of x and y it is not defined"


def test_metrics_are_named() -> None:
    assert metrics_named("official") == (
        "accuracy", "rating_spearman", "relative_l2", "top_1", "macro_f1", "expected_cost"
    )  # fmt: skip
    assert metrics_named(" mae, accuracy,") == ("accuracy", "mae")
    with pytest.raises(SettingsError, match="“maw”"):
        metrics_named("mae,maw")
