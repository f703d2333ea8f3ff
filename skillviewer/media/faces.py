"""Detection of faces in a video, and their blurring. An aid: faces are missed, and the user must check.

The detector is YuNet (Wu, Peng & Yu, Machine Intelligence Research 2023) in OpenCV's ``FaceDetectorYN``; its weights
ship with the program. It runs at two sizes: the small one finds faces that fill the picture, the large one small faces.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import VideoError
from skillviewer.core.faces.face_tracks import WEAK, FrameFaces, link
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.paths import models_dir
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.info import timeline
from skillviewer.media.reading.reader import VideoReader

METHOD = "YuNet 2023mar"
SIDES_PX = (640, 320)
"""Longer sides of the searched pictures."""

SEARCH_HZ = 10.0
"""Rate of searched frames; the boxes in the frames between are interpolated."""

CELLS = 4
"""Cells across and down over which a face is averaged: 16 colours cannot tell two people apart."""

REACH = 1.5
"""Size of the blurred ellipse relative to the box: 1.42 would just contain its corners."""

_SAME = 0.4  # overlap from which on two detections in one frame are one face
_FEATHER = 0.12  # width of the soft edge, relative to the ellipse


def detector_file() -> Path:
    """Return the path of the detector's weights.

    Raises:
        VideoError: The file is missing, or OpenCV cannot use it.
    """
    try:
        file = models_dir() / "faces-yunet" / "face_detection_yunet_2023mar.onnx"
    except FileNotFoundError as error:
        raise VideoError(f"Faces cannot be searched for: {error}. Draw the boxes by hand.") from error
    if not file.is_file() or not hasattr(cv2, "FaceDetectorYN"):
        raise VideoError(
            f"Faces cannot be searched for: the detector {file} is missing, or this OpenCV ({cv2.__version__}) cannot "
            "run it. Draw the boxes by hand."
        )
    return file


class FaceFinder:
    """Face detector for pictures. For use in one thread.

    Raises:
        VideoError: The detector cannot be used.
    """

    def __init__(self) -> None:
        try:
            self._detector = cv2.FaceDetectorYN.create(str(detector_file()), "", (320, 320), WEAK, 0.3, 1000)
        except cv2.error as error:
            raise VideoError(f"Faces cannot be searched for: {error.err}. Draw the boxes by hand.") from error

    def find(self, picture: RGBImage) -> tuple[tuple[FaceBox, float], ...]:
        """Return (box, certainty) of every detection, the most certain first."""
        finds = [find for side in SIDES_PX for find in self._find(picture, side)]
        finds.sort(key=lambda find: -find[1])
        distinct: list[tuple[FaceBox, float]] = []
        for box, certainty in finds:
            if all(box.overlap(other) < _SAME for other, _ in distinct):
                distinct.append((box, certainty))
        return tuple(distinct)

    def _find(self, picture: RGBImage, side: int) -> Iterator[tuple[FaceBox, float]]:
        height, width = picture.shape[:2]
        scale = side / max(height, width)
        size = (max(32, round(width * scale)), max(32, round(height * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.cvtColor(cv2.resize(picture, size, interpolation=way), cv2.COLOR_RGB2BGR)
        self._detector.setInputSize(size)
        _, rows = self._detector.detect(small)
        for row in rows if rows is not None else ():
            left, top, w, h = (float(v) for v in row[:4])
            if w > 0 and h > 0:
                box = FaceBox(left / size[0], top / size[1], (left + w) / size[0], (top + h) / size[1])
                yield box, min(float(row[-1]), 1.0)


def searched_frames(
    times_s: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]], rate_hz: float
) -> list[int]:
    """Return the frames to search: the first, the last, and about ``rate_hz`` per second between them."""
    times = np.asarray(times_s, np.float64)
    return sorted({0, len(times) - 1, *timeline(times, rate_hz).tolist()})


def find_faces(
    reader: VideoReader, rate_hz: float = SEARCH_HZ, token: CancelToken = NEVER, report: Report = silent
) -> Faces:
    """Search ``rate_hz`` frames per second of a video for faces; each is reported, and the token checked after it.

    Raises:
        VideoError: The detector cannot be used, or a frame does not decode.
    """
    finder = FaceFinder()
    frames = searched_frames(reader.describe(token).times_s, rate_hz)
    faces_by_frame = []
    for n_done, decoded in enumerate(reader.stream(frames, token), start=1):
        token.check()
        faces_by_frame.append(FrameFaces(decoded.index, finder.find(decoded.rgb())))
        report(Progress("looking for faces", n_done, len(frames)))
    tracks, doubts = link(faces_by_frame, reader.info.times_s)
    return Faces(reader.info.digest, reader.info.n_frames, tracks, doubts, METHOD)


def blurred(picture: RGBImage, boxes: Sequence[FaceBox]) -> RGBImage:
    """Return a picture with faces blurred beyond recognition.

    The content of a box is averaged to ``CELLS`` x ``CELLS`` colours, smoothed, and drawn over an ellipse that contains
    the box with its corners: no finer detail than these averages is left inside the box, so nothing can be sharpened.

    Returns:
        A new picture, or ``picture`` itself if no box lies in it.
    """
    height, width = picture.shape[:2]
    inside = [box for box in boxes if box.right > 0 and box.bottom > 0 and box.left < 1 and box.top < 1]
    if not inside:
        return picture
    out = np.array(picture, copy=True, order="C")
    for box in inside:
        _cover(out, box, height, width)
    return out


def _cover(picture: RGBImage, box: FaceBox, height: int, width: int) -> None:
    # in whole pixels, and never smaller than the box
    centre_x, centre_y = (box.left + box.right) / 2 * width, (box.top + box.bottom) / 2 * height
    radius_x = max((box.right - box.left) * width / 2, 1.0) * REACH
    radius_y = max((box.bottom - box.top) * height / 2, 1.0) * REACH
    reach_x, reach_y = radius_x * (1 + _FEATHER), radius_y * (1 + _FEATHER)
    left = max(int(np.floor(centre_x - reach_x)), 0)
    right = min(int(np.ceil(centre_x + reach_x)), width)
    top = max(int(np.floor(centre_y - reach_y)), 0)
    bottom = min(int(np.ceil(centre_y + reach_y)), height)
    if left >= right or top >= bottom:
        return
    part = picture[top:bottom, left:right]
    size = (right - left, bottom - top)
    n_columns, n_rows = (min(CELLS, max(side // 2, 1)) for side in size)  # at least two pixels per cell
    cells = cv2.resize(part, (n_columns, n_rows), interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(cells, size, interpolation=cv2.INTER_LINEAR)
    y, x = np.mgrid[top:bottom, left:right]
    distance = np.hypot((x + 0.5 - centre_x) / radius_x, (y + 0.5 - centre_y) / radius_y)
    share = np.clip((1 + _FEATHER - distance) / _FEATHER, 0, 1)[..., None]
    part[:] = np.rint(part + (smooth.astype(np.float64) - part) * share).astype(np.uint8)
