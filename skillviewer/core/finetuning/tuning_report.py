"""Report of fine-tuning, with a row per epoch during training, and a comparison of both models afterwards.

Scores of two models have no common unit. The shift of a video is therefore also given in ranks, and drift in standard
deviations of the scores by the model before.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import numpy as np

from skillviewer.core.analysis.map_comparison import PlacedMaps, compare_maps, mean_defined
from skillviewer.core.analysis.model_agreement import rank_agreement
from skillviewer.core.arrays import ranks_of
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate, pooled_accuracy, pooled_difference
from skillviewer.core.evaluation.accuracy_text import no_interval_reason
from skillviewer.core.finetuning.split import FEW_PAIRS

MIN_CLUSTERS = 6
"""Fewest participants (or videos) whose agreement is beyond noise; six coins fall alike once in 32 times."""

SMOOTHING = 0.9
"""Weight of the previous value in a smoothed loss."""


class SplitRole(StrEnum):
    """Role of a video in fine-tuning."""

    TRAINED = "trained on"
    CHOSE = "chose the epoch"  # and was not trained on, because training stopped before the final stage
    HELD_OUT = "held out"
    UNUSED = "in no pair"


class ForgettingMethod(StrEnum):
    """Subject of the forgetting check."""

    PAIRS = "pairs"  # accuracy on pairs that the model was trained on before
    DRIFT = "drift"  # scores of videos that the model was trained on before, if their pairs are unknown
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Progress after one batch."""

    batch: int  # number from 1, over all stages
    loss: float
    smoothed: float
    seconds_left: float  # estimated time until the training ends


@dataclass(frozen=True, slots=True)
class TuningRow:
    """Progress after one epoch."""

    epoch: int  # number from 0, over all stages; 0 is the model before
    batch: int  # number of the last batch
    final: bool  # whether the epoch belongs to the stage on all training pairs, after an epoch was selected
    loss: float  # mean training loss per pair; NaN for epoch 0
    choosing_accuracy: float  # accuracy on the pairs for the selection of the epoch; NaN without such pairs
    held_out_loss: float  # loss on the held-out pairs, which are not used for the selection
    held_out: PooledEstimate  # accuracy on the held-out pairs, with its interval
    old: float  # accuracy on the old pairs, or drift of familiar scores in standard deviations, or NaN
    old_kind: ForgettingMethod  # meaning of ``old``
    best: bool  # whether this epoch would be used if training stopped now
    seconds: float  # time since the training began
    seconds_left: float  # estimated time until the training ends; NaN at first


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Accuracy of the models before and after on the same pairs."""

    before: PooledEstimate | None  # accuracy of the model before, or None if there was none
    after: PooledEstimate  # accuracy of the new model
    # after minus before, each participant (or video) left out of both; None without a model before
    gain: PooledEstimate | None

    @property
    def beyond_noise(self) -> bool:
        """True if the gain is positive beyond noise; without a model before, if the accuracy exceeds chance.

        The interval has to lie above the threshold. If all participants (or videos) agree there is no interval, and
        they have to be enough.
        """
        estimate = self.after if self.gain is None else self.gain
        threshold = 0.5 if self.gain is None else 0.0
        return estimate.low > threshold or (_enough_agree(estimate) and estimate.value > threshold)

    @property
    def worse(self) -> bool:
        """True if the gain is negative beyond noise."""
        gain = self.gain
        if gain is None:
            return False
        return gain.high < 0 or (_enough_agree(gain) and gain.value < 0)


def before_after(
    dataset: Dataset, fold: Fold, before: Mapping[str, float] | None, after: Mapping[str, float]
) -> BeforeAfter:
    """Compare two models on the test pairs of a fold."""
    new = FoldScores(fold, after)
    old = FoldScores(fold, before) if before is not None else None
    return BeforeAfter(
        before=pooled_accuracy([old], dataset) if old is not None else None,
        after=pooled_accuracy([new], dataset),
        gain=pooled_difference([new], [old], dataset) if old is not None else None,
    )


def _enough_agree(estimate: PooledEstimate) -> bool:
    """Return True if all participants (or videos) agree, and they are enough to rule out chance."""
    return estimate.all_alike and estimate.n_clusters >= MIN_CLUSTERS


def fold_of_pairs(dataset: Dataset, pairs: Sequence[Pair]) -> Fold:
    """Return a fold that holds out all videos and has the given test pairs."""
    return Fold("pairs", (), dataset.names, (), tuple(pairs))


class Forgetting(msgspec.Struct, frozen=True, rename={"description": "what"}):
    """Result of the forgetting check."""

    kind: ForgettingMethod
    description: str  # description of the pairs or videos, for the user
    pairs: BeforeAfter | None = None  # accuracy on the old pairs; None if drift was checked
    drift: float = float("nan")  # drift of the scores of familiar videos (``drift_of``); NaN if pairs were checked
    order: float = float("nan")  # rank correlation of these scores before and after; NaN if pairs were checked
    n_videos: int = 0  # number of videos checked


def format_interval(estimate: PooledEstimate, number_format: str) -> str:
    """Return an interval in percent, or the reason why there is none.

    ``number_format`` is a format specification, such as ``"+.1f"``.
    """
    if not math.isfinite(estimate.low):
        return no_interval_reason(estimate)
    return f"{100 * estimate.low:{number_format}} to {100 * estimate.high:{number_format}}"


def format_drift(forgetting: Forgetting) -> str:
    """Return a text on the drift of the scores, which is undefined for one video or for equal scores."""
    if not math.isfinite(forgetting.drift):
        return "too few or too similar scores to measure their drift"
    text = f"scores drifted by {forgetting.drift:.2f} standard deviations"
    if math.isfinite(forgetting.order):
        text += f", their order kept to {forgetting.order:.2f} of 1"
    return text


def drift_of(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return the mean absolute change of centred scores, in standard deviations of the scores before.

    The drift is NaN for fewer than two videos or equal scores.
    """
    names = sorted(before)
    old = np.array([before[name] for name in names])
    new = np.array([after[name] for name in names])
    deviation = float(old.std()) if len(names) > 1 else 0.0
    if deviation == 0:
        return float("nan")
    changes = (new - new.mean()) - (old - old.mean())
    return float(np.abs(changes).mean() / deviation)


def score_correlation(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return Spearman's correlation of two models' scores of the same videos; NaN if undefined."""
    names = sorted(before)
    return rank_agreement([before[name] for name in names], [after[name] for name in names])


@dataclass(frozen=True, slots=True)
class Shift:
    """Score of one video by the models before and after."""

    video: str
    use: SplitRole  # role of the video
    before: float  # score by the model before; NaN if there was none
    after: float  # score by the new model
    rank_before: float  # rank among these videos by the model before, 1 for the highest score; NaN if there was none
    rank_after: float  # rank by the new model

    @property
    def change(self) -> float:
        """Score after minus score before."""
        return self.after - self.before

    @property
    def ranks_gained(self) -> float:
        """Ranks gained; positive for a video that ranks higher than before."""
        return self.rank_before - self.rank_after


def shifts(
    before: Mapping[str, float] | None, after: Mapping[str, float], roles: Mapping[str, SplitRole]
) -> tuple[Shift, ...]:
    """Return the shift of every video's score, the greatest changes of rank first."""
    names = sorted(after)
    scores_before = before if before is not None else dict.fromkeys(names, float("nan"))
    no_ranks = np.full(len(names), np.nan)
    ranks_before = ranks_of([-before[name] for name in names]) if before is not None else no_ranks
    ranks_after = ranks_of([-after[name] for name in names])
    rows = [
        Shift(
            video=name,
            use=roles.get(name, SplitRole.UNUSED),
            before=scores_before[name],
            after=after[name],
            rank_before=float(rank_before),
            rank_after=float(rank_after),
        )
        for name, rank_before, rank_after in zip(names, ranks_before, ranks_after, strict=True)
    ]
    return tuple(sorted(rows, key=lambda shift: (-np.nan_to_num(abs(shift.ranks_gained)), shift.video)))


@dataclass(frozen=True, slots=True)
class AttentionChange:
    """Change of the attention on one video."""

    video: str
    correlation: float  # correlation of the maps before and after, mean over the sampled frames; 1 is no change
    centre_distance: float  # mean distance of the centres of mass, relative to the picture's diagonal
    step: int  # step with the least similar maps
    frame_index: int  # sampled frame of that step, from 0
    step_correlation: float  # correlation of the maps at that step


def attention_change(
    video: str, before: PlacedMaps, after: PlacedMaps, frames: Sequence[int], aspect: float
) -> AttentionChange:
    """Compare the attention of two models on one video.

    Args:
        video: Name of the video.
        before: Maps of the model before, one per step.
        after: Maps of the new model, one per step.
        frames: Sampled frame of each step.
        aspect: Width of the picture over its height.
    """
    numbers = compare_maps(before, after, aspect)
    correlations = np.array([step_numbers.correlation for step_numbers in numbers])
    # maps without a correlation, since one is constant, are compared by their similarity
    similarities = np.where(
        np.isfinite(correlations), correlations, [step_numbers.similarity for step_numbers in numbers]
    )
    least_similar_step = int(similarities.argmin())
    return AttentionChange(
        video=video,
        correlation=mean_defined(correlations),
        centre_distance=float(np.mean([step_numbers.centre_distance for step_numbers in numbers])),
        step=least_similar_step,
        frame_index=frames[least_similar_step],
        step_correlation=float(correlations[least_similar_step]),
    )


class TuningReport(msgspec.Struct, frozen=True, rename={"reserved": "set_aside"}):
    """Comparison of the models before and after fine-tuning."""

    held_out: BeforeAfter  # accuracy on the held-out pairs
    reserved: BeforeAfter | None  # accuracy on the reserved test pairs; None if there are none
    forgetting: Forgetting
    shifts: tuple[Shift, ...]  # shift of every video's score
    # changes of attention, greatest first; empty without a model before, or without maps
    attention: tuple[AttentionChange, ...]
    epoch: int  # epoch of the new model, in the last stage
    selection: str  # description of the selection of that epoch
    n_trained: int  # number of training pairs
    warnings: tuple[str, ...]  # sentences to read before accepting the model
    problems: tuple[str, ...]  # sentences on videos that were left out
    seconds: float  # duration of the training
    both_new: PooledEstimate | None = None  # accuracy of the new model on pairs with both videos held out


def verdict(held_out: BeforeAfter, n_trained: int, forgetting: Forgetting) -> tuple[str, ...]:
    """Return sentences with reasons against accepting a new model; empty if there are none."""
    sentences = []
    accuracy_sentence = _accuracy_sentence(held_out)
    if accuracy_sentence:
        sentences.append(accuracy_sentence)
    n_held_out = held_out.after.n_pairs
    if min(n_trained, n_held_out) < FEW_PAIRS:
        sentences.append(
            f"The pairs are few: {n_trained} trained on, {n_held_out} held out. Judge more before you rely on it."
        )
    if forgetting.pairs is not None and forgetting.pairs.worse:
        assert forgetting.pairs.gain is not None
        sentences.append(
            f"It has forgotten: {100 * forgetting.pairs.gain.value:+.1f} points on {forgetting.pairs.after.n_pairs} "
            "pairs that it knew before."
        )
    return tuple(sentences)


def _accuracy_sentence(held_out: BeforeAfter) -> str:
    """Return a sentence if the new model is worse, or not better beyond noise; else ""."""
    if held_out.worse:
        return "It is less accurate than before on held-out pairs, beyond noise."
    if held_out.beyond_noise:
        return ""
    gain = held_out.gain
    after = held_out.after
    if gain is not None:
        interval_text = "and no interval can be drawn"
        if np.isfinite(gain.low):
            interval_text = f"95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
        return (
            f"The gain is within noise: {100 * gain.value:+.1f} points on {after.n_pairs} held-out pairs, "
            f"{interval_text}."
        )
    if after.all_alike:
        return (
            f"All {after.n_clusters} held-out {after.clusters}s agree on {100 * after.value:.0f} %: too few are "
            "held out to show how certain that is."
        )
    return f"On {after.n_pairs} held-out pairs it cannot be told from guessing: it is a start, but no measure of skill."
