"""Files of tracks: safetensors, readable without this program and without pickle.

The header holds a JSON text ``about`` with everything but the arrays. Tensors: ``times_s`` (n,) float64, and for track
number i ``states.i`` (n,) uint8, ``xy_px.i`` (m, P, 2) and ``presence.i`` (m, P) float32 for the m frames with points.

The program stores one file per video or clip in its data folder, named by the digest of the video. The file remains
valid if the video is moved, and serves every study.
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
from skillviewer.data.damaged_file import rename_damaged_file

FORMAT = 1
SUFFIX = ".tracks.safetensors"
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
    records = tuple(
        _TrackRecord(track.name, track.points, track.kind, track.side, track.method, track.made_by)
        for track in tracks.tracks
    )
    reference = None
    if tracks.reference is not None:
        corners = tuple((float(x), float(y)) for x, y in tracks.reference.points)
        reference = _ReferenceRecord(corners, tracks.reference.closed)
    about = _SetRecord(
        format=FORMAT,
        digest=tracks.digest,
        width_px=tracks.width_px,
        height_px=tracks.height_px,
        n_frames=tracks.n_frames,
        start_frame=tracks.start_frame,
        tracks=records,
        known_length=tracks.known_length,
        reference=reference,
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
            metadata = file.metadata()
            about = "" if metadata is None else metadata.get("about", "")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        return _read_set(about, arrays, str(path))
    except (SafetensorError, msgspec.MsgspecError, ValueError, TypeError, AttributeError, OSError) as error:
        raise VideoError(
            f"{path} holds no tracks that can be read: {first_line(error)}. Track again, or import it again."
        ) from error


_Arrays = dict[str, NDArray[Any]]


def _read_set(about: str, arrays: _Arrays, source: str) -> TrackSet:
    file_format = msgspec.json.decode(about, type=_Head).format
    if file_format != FORMAT:
        raise VideoError(
            f"{source} has tracks of form {file_format}, and this program knows form {FORMAT}: use a newer one."
        )
    record = msgspec.json.decode(about, type=_SetRecord)
    names = {"times_s"}
    for i in range(len(record.tracks)):
        names |= {f"states.{i}", f"xy_px.{i}", f"presence.{i}"}
    if set(arrays) != names:
        raise ValueError("its arrays are not those of its tracks")
    times_s = _array(arrays, "times_s", "f8")
    n_points = sum(len(track_record.points) for track_record in record.tracks)
    if len(times_s) * n_points > MAX_VALUES:
        raise ValueError("it has more points than any tracks")
    tracks = [_read_track(arrays, i, track_record, len(times_s)) for i, track_record in enumerate(record.tracks)]
    reference = None
    if record.reference is not None:
        reference = ReferencePath(np.array(record.reference.points, dtype=np.float64), record.reference.closed)
    return TrackSet(
        digest=record.digest,
        width_px=record.width_px,
        height_px=record.height_px,
        n_frames=record.n_frames,
        start_frame=record.start_frame,
        times_s=times_s,
        tracks=tuple(tracks),
        known_length=record.known_length,
        reference=reference,
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
    has_points = states >= FrameState.FOUND
    n_rows = int(has_points.sum())
    n_points = len(record.points)
    stored_px = _array(arrays, f"xy_px.{i}", "f4")
    stored_presence = _array(arrays, f"presence.{i}", "f4")
    if stored_px.shape != (n_rows, n_points, 2) or stored_presence.shape != (n_rows, n_points):
        raise ValueError(f"{record.name} has coordinates {stored_px.shape} for {n_rows} frames of {n_points} points")
    xy_px = np.full((n, n_points, 2), np.nan, dtype=np.float32)
    presence = np.zeros((n, n_points), dtype=np.float32)
    xy_px[has_points] = stored_px
    presence[has_points] = stored_presence
    return Track(
        name=record.name,
        points=record.points,
        xy_px=xy_px,
        presence=presence,
        states=states,
        kind=record.kind,
        side=record.side,
        method=record.method,
        made_by=record.made_by,
    )


class TrackStore:
    """Store of tracks, one file per video or clip."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else data_dir() / "tracks"

    def path(self, digest: str, frames: range | None = None) -> Path:
        """Return the path for the tracks of a video, or of a range of its frames, whether or not the file exists."""
        range_text = "" if frames is None else f".{frames.start}-{frames.stop}"
        return self._folder / f"{digest}{range_text}{SUFFIX}"

    def path_of(self, tracks: TrackSet) -> Path:
        """Return the path at which a set of tracks is stored, whether or not the file exists."""
        is_whole = len(tracks.frames) == tracks.n_frames
        stored_range = None if is_whole else tracks.frames
        return self.path(tracks.digest, stored_range)

    def get(self, digest: str, frames: range | None = None) -> TrackSet | None:
        """Return the tracks of a video, or of a range of its frames, or None.

        The tracks of the whole file serve every range of it.

        Raises:
            VideoError: The file cannot be read. A damaged file is renamed, because it may hold work of the user.
        """
        return self._get(digest, frames, rename_damaged=True)

    def get_readable(self, digest: str, frames: range | None = None) -> TrackSet | None:
        """Return the tracks as ``get`` does, or None if the file cannot be read. A damaged file is not renamed."""
        try:
            return self._get(digest, frames, rename_damaged=False)
        except VideoError:
            return None

    def _get(self, digest: str, frames: range | None, *, rename_damaged: bool) -> TrackSet | None:
        if frames is not None:
            stored_tracks = self._load(self.path(digest, frames), digest, rename_damaged=rename_damaged)
            if stored_tracks is not None:
                return stored_tracks
        tracks_of_whole_file = self._load(self.path(digest), digest, rename_damaged=rename_damaged)
        if tracks_of_whole_file is None or frames is None:
            return tracks_of_whole_file
        try:
            return tracks_of_whole_file.within(frames)
        except ValueError as error:
            raise VideoError(f"The tracks in {self.path(digest)} do not cover the clip: {error}.") from error

    def content_digest(self, digest: str, frames: range | None = None) -> str:
        """Return the SHA-256 of the file that ``get`` reads, or "" if there is none."""
        paths = [self.path(digest)]
        if frames is not None:
            paths.insert(0, self.path(digest, frames))
        for path in paths:
            with suppress(OSError):
                return hashlib.sha256(path.read_bytes()).hexdigest()
        return ""

    def put(self, tracks: TrackSet) -> None:
        """Store the tracks of a video or clip, replacing earlier ones; a bare set removes them.

        Raises:
            ExportError: They cannot be written.
        """
        path = self.path_of(tracks)
        if tracks.is_bare:
            _remove(path)
        else:
            save_tracks(tracks, path, overwrite=True)

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
            raise rename_damaged_file(path, str(error)) from error
        if tracks.digest != digest:
            problem = f"{path} holds tracks of another video."
            if rename_damaged:
                raise rename_damaged_file(path, problem)
            raise VideoError(problem)
        return tracks


def _remove(path: Path) -> None:
    with os_error_as(ExportError, f"{path} could not be removed"):
        path.unlink(missing_ok=True)
