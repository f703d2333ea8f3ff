"""The window over the real engine, a tiny model: the numbers are those of the engine without a window."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from skillviewer.cli.main import run
from skillviewer.core.analysis.analysis import Analysis
from skillviewer.data.analysis_file import load_analysis
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.inference.engine import Engine
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.pictures.picture_options import StillOptions
from skillviewer.export.pictures.still import paint_still
from skillviewer.ui.app import begin, real_backend
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.player.video_canvas import VideoCanvas
from tests.checkpoints import tiny_checkpoint
from tests.ui.conftest import MakeWindow
from tests.videos import write_barcode_video

pytestmark = pytest.mark.styled


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny").folder


def test_the_same_numbers_in_the_window_and_without_one(
    qtbot: QtBot, make_window: MakeWindow, checkpoint: Path, tmp_path: Path
) -> None:
    video = write_barcode_video(tmp_path / "v.mp4", 60, width=320, height=192).path
    made = make_window(real_backend())
    app_context = made.app_context
    grown: list[int] = []
    app_context.state.analysis_changed.connect(lambda a: grown.append(a.n_samples if isinstance(a, Analysis) else 0))
    app_context.state.set_passes(2)
    begin(app_context, [video, checkpoint], None)

    def assessed() -> None:
        analysis, model = app_context.state.analysis, app_context.state.model
        told = [(entry.path.name, str(entry.state), entry.reason, entry.n_done) for entry in app_context.videos]
        assert model is not None, told
        assert analysis is not None, (told, app_context.assessments.automatic, app_context.assessments.is_busy)
        assert analysis.complete, (told, analysis.n_samples)
        assert analysis.mean_feature is not None, "the last step is shown a moment before the whole is there"

    qtbot.waitUntil(assessed)
    shown = app_context.state.analysis
    assert shown is not None
    assert app_context.state.model is not None
    assert app_context.state.model.name == "tiny"
    with Engine.open(checkpoint, device="cpu", cache=FeatureCache(tmp_path / "features")) as engine:
        alone = engine.assess(video, passes=2)
    where = ["--model", str(checkpoint), "--passes", "2", "--device", "cpu", "--save", str(tmp_path / "saved")]
    assert run(["score", "--passes", "1", str(video), *where]) == 0
    (saved,) = (tmp_path / "saved").iterdir()
    by_command = load_analysis(saved)
    for name in ("samples", "attention", "task_state", "score_curve", "segment_stops", "mean_feature"):
        assert np.array_equal(getattr(shown, name), getattr(alone, name)), name
        assert np.array_equal(getattr(by_command, name), getattr(shown, name)), name
    assert by_command.score == shown.score
    assert by_command.interval == shown.interval
    assert by_command.provenance == shown.provenance
    assert grown[-1] == 5
    screen = made.window.screens.get_page("inspect")
    assert isinstance(screen, InspectScreen)
    app_context.playback.seek(int(alone.samples[0, 2]))
    qtbot.waitUntil(lambda: app_context.feed.settled)
    on_screen = screen.player.canvas.displayed_frame
    assert on_screen is not None
    assert on_screen.scene is not None
    assert on_screen.scene.values is not None
    assert on_screen.scene.values.max() == pytest.approx(
        float(alone.attention[0, 2].max()) * on_screen.scene.values.size
    )
    assert "interval" in screen.score_header.text
    _same_as_a_still(screen.player.canvas, by_command)


def _same_as_a_still(canvas: VideoCanvas, analysis: Analysis) -> None:
    """A still without words shows the very pixels that the canvas painted."""
    shown = canvas.displayed_frame
    assert shown is not None
    assert shown.scene is not None
    assert shown.picture.is_exact
    canvas.grab()  # painted now, if it was not yet
    assert canvas.image is not None
    image = canvas.image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    painted = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    options = StillOptions(
        frame=shown.picture.frame_index,
        look=shown.scene.map_style,
        size=(image.width(), image.height()),
        labels=False,
        curve=False,
    )
    still = paint_still([AnalysedVideo(analysis)], options)
    assert still.shape == painted.shape
    assert np.array_equal(still, painted)


def test_a_folder_that_is_no_checkpoint_is_told(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    folder = tmp_path / "not a model"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    made = make_window(real_backend())
    made.app_context.open([folder])
    qtbot.waitUntil(lambda: bool(made.window.message_bar.text))
    assert "not a model" in made.window.message_bar.text
    assert "unexpected error" not in made.window.message_bar.text
    assert made.app_context.state.model is None
