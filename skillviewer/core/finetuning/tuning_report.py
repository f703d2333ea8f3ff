"""Report of fine-tuning: a row per epoch during training, and a comparison of both models with a verdict afterwards."""

from dataclasses import dataclass

import msgspec
import numpy as np

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.model_choice import BaselineAccuracy
from skillviewer.core.finetuning.before_after import BeforeAfter
from skillviewer.core.finetuning.forgetting import Forgetting, ForgettingMethod
from skillviewer.core.finetuning.split import FEW_PAIRS
from skillviewer.core.finetuning.video_changes import AttentionChange, Shift

SMOOTHING = 0.9
"""Weight of the previous value in a smoothed loss."""


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
    is_final: bool  # whether the epoch belongs to the stage on all training pairs, after an epoch was selected
    loss: float  # mean training loss per pair; NaN for epoch 0
    choosing_accuracy: float  # accuracy on the pairs for the selection of the epoch; NaN without such pairs
    held_out_loss: float  # loss on the held-out pairs, which are not used for the selection
    held_out: PooledEstimate  # accuracy on the held-out pairs, with its interval
    forgetting_value: float  # accuracy on the old pairs, or drift of familiar scores in standard deviations, or NaN
    forgetting_method: ForgettingMethod  # meaning of ``forgetting_value``
    is_best: bool  # whether this epoch would be used if training stopped now
    seconds: float  # time since the training began
    seconds_left: float  # estimated time until the training ends; NaN at first


class TuningReport(msgspec.Struct, frozen=True, rename={"reserved": "set_aside"}):
    """Comparison of the models before and after fine-tuning."""

    held_out: BeforeAfter  # accuracy on the held-out pairs
    reserved: BeforeAfter | None  # accuracy on the reserved test pairs; None if there are none
    forgetting: Forgetting
    shifts: tuple[Shift, ...]  # shift of every video's score
    # changes of attention, greatest first; empty if there is no model before, or without maps
    attention: tuple[AttentionChange, ...]
    epoch: int  # epoch of the new model, in the last stage
    selection: str  # description of the selection of that epoch
    n_trained: int  # number of training pairs
    warnings: tuple[str, ...]  # sentences to read before accepting the model
    problems: tuple[str, ...]  # sentences on videos that were left out
    seconds: float  # duration of the training
    both_new: PooledEstimate | None = None  # accuracy of the new model on pairs with both videos held out
    # baselines on the same pairs as the headline: those of new people if there are any, else all held-out pairs
    baselines: tuple[BaselineAccuracy, ...] = ()
    one_rater: PooledEstimate | None = None  # accuracy of one rater on these pairs; None with a single rater
    verdict: str = ""  # sentence that compares the accuracy with the baselines, or ""


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
    pair_accuracy = forgetting.pair_accuracy
    if pair_accuracy is not None and pair_accuracy.worse:
        assert pair_accuracy.gain is not None
        sentences.append(
            f"It has forgotten: {100 * pair_accuracy.gain.value:+.1f} points on {pair_accuracy.after.n_pairs} pairs "
            "that it knew before."
        )
    return tuple(sentences)


def _accuracy_sentence(held_out: BeforeAfter) -> str:
    """Return a sentence if the new model is worse, or not better beyond noise; else ""."""
    if held_out.worse:
        return "It is less accurate than before on held-out pairs, beyond noise."
    if held_out.beyond_noise:
        return ""
    gain = held_out.gain
    accuracy_after = held_out.after
    if gain is not None:
        interval_text = "and no interval can be drawn"
        if np.isfinite(gain.low):
            interval_text = f"95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
        return (
            f"The gain is within noise: {100 * gain.value:+.1f} points on {accuracy_after.n_pairs} held-out pairs, "
            f"{interval_text}."
        )
    if accuracy_after.all_alike:
        return (
            f"All {accuracy_after.n_clusters} held-out {accuracy_after.clusters}s agree on "
            f"{100 * accuracy_after.value:.0f} %: too few are held out to show how certain that is."
        )
    return (
        f"On {accuracy_after.n_pairs} held-out pairs it cannot be told from guessing: it is a start, but no measure of "
        "skill."
    )
