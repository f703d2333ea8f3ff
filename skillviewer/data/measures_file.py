"""Cached measures of motion: JSON, one file a set of tracks and settings, in the cache."""

from contextlib import suppress
from pathlib import Path

import msgspec

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError
from skillviewer.core.hashing import sha256_of, values_sha256
from skillviewer.core.kinematics.measures import LengthUnit, VideoMeasures, measure_video
from skillviewer.core.paths import cache_dir
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.data.tracks_file import TrackStore

FOLDER = "measures"
"""Folder in the cache."""

_VERSION = 1
"""Number of the method: measures of another one are computed again."""


def measures_of(digest: str) -> list[Path]:
    """Return the files of cached measures of a video."""
    return sorted((cache_dir() / FOLDER).glob(f"{digest}.*"))


def load_or_compute_measures(
    tracks: TrackSet,
    source: Path,
    unit: LengthUnit | None = None,
    reference: ReferencePath | None = None,
    *,
    with_tapping: bool = False,
) -> VideoMeasures:
    """Return the measures of tracks; those of the same file and settings are computed once.

    Args:
        tracks: The tracks.
        source: File from which they were read: its content is part of the key.
        unit: Unit of length, or None for that of the tracks.
        reference: Target or path in pixels, or None for that of the tracks.
        with_tapping: Whether to measure thumb and index finger as tapping.

    Raises:
        OSError: The file of the tracks cannot be read.
    """
    corners = None if reference is None else (reference.points.tolist(), reference.closed)
    settings = (None if unit is None else (unit.name, unit.px), corners, with_tapping)
    part = (tracks.frames.start, tracks.frames.stop)
    key = values_sha256(_VERSION, sha256_of(source), part, settings)[:32]
    path = cache_dir() / FOLDER / f"{tracks.digest}.{key}.json"
    with suppress(OSError, msgspec.MsgspecError, ValueError):
        return msgspec.json.decode(path.read_bytes(), type=VideoMeasures)
    measures = measure_video(tracks, unit, reference, with_tapping=with_tapping)
    with suppress(ExportError), atomic_export(path, overwrite=True, durable=False) as temporary:
        temporary.write_bytes(msgspec.json.encode(measures))
    return measures


def measure_stored_tracks(
    tracks: TrackSet,
    frames: range | None = None,
    unit: LengthUnit | None = None,
    reference: ReferencePath | None = None,
    *,
    with_tapping: bool = False,
) -> VideoMeasures:
    """Return the measures of tracks that the program stores; arguments as of ``load_or_compute_measures``.

    ``frames`` is the range for which they were asked for, or None for the whole file.

    Raises:
        OSError: The file of the tracks cannot be read.
    """
    store = TrackStore()
    clip_path = store.path(tracks.digest, frames)
    source = clip_path if clip_path.exists() else store.path(tracks.digest)
    return load_or_compute_measures(tracks, source, unit, reference, with_tapping=with_tapping)
