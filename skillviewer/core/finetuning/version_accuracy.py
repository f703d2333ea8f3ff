"""Accuracy of a version of a model, as studies store and state it: of pairs of new people, where it was measured."""

import math
from collections.abc import Mapping

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.text import defined, percent

DASH = "–"


def accuracy_facts(held_out: PooledEstimate, both_new: PooledEstimate | None) -> dict[str, object]:
    """Return the facts about the accuracy of a version: on all held-out pairs, and on those of new people."""
    facts: dict[str, object] = {"held_out_pairs": held_out.n_pairs, **_estimate(held_out)}
    if both_new is not None and both_new.n_pairs:
        facts["both_new"] = {"pairs": both_new.n_pairs, **_estimate(both_new)}
    return facts


def _estimate(pooled: PooledEstimate) -> dict[str, float | None]:
    return {"accuracy": defined(pooled.value), "low": defined(pooled.low), "high": defined(pooled.high)}


def version_accuracy(facts: Mapping[str, object]) -> str:
    """Return the accuracy to state first, with interval and pairs; an en dash if it was not measured."""
    new = facts.get("both_new")
    if isinstance(new, Mapping):
        return _format(new, new.get("pairs"), "pairs of new people")
    return _format(facts, facts.get("held_out_pairs"), "held-out pairs")


def version_accuracy_value(facts: Mapping[str, object]) -> float:
    """Return the accuracy to state first as a number, 0 to 1; NaN if it was not measured."""
    new = facts.get("both_new")
    value = (new if isinstance(new, Mapping) else facts).get("accuracy")
    return float(value) if isinstance(value, int | float) else math.nan


def _format(facts: Mapping[str, object], n_pairs: object, description: str) -> str:
    accuracy, low, high = (facts.get(name) for name in ("accuracy", "low", "high"))
    if not isinstance(accuracy, int | float):
        return DASH
    text = percent(accuracy, " %")
    if isinstance(low, int | float) and isinstance(high, int | float):
        text += f" ({percent(low)} to {percent(high)})"
    return f"{text} of {n_pairs} {description}" if isinstance(n_pairs, int) else text
