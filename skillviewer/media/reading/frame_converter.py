"""Conversion of decoded frames to displayed pictures: upright, with square pixels, in RGB or grey.

libswscale converts colours according to the tags of the frame: matrix BT.601, BT.709 or BT.2020, and limited or full
range; without tags, BT.601 and limited range. Without scaling the result equals PyAV's
``frame.to_ndarray(format="rgb24")`` to the last bit. Scaling is bicubic, with a wider kernel for shrinking, which
prevents aliasing.
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
_HDR_TRANSFERS = (16, 18)
"""Transfer characteristics of high dynamic range: ST 2084 (PQ) and HLG (ITU-T H.273, table 3)."""
_MAX_ASPECT_ERROR = 0.01
"""Pixels within one per cent of square are not resampled: that would blur more than it corrects."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Transformation of a stored picture for display: transpose first, then mirror."""

    transpose: bool = False  # rows become columns
    mirror_x: bool = False  # left and right are exchanged
    mirror_y: bool = False  # top and bottom are exchanged

    @classmethod
    def of(cls, frame: VideoFrame) -> "Orientation":
        """Return the orientation in the display matrix of a frame; angles are rounded to multiples of 90°.

        The matrix (a b u; c d v; x y w) of 32-bit integers maps a stored point (p, q) to the displayed point
        (a p + c q, b p + d q) (ISO/IEC 14496-12, track header).
        """
        for side_data in cast("SideDataContainer", frame.side_data):
            if side_data.type == SideDataType.DISPLAYMATRIX:
                a, b, _, c, d = (int(entry) for entry in np.frombuffer(bytes(side_data), np.int32)[:5])
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


def picture_notice(first: VideoFrame) -> str:
    """Return a notice for the user about the pictures of a video, judged by its first frame, or ""."""
    sentences = []
    if first.color_trc in _HDR_TRANSFERS:
        sentences.append(
            "It was recorded with high dynamic range, which is not converted: it looks pale, to a model too."
        )
    if first.interlaced_frame:
        sentences.append(
            "Its frames are marked as interlaced: each may hold two moments, so that moving edges look like a comb, to "
            "a model too."
        )
    return " ".join(sentences)


def _conversion_error(error: Exception) -> VideoError:
    return VideoError(
        f"A decoded frame cannot be made a picture ({first_line(error)}): convert the video, and open that."
    )


class FrameConverter:
    """Converter of the frames of one video to pictures, with a scaler for each requested size.

    Args:
        first: The first frame, which defines size and orientation for all.
        pixel_aspect: Width of a pixel over its height, or None if unknown. Pixels are enlarged along their short side,
            so that no detail is lost.

    Attributes:
        size: (width_px, height_px) of a displayed frame.
    """

    def __init__(self, first: VideoFrame, pixel_aspect: Fraction | None) -> None:
        self.orientation = Orientation.of(first)
        aspect = Fraction(1)
        if pixel_aspect is not None and Fraction(1, 10) <= pixel_aspect <= 10:
            aspect = pixel_aspect
        width = first.width
        height = first.height
        if aspect > 1 + _MAX_ASPECT_ERROR:
            width = round(width * aspect)
        elif aspect < 1 - _MAX_ASPECT_ERROR:
            height = round(height / aspect)
        self.size = (height, width) if self.orientation.transpose else (width, height)
        self._scalers: dict[tuple[int, int, str], VideoReformatter] = {}

    def picture(self, frame: VideoFrame, size: tuple[int, int] | None, pixel_format: str) -> RGBImage:
        """Return a decoded frame as displayed.

        Args:
            frame: The frame.
            size: (width_px, height_px), or None for the video's own size.
            pixel_format: "rgb24" or "gray".

        Returns:
            (height_px, width_px, 3) or (height_px, width_px) uint8, contiguous, read-only.
        """
        width, height = self.size if size is None else size
        if self.orientation.transpose:
            width, height = height, width
        scaler = self._scalers.setdefault((width, height, pixel_format), VideoReformatter())
        is_scaled = (width, height) != (frame.width, frame.height)
        interpolation = _SCALING if is_scaled else Interpolation.BILINEAR
        with decoder_errors(_conversion_error):
            converted = scaler.reformat(frame, width, height, pixel_format, interpolation=interpolation, threads=1)
            stored_picture = cast("RGBImage", converted.to_ndarray())
            picture = np.ascontiguousarray(self.orientation.apply(stored_picture))
        picture.flags.writeable = False
        return picture


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

        ``size`` is (width_px, height_px), or None for the video's own size.
        """
        return self._converter.picture(self._frame, size, "rgb24")

    def grey(self, size: tuple[int, int]) -> RGBImage:
        """Return the frame as displayed, in grey: 0.299 R + 0.587 G + 0.114 B, full range, (height_px, width_px)."""
        return self._converter.picture(self._frame, size, "gray")


def frame_bytes(frame: VideoFrame) -> int:
    """Return the memory of a decoded frame in bytes."""
    return sum(plane.buffer_size for plane in frame.planes)
