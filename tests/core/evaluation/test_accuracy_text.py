"""The text of an accuracy: every surface states the same figure in the same words."""

import math

import pytest

from skillviewer.cli.finetune import _format_accuracy
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.accuracy_text import format_accuracy, format_estimate
from skillviewer.core.finetuning.version_accuracy import accuracy_facts, version_accuracy
from skillviewer.nets.model_card import HeldOut
from skillviewer.ui.finetuning import tuning_text

MEASURED = PooledEstimate(0.882, 0.644, 0.969, 80, 12, "participant")
ONE_PERSON = PooledEstimate(1.0, math.nan, math.nan, 3, 1, "participant")
ALL_ALIKE = PooledEstimate(1.0, math.nan, math.nan, 3, 4, "participant")


def test_an_accuracy_has_its_interval() -> None:
    assert format_accuracy(0.882, 0.644, 0.969) == "88.2 % (64.4 to 96.9)"
    assert format_estimate(MEASURED) == "88.2 % (64.4 to 96.9)"


@pytest.mark.parametrize("low", [None, math.nan])
def test_a_missing_interval_is_stated(low: float | None) -> None:
    assert format_accuracy(1.0, low, low) == "100.0 % (no interval)"


def test_an_estimate_says_why_it_has_no_interval() -> None:
    assert "too few" in format_estimate(ONE_PERSON)
    assert "whoever is left out" in format_estimate(ALL_ALIKE)


@pytest.mark.parametrize("value", [None, math.nan])
def test_an_undefined_accuracy_is_a_dash(value: float | None) -> None:
    assert format_accuracy(value, math.nan, math.nan) == "–"


@pytest.mark.parametrize("estimate", [MEASURED, ONE_PERSON, ALL_ALIKE], ids=["measured", "one person", "all alike"])
def test_window_and_command_line_state_the_same(estimate: PooledEstimate) -> None:
    expected = f"{format_estimate(estimate)} of {estimate.n_pairs} pairs"
    assert tuning_text.format_accuracy(estimate) == expected
    assert _format_accuracy(estimate, "pairs") == expected


@pytest.mark.parametrize("estimate", [MEASURED, ONE_PERSON, ALL_ALIKE], ids=["measured", "one person", "all alike"])
def test_card_and_list_of_versions_state_the_same(estimate: PooledEstimate) -> None:
    text = format_accuracy(estimate.value, estimate.low, estimate.high)
    assert HeldOut.of(estimate, rule="by participant").text == text
    assert version_accuracy(accuracy_facts(estimate, None)) == f"{text} of {estimate.n_pairs} held-out pairs"
