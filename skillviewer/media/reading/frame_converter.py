"""Conversion of decoded frames to displayed pictures: upright, with square pixels, in RGB or grey.

Colours are converted by libswscale according to the frame's own tags (matrix BT.601, BT.709 or BT.2020; limited or full
range; BT.601 limited without tags), hence equal to PyAV's ``frame.to_ndarray(format="rgb24")``, to the last bit if
nothing is scaled. Scaling is bicubic, with a wider kernel for shrinking, which prevents aliasing.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import VideoError, first_line
from skillviewer.media.reading.decoder_errors import decoder_errors

_SCALING = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
_HIGH_DYNAMIC_RANGE = (16, 18)
"""Transfer characteristics of ST 2084 (PQ) and HLG (ITU-T H.273, table 3)."""
_NEARLY_SQUARE = 0.01
"""Pixels within one per cent of square are not resampled: that would blur more than it corrects."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Transformation of a stored picture for display: transpose first, then mirror."""

    transpose: bool = False  # rows become columns
    mirror_x: bool = False  # left and right are exchanged
    mirror_y: bool = False  # top and bottom are exchanged

    @classmethod
    def of(cls, frame: VideoFrame) -> "Orientation":
        """Return the orientation in the display matrix of a frame; other angles are rounded to right ones.

        The matrix holds (a b u; c d v; x y w) as 32-bit integers and maps a stored point (p, q) to the displayed point
        (a p + c q, b p + d q) (ISO/IEC 14496-12, track header).
        """
        for side in cast("SideDataContainer", frame.side_data):
            if side.type == SideDataType.DISPLAYMATRIX:
                a, b, _, c, d = (int(x) for x in np.frombuffer(bytes(side), np.int32)[:5])
                if abs(b) + abs(c) > abs(a) + abs(d):
                    return cls(transpose=True, mirror_x=c < 0, mirror_y=b < 0)
                return cls(mirror_x=a < 0, mirror_y=d < 0)
        return cls()

    def apply(self, picture: RGBImage) -> RGBImage:
        """Transform a picture, (h, w) or (h, w, 3)."""
        if self.transpose:
            picture = cv2.transpose(picture)  # type: ignore[assignment]
        if self.mirror_x and self.mirror_y:
            picture = cv2.flip(picture, -1)  # type: ignore[assignment]
        elif self.mirror_x:
            picture = cv2.flip(picture, 1)  # type: ignore[assignment]
        elif self.mirror_y:
            picture = cv2.flip(picture, 0)  # type: ignore[assignment]
        return picture


def note_on(first: VideoFrame) -> str:
    """Return a notice for the user about the pictures of a video, by its first frame, or ""."""
    notes = []
    if first.color_trc in _HIGH_DYNAMIC_RANGE:
        notes.append("It was recorded with high dynamic range, which is not converted: it looks pale, to a model too.")
    if first.interlaced_frame:
        notes.append(
            "Its frames are marked as interlaced: each may hold two moments, so that what moves looks like a comb, to "
            "a model too."
        )
    return " ".join(notes)


def _unconverted(error: Exception) -> VideoError:
    return VideoError(
        f"A decoded frame cannot be made a picture ({first_line(error)}): convert the video, and open that."
    )


class FrameConverter:
    """Converts the frames of one video to pictures. It keeps a scaler for each requested size.

    Args:
        first: The first frame, which defines size and orientation for all.
        pixel_aspect: Width of a pixel over its height, or None if unknown. Pixels are enlarged along their short side,
            so that no detail is lost.
    """

    def __init__(self, first: VideoFrame, pixel_aspect: Fraction | None) -> None:
        self.orientation = Orientation.of(first)
        aspect = pixel_aspect if pixel_aspect and Fraction(1, 10) <= pixel_aspect <= 10 else Fraction(1)
        width, height = first.width, first.height
        if abs(aspect - 1) > _NEARLY_SQUARE:
            width, height = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
        self.size = (height, width) if self.orientation.transpose else (width, height)
        self._scalers: dict[tuple[int, int, str], VideoReformatter] = {}

    def picture(self, frame: VideoFrame, size: tuple[int, int] | None, pixels: str) -> RGBImage:
        """Return a decoded frame as displayed, at (width_px, height_px) or the video's own size.

        ``pixels`` are "rgb24" or "gray".

        Returns:
            (height_px, width_px, 3) or (height_px, width_px) uint8, contiguous, read-only.
        """
        width, height = size or self.size
        if self.orientation.transpose:
            width, height = height, width
        scaler = self._scalers.setdefault((width, height, pixels), VideoReformatter())
        scaled = (width, height) != (frame.width, frame.height)
        with decoder_errors(_unconverted):
            converted = scaler.reformat(
                frame, width, height, pixels, interpolation=_SCALING if scaled else Interpolation.BILINEAR, threads=1
            )
            array = np.ascontiguousarray(self.orientation.apply(cast("RGBImage", converted.to_ndarray())))
        array.flags.writeable = False
        return array


class DecodedFrame:
    """A decoded frame, converted to a picture only on request.

    Attributes:
        index: Index of the frame in the video, from 0.
    """

    __slots__ = ("_converter", "_frame", "index")

    def __init__(self, index: int, frame: VideoFrame, converter: FrameConverter) -> None:
        self.index = index
        self._frame = frame
        self._converter = converter

    def rgb(self, size: tuple[int, int] | None = None) -> RGBImage:
        """Return the frame as displayed, in RGB, (height_px, width_px, 3) uint8, read-only.

        Without a size it has the video's own.
        """
        return self._converter.picture(self._frame, size, "rgb24")

    def grey(self, size: tuple[int, int]) -> RGBImage:
        """Return the frame as displayed, in grey: 0.299 R + 0.587 G + 0.114 B, full range."""
        return self._converter.picture(self._frame, size, "gray")


def frame_bytes(frame: VideoFrame) -> int:
    """Return the memory of a decoded frame in bytes."""
    return sum(plane.buffer_size for plane in frame.planes)
