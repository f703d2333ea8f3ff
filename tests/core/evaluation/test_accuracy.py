"""Pairwise accuracy, its intervals and how it grows with separation."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.special import logit

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.folds import FoldUnit, fold_of, make_folds
from skillviewer.core.dataset.pair_graph import separations
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    OrderingCounts,
    accuracy_by_separation,
    clusters_of,
    count_pairs,
    mean_std,
    pooled_accuracy,
    pooled_difference,
    pooled_mean,
    refit_factor,
)
from skillviewer.core.evaluation.intervals import Range, interval, over_participants, pair_variance
from tests.core.datasets import people, ranked

DATASET = ranked(people("ABCDEFGH", 5))
TRUE = {name: -float(i) for i, name in enumerate(DATASET.names)}


def results(scores: dict[str, float], dataset: Dataset = DATASET) -> list[FoldScores]:
    return [FoldScores(fold, scores) for fold in make_folds(dataset, fold_unit=FoldUnit.PARTICIPANT).folds]


def test_right_wrong_and_ties() -> None:
    scores = {"a": 2.0, "b": 1.0, "c": 1.0, "d": float("nan")}
    count = count_pairs([Pair("a", "b"), Pair("b", "a"), Pair("b", "c"), Pair("a", "d"), Pair("d", "a")], scores)
    assert count == OrderingCounts(right=1, wrong=3, ties=1)
    assert count.accuracy == 0.2


def test_a_model_that_gives_everybody_the_same_score_gets_nothing() -> None:
    count = count_pairs(DATASET.pairs, dict.fromkeys(DATASET.names, 0.0))
    assert (count.accuracy, count.ties) == (0.0, 780)


def test_no_pairs_have_no_accuracy() -> None:
    assert np.isnan(count_pairs([], {}).accuracy)


def test_a_video_without_a_score_is_told() -> None:
    with pytest.raises(DatasetError, match="“b” is in a pair and has no score"):
        count_pairs([Pair("a", "b")], {"a": 1.0})


def test_mean_and_standard_deviation_over_folds() -> None:
    over = mean_std([0.8, 0.9, 0.7, float("nan")])
    assert [over.mean, over.sd, over.n] == pytest.approx([0.8, 0.1, 3])
    assert np.isnan(mean_std([0.8]).sd)
    assert np.isnan(mean_std([]).mean)


def test_a_perfect_model_has_no_interval() -> None:
    pooled = pooled_accuracy(results(TRUE), DATASET)
    assert pooled.value == 1.0
    assert pooled.all_alike
    assert np.isnan([pooled.low, pooled.high]).all()
    assert (pooled.n_pairs, pooled.n_clusters, pooled.clusters) == (4 * 345, 8, "participant")
    assert pooled_accuracy(results(TRUE), DATASET, both_held_out=True).n_pairs == 4 * 45


def share_by_hand(given: list[FoldScores], whose: dict[str, str], without: str = "") -> float:
    """Count the pairs that a person has no part in, one at a time."""
    right = [
        result.scores[pair.better] > result.scores[pair.worse]
        for result in given
        for pair in result.fold.test_pairs
        if without not in {whose[pair.better], whose[pair.worse]}
    ]
    return float(np.mean(right))


def noisy_scores(dataset: Dataset, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    return {name: -i + rng.normal(0, 0.4 * len(dataset.names)) for i, name in enumerate(dataset.names)}


def test_an_interval_is_that_of_leaving_out_each_person() -> None:
    """The variance by hand, over all products of residuals; the interval is symmetric in the logit."""
    dataset = ranked(people("ABCDE", 3))
    given = results(noisy_scores(dataset, 1), dataset)
    whose, _ = clusters_of(dataset)
    value = share_by_hand(given, whose)
    without = [share_by_hand(given, whose, person) for person in "ABCDE"]
    jackknife = 4 / 5 * sum((one - np.mean(without)) ** 2 for one in without)
    tested = [
        ({whose[p.better], whose[p.worse]}, (one.scores[p.better] > one.scores[p.worse]) - value)
        for one in given
        for p in one.fold.test_pairs
    ]
    apart = [a * b for (whom, a), (who, b) in product(tested, tested) if not whom & who]
    expected = (2 * jackknife + min(max(-float(np.mean(apart)), 0.0), jackknife)) / 3
    trained = [len(one.fold.held_out_videos) / len(one.fold.train_videos) for one in given]
    reach = stats.t.ppf(0.975, 4) * np.sqrt(expected * (1 + np.mean(trained))) / (value * (1 - value))
    pooled = pooled_accuracy(given, dataset)
    assert pooled.value == pytest.approx(value)
    assert logit([pooled.low, pooled.high]) == pytest.approx([logit(value) - reach, logit(value) + reach])


def test_a_single_division_has_no_models_made_anew() -> None:
    fold = fold_of("1", DATASET.names, [n for n in DATASET.names if n[0] in "ABC"], DATASET.pairs)
    assert refit_factor([fold]) == 1
    assert refit_factor([fold, replace(fold, held_out_videos=fold.held_out_videos[:5])]) > 1


def test_pairs_of_two_people_are_one_statement_each() -> None:
    """Four couples who meet nobody else are four clusters, not eight: the unbiased part is that of four means."""
    right, tested = np.zeros((8, 8)), np.zeros((8, 8))
    means = np.array([0.2, 0.9, 0.6, 0.5])
    for i, mean in enumerate(means):
        right[2 * i, 2 * i + 1], tested[2 * i, 2 * i + 1] = 10 * mean, 10
    unbiased = means.var(ddof=1) / 4
    without = [np.delete(means, i // 2).mean() for i in range(8)]
    jackknife = 7 / 8 * sum((one - means.mean()) ** 2 for one in without)
    assert jackknife > 2 * unbiased
    assert pair_variance(right, tested) == pytest.approx((2 * jackknife + unbiased) / 3)


def test_many_videos_without_people_have_an_interval() -> None:
    many = ranked([f"{i:04}" for i in range(90)], with_participants=False)
    many = replace(many, pairs=many.pairs[:400])
    given = [FoldScores(fold, noisy_scores(many, 4)) for fold in make_folds(many).folds]
    pooled = pooled_accuracy(given, many)
    assert pooled.clusters == "video"
    assert pooled.low < pooled.value < pooled.high


@pytest.mark.parametrize(("scale", "value"), [(Range.PROPORTION, 0.9), (Range.CORRELATION, -0.8), (Range.NUMBER, 7.0)])
def test_intervals_stay_within_their_range(scale: Range, value: float) -> None:
    low, high = interval(value, 0.04, 5, scale)
    assert low < value < high
    if scale is not Range.NUMBER:
        assert low - (scale is Range.PROPORTION) >= -1
        assert high <= 1
    near, far = interval(value, 1e-8, 5, scale)
    assert far - near == pytest.approx(2e-4 * stats.t.ppf(0.975, 4), rel=1e-3), "narrow ones are symmetric"
    assert np.isnan(interval(value, 0.04, 1, scale)).all()
    assert np.isnan(interval(value, 0.0, 5, scale)).all()


def test_a_metric_over_people_leaves_out_whole_people() -> None:
    people_of, numbers = np.array(list("AABBCD")), np.array([1.0, 3, 0, 4, 6, 7])
    value, low, high = over_participants(lambda who: float(numbers[people_of != who].mean()), people_of.tolist())
    without = [numbers[people_of != who].mean() for who in "ABCD"]
    half = stats.t.ppf(0.975, 3) * np.sqrt(3 / 4 * sum((one - np.mean(without)) ** 2 for one in without))
    assert (value, low, high) == pytest.approx((3.5, 3.5 - half, 3.5 + half))
    assert np.isnan(over_participants(lambda _: 1.0, "A")[1])
    assert np.isnan(over_participants(lambda who: np.nan if who == "B" else 1.0, people_of.tolist())[1])
    amount = over_participants(lambda who: float(numbers[people_of != who].mean()), people_of.tolist(), Range.AMOUNT)
    assert amount[1:] == pytest.approx((3.5 * np.exp(-half / 3.5), 3.5 * np.exp(half / 3.5)))


def test_videos_without_a_pair_do_not_count_and_one_of_nobody_counts_by_itself() -> None:
    more = replace(DATASET, videos=(*DATASET.videos, DatasetVideo("T1"), DatasetVideo("T2", None, "T")))
    given = results(noisy_scores(DATASET, 5))
    assert pooled_accuracy(given, more) == pooled_accuracy(given, DATASET)
    unknown = replace(DATASET, videos=(DatasetVideo("A1"), *DATASET.videos[1:]))
    clusters, what = clusters_of(unknown)
    assert what == "participant"
    assert len(set(clusters.values())) == 9
    assert pooled_accuracy(given, unknown).n_clusters == 9


def test_each_fold_is_judged_by_its_own_model() -> None:
    folds = make_folds(DATASET).folds
    backwards = {name: -score for name, score in TRUE.items()}
    mixed = [FoldScores(fold, TRUE if i < 3 else backwards) for i, fold in enumerate(folds)]
    assert pooled_accuracy(mixed, DATASET).value == pytest.approx(0.75)


def test_without_participants_videos_are_left_out() -> None:
    anonymous = ranked(people("AB", 4), with_participants=False)
    scores = [FoldScores(f, TRUE) for f in make_folds(anonymous, 2).folds]
    pooled = pooled_accuracy(scores, anonymous)
    assert (pooled.clusters, pooled.n_clusters) == ("video", 8)


def test_one_participant_gives_no_interval() -> None:
    alone = ranked(people("A", 4))
    pooled = pooled_accuracy([FoldScores(fold_of("1", alone.names, ["A1"], alone.pairs), TRUE)], alone)
    assert pooled.value == 1.0
    assert np.isnan(pooled.low)


def test_one_held_out_person_says_nothing_of_others() -> None:
    rng = np.random.default_rng(3)
    noisy = {name: score + rng.normal(0, 15) for name, score in TRUE.items()}
    one, two = (
        FoldScores(fold_of("1", DATASET.names, [n for n in DATASET.names if n[0] in who], DATASET.pairs), noisy)
        for who in ("A", "AB")
    )
    alone = pooled_accuracy([one], DATASET)
    assert 0 < alone.value < 1
    assert np.isnan(alone.low)
    assert np.isnan(alone.high)
    assert alone.n_clusters == 8
    few = pooled_accuracy([two], DATASET)
    assert few.low < few.value < few.high
    assert few.high - few.low > 2 * (alone.value * (1 - alone.value) / alone.n_pairs) ** 0.5


def test_two_people_with_no_pair_within_either_give_no_interval() -> None:
    """Without either there is no pair: nothing tells how far the two differ."""
    both = people("AB", 4)
    pairs = tuple(pair for pair in ranked(both).pairs if pair.better[0] != pair.worse[0])
    between = replace(ranked(both), pairs=pairs)
    scores = {name: float(i % 3) for i, name in enumerate(between.names)}
    pooled = pooled_accuracy([FoldScores(fold, scores) for fold in make_folds(between, 2).folds], between)
    assert 0 < pooled.value < 1
    assert np.isnan(pooled.low)


def test_participants_make_intervals_wider_than_pairs_would() -> None:
    """A model that is wrong about two people altogether: pairs are not independent, and the interval says so."""
    wrong_about = {name: (-TRUE[name] - 1000 if name[0] in "AB" else TRUE[name]) for name in DATASET.names}
    pooled = pooled_accuracy(results(wrong_about), DATASET)
    by_pairs = 1.96 * np.sqrt(pooled.value * (1 - pooled.value) / pooled.n_pairs)
    assert pooled.high - pooled.low > 5 * 2 * by_pairs


def test_difference_of_two_models_on_the_same_pairs() -> None:
    rng = np.random.default_rng(4)
    worse = {name: score + rng.normal(0, 8) for name, score in TRUE.items()}
    difference = pooled_difference(results(TRUE), results(worse), DATASET)
    expected = 1 - pooled_accuracy(results(worse), DATASET).value
    assert difference.value == pytest.approx(expected)
    assert 0 < difference.low < difference.value < difference.high
    same = pooled_difference(results(worse), results(worse), DATASET)
    assert same.value == 0
    assert same.all_alike


def test_accuracy_by_separation_by_hand() -> None:
    small = ranked(["A1", "A2", "B1", "B2"])
    fold = fold_of("1", small.names, ["B1", "B2"], small.pairs)
    scores = {"A1": 4.0, "A2": 1.0, "B1": 3.0, "B2": 1.0}
    rows = accuracy_by_separation([FoldScores(fold, scores)], separations(small.pairs))
    # 1: A2-B1 wrong, B1-B2 right; 2: A1-B1 right, A2-B2 tie; 3: A1-B2 right
    assert [(row.separation, row.count) for row in rows] == [
        (1, OrderingCounts(1, 1, 0)),
        (2, OrderingCounts(1, 0, 1)),
        (3, OrderingCounts(1, 0, 0)),
    ]
    both_held_out = accuracy_by_separation([FoldScores(fold, scores)], separations(small.pairs), both_held_out=True)
    assert [(row.separation, row.count.n) for row in both_held_out] == [(1, 1)]


def test_seeds_are_pooled_like_folds() -> None:
    backwards = {name: -score for name, score in TRUE.items()}
    both = [*results(TRUE), *results(backwards)]
    assert pooled_accuracy(both, DATASET).value == pytest.approx(0.5)


def test_pooled_mean_leaves_out_people_and_not_videos() -> None:
    dataset = ranked(people("ABC", 2))
    a1, a2, b1, b2, c1, c2 = sorted(dataset.names)
    runs = [{a1: 1.0, a2: 3.0, b1: 0.0, "of nobody": 50.0}, {b1: 4.0, b2: float("nan"), c1: 6.0, c2: 7.0}]
    pooled = pooled_mean(runs, dataset)
    of_participants = [[1.0, 3.0], [0.0, 4.0], [6.0, 7.0]]
    assert pooled.value == pytest.approx(21 / 6)
    assert (pooled.n_pairs, pooled.n_clusters, pooled.clusters) == (6, 3, "participant")
    without = [sum(sum(one) for j, one in enumerate(of_participants) if j != i) / 4 for i in range(3)]
    jackknife = 2 / 3 * sum((one - np.mean(without)) ** 2 for one in without)
    residuals = [sum(one) - 3.5 * len(one) for one in of_participants]
    unbiased = -sum(a * b for i, a in enumerate(residuals) for j, b in enumerate(residuals) if i != j) / 24
    half = stats.t.ppf(0.975, 2) * np.sqrt((2 * jackknife + min(unbiased, jackknife)) / 3)
    assert (pooled.low, pooled.high) == pytest.approx((3.5 - half, 3.5 + half))


def test_mean_over_one_person_or_none_has_no_interval() -> None:
    dataset = ranked(people("AB", 2))
    one = pooled_mean([{min(dataset.names): 2.0}], dataset)
    assert (one.value, one.n_clusters) == (2.0, 1)
    assert np.isnan([one.low, one.high]).all()
    assert np.isnan(pooled_mean([], dataset).value)
