"""Measures of shipped models on a study of two arms, each with its controls."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.looking import Study
from benchmarks.shipped import accuracy, between_people, moments, overlaps, tables
from benchmarks.simulated.faults import JUDGED, OTHER
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.explanation.moments import Basis, Moment

NAMES = ("a", "b", "c", "d")
PEOPLE = {"a": "P1", "b": "P1", "c": "P2", "d": "P3"}


def study(faults: dict[str, list[tuple[str, int, int]]]) -> Study:
    pairs = (Pair("a", "b"), Pair("a", "c"), Pair("d", "b"), Pair("c", "d"))
    videos = tuple(DatasetVideo(name, participant=PEOPLE[name]) for name in NAMES)
    dataset = Dataset(name="d", form="pair-folder", task="d", videos=videos, pairs=pairs)
    return Study(dataset, {name: {"frames": "100"} for name in NAMES}, faults, Path())


def moment(start: int, stop: int) -> Moment:
    return Moment(0, 0, start, stop, 0.0, 1.0, start, -1.0, Basis.CONTRIBUTION, -1.0, -1.0, False, None)


def test_pairs_of_one_person_do_not_count_and_a_tie_is_half() -> None:
    given = study({}).dataset
    assert between_people(given).test_pairs == (Pair("a", "c"), Pair("d", "b"), Pair("c", "d"))
    assert accuracy(given, {"a": 1.0, "b": 9.0, "c": 1.0, "d": 0.0})["value"] == pytest.approx((0.5 + 0 + 1) / 3)


def test_segments_that_only_touch_a_fault_do_not_overlap_it() -> None:
    assert overlaps(np.array([0.1, 0.2, 0.5]), 0.1, (0.2, 0.3)).tolist() == [0.0, 1.0, 0.0]


def test_a_moment_is_held_against_the_best_segment_of_other_people_and_against_chance() -> None:
    faults = {"a": [(JUDGED, 80, 90)], "c": [(JUDGED, 20, 30)], "d": [(JUDGED, 20, 30), (OTHER, 40, 50)]}
    found = {"a": moment(75, 85), "c": moment(50, 60), "d": moment(20, 30), "b": moment(0, 10)}
    own = moments(study(faults), found, JUDGED)
    assert own["clips"] == 3
    assert own["hits"]["value"] == pytest.approx(2 / 3)
    # the faults of others are at 0.2 to 0.3 for a; for c and d, of whose others one is there and one at 0.8, either
    assert 1 / 6 < own["constant"]["value"] < 1 / 2
    assert own["chance"]["value"] == pytest.approx(0.2 / 0.9, abs=0.01)  # begins up to 0.1 before or in the fault
    other = moments(study(faults), found, OTHER)
    assert (other["clips"], other["hits"]["value"]) == (1, 0.0)


def test_clips_with_two_faults_of_the_arm_or_without_a_moment_do_not_count() -> None:
    faults = {"a": [(JUDGED, 80, 90), (JUDGED, 10, 20)], "b": [(JUDGED, 1, 9)], "c": [(JUDGED, 20, 30)]}
    assert moments(study(faults), {"a": moment(0, 9), "b": None, "c": moment(0, 9)}, JUDGED)["clips"] == 1


def test_the_table_leaves_out_what_is_not_known() -> None:
    value = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 3}
    text = tables({"sample-none": {"accuracy": value}, "ordered by length": {"accuracy": dict.fromkeys(value)}})
    assert "| sample-none | 50.0 (40.0 to 60.0) | – |" in text
    assert "| ordered by length | – | – |" in text
