"""Files of analyses: NumPy's ``.npz``, readable with ``numpy.load(path)`` and without pickle.

Arrays: ``times_s`` (n,), ``samples`` (K, N), ``sample_times_s`` (K, N), ``attention`` (K, N, h, w), ``task_state`` (K,
N, D), ``score_curve`` (K, N), ``segment_stops`` (N,), ``pooled`` (2F,) if known, and ``about``, a JSON string with all
other fields. The result of a unit of scoring also has a header (``data/result_file.py``).
"""

import math
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import msgspec
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError, StudyError, escaped_text
from skillviewer.core.video.clips import range_cells, range_from_cells
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore

FORMAT = 1
SUFFIX = ".analysis.npz"

_MAX_BYTES = 1 << 29
"""Largest size of all arrays, a thousand times the size of an analysis of one hour."""

_MAX_CHARACTERS = 1 << 20
_MAX_SEGMENTS = 1 << 20
_ARRAYS: dict[str, tuple[str, int]] = {
    "times_s": ("<f8", 1),
    "samples": ("<i8", 2),
    "sample_times_s": ("<f8", 2),
    "attention": ("<f4", 4),
    "task_state": ("<f4", 3),
    "score_curve": ("<f8", 2),
    "segment_stops": ("<i8", 1),
    "pooled": ("<f4", 1),
}
"""Data type and number of dimensions of each array."""

_Pixels = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]


class _About(msgspec.Struct, frozen=True, rename={"clip_range": "extent", "novelty": "strangeness"}):
    format: int
    path: str
    digest: str
    width_px: _Pixels
    height_px: _Pixels
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
    # files of older versions lack these
    novelty: float | None = None
    clip_range: tuple[str, float, float] | None = None
    scaled: CalibratedScore | None = None
    tracks: str = ""


_VIDEO_FIELDS = ("digest", "width_px", "height_px", "duration_s", "rate_hz", "variable_rate", "codec", "note")
_ANALYSIS_FIELDS = ("map_kind", "map_rect", "n_segments", "warning", "provenance", "novelty", "scaled", "tracks")
"""Attributes of ``VideoInfo``, and of ``Analysis``, that have the same names in the file."""


def _attributes(value: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def save_analysis(analysis: Analysis, path: str | Path) -> None:
    """Write an analysis atomically; the folder is created.

    Raises:
        ExportError: The file cannot be written, or the name of the video is not UTF-8.
    """
    path = Path(path)
    # not durable: an analysis can be computed again, and many are written in a row
    with atomic_export(path, overwrite=True, durable=False) as temporary, temporary.open("wb") as file:
        write_analysis(analysis, file)


def write_analysis(analysis: Analysis, file: IO[bytes]) -> None:
    """Write an analysis into an open file.

    Raises:
        ExportError: The name of the video is not UTF-8.
        OSError: The file cannot be written.
    """
    video = analysis.video
    clip_range = None if analysis.clip_range is None else range_cells(analysis.clip_range)
    fields = _attributes(video, _VIDEO_FIELDS) | _attributes(analysis, (*_ANALYSIS_FIELDS, "score", "interval"))
    about = _About(FORMAT, str(video.path), clip_range=clip_range, **fields)
    arrays: dict[str, NDArray[Any]] = {
        "times_s": video.times_s,
        "samples": analysis.samples,
        "sample_times_s": analysis.times_s,
        **_attributes(analysis, ("attention", "task_state", "score_curve", "segment_stops")),
    }
    if analysis.mean_feature is not None:
        arrays["pooled"] = analysis.mean_feature
    try:
        text = np.array(msgspec.json.encode(about).decode())
    except UnicodeEncodeError as error:
        raise ExportError(
            f"“{escaped_text(error)}” is not UTF-8 and cannot be written into an analysis: rename the video, or its "
            "folder."
        ) from error
    np.savez_compressed(file, allow_pickle=False, about=text, **arrays)


def load_analysis(path: str | Path) -> Analysis:
    """Read an analysis that ``save_analysis`` wrote.

    Raises:
        StudyError: The file is no analysis, or it is damaged.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as file:
            about, arrays = _read(file)
        video = VideoInfo(Path(about.path), times_s=arrays.pop("times_s"), **_attributes(about, _VIDEO_FIELDS))
        del arrays["sample_times_s"]
        mean_feature = arrays.pop("pooled", None)
        clip_range = None if about.clip_range is None else range_from_cells(*about.clip_range)
        fields = _attributes(about, _ANALYSIS_FIELDS)
        analysis = Analysis(video, clip_range=clip_range, mean_feature=mean_feature, **arrays, **fields)
        _check(analysis)
    except FileNotFoundError as error:
        raise StudyError(f"There is no analysis at {path}.") from error
    except Exception as error:  # zipfile, numpy and msgspec raise many kinds for damaged files
        reason = str(error)
        if not reason:
            reason = type(error).__name__
        raise StudyError(
            f"{path} is not an analysis that this program can read ({reason:.200}). Assess again."
        ) from error
    return analysis


def load_or_discard(path: Path) -> Analysis | None:
    """Return an analysis from the cache; None if there is none, or if its tracks have changed.

    A damaged file is removed.
    """
    if not path.is_file():
        return None
    try:
        analysis = load_analysis(path)
        return analysis if has_its_tracks(analysis) else None
    except StudyError:
        with suppress(OSError):
            path.unlink()
        return None


def has_its_tracks(analysis: Analysis) -> bool:
    """Return True if an analysis depends on no tracks, or on those that are stored."""
    if not analysis.tracks:
        return True
    frames = None if len(analysis.frames) == analysis.video.n_frames else analysis.frames
    return TrackStore().content_digest(analysis.video.digest, frames) == analysis.tracks


def _read(file: zipfile.ZipFile) -> tuple[_About, dict[str, Any]]:
    if sum(info.file_size for info in file.infolist()) > _MAX_BYTES:
        raise ValueError("it is larger than any analysis")
    about = msgspec.json.decode(_array(file, "about", "U", 0).item(), type=_About)
    names = set(file.namelist())
    arrays = {}
    for name, (kind, dimensions) in _ARRAYS.items():
        if name == "pooled" and "pooled.npy" not in names:
            continue
        arrays[name] = _array(file, name, kind, dimensions)
    return about, arrays


def _array(file: zipfile.ZipFile, name: str, kind: str, dimensions: int) -> NDArray[Any]:
    """Return an array. The header is checked first, so that a false size allocates no memory."""
    with file.open(f"{name}.npy") as array_file:
        if npy.read_magic(array_file) != (1, 0):
            raise ValueError(f"{name} has an unknown version")
        shape, by_columns, dtype = npy.read_array_header_1_0(array_file)
        if kind == "U":
            has_kind = dtype.kind == "U" and dtype.itemsize <= 4 * _MAX_CHARACTERS
        else:
            has_kind = dtype == np.dtype(kind)
        if not has_kind or len(shape) != dimensions or dtype.hasobject:
            raise ValueError(f"{name} has {len(shape)} dimensions of {dtype}")
        content = array_file.read()
        if math.prod(shape) * dtype.itemsize > len(content):
            raise ValueError(f"{name} is shorter than its header says")
        order: Literal["C", "F"] = "F" if by_columns else "C"
        return np.ndarray(shape, dtype, content, order=order)


def _check(analysis: Analysis) -> None:
    """Raise ValueError for numbers that no analysis has."""
    times_s = analysis.video.times_s
    samples = analysis.samples
    stops = analysis.segment_stops
    numbers = (times_s, analysis.attention, analysis.task_state, analysis.score_curve, analysis.video.duration_s)
    if not all(np.isfinite(array).all() for array in numbers):
        raise ValueError("a number is not finite")
    n = len(times_s)
    times_are_valid = n > 0 and (np.diff(times_s) >= 0).all()
    if not times_are_valid or analysis.video.duration_s < 0 or analysis.video.rate_hz < 0:
        raise ValueError("the times of its video are not in order")
    samples_are_valid = samples.size and samples.min() >= 0 and samples.max() < n
    if not samples_are_valid or stops.min() < 0 or stops.max() > n:
        raise ValueError("it refers to frames outside its video")
    if not analysis.attention.size or not analysis.n_samples <= analysis.n_segments <= _MAX_SEGMENTS:
        raise ValueError(f"{analysis.n_samples} of {analysis.n_segments} segments")
    if not 0 <= analysis.frames.start < analysis.frames.stop <= n:
        raise ValueError("its clip of the video is empty")
