"""Picture and overlay belong to the same frame, at every paint, in the real window with the real reader."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.scene import resolve
from skillviewer.core.arrays import RGBImage
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.overlay.painter import paint
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.screen_scaling import shrunk
from skillviewer.media.writing.proxy import ScrubProxy, build_proxy
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.player.video_canvas import DisplayedFrame
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.video_entry import VideoState
from tests.ui.fakes import FakeWorld, make_analysis
from tests.ui.hands import move, press, release
from tests.videos import read_barcode, write_barcode_video

N_FRAMES = 240


@pytest.fixture(scope="module")
def barcodes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long group of pictures: a frame that is asked for costs something."""
    folder = tmp_path_factory.mktemp("barcodes")
    return write_barcode_video(folder / "long.mp4", N_FRAMES, width=480, height=288, kind="long_gop").path


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("others")
    return write_barcode_video(folder / "uneven.mkv", 90, width=320, height=192, kind="variable_mkv").path


class Witness:
    """Reads what was painted, at every paint: the number in the picture, the scene's frame, and the painted pixels."""

    def __init__(self, made: Composition) -> None:
        self.made = made
        screen = made.window.screens.get_page("inspect")
        assert isinstance(screen, InspectScreen)
        self.screen = screen
        self.canvas = screen.player.canvas
        self.painted: list[tuple[int, bool]] = []
        self.models: list[str] = []
        """Of every paint, the model whose map was drawn, or ""."""
        self.drawn: set[tuple[int, str]] = set()
        """Frames and the models whose maps were drawn over them."""
        self.wrong: list[str] = []
        self.canvas.painted.connect(self._on_painted)

    def _on_painted(self, shown: DisplayedFrame) -> None:
        number = read_barcode(shown.picture.pixels)
        self.painted.append((number, shown.scene is not None and shown.scene.values is not None))
        if number != shown.picture.frame_index:
            self.wrong.append(f"picture of {number} is called {shown.picture.frame_index}")
        if shown.scene is None:
            self._on_model(number, "")
            return
        analysis = self.made.app_context.state.analysis
        assert analysis is not None
        self._on_model(number, analysis.provenance.model)
        wanted = self.made.app_context.models.requested_folder
        if wanted is not None and wanted.name != analysis.provenance.model:
            self.wrong.append(f"frame {number}: the map is of {analysis.provenance.model}, {wanted.name} was chosen")
        truth = resolve(analysis, number, self.made.app_context.state.map_style)
        if shown.scene.sample_frame != truth.sample_frame or shown.scene.frame_index != number:
            self.wrong.append(f"picture of {number} with the map of {shown.scene.frame_index}")
        image = self.canvas.image
        assert image is not None
        picture = shown.picture.pixels
        if image.width() != picture.shape[1]:  # a small canvas: in the pixels of the screen
            picture = shrunk(picture, image.width())
        if not np.array_equal(pixels(image), paint(truth, picture)):
            self.wrong.append(f"frame {number}: the pixels are not those of picture and map")

    def _on_model(self, number: int, model: str) -> None:
        self.models.append(model)
        self.drawn.add((number, model))


def pixels(image: QImage) -> RGBImage:
    image = image.convertToFormat(QImage.Format.Format_RGBX8888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4)[..., :3].copy()


def real_readers(world: FakeWorld, proxy: Callable[[VideoInfo], ScrubProxy | None] = lambda _v: None) -> Backend:
    return replace(world.backend(), open_reader=VideoReader, open_proxy=proxy)


@pytest.fixture
def witness(qtbot: QtBot, make_window: Callable[[Backend], Composition], world: FakeWorld, barcodes: Path) -> Witness:
    made = make_window(real_readers(world))
    found = Witness(made)
    made.app_context.open([barcodes])
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None and made.app_context.feed.settled)
    video = made.app_context.playback.video
    assert video is not None
    made.app_context.state.set_analysis(make_analysis(video))
    return found


def scrub(qtbot: QtBot, witness: Witness, frames: list[int], pause_ms: int) -> None:
    for frame in frames:
        witness.made.app_context.playback.seek(frame)
        qtbot.wait(pause_ms)
    qtbot.waitUntil(lambda: witness.made.app_context.feed.settled)
    witness.canvas.repaint()


@pytest.mark.parametrize("pause_ms", [pytest.param(2, marks=pytest.mark.slow), 16])
def test_while_scrubbing(qtbot: QtBot, witness: Witness, pause_ms: int) -> None:
    rng = np.random.default_rng(pause_ms)
    jumps = rng.integers(0, N_FRAMES, 25).tolist()
    sweep = list(range(N_FRAMES - 1, 0, -11))
    scrub(qtbot, witness, [*jumps, *sweep, 123], pause_ms)
    assert not witness.wrong
    assert witness.painted[-1] == (123, True)
    shown = witness.canvas.displayed_frame
    assert shown is not None
    assert shown.picture.is_exact
    assert len({number for number, _ in witness.painted}) > 2


def test_while_scrubbing_over_a_proxy(
    qtbot: QtBot, make_window: Callable[[Backend], Composition], world: FakeWorld, barcodes: Path, tmp_path: Path
) -> None:
    build_proxy(barcodes, folder=tmp_path).close()
    made = make_window(real_readers(world, lambda video: ScrubProxy.open(video, tmp_path)))
    found = Witness(made)
    made.app_context.open([barcodes])
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None and made.app_context.feed.settled)
    video = made.app_context.playback.video
    assert video is not None
    made.app_context.state.set_analysis(make_analysis(video))
    rng = np.random.default_rng(7)
    scrub(qtbot, found, [*rng.integers(0, N_FRAMES, 40).tolist(), 200], 3)
    assert not found.wrong
    assert found.painted[-1] == (200, True)


def has_reached(playback: Playback, frame: int) -> bool:
    return playback.frame >= frame


def test_while_playing_at_every_speed(qtbot: QtBot, witness: Witness) -> None:
    playback = witness.made.app_context.playback
    for speed, stop in ((1.0, 6), (4.0, 30), (0.1, 32)):
        playback.set_speed(speed)
        playback.play()
        qtbot.waitUntil(partial(has_reached, playback, stop))
        playback.pause()
    qtbot.waitUntil(lambda: witness.made.app_context.feed.settled)
    witness.canvas.repaint()
    assert not witness.wrong
    assert witness.painted[-1][0] == playback.frame
    numbers = [number for number, _ in witness.painted]
    assert numbers == sorted(numbers), "playing goes forward"


def test_while_the_analysis_grows_and_the_look_changes(qtbot: QtBot, witness: Witness) -> None:
    app_context = witness.made.app_context
    video = app_context.playback.video
    assert video is not None
    for steps in range(1, 26):
        app_context.playback.seek((steps * 37) % N_FRAMES)
        app_context.state.set_analysis(make_analysis(video, steps=steps))
        if steps % 5 == 0:
            app_context.state.set_map_style(
                colours="cividis" if app_context.state.map_style.colours == "inferno" else "inferno"
            )
        qtbot.wait(2)
    qtbot.waitUntil(lambda: app_context.feed.settled)
    assert not witness.wrong


@pytest.mark.slow
def test_while_models_are_switched_and_it_plays(
    qtbot: QtBot, make_window: Callable[[Backend], Composition], world: FakeWorld, barcodes: Path
) -> None:
    world.models = ("alpha", "beta", "gamma", "delta")
    world.n_frames = {barcodes.stem: N_FRAMES}
    world.step_s = 0.002  # maps grow while it plays
    made = make_window(real_readers(world))
    app_context = made.app_context
    witness = Witness(made)
    app_context.models.refresh()
    app_context.models.choose_default(None)
    app_context.open([barcodes])
    qtbot.waitUntil(lambda: app_context.playback.video is not None and app_context.feed.settled)
    qtbot.waitUntil(lambda: app_context.videos[0].state is VideoState.DONE)
    app_context.playback.set_loop(on=True)
    app_context.playback.play()

    def wait_for_map() -> None:
        wanted = app_context.models.requested_folder
        assert wanted is not None
        qtbot.waitUntil(lambda: wanted.name in witness.models)
        assert set(witness.models) <= {wanted.name, ""}

    for direction in (1, 1, 1, -1, -1):
        app_context.models.step(direction)
        witness.models.clear()
        wait_for_map()
    for _ in range(9):  # quicker than they are assessed, some quicker than they are loaded
        app_context.models.step(1)
        witness.models.clear()
        qtbot.wait(3)
    wait_for_map()
    assert app_context.playback.playing
    assert app_context.state.model is not None
    assert app_context.state.model.folder == app_context.models.requested_folder
    assert not witness.wrong
    assert {name for _, name in witness.drawn} - {""} == {"alpha", "beta", "gamma", "delta"}
    assert len({number for number, _ in witness.drawn}) > 5


def test_while_videos_are_switched(qtbot: QtBot, witness: Witness, other: Path, barcodes: Path) -> None:
    app_context = witness.made.app_context
    app_context.videos.add([other])
    for turn in range(6):
        app_context.state.set_current(VideoClip(other if turn % 2 == 0 else barcodes))
        for frame in (5, 60, 30):
            app_context.playback.seek(frame)
            qtbot.wait(4)
    app_context.state.set_current(VideoClip(other))
    qtbot.waitUntil(lambda: app_context.playback.video is not None and app_context.playback.video.path == other)
    app_context.playback.seek(71)
    qtbot.waitUntil(lambda: app_context.feed.settled)
    witness.canvas.repaint()
    assert not witness.wrong
    assert witness.painted[-1][0] == 71


def test_dragging_over_the_curve_ends_on_the_frame_under_the_mouse(qtbot: QtBot, witness: Witness) -> None:
    curve, playback = witness.screen.curve, witness.made.app_context.playback
    video = playback.video
    assert video is not None
    viewport = curve.viewport()
    left, right = 80, viewport.width() - 40
    press(viewport, QPoint(left, 40))
    for x in range(left, right, 9):
        move(viewport, QPoint(x, 40))
        qtbot.wait(2)
    end = QPoint(viewport.width() - 40, 40)  # on a busy computer the curve may get its last width during the drag
    release(viewport, end)
    under_mouse_s = curve.getPlotItem().getViewBox().mapSceneToView(curve.mapToScene(end)).x()
    assert playback.time_s == pytest.approx(under_mouse_s, abs=1.5 * video.duration_s / N_FRAMES)
    qtbot.waitUntil(lambda: witness.made.app_context.feed.settled)
    witness.canvas.repaint()
    assert not witness.wrong
    assert witness.painted[-1][0] == playback.frame
    assert playback.frame > N_FRAMES * 0.75
    assert curve.cursor_s == pytest.approx(playback.time_s)
