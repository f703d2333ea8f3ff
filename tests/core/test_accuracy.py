"""Pairwise accuracy, its intervals and how it grows with separation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from skillviewer.core.accuracy import (
    Count,
    FoldScores,
    accuracy_by_separation,
    clusters_of,
    count_pairs,
    pooled_accuracy,
    pooled_difference,
    spread,
)
from skillviewer.core.errors import DatasetError
from skillviewer.core.folds import FoldsBy, fold_of, make_folds
from skillviewer.core.order import separations
from skillviewer.core.pairs import Dataset, Pair
from tests.core.datasets import people, ranked

DATASET = ranked(people("ABCDEFGH", 5))
TRUE = {name: -float(i) for i, name in enumerate(DATASET.names)}


def results(scores: dict[str, float], dataset: Dataset = DATASET) -> list[FoldScores]:
    return [FoldScores(fold, scores) for fold in make_folds(dataset, by=FoldsBy.PARTICIPANT).folds]


def test_right_wrong_and_ties() -> None:
    scores = {"a": 2.0, "b": 1.0, "c": 1.0, "d": float("nan")}
    count = count_pairs([Pair("a", "b"), Pair("b", "a"), Pair("b", "c"), Pair("a", "d"), Pair("d", "a")], scores)
    assert count == Count(right=1, wrong=3, ties=1)
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
    over = spread([0.8, 0.9, 0.7, float("nan")])
    assert [over.mean, over.sd, over.n] == pytest.approx([0.8, 0.1, 3])
    assert np.isnan(spread([0.8]).sd)
    assert np.isnan(spread([]).mean)


def test_a_perfect_model_has_an_interval_without_width() -> None:
    pooled = pooled_accuracy(results(TRUE), DATASET)
    assert (pooled.value, pooled.low, pooled.high) == (1.0, 1.0, 1.0)
    assert (pooled.n_pairs, pooled.n_clusters, pooled.clusters) == (4 * 345, 8, "participant")
    assert pooled_accuracy(results(TRUE), DATASET, honest=True).n_pairs == 4 * 45


def brute_force(given: list[FoldScores], dataset: Dataset, n_draws: int, seed: int) -> tuple[float, float, float]:
    """Draw people and count every pair as often as its two people were drawn, one pair at a time."""
    whose, _ = clusters_of(dataset)
    people_ = sorted(set(whose.values()))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(people_), [1 / len(people_)] * len(people_), size=n_draws)
    shares = []
    for times in [[1] * len(people_), *drawn]:
        right = total = 0
        for result in given:
            for pair in result.fold.test_pairs:
                a, b = people_.index(whose[pair.better]), people_.index(whose[pair.worse])
                weight = times[a] if a == b else times[a] * times[b]
                total += weight
                right += weight * (result.scores[pair.better] > result.scores[pair.worse])
        shares.append(right / total if total else float("nan"))
    n = len(people_)
    tail = 100 * stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf(0.025, n - 1))
    low, high = np.nanpercentile(shares[1:], [tail, 100 - tail])
    return shares[0], float(low), float(high)


def test_pooled_accuracy_against_brute_force() -> None:
    rng = np.random.default_rng(2)
    noisy = {name: score + rng.normal(0, 15) for name, score in TRUE.items()}
    pooled = pooled_accuracy(results(noisy), DATASET, n_draws=60, seed=5)
    assert (pooled.value, pooled.low, pooled.high) == pytest.approx(brute_force(results(noisy), DATASET, 60, 5))
    assert pooled.low < pooled.value < pooled.high


def test_each_fold_is_judged_by_its_own_model() -> None:
    folds = make_folds(DATASET).folds
    backwards = {name: -score for name, score in TRUE.items()}
    mixed = [FoldScores(fold, TRUE if i < 3 else backwards) for i, fold in enumerate(folds)]
    assert pooled_accuracy(mixed, DATASET, n_draws=10).value == pytest.approx(0.75)


def test_without_participants_videos_are_drawn() -> None:
    anonymous = ranked(people("AB", 4), with_participants=False)
    scores = [FoldScores(f, TRUE) for f in make_folds(anonymous, 2).folds]
    pooled = pooled_accuracy(scores, anonymous, n_draws=10)
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
    few = pooled_accuracy([two], DATASET, n_draws=200)
    assert few.low < few.value < few.high
    assert few.high - few.low > 2 * (alone.value * (1 - alone.value) / alone.n_pairs) ** 0.5


def test_two_people_with_no_pair_within_either_give_no_interval() -> None:
    """All draws but one are without a pair: what is left would be an interval of no width."""
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


def test_difference_of_two_models_on_the_same_draws() -> None:
    rng = np.random.default_rng(4)
    worse = {name: score + rng.normal(0, 8) for name, score in TRUE.items()}
    difference = pooled_difference(results(TRUE), results(worse), DATASET)
    expected = 1 - pooled_accuracy(results(worse), DATASET).value
    assert difference.value == pytest.approx(expected)
    assert 0 < difference.low < difference.value < difference.high
    same = pooled_difference(results(worse), results(worse), DATASET)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_accuracy_by_separation_by_hand() -> None:
    small = ranked(["A1", "A2", "B1", "B2"])
    fold = fold_of("1", small.names, ["B1", "B2"], small.pairs)
    scores = {"A1": 4.0, "A2": 1.0, "B1": 3.0, "B2": 1.0}
    rows = accuracy_by_separation([FoldScores(fold, scores)], separations(small.pairs))
    # 1: A2-B1 wrong, B1-B2 right; 2: A1-B1 right, A2-B2 tie; 3: A1-B2 right
    assert [(row.separation, row.count) for row in rows] == [
        (1, Count(1, 1, 0)),
        (2, Count(1, 0, 1)),
        (3, Count(1, 0, 0)),
    ]
    honest = accuracy_by_separation([FoldScores(fold, scores)], separations(small.pairs), honest=True)
    assert [(row.separation, row.count.n) for row in honest] == [(1, 1)]


def test_seeds_are_pooled_like_folds() -> None:
    backwards = {name: -score for name, score in TRUE.items()}
    both = [*results(TRUE), *results(backwards)]
    assert pooled_accuracy(both, DATASET, n_draws=10).value == pytest.approx(0.5)
