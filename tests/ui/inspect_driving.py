"""Helpers to drive the Inspect screen: assess videos, choose the lowest, read the page."""

from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.video.clips import VideoClip
from skillviewer.data.study import Study
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.moments_panel import MomentsPanel
from skillviewer.ui.inspecting.notes_panel import NotesPanel
from skillviewer.ui.inspecting.why_panel import WhyPanel
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.video_entry import VideoEntry
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld

Panel = TypeVar("Panel", bound=QWidget)


def _panel(made: Composition, kind: type[Panel]) -> Panel:
    found = made.window.findChild(kind)
    assert isinstance(found, kind)
    return found


def why_of(made: Composition) -> WhyPanel:
    return _panel(made, WhyPanel)


def moments_of(made: Composition) -> MomentsPanel:
    return _panel(made, MomentsPanel)


def notes_of(made: Composition) -> NotesPanel:
    return _panel(made, NotesPanel)


def open_assessed(qtbot: QtBot, made: Composition, world: FakeWorld, n: int, passes: int = 2) -> None:
    """Open videos of 5 s, and let the model assess them all."""
    files = world.touch(*(f"grasp_{i:02d}.mp4" for i in range(1, n + 1)))
    world.n_frames = {path.stem: 150 for path in files}
    made.app_context.assessments.set_automatic(on=False)
    made.app_context.state.set_passes(passes)
    open_and_load(qtbot, made, files)
    qtbot.waitUntil(
        lambda: made.app_context.state.model is not None and all(e.study_name for e in made.app_context.videos)
    )
    assess_all(qtbot, made)


def assess_all(qtbot: QtBot, made: Composition) -> None:
    made.app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: not made.app_context.assessments.is_busy, timeout=120_000)


def by_score(made: Composition) -> list[VideoEntry]:
    """Return the assessed videos, the lowest first."""
    return sorted((e for e in made.app_context.videos if e.analysis is not None), key=score_of)


def score_of(entry: VideoEntry) -> float:
    assert entry.analysis is not None
    return entry.analysis.score


def choose(qtbot: QtBot, made: Composition, path: Path) -> None:
    """Choose a video in the list, and wait for its picture."""
    clip = VideoClip(path)
    made.window.panel.show_chosen(clip)
    qtbot.waitUntil(lambda: made.app_context.state.current_clip == clip and made.app_context.playback.video is not None)
    qtbot.waitUntil(lambda: made.app_context.feed.settled)


def findings_of(qtbot: QtBot, made: Composition, *, evidence: bool = True) -> Findings:
    """Wait until the findings are complete, and return them."""
    why_loader = made.app_context.why_loader
    n = sum(entry.analysis is not None for entry in made.app_context.videos) - 1

    def known() -> bool:
        found = why_loader.findings
        return found is not None and found.position.n_compared == n and (not evidence or found.evidence is not None)

    qtbot.waitUntil(known)
    assert why_loader.findings is not None
    return why_loader.findings


def unseen(made: Composition) -> VideoEntry:
    """Return an assessed video that is not on screen and has no evidence yet."""
    return next(entry for entry in by_score(made) if entry.clip != made.app_context.state.current_clip)


def lowest(qtbot: QtBot, made: Composition, *, evidence: bool = True) -> Findings:
    """Go to the video with the lowest score, and wait for the page."""
    choose(qtbot, made, by_score(made)[0].path)
    return findings_of(qtbot, made, evidence=evidence)


def stored_study(made: Composition) -> Study:
    """Open the study's file a second time, to read what is on the disk."""
    study = made.app_context.studies.current_study
    assert study is not None
    return Study.open(study.path, read_only=True)
