"""What fine-tuning says: a row for every epoch while it works, and afterwards before against after.

Scores of two models have no common unit, so a video's shift is told in ranks too, and drift in standard deviations of
the scores before.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from skillviewer.core.analysis.map_comparison import PlacedMaps, compare_maps, mean_defined
from skillviewer.core.dataset.pairs import Dataset, Fold, Pair
from skillviewer.core.evaluation.accuracy import FoldScores, Pooled, pooled_accuracy, pooled_difference, shown
from skillviewer.core.finetuning.split import FEW_PAIRS

ENOUGH = 6
"""People (or videos) who must all say the same for it to be beyond noise: so many coins fall alike once in 32 times."""

SMOOTHING = 0.9
"""Share that a smoothed loss keeps of what it was at every batch."""


class Use(StrEnum):
    """What part a video took."""

    TRAINED = "trained on"
    CHOSE = "chose the epoch"  # and was not trained on: the training was stopped before
    HELD_OUT = "held out"
    UNUSED = "in no pair"


class OldKind(StrEnum):
    """What the forgetting check looks at."""

    PAIRS = "pairs"  # pairs that the model knew before
    DRIFT = "drift"  # scores of videos that it knew before, whose pairs nobody kept
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch.

    Attributes:
        batch: From 1, over all stages.
        loss: Mean loss of a pair.
        smoothed: The same, smoothed.
        seconds_left: Until the training ends, as measured so far.
    """

    batch: int
    loss: float
    smoothed: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class TuningRow:
    """One epoch.

    Attributes:
        epoch: From 0, over all stages: 0 is the model as it was.
        batch: The batch after which it was looked at.
        final: Whether it belongs to the training on all training pairs, after an epoch has been chosen.
        loss: Mean training loss of a pair; NaN at 0.
        choosing_accuracy: Over the pairs on which the epoch is chosen; NaN without any.
        held_out_loss: Over the held-out pairs, which choose nothing.
        held_out: Accuracy over them, with its interval.
        old: Accuracy over the old pairs, or the drift of familiar scores in standard deviations; NaN without.
        old_kind: Which of the two.
        best: Whether this is what would be kept by a stop now.
        seconds: Since the training began.
        seconds_left: Until it ends, as measured so far; NaN at first.
    """

    epoch: int
    batch: int
    final: bool
    loss: float
    choosing_accuracy: float
    held_out_loss: float
    held_out: Pooled
    old: float
    old_kind: OldKind
    best: bool
    seconds: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Accuracy on the same pairs, before and after.

    Attributes:
        before: Of the model as it was; None when there was none.
        after: Of the new one.
        gain: After less before, on the same draws of participants or videos; None when there was none.
    """

    before: Pooled | None
    after: Pooled
    gain: Pooled | None

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval of the gain, or of the accuracy less chance where there was no model, is above 0.

        Where every draw says the same there is no interval; then enough people (or videos) must have said so.
        """
        pooled, least = (self.gain, 0.0) if self.gain is not None else (self.after, 0.5)
        return pooled.low > least or (_all_say(pooled) and pooled.value > least)

    @property
    def worse(self) -> bool:
        """Whether the interval of the gain lies below 0."""
        gain = self.gain
        return gain is not None and (gain.high < 0 or (_all_say(gain) and gain.value < 0))


def before_after(
    dataset: Dataset, fold: Fold, before: Mapping[str, float] | None, after: Mapping[str, float]
) -> BeforeAfter:
    """Compare two models on the test pairs of a fold.

    Args:
        dataset: Says who is in which video.
        fold: Its test pairs are compared on.
        before: Scores of the model as it was, or None.
        after: Scores of the new one.
    """
    new = FoldScores(fold, after)
    old = FoldScores(fold, before) if before is not None else None
    return BeforeAfter(
        before=shown(pooled_accuracy([old], dataset)) if old is not None else None,
        after=shown(pooled_accuracy([new], dataset)),
        gain=shown(pooled_difference([new], [old], dataset)) if old is not None else None,
    )


def _all_say(pooled: Pooled) -> bool:
    """Return whether every draw says the same, of so many that chance would have to be as kind to each of them."""
    return pooled.draws_alike and pooled.n_clusters >= ENOUGH


def only_pairs(dataset: Dataset, pairs: Sequence[Pair]) -> Fold:
    """Return a fold that tests some pairs, whoever is in them."""
    return Fold("pairs", (), dataset.names, (), tuple(pairs))


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What became of what the model knew before.

    Attributes:
        kind: What was looked at.
        what: The same in words for a person.
        pairs: Accuracy on the old pairs; None where drift was looked at.
        drift: Mean absolute change of the scores of familiar videos, each set of scores centred, in standard deviations
            of the scores before; NaN where pairs were looked at.
        order: Spearman's correlation of the scores of the same videos before and after; NaN likewise.
        n_videos: Videos looked at.
    """

    kind: OldKind
    what: str
    pairs: BeforeAfter | None = None
    drift: float = float("nan")
    order: float = float("nan")
    n_videos: int = 0


def interval_words(pooled: Pooled, form: str) -> str:
    """Return an interval in percent, or why there is none.

    Args:
        pooled: Of which.
        form: Of the numbers, as in format strings.
    """
    if pooled.draws_alike:
        return "the same in every draw, so no interval"
    if not math.isfinite(pooled.low):
        return "too few for an interval"
    return f"{100 * pooled.low:{form}} to {100 * pooled.high:{form}}"


def drift_words(forgetting: Forgetting) -> str:
    """Return how far scores drifted, as far as that is defined: not for one video, or for scores that are all alike."""
    if not math.isfinite(forgetting.drift):
        return "too few scores, or too much alike, to tell how far they drifted"
    words = f"scores drifted by {forgetting.drift:.2f} standard deviations"
    return words + (f", their order kept to {forgetting.order:.2f} of 1" if math.isfinite(forgetting.order) else "")


def drift_of(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return the mean absolute change of centred scores in standard deviations of those before; NaN below two videos.

    Args:
        before: Scores by name of video.
        after: Scores of the same videos.
    """
    names = sorted(before)
    old, new = (np.array([scores[name] for name in names]) for scores in (before, after))
    spread = float(old.std()) if len(names) > 1 else 0.0
    if spread == 0:
        return float("nan")
    return float(np.abs((new - new.mean()) - (old - old.mean())).mean() / spread)


def order_kept(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return Spearman's correlation of two models' scores of the same videos; NaN where it is not defined."""
    names = sorted(before)
    old, new = ([scores[name] for name in names] for scores in (before, after))
    if len(names) < 3 or len(set(old)) == 1 or len(set(new)) == 1:
        return float("nan")
    return float(stats.spearmanr(old, new).statistic)


@dataclass(frozen=True, slots=True)
class Shift:
    """The score of one video, before and after.

    Attributes:
        video: Its name.
        use: What part it took.
        before: Score by the model as it was; NaN when there was none.
        after: Score by the new one.
        rank_before: Among these videos, 1 the best; NaN when there was none.
        rank_after: Likewise.
    """

    video: str
    use: Use
    before: float
    after: float
    rank_before: float
    rank_after: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def climbed(self) -> float:
        """Ranks gained: positive for a video that stands higher now."""
        return self.rank_before - self.rank_after


def shifts(
    before: Mapping[str, float] | None, after: Mapping[str, float], uses: Mapping[str, Use]
) -> tuple[Shift, ...]:
    """Return what became of every video's score, the greatest changes of rank first."""
    names = sorted(after)
    new = stats.rankdata([-after[name] for name in names])
    old = stats.rankdata([-before[name] for name in names]) if before is not None else np.full(len(names), np.nan)
    found = [
        Shift(
            name,
            uses.get(name, Use.UNUSED),
            before[name] if before is not None else float("nan"),
            after[name],
            float(first),
            float(second),
        )
        for name, first, second in zip(names, old, new, strict=True)
    ]
    return tuple(sorted(found, key=lambda shift: (-np.nan_to_num(abs(shift.climbed)), shift.video)))


@dataclass(frozen=True, slots=True)
class AttentionChange:
    """How much the attention on one video changed.

    Attributes:
        video: Its name.
        correlation: Of the maps before and after, mean over the sampled frames: 1 is no change.
        centre_distance: Mean distance of their centres, as a share of the picture's diagonal.
        step: Place of the sampled frame whose maps are least alike.
        frame_index: That frame of the video, from 0.
        step_correlation: Correlation there.
    """

    video: str
    correlation: float
    centre_distance: float
    step: int
    frame_index: int
    step_correlation: float


def attention_change(
    video: str, before: PlacedMaps, after: PlacedMaps, frames: Sequence[int], aspect: float
) -> AttentionChange:
    """Compare where two models look in one video.

    Args:
        video: Its name.
        before: Maps of the model as it was, one a sampled frame.
        after: Maps of the new one.
        frames: The sampled frames.
        aspect: Width of the picture over its height.
    """
    numbers = compare_maps(before, after, aspect)
    correlations = np.array([n.correlation for n in numbers])
    # a constant map has no correlation: there similarity says how far apart they are
    alike = np.where(np.isfinite(correlations), correlations, [n.similarity for n in numbers])
    step = int(alike.argmin())
    return AttentionChange(
        video,
        mean_defined(correlations),
        float(np.mean([n.centre_distance for n in numbers])),
        step,
        frames[step],
        float(correlations[step]),
    )


@dataclass(frozen=True, slots=True)
class TuningReport:
    """Before against after.

    Attributes:
        held_out: On the held-out pairs.
        set_aside: On the honest test set, chosen at random; None where there is none.
        forgetting: On what the model knew before.
        shifts: Every video's score.
        attention: Where attention changed, the most first; empty without a model before, or without maps.
        epoch: The epoch that was kept, of the last stage.
        selection: How it was chosen, in words.
        n_trained: Pairs trained on.
        warnings: What a person should know before accepting it, one sentence each.
        problems: Videos that were left out, one sentence each.
        seconds: What the training took.
    """

    held_out: BeforeAfter
    set_aside: BeforeAfter | None
    forgetting: Forgetting
    shifts: tuple[Shift, ...]
    attention: tuple[AttentionChange, ...]
    epoch: int
    selection: str
    n_trained: int
    warnings: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float


def verdict(held_out: BeforeAfter, n_trained: int, forgetting: Forgetting) -> tuple[str, ...]:
    """Return what speaks against accepting a new model, one sentence each; empty when nothing does.

    Args:
        held_out: Accuracy on the held-out pairs.
        n_trained: Pairs trained on.
        forgetting: On what the model knew before.
    """
    found = []
    gain, n = held_out.gain, held_out.after.n_pairs
    if held_out.worse:
        found.append("It is less accurate than before on held-out pairs, beyond noise.")
    elif gain is not None and not held_out.beyond_noise:
        found.append(
            f"The gain is within noise: {100 * gain.value:+.1f} points on {n} held-out pairs, "
            + (
                f"95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}."
                if np.isfinite(gain.low)
                else "and no interval can be drawn."
            )
        )
    elif gain is None and not held_out.beyond_noise and held_out.after.draws_alike:
        after = held_out.after
        found.append(
            f"All draws of {after.n_clusters} held-out {after.clusters}s say {100 * after.value:.0f} %: too few are "
            "held out to tell how sure that is."
        )
    elif gain is None and not held_out.beyond_noise:
        found.append(f"On {n} held-out pairs it cannot be told from guessing: it is a beginning, no measure of skill.")
    if min(n_trained, n) < FEW_PAIRS:
        found.append(f"The pairs are few: {n_trained} trained on, {n} held out. Judge more before you rely on it.")
    if forgetting.pairs is not None and forgetting.pairs.worse:
        assert forgetting.pairs.gain is not None
        found.append(
            f"It has forgotten: {100 * forgetting.pairs.gain.value:+.1f} points on {forgetting.pairs.after.n_pairs} "
            "pairs that it knew before."
        )
    return tuple(found)
