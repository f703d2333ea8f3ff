"""Further cameras in a clip: the frame of the same moment, nothing where they have none, and blurred or left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.video.cameras import Camera
from skillviewer.export.analysed_video import AnalysedVideo, ShownCamera
from skillviewer.export.pictures.camera_tiles import CameraTiles
from skillviewer.export.pictures.clip import clip_warnings, export_grid, preview_clip
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.export.rendering.theme import DARK
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis
from tests.videos import read_barcode, write_barcode_video

HEIGHT = 400


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> ShownCamera:
    """A camera of 30 frames that starts half a second later."""
    path = write_barcode_video(tmp_path_factory.mktemp("side") / "side.mp4", 30).path
    with VideoReader(path) as reader:
        return ShownCamera(Camera("side", path, reader.info.digest, offset_s=-0.5))


def number_in(column: np.ndarray, tiles: CameraTiles) -> int | None:
    """Return the number of the frame in a column of one tile, or None for a tile without a picture."""
    picture = column[8 : 8 + tiles._picture_height_px]
    lit = np.flatnonzero((picture != DARK.background).any(axis=(0, 2)))
    rows = np.flatnonzero((picture != DARK.background).any(axis=(1, 2)))
    if not len(lit):
        return None
    return read_barcode(picture[rows[0] : rows[-1] + 1, lit[0] : lit[-1] + 1])


def test_a_tile_shows_the_frame_of_the_same_moment_or_none(side: ShownCamera) -> None:
    with CameraTiles([side], HEIGHT, DARK) as tiles:
        shown = [number_in(tiles.paint(at), tiles) for at in (0.4, 0.5, 0.7, 1.49, 1.6, 0.5)]
        assert tiles.paint(0.5).shape == (HEIGHT, tiles.width_px, 3)
    assert shown == [None, 0, 6, 29, None, 0]


def test_what_cannot_be_shown_is_a_name_and_a_sentence(side: ShownCamera) -> None:
    unknown = replace(side, camera=replace(side.camera, offset_s=None))
    other = replace(side, camera=replace(side.camera, digest="0" * 64))
    lost = replace(side, camera=replace(side.camera, path=None, problem="The file of the camera side is missing."))
    for camera, fact in ((unknown, "not known"), (other, "cannot be read"), (lost, "missing")):
        with CameraTiles([camera], HEIGHT, DARK) as tiles:
            assert number_in(tiles.paint(0.6), tiles) is None
            assert fact in tiles.describe_gaps(0.0, 2.0)[0]


def test_a_camera_whose_faces_are_not_known_is_not_shown_where_faces_are_blurred(side: ShownCamera) -> None:
    with CameraTiles([side], HEIGHT, DARK, blur_faces=True) as tiles:
        assert number_in(tiles.paint(0.6), tiles) is None
    faces = Faces(side.camera.digest, 30).with_drawn(FaceBox(0.0, 0.0, 1.0, 1.0), 0, 0, 30)
    with CameraTiles([replace(side, faces=faces)], HEIGHT, DARK, blur_faces=True) as tiles, pytest.raises(ValueError):  # noqa: PT011
        number_in(tiles.paint(0.6), tiles)


def test_a_clip_is_wider_by_its_cameras_and_says_what_is_missing(side: ShownCamera, tmp_path: Path) -> None:
    front = write_barcode_video(tmp_path / "front.mp4", 45).path
    with VideoReader(front) as reader:
        video = AnalysedVideo(analysis(reader.info), source=front, cameras=(side,))
    options = ClipOptions(stop=20, cameras=True)
    wide, plain = tmp_path / "wide.mp4", tmp_path / "plain.mp4"
    export_grid([video], wide, options)
    export_grid([video], plain, replace(options, cameras=False))
    with VideoReader(wide) as first, VideoReader(plain) as second:
        assert first.info.height_px == second.info.height_px
        added = first.info.width_px - second.info.width_px
        with CameraTiles([side], second.info.height_px, DARK) as tiles:
            assert added == tiles.width_px
            assert number_in(tiles.paint(18 / 30), tiles) == 3
    picture = preview_clip([video], options).picture
    assert picture is not None
    assert picture.shape[1] == first.info.width_px
    assert "starts 0.5 s later" in " ".join(clip_warnings([video], options, wide))
    assert "no other cameras" in clip_warnings([replace(video, cameras=())], options, wide)[0]
