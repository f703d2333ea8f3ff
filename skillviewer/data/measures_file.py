"""Cache of measures of motion: one JSON file for each set of tracks and settings."""

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
"""Version of the method. Measures of another version are computed again."""


def cached_measure_files(digest: str) -> list[Path]:
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
    """Return the measures of tracks from the cache, or compute and cache them.

    Args:
        tracks: The tracks.
        source: File of the tracks. Its content is part of the key of the cache.
        unit: Unit of length, or None for the unit of the tracks.
        reference: Target or path in pixels, or None for the reference of the tracks.
        with_tapping: Whether to measure the tapping of thumb and index finger.

    Raises:
        OSError: The file of the tracks cannot be read.
    """
    reference_key = None if reference is None else (reference.points.tolist(), reference.closed)
    unit_key = None if unit is None else (unit.name, unit.px)
    settings = (unit_key, reference_key, with_tapping)
    frames = (tracks.frames.start, tracks.frames.stop)
    key = values_sha256(_VERSION, sha256_of(source), frames, settings)[:32]
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
    """Return the measures of tracks from the ``TrackStore``.

    Args:
        tracks: The tracks.
        frames: Range for which the store was asked, or None for the whole file.
        unit: See ``load_or_compute_measures``.
        reference: See ``load_or_compute_measures``.
        with_tapping: See ``load_or_compute_measures``.

    Raises:
        OSError: The file of the tracks cannot be read.
    """
    store = TrackStore()
    clip_path = store.path(tracks.digest, frames)
    source = clip_path if clip_path.exists() else store.path(tracks.digest)
    return load_or_compute_measures(tracks, source, unit, reference, with_tapping=with_tapping)
