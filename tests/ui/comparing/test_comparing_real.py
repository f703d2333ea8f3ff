"""The Compare screen over the real engine: tiny models of two kinds on a real video, down to the file that is saved."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.inference.model_cache import ModelCache
from skillviewer.ui.app import real_backend
from skillviewer.ui.comparing.screen import CompareScreen
from tests.checkpoints import tiny_checkpoint
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeDialogs
from tests.videos import read_barcode, write_barcode_video


@pytest.mark.slow
def test_two_models_are_seen_compared_and_saved(
    qtbot: QtBot, make_window: MakeWindow, dialogs: FakeDialogs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    video = write_barcode_video(tmp_path / "v.mp4", 60, width=320, height=192).path
    folders = [
        tiny_checkpoint(tmp_path / "models" / n, n, seed=i).folder for i, n in enumerate(("full", "cbam-original"))
    ]
    made = make_window(real_backend())
    made.app_context.assessments.set_automatic(on=False)
    made.app_context.settings.compared_models = tuple(map(str, folders))
    made.app_context.open([video])
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None and made.app_context.feed.settled)
    made.window.screens.show("compare")
    screen = made.window.screens.get_page("compare")
    assert isinstance(screen, CompareScreen)
    qtbot.waitUntil(lambda: all(row.complete_analysis is not None for row in screen.model_set.rows), timeout=120_000)
    with ModelCache("cpu", FeatureCache(tmp_path / "features")) as model_cache:
        alone = [model_cache.assess(folder, video) for folder in folders]
    for row, truth in zip(screen.model_set.rows, alone, strict=True):
        assert row.complete_analysis is not None
        assert row.complete_analysis.score == pytest.approx(truth.score, abs=1e-6)
        assert np.allclose(row.complete_analysis.attention, truth.attention, atol=1e-6)
    assert [row.complete_analysis.map_kind for row in screen.model_set.rows if row.complete_analysis] == [
        MapKind.DISTRIBUTION,
        MapKind.GATE,
    ]
    made.app_context.playback.seek(31)
    qtbot.waitUntil(lambda: made.app_context.feed.settled)
    for pane in screen.pane_grid.panes.values():
        assert pane.canvas.displayed_frame is not None
        assert pane.canvas.displayed_frame.picture.frame_index == 31
    picture = next(iter(screen.pane_grid.panes.values())).canvas.displayed_frame
    assert picture is not None
    assert picture.picture.pixels.shape[1] < 320 or read_barcode(picture.picture.pixels) == 31
    screen.numbers_column.setCurrentWidget(screen.numbers_column.models_view)
    qtbot.waitUntil(lambda: screen.numbers_column.models_view.table.shown_rows[0].texts[4] != "–")
    assert screen.numbers_column.models_view.table.shown_rows[0].texts[6] == "shared"
    for action, name in (("save_comparison", "c.csv"), ("save_comparison_figure", "c.png")):
        dialogs.save_answer = tmp_path / name
        with qtbot.waitSignal(screen.comparison_saver.saved):
            made.window.actions_[action].trigger()
    with Image.open(tmp_path / "c.png") as image:
        assert image.width > 1000
    assert "cbam-original" in (tmp_path / "c.csv").read_text(encoding="utf-8")
