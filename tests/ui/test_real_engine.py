"""The window over the real engine, a tiny model: the numbers are those of the engine without a window."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis import Analysis
from skillviewer.engine.cache import FeatureCache
from skillviewer.engine.engine import Engine
from skillviewer.ui.app import begin, real_backend
from skillviewer.ui.inspect_screen import InspectScreen
from tests.checkpoints import tiny_checkpoint
from tests.ui.conftest import MakeWindow
from tests.videos import write_barcode_video


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.mark.slow
def test_the_same_numbers_in_the_window_and_without_one(
    qtbot: QtBot, make_window: MakeWindow, checkpoint: Path, tmp_path: Path
) -> None:
    video = write_barcode_video(tmp_path / "v.mp4", 60, width=320, height=192).path
    made = make_window(real_backend())
    program = made.program
    grown: list[int] = []
    program.state.analysis_changed.connect(lambda a: grown.append(a.n_samples if isinstance(a, Analysis) else 0))
    program.state.set_passes(2)
    begin(program, [video, checkpoint], None)

    def assessed() -> None:
        analysis, model = program.state.analysis, program.state.model
        told = [(entry.path.name, str(entry.state), entry.reason, entry.done) for entry in program.videos]
        assert model is not None, told
        assert analysis is not None, (told, program.assessments.automatic, program.assessments.busy)
        assert analysis.complete, (told, analysis.n_samples)

    qtbot.waitUntil(assessed, timeout=60_000)
    shown = program.state.analysis
    assert shown is not None
    assert program.state.model is not None
    assert program.state.model.name == "tiny"
    with Engine.open(checkpoint, device="cpu", cache=FeatureCache(tmp_path / "features")) as engine:
        alone = engine.assess(video, passes=2)
    for name in ("samples", "attention", "task_state", "score_curve", "segment_stops"):
        assert np.array_equal(getattr(shown, name), getattr(alone, name)), name
    assert grown[-1] == 5
    screen = made.window.screen_named("inspect")
    assert isinstance(screen, InspectScreen)
    program.playback.seek(int(alone.samples[0, 2]))
    qtbot.waitUntil(lambda: program.feed.settled)
    on_screen = screen.player.canvas.shown
    assert on_screen is not None
    assert on_screen.scene is not None
    assert on_screen.scene.values is not None
    assert on_screen.scene.values.max() == pytest.approx(
        float(alone.attention[0, 2].max()) * on_screen.scene.values.size
    )
    assert "interval" in screen.header.text


@pytest.mark.slow
def test_a_folder_that_is_no_checkpoint_is_told(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    folder = tmp_path / "not a model"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    made = make_window(real_backend())
    made.program.open([folder])
    qtbot.waitUntil(lambda: bool(made.window.messages.text), timeout=60_000)
    assert "not a model" in made.window.messages.text
    assert "should not have" not in made.window.messages.text
    assert made.program.state.model is None
