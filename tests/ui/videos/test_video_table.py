from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.cohort import cohort_position
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.app import Composition
from skillviewer.ui.session.cohorts import Cohorts
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.videos.columns import COLUMNS
from skillviewer.ui.videos.table_model import SECOND_LINE_ROLE, VideoFilter, VideoTable
from skillviewer.ui.widgets.plain_table import elided, n_alike
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld, make_analysis, video_info

SHOWN = [column.name for column in COLUMNS if column.is_known is None]
NAME, LENGTH, SCORE, PERCENTILE, STATE = (
    SHOWN.index(name) for name in ("name", "length", "score", "percentile", "state")
)


@pytest.fixture
def videos(qapp: QApplication) -> VideoList:  # noqa: ARG001
    return VideoList()


@pytest.fixture
def table(videos: VideoList) -> VideoTable:
    made = VideoTable(videos)
    made.tester = QAbstractItemModelTester(  # type: ignore[attr-defined]
        made, QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    return made


@pytest.fixture
def filtered(table: VideoTable) -> VideoFilter:
    return VideoFilter(table)


def add(videos: VideoList, *names: str) -> list[Path]:
    return videos.add([Path("/v") / name for name in names])


def row_texts(model: VideoTable | VideoFilter, row: int) -> list[str]:
    """Return the texts of the columns that every video has."""
    return [model.index(row, at).data() for at, column in enumerate(COLUMNS) if column.is_known is None]


def known_texts(model: VideoTable) -> list[str]:
    """Return the first row's name, length, score, percentile and state, whatever columns are added."""
    return [row_texts(model, 0)[at] for at in (NAME, LENGTH, SCORE, PERCENTILE, STATE)]


def names(model: VideoFilter) -> list[str]:
    return [model.index(row, NAME).data() for row in range(model.rowCount())]


def test_rows_tell_what_is_known(videos: VideoList, table: VideoTable) -> None:
    (path,) = add(videos, "P12.mp4")
    assert known_texts(table) == ["P12", "–", "–", "–", "not assessed"]
    accessible_text = table.index(0, NAME).data(Qt.ItemDataRole.AccessibleTextRole).split(", ")
    assert (accessible_text[0], "not assessed" in accessible_text, "–" in " ".join(accessible_text)) == (
        "P12",
        True,
        False,
    )
    info = video_info(path, 957)
    videos.update(VideoClip(path), info=info)
    assert known_texts(table) == ["P12", "00:31.9", "–", "–", "not assessed"]
    videos.update(VideoClip(path), state=VideoState.WORKING, n_done=12, total=25)
    assert row_texts(table, 0)[STATE] == "12 of 25"
    analysis = make_analysis(info)
    videos.update(VideoClip(path), state=VideoState.DONE, analysis=analysis)
    assert row_texts(table, 0)[SCORE] == f"{analysis.score:+.2f}".replace("-", "−")
    videos.update(VideoClip(path), state=VideoState.UNREADABLE, reason="P12.mp4 is not a video.")
    assert "is not a video" in table.index(0, NAME).data(Qt.ItemDataRole.ToolTipRole)
    accessible_text = table.index(0, NAME).data(Qt.ItemDataRole.AccessibleTextRole).split(", ")
    assert (accessible_text[0], accessible_text.count("unreadable")) == ("P12", 1)
    assert {"Length 00:31.9", f"Score {row_texts(table, 0)[SCORE]}"} < set(accessible_text), (
        "numbers follow their headings"
    )


def test_a_path_is_listed_once(videos: VideoList, table: VideoTable) -> None:
    assert len(add(videos, "a.mp4", "b.mp4", "a.mp4")) == 2
    assert len(add(videos, "b.mp4", "c.mp4")) == 1
    assert table.rowCount() == 3
    videos.clear()
    assert table.rowCount() == 0
    videos.update(VideoClip(Path("/v/a.mp4")), state=VideoState.DONE)  # late news of a video that has left
    assert len(add(videos, "a.mp4")) == 1


def test_names_sort_by_their_numbers(videos: VideoList, filtered: VideoFilter) -> None:
    add(videos, "clip 10.mp4", "clip 9.mp4", "Clip 1.mp4", "a.mp4")
    filtered.sort(NAME)
    assert names(filtered) == ["a", "Clip 1", "clip 9", "clip 10"]
    filtered.sort(-1)
    assert names(filtered) == ["clip 10", "clip 9", "Clip 1", "a"]


def test_scores_and_lengths_sort_as_numbers(videos: VideoList, filtered: VideoFilter) -> None:
    paths = add(videos, "a.mp4", "b.mp4", "c.mp4", "unknown.mp4")
    for path, n_frames in zip(paths, (900, 90, 9000), strict=False):
        info = video_info(path, n_frames)
        videos.update(VideoClip(path), info=info, analysis=make_analysis(info))
    filtered.sort(LENGTH)
    assert names(filtered) == ["unknown", "b", "a", "c"]
    filtered.sort(SCORE, Qt.SortOrder.DescendingOrder)
    scores = {entry.name: entry.analysis.score for entry in videos if entry.analysis is not None}
    assert names(filtered) == [*sorted(scores, key=scores.__getitem__, reverse=True), "unknown"]


def test_the_order_follows_when_a_score_comes_in(videos: VideoList, filtered: VideoFilter) -> None:
    add(videos, *(f"{i}.mp4" for i in range(30)))
    filtered.sort(SCORE)
    for i in np.random.default_rng(0).permutation(30):
        path = Path(f"/v/{i}.mp4")
        videos.update(VideoClip(path), analysis=make_analysis(video_info(path, 300)))
    by_name = {entry.name: entry.analysis.score for entry in videos if entry.analysis is not None}
    assert names(filtered) == sorted(by_name, key=by_name.__getitem__)


def test_words_and_states_filter(videos: VideoList, filtered: VideoFilter) -> None:
    paths = add(videos, "P07 left hand.mp4", "P07 right hand.mp4", "P08 left hand.mp4")
    filtered.set_query("hand p07")
    assert names(filtered) == ["P07 left hand", "P07 right hand"]
    filtered.set_query("LEFT")
    assert names(filtered) == ["P07 left hand", "P08 left hand"]
    filtered.set_state(VideoState.FAILED)
    assert names(filtered) == []
    videos.update(VideoClip(paths[2]), state=VideoState.FAILED)
    assert names(filtered) == ["P08 left hand"]
    filtered.set_query("")
    filtered.set_state(None)
    assert len(names(filtered)) == 3


@pytest.mark.parametrize(
    ("names", "left_out"),
    [
        (["P01_left_hand_front", "P02_left_hand_front"], ""),
        (["study_kitchen_take_1", "study_kitchen_take_2"], "study_kitchen_take_"),
        (["participant_10_left", "participant_17_left"], "participant_"),
        (["apples", "pears", "plums"], ""),
        (["alone"], ""),
        ([], ""),
    ],
)
def test_what_long_names_begin_with_alike_is_left_out(names: list[str], left_out: str) -> None:
    assert n_alike(names) == len(left_out)


def test_a_long_name_keeps_what_tells_it_apart(qapp: QApplication) -> None:
    names = [f"Teilnehmer_{n:02d}_Übung_mit_der_linken_Hand_Kamera_vorn" for n in range(1, 13)]
    metrics = QFontMetrics(qapp.font())
    room = metrics.horizontalAdvance("…12_Übung…")
    cut = [elided(name, n_alike(names), metrics, room) for name in names]
    assert all(text.startswith(f"…{n:02d}") for n, text in enumerate(cut, start=1))
    assert all(metrics.horizontalAdvance(text) <= room for text in cut)
    assert elided(names[0], n_alike(names), metrics, 10_000) == names[0]


def test_a_percentile_needs_twenty_comparable_videos(videos: VideoList, table: VideoTable) -> None:
    paths = add(videos, *(f"{n:02d}.mp4" for n in range(22)))
    for n, path in enumerate(paths):
        videos.update(VideoClip(path), task="suturing" if n < 21 else "knots")
    for n, path in enumerate(paths[:20]):
        videos.update(VideoClip(path), state=VideoState.DONE, analysis=make_analysis(video_info(path), seed=n))
    assert row_texts(table, 3)[PERCENTILE] == "–", "only 19 others"
    videos.update(VideoClip(paths[20]), state=VideoState.DONE, analysis=make_analysis(video_info(paths[20])))
    videos.update(VideoClip(paths[21]), state=VideoState.DONE, analysis=make_analysis(video_info(paths[21])))
    scores = [entry.analysis.score for entry in list(videos)[:21] if entry.analysis is not None]
    lower = sum(score < scores[3] for score in scores)
    low, high = map(int, row_texts(table, 3)[PERCENTILE].split("–"))
    assert low < 100 * lower / 20 < high
    assert row_texts(table, 21)[PERCENTILE] == "–", "another task"


def test_a_percentile_follows_every_change_of_scores_and_tasks(videos: VideoList) -> None:
    """Scores take their places one by one; the expected standing is computed from the whole list."""
    rng, cohorts = np.random.default_rng(3), Cohorts(videos)
    paths = add(videos, *(f"{i}.mp4" for i in range(12)))
    made = make_analysis(video_info(paths[0]))
    for step in range(120):
        path = paths[rng.integers(len(paths))]
        curve = np.full_like(made.score_curve, rng.integers(-5, 6))  # hence ties
        analysis = None if step % 7 == 6 else replace(made, score_curve=curve)
        change = {"task": ("", "knots")[rng.integers(2)]} if step % 5 == 4 else {"analysis": analysis}
        videos.update(VideoClip(path), **change)
        if step in {60, 90}:
            videos.remove(VideoClip(paths.pop()))
        for entry in videos:
            others = [o.analysis.score for o in cohorts.comparable_entries(entry) if o.analysis is not None]
            same = {o.clip for o in videos if o.task == entry.task and o.analysis is not None} - {entry.clip}
            assert {o.clip for o in cohorts.comparable_entries(entry)} == same
            known = entry.analysis
            expected = cohort_position(known.score, known.interval, others) if known is not None else None
            assert repr(cohorts.position(entry)) == repr(expected)  # the median of nobody is NaN


def test_under_a_name_and_a_score(videos: VideoList, table: VideoTable) -> None:
    (path,) = add(videos, "P12.mp4")
    info = video_info(path, 957)
    videos.update(VideoClip(path), info=info, participant="P12", study_name="twelve")
    assert table.index(0, NAME).data(SECOND_LINE_ROLE) == "not assessed"
    assert table.index(0, SCORE).data(SECOND_LINE_ROLE) == ""
    analysis = make_analysis(info, passes=3, warning="Unlike the others.")
    videos.update(VideoClip(path), state=VideoState.DONE, analysis=analysis)
    assert table.index(0, NAME).data() == "twelve"
    assert table.index(0, NAME).data(SECOND_LINE_ROLE) == "unfamiliar · 00:31.9 · P12"
    videos.update(VideoClip(path), occasion="post")
    assert table.index(0, NAME).data(SECOND_LINE_ROLE) == "unfamiliar · 00:31.9 · P12 · post"
    assert table.index(0, SCORE).data() == "?"
    assert table.index(0, SCORE).data(SECOND_LINE_ROLE) == ""
    assert f"{analysis.score:+.2f}" not in table.index(0, SCORE).data(Qt.ItemDataRole.ToolTipRole).replace("−", "-")
    assert videos.cohorts.position(videos[0]) is None
    videos.show_unfamiliar(True)
    assert videos.cohorts.position(videos[0]) is not None
    assert table.index(0, SCORE).data().replace("−", "-") == f"{analysis.score:+.2f}"
    assert analysis.interval is not None
    low, high = (f"{end:+.2f}".replace("-", "−") for end in analysis.interval)
    half = (analysis.interval[1] - analysis.interval[0]) / 2
    assert table.index(0, SCORE).data(SECOND_LINE_ROLE) == f"± {half:.2f}"
    for role, column in ((Qt.ItemDataRole.ToolTipRole, SCORE), (Qt.ItemDataRole.AccessibleTextRole, NAME)):
        assert f"(95 % interval {low} to {high})" in table.index(0, column).data(role)


def test_the_chosen_row_is_whole_when_the_list_becomes_shorter(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_and_load(qtbot, window, world.touch(*(f"v{i:02d}.mp4" for i in range(30))))
    panel = window.window.panel
    view = panel.videos_view
    qtbot.waitUntil(lambda: panel.video_filter.rowCount() == 30)
    view.setCurrentIndex(panel.video_filter.index(12, 0))
    chosen = view.visualRect(view.currentIndex())
    view.setFixedHeight(view.height() - view.viewport().height() + chosen.bottom() - chosen.height() // 2)
    qtbot.waitUntil(lambda: view.viewport().rect().contains(view.visualRect(view.currentIndex()).center()))
    qtbot.waitUntil(lambda: view.visualRect(view.currentIndex()).bottom() <= view.viewport().rect().bottom())
