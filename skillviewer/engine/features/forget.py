"""Deletion of everything kept about a video outside of studies: scores, maps, features, faces, tracks, traces.

The video file, exports and trained models stay.
"""

import os
from contextlib import suppress
from pathlib import Path

from skillviewer.core.paths import cache_dir, data_dir, log_dir
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.hand_detections_file import detections_of
from skillviewer.data.measures_file import measures_of
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.runtime.disk_usage import ANALYSES, COPIES, EVIDENCE


def forget_video(digest: str, name: str, cache: FeatureCache | None = None) -> int:
    """Delete what is kept about a video, and mentions of its file in sessions and logs.

    ``digest`` is the SHA-256 of the file. Without a cache the usual one is meant. The number of deleted files is
    returned.

    Raises:
        OSError: A file cannot be deleted.
    """
    faces = FaceStore().path(digest)
    files = [
        *(path for part in (ANALYSES, EVIDENCE) for path in (cache_dir() / part).glob(f"*/{digest}-*")),
        *(cache_dir() / COPIES).glob(f"{digest}*"),
        *faces.parent.glob(f"{faces.name}*"),
        *TrackStore().files(digest),
        *detections_of(digest),
        *measures_of(digest),
    ]
    for session in (data_dir() / "sessions").glob("*.json"):
        with suppress(OSError):  # its window was closed meanwhile
            files += [session] if _mentions(session.read_bytes(), name) else []
    for path in files:
        path.unlink(missing_ok=True)
    for log in log_dir().glob("skillviewer.log*"):
        _leave_out(log, name)
    cache = cache if cache is not None else FeatureCache()
    return len(files) + cache.forget(digest)


def _mentions(text: bytes, name: str) -> bool:
    return os.fsencode(name) in text or ascii(name)[1:-1].encode() in text


def _leave_out(log: Path, name: str) -> None:
    """Remove the lines of a log that mention a file; in place, since the window may have it open."""
    with suppress(FileNotFoundError), log.open("r+b") as file:
        lines = file.readlines()
        remaining = [line for line in lines if not _mentions(line, name)]
        if len(remaining) < len(lines):
            file.seek(0)
            file.truncate()
            file.writelines(remaining)
