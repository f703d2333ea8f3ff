from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.analysis.scene import resolve
from skillviewer.core.arrays import RGBImage
from skillviewer.media.overlay.painter import paint
from skillviewer.media.screen_scaling import shrunk
from skillviewer.ui.player import video_canvas
from skillviewer.ui.player.video_canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.widgets.theme import DARK
from tests.ui.fakes import make_analysis, numbered_picture, video_info
from tests.ui.hands import double_click, move, press, release, wheel

VIDEO = video_info(Path("a.mp4"), 90, 321, 181)  # odd: rows of 963 bytes are no multiple of four


def picture(frame: int, serial: int = 1, width: int = 321, height: int = 181) -> DisplayPicture:
    return DisplayPicture(serial, frame, numbered_picture(frame, width, height), is_exact=True)


@pytest.fixture
def analysis() -> Analysis:
    return make_analysis(VIDEO)


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[VideoCanvas]:
    made = VideoCanvas()
    made.on_theme(DARK)
    made.resize(642, 362)
    made.set_video(VIDEO)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.hide()


def pixels(image: QImage) -> RGBImage:
    """Return an image as (H, W, 3) uint8 RGB."""
    image = image.convertToFormat(QImage.Format.Format_RGBX8888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4)[..., :3].copy()


def drawn(canvas: VideoCanvas) -> RGBImage:
    """Return the picture that the canvas drew last, in the picture's own pixels."""
    canvas.repaint()
    assert canvas.image is not None
    return pixels(canvas.image)


def on_screen(canvas: VideoCanvas) -> RGBImage:
    return pixels(canvas.grab().toImage())


def test_a_bare_picture_is_drawn_as_it_is(canvas: VideoCanvas) -> None:
    canvas.set_picture(picture(5))
    assert np.array_equal(drawn(canvas), numbered_picture(5, 321, 181))


def test_a_map_is_drawn_by_the_one_painter(canvas: VideoCanvas, analysis: Analysis) -> None:
    canvas.set_analysis(analysis)
    for look in (MapStyle(), MapStyle(overlay=Overlay.CONTOUR), MapStyle(overlay=Overlay.DIMMED, colours="cividis")):
        canvas.set_map_style(look)
        canvas.set_picture(picture(50))
        expected = paint(resolve(analysis, 50, look), numbered_picture(50, 321, 181))
        assert np.array_equal(drawn(canvas), expected)
        assert not np.array_equal(expected, numbered_picture(50, 321, 181))


def test_picture_and_scene_change_together(canvas: VideoCanvas, analysis: Analysis) -> None:
    seen: list[DisplayedFrame] = []
    canvas.painted.connect(seen.append)
    canvas.set_analysis(analysis)
    for serial, frame in enumerate((20, 50, 80)):
        canvas.set_picture(picture(frame, serial))
        canvas.repaint()
    assert [m.picture.frame_index for m in seen] == [20, 50, 80]
    assert [m.scene.frame_index for m in seen if m.scene] == [20, 50, 80]


def test_a_picture_and_a_scene_of_two_frames_cannot_be_joined(analysis: Analysis) -> None:
    with pytest.raises(ValueError, match="picture of frame 5, scene of 6"):
        DisplayedFrame(picture(5), resolve(analysis, 6, MapStyle()))


def test_a_growing_analysis_reaches_the_picture_on_screen(canvas: VideoCanvas) -> None:
    canvas.set_picture(picture(60))
    bare = drawn(canvas)
    canvas.set_analysis(make_analysis(VIDEO, steps=10))
    early = drawn(canvas)
    canvas.set_analysis(make_analysis(VIDEO, steps=25))
    late = drawn(canvas)
    assert not np.array_equal(bare, early)
    assert not np.array_equal(early, late), "the map on screen is held from a later frame now"


def test_an_analysis_of_another_video_is_not_shown(canvas: VideoCanvas) -> None:
    canvas.set_analysis(make_analysis(video_info(Path("other.mp4"), 90, 321, 181)))
    canvas.set_picture(picture(50))
    assert canvas.displayed_frame is not None
    assert canvas.displayed_frame.scene is None
    assert np.array_equal(drawn(canvas), numbered_picture(50, 321, 181))


def test_hiding_the_map_shows_the_bare_picture(canvas: VideoCanvas, analysis: Analysis) -> None:
    canvas.set_analysis(analysis)
    canvas.set_picture(picture(50))
    canvas.set_map_style(MapStyle(overlay=Overlay.OFF))
    assert np.array_equal(drawn(canvas), numbered_picture(50, 321, 181))


def test_a_model_without_a_map_shows_the_bare_picture(canvas: VideoCanvas) -> None:
    canvas.set_analysis(make_analysis(VIDEO, kind=MapKind.NONE))
    canvas.set_picture(picture(50))
    assert np.array_equal(drawn(canvas), numbered_picture(50, 321, 181))


def test_the_picture_lies_on_screen_in_true_proportions(canvas: VideoCanvas) -> None:
    """Doubled, each picture's pixel is four of the screen's; nothing is sheared by the odd width."""
    canvas.set_picture(picture(0x5555))
    got = on_screen(canvas).astype(int)
    expected = numbered_picture(0x5555, 321, 181).repeat(2, axis=0).repeat(2, axis=1).astype(int)
    inner = np.s_[4:-4, 4:-4]
    assert np.abs(got - expected)[inner].mean() < 1.0
    canvas.resize(642, 562)
    got = on_screen(canvas)
    stage = np.array([0x0E, 0x0F, 0x12])
    assert (got[:99] == stage).all(), "a band above"
    assert (got[-99:] == stage).all(), "a band below"
    assert np.abs(got[100:462].astype(int) - expected)[inner].mean() < 1.0


def test_a_smaller_picture_of_a_proxy_fills_the_same_place(canvas: VideoCanvas) -> None:
    canvas.set_picture(picture(50))
    full = on_screen(canvas).astype(int)
    canvas.set_picture(picture(50, 2, 160, 90))
    assert np.abs(on_screen(canvas).astype(int) - full).mean() < 6.0


def test_a_large_picture_is_averaged_and_not_thinned(canvas: VideoCanvas) -> None:
    """A fine checkerboard becomes grey; thinned out it would become stripes."""
    board = np.indices((1448, 2568)).sum(axis=0) % 2 * 255
    picture = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    video = video_info(Path("big.mp4"), 90, 2568, 1448)
    canvas.set_video(video)
    canvas.set_picture(DisplayPicture(1, 0, picture, is_exact=True))
    middle = on_screen(canvas)[10:-10, 10:-10]
    assert middle.std() < 6
    assert 115 < middle.mean() < 140


def test_a_map_over_a_large_picture_is_drawn_in_the_pixels_of_the_screen(canvas: VideoCanvas) -> None:
    video = video_info(Path("big.mp4"), 90, 1284, 724)
    analysis = make_analysis(video)
    picture = numbered_picture(50, 1284, 724)
    canvas.set_video(video)
    canvas.set_analysis(analysis)
    canvas.set_picture(DisplayPicture(1, 50, picture, is_exact=True))
    small = drawn(canvas)
    expected = paint(resolve(analysis, 50, MapStyle()), shrunk(picture, 642))
    np.testing.assert_array_equal(small, expected)
    np.testing.assert_array_equal(on_screen(canvas), expected)
    scaled = shrunk(paint(resolve(analysis, 50, MapStyle()), picture), 642)
    assert np.abs(small.astype(int) - scaled).max() < 8, "the map is where it is in the whole picture"
    canvas.zoom_in()
    assert drawn(canvas).shape == (452, 802, 3)
    for _ in range(2):
        canvas.zoom_in()
    np.testing.assert_array_equal(drawn(canvas), paint(resolve(analysis, 50, MapStyle()), picture))


def test_a_large_picture_is_scaled_once_and_never_if_it_comes_scaled(
    canvas: VideoCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaled: list[int] = []

    def scale(picture: RGBImage, width_px: int) -> RGBImage:
        scaled.append(width_px)
        return shrunk(picture, width_px)

    monkeypatch.setattr(video_canvas, "shrunk", scale)
    video = video_info(Path("big.mp4"), 90, 1284, 724)
    canvas.set_video(video)
    canvas.set_picture(DisplayPicture(1, 50, numbered_picture(50, 1284, 724), is_exact=True))
    plain = on_screen(canvas)
    assert canvas.width_px == 642
    canvas.set_analysis(make_analysis(video))
    mapped = on_screen(canvas)
    assert scaled == [642]
    picture = numbered_picture(51, 1284, 724)
    canvas.set_picture(DisplayPicture(2, 51, picture, is_exact=True, small=shrunk(picture, 642)))
    on_screen(canvas)
    assert scaled == [642]
    assert not np.array_equal(plain, mapped)
    canvas.resize(600, 362)
    on_screen(canvas)
    assert scaled == [642, 600]


def edges_px(canvas: VideoCanvas) -> tuple[float, float]:
    """Return the left and the right edge of a white part on a black ground, in pixels of the screen."""
    picture = on_screen(canvas)
    row = picture[picture.shape[0] // 2, :, 0] / 255
    middle = int(np.median(np.flatnonzero(row > 0.5)))
    return middle - float(row[:middle].sum()), middle + float(row[middle:].sum())


def test_a_preview_lies_where_the_exact_picture_will_lie(canvas: VideoCanvas) -> None:
    canvas.resize(411, 233)
    canvas.set_video(video_info(Path("b.mp4"), 90, 1920, 1080))
    picture = np.zeros((1080, 1920, 3), np.uint8)
    picture[300:780, 600:1320] = 255
    small = picture[1::3, 1::3].copy()
    for step in range(8):
        found = []
        for serial, part in enumerate((picture, small)):
            canvas.set_picture(DisplayPicture(2 * step + serial, 50, part, is_exact=serial == 0))
            found.append(edges_px(canvas))
        np.testing.assert_allclose(found[0], found[1], atol=0.3, err_msg=f"zoom {canvas.viewport.zoom:.2f}")
        wheel(canvas, QPoint(203, 117), 1)


def test_layers_of_earlier_sizes_are_not_kept(canvas: VideoCanvas) -> None:
    video = video_info(Path("big.mp4"), 90, 1284, 724)
    canvas.set_video(video)
    canvas.set_analysis(make_analysis(video))
    for width in range(400, 640, 40):
        canvas.resize(width, 362)
        canvas.set_picture(DisplayPicture(1, 50, numbered_picture(50, 1284, 724), is_exact=True))
        assert drawn(canvas).shape[1] == width
        assert len(canvas._painters) <= 2


def test_wheel_zooms_drag_pans_double_click_fits(canvas: VideoCanvas) -> None:
    canvas.set_picture(picture(50))
    wheel(canvas, QPoint(100, 80), 3)
    assert canvas.viewport.zoom == pytest.approx(1.25**3)
    left, top, _, _ = canvas.viewport.rect
    press(canvas, QPoint(300, 200))
    move(canvas, QPoint(290, 195))
    move(canvas, QPoint(280, 190))
    release(canvas, QPoint(280, 190))
    assert canvas.viewport.rect[:2] == pytest.approx((left - 20, top - 10), abs=1.1)
    zoom = canvas.viewport.zoom
    canvas.set_picture(picture(51, 2))
    canvas.set_video(video_info(Path("b.mp4"), 90, 321, 181))
    assert canvas.viewport.zoom == zoom, "zoom stays"
    double_click(canvas)
    assert canvas.viewport.zoom == 1


def test_words_stand_where_there_is_no_picture(canvas: VideoCanvas) -> None:
    canvas.set_picture(picture(5))
    canvas.set_video(None)
    empty = on_screen(canvas)
    assert (empty == empty[0, 0]).all()
    canvas.set_message("a.mp4 is not a video.")
    assert len(np.unique(on_screen(canvas).reshape(-1, 3), axis=0)) > 3


def test_another_video_takes_the_old_picture_away(canvas: VideoCanvas) -> None:
    canvas.set_picture(picture(5))
    canvas.set_video(video_info(Path("b.mp4"), 90))
    assert canvas.displayed_frame is None
    image = on_screen(canvas)
    assert (image == image[0, 0]).all()
