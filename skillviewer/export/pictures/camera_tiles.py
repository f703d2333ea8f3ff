"""Further cameras of an attempt as a column next to a clip, on the clock of the assessed video, without maps."""

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import VideoError
from skillviewer.core.text import printable
from skillviewer.export.analysed_video import ShownCamera
from skillviewer.export.rendering.lettering import TextRenderer, place
from skillviewer.export.rendering.theme import ExportTheme
from skillviewer.media.faces import blurred
from skillviewer.media.reading.reader import VideoReader

_MARGIN_PX = 8
_MIN_LETTERS_PX = 12
_ASPECT = 16 / 9  # of a tile


class CameraTiles(Closeable):
    """The cameras of one video, one above the other; a camera that cannot be read is a tile with its name alone.

    Args:
        cameras: The cameras.
        height_px: Height of the clip.
        theme: Colours.
        blur: Whether faces are blurred: a camera whose faces are not known is not shown.
    """

    def __init__(
        self, cameras: Sequence[ShownCamera], height_px: int, theme: ExportTheme, *, blur: bool = False
    ) -> None:
        self._cameras = cameras
        self._theme = theme
        self._blur = blur
        self._height = height_px
        tile = height_px // len(cameras)
        self._letters = TextRenderer(max(_MIN_LETTERS_PX, tile // 20), theme.text, theme.background)
        self._room = tile - self._letters.height_px - 2 * _MARGIN_PX
        self.width_px = round(max(self._room, 2) * _ASPECT / 2) * 2 + 2 * _MARGIN_PX
        self._files = ExitStack()
        self._readers = [self._open(camera) for camera in cameras]
        self._last: list[tuple[int, RGBImage] | None] = [None] * len(cameras)

    def _open(self, shown_camera: ShownCamera) -> VideoReader | None:
        camera = shown_camera.camera
        if camera.path is None or camera.offset_s is None or (self._blur and shown_camera.faces is None):
            return None
        try:
            reader = self._files.enter_context(VideoReader(camera.path))
            same = reader.info.digest == camera.digest
        except VideoError:
            return None
        return reader if same else None

    def missing(self, start_s: float, stop_s: float) -> tuple[str, ...]:
        """Return the gaps of the cameras between two times of the assessed video, one sentence each."""
        tiles = []
        for shown_camera, reader in zip(self._cameras, self._readers, strict=True):
            camera = shown_camera.camera
            if reader is not None:
                tiles.append(camera.missing(reader.info, start_s, stop_s))
            elif camera.problem:
                tiles.append(camera.problem)
            elif camera.offset_s is None:
                tiles.append(f"The offset of {camera.name} is not known: the clip shows its name alone.")
            else:
                tiles.append(f"The camera {camera.name} cannot be read: the clip shows its name alone.")
        return tuple(filter(None, tiles))

    def paint(self, time_s: float) -> RGBImage:
        """Return the column at a time of the assessed video, (``height_px``, ``width_px``, 3) uint8."""
        column = np.empty((self._height, self.width_px, 3), np.uint8)
        column[:] = self._theme.background
        tile = self._height // len(self._cameras)
        for index, shown_camera in enumerate(self._cameras):
            top = index * tile + _MARGIN_PX
            picture = self._picture(index, time_s)
            if picture is not None:
                place(column, picture, (self.width_px - picture.shape[1]) // 2, top)
            name = self._letters.elided(printable(shown_camera.camera.name), self.width_px - 2 * _MARGIN_PX)
            place(column, self._letters.tile(name), _MARGIN_PX, top + self._room)
        return column

    def _picture(self, index: int, time_s: float) -> RGBImage | None:
        reader, shown_camera = self._readers[index], self._cameras[index]
        frame = shown_camera.camera.frame_at(reader.info, time_s) if reader is not None else None
        if reader is None or frame is None or self._room < 2:
            return None
        last = self._last[index]
        if last is not None and last[0] == frame:
            return last[1]
        info = reader.info
        scale = min((self.width_px - 2 * _MARGIN_PX) / info.width_px, self._room / info.height_px)
        size = max(1, round(info.width_px * scale)), max(1, round(info.height_px * scale))
        try:
            picture = next(iter(reader.stream([frame]))).rgb(size)
        except VideoError:
            return None
        if shown_camera.faces is not None:
            picture = blurred(picture, shown_camera.faces.boxes_at(frame))
        self._last[index] = frame, picture
        return picture

    def close(self) -> None:
        """Close the files."""
        self._files.close()
