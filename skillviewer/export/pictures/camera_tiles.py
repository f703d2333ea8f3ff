"""Further cameras of an attempt as a column of pictures next to a clip, without maps."""

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import VideoError
from skillviewer.core.text import printable
from skillviewer.export.analysed_video import ShownCamera
from skillviewer.export.rendering.text_renderer import TextRenderer, copy_onto
from skillviewer.export.rendering.theme import ExportTheme
from skillviewer.media.faces import blurred
from skillviewer.media.reading.reader import VideoReader

_MARGIN_PX = 8
_MIN_TEXT_PX = 12
_PICTURE_ASPECT = 16 / 9


class CameraTiles(Closeable):
    """Column of the cameras of one video, one above the other, on the clock of the assessed video.

    For a camera that cannot be read the column shows the name alone.

    Args:
        cameras: The cameras.
        height_px: Height of the column, which is that of the clip.
        theme: Colours.
        blur_faces: Whether to blur faces. Cameras whose faces are unknown are then not shown.
    """

    def __init__(
        self, cameras: Sequence[ShownCamera], height_px: int, theme: ExportTheme, *, blur_faces: bool = False
    ) -> None:
        self._cameras = cameras
        self._theme = theme
        self._blur_faces = blur_faces
        self._height_px = height_px
        self._tile_height_px = height_px // len(cameras)
        self._renderer = TextRenderer(max(_MIN_TEXT_PX, self._tile_height_px // 20), theme.text, theme.background)
        self._picture_height_px = self._tile_height_px - self._renderer.height_px - 2 * _MARGIN_PX
        picture_width_px = round(max(self._picture_height_px, 2) * _PICTURE_ASPECT / 2) * 2
        self.width_px = picture_width_px + 2 * _MARGIN_PX
        self._files = ExitStack()
        self._readers = [self._open_reader(camera) for camera in cameras]
        # the frame and the picture that each camera showed last
        self._last_pictures: list[tuple[int, RGBImage] | None] = [None] * len(cameras)

    def _open_reader(self, shown_camera: ShownCamera) -> VideoReader | None:
        camera = shown_camera.camera
        if camera.path is None or camera.offset_s is None:
            return None
        if self._blur_faces and shown_camera.faces is None:
            return None
        try:
            reader = self._files.enter_context(VideoReader(camera.path))
            is_same_file = reader.info.digest == camera.digest
        except VideoError:
            return None
        return reader if is_same_file else None

    def describe_gaps(self, start_s: float, stop_s: float) -> tuple[str, ...]:
        """Return a sentence for each camera that has no picture at times between two times of the assessed video."""
        sentences = []
        for shown_camera, reader in zip(self._cameras, self._readers, strict=True):
            camera = shown_camera.camera
            if reader is not None:
                sentences.append(camera.describe_missing(reader.info, start_s, stop_s))
            elif camera.problem:
                sentences.append(camera.problem)
            elif camera.offset_s is None:
                sentences.append(f"The offset of {camera.name} is not known: the clip shows its name alone.")
            else:
                sentences.append(f"The camera {camera.name} cannot be read: the clip shows its name alone.")
        return tuple(sentence for sentence in sentences if sentence)

    def paint(self, time_s: float) -> RGBImage:
        """Return the column at a time of the assessed video, (``height_px``, ``width_px``, 3) uint8."""
        column = np.empty((self._height_px, self.width_px, 3), np.uint8)
        column[:] = self._theme.background
        for index, shown_camera in enumerate(self._cameras):
            top = index * self._tile_height_px + _MARGIN_PX
            picture = self._read_picture(index, time_s)
            if picture is not None:
                copy_onto(column, picture, (self.width_px - picture.shape[1]) // 2, top)
            name = self._renderer.elided(printable(shown_camera.camera.name), self.width_px - 2 * _MARGIN_PX)
            copy_onto(column, self._renderer.draw(name), _MARGIN_PX, top + self._picture_height_px)
        return column

    def _read_picture(self, index: int, time_s: float) -> RGBImage | None:
        reader = self._readers[index]
        if reader is None or self._picture_height_px < 2:
            return None
        shown_camera = self._cameras[index]
        info = reader.info
        frame = shown_camera.camera.frame_at(info, time_s)
        if frame is None:
            return None
        last_picture = self._last_pictures[index]
        if last_picture is not None and last_picture[0] == frame:
            return last_picture[1]
        scale = min((self.width_px - 2 * _MARGIN_PX) / info.width_px, self._picture_height_px / info.height_px)
        size = max(1, round(info.width_px * scale)), max(1, round(info.height_px * scale))
        try:
            decoded_frame = next(reader.stream([frame]))
            picture = decoded_frame.rgb(size)
        except VideoError:
            return None
        if shown_camera.faces is not None:
            picture = blurred(picture, shown_camera.faces.boxes_at(frame))
        self._last_pictures[index] = (frame, picture)
        return picture

    def close(self) -> None:
        """Close the files."""
        self._files.close()
