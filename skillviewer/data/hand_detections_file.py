"""Files of hands found so far, from which a stopped search for hands goes on; safetensors, in the cache.

Tensors: ``frames`` (n,) int64, the searched frames in order; ``counts`` (n,) uint8, hands in each; ``landmarks_px``
(m, 21, 2), ``presence`` (m,) and ``right`` (m,) float32 of all m hands, frame by frame.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.paths import cache_dir
from skillviewer.core.tracks.hand_detections import DetectedHand, FrameHands
from skillviewer.core.tracks.hand_points import HAND_POINTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIX = ".hands.safetensors"
FOLDER = "hands"
"""Folder in the cache."""


def detections_path(digest: str, key: str) -> Path:
    """Return the path for the hands of a video, by the digest of the file and a key of range and settings."""
    return cache_dir() / FOLDER / f"{digest}.{key}{SUFFIX}"


def detection_files(digest: str) -> list[Path]:
    """Return the files of unfinished searches in a video."""
    return sorted((cache_dir() / FOLDER).glob(f"{digest}.*"))


def discard_detections(digest: str) -> None:
    """Remove them: the tracks are kept, or the video is searched anew."""
    for path in detection_files(digest):
        with suppress(OSError):
            path.unlink()


def save_detections(detections: Sequence[FrameHands], path: Path) -> None:
    """Write detections atomically, over earlier ones.

    Raises:
        ExportError: They cannot be written.
    """
    hands = [hand for frame_hands in detections for hand in frame_hands.hands]
    shape = (len(hands), len(HAND_POINTS), 2)
    arrays: dict[str, NDArray[Any]] = {
        "frames": np.array([frame_hands.frame for frame_hands in detections], dtype=np.int64),
        "counts": np.array([len(frame_hands.hands) for frame_hands in detections], dtype=np.uint8),
        "landmarks_px": np.array([hand.landmarks_px for hand in hands], dtype=np.float32).reshape(shape),
        "presence": np.array([hand.presence for hand in hands], dtype=np.float32),
        "right": np.array([hand.right for hand in hands], dtype=np.float32),
    }
    with atomic_export(path, overwrite=True, durable=False) as temporary:
        save_file(arrays, temporary)


def load_detections(path: Path) -> list[FrameHands]:
    """Return the detections of an earlier search, in order of the frames; none if there are none.

    A damaged file is removed: its hands are searched again.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        return []
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError):
        with suppress(OSError):
            path.unlink()
        return []


def _read(path: Path) -> list[FrameHands]:
    arrays = load_file(path)
    frames, counts = arrays["frames"], arrays["counts"]
    landmarks = arrays["landmarks_px"]
    presence = arrays["presence"]
    right = arrays["right"]
    n = int(counts.sum())
    shapes = (frames.shape, landmarks.shape, presence.shape, right.shape)
    if shapes != (counts.shape, (n, len(HAND_POINTS), 2), (n,), (n,)) or (np.diff(frames) <= 0).any():
        raise ValueError("the arrays contradict each other")
    if not all(np.isfinite(array).all() for array in (landmarks, presence, right)):
        raise ValueError("a number is not finite")
    hands = iter(
        DetectedHand(points, float(p), float(r)) for points, p, r in zip(landmarks, presence, right, strict=True)
    )
    return [
        FrameHands(int(frame), tuple(next(hands) for _ in range(count)))
        for frame, count in zip(frames.tolist(), counts.tolist(), strict=True)
    ]
