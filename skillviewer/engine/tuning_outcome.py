"""Before against after: what fine-tuning has changed, on every video that was looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis import MapKind
from skillviewer.core.arrays import Float32Array
from skillviewer.core.comparison import PlacedMaps
from skillviewer.core.errors import SettingsError
from skillviewer.core.job import CancelToken, Progress, Report
from skillviewer.core.tuning_report import (
    AttentionChange,
    Forgetting,
    OldKind,
    TuningReport,
    Use,
    attention_change,
    before_after,
    drift_of,
    only_pairs,
    order_kept,
    shifts,
    verdict,
)
from skillviewer.engine.batches import videos_of
from skillviewer.engine.finetune import Prepared, Tuned
from skillviewer.engine.inputs import sampling_of
from skillviewer.engine.train import FeatureBank, outputs, score_videos
from skillviewer.media.reader import VideoReader
from skillviewer.nets.attention import AttentionModel

Looked = tuple[dict[str, float], dict[str, Float32Array]]
"""Scores and maps, (N, h, w), by name of video."""


@dataclass(frozen=True, slots=True)
class AsItWas:
    """What the model said before it was trained.

    Attributes:
        scores: By name of video of the study.
        maps: Likewise, (N, h, w); empty for a model without maps.
        old: Scores of the videos of the forgetting check.
    """

    scores: Mapping[str, float]
    maps: Mapping[str, Float32Array]
    old: Mapping[str, float]


def as_it_was(prepared: Prepared, token: CancelToken, report: Report) -> AsItWas | None:
    """Look at the model before it is trained, so that its end need not wait for it; None where there is none.

    Args:
        prepared: What it will be trained on.
        token: Raise it to stop; checked after every few videos.
        report: Told of progress.
    """
    parent, old = prepared.start.parent, prepared.old
    if parent is None:
        return None
    model = parent.build().to(prepared.start.device)
    scores, maps = _look(model, prepared.bank, sorted(prepared.bank), token, report, "scores and maps before")
    known = {} if old.kind is OldKind.NOTHING else score_videos(model, old.bank, old.names, token)
    return AsItWas(scores, {} if model.map_kind is MapKind.NONE else maps, known)


def outcome(
    prepared: Prepared, tuned: Tuned, before: AsItWas | None, token: CancelToken, report: Report
) -> TuningReport:
    """Compare the new model with the one that it began as.

    Args:
        prepared: What it was trained on.
        tuned: The new model.
        before: What the model said that it began as; None where there was none.
        token: Raise it to stop; checked after every few videos.
        report: Told of progress.

    Raises:
        SettingsError: The training diverged.
        Cancelled: The token was raised.
    """
    names = sorted(prepared.bank)
    new, new_maps = _look(tuned.model, prepared.bank, names, token, report, "scores and maps after")
    if not all(np.isfinite(list(new.values()))):
        raise SettingsError(
            "The training diverged: its scores are not finite. Nothing was kept; the model as it was still stands."
        )
    old_scores = before.scores if before is not None else None
    attention: tuple[AttentionChange, ...] = ()
    if before is not None and before.maps:
        attention = _attention(prepared, tuned.model, before.maps, new_maps, token)
    dataset, division = prepared.study.dataset, prepared.division
    held_out = before_after(dataset, division.fold, old_scores, new)
    aside = division.set_aside
    forgetting = _forgetting(prepared, before, tuned.model, token)
    n_trained = len(division.fold.train_pairs)
    return TuningReport(
        held_out=held_out,
        set_aside=before_after(dataset, only_pairs(dataset, aside), old_scores, new) if aside else None,
        forgetting=forgetting,
        shifts=shifts(old_scores, new, _uses(prepared)),
        attention=attention,
        epoch=tuned.epoch,
        selection=tuned.selection,
        n_trained=n_trained,
        warnings=(*verdict(held_out, n_trained, forgetting), *division.warnings),
        problems=prepared.problems,
        seconds=tuned.seconds,
    )


def _look(
    model: AttentionModel, bank: FeatureBank, names: Sequence[str], token: CancelToken, report: Report, stage: str
) -> Looked:
    scores: dict[str, float] = {}
    maps: dict[str, Float32Array] = {}
    for some, output in outputs(model, bank, names, token):
        scores.update(zip(some, output.score.double().cpu().tolist(), strict=True))
        maps.update(zip(some, output.attention.float().cpu().numpy(), strict=True))
        report(Progress(stage, len(scores), len(names)))
    return scores, maps


def _uses(prepared: Prepared) -> dict[str, Use]:
    fold = prepared.division.fold
    uses = dict.fromkeys(videos_of(fold.train_pairs), Use.TRAINED)
    return uses | dict.fromkeys(fold.held_out_videos, Use.HELD_OUT)


def _attention(
    prepared: Prepared,
    model: AttentionModel,
    before: Mapping[str, Float32Array],
    after: Mapping[str, Float32Array],
    token: CancelToken,
) -> tuple[AttentionChange, ...]:
    found = []
    for video in prepared.study.dataset.videos:
        token.check()
        if video.name not in after or video.path is None:
            continue
        with VideoReader(video.path) as reader:
            info = reader.info
        frames = sampling_of(info, prepared.start.config.preprocessing, 1).frames[0]
        old, new = (PlacedMaps(maps[video.name], model.map_rect) for maps in (before, after))
        found.append(attention_change(video.name, old, new, frames.tolist(), info.width_px / info.height_px))
    return tuple(sorted(found, key=lambda change: (np.nan_to_num(change.correlation, nan=2.0), change.video)))


def _forgetting(prepared: Prepared, before: AsItWas | None, after: AttentionModel, token: CancelToken) -> Forgetting:
    old = prepared.old
    if before is None or old.kind is OldKind.NOTHING:
        return Forgetting(OldKind.NOTHING, old.what)
    first, second = before.old, score_videos(after, old.bank, old.names, token)
    if old.pairs is None:
        return Forgetting(old.kind, old.what, None, drift_of(first, second), order_kept(first, second), len(old.names))
    compared = before_after(old.pairs, only_pairs(old.pairs, old.pairs.pairs), first, second)
    return Forgetting(old.kind, old.what, compared, n_videos=len(old.names))
