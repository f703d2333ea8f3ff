"""Deletion of all data on a video or a rater outside of studies: scores, features, faces, tracks, and lines of logs.

The video file, exports and trained models stay.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from skillviewer.core.paths import cache_dir, data_dir, log_dir
from skillviewer.core.ranking.rater_names import name_pattern
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.hand_detections_file import detection_files
from skillviewer.data.measures_file import cached_measure_files
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.runtime.disk_usage import ANALYSES, COPIES, EVIDENCE


def forget_video(digest: str, name: str, cache: FeatureCache | None = None) -> int:
    """Delete the stored data on a video, sessions that mention its file, and lines of logs that do.

    Args:
        digest: SHA-256 of the file.
        name: Name of the file.
        cache: Cache of features, or None for the default cache.

    Returns:
        The number of deleted files.

    Raises:
        OSError: A file cannot be deleted.
    """
    files: list[Path] = []
    for folder in (ANALYSES, EVIDENCE):
        files += (cache_dir() / folder).glob(f"*/{digest}-*")
    files += (cache_dir() / COPIES).glob(f"{digest}*")
    faces = FaceStore().path(digest)
    files += faces.parent.glob(f"{faces.name}*")
    files += [*TrackStore().files(digest), *detection_files(digest), *cached_measure_files(digest)]
    for session in (data_dir() / "sessions").glob("*.json"):
        with suppress(OSError):  # the window was closed meanwhile, and its session removed
            if _mentions(session.read_bytes(), name):
                files.append(session)
    for path in files:
        path.unlink(missing_ok=True)
    for log in log_dir().glob("skillviewer.log*"):
        _remove_lines(log, lambda line: _mentions(line, name))
    cache = cache if cache is not None else FeatureCache()
    return len(files) + cache.forget(digest)


def forget_rater(name: str) -> None:
    """Remove the lines of logs that mention a rater.

    Raises:
        OSError: A log cannot be written.
    """
    pattern = name_pattern(name)
    for log in log_dir().glob("skillviewer.log*"):
        _remove_lines(log, lambda line: pattern.search(line.decode(errors="replace")) is not None)


def _mentions(text: bytes, name: str) -> bool:
    escaped_name = ascii(name)[1:-1]
    return os.fsencode(name) in text or escaped_name.encode() in text


def _remove_lines(log: Path, is_unwanted: Callable[[bytes], bool]) -> None:
    """Remove lines of a log; in place, since the window may have the log open."""
    with suppress(FileNotFoundError), log.open("r+b") as file:
        lines = file.readlines()
        remaining = [line for line in lines if not is_unwanted(line)]
        if len(remaining) < len(lines):
            file.seek(0)
            file.truncate()
            file.writelines(remaining)
