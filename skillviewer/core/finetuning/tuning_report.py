"""Report of fine-tuning: a row per epoch during training, and afterwards the comparison of before and after.

Scores of two models have no common unit, so the shift of a video is also given in ranks, and drift in standard
deviations of the scores before.
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
from skillviewer.core.finetuning.split import FEW_PAIRS

MIN_CLUSTERS = 6
"""Participants (or videos) that must all agree to be beyond noise: so many coins fall alike once in 32 times."""

SMOOTHING = 0.9
"""Weight of the previous value in a smoothed loss."""


class SplitRole(StrEnum):
    """Role of a video."""

    TRAINED = "trained on"
    CHOSE = "chose the epoch"  # and was not trained on: training stopped before
    HELD_OUT = "held out"
    UNUSED = "in no pair"


class ForgettingMethod(StrEnum):
    """Subject of the forgetting check."""

    PAIRS = "pairs"  # pairs that the model was trained on before
    DRIFT = "drift"  # scores of videos it was trained on before, if their pairs are not known
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch."""

    batch: int  # number from 1, over all stages
    loss: float
    smoothed: float
    seconds_left: float  # estimated time until the training ends


@dataclass(frozen=True, slots=True)
class TuningRow:
    """One epoch."""

    epoch: int  # number from 0, over all stages: 0 is the model before
    batch: int  # the batch after which it was evaluated
    final: bool  # whether it belongs to the stage on all training pairs, after an epoch was selected
    loss: float  # mean training loss per pair; NaN at 0
    choosing_accuracy: float  # accuracy on the pairs for the selection of the epoch; NaN without any
    held_out_loss: float  # loss on the held-out pairs, which play no part in the selection
    held_out: PooledEstimate  # accuracy on the held-out pairs, with its interval
    old: float  # accuracy on the old pairs, or the drift of familiar scores in standard deviations; NaN without either
    old_kind: ForgettingMethod  # meaning of ``old``
    best: bool  # whether this epoch would be kept if training stopped now
    seconds: float  # time since the training began
    seconds_left: float  # estimated time until it ends; NaN at first


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Accuracy on the same pairs, before and after."""

    before: PooledEstimate | None  # accuracy of the model before; None if there was none
    after: PooledEstimate  # accuracy of the new model
    gain: (
        PooledEstimate | None
    )  # after minus before, each participant (or video) left out of both; None without a model before

    @property
    def beyond_noise(self) -> bool:
        """True if the interval of the gain, or of the accuracy minus chance without a model before, lies above 0.

        If all agree there is no interval; then enough participants (or videos) must agree.
        """
        pooled, threshold = (self.gain, 0.0) if self.gain is not None else (self.after, 0.5)
        return pooled.low > threshold or (_all_say(pooled) and pooled.value > threshold)

    @property
    def worse(self) -> bool:
        """True if the interval of the gain lies below 0."""
        gain = self.gain
        return gain is not None and (gain.high < 0 or (_all_say(gain) and gain.value < 0))


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


def _all_say(pooled: PooledEstimate) -> bool:
    """Return True if all agree, over enough clusters to rule out chance."""
    return pooled.all_alike and pooled.n_clusters >= MIN_CLUSTERS


def only_pairs(dataset: Dataset, pairs: Sequence[Pair]) -> Fold:
    """Return a fold whose test pairs are these pairs."""
    return Fold("pairs", (), dataset.names, (), tuple(pairs))


class Forgetting(msgspec.Struct, frozen=True, rename={"description": "what"}):
    """Retention of earlier training."""

    kind: ForgettingMethod  # subject of the check
    description: str  # description of the subject, for the user
    pairs: BeforeAfter | None = None  # accuracy on the old pairs; None if drift was checked
    # mean absolute change of the scores of familiar videos, each set of scores centred, in standard deviations of the
    # scores before; NaN if pairs were checked
    drift: float = float("nan")
    # Spearman's correlation of the scores of the same videos before and after; NaN likewise
    order: float = float("nan")
    n_videos: int = 0  # number of videos checked


def format_interval(pooled: PooledEstimate, form: str) -> str:
    """Return an interval in percent, or the reason why there is none."""
    if pooled.all_alike:
        return "same whoever is left out, so no interval"
    if not math.isfinite(pooled.low):
        return "too few for an interval"
    return f"{100 * pooled.low:{form}} to {100 * pooled.high:{form}}"


def format_drift(forgetting: Forgetting) -> str:
    """Return the drift of the scores, or that it is undefined: for one video, or for equal scores."""
    if not math.isfinite(forgetting.drift):
        return "too few or too similar scores to measure their drift"
    text = f"scores drifted by {forgetting.drift:.2f} standard deviations"
    return text + (f", their order kept to {forgetting.order:.2f} of 1" if math.isfinite(forgetting.order) else "")


def drift_of(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return the mean absolute change of centred scores in standard deviations of those before; NaN below 2 videos."""
    names = sorted(before)
    old = np.array([before[name] for name in names])
    new = np.array([after[name] for name in names])
    spread = float(old.std()) if len(names) > 1 else 0.0
    if spread == 0:
        return float("nan")
    return float(np.abs((new - new.mean()) - (old - old.mean())).mean() / spread)


def order_kept(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return Spearman's correlation of two models' scores of the same videos; NaN if undefined."""
    names = sorted(before)
    return rank_agreement([before[name] for name in names], [after[name] for name in names])


@dataclass(frozen=True, slots=True)
class Shift:
    """Score of one video, before and after."""

    video: str
    use: SplitRole  # role of the video
    before: float  # score by the model before; NaN if there was none
    after: float  # score by the new model
    rank_before: float  # rank among these videos, 1 the best; NaN without a model before
    rank_after: float  # rank by the new model

    @property
    def change(self) -> float:
        """Score after minus score before."""
        return self.after - self.before

    @property
    def climbed(self) -> float:
        """Ranks gained: positive for a video that ranks higher now."""
        return self.rank_before - self.rank_after


def shifts(
    before: Mapping[str, float] | None, after: Mapping[str, float], uses: Mapping[str, SplitRole]
) -> tuple[Shift, ...]:
    """Return the shift of every video's score, the greatest changes of rank first."""
    names = sorted(after)
    new = ranks_of([-after[name] for name in names])
    old = ranks_of([-before[name] for name in names]) if before is not None else np.full(len(names), np.nan)
    rows = [
        Shift(
            name,
            uses.get(name, SplitRole.UNUSED),
            before[name] if before is not None else float("nan"),
            after[name],
            float(first),
            float(second),
        )
        for name, first, second in zip(names, old, new, strict=True)
    ]
    return tuple(sorted(rows, key=lambda shift: (-np.nan_to_num(abs(shift.climbed)), shift.video)))


@dataclass(frozen=True, slots=True)
class AttentionChange:
    """Change of the attention on one video."""

    video: str
    correlation: float  # correlation of the maps before and after, mean over the sampled frames: 1 is no change
    centre_distance: float  # mean distance of their centres, relative to the picture's diagonal
    step: int  # index of the sampled frame with the least similar maps
    frame_index: int  # that frame of the video, from 0
    step_correlation: float  # correlation at that frame


def attention_change(
    video: str, before: PlacedMaps, after: PlacedMaps, frames: Sequence[int], aspect: float
) -> AttentionChange:
    """Compare the attention of two models on one video."""
    numbers = compare_maps(before, after, aspect)
    correlations = np.array([n.correlation for n in numbers])
    # a constant map has no correlation: use the similarity instead
    similarities = np.where(np.isfinite(correlations), correlations, [n.similarity for n in numbers])
    step = int(similarities.argmin())
    return AttentionChange(
        video,
        mean_defined(correlations),
        float(np.mean([n.centre_distance for n in numbers])),
        step,
        frames[step],
        float(correlations[step]),
    )


class TuningReport(msgspec.Struct, frozen=True, rename={"reserved": "set_aside"}):
    """Comparison of the models before and after fine-tuning."""

    held_out: BeforeAfter  # accuracy on the held-out pairs
    reserved: BeforeAfter | None  # accuracy on the honest test set, chosen at random; None if there is none
    forgetting: Forgetting  # retention of earlier training
    shifts: tuple[Shift, ...]  # shift of every video's score
    # changes of attention, greatest first; empty without a model before, or without maps
    attention: tuple[AttentionChange, ...]
    epoch: int  # the kept epoch, of the last stage
    selection: str  # description of its selection
    n_trained: int
    warnings: tuple[str, ...]  # warnings to read before accepting the model, one sentence each
    problems: tuple[str, ...]  # videos left out, one sentence each
    seconds: float
    both_new: PooledEstimate | None = None  # accuracy of the new model on pairs with both videos held out


def verdict(held_out: BeforeAfter, n_trained: int, forgetting: Forgetting) -> tuple[str, ...]:
    """Return reasons against accepting a new model, one sentence each; empty if there are none."""
    sentences = []
    gain = held_out.gain
    n = held_out.after.n_pairs
    if held_out.worse:
        sentences.append("It is less accurate than before on held-out pairs, beyond noise.")
    elif gain is not None and not held_out.beyond_noise:
        sentences.append(
            f"The gain is within noise: {100 * gain.value:+.1f} points on {n} held-out pairs, "
            + (
                f"95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}."
                if np.isfinite(gain.low)
                else "and no interval can be drawn."
            )
        )
    elif gain is None and not held_out.beyond_noise and held_out.after.all_alike:
        after = held_out.after
        sentences.append(
            f"All {after.n_clusters} held-out {after.clusters}s agree on {100 * after.value:.0f} %: too few are "
            "held out to show how certain that is."
        )
    elif gain is None and not held_out.beyond_noise:
        sentences.append(
            f"On {n} held-out pairs it cannot be told from guessing: it is a start, but no measure of skill."
        )
    if min(n_trained, n) < FEW_PAIRS:
        sentences.append(f"The pairs are few: {n_trained} trained on, {n} held out. Judge more before you rely on it.")
    if forgetting.pairs is not None and forgetting.pairs.worse:
        assert forgetting.pairs.gain is not None
        sentences.append(
            f"It has forgotten: {100 * forgetting.pairs.gain.value:+.1f} points on {forgetting.pairs.after.n_pairs} "
            "pairs that it knew before."
        )
    return tuple(sentences)
