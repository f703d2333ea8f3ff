"""Pairwise accuracy, its intervals and how it grows with separation."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from skillviewer.core.dataset.folds import FoldsBy, fold_of, make_folds
from skillviewer.core.dataset.pair_graph import separations
from skillviewer.core.dataset.pairs import Dataset, DatasetVideo, Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.accuracy import (
    Count,
    FoldScores,
    accuracy_by_separation,
    clusters_of,
    count_pairs,
    pooled_accuracy,
    pooled_difference,
    pooled_mean,
    spread,
)
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


def share_by_hand(given: list[FoldScores], whose: dict[str, str], times: dict[str, int]) -> float:
    """Count every pair as often as its two people were drawn, one pair at a time."""
    right = total = 0
    for result in given:
        for pair in result.fold.test_pairs:
            a, b = whose[pair.better], whose[pair.worse]
            weight = times[a] if a == b else times[a] * times[b]
            total += weight
            right += weight * (result.scores[pair.better] > result.scores[pair.worse])
    return right / total if total else float("nan")


def ends_by_hand(shares: list[float], n: int) -> tuple[float, float]:
    tail = stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf(0.025, n - 1))
    ranked_shares = sorted(share for share in shares if not np.isnan(share))
    beyond = int(np.ceil(tail * len(ranked_shares) - 1e-9)) - 1
    return ranked_shares[max(beyond, 0)], ranked_shares[len(ranked_shares) - 1 - max(beyond, 0)]


def noisy_scores(dataset: Dataset, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    return {name: -i + rng.normal(0, 0.4 * len(dataset.names)) for i, name in enumerate(dataset.names)}


def test_few_people_have_every_draw_counted() -> None:
    """Five draws of five people, in whatever order: 3,125 of them, each as probable as any."""
    dataset = ranked(people("ABCDE", 3))
    given = results(noisy_scores(dataset, 1), dataset)
    whose, _ = clusters_of(dataset)
    draws = product("ABCDE", repeat=5)
    shares = [share_by_hand(given, whose, {person: draw.count(person) for person in "ABCDE"}) for draw in draws]
    pooled = pooled_accuracy(given, dataset, n_draws=3, seed=9)
    assert pooled.value == pytest.approx(share_by_hand(given, whose, dict.fromkeys("ABCDE", 1)))
    assert (pooled.low, pooled.high) == pytest.approx(ends_by_hand(shares, 5))
    assert pooled == pooled_accuracy(given, dataset, seed=0), "nothing is left to a seed"
    assert pooled.low < pooled.value < pooled.high


def test_more_people_are_drawn_at_random() -> None:
    dataset = ranked(people("ABCDEFGHI", 2))
    given = results(noisy_scores(dataset, 2), dataset)
    whose, _ = clusters_of(dataset)
    drawn = np.random.default_rng(5).integers(9, size=(60, 9))
    draws = [["ABCDEFGHI"[i] for i in one] for one in drawn]
    shares = [share_by_hand(given, whose, {person: draw.count(person) for person in "ABCDEFGHI"}) for draw in draws]
    pooled = pooled_accuracy(given, dataset, n_draws=60, seed=5)
    assert (pooled.low, pooled.high) == pytest.approx(ends_by_hand(shares, 9))


def test_intervals_hardly_hang_on_the_seed_of_the_draws() -> None:
    dataset = ranked(people("ABCDEFGHIJ", 3))
    given = results(noisy_scores(dataset, 3), dataset)
    first, second = (pooled_accuracy(given, dataset, seed=seed) for seed in (0, 1))
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=0.01)
    assert pooled_accuracy(given, dataset) == first


def test_draws_of_many_videos_take_little_room() -> None:
    many = ranked([f"{i:04}" for i in range(90)], with_participants=False)
    many = replace(many, pairs=many.pairs[:400])
    given = [FoldScores(fold, noisy_scores(many, 4)) for fold in make_folds(many).folds]
    pooled = pooled_accuracy(given, many)
    assert pooled.clusters == "video"
    assert pooled.low < pooled.value < pooled.high


def test_videos_without_a_pair_are_not_drawn_and_one_of_nobody_is_drawn_by_itself() -> None:
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


def test_pooled_mean_draws_people_and_not_videos() -> None:
    dataset = ranked(people("ABC", 2))
    a1, a2, b1, b2, c1, c2 = sorted(dataset.names)
    runs = [{a1: 1.0, a2: 3.0, b1: 0.0, "of nobody": 50.0}, {b1: 4.0, b2: float("nan"), c1: 6.0, c2: 7.0}]
    pooled = pooled_mean(runs, dataset)
    of_people = [[1.0, 3.0], [0.0, 4.0], [6.0, 7.0]]
    assert pooled.value == pytest.approx(21 / 6)
    assert (pooled.n_pairs, pooled.n_clusters, pooled.clusters) == (6, 3, "participant")
    means = sorted(np.mean([v for who in drawn for v in of_people[who]]) for drawn in product(range(3), repeat=3))
    tail = stats.norm.cdf(np.sqrt(3 / 2) * stats.t.ppf(0.025, df=2))
    outside = next(i for i in range(27) if (i + 1) / 27 >= tail)
    assert (pooled.low, pooled.high) == pytest.approx((means[outside], means[26 - outside]))


def test_mean_over_one_person_or_none_has_no_interval() -> None:
    dataset = ranked(people("AB", 2))
    one = pooled_mean([{min(dataset.names): 2.0}], dataset)
    assert (one.value, one.n_clusters) == (2.0, 1)
    assert np.isnan([one.low, one.high]).all()
    assert np.isnan(pooled_mean([], dataset).value)
