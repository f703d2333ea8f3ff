"""Safetensors files in the cache with the hands found so far, from which a stopped search continues.

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
    """Return the path for the hands in a video; ``key`` stands for the range and the settings of the search."""
    return cache_dir() / FOLDER / f"{digest}.{key}{SUFFIX}"


def detection_files(digest: str) -> list[Path]:
    """Return the files of unfinished searches in a video."""
    return sorted((cache_dir() / FOLDER).glob(f"{digest}.*"))


def discard_detections(digest: str) -> None:
    """Remove the files of unfinished searches in a video."""
    for path in detection_files(digest):
        with suppress(OSError):
            path.unlink()


def save_detections(detections: Sequence[FrameHands], path: Path) -> None:
    """Write detections atomically, replacing earlier ones.

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
        "right": np.array([hand.right_probability for hand in hands], dtype=np.float32),
    }
    with atomic_export(path, overwrite=True, durable=False) as temporary:
        save_file(arrays, temporary)


def load_detections(path: Path) -> list[FrameHands]:
    """Return the detections of an earlier search in order of the frames; an empty list if there was none.

    A damaged file is removed, and its frames are searched again.
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
    frames = arrays["frames"]
    counts = arrays["counts"]
    landmarks = arrays["landmarks_px"]
    presence = arrays["presence"]
    right = arrays["right"]
    n_hands = int(counts.sum())
    shapes = (frames.shape, landmarks.shape, presence.shape, right.shape)
    if shapes != (counts.shape, (n_hands, len(HAND_POINTS), 2), (n_hands,), (n_hands,)) or (np.diff(frames) <= 0).any():
        raise ValueError("the arrays contradict each other")
    if not all(np.isfinite(array).all() for array in (landmarks, presence, right)):
        raise ValueError("a number is not finite")
    hands = [
        DetectedHand(points_px, float(hand_presence), float(hand_right))
        for points_px, hand_presence, hand_right in zip(landmarks, presence, right, strict=True)
    ]
    stops = np.cumsum(counts, dtype=np.int64).tolist()
    starts = [0, *stops[:-1]]
    return [
        FrameHands(int(frame), tuple(hands[start:stop]))
        for frame, start, stop in zip(frames.tolist(), starts, stops, strict=True)
    ]
