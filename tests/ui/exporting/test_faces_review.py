"""Faces looked over by hand: drawn, removed, undone; what stands is on disk, and is what exports blur."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from skillviewer.core.faces.faces import DoubtReason, FaceBox, FaceReviewItem, Faces
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.data.faces_file import FaceStore
from skillviewer.media.reading.reader import VideoReader
from skillviewer.ui.app import Composition
from skillviewer.ui.exporting.faces import BlurSpan, FacesReview
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import wait_for_stop
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click
from tests.videos import write_barcode_video

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_barcode_video(tmp_path / "ü 1.mp4", 90, width=320, height=192).path


@pytest.fixture
def made(
    qtbot: QtBot,
    make_window: MakeWindow,
    world: FakeWorld,
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Composition:
    monkeypatch.setattr("skillviewer.data.faces_file.data_dir", lambda: tmp_path / "data")
    composition = make_window(replace(world.backend(), open_reader=VideoReader))
    composition.app_context.assessments.set_automatic(on=False)
    composition.app_context.open([video])
    qtbot.waitUntil(lambda: composition.app_context.studies.current_study is not None)
    qtbot.waitUntil(lambda: composition.app_context.playback.video is not None)
    return composition


@pytest.fixture
def review(qtbot: QtBot, made: Composition, video: Path) -> Iterator[FacesReview]:
    shown = FacesReview(made.app_context, made.window)  # over the window, as a page of it
    shown.resize(900, 520)
    shown.show()
    shown.raise_()
    shown.open(video)
    qtbot.waitUntil(lambda: shown.faces is not None and on_screen(shown) == 0)
    yield shown
    shown.open(None)


def on_screen(review: FacesReview) -> int | None:
    return review._picture.frame_index if review._picture is not None and review._picture.is_exact else None


def at(review: FacesReview, x: float, y: float) -> QPoint:
    rect = review.canvas.picture_rect()
    return QPointF(rect.left() + x * rect.width(), rect.top() + y * rect.height()).toPoint()


def drag(review: FacesReview, box: FaceBox) -> None:
    QTest.mousePress(review.canvas, LEFT, pos=at(review, box.left, box.top))
    QTest.mouseMove(review.canvas, at(review, (box.left + box.right) / 2, box.top))
    QTest.mouseMove(review.canvas, at(review, box.right, box.bottom))
    QTest.mouseRelease(review.canvas, LEFT, pos=at(review, box.right, box.bottom))


def kept(review: FacesReview) -> Faces | None:
    assert review.faces is not None
    return FaceStore().get(review.faces.video_digest)


def test_a_box_is_drawn_where_the_mouse_was_undone_and_done_again(
    qtbot: QtBot, review: FacesReview, made: Composition
) -> None:
    drag(review, FaceBox(0.25, 0.25, 0.5, 0.75))
    qtbot.waitUntil(lambda: kept(review) is not None)
    stored = kept(review)
    assert stored is not None
    (box,) = stored.boxes_at(0)
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.25, 0.25, 0.5, 0.75), abs=0.01)
    assert stored.boxes_at(89) == (box,)
    undo = made.app_context.undo
    qtbot.waitUntil(lambda: undo.undo_text == "face box")
    undo.undo()
    qtbot.waitUntil(lambda: review.faces is not None and not review.faces.tracks)
    assert kept(review) is None, "an export would take the video for one that was looked over, and not search it"
    qtbot.waitUntil(lambda: undo.redo_text == "face box")
    undo.redo()
    qtbot.waitUntil(lambda: review.faces == stored)
    assert kept(review) == stored


def test_a_box_that_is_clicked_is_removed_by_delete(qtbot: QtBot, review: FacesReview) -> None:
    drag(review, FaceBox(0.25, 0.25, 0.5, 0.75))
    qtbot.waitUntil(lambda: kept(review) is not None)
    assert not missing(review.summary_label.text(), "90", "90 frames")
    QTest.mouseClick(review.canvas, LEFT, pos=at(review, 0.9, 0.9))
    assert not review.remove_button.isEnabled()
    QTest.mouseClick(review.canvas, LEFT, pos=at(review, 0.4, 0.5))
    assert review.remove_button.isEnabled()
    QTest.keyClick(review.canvas, Qt.Key.Key_Delete)
    assert review.faces is not None
    assert review.faces.tracks == ()
    qtbot.waitUntil(lambda: kept(review) is None)


def test_a_box_around_this_frame_covers_a_second(qtbot: QtBot, review: FacesReview) -> None:
    review.slider.setValue(45)
    qtbot.waitUntil(lambda: on_screen(review) == 45)
    review.blur_span_box.setCurrentIndex(BlurSpan.AROUND)
    drag(review, FaceBox(0.1, 0.1, 0.3, 0.4))
    assert review.faces is not None
    (track,) = review.faces.tracks
    assert (track.start, track.stop) == (30, 61)
    review.slider.setValue(50)
    qtbot.waitUntil(lambda: on_screen(review) == 50)
    click(review.remove_from_here_button)
    (track,) = review.faces.tracks
    assert (track.start, track.stop) == (30, 50)


@pytest.mark.slow
def test_a_search_is_told_and_doubts_are_settled(qtbot: QtBot, review: FacesReview) -> None:
    assert "Not searched yet" in review.summary_label.text()
    click(review.search_button)
    qtbot.waitUntil(lambda: "No face was found" in review.summary_label.text())
    assert review.faces is not None
    doubts = (
        FaceReviewItem(30, 40, DoubtReason.HELD, FaceBox(0.1, 0.1, 0.2, 0.2)),
        FaceReviewItem(60, 61, DoubtReason.PERHAPS, FaceBox(0.1, 0.1, 0.2, 0.2)),
    )
    review._edit(Faces(review.faces.video_digest, 90, doubts=doubts, method="YuNet"), "made up")
    assert [review.doubt_list.item(i).text() for i in range(2)] == [
        "31–40: not found; the box is kept",
        "61: possibly a face; not blurred",
    ]
    review.doubt_list.setCurrentRow(1)
    assert review.frame == 60
    click(review.reviewed_button)
    assert review.faces.doubts == doubts[:1]
    qtbot.waitUntil(lambda: kept(review) == review.faces)


def test_closing_during_a_search_ends_it_and_keeps_what_was_drawn(
    qtbot: QtBot, review: FacesReview, made: Composition, dialogs: FakeDialogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    drag(review, FaceBox(0.25, 0.25, 0.5, 0.75))
    qtbot.waitUntil(lambda: kept(review) is not None)
    drawn = kept(review)
    searching, ended = threading.Event(), threading.Event()

    def search(_path: Path, token: CancelToken, report: Report) -> NoReturn:
        report(Progress("looking for faces", 1, 90))
        searching.set()
        wait_for_stop(token, ended)

    monkeypatch.setattr("skillviewer.ui.exporting.faces.search_faces", search)
    click(review.search_button)
    qtbot.waitUntil(searching.is_set)
    assert "Looking for faces in ü 1" in [job.title for job in made.app_context.jobs.running]
    made.window.close()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert ended.is_set()
    assert dialogs.asked == [], "it can be searched again"
    assert not any(worker._thread.isRunning() for worker in made.app_context.workers)
    qtbot.waitUntil(lambda: not made.app_context.jobs.running)
    assert kept(review) == drawn
    assert not made.window.message_bar.text
