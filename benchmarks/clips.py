"""Clips for measurements: textured and moving, with the decoding cost of filmed ones."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from skillviewer.core.arrays import Float32Array, RGBImage
from skillviewer.core.video.sound import SOUND_RATE_HZ
from skillviewer.media.reading.sound_reader import Sound
from skillviewer.media.writing.writer import VideoWriter


def textured_pictures(n_frames: int, size: tuple[int, int]) -> Iterator[RGBImage]:
    """Yield pictures of a smooth texture that drifts and rotates, with some noise.

    Args:
        n_frames: Number of pictures.
        size: (width_px, height_px).
    """
    width, height = size
    rng = np.random.default_rng(0)
    texture = cv2.resize(
        rng.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8), size, interpolation=cv2.INTER_CUBIC
    )
    for i in range(n_frames):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 6 * np.sin(i / 20), 1 + 0.1 * np.sin(i / 33))
        turn[:, 2] += (12 * np.sin(i / 9), 8 * np.cos(i / 11))
        frame = cv2.warpAffine(texture, turn, size, borderMode=cv2.BORDER_REFLECT)
        noise = rng.integers(0, 8, (height, width, 1), dtype=np.uint8)
        yield np.asarray(cv2.add(frame, np.repeat(noise, 3, axis=2)), np.uint8)


class Tone(Sound):
    """A tone that swells once a second, as the sound of a clip."""

    def __init__(self, length_s: float) -> None:
        self.path, self.start_s, self.stop_s, self.speed = Path(), 0.0, length_s, 1.0

    def blocks(self) -> Iterator[Float32Array]:
        """Yield blocks of (2, n) samples."""
        for second in range(int(np.ceil(self.stop_s))):
            times_s = second + np.arange(SOUND_RATE_HZ) / SOUND_RATE_HZ
            wave = 0.2 * np.sin(2 * np.pi * 220 * times_s) * (times_s % 1.0)
            yield np.tile(wave, (2, 1)).astype(np.float32)


def write_textured_clip(
    path: Path, n_frames: int, size: tuple[int, int], rate_hz: float = 30.0, *, sound: bool = False
) -> Path:
    """Write a clip of textured pictures.

    Args:
        path: File to write.
        n_frames: Number of frames.
        size: (width_px, height_px).
        rate_hz: Frames per second.
        sound: Whether it has a sound.
    """
    with VideoWriter(path, *size, sound=Tone(n_frames / rate_hz) if sound else None) as writer:
        for i, picture in enumerate(textured_pictures(n_frames, size)):
            writer.write(picture, i / rate_hz)
    return path
