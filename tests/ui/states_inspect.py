"""States of the docks of Inspect: why, moments, notes; for tests and for screenshots."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from skillviewer.core.dataset.pairs import UNNAMED, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.data.study import Opinion, Study, Vote
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.inspecting.hands_panel import HandsPanel
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.inspecting.split_screen import SplitScreen
from skillviewer.ui.inspecting.why_panel import WhyPanel
from skillviewer.ui.session.insight.video_annotations import NewMoment
from skillviewer.ui.session.study_controller import ANNOTATIONS, SETTINGS, VOTES
from tests.ui.fake_hands import hands
from tests.ui.fakes import SCALE

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip
    from tests.ui.states import Stage

ENOUGH = 24
LONG = "Teilnehmer_{:02d}_Übung_mit_der_linken_Hand_zweiter_Durchgang_nach_der_Pause_Kamera_vorn"


def panel(stage: "Stage") -> WhyPanel:
    """Return the Why panel."""
    found = stage.made.window.findChild(WhyPanel)
    assert found is not None
    return found


def _lowest(stage: "Stage", n: int = ENOUGH, *, stem: str = "grasp_{:02d}", passes: int = 4) -> "VideoClip":
    """Assess all, and go to the video with the lowest score."""
    app_context = stage.made.app_context
    app_context.state.set_passes(passes)
    files = stage.open(n, stem)
    stage.wait(lambda: {entry.path for entry in app_context.videos} >= set(files))
    stage.assess(len(app_context.videos))
    stage.wait(lambda: all(entry.thumbnail is not None for entry in app_context.videos), 60_000)
    ours = [entry for entry in app_context.videos if entry.path in files]
    lowest = min(ours, key=lambda e: e.analysis.score if e.analysis is not None else 0.0)
    stage.made.window.panel.videos_view.sortByColumn(
        2, stage.made.window.panel.videos_view.horizontalHeader().sortIndicatorOrder()
    )
    stage.made.window.panel.show_chosen(lowest.clip)
    stage.wait(lambda: app_context.state.current_clip == lowest.clip)
    stage.wait(lambda: app_context.playback.video is not None and app_context.feed.settled)
    return lowest.clip


def _wait_for_page(stage: "Stage", *, evidence: bool = True) -> None:
    """Wait until the page is complete; in a narrow window it is opened for that."""
    if stage.made.window.screens.collapsed:
        stage.made.window.show_panel("why")
    why_loader, videos = stage.made.app_context.why_loader, stage.made.app_context.videos
    others = (entry for entry in videos if entry.clip != stage.made.app_context.state.current_clip)
    analyses = [entry.analysis for entry in others if entry.analysis is not None]
    n = sum(videos.shows_unfamiliar or not analysis.unfamiliar for analysis in analyses)  # others are no cohort

    def complete() -> bool:
        found = why_loader.findings
        return found is not None and found.position.n_compared == n and (not evidence or found.evidence is not None)

    stage.wait(complete, 60_000)
    stage.pause(300)


def why(stage: "Stage") -> QWidget:
    """The lowest of 24 videos, with everything known."""
    _lowest(stage)
    _wait_for_page(stage)
    stage.seek(97)
    return stage.made.window


def why_page(stage: "Stage") -> QWidget:
    """The same page, all of it."""
    why(stage)
    stage.made.app_context.annotations.set_opinion(_first(stage), Opinion.AGREE, None)
    stage.pause(300)
    return panel(stage).content


def _first(stage: "Stage") -> NewMoment:
    found = stage.made.app_context.why_loader.findings
    assert found is not None
    moment = found.moments[0]
    return NewMoment(moment.start_s, moment.stop_s, found.analysis.provenance.model_digest)


def why_few(stage: "Stage") -> QWidget:
    """Too few videos for a percentile, and one pass."""
    _lowest(stage, 6, passes=1)
    _wait_for_page(stage)
    return stage.made.window


def why_long(stage: "Stage") -> QWidget:
    """Long names, and a video unlike those of the training."""
    stage.world.warning = (
        "This video looks unlike those the model was trained on: 1.8 times as far from them as the most unusual of the "
        "40 training videos. Its score may mean little."
    )
    _lowest(stage, stem=LONG)
    _wait_for_page(stage)
    return stage.made.window


def why_grey(stage: "Stage") -> QWidget:
    """Attention no better than random."""
    stage.world.explaining.faithful = 0.0
    _lowest(stage)
    _wait_for_page(stage)
    return stage.made.window


def why_raters(stage: "Stage") -> QWidget:
    """What raters said of a video, with their reasons and marks, some long."""
    _lowest(stage, 8)
    _wait_for_page(stage)
    app_context = stage.made.app_context
    found = app_context.why_loader.findings
    assert found is not None
    here, *others = [found.name, *(e.name for e in app_context.videos if e.name != found.name)]
    long = "the needle slips twice before the second stitch, and the left hand has to let go of the thread for it"

    def judge(study: Study) -> object:
        cast = study.votes.cast
        cast(Vote(here, others[0], Verdict.RIGHT, "Ann Example", reason="two attempts", left_mark_s=2.4))
        cast(Vote(others[1], here, Verdict.LEFT, "Dr. Bartholomäus von Hohenstein-Weidenfels", reason=long))
        cast(Vote(here, others[2], Verdict.NEITHER, "Ann Example", left_mark_s=1.0, right_mark_s=0.5))
        for number in range(3, 5):
            cast(Vote(others[number], here, Verdict.LEFT, UNNAMED, reason="slow", right_mark_s=0.5 * number))
        return cast(Vote(here, others[5], Verdict.RIGHT, "Cem", reason=long, left_mark_s=3.7))

    app_context.studies.submit_write(judge, VOTES)
    block = panel(stage).raters_block
    stage.wait(lambda: bool(block.reason_rows[0].message_label.plain_text), 10_000)
    stage.pause(300)
    panel(stage).page.ensureWidgetVisible(block)
    return stage.made.window


def why_scale(stage: "Stage") -> QWidget:
    """A model on the raters' scale, next to what three raters gave the video and remarked."""
    stage.world.scale = SCALE
    lowest = _lowest(stage)
    _wait_for_page(stage)
    names = [entry.name for entry in stage.made.app_context.videos]
    given = tuple(
        VideoRating(name, rater, item, float(20 + (7 * at + 3 * len(rater) + len(item)) % 30))
        for at, name in enumerate(names)
        for rater in ("Ann Example", "Dr. Bartholomäus von Hohenstein-Weidenfels", "Cem")
        for item in ("Global", "Flow of the whole operation")
    )
    scales = (RatingScale("Global", 0, 60, stated=True), RatingScale("Flow of the whole operation", 0, 60, stated=True))
    remark = "Ann Example: 0:04 dropped the needle, then slow and sure; the left hand waits for the right one."

    def rate(study: Study) -> object:
        study.ratings.add(RatingSet(given, scales), "scores.csv")
        return study.annotations.write_note(remark, author="Ann Example", video=lowest.path.stem)

    stage.made.app_context.studies.submit_write(rate, VOTES, ANNOTATIONS, SETTINGS)
    stage.pause(1500)
    stage.seek(97)
    return stage.made.window


def split(stage: "Stage") -> QWidget:
    """The lowest of 24 videos next to a better one."""
    _lowest(stage)
    _wait_for_page(stage)
    window = stage.made.window
    window.actions_["better_video"].trigger()
    stage.wait(lambda: bool(stage.made.app_context.reference_loader.gaps))
    screen = window.screens.widget
    assert isinstance(screen, SplitScreen)
    stage.seek(97)
    stage.wait(
        lambda: screen.reference_player.feed.settled and screen.reference_player.canvas.displayed_frame is not None
    )
    screen.jump(1)
    stage.pause(200)
    return window


def why_working(stage: "Stage") -> QWidget:
    """The evidence is being measured."""
    lowest = _lowest(stage)
    _wait_for_page(stage)
    app_context = stage.made.app_context
    stage.world.explaining.held = True
    other = [entry.clip for entry in app_context.videos if entry.clip != lowest][-1]  # the first was on screen before
    stage.made.window.panel.show_chosen(other)
    stage.wait(lambda: app_context.state.current_clip == other and app_context.feed.settled)
    stage.wait(lambda: app_context.evidence_loader.progress is not None)
    stage.pause(300)
    page = panel(stage)
    page.page.verticalScrollBar().setValue(page.contributions_block.y() - 40)
    stage.world.explaining.hold.set()
    return stage.made.window


def why_failed(stage: "Stage") -> QWidget:
    """The evidence could not be measured."""
    stage.world.explaining.failing = True
    _lowest(stage)
    _wait_for_page(stage, evidence=False)
    stage.wait(lambda: bool(stage.made.app_context.evidence_loader.failure))
    page = panel(stage)
    page.page.verticalScrollBar().setValue(page.contributions_block.y() - 40)
    return stage.made.window


def why_blind(stage: "Stage") -> QWidget:
    """A blind study, not judged yet."""
    stage.open(6)
    studies = stage.made.app_context.studies
    stage.wait(lambda: studies.current_study is not None)

    def shut(study: Study) -> None:
        study.settings = replace(study.settings, blind=True)

    studies.submit_write(shut, SETTINGS)
    stage.assess(6)
    stage.pause(900)
    return stage.made.window


def moments(stage: "Stage") -> QWidget:
    """Found and kept moments, opinions and a note on one."""
    _lowest(stage)
    _wait_for_page(stage)
    app_context = stage.made.app_context
    annotations = app_context.annotations
    stage.wait(lambda: annotations.writable)
    annotations.annotate(_first(stage), "The tool slips here, twice.", None, annotations.video)
    annotations.save_moment(0.5, 1.25)
    stage.pause(200)
    app_context.tour.step(1)
    stage.made.window._docks["moments"].raise_open()
    stage.pause(200)
    return stage.made.window


def keep_labels(stage: "Stage", *authors: str) -> None:
    """Keep moments of the video on screen, three for each author, and wait for their rows."""
    annotations = stage.made.app_context.annotations
    stage.wait(lambda: annotations.writable)
    name = annotations.video

    def write(study: Study) -> None:
        for row, author in enumerate(authors):
            for start_s in (0.4, 1.6, 3.4):
                study.annotations.save_moment(
                    name, start_s + row / 4, start_s + row / 4 + 0.7, author=author, label="slip"
                )

    stage.made.app_context.studies.submit_write(write, ANNOTATIONS)
    stage.wait(lambda: len(annotations.moments) == 3 * len(authors))


def label_rows(stage: "Stage") -> QWidget:
    """Rows of the model and of four people under the curve; the end of a bar is being dragged."""
    stage.made.app_context.annotations.set_author("Ann Example")
    _lowest(stage)
    _wait_for_page(stage)
    keep_labels(stage, "Ann Example", "Dr. Bartholomäus von Hohenstein-Weidenfels", "", "Cem")
    screen = stage.made.window.screens.widget
    assert isinstance(screen, InspectScreen)
    timeline = screen.moment_timeline
    stage.wait(timeline.isVisible)
    stage.pause(200)
    bar = next(bar for bar in timeline.bars if bar.saved_moment is not None)
    box = timeline.getPlotItem().getViewBox()
    places = [
        timeline.mapFromScene(box.mapViewToScene(QPointF(time_s, -bar.row))) for time_s in (bar.stop_s, bar.stop_s + 1)
    ]
    QTest.mousePress(timeline.viewport(), Qt.MouseButton.LeftButton, pos=places[0])
    QTest.mouseMove(timeline.viewport(), places[1])
    stage.pause(100)
    return stage.made.window


def tracks(stage: "Stage") -> QWidget:
    """Tracks of two hands, their measures and their motion."""
    files = stage.world.touch("grasp_01.mp4")
    stage.world.n_frames = {files[0].stem: 180}
    TrackStore().put(hands(stage.world.info(files[0]), gap=range(30, 45)))
    stage.open(6)
    stage.assess(4)
    app_context = stage.made.app_context
    stage.wait(lambda: app_context.tracks.saved_tracks is not None)
    stage.made.window.show_panel("hands")
    panel = stage.made.window.panel_named("hands")
    assert isinstance(panel, HandsPanel)
    stage.wait(lambda: bool(panel.measures_table.table.shown_rows))
    stage.seek(97)
    return stage.made.window


def notes(stage: "Stage") -> QWidget:
    """Two notes, one of several lines."""
    _lowest(stage)
    _wait_for_page(stage)
    app_context = stage.made.app_context
    stage.wait(lambda: app_context.annotations.writable)
    name = app_context.annotations.video
    text = "Held with the left hand throughout; the right only steadies the plate.\n\nTo be discussed on Thursday."

    def write(study: Study) -> None:
        study.annotations.write_note(text, author="A. Brenner", video=name, time_s=None)
        study.annotations.write_note("Slips at the rim.", author="", video=name, time_s=2.4)

    app_context.studies.submit_write(write, ANNOTATIONS)
    stage.wait(lambda: len(app_context.annotations.notes) == 2)
    stage.made.window._docks["notes"].raise_open()
    stage.pause(200)
    return stage.made.window


INSPECT_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make
    for make in (
        why, why_page, why_few, why_long, why_grey, why_raters, why_scale,
        why_working, why_failed, why_blind, moments, notes, label_rows, tracks,
        split,
    )
}  # fmt: skip
