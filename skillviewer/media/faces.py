"""Detection and blurring of faces in a video. The detector misses faces, so the user must check.

The detector is YuNet (Wu, Peng & Yu, Machine Intelligence Research 2023) in OpenCV's ``FaceDetectorYN``; its weights
ship with the program. It searches every picture at two sizes: the small one shows faces that fill the picture, and the
large one small faces.
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
LONG_SIDES_PX = (640, 320)
"""Longer sides of the two sizes at which a picture is searched."""

SEARCH_HZ = 10.0
"""Rate of searched frames; the boxes in the frames between are interpolated."""

N_CELLS = 4
"""Number of rows, and of columns, of cells over which a face is averaged: 16 colours do not identify anybody."""

ELLIPSE_SCALE = 1.5
"""Size of the blurred ellipse relative to the box: 1.42 would just contain the corners of the box."""

_MIN_OVERLAP = 0.4  # from this overlap on, two detections in one frame are one face
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
        detections = [detection for side in LONG_SIDES_PX for detection in self._detect(picture, side)]
        detections.sort(key=lambda detection: -detection[1])
        distinct: list[tuple[FaceBox, float]] = []
        for box, certainty in detections:
            if all(box.overlap(other_box) < _MIN_OVERLAP for other_box, _ in distinct):
                distinct.append((box, certainty))
        return tuple(distinct)

    def _detect(self, picture: RGBImage, long_side_px: int) -> Iterator[tuple[FaceBox, float]]:
        height, width = picture.shape[:2]
        scale = long_side_px / max(height, width)
        scaled_width = max(32, round(width * scale))
        scaled_height = max(32, round(height * scale))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled_picture = cv2.resize(picture, (scaled_width, scaled_height), interpolation=interpolation)
        self._detector.setInputSize((scaled_width, scaled_height))
        _, rows = self._detector.detect(cv2.cvtColor(scaled_picture, cv2.COLOR_RGB2BGR))
        detected_rows = () if rows is None else rows  # None if there is no face
        for row in detected_rows:
            left, top, box_width, box_height = (float(value) for value in row[:4])
            if box_width > 0 and box_height > 0:
                box = FaceBox(
                    left / scaled_width,
                    top / scaled_height,
                    (left + box_width) / scaled_width,
                    (top + box_height) / scaled_height,
                )
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
    """Search frames of a video for faces, and link the detections to tracks.

    Args:
        reader: The video.
        rate_hz: Number of searched frames per second.
        token: Checked at every searched frame.
        report: Gets the number of searched frames.

    Raises:
        VideoError: The detector cannot be used, or a frame does not decode.
    """
    finder = FaceFinder()
    frames = searched_frames(reader.read_info(token).times_s, rate_hz)
    faces_by_frame = []
    for n_done, decoded_frame in enumerate(reader.stream(frames, token), start=1):
        token.check()
        faces = finder.find(decoded_frame.rgb())
        faces_by_frame.append(FrameFaces(decoded_frame.index, faces))
        report(Progress("looking for faces", n_done, len(frames)))
    tracks, doubts = link(faces_by_frame, reader.info.times_s)
    return Faces(reader.info.digest, reader.info.n_frames, tracks, doubts, METHOD)


def blurred(picture: RGBImage, boxes: Sequence[FaceBox]) -> RGBImage:
    """Return a picture with faces blurred beyond recognition.

    The content of a box is averaged to ``N_CELLS`` x ``N_CELLS`` colours, smoothed, and drawn over an ellipse that
    contains the box. No finer detail than these averages is left inside the box, so sharpening cannot restore the face.

    Returns:
        A new picture, or ``picture`` itself if no box lies in it.
    """
    visible_boxes = [box for box in boxes if box.right > 0 and box.bottom > 0 and box.left < 1 and box.top < 1]
    if not visible_boxes:
        return picture
    blurred_picture = np.array(picture, copy=True, order="C")
    for box in visible_boxes:
        _blur_box(blurred_picture, box)
    return blurred_picture


def _blur_box(picture: RGBImage, box: FaceBox) -> None:
    """Blur an ellipse around a box in place; the blurred pixels are never fewer than those of the box."""
    height, width = picture.shape[:2]
    centre_x = (box.left + box.right) / 2 * width
    centre_y = (box.top + box.bottom) / 2 * height
    radius_x = max((box.right - box.left) * width / 2, 1.0) * ELLIPSE_SCALE
    radius_y = max((box.bottom - box.top) * height / 2, 1.0) * ELLIPSE_SCALE
    outer_radius_x = radius_x * (1 + _FEATHER)
    outer_radius_y = radius_y * (1 + _FEATHER)
    left = max(int(np.floor(centre_x - outer_radius_x)), 0)
    right = min(int(np.ceil(centre_x + outer_radius_x)), width)
    top = max(int(np.floor(centre_y - outer_radius_y)), 0)
    bottom = min(int(np.ceil(centre_y + outer_radius_y)), height)
    if left >= right or top >= bottom:
        return
    region = picture[top:bottom, left:right]
    size = (right - left, bottom - top)
    n_columns, n_rows = (min(N_CELLS, max(side // 2, 1)) for side in size)  # at least two pixels per cell
    cells = cv2.resize(region, (n_columns, n_rows), interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(cells, size, interpolation=cv2.INTER_LINEAR)
    y, x = np.mgrid[top:bottom, left:right]
    distance = np.hypot((x + 0.5 - centre_x) / radius_x, (y + 0.5 - centre_y) / radius_y)
    opacity = np.clip((1 + _FEATHER - distance) / _FEATHER, 0, 1)[..., None]
    region[:] = np.rint(region + (smooth.astype(np.float64) - region) * opacity).astype(np.uint8)
