"""The score on the raters' scale, wherever the window shows the score."""

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.calibration import CalibrationMap, PiecewiseLinear, ScoreCalibration
from skillviewer.data.study import Study
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table
from skillviewer.ui.app import Composition
from skillviewer.ui.comparing.screen import CompareScreen
from skillviewer.ui.session.study_controller import PAIRS, SETTINGS, VIDEOS
from skillviewer.ui.videos.columns import COLUMNS
from skillviewer.ui.videos.panel import VideosPanel
from tests.facts import missing
from tests.ui.driving import inspect
from tests.ui.fakes import FakeWorld
from tests.ui.inspect_driving import findings_of, open_assessed, why_of

LINE = PiecewiseLinear((-2.0, 2.0), (10.0, 50.0), "line")
SPREAD = PiecewiseLinear((0.0,), (4.0,), "spread")
GROUPS = tuple(range(12))
MAP = CalibrationMap(LINE, (LINE,) * 12, (SPREAD,) * 12, GROUPS, (1.0,) * 12, (0.077,) * 12, 0.0, 60.0, 0.9, 12)
SCALE = ScoreCalibration("Global", "grasping", source="4 folds by person", map=MAP)
SCORE, RATING = ([column.name for column in COLUMNS].index(name) for name in ("score", "rating"))


def words_of(score: float) -> str:
    rating = 30 + 10 * score
    return f"{rating:.0f} of 60 ({np.floor(rating - 4):.0f} to {np.ceil(rating + 4):.0f})"


def view_of(window: Composition) -> QTableView:
    panel = window.window.findChild(VideosPanel)
    assert panel is not None
    return panel.videos_view


def test_every_place_of_the_score_shows_the_rating(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.scale = SCALE
    open_assessed(qtbot, window, world, 3)
    found = findings_of(qtbot, window)
    words = words_of(found.analysis.score)
    position = why_of(window).position_block
    assert not missing(position.rating_label.plain_text, f"{words}", "90 %")
    assert position.rating_label.y() < position.score_label.y(), "the rating leads, the score of the model follows"
    assert words in inspect(window).score_header.text
    view = view_of(window)
    assert not view.isColumnHidden(RATING)
    assert view.isColumnHidden(SCORE), "two columns of the raters' scale leave no room for it"
    assert view.currentIndex().siblingAtColumn(RATING).data() == words.partition(" (")[0]
    curve = inspect(window).curve
    assert curve.has_ratings
    window.window.actions_["rating_axis"].trigger()
    ticks = curve.getAxis("left")._tickLevels
    assert ticks
    for score, word in ticks[0]:
        assert 30 + 10 * score == float(word)
    window.window.actions_["rating_axis"].trigger()
    assert curve.getAxis("left")._tickLevels is None
    window.window.screens.show("compare")
    screen = window.window.screens.get_page("compare")
    assert isinstance(screen, CompareScreen)
    qtbot.waitUntil(lambda: any(words in pane.caption.text for pane in screen.pane_grid.panes.values()))


def test_a_refusal_is_said_in_place_of_the_rating(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.scale = replace(SCALE, map=None, refusal="Nine people are too few.")
    open_assessed(qtbot, window, world, 2)
    findings_of(qtbot, window)
    position = why_of(window).position_block
    assert position.rating_label.plain_text == "Nine people are too few."
    assert position.score_label.y() < position.rating_label.y()
    cell = view_of(window).currentIndex().siblingAtColumn(RATING)
    assert cell.data() == "–"
    assert not inspect(window).curve.has_ratings


def test_a_study_of_another_task_gets_no_rating(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.scale = SCALE
    open_assessed(qtbot, window, world, 2)
    findings_of(qtbot, window)

    def rename(task: str) -> None:
        def change(study: Study) -> None:
            study.settings = replace(study.settings, task=task)

        window.app_context.studies.submit_write(change, SETTINGS)

    def shown() -> str:
        return why_of(window).position_block.rating_label.plain_text

    rename("Knots")
    qtbot.waitUntil(lambda: "of the task “grasping”, and this video is of “Knots”" in shown())
    rename("Grasping")
    qtbot.waitUntil(lambda: " of 60 (" in shown())


def test_the_ratings_of_the_raters_and_their_comments_stand_in_list_and_why(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.scale = SCALE
    open_assessed(qtbot, window, world, 2)
    findings_of(qtbot, window)
    table = world.folder / "scores.csv"
    table.write_text(
        "Clip,Rater,Global,Remarks\ngrasp_01,Ann,20,dropped it\ngrasp_01,Ben,40,\ngrasp_02,Ann,50,\n", encoding="utf-8"
    )

    def work(study: Study) -> None:
        add_ratings(study, open_study_table(study, table))

    window.app_context.studies.submit_write(work, VIDEOS, PAIRS)
    entries = window.app_context.videos
    qtbot.waitUntil(
        lambda: (
            [e.raters_rating.text if e.raters_rating is not None else "" for e in entries] == ["30 of 50", "50 of 50"]
        )
    )
    raters = why_of(window).raters_block
    qtbot.waitUntil(lambda: raters.ratings_label.plain_text == "Global: 30 of 50 (Ann 20, Ben 40)")
    qtbot.waitUntil(lambda: not missing(raters.comments_label.plain_text, "Ann", "dropped it"))
    assert why_of(window).position_block.given_ratings_label.plain_text == "The raters gave 30 of 50 (2 raters)."
    assert raters.y() < why_of(window).contributions_block.y(), "beside the model's moments"
    column = [column.name for column in COLUMNS].index("rated")
    assert not view_of(window).isColumnHidden(column)


def test_models_without_ratings_show_nothing_more(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 2)
    findings_of(qtbot, window)
    assert view_of(window).isColumnHidden(RATING)
    assert why_of(window).position_block.rating_label.isHidden()
