"""Plain values of an analysis for JSON, as the command line prints and the exporter writes them.

Frames count from 0, times are in seconds from the first frame, positions in the picture are fractions of its size.
"""

from dataclasses import asdict
from typing import NotRequired, TypedDict, cast

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.calibration import CalibratedScore


class PassRecord(TypedDict):
    """One pass: N values in each field."""

    sampled_frames: list[int]
    times_s: list[float]
    score_curve: list[float]
    score: float


class AttentionRecord(TypedDict):
    """Summary of the first pass's maps, one number per step; only ``kind`` and ``grid`` for a model without a map."""

    kind: str
    grid: list[int]
    peak_x: NotRequired[list[float]]
    peak_y: NotRequired[list[float]]
    peak_times_uniform: NotRequired[list[float]]
    normalised_entropy: NotRequired[list[float]]
    peak_value: NotRequired[list[float]]


class VideoRecord(TypedDict):
    """The video."""

    digest: str
    n_frames: int
    width_px: int
    height_px: int
    duration_s: float
    rate_hz: float
    variable_rate: bool
    note: str


class ProvenanceRecord(TypedDict):
    """Origin of the numbers; see ``core.analysis.analysis.Provenance``."""

    program: str
    model: str
    model_digest: str
    attention_model: str
    flow: str
    backbone: str
    device: str
    precision: str


class AnalysisRecord(TypedDict):
    """Everything except the maps and the task state."""

    path: str
    start_s: float
    stop_s: float
    score: float
    interval: list[float] | None
    scaled: CalibratedScore | None
    score_curve: list[float]
    sampled_frames: list[int]
    times_s: list[float]
    passes: list[PassRecord]
    attention: AttentionRecord
    warning: str
    video: VideoRecord
    model: str
    provenance: ProvenanceRecord


def analysis_json(analysis: Analysis) -> AnalysisRecord:
    """Return an analysis as plain values for JSON.

    ``score_curve`` is the mean over the passes after every step, so it ends at ``score``; ``sampled_frames`` and
    ``times_s`` are those of the first pass (the paper's rule). ``passes`` holds each pass separately. ``attention``
    summarises the maps of the first pass, one number per step. ``start_s`` and ``stop_s`` give the analysed part of the
    file; all other times and frames count from the start of the file.
    """
    video = analysis.video
    return {
        "path": str(video.path),
        "start_s": round(analysis.start_s, 6),
        "stop_s": round(analysis.stop_s, 6),
        "score": analysis.score,
        "interval": list(analysis.interval) if analysis.interval is not None else None,
        "scaled": None if analysis.scaled is None else cast("CalibratedScore", asdict(analysis.scaled)),
        "score_curve": analysis.score_curve.mean(axis=0).tolist(),
        "sampled_frames": analysis.samples[0].tolist(),
        "times_s": analysis.times_s[0].tolist(),
        "passes": [
            {"sampled_frames": f.tolist(), "times_s": t.tolist(), "score_curve": c.tolist(), "score": float(c[-1])}
            for f, t, c in zip(analysis.samples, analysis.times_s, analysis.score_curve, strict=True)
        ],
        "attention": _attention_record(analysis),
        "warning": analysis.warning,
        "video": cast("VideoRecord", {name: getattr(video, name) for name in VideoRecord.__annotations__}),
        "model": analysis.provenance.model,
        "provenance": cast("ProvenanceRecord", asdict(analysis.provenance)),
    }


def _attention_record(analysis: Analysis) -> AttentionRecord:
    h, w = analysis.attention.shape[-2:]
    record: AttentionRecord = {"kind": str(analysis.map_kind), "grid": [h, w]}
    if analysis.map_kind is MapKind.NONE:
        return record
    maps = analysis.attention[0].reshape(analysis.n_samples, -1).astype(np.float64)
    rect = analysis.map_rect
    peak = np.argmax(np.abs(maps), axis=1)
    rows, columns = np.divmod(peak, w)
    record["peak_x"] = (rect.left + (columns + 0.5) / w * (rect.right - rect.left)).tolist()
    record["peak_y"] = (rect.top + (rows + 0.5) / h * (rect.bottom - rect.top)).tolist()
    if analysis.map_kind is MapKind.DISTRIBUTION:
        record["peak_times_uniform"] = (maps.max(axis=1) * h * w).tolist()
        # entropy divided by its maximum, ln L: 1 is a uniform map, 0 a single cell
        logs = np.log(np.maximum(maps, 1e-12))
        record["normalised_entropy"] = (-(maps * logs).sum(axis=1) / np.log(h * w)).tolist()
    else:
        record["peak_value"] = np.take_along_axis(maps, peak[:, None], axis=1)[:, 0].tolist()
    return record
