"""Comparison of a model before and after fine-tuning, on every video that was scored."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_comparison import PlacedMaps
from skillviewer.core.arrays import Float32Array
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy
from skillviewer.core.finetuning.tuning_report import (
    AttentionChange,
    Forgetting,
    ForgettingMethod,
    SplitRole,
    TuningReport,
    attention_change,
    before_after,
    drift_of,
    only_pairs,
    order_kept,
    shifts,
    verdict,
)
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.engine.finetuning.tuning_data import TuningData
from skillviewer.engine.finetuning.tuning_loop import Tuned
from skillviewer.engine.training.predict import Predictions, predict
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel


@dataclass(frozen=True, slots=True)
class SamplingPoint:
    """Sampled frames of a video."""

    frames: tuple[int, ...]
    aspect: float


@dataclass(frozen=True, slots=True)
class BaselinePredictions:
    """Predictions of the model before its training, computed early so that the end is quick."""

    scores: Mapping[str, float]  # scores by name of video of the study
    maps: Mapping[str, Float32Array]  # likewise, (N, h, w); empty for a model without maps
    places: Mapping[str, SamplingPoint]  # sampled frames of the videos that have maps
    old: Mapping[str, float]  # scores of the videos of the forgetting check


def evaluate_initial(prepared: TuningData, token: CancelToken, report: Report) -> BaselinePredictions | None:
    """Return the predictions of the parent model, before the training so that its end is quick; None without a parent.

    The token is checked after every few videos.
    """
    parent = prepared.start.parent
    old = prepared.old
    if parent is None:
        return None
    model = parent.build().to(prepared.start.device)
    names = sorted(prepared.store)
    predictions = predict(model, prepared.store, names, token, report, "scores and maps before")
    prior_predictions = (
        {} if old.kind is ForgettingMethod.NOTHING else predict(model, old.store, old.names, token, maps=False).scores
    )
    if model.map_kind is MapKind.NONE:
        return BaselinePredictions(predictions.scores, {}, {}, prior_predictions)
    return BaselinePredictions(predictions.scores, predictions.maps, _places(prepared, token), prior_predictions)


def _places(prepared: TuningData, token: CancelToken) -> dict[str, SamplingPoint]:
    points = {}
    for video in prepared.study.dataset.videos:
        token.check()
        if video.path is None or video.name not in prepared.store:
            continue
        with VideoReader(video.path, token) as reader:
            info = reader.describe(token)
        frames = sampling_of(info, prepared.start.config.preprocessing, 1, video.clip_range).frames[0]
        points[video.name] = SamplingPoint(tuple(frames.tolist()), info.width_px / info.height_px)
    return points


def compare(
    prepared: TuningData, tuned: Tuned, before: BaselinePredictions | None, token: CancelToken, report: Report
) -> TuningReport:
    """Compare the new model with its parent.

    Predictions of the chosen epoch are used again. After a stop only the pairs that were held out are scored, since
    the user waits.

    Raises:
        SettingsError: The training diverged.
    """
    split = prepared.split
    dataset = prepared.study.dataset
    new = _after(prepared, tuned, token, report)
    weights = tuned.model.parameters()
    if not all(np.isfinite(list(new.scores.values()))) or not all(bool(w.isfinite().all()) for w in weights):
        raise SettingsError(
            "The training diverged: its scores are not finite. Nothing was kept; the model as it was still stands."
        )
    old_scores = before.scores if before is not None else None
    held_out = before_after(dataset, split.fold, old_scores, new.scores)
    reserved = split.reserved
    forgetting = _forgetting(prepared, before, tuned, token)
    n_trained = len(tuned.fold.train_pairs)
    return TuningReport(
        held_out=held_out,
        reserved=before_after(dataset, only_pairs(dataset, reserved), old_scores, new.scores) if reserved else None,
        forgetting=forgetting,
        shifts=shifts(old_scores, new.scores, _uses(prepared, tuned)),
        attention=_attention(before, new, tuned.model, token) if before is not None else (),
        epoch=tuned.epoch,
        selection=tuned.selection,
        n_trained=n_trained,
        warnings=(*verdict(held_out, n_trained, forgetting), *split.warnings, *_cut_short(prepared, tuned, new)),
        problems=prepared.problems,
        seconds=tuned.seconds,
        both_new=pooled_accuracy([FoldScores(split.fold, new.scores)], dataset, both_held_out=True),
    )


def _after(prepared: TuningData, tuned: Tuned, token: CancelToken, report: Report) -> Predictions:
    """Return the predictions of the new model: for all videos, or after a stop for those that the figures need."""
    seen_predictions = tuned.predictions.watched if tuned.predictions is not None else Predictions({}, {})
    names = sorted(prepared.store)
    if tuned.stopped:
        tested = (*prepared.split.fold.test_pairs, *prepared.split.reserved)
        names = sorted({name for pair in tested for name in (pair.better, pair.worse)} | set(seen_predictions.scores))
    missing = [name for name in names if name not in seen_predictions.scores]
    predictions = predict(tuned.model, prepared.store, missing, token, report, "scores and maps after")
    return Predictions({**seen_predictions.scores, **predictions.scores}, {**seen_predictions.maps, **predictions.maps})


def _cut_short(prepared: TuningData, tuned: Tuned, new: Predictions) -> list[str]:
    sentences = []
    if tuned.stopped:
        sentences.append(
            "The user stopped it and could see the held-out accuracy: if that decided when, it is too good."
        )
    n_used = len(tuned.fold.train_pairs)
    n_all = len(prepared.split.fold.train_pairs)
    if n_used < n_all:
        sentences.append(
            f"The training was stopped while the epoch was being chosen: it was trained on {n_used} of the {n_all} "
            "training pairs, without those that choose."
        )
    n_left_out = len(prepared.store) - len(new.scores)
    if n_left_out:
        text = "videos are in no held-out pair and are" if n_left_out > 1 else "video is in no held-out pair and is"
        sentences.append(f"The training was stopped before its end: {n_left_out} {text} not compared here.")
    return sentences


def _uses(prepared: TuningData, tuned: Tuned) -> dict[str, SplitRole]:
    fold = prepared.split.fold
    uses = dict.fromkeys(videos_of(fold.train_pairs), SplitRole.CHOSE)
    uses |= dict.fromkeys(videos_of(tuned.fold.train_pairs), SplitRole.TRAINED)
    return uses | dict.fromkeys(fold.held_out_videos, SplitRole.HELD_OUT)


def _attention(
    before: BaselinePredictions, new: Predictions, model: AttentionModel, token: CancelToken
) -> tuple[AttentionChange, ...]:
    changes = []
    for name, place in before.places.items():
        token.check()
        if name in new.maps:
            old = PlacedMaps(before.maps[name], model.map_rect)
            new_maps = PlacedMaps(new.maps[name], model.map_rect)
            changes.append(attention_change(name, old, new_maps, place.frames, place.aspect))
    return tuple(sorted(changes, key=lambda change: (np.nan_to_num(change.correlation, nan=2.0), change.video)))


def _forgetting(
    prepared: TuningData, before: BaselinePredictions | None, tuned: Tuned, token: CancelToken
) -> Forgetting:
    old = prepared.old
    if before is None or old.kind is ForgettingMethod.NOTHING:
        return Forgetting(ForgettingMethod.NOTHING, old.description)
    first = before.old
    second = (
        tuned.predictions.old
        if tuned.predictions is not None
        else predict(tuned.model, old.store, old.names, token, maps=False).scores
    )
    if old.pairs is None:
        return Forgetting(
            old.kind, old.description, None, drift_of(first, second), order_kept(first, second), len(old.names)
        )
    compared = before_after(old.pairs, only_pairs(old.pairs, old.pairs.pairs), first, second)
    return Forgetting(old.kind, old.description, compared, n_videos=len(old.names))
