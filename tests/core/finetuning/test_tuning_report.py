"""Before against after: ground truth worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.analysis.map_comparison import PlacedMaps
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.finetuning.before_after import BeforeAfter, before_after
from skillviewer.core.finetuning.forgetting import (
    Forgetting,
    ForgettingMethod,
    drift_of,
    format_drift,
    score_correlation,
)
from skillviewer.core.finetuning.split import SplitRole
from skillviewer.core.finetuning.tuning_report import verdict
from skillviewer.core.finetuning.video_changes import attention_change, shifts
from tests.core.datasets import people, ranked
from tests.facts import missing

NAMES = people("ABCDEF", 2)
DATASET = ranked(NAMES)
FOLD = fold_of("1", NAMES, people("EF", 2), DATASET.pairs)
RIGHT = {name: float(-i) for i, name in enumerate(NAMES)}
WRONG = {name: float(i) for i, name in enumerate(NAMES)}
NOTHING = Forgetting(ForgettingMethod.NOTHING, "nothing")


def pooled(value: float, low: float, high: float, n: int = 100) -> PooledEstimate:
    return PooledEstimate(value, low, high, n, 6, "participant")


def test_accuracy_before_and_after_on_the_same_pairs() -> None:
    half = RIGHT | {"E1": 100.0, "F1": 99.0}  # to the top: wrong against A to D, and F1 against E2
    found = before_after(DATASET, FOLD, half, RIGHT)
    assert found.before is not None
    assert found.gain is not None
    n = len(FOLD.test_pairs)
    assert found.after.n_pairs == n == 4 * 8 + 6
    assert found.after.value == 1.0
    assert found.before.value == pytest.approx(1 - 17 / n)
    assert found.gain.value == pytest.approx(17 / n)
    assert found.gain.high - found.gain.low > 0.8, "two people say little of others"


def test_many_people_who_gain_are_beyond_noise() -> None:
    names = people("ABCDEFGH", 3)
    dataset = ranked(names)
    fold = fold_of("1", names, people("CDEFGH", 3), dataset.pairs)
    right = {name: float(-i) for i, name in enumerate(names)}
    wrong = {name: float(i) for i, name in enumerate(names)} | {"C2": 2.5, "D1": 3.5, "G1": 0.5}
    found = before_after(dataset, fold, wrong, right)
    assert found.beyond_noise
    assert not found.worse
    assert before_after(dataset, fold, right, wrong).worse


def test_the_word_of_one_person_is_within_noise() -> None:
    one = RIGHT | {"E1": 100.0, "E2": 99.0}  # all is gained on E alone; without E nothing is gained
    assert not before_after(DATASET, FOLD, one, RIGHT).beyond_noise


def test_an_interval_without_width_is_none() -> None:
    found = before_after(DATASET, FOLD, WRONG, RIGHT)
    assert (found.after.value, math.isnan(found.after.low), math.isnan(found.after.high)) == (1.0, True, True)
    assert found.after.n_clusters == 6
    assert found.gain is not None
    assert found.beyond_noise, "what six people all say is"
    few = replace(found, gain=replace(found.gain, n_clusters=5))
    assert not few.beyond_noise, "all right of few is no proof"
    assert replace(found, gain=replace(found.gain, value=-1.0)).worse


def test_a_first_model_is_held_against_guessing() -> None:
    assert BeforeAfter(None, pooled(0.7, 0.55, 0.8), None).beyond_noise
    weak = BeforeAfter(None, pooled(0.6, 0.45, 0.7), None)
    assert not weak.beyond_noise
    assert "cannot be told from guessing" in verdict(weak, 100, NOTHING)[0]
    perfect = BeforeAfter(None, replace(pooled(1.0, math.nan, math.nan), n_clusters=6), None)
    assert perfect.beyond_noise
    assert verdict(perfect, 100, NOTHING) == ()
    few = replace(perfect, after=replace(perfect.after, n_clusters=5))
    assert verdict(few, 100, NOTHING) == (
        "All 5 held-out participants agree on 100 %: too few are held out to show how certain that is.",
    )
    nobody = replace(perfect, after=replace(perfect.after, value=0.0))
    assert not nobody.beyond_noise


def test_what_speaks_against_a_model() -> None:
    better = BeforeAfter(pooled(0.6, 0.5, 0.7), pooled(0.8, 0.7, 0.9), pooled(0.2, 0.1, 0.3))
    assert verdict(better, 100, NOTHING) == ()
    noise = replace(better, gain=pooled(0.02, -0.05, 0.09))
    assert verdict(noise, 100, NOTHING) == (
        "The gain is within noise: +2.0 points on 100 held-out pairs, 95 % interval -5.0 to +9.0.",
    )
    worse = replace(better, gain=pooled(-0.2, -0.3, -0.1))
    assert "less accurate than before" in verdict(worse, 100, NOTHING)[0]
    assert verdict(better, 12, NOTHING) == (
        "The pairs are few: 12 trained on, 100 held out. Judge more before you rely on it.",
    )
    forgot = Forgetting(ForgettingMethod.PAIRS, "old pairs", replace(better, gain=pooled(-0.1, -0.2, -0.05)))
    assert "It has forgotten: -10.0 points on 100 pairs" in verdict(better, 100, forgot)[0]


def test_drift_counts_in_spreads_and_forgives_a_shift() -> None:
    old = {"a": 0.0, "b": 2.0}
    assert drift_of(old, {"a": 10.0, "b": 12.0}) == 0.0
    assert drift_of(old, {"a": 0.0, "b": 4.0}) == pytest.approx(1.0)  # centred -2 and 2 for -1 and 1, spread 1
    assert math.isnan(drift_of({"a": 1.0}, {"a": 1.0}))
    assert math.isnan(drift_of({"a": 1.0, "b": 1.0}, old))


def test_drift_is_told_as_far_as_it_is_defined() -> None:
    nan = float("nan")

    def told(drift: float, order: float) -> str:
        return format_drift(Forgetting(ForgettingMethod.DRIFT, "some videos", None, drift, order))

    assert not missing(told(0.25, 0.9), "0.25 standard", "0.90")
    assert not missing(told(0.25, nan), "0.25 standard")
    assert not missing(told(nan, nan), "similar scores")


def test_order_kept() -> None:
    old = {"a": 0.0, "b": 1.0, "c": 2.0}
    assert score_correlation(old, {"a": 5.0, "b": 6.0, "c": 70.0}) == pytest.approx(1.0)
    assert score_correlation(old, {"a": 3.0, "b": 2.0, "c": 1.0}) == pytest.approx(-1.0)
    assert math.isnan(score_correlation(old, dict.fromkeys("abc", 1.0)))
    assert math.isnan(score_correlation({"a": 0.0, "b": 1.0}, {"a": 0.0, "b": 1.0}))


def test_shifts_are_told_in_ranks_the_greatest_first() -> None:
    before = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0}
    after = {"a": 3.0, "b": 2.5, "c": 1.0, "d": 9.0}
    found = shifts(before, after, {"d": SplitRole.HELD_OUT, "a": SplitRole.TRAINED})
    assert [(s.video, s.rank_before, s.rank_after, s.ranks_gained) for s in found[:2]] == [
        ("d", 4, 1, 3),
        ("a", 1, 2, -1),
    ]
    assert [s.use for s in found] == [SplitRole.HELD_OUT, SplitRole.TRAINED, SplitRole.UNUSED, SplitRole.UNUSED]
    assert found[0].change == 9.0
    first = shifts(None, after, {})
    assert [s.video for s in first] == ["a", "b", "c", "d"]
    assert all(math.isnan(s.before) for s in first)


def test_the_frame_whose_attention_changed_most() -> None:
    maps = np.zeros((3, 4, 4), np.float32)
    maps[:, 0, 0] = 1.0
    other = maps.copy()
    other[1] = 0.0
    other[1, 3, 3] = 1.0
    rect = MapRect()
    same = attention_change("v", PlacedMaps(maps, rect), PlacedMaps(maps, rect), [5, 15, 25], 16 / 9)
    assert same.correlation == pytest.approx(1.0)
    assert same.centre_distance == pytest.approx(0.0)
    change = attention_change("v", PlacedMaps(maps, rect), PlacedMaps(other, rect), [5, 15, 25], 16 / 9)
    assert (change.step, change.frame_index) == (1, 15)
    assert change.correlation == pytest.approx((2 + change.step_correlation) / 3)
    assert change.step_correlation < 0
    assert change.centre_distance == pytest.approx(
        0.75 / 3
    )  # corner cells lie 3/4 of the diagonal apart, once of three
