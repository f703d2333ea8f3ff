"""Files of tracks: safetensors, readable without this program and without pickle.

The header holds a JSON text ``about`` with everything but the arrays. Tensors: ``times_s`` (n,) float64, and for track
number i ``states.i`` (n,) uint8, ``xy_px.i`` (m, P, 2) and ``presence.i`` (m, P) float32 for the m frames with points.
The program stores one file per video, or per clip of one, under the digest of the file: it stays valid wherever the
video is moved, serves every study, and is not lost with the cache.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError, VideoError, first_line, os_error_as
from skillviewer.core.paths import data_dir
from skillviewer.core.tracks.known_length import KnownLength
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackMethod, TrackSet

FORMAT = 1
SUFFIX = ".tracks.safetensors"
DAMAGED = ".damaged"
"""Suffix added to the name of an unreadable file."""

MAX_BYTES = 1 << 31
MAX_FRAMES = 2_000_000
MAX_TRACKS = 1000
MAX_POINTS = 1000
MAX_CORNERS = 10_000
"""Largest number of corners of a reference."""

MAX_VALUES = 1 << 27
"""Largest number of points times frames over all tracks; two hands over an hour have 5 million."""

_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]


class _TrackRecord(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    points: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=200)], ...], msgspec.Meta(min_length=1, max_length=MAX_POINTS)
    ]
    kind: TrackKind
    side: Side
    method: TrackMethod
    made_by: Annotated[str, msgspec.Meta(max_length=2000)]


class _ReferenceRecord(msgspec.Struct):
    points: Annotated[tuple[tuple[float, float], ...], msgspec.Meta(min_length=1, max_length=MAX_CORNERS)]
    closed: bool = False


class _SetRecord(msgspec.Struct):
    format: int
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    width_px: _Count
    height_px: _Count
    n_frames: Annotated[int, msgspec.Meta(ge=1, le=MAX_FRAMES)]
    start_frame: Annotated[int, msgspec.Meta(ge=0)]
    tracks: Annotated[tuple[_TrackRecord, ...], msgspec.Meta(max_length=MAX_TRACKS)]
    known_length: KnownLength | None = None
    reference: _ReferenceRecord | None = None


class _Head(msgspec.Struct):
    format: int


def save_tracks(tracks: TrackSet, path: Path, *, overwrite: bool = False) -> Path:
    """Write tracks atomically; the folder is created.

    Raises:
        ExportError: The file exists already, or cannot be written.
    """
    records = tuple(_TrackRecord(t.name, t.points, t.kind, t.side, t.method, t.made_by) for t in tracks.tracks)
    size = (tracks.width_px, tracks.height_px)
    reference = None
    if tracks.reference is not None:
        corners = tuple((float(x), float(y)) for x, y in tracks.reference.points)
        reference = _ReferenceRecord(corners, tracks.reference.closed)
    about = _SetRecord(
        FORMAT, tracks.digest, *size, tracks.n_frames, tracks.start_frame, records, tracks.known_length, reference
    )
    arrays: dict[str, NDArray[np.generic]] = {"times_s": tracks.times_s}
    for i, track in enumerate(tracks.tracks):
        rows = track.has_points
        arrays[f"states.{i}"] = track.states
        arrays[f"xy_px.{i}"] = track.xy_px[rows]
        arrays[f"presence.{i}"] = track.presence[rows]
    with atomic_export(path, overwrite=overwrite) as temporary:
        save_file(arrays, temporary, {"about": msgspec.json.encode(about).decode()})
    return path


def load_tracks(path: Path) -> TrackSet:
    """Read tracks that ``save_tracks`` wrote.

    Raises:
        VideoError: The file cannot be read, holds no tracks, or comes from a newer program.
    """
    with os_error_as(VideoError, f"{path} cannot be read"):
        n_bytes = path.stat().st_size
    if n_bytes > MAX_BYTES:
        raise VideoError(f"{path} holds no tracks: it is larger than {MAX_BYTES >> 20} MB.")
    try:
        with safe_open(path, framework="numpy") as file:
            about = (file.metadata() or {}).get("about", "")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        return _read_set(about, arrays, str(path))
    except (SafetensorError, msgspec.MsgspecError, ValueError, TypeError, AttributeError, OSError) as error:
        raise VideoError(
            f"{path} holds no tracks that can be read: {first_line(error)}. Track again, or import it again."
        ) from error


_Arrays = dict[str, NDArray[Any]]


def _read_set(about: str, arrays: _Arrays, source: str) -> TrackSet:
    number = msgspec.json.decode(about, type=_Head).format
    if number != FORMAT:
        raise VideoError(
            f"{source} has tracks of form {number}, and this program knows form {FORMAT}: use a newer one."
        )
    record = msgspec.json.decode(about, type=_SetRecord)
    kinds = ("states", "xy_px", "presence")
    if set(arrays) != {"times_s"} | {f"{kind}.{i}" for kind in kinds for i in range(len(record.tracks))}:
        raise ValueError("its arrays are not those of its tracks")
    times_s = _array(arrays, "times_s", "f8")
    if len(times_s) * sum(len(track_record.points) for track_record in record.tracks) > MAX_VALUES:
        raise ValueError("it has more points than any tracks")
    tracks = [_read_track(arrays, i, track_record, len(times_s)) for i, track_record in enumerate(record.tracks)]
    size = (record.width_px, record.height_px)
    reference = None
    if record.reference is not None:
        reference = ReferencePath(np.array(record.reference.points, dtype=np.float64), record.reference.closed)
    return TrackSet(
        record.digest,
        *size,
        record.n_frames,
        record.start_frame,
        times_s,
        tuple(tracks),
        record.known_length,
        reference,
    )


def _array(arrays: _Arrays, name: str, dtype: str) -> NDArray[Any]:
    array = arrays[name]
    if array.dtype != np.dtype(dtype):
        raise ValueError(f"{name} is of type {array.dtype}")
    return array


def _read_track(arrays: _Arrays, i: int, record: _TrackRecord, n: int) -> Track:
    states = _array(arrays, f"states.{i}", "u1")
    if states.shape != (n,):
        raise ValueError(f"{record.name} has {states.shape} states for {n} frames")
    rows = states >= FrameState.FOUND
    n_rows = int(rows.sum())
    n_points = len(record.points)
    found_px, found_presence = _array(arrays, f"xy_px.{i}", "f4"), _array(arrays, f"presence.{i}", "f4")
    if found_px.shape != (n_rows, n_points, 2) or found_presence.shape != (n_rows, n_points):
        raise ValueError(f"{record.name} has coordinates {found_px.shape} for {n_rows} frames of {n_points} points")
    xy_px = np.full((n, n_points, 2), np.nan, dtype=np.float32)
    presence = np.zeros((n, n_points), dtype=np.float32)
    xy_px[rows] = found_px
    presence[rows] = found_presence
    facts = (record.kind, record.side, record.method, record.made_by)
    return Track(record.name, record.points, xy_px, presence, states, *facts)


class TrackStore:
    """Store of tracks, one file per video or clip."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else data_dir() / "tracks"

    def path(self, digest: str, frames: range | None = None) -> Path:
        """Return the path for the tracks of a video, or of a range of its frames, whether or not the file exists."""
        part = "" if frames is None else f".{frames.start}-{frames.stop}"
        return self._folder / f"{digest}{part}{SUFFIX}"

    def path_of(self, tracks: TrackSet) -> Path:
        """Return the path at which a set of tracks is stored, whether or not the file exists."""
        whole = len(tracks.frames) == tracks.n_frames
        return self.path(tracks.digest, None if whole else tracks.frames)

    def get(self, digest: str, frames: range | None = None) -> TrackSet | None:
        """Return the tracks of a video, or of a range of its frames, or None.

        The tracks of the whole file serve every range of it.

        Raises:
            VideoError: The file cannot be read. A damaged file is reported once and renamed, never discarded silently
                (it may hold the user's work).
        """
        return self._get(digest, frames, rename_damaged=True)

    def get_readable(self, digest: str, frames: range | None = None) -> TrackSet | None:
        """Return the same, and None too if the file cannot be read; it is unchanged, to be reported elsewhere."""
        try:
            return self._get(digest, frames, rename_damaged=False)
        except VideoError:
            return None

    def _get(self, digest: str, frames: range | None, *, rename_damaged: bool) -> TrackSet | None:
        if frames is not None:
            stored = self._load(self.path(digest, frames), digest, rename_damaged=rename_damaged)
            if stored is not None:
                return stored
        whole = self._load(self.path(digest), digest, rename_damaged=rename_damaged)
        if whole is None or frames is None:
            return whole
        try:
            return whole.within(frames)
        except ValueError as error:
            raise VideoError(f"The tracks in {self.path(digest)} do not cover the clip: {error}.") from error

    def content_digest(self, digest: str, frames: range | None = None) -> str:
        """Return the SHA-256 of the file that ``get`` reads, or "" if there is none."""
        paths = [self.path(digest), *([] if frames is None else [self.path(digest, frames)])]
        for path in reversed(paths):
            with suppress(OSError):
                return hashlib.sha256(path.read_bytes()).hexdigest()
        return ""

    def put(self, tracks: TrackSet) -> None:
        """Store the tracks of a video or clip and replace those stored before; a bare set removes them.

        Raises:
            ExportError: They cannot be written.
        """
        path = self.path_of(tracks)
        if not tracks.is_bare:
            save_tracks(tracks, path, overwrite=True)
        else:
            _remove(path)

    def files(self, digest: str) -> list[Path]:
        """Return the files of tracks of a video and its clips, damaged ones included."""
        return sorted(self._folder.glob(f"{digest}*{SUFFIX}*")) if self._folder.is_dir() else []

    def forget(self, digest: str) -> None:
        """Remove all tracks of a video and of its clips, or raise an ExportError."""
        for path in self.files(digest):
            _remove(path)

    def _load(self, path: Path, digest: str, *, rename_damaged: bool) -> TrackSet | None:
        try:
            tracks = load_tracks(path)
        except VideoError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            # neither a newer program nor missing access is damage
            if error.__cause__ is None or isinstance(error.__cause__, OSError) or not rename_damaged:
                raise
            raise _rename_damaged(path, str(error)) from error
        if tracks.digest != digest:
            problem = f"{path} holds tracks of another video."
            raise _rename_damaged(path, problem) if rename_damaged else VideoError(problem)
        return tracks


def _remove(path: Path) -> None:
    with os_error_as(ExportError, f"{path} could not be removed"):
        path.unlink(missing_ok=True)


def _rename_damaged(path: Path, problem: str) -> VideoError:
    """Rename a damaged file, and return the error."""
    renamed = path.with_name(path.name + DAMAGED)
    with suppress(OSError):
        path.replace(renamed)
    return VideoError(f"{problem} The file is now called {renamed.name}.")
