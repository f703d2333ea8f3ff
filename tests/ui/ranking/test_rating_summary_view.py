"""The Ratings tab shows what raters gave, and plays the video on which they differ."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.data.study import Study
from skillviewer.ui.ranking.rating_summary_view import RatingSummaryView
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click
from tests.ui.pair_study import NAMES, Rater, make_study, sit_down, write_videos
from tests.ui.ranking.test_ranking_views import tab

VALUES = {NAMES[0]: (1, 2), NAMES[1]: (3, 3), NAMES[2]: (5, 2), NAMES[3]: (4, 4)}
"""Ratings by Ann and Bob; they differ most on the third video."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_videos(tmp_path_factory.mktemp("rated") / "files of the study")


def open_ratings(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, path: Path
) -> tuple[Rater, RatingSummaryView]:
    rater = sit_down(qtbot, make_window, world, path)
    view = rater.screen.ratings_view
    pages: list[object] = []
    view.pages.currentChanged.connect(lambda _index: pages.append(view.pages.currentWidget()))
    click(tab(rater, "Ratings"))
    assert pages == [view.waiting_page], "what is not read yet is not said to be missing"
    return rater, rater.screen.ratings_view


def test_ratings_are_summarized_and_a_click_plays_the_video_on_which_raters_differ(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]
) -> None:
    path = make_study(tmp_path, videos)
    rows = tuple(
        VideoRating(video, rater, "Flow", float(value))
        for video, values in VALUES.items()
        for rater, value in zip(("Ann", "Bob"), values, strict=True)
    )
    with Study.open(path) as study:
        study.ratings.add(RatingSet(rows, (RatingScale("Flow", 1, 5, stated=True),)), "table.csv")
    rater, view = open_ratings(qtbot, make_window, world, path)
    qtbot.waitUntil(lambda: view.item_box.count() == 1)
    assert view.item_box.currentText() == "Flow"
    assert "8 ratings of 4 videos" in view.facts_label.plain_text
    assert view.histogram.accessible_text() == "1: 1, 2: 2, 3: 2, 4: 2, 5: 1"
    assert [row.texts[:3] for row in view.raters_table.shown_rows] == [("Ann", "4", "3.25"), ("Bob", "4", "2.75")]
    assert [row.key for row in view.disputed_table.shown_rows] == [NAMES[2], NAMES[0]]
    assert "moderate" in view.agreement_label.plain_text or "poor" in view.agreement_label.plain_text
    click(
        view.disputed_table.viewport(), view.disputed_table.visualRect(view.disputed_table.model().index(0, 0)).center()
    )
    qtbot.waitUntil(lambda: rater.made.app_context.state.current_clip is not None)
    shown = rater.made.app_context.videos.get(rater.made.app_context.state.current_clip)
    assert shown is not None
    assert shown.name == NAMES[2]


def test_without_ratings_the_tab_offers_the_import(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]
) -> None:
    _, view = open_ratings(qtbot, make_window, world, make_study(tmp_path, videos))
    qtbot.waitUntil(lambda: view.pages.currentWidget() is not view.waiting_page, timeout=60_000)
    assert view.pages.currentWidget() is view.empty_page
    assert view.import_button.isVisible()
