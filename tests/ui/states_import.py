"""States of the page that imports ratings, and of results with ratings, for tests and for screenshots."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import openpyxl
from PySide6.QtWidgets import QAbstractButton, QWidget

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.data.study import Study
from skillviewer.ui.importing.ratings_import_dialog import RatingsImportDialog
from skillviewer.ui.importing.timeline_import_dialog import TimelineImportDialog
from tests.ui.states_votes import cast_votes, opened

if TYPE_CHECKING:
    from skillviewer.ui.ranking.screen import RankScreen
    from tests.ui.states import Stage


def import_ratings(stage: "Stage") -> QWidget:
    """A workbook with two sheets, names that nearly fit, and unreadable cells."""
    stage.made.app_context.assessments.set_automatic(on=False)
    folder = stage.open(12)[0].parent
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Scores 2026"
    sheet.append(["Ratings of the spring course"])
    sheet.append(["Clip", "Trainee", "Assessor", "Visit", "Flow (1-5)", "Respect for tissue (1-5)", "Level", "Remark"])
    for i in range(1, 12):
        for rater in ("Dr. Weber", "Dr. Okafor"):
            clip = {5: "grasp 05", 7: "grasp_7"}.get(i, f"grasp_{i:02d}.mp4")
            level = ("novice", "intermediate", "expert")[i % 3]
            flow = "n/a" if i == 3 else 7 if i == 9 else 1 + i % 5
            told = "slow, but sure" * (i % 2)
            sheet.append([clip, f"P{i // 3:02d}", rater, "pre", flow, 1 + (i * 3) % 5, level, told])
    book.create_sheet("Key").append(["1", "poor"])
    path = folder / "spring course ratings.xlsx"
    book.save(path)
    stage.made.app_context.open([path])
    stage.wait(lambda: stage.made.window.findChild(RatingsImportDialog) is not None)
    page = cast("RatingsImportDialog", stage.made.window.findChild(RatingsImportDialog))
    stage.wait(lambda: page.loader.preview is not None and not page.loader.is_busy)
    page.tabs.setCurrentIndex(1)
    page.report_view.selectRow(0)
    return page


def import_timeline(stage: "Stage") -> QWidget:
    """Subtitles with five tiers on the video on screen."""
    stage.made.app_context.assessments.set_automatic(on=False)
    path = stage.open(3)[0].with_name("coding of the spring course.srt")
    tiers = ("steps", "errors", "hesitations", "remarks of the assessor", "tools")
    cues = [(n, tier) for n in range(40) for tier in tiers[: 1 + n % 5]]
    path.write_text("\n".join(f"00:00:{n:02},0 --> 00:00:{n + 1:02},0\n[{tier} – Dr. Weber] x\n" for n, tier in cues))
    stage.wait(lambda: stage.made.app_context.annotations.writable)
    stage.made.app_context.open([path])
    stage.wait(lambda: stage.made.window.findChild(TimelineImportDialog) is not None)
    page = cast("TimelineImportDialog", stage.made.window.findChild(TimelineImportDialog))
    stage.wait(lambda: bool(page.boxes))
    page.boxes["steps"].setCurrentIndex(4)
    page.boxes["tools"].setCurrentIndex(0)
    return page


def import_observations(stage: "Stage") -> QWidget:
    """A BORIS project of two observers, with events that cannot be used."""
    stage.made.app_context.assessments.set_automatic(on=False)
    video = stage.open(3)[0]
    path = video.with_name("coding of the spring course.boris")
    events = [[n / 2, "left hand", behavior, "", ""] for n in range(20) for behavior in ("reach", "grasp", "slip")]
    unused = [[float(n), f"hand {n}", "grasp", "", ""] for n in range(5)]
    observers = {
        f"grasp 01, {name}": {"file": {"1": [video.name]}, "events": [*events, *unused]} for name in ("Weber", "Okafor")
    }
    states = {"0": {"type": "State event", "code": "grasp"}}
    path.write_text(json.dumps({"observations": {**observers, "live": {"events": []}}, "behaviors_conf": states}))
    stage.wait(lambda: stage.made.app_context.annotations.writable)
    stage.made.app_context.open([path])
    stage.wait(lambda: stage.made.window.findChild(TimelineImportDialog) is not None)
    page = cast("TimelineImportDialog", stage.made.window.findChild(TimelineImportDialog))
    stage.wait(lambda: bool(page.boxes))
    return page


def _rated(study: Study, names: list[str]) -> None:
    cast_votes(study, names, {"Ann": 0.2, "Bob": 0.8}, 30)
    given = tuple(
        VideoRating(name, rater, "Global", float(6 + 7 * i % 24 + n * (i % 2)))
        for i, name in enumerate(names)
        for n, rater in enumerate(("Weber", "Okafor"))
    )
    study.ratings.add(RatingSet(given, (RatingScale("Global", 6, 30, stated=True),)), "scores.csv")


def rank_rated(stage: "Stage") -> QWidget:
    """Votes that contradict ratings."""
    return opened(stage, _rated, 8, "grasp_{:02d}", 0)


def rank_rating_rule(stage: "Stage") -> QWidget:
    """The rule that makes pairs of ratings."""
    window = opened(stage, _rated, 8, "grasp_{:02d}", 0)
    screen = cast("RankScreen", stage.made.window.screens.get_page("rank"))
    next(b for b in screen.findChildren(QAbstractButton) if b.text() == "Set-up").click()
    stage.wait(lambda: "standard error" in screen.settings_view.rating_note.text())
    return window


IMPORT_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make for make in (import_ratings, import_timeline, import_observations, rank_rated, rank_rating_rule)
}
