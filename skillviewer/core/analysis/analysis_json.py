"""An analysis as plain values for JSON, as the command line prints and the exporter writes them.

Frames count from 0. Times are in seconds from the first frame of the file. Positions are fractions of the picture.
"""

from dataclasses import asdict
from typing import NotRequired, TypedDict, cast

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.calibration import CalibratedScore


class PassRecord(TypedDict):
    """One pass, with N values in each list.

    Attributes:
        sampled_frames: Sampled frames, from 0.
        times_s: Presentation times of the sampled frames.
        score_curve: Score after every step.
        score: Score after the last step.
    """

    sampled_frames: list[int]
    times_s: list[float]
    score_curve: list[float]
    score: float


class AttentionRecord(TypedDict):
    """Summary of the maps of the first pass, with one number per step.

    A model without a map has only ``kind`` and ``grid``.

    Attributes:
        kind: Kind of the map: distribution, gate, signed product or none.
        grid: Rows and columns of cells.
        peak_x: Horizontal centre of the cell with the greatest magnitude, as a fraction of the picture's width.
        peak_y: Vertical centre of that cell, as a fraction of the picture's height.
        peak_times_uniform: Value of that cell, times the number of cells; only for distributions.
        normalised_entropy: 1 for a uniform map, 0 for a single cell; only for distributions.
        peak_value: Value of that cell; only for gates and signed maps.
    """

    kind: str
    grid: list[int]
    peak_x: NotRequired[list[float]]
    peak_y: NotRequired[list[float]]
    peak_times_uniform: NotRequired[list[float]]
    normalised_entropy: NotRequired[list[float]]
    peak_value: NotRequired[list[float]]


class VideoRecord(TypedDict):
    """The video.

    Attributes:
        digest: SHA-256 of the file.
        n_frames: Number of frames.
        width_px: Width of the picture as shown.
        height_px: Height of the picture as shown.
        duration_s: Duration.
        rate_hz: Median frame rate.
        variable_rate: True if frames are unevenly spaced in time.
        note: Warning about the file, or empty.
    """

    digest: str
    n_frames: int
    width_px: int
    height_px: int
    duration_s: float
    rate_hz: float
    variable_rate: bool
    note: str


class ProvenanceRecord(TypedDict):
    """Origin of the numbers; see ``core.analysis.analysis.Provenance``.

    Attributes:
        program: Name and version of the program.
        model: Name of the checkpoint.
        model_digest: SHA-256 of the checkpoint's configuration and weights.
        attention_model: Name of the attention model.
        flow: Algorithm of the optical flow.
        backbone: Name of the backbone.
        device: Device of the computation.
        precision: Number format of the computation, such as float32.
    """

    program: str
    model: str
    model_digest: str
    attention_model: str
    flow: str
    backbone: str
    device: str
    precision: str


class AnalysisRecord(TypedDict):
    """An analysis without the maps and the task state.

    Attributes:
        path: Path of the video.
        start_s: Start of the assessed part; all other times and frames count from the start of the file.
        stop_s: End of the assessed part.
        score: Mean over the passes of the score after the last step.
        interval: Ends of the 95 % interval over the choice of frames; null where all passes sample the same
            frames.
        scaled: Score on the raters' scale (criterion, rating, low, high, words, ...) or the reason for none
            (refusal); null if the model knows no ratings.
        score_curve: Mean over the passes of the score after every step, which ends at ``score``.
        sampled_frames: Sampled frames of the first pass, from 0.
        times_s: Presentation times of the sampled frames of the first pass.
        passes: Every pass.
        attention: Summary of the maps of the first pass.
        warning: One sentence, or empty.
        video: The video.
        model: Name of the checkpoint.
        provenance: Origin of the numbers.
    """

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
    """Return an analysis as plain values for JSON."""
    video = analysis.video
    interval = None if analysis.interval is None else list(analysis.interval)
    calibrated_score = None if analysis.scaled is None else cast("CalibratedScore", asdict(analysis.scaled))
    return {
        "path": str(video.path),
        "start_s": round(analysis.start_s, 6),
        "stop_s": round(analysis.stop_s, 6),
        "score": analysis.score,
        "interval": interval,
        "scaled": calibrated_score,
        "score_curve": analysis.score_curve.mean(axis=0).tolist(),
        "sampled_frames": analysis.samples[0].tolist(),
        "times_s": analysis.times_s[0].tolist(),
        "passes": [
            {
                "sampled_frames": frames.tolist(),
                "times_s": times_s.tolist(),
                "score_curve": curve.tolist(),
                "score": float(curve[-1]),
            }
            for frames, times_s, curve in zip(analysis.samples, analysis.times_s, analysis.score_curve, strict=True)
        ],
        "attention": _attention_record(analysis),
        "warning": analysis.warning,
        "video": cast("VideoRecord", {name: getattr(video, name) for name in VideoRecord.__annotations__}),
        "model": analysis.provenance.model,
        "provenance": cast("ProvenanceRecord", asdict(analysis.provenance)),
    }


def _attention_record(analysis: Analysis) -> AttentionRecord:
    n_rows, n_columns = analysis.attention.shape[-2:]
    record: AttentionRecord = {"kind": str(analysis.map_kind), "grid": [n_rows, n_columns]}
    if analysis.map_kind is MapKind.NONE:
        return record
    maps = analysis.attention[0].reshape(analysis.n_samples, -1).astype(np.float64)
    rect = analysis.map_rect
    peak_cells = np.argmax(np.abs(maps), axis=1)
    rows, columns = np.divmod(peak_cells, n_columns)
    record["peak_x"] = (rect.left + (columns + 0.5) / n_columns * (rect.right - rect.left)).tolist()
    record["peak_y"] = (rect.top + (rows + 0.5) / n_rows * (rect.bottom - rect.top)).tolist()
    if analysis.map_kind is MapKind.DISTRIBUTION:
        record["peak_times_uniform"] = (maps.max(axis=1) * n_rows * n_columns).tolist()
        logs = np.log(np.maximum(maps, 1e-12))
        entropies = -(maps * logs).sum(axis=1)
        record["normalised_entropy"] = (entropies / np.log(n_rows * n_columns)).tolist()
    else:
        record["peak_value"] = np.take_along_axis(maps, peak_cells[:, None], axis=1)[:, 0].tolist()
    return record
