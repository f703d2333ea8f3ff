"""Scores, curves and maps as numbers for other programs.

Tables are CSV (UTF-8, dot decimals, one header line) or JSON (an array of objects with the same keys): pandas reads
both without arguments. Frames, passes and steps count from 0; times are in seconds from the first frame.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from skillviewer.core.analysis import Analysis, MapKind
from skillviewer.core.analysis_json import analysis_json
from skillviewer.export.destination import aside

TABLE_SUFFIXES = (".csv", ".json")
RECORD_SUFFIXES = (".json",)
MAPS_SUFFIXES = (".npz",)
MAPS_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One analysis.

    Attributes:
        video: Name of the file.
        path: Where it lay.
        video_digest: SHA-256 of its bytes.
        model: Name of the checkpoint.
        model_digest: SHA-256 of its weights.
        attention_model: Kind of attention model.
        score: Mean over the passes of the score after the last step.
        interval_low: Lower end of the 95 % prediction interval over the choice of frames; empty with one pass.
        interval_high: Its upper end.
        n_passes: K.
        n_segments: N, sampled frames a pass.
        n_frames: Frames of the video.
        duration_s: Its duration.
        rate_hz: Its median frame rate.
        warning: A word of warning, or empty.
    """

    video: str
    path: str
    video_digest: str
    model: str
    model_digest: str
    attention_model: str
    score: float
    interval_low: float | None
    interval_high: float | None
    n_passes: int
    n_segments: int
    n_frames: int
    duration_s: float
    rate_hz: float
    warning: str


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One step of one pass.

    Attributes:
        video: Name of the file.
        path: Where it lay.
        model: Name of the checkpoint.
        pass_index: Pass, from 0.
        step: Step of the model (segment), from 0.
        frame: Sampled frame, from 0.
        time_s: Its presentation time.
        segment_stop: Frame at which the segment ends (half open).
        score: Score after this step.
        peak_x: Centre of the cell with the greatest magnitude, as a fraction of the picture's width; empty without map.
        peak_y: The same of its height.
        peak: Value of the map there, as the model computed it.
    """

    video: str
    path: str
    model: str
    pass_index: int
    step: int
    frame: int
    time_s: float
    segment_stop: int
    score: float
    peak_x: float | None
    peak_y: float | None
    peak: float | None


def score_rows(analyses: Iterable[Analysis]) -> list[ScoreRow]:
    """Return one row for each analysis."""
    rows = []
    for a in analyses:
        low, high = a.interval if a.interval is not None else (None, None)
        rows.append(
            ScoreRow(
                video=a.video.path.name,
                path=str(a.video.path),
                video_digest=a.video.digest,
                model=a.provenance.model,
                model_digest=a.provenance.model_digest,
                attention_model=a.provenance.attention_model,
                score=a.score,
                interval_low=low,
                interval_high=high,
                n_passes=a.n_passes,
                n_segments=a.n_segments,
                n_frames=a.video.n_frames,
                duration_s=a.video.duration_s,
                rate_hz=a.video.rate_hz,
                warning=a.warning,
            )
        )
    return rows


def curve_rows(analyses: Iterable[Analysis]) -> list[CurveRow]:
    """Return one row for each step of each pass of each analysis."""
    rows = []
    for a in analyses:
        for (k, n), frame in np.ndenumerate(a.samples):
            x, y, value = _peak(a, k, n)
            rows.append(
                CurveRow(
                    video=a.video.path.name,
                    path=str(a.video.path),
                    model=a.provenance.model,
                    pass_index=k,
                    step=n,
                    frame=int(frame),
                    time_s=float(a.video.times_s[frame]),
                    segment_stop=int(a.segment_stops[n]),
                    score=float(a.score_curve[k, n]),
                    peak_x=x,
                    peak_y=y,
                    peak=value,
                )
            )
    return rows


def _peak(a: Analysis, k: int, n: int) -> tuple[float | None, float | None, float | None]:
    if a.map_kind is MapKind.NONE:
        return None, None, None
    values = a.attention[k, n]
    row, column = np.unravel_index(int(np.argmax(np.abs(values))), values.shape)
    h, w = values.shape
    rect = a.map_rect
    x = rect.left + (float(column) + 0.5) / w * (rect.right - rect.left)
    y = rect.top + (float(row) + 0.5) / h * (rect.bottom - rect.top)
    return x, y, float(values[row, column])


def export_scores(analyses: Sequence[Analysis], path: Path, *, overwrite: bool = False) -> Path:
    """Write one row for each analysis (``ScoreRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: The file is there already, or it cannot be written.
    """
    return _write_table(ScoreRow, score_rows(analyses), path, overwrite=overwrite)


def export_curves(analyses: Sequence[Analysis], path: Path, *, overwrite: bool = False) -> Path:
    """Write one row for each step of each pass of each analysis (``CurveRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: The file is there already, or it cannot be written.
    """
    return _write_table(CurveRow, curve_rows(analyses), path, overwrite=overwrite)


def _write_table(
    kind: type[ScoreRow] | type[CurveRow], rows: Sequence[ScoreRow | CurveRow], path: Path, *, overwrite: bool
) -> Path:
    with aside(path, TABLE_SUFFIXES, overwrite=overwrite) as temporary:
        if path.suffix.lower() == ".json":
            temporary.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
        else:
            # a path on Linux may hold bytes that are no UTF-8: they are written as \udcXX
            with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                writer = csv.DictWriter(file, [f.name for f in fields(kind)], lineterminator="\n")
                writer.writeheader()
                writer.writerows(asdict(row) for row in rows)
    return path


def export_record(analysis: Analysis, path: Path, *, overwrite: bool = False) -> Path:
    """Write the result of one analysis as JSON (``AnalysisRecord``), the same that ``skillviewer score --json`` prints.

    Raises:
        ExportError: The file is there already, or it cannot be written.
    """
    with aside(path, RECORD_SUFFIXES, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps(analysis_json(analysis), indent=1) + "\n", encoding="utf-8")
    return path


def export_maps(analysis: Analysis, path: Path, *, overwrite: bool = False) -> Path:
    """Write the attention maps of one analysis as NumPy's ``.npz``, readable with ``numpy.load`` and without pickle.

    Arrays, for K passes of N sampled frames on a grid (h, w):

    - ``attention`` (K, N, h, w) float32, as the model computed it; row 0 is the top, column 0 the left of the picture;
    - ``frames`` (K, N) int64, sampled frames from 0; ``times_s`` (K, N) float64, their presentation times;
    - ``segment_stops`` (N,) int64, frame at which each segment ends (half open);
    - ``scores`` (K, N) float64, the score after every step;
    - ``map_kind`` string: distribution, gate, signed product or none (stored as uniform);
    - ``map_rect`` (4,) float64: left, top, right, bottom of the map as fractions of the picture;
    - ``picture_px`` (2,) int64: width and height of the picture;
    - ``about`` string: JSON with the path and digest of the video, the provenance and the number of this format.

    Raises:
        ExportError: The file is there already, or it cannot be written.
    """
    video, rect = analysis.video, analysis.map_rect
    about = {
        "format": MAPS_FORMAT,
        "path": str(video.path),
        "video_digest": video.digest,
        "provenance": asdict(analysis.provenance),
    }
    with aside(path, MAPS_SUFFIXES, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            attention=analysis.attention,
            frames=analysis.samples,
            times_s=analysis.times_s,
            segment_stops=analysis.segment_stops,
            scores=analysis.score_curve,
            map_kind=np.array(str(analysis.map_kind)),
            map_rect=np.array([rect.left, rect.top, rect.right, rect.bottom]),
            picture_px=np.array([video.width_px, video.height_px], np.int64),
            about=np.array(json.dumps(about)),
        )
    return path
