"""Accuracy of a version of a model, as studies store and state it."""

import math
from collections.abc import Mapping

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.accuracy_text import format_accuracy
from skillviewer.core.text import finite_or_none


def accuracy_facts(held_out: PooledEstimate, both_new: PooledEstimate | None) -> dict[str, object]:
    """Return the stored facts about a version's accuracy on all held-out pairs and on pairs of new people."""
    facts: dict[str, object] = {"held_out_pairs": held_out.n_pairs, **_estimate(held_out)}
    if both_new is not None and both_new.n_pairs:
        facts["both_new"] = {"pairs": both_new.n_pairs, **_estimate(both_new)}
    return facts


def _estimate(pooled: PooledEstimate) -> dict[str, float | None]:
    return {
        "accuracy": finite_or_none(pooled.value),
        "low": finite_or_none(pooled.low),
        "high": finite_or_none(pooled.high),
    }


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
    accuracy = _number(main_facts, "accuracy")
    return math.nan if accuracy is None else accuracy


def _format_accuracy(facts: Mapping[str, object], n_pairs: object, description: str) -> str:
    text = format_accuracy(_number(facts, "accuracy"), _number(facts, "low"), _number(facts, "high"))
    return f"{text} of {n_pairs} {description}" if isinstance(n_pairs, int) else text


def _number(facts: Mapping[str, object], name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else None
