"""The check of a model by the outcome of the videos, against a count by hand."""

from itertools import combinations

import pytest

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Measure
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.outcome import OutcomeCheck, outcome_check, outcome_warning
from tests.facts import missing

NAMES = tuple("abcdefghijkl")  # in the order of skill, best first; the first half succeeds
SUCCESS = {name: float(place < 6) for place, name in enumerate(NAMES)}
PAIRS = tuple(Pair(one, other) for one, other in combinations(NAMES, 2))


def dataset(*measures: tuple[str, dict[str, float]]) -> Dataset:
    truth = tuple(Measure(name, tuple(values.items())) for name, values in measures)
    return Dataset("d", "f", "t", tuple(DatasetVideo(name) for name in NAMES), PAIRS, truth=truth)


def test_a_detector_of_success_is_told_from_a_model_of_skill() -> None:
    known = dataset(("success", SUCCESS))
    blind = {name: 20 * SUCCESS[name] + place for place, name in enumerate(NAMES)}  # wrong where success is equal
    check = outcome_check(known, PAIRS, blind)
    assert check == OutcomeCheck("success", 36, 1.0, 30, 0.0)
    assert not missing(outcome_warning(check, None), "100 %", "36", "30")
    skilled = outcome_check(known, PAIRS, {name: -float(place) for place, name in enumerate(NAMES)})
    assert skilled == OutcomeCheck("success", 36, 1.0, 30, 1.0)
    assert outcome_warning(skilled, 0.3) == ""


@pytest.mark.parametrize(
    "measure",
    [
        ("side", SUCCESS),  # two values, but no outcome
        ("success", {name: float(place) for place, name in enumerate(NAMES)}),  # more than two
        ("success", {name: float(place < 1) for place, name in enumerate(NAMES)}),  # 11 pairs differ: too few
    ],
)
def test_other_measures_say_nothing_of_the_outcome(measure: tuple[str, dict[str, float]]) -> None:
    assert outcome_check(dataset(measure), PAIRS, dict.fromkeys(NAMES, 0.0)) is None


def test_a_score_that_is_decided_at_the_end_is_told() -> None:
    assert not missing(outcome_warning(None, 0.937), "94 %")
    assert outcome_warning(None, 0.4) == outcome_warning(None, None) == ""
