"""Comparison of a model before and after fine-tuning on the same pairs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate, pooled_accuracy, pooled_difference
from skillviewer.core.evaluation.accuracy_text import no_interval_reason

MIN_CLUSTERS = 6
"""Fewest participants (or videos) whose agreement is beyond noise; six coins fall alike once in 32 times."""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Accuracy of the models before and after on the same pairs."""

    before: PooledEstimate | None  # accuracy of the model before, or None if there was none
    after: PooledEstimate  # accuracy of the new model
    # after minus before, each participant (or video) left out of both; None if there is no model before
    gain: PooledEstimate | None

    @property
    def beyond_noise(self) -> bool:
        """True if the gain is positive beyond noise; without a model before, if the accuracy exceeds chance.

        The interval has to lie above the threshold. If all participants (or videos) agree there is no interval, and
        they have to be enough.
        """
        estimate = self.after if self.gain is None else self.gain
        threshold = 0.5 if self.gain is None else 0.0
        if _enough_agree(estimate) and estimate.value > threshold:
            return True
        return estimate.low > threshold

    @property
    def worse(self) -> bool:
        """True if the gain is negative beyond noise."""
        gain = self.gain
        if gain is None:
            return False
        if _enough_agree(gain) and gain.value < 0:
            return True
        return gain.high < 0


def before_after(
    dataset: Dataset, fold: Fold, scores_before: Mapping[str, float] | None, scores_after: Mapping[str, float]
) -> BeforeAfter:
    """Compare two models on the test pairs of a fold."""
    new_scores = FoldScores(fold, scores_after)
    accuracy_after = pooled_accuracy([new_scores], dataset)
    if scores_before is None:
        return BeforeAfter(before=None, after=accuracy_after, gain=None)
    old_scores = FoldScores(fold, scores_before)
    return BeforeAfter(
        before=pooled_accuracy([old_scores], dataset),
        after=accuracy_after,
        gain=pooled_difference([new_scores], [old_scores], dataset),
    )


def _enough_agree(estimate: PooledEstimate) -> bool:
    """Return True if all participants (or videos) agree, and they are enough to rule out chance."""
    return estimate.all_alike and estimate.n_clusters >= MIN_CLUSTERS


def fold_of_pairs(dataset: Dataset, pairs: Sequence[Pair]) -> Fold:
    """Return a fold that holds out all videos and has the given test pairs."""
    return Fold("pairs", (), held_out_videos=dataset.names, train_pairs=(), test_pairs=tuple(pairs))


def format_interval(estimate: PooledEstimate, number_format: str) -> str:
    """Return an interval in percent, or the reason why there is none.

    ``number_format`` is a format specification, such as ``"+.1f"``.
    """
    if not math.isfinite(estimate.low):
        return no_interval_reason(estimate)
    return f"{100 * estimate.low:{number_format}} to {100 * estimate.high:{number_format}}"
