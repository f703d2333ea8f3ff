"""Warnings about a model that detects the outcome of the videos, or decides at their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.accuracy import count_pairs

OUTCOMES = frozenset({"success", "succeeded", "outcome", "completed", "completion", "passed", "failed", "failure"})
"""First words of measures that are outcomes if they have two values."""

MIN_PAIRS = 20
"""Fewest pairs with different outcomes, and with equal outcomes, for a check."""

DETECTOR_GAP = 0.15
"""Least difference between the two accuracies of a model that detects the outcome."""

MIN_LATE_SHARE = 0.5
"""Share of the contributions in the last fifth from which there is a warning."""


@dataclass(frozen=True, slots=True)
class OutcomeCheck:
    """Strict accuracy on held-out pairs with different and with equal outcomes."""

    measure: str  # name of the outcome
    n_different: int  # number of pairs with different outcomes
    different: float  # accuracy on these
    n_equal: int  # number of pairs with equal outcomes
    equal: float  # accuracy on these


def outcome_check(dataset: Dataset, pairs: Sequence[Pair], scores: Mapping[str, float]) -> OutcomeCheck | None:
    """Return the check for the first outcome with enough held-out pairs of both kinds, or None."""
    for measure in dataset.truth:
        values = measure.by_video()
        if measure.first_word not in OUTCOMES or len(set(values.values())) != 2:
            continue
        pairs_with_outcome = [pair for pair in pairs if pair.within(values)]
        equal_pairs = [pair for pair in pairs_with_outcome if values[pair.better] == values[pair.worse]]
        different_pairs = [pair for pair in pairs_with_outcome if values[pair.better] != values[pair.worse]]
        if min(len(equal_pairs), len(different_pairs)) >= MIN_PAIRS:
            return OutcomeCheck(
                measure=measure.name,
                n_different=len(different_pairs),
                different=count_pairs(different_pairs, scores).accuracy,
                n_equal=len(equal_pairs),
                equal=count_pairs(equal_pairs, scores).accuracy,
            )
    return None


def outcome_warning(check: OutcomeCheck | None, last_fifth: float | None) -> str:
    """Return a warning about a model that detects the outcome or decides at the end, or "".

    Args:
        check: Accuracies by outcome, or None if unknown.
        last_fifth: Share of the absolute contributions in the last fifth of held-out videos, or None if unknown.
    """
    sentences = []
    if check is not None and check.different - check.equal >= DETECTOR_GAP:
        sentences.append(
            f"This model is largely a detector of {check.measure}: on held-out pairs it orders "
            f"{100 * check.different:.0f} % of the {check.n_different} that differ in {check.measure}, and "
            f"{100 * check.equal:.0f} % of the {check.n_equal} that do not."
        )
    if last_fifth is not None and last_fifth >= MIN_LATE_SHARE:
        share_text = f"{100 * last_fifth:.0f} %"
        sentences.append(
            f"It decides at the end: the last fifth of held-out videos holds {share_text} of the contributions."
        )
    return " ".join(sentences)
