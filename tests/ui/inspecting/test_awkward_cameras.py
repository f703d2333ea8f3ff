"""A camera that is missing, damaged, of another rate or length, or offset beyond the video does not stop the others."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.data.study import NewVideo, Study
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.camera_column import CameraColumn, CameraPane
from tests.ui.conftest import MakeWindow
from tests.ui.driving import inspect
from tests.ui.fakes import FakeWorld
from tests.ui.pair_study import reading_backend
from tests.videos import read_barcode, write_barcode_video

N_FRAMES = 60  # of the assessed video, at 30 frames a second


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_barcode_video(tmp_path / "front.mp4", N_FRAMES)
    return tmp_path


def open_study(folder: Path, made: Composition, qtbot: QtBot, **offsets_s: float) -> CameraColumn:
    """Open the study of the video ``front`` with cameras, each with its offset."""
    with Study.create(folder / "peg") as study:
        study.videos.add([NewVideo(folder / "front.mp4")])
        for name, offset_s in offsets_s.items():
            (path,) = folder.glob(f"{name}.*")
            study.cameras.add("front", path, offset_s=offset_s)
        path = study.path
    return show(path, made, qtbot, len(offsets_s))


def show(path: Path, made: Composition, qtbot: QtBot, n_cameras: int) -> CameraColumn:
    app_context = made.app_context
    app_context.open([path])
    qtbot.waitUntil(lambda: len(app_context.videos) == 1)
    app_context.state.set_current(app_context.videos[0].clip)
    qtbot.waitUntil(lambda: len(app_context.cameras.cameras) == n_cameras)
    qtbot.waitUntil(lambda: app_context.playback.video is not None)
    return inspect(made).camera_column


@pytest.fixture
def made(make_window: MakeWindow, world: FakeWorld) -> Composition:
    return make_window(reading_backend(world))


def shown(pane: CameraPane) -> int | None:
    canvas = pane.player.canvas
    return None if canvas.displayed_frame is None else read_barcode(canvas.displayed_frame.picture.pixels)


def assert_plays(made: Composition, qtbot: QtBot) -> None:
    """Play the assessed video, and see its pictures follow."""
    playback, canvas = made.app_context.playback, inspect(made).player.canvas
    playback.seek(0)
    playback.play()
    qtbot.waitUntil(lambda: playback.frame > 20)
    playback.pause()
    frame = playback.frame
    qtbot.waitUntil(
        lambda: canvas.displayed_frame is not None and read_barcode(canvas.displayed_frame.picture.pixels) == frame
    )


def test_cameras_of_other_rates_show_the_frame_of_the_same_moment(
    folder: Path, made: Composition, qtbot: QtBot
) -> None:
    write_barcode_video(folder / "fast.mp4", 120, rate_hz=60)
    write_barcode_video(folder / "slow.mp4", 24, rate_hz=10)
    panes = open_study(folder, made, qtbot, fast=0.0, slow=0.2).panes
    for frame in (0, 7, 29, 45):
        made.app_context.playback.seek(frame)
        at_s = frame / 30
        expected = int(at_s * 60 + 1e-6), int((at_s + 0.2) * 10 + 1e-6)
        qtbot.waitUntil(lambda expected=expected: (shown(panes[0]), shown(panes[1])) == expected)  # type: ignore[misc]
    assert panes[0].missing_label.isHidden()
    assert_plays(made, qtbot)


def test_a_shorter_camera_shows_nothing_after_its_end_and_says_so(
    folder: Path, made: Composition, qtbot: QtBot
) -> None:
    write_barcode_video(folder / "short.mp4", 30)
    (pane, *_) = open_study(folder, made, qtbot, short=0.0).panes
    made.app_context.playback.seek(29)
    qtbot.waitUntil(lambda: shown(pane) == 29)
    assert "ends 1.0 s earlier" in pane.missing_label.text()
    made.app_context.playback.seek(30)
    assert shown(pane) is None
    assert "no picture here" in pane.player.canvas.message
    assert_plays(made, qtbot)
    made.app_context.playback.seek(12)
    qtbot.waitUntil(lambda: shown(pane) == 12)


@pytest.mark.parametrize("offset_s", [-600.0, 600.0, 2.0])
def test_an_offset_beyond_the_video_is_said_and_can_be_set_anew(
    offset_s: float, folder: Path, made: Composition, qtbot: QtBot
) -> None:
    write_barcode_video(folder / "side.mp4", N_FRAMES, width=336)
    (pane, *_) = open_study(folder, made, qtbot, side=offset_s).panes
    qtbot.waitUntil(lambda: "beyond it" in pane.missing_label.text())
    assert shown(pane) is None
    assert "no picture here" in pane.player.canvas.message
    assert_plays(made, qtbot)
    pane.offset_box.setValue(3)
    qtbot.waitUntil(lambda: made.app_context.cameras.cameras[0].offset_s == pytest.approx(0.1))
    made.app_context.playback.seek(10)
    qtbot.waitUntil(lambda: shown(pane) == 13)
    assert "beyond" not in pane.missing_label.text()


@pytest.mark.parametrize("harm", ["missing", "replaced", "no video", "cut off"])
def test_a_camera_that_cannot_be_read_is_said_and_the_others_play(
    harm: str, folder: Path, made: Composition, qtbot: QtBot
) -> None:
    lost, side = folder / "lost.mp4", folder / "side.mp4"
    for path, width in ((lost, 320), (side, 336)):
        write_barcode_video(path, N_FRAMES, width=width)
    with Study.create(folder / "peg") as study:
        study.videos.add([NewVideo(folder / "front.mp4")])
        for name in ("lost", "side"):
            study.cameras.add("front", folder / f"{name}.mp4", offset_s=0.0)
    if harm == "missing":
        lost.unlink()
    elif harm == "replaced":
        write_barcode_video(lost, N_FRAMES - 7)
    elif harm == "no video":
        lost.write_text("not a video")
    else:
        lost.write_bytes(lost.read_bytes()[: lost.stat().st_size // 2])
    panes = show(study.path, made, qtbot, 2).panes
    qtbot.waitUntil(lambda: bool(panes[0].missing_label.text() or panes[0].player.canvas.message))
    made.app_context.playback.seek(15)
    qtbot.waitUntil(lambda: shown(panes[1]) == 15)
    qtbot.waitUntil(lambda: bool(panes[0].missing_label.text()))
    assert not panes[0].missing_label.isHidden()
    assert shown(panes[0]) is None
    assert_plays(made, qtbot)


def test_a_camera_whose_end_is_damaged_shows_what_decodes(folder: Path, made: Composition, qtbot: QtBot) -> None:
    side = write_barcode_video(folder / "side.ts", N_FRAMES, kind="ts").path
    side.write_bytes(side.read_bytes()[: side.stat().st_size * 2 // 3])
    (pane, *_) = open_study(folder, made, qtbot, side=0.0).panes
    made.app_context.playback.seek(5)
    qtbot.waitUntil(lambda: shown(pane) == 5)
    qtbot.waitUntil(lambda: "earlier" in pane.missing_label.text())
    assert_plays(made, qtbot)
