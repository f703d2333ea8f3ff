"""Dependence of a model on the outcome of the videos: success against failure, and the end against the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.accuracy import count_pairs

OUTCOMES = frozenset({"success", "succeeded", "outcome", "completed", "completion", "passed", "failed", "failure"})
"""First words of measures that are outcomes, if they take two values."""

FEWEST_PAIRS = 20
"""Fewer pairs of a kind do not tell what a model detects."""

GAP, LATE = 0.15, 0.5
"""Difference of accuracies from which a model detects the outcome; share of the last fifth that is worth a warning."""


@dataclass(frozen=True, slots=True)
class OutcomeCheck:
    """Numbers of held-out pairs that differ in an outcome (``measure``) and that do not, with the strict accuracies."""

    measure: str
    n_different: int
    different: float
    n_equal: int
    equal: float


def outcome_check(dataset: Dataset, pairs: Sequence[Pair], scores: Mapping[str, float]) -> OutcomeCheck | None:
    """Check scores of held-out pairs by the first outcome that a data set knows; None without enough pairs of each."""
    for measure in dataset.truth:
        values = measure.by_video()
        if measure.first_word in OUTCOMES and len(set(values.values())) == 2:
            pairs_with_outcome = [pair for pair in pairs if pair.within(values)]
            equal = [pair for pair in pairs_with_outcome if values[pair.better] == values[pair.worse]]
            different = [pair for pair in pairs_with_outcome if values[pair.better] != values[pair.worse]]
            if min(len(equal), len(different)) >= FEWEST_PAIRS:
                accuracy = count_pairs(different, scores).accuracy
                other = count_pairs(equal, scores).accuracy
                return OutcomeCheck(measure.name, len(different), accuracy, len(equal), other)
    return None


def outcome_warning(check: OutcomeCheck | None, last_fifth: float | None) -> str:
    """Return a warning about a model that detects the outcome or looks at the end, or "".

    ``last_fifth`` is the share of the absolute contributions in the last fifth of held-out videos, or None.
    """
    text = ""
    if check is not None and check.different - check.equal >= GAP:
        text = (
            f"This model is largely a detector of {check.measure}: on held-out pairs it orders "
            f"{100 * check.different:.0f} % of the {check.n_different} that differ in {check.measure}, and "
            f"{100 * check.equal:.0f} % of the {check.n_equal} that do not."
        )
    if last_fifth is not None and last_fifth >= LATE:
        share = f"{100 * last_fifth:.0f} %"
        text += f" It decides at the end: the last fifth of held-out videos holds {share} of the contributions."
    return text.lstrip()
