"""Files of analyses: NumPy's ``.npz``, readable with ``numpy.load(path)`` and without pickle.

Arrays: ``times_s`` (n,), ``samples`` (K, N), ``sample_times_s`` (K, N), ``attention`` (K, N, h, w), ``task_state`` (K,
N, D), ``score_curve`` (K, N), ``segment_stops`` (N,), ``pooled`` (2F,) if known, and ``about``, a JSON string with
everything else.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError, StudyError, escaped
from skillviewer.core.video.extents import range_cells, range_from
from skillviewer.core.video.info import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
SUFFIX = ".analysis.npz"


@dataclass(frozen=True, slots=True)
class _About:
    format: int
    path: str
    digest: str
    width_px: int
    height_px: int
    duration_s: float
    rate_hz: float
    variable_rate: bool
    codec: str
    note: str
    map_kind: MapKind
    map_rect: MapRect
    n_segments: int
    score: float
    interval: tuple[float, float] | None
    warning: str
    provenance: Provenance
    strangeness: float | None = None  # unknown in files of older versions
    extent: tuple[str, float, float] | None = None  # unknown there, too


def save_analysis(analysis: Analysis, path: Path) -> None:
    """Write an analysis atomically.

    Args:
        analysis: The analysis.
        path: Path of the file; its folder is created.

    Raises:
        ExportError: The file cannot be written, or the name of the video is not UTF-8.
    """
    video = analysis.video
    about = _About(
        format=FORMAT,
        path=str(video.path),
        digest=video.digest,
        width_px=video.width_px,
        height_px=video.height_px,
        duration_s=video.duration_s,
        rate_hz=video.rate_hz,
        variable_rate=video.variable_rate,
        codec=video.codec,
        note=video.note,
        map_kind=analysis.map_kind,
        map_rect=analysis.map_rect,
        n_segments=analysis.n_segments,
        score=analysis.score,
        interval=analysis.interval,
        warning=analysis.warning,
        provenance=analysis.provenance,
        strangeness=analysis.strangeness,
        extent=None if analysis.extent is None else range_cells(analysis.extent),
    )
    arrays: dict[str, NDArray[Any]] = {
        "times_s": video.times_s,
        "samples": analysis.samples,
        "sample_times_s": analysis.times_s,
        "attention": analysis.attention,
        "task_state": analysis.task_state,
        "score_curve": analysis.score_curve,
        "segment_stops": analysis.segment_stops,
    }
    if analysis.pooled is not None:
        arrays["pooled"] = analysis.pooled
    try:
        words = np.array(msgspec.json.encode(about).decode())
    except UnicodeEncodeError as error:
        raise ExportError(
            f"“{escaped(error)}” is not UTF-8 and cannot be written into an analysis: rename the video, or its folder."
        ) from error
    # it can be computed again, and many are written in a row: do not wait for the disk
    with atomic_export(path, overwrite=True, durable=False) as aside, aside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, about=words, **arrays)


def load_analysis(path: Path) -> Analysis:
    """Read an analysis that ``save_analysis`` wrote.

    Raises:
        StudyError: The file is no analysis, or it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about = msgspec.json.decode(str(arrays["about"]), type=_About)
            video = VideoInfo(
                path=Path(about.path),
                digest=about.digest,
                times_s=arrays["times_s"],
                width_px=about.width_px,
                height_px=about.height_px,
                duration_s=about.duration_s,
                rate_hz=about.rate_hz,
                variable_rate=about.variable_rate,
                codec=about.codec,
                note=about.note,
            )
            return Analysis(
                video=video,
                samples=arrays["samples"],
                attention=arrays["attention"],
                map_kind=about.map_kind,
                map_rect=about.map_rect,
                task_state=arrays["task_state"],
                score_curve=arrays["score_curve"],
                segment_stops=arrays["segment_stops"],
                n_segments=about.n_segments,
                provenance=about.provenance,
                warning=about.warning,
                pooled=arrays.get("pooled"),
                strangeness=about.strangeness,
                extent=None if about.extent is None else range_from(*about.extent),
            )
    except FileNotFoundError as error:
        raise StudyError(f"There is no analysis at {path}.") from error
    except (OSError, ValueError, KeyError, EOFError, msgspec.MsgspecError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path} is not an analysis that this program can read ({error}). Assess again.") from error
