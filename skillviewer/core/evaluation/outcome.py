"""Dependence of a model on the outcome of the videos: success against failure, and the end against the rest."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.pairs import Dataset, Pair
from skillviewer.core.evaluation.accuracy import count_pairs

OUTCOMES = frozenset({"success", "succeeded", "outcome", "completed", "completion", "passed", "failed", "failure"})
"""First words of measures that are outcomes, if they take two values."""

FEWEST_PAIRS = 20
"""Fewer pairs of a kind do not tell what a model detects."""

GAP, LATE = 0.15, 0.5
"""Difference of accuracies from which a model detects the outcome; share of the last fifth that is worth a warning."""


@dataclass(frozen=True, slots=True)
class OutcomeCheck:
    """Strict accuracy of a model on held-out pairs that differ in the outcome, and on those that do not.

    Attributes:
        measure: Name of the outcome.
        n_different: Number of pairs that differ in it.
        different: Accuracy on these, 0 to 1.
        n_equal: Number of the other pairs.
        equal: Accuracy on these.
    """

    measure: str
    n_different: int
    different: float
    n_equal: int
    equal: float

    @property
    def detects(self) -> bool:
        """True if the accuracy rests on the outcome: it is lower by ``GAP`` or more where the outcome is equal."""
        return self.different - self.equal >= GAP


def outcome_check(dataset: Dataset, pairs: Sequence[Pair], scores: Mapping[str, float]) -> OutcomeCheck | None:
    """Return the check of a model by the first outcome that a data set knows.

    Args:
        dataset: The data set, with its ``truth``.
        pairs: Held-out pairs.
        scores: Score of every video in them.

    Returns:
        None without a known outcome, or with fewer than ``FEWEST_PAIRS`` pairs of either kind.
    """
    for measure in dataset.truth:
        values = measure.by_video()
        first = re.split(r"[\W_]+", measure.name.casefold().strip())[0]
        if first not in OUTCOMES or len(set(values.values())) != 2:
            continue
        known = [pair for pair in pairs if pair.within(values)]
        equal = [pair for pair in known if values[pair.better] == values[pair.worse]]
        different = [pair for pair in known if values[pair.better] != values[pair.worse]]
        if min(len(equal), len(different)) < FEWEST_PAIRS:
            continue
        accuracies = (count_pairs(some, scores).accuracy for some in (different, equal))
        return OutcomeCheck(measure.name, len(different), next(accuracies), len(equal), next(accuracies))
    return None


def outcome_caution(check: OutcomeCheck | None, last_fifth: float | None) -> str:
    """Return what a user must know of a model that detects the outcome or looks at the end, or "".

    Args:
        check: Its check on held-out pairs, or None if not measured.
        last_fifth: Share of the absolute contributions in the last fifth of held-out videos, or None.
    """
    sentences = []
    if check is not None and check.detects:
        sentences.append(
            f"This model is largely a detector of {check.measure}: on held-out pairs it orders "
            f"{100 * check.different:.0f} % of the {check.n_different} that differ in {check.measure}, and "
            f"{100 * check.equal:.0f} % of the {check.n_equal} that do not."
        )
    if last_fifth is not None and last_fifth >= LATE:
        sentences.append(
            f"Its score is decided at the end: the last fifth of held-out videos holds {100 * last_fifth:.0f} % of the "
            "contributions."
        )
    return " ".join(sentences)
