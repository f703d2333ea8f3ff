"""From a spreadsheet of ratings to videos with scores on the raters' scale, in the window alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.finetuning import automatic_choice, process
from skillviewer.ui.app import begin, real_backend
from skillviewer.ui.inspecting.why_panel import WhyPanel
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import inspect
from tests.ui.fakes import SCALE, FakeDialogs, FakeWorld
from tests.ui.hands import click, key
from tests.ui.rating_path import RatingPath
from tests.ui.tuning_study import make_checkpoints
from tests.videos import write_barcode_video


def write_table(folder: Path, n_people: int, high: int = 60) -> Path:
    """Write a spreadsheet of two raters on one clip of every person; later people are better."""
    rows = ["Clip,Trainee,Rater,Global"]
    for i in range(n_people):
        given = round(high * (i + 1) / n_people)
        rows += [f"clip_{i:02d},P{i:02d},{rater},{max(given - less, 0)}" for rater, less in (("Ann", 0), ("Ben", 1))]
    table = folder / "ratings.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table


def test_mouse_and_keyboard_lead_from_ratings_to_scores_on_their_scale(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    make_checkpoints(world)
    world.touch(*(f"clip_{i:02d}.mp4" for i in range(12)))
    table = write_table(world.folder, 12)
    made = make_window(world.backend())
    begin(made.app_context, [], None)
    user = RatingPath(qtbot, made, dialogs)
    before = table.read_bytes(), table.stat().st_mtime_ns, sorted(path.name for path in table.parent.iterdir())
    assert not missing(user.import_table(table), "24 rows", "24 used", "12 videos")
    plan = user.read_plan()
    assert not missing(plan, "12 videos", "ratings of Global", "12 people", "4 parts")
    world.scale = SCALE
    assert "75.0 %" in user.train()
    user.accept()
    scores = [entry.analysis.scaled for entry in user.entries() if entry.analysis is not None]
    assert len(scores) == 12
    assert all(scaled is not None and scaled.rating is not None for scaled in scores)
    user.press("Inspect")
    screen = inspect(made)
    qtbot.waitUntil(lambda: " of 60 (" in screen.score_header.text and screen.curve.has_ratings)
    why = made.window.findChild(WhyPanel)
    assert why is not None
    qtbot.waitUntil(lambda: "on the raters' scale" in why.position_block.rating_label.plain_text)
    assert "(2 raters)" in why.position_block.given_ratings_label.plain_text
    after = table.read_bytes(), table.stat().st_mtime_ns, sorted(path.name for path in table.parent.iterdir())
    assert after == before, "the spreadsheet is never written to, and nothing is written beside it"


TINY = Preprocessing(n_segments=3, input_px=64, flow=FlowSettings(algorithm="dis"), sampling="even")


def _work_here(
    do: Callable[[Any, CancelToken, Report], object],
    item: object,
    token: CancelToken,
    report: Report,
    patience_s: float,  # noqa: ARG001
) -> object:
    return do(item, token, report)


@pytest.mark.slow
def test_the_real_program_leads_there_too(
    qtbot: QtBot, make_window: MakeWindow, dialogs: FakeDialogs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(automatic_choice, "QUICK", TINY)
    monkeypatch.setattr(process, "work_in_child_process", _work_here)  # another process has other pictures
    monkeypatch.setattr(process, "_configure_threads", lambda: None)
    folder = tmp_path / "clips"
    folder.mkdir()
    for i in range(12):
        write_barcode_video(folder / f"clip_{i:02d}.mp4", 16 + 2 * i, width=96, height=64)
    table = write_table(folder, 12)
    made = make_window(real_backend())
    begin(made.app_context, [], None)
    made.app_context.assessments.set_automatic(on=False)
    user = RatingPath(qtbot, made, dialogs)
    assert "12 videos" in user.import_table(table)
    user.read_plan()
    choices = user.train_screen.setup_page
    click(choices.more_button)
    choices.epochs_box.setFocus()
    key(choices.epochs_box, Qt.Key.Key_Up)
    assert choices.epochs_box.value() == 1
    assert "12 people" in user.read_plan()
    said = user.train()
    assert not missing(said, "Duration", "One rater", "held out", "Global: learnt from 12 people")
    user.accept()
    scored = [entry.analysis.scaled for entry in user.entries() if entry.analysis is not None]
    assert len(scored) == 12
    assert all(one is not None and (one.rating is not None or one.refusal) for one in scored)
    assert any(one is not None and one.rating is not None and 0 <= one.rating <= 60 for one in scored)
