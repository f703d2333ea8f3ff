"""Accuracy of a version of a model, as studies store and state it."""

import math
from collections.abc import Mapping

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.text import defined, percent

DASH = "–"


def accuracy_facts(held_out: PooledEstimate, both_new: PooledEstimate | None) -> dict[str, object]:
    """Return the stored facts about a version's accuracy on all held-out pairs and on pairs of new people."""
    facts: dict[str, object] = {"held_out_pairs": held_out.n_pairs, **_estimate(held_out)}
    if both_new is not None and both_new.n_pairs:
        facts["both_new"] = {"pairs": both_new.n_pairs, **_estimate(both_new)}
    return facts


def _estimate(pooled: PooledEstimate) -> dict[str, float | None]:
    return {"accuracy": defined(pooled.value), "low": defined(pooled.low), "high": defined(pooled.high)}


def version_accuracy(facts: Mapping[str, object]) -> str:
    """Return a version's main accuracy as text with interval and pairs; an en dash if it was not measured.

    The main accuracy is that on pairs of new people, or on all held-out pairs if the former was not measured.
    """
    both_new = facts.get("both_new")
    if isinstance(both_new, Mapping):
        return _format_accuracy(both_new, both_new.get("pairs"), "pairs of new people")
    return _format_accuracy(facts, facts.get("held_out_pairs"), "held-out pairs")


def version_accuracy_value(facts: Mapping[str, object]) -> float:
    """Return a version's main accuracy (see ``version_accuracy``), 0 to 1; NaN if it was not measured."""
    both_new = facts.get("both_new")
    main_facts = both_new if isinstance(both_new, Mapping) else facts
    accuracy = main_facts.get("accuracy")
    return float(accuracy) if isinstance(accuracy, int | float) else math.nan


def _format_accuracy(facts: Mapping[str, object], n_pairs: object, description: str) -> str:
    accuracy = facts.get("accuracy")
    low = facts.get("low")
    high = facts.get("high")
    if not isinstance(accuracy, int | float):
        return DASH
    text = percent(accuracy, " %")
    if isinstance(low, int | float) and isinstance(high, int | float):
        text += f" ({percent(low)} to {percent(high)})"
    return f"{text} of {n_pairs} {description}" if isinstance(n_pairs, int) else text
