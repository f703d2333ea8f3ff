"""States of the Rank screen, for tests and for screenshots."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QAbstractButton, QWidget

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.ratings.rubric_templates import OSATS
from skillviewer.data.study import NewVideo, Study, StudySettings
from skillviewer.ui.app import begin
from skillviewer.ui.ranking.screen import RankScreen
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.session.study_controller import SETTINGS

if TYPE_CHECKING:
    from tests.ui.states import Stage

WAIT_MS = 60_000
RATERS = ("Ann", "Ben", "Dr. Clara von Hohenstein-Oberwaldkirchen, Kinder- und Jugendmedizin")


def _screen(stage: "Stage") -> RankScreen:
    return cast("RankScreen", stage.made.window.screens.get_page("rank"))


def _study(stage: "Stage", n: int, raters: tuple[str, ...], gone: int, **settings: object) -> Path:
    files = stage.world.touch(*(f"grasp_{i:02d}.mp4" for i in range(1, n + 1)))
    stage.world.n_frames = {path.stem: 240 + i * 61 % 300 for i, path in enumerate(files)}
    path = Path(stage.world.folder).parent / "grasping.skillstudy"
    with Study.create(path, StudySettings(title="Grasping", **settings)) as study:  # type: ignore[arg-type]
        study.videos.add([NewVideo(file) for file in files])
        for rater in raters:
            study.votes.add_rater(rater)
    for file in files[len(files) - gone :]:
        file.unlink()
    return path


def _opened(
    stage: "Stage", n: int = 8, raters: tuple[str, ...] = RATERS, gone: int = 0, **settings: object
) -> RankScreen:
    app_context = stage.made.app_context
    app_context.assessments.set_automatic(on=False)
    path = _study(stage, n, raters, gone, **settings)
    begin(app_context, [], None)
    app_context.studies.open(path)
    stage.wait(lambda: app_context.studies.current_study is not None, WAIT_MS)
    stage.made.window.screens.show("rank")
    screen = _screen(stage)
    stage.wait(lambda: screen.judging.phase is not SittingPhase.CLOSED, WAIT_MS)
    return screen


def _begun(
    stage: "Stage", n: int = 8, raters: tuple[str, ...] = RATERS, gone: int = 0, **settings: object
) -> RankScreen:
    screen = _opened(stage, n, raters, gone, **settings)
    screen.judging.enter("Ann")
    stage.wait(lambda: screen.judging.accepts_answers, WAIT_MS)
    return screen


def _vote(stage: "Stage", screen: RankScreen, verdict: Verdict, times: int = 1) -> None:
    for _ in range(times):
        stage.wait(lambda: screen.judging.accepts_answers, WAIT_MS)
        screen.judging_view.vote(verdict)
        stage.wait(lambda: screen.judging.phase is not SittingPhase.STORING, WAIT_MS)
    stage.wait(
        lambda: screen.judging.accepts_answers or screen.judging.phase in {SittingPhase.REST, SittingPhase.DONE},
        WAIT_MS,
    )


def rank_no_study(stage: "Stage") -> QWidget:
    """Nothing is open."""
    begin(stage.made.app_context, [], None)
    stage.made.window.screens.show("rank")
    return stage.made.window


def rank_first_rater(stage: "Stage") -> QWidget:
    """The rater's name is asked for, in a study without raters."""
    _opened(stage, raters=())
    return stage.made.window


def rank_raters(stage: "Stage") -> QWidget:
    """The rater's name is asked for, with known raters."""
    screen = _opened(stage)
    stage.wait(lambda: screen.rater_page.rater_list.count() == len(RATERS), WAIT_MS)
    return stage.made.window


def rank_setup(stage: "Stage") -> QWidget:
    """The settings of the study, before the first vote."""
    screen = _opened(stage)
    next(button for button in screen.findChildren(QAbstractButton) if button.text() == "Set-up").click()
    return stage.made.window


def rank_setup_locked(stage: "Stage") -> QWidget:
    """The settings of the study, after votes."""
    screen = _begun(stage, speed=0.5)
    _vote(stage, screen, Verdict.LEFT, 2)
    screen.judging.leave()
    next(button for button in screen.findChildren(QAbstractButton) if button.text() == "Set-up").click()
    stage.wait(lambda: screen.settings_view.speed_note.text().startswith("Locked"), WAIT_MS)
    return stage.made.window


def rank_pair(stage: "Stage") -> QWidget:
    """A pair is shown."""
    _begun(stage)
    return stage.made.window


def rank_at_work(stage: "Stage") -> QWidget:
    """During a pair: a mark, a reason, and a remark on the last vote."""
    screen = _begun(stage)
    _vote(stage, screen, Verdict.LEFT)
    clock = screen.judging_view.pair_view.clock
    clock.seek(3.2)
    screen.judging_view.mark()
    clock.seek(5.4)
    screen.judging_view.vote_bar.reason_edit.setText("Fewer tries before the peg is in")
    return stage.made.window


def rank_apart(stage: "Stage") -> QWidget:
    """Each video with its own clock; the right one moves."""
    screen = _begun(stage, statement="Which of the two shows the steadier hand while the thread is pulled through?")
    clock = screen.judging_view.pair_view.clock
    clock.seek(2.0)
    screen.judging_view.set_together(together=False)
    clock.set_active(1)
    clock.seek(6.0)
    return stage.made.window


def rank_no_ties(stage: "Stage") -> QWidget:
    """A study without "no difference", at half the speed."""
    _begun(stage, allow_neither=False, speed=0.5)
    return stage.made.window


def rank_missing(stage: "Stage") -> QWidget:
    """Files of some videos are gone."""
    _begun(stage, gone=2)
    return stage.made.window


def rank_too_few(stage: "Stage") -> QWidget:
    """One video makes no pair."""
    _opened(stage, n=1)
    return stage.made.window


def rank_rest(stage: "Stage") -> QWidget:
    """After many pairs."""
    screen = _begun(stage, n=16, raters=("Ann",))
    screen.judging.session.n_since_rest = 49
    _vote(stage, screen, Verdict.LEFT)
    return stage.made.window


def rank_done(stage: "Stage") -> QWidget:
    """The aim is reached."""
    screen = _begun(stage, n=3, raters=("Ann",), comparisons_per_video=1)
    _vote(stage, screen, Verdict.RIGHT, 2)
    return stage.made.window


def rank_all_judged(stage: "Stage") -> QWidget:
    """No pair is left."""
    screen = _begun(stage, n=3, raters=("Ann",), repeat_share=0.0)
    _vote(stage, screen, Verdict.RIGHT, 3)
    return stage.made.window


def _rating(stage: "Stage") -> RankScreen:
    """Open the tab on which single videos are rated, with a rubric of seven items."""
    screen = _opened(stage, raters=("Ann",))
    study = stage.made.app_context.studies
    study.submit_write(lambda study: study.forms.set_plan(OSATS, 0.2, seed=3), SETTINGS)
    next(button for button in screen.findChildren(QAbstractButton) if button.text() == "Rate").click()
    stage.wait(lambda: screen.rating_tab.controller.phase is SittingPhase.RATER, WAIT_MS)
    return screen


def rate_rubric(stage: "Stage") -> QWidget:
    """The choice of a rubric."""
    screen = _opened(stage, raters=("Ann",))
    next(button for button in screen.findChildren(QAbstractButton) if button.text() == "Rate").click()
    stage.wait(lambda: screen.rating_tab.controller.phase is SittingPhase.RUBRIC, WAIT_MS)
    return stage.made.window


def rate_video(stage: "Stage") -> QWidget:
    """A video and its form: two items have an answer, one cannot be judged."""
    screen = _rating(stage)
    screen.rating_tab.rater_page.name_edit.setText("Ann")
    screen.rating_tab.rater_page.begin_button.click()
    ready = screen.rating_tab.controller
    stage.wait(lambda: ready.phase is SittingPhase.JUDGING and screen.rating_tab.rating_view.player.is_ready, WAIT_MS)
    form = screen.rating_tab.rating_view.rubric_form
    for index, step in enumerate((4.0, None, 2.0)):
        form.answer(index, step)
    screen.rating_tab.rating_view.clock.seek(3.2)
    screen.rating_tab.rating_view.mark()
    screen.rating_tab.rating_view.remark_edit.setText("Holds the needle with two hands")
    return stage.made.window


RANK_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make
    for make in (
        rank_no_study,
        rank_first_rater,
        rank_raters,
        rank_setup,
        rank_setup_locked,
        rank_pair,
        rank_at_work,
        rank_apart,
        rank_no_ties,
        rank_missing,
        rank_too_few,
        rank_rest,
        rank_done,
        rank_all_judged,
        rate_rubric,
        rate_video,
    )
}
