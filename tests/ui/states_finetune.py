"""States of the Train screen, for tests and for screenshots."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import CheckpointError
from skillviewer.ui.app import begin
from skillviewer.ui.finetuning.screen import FinetuneScreen
from skillviewer.ui.finetuning.tuning_controller import TuningPhase
from tests.ui.fake_tuner import fake_choice
from tests.ui.tuning_study import RATERS, make_checkpoints, make_tuning_study

if TYPE_CHECKING:
    from tests.ui.states import Stage

WAIT_MS = 60_000
LONG = "Teilnehmer_{:02d}_Übung_mit_der_linken_Hand_zweiter_Durchgang_nach_der_Pause"


def _screen(stage: "Stage") -> FinetuneScreen:
    return cast("FinetuneScreen", stage.made.window.screens.get_page("finetune"))


def _opened(stage: "Stage", *, automatic: bool = False, **how: object) -> FinetuneScreen:
    make_checkpoints(stage.world)
    path = make_tuning_study(Path(stage.world.folder).parent, stage.world, **how)  # type: ignore[arg-type]
    app_context = stage.made.app_context
    app_context.assessments.set_automatic(on=False)
    begin(app_context, [], None)
    app_context.studies.open(path)
    stage.wait(lambda: app_context.studies.current_study is not None and app_context.state.model is not None, WAIT_MS)
    stage.made.window.screens.show("finetune")
    model = app_context.state.model
    if not automatic and model is not None:
        _screen(stage).setup_page.choose_model(model.folder)
    return _screen(stage)


def _planned(stage: "Stage", *, automatic: bool = False, **how: object) -> FinetuneScreen:
    screen = _opened(stage, automatic=automatic, **how)
    stage.wait(lambda: screen.setup_page.has_forecast, WAIT_MS)
    return screen


def _start(stage: "Stage", screen: FinetuneScreen) -> None:
    stage.wait(screen.setup_page.start_button.isEnabled, WAIT_MS)
    screen.setup_page.start_button.click()


def _trained(stage: "Stage", **how: object) -> FinetuneScreen:
    screen = _planned(stage, automatic=False, **how)
    _start(stage, screen)
    stage.wait(lambda: screen.tuning.phase is TuningPhase.DECIDING, WAIT_MS)
    return screen


def finetune_no_study(stage: "Stage") -> QWidget:
    """Nothing is open."""
    stage.made.window.screens.show("finetune")
    return stage.made.window


def finetune_no_votes(stage: "Stage") -> QWidget:
    """A study without votes."""
    screen = _opened(stage, raters=())
    stage.wait(lambda: "no ratings, votes" in screen.setup_page.texts(), WAIT_MS)
    return stage.made.window


def finetune_ties(stage: "Stage") -> QWidget:
    """Only votes for no difference."""
    screen = _opened(stage, verdict=Verdict.NEITHER)
    stage.wait(lambda: "no difference" in screen.setup_page.texts(), WAIT_MS)
    return stage.made.window


def finetune_choices(stage: "Stage") -> QWidget:
    """The plan of a training and its cost."""
    _planned(stage)
    return stage.made.window


def finetune_automatic(stage: "Stage") -> QWidget:
    """The plan of a training in which the program chooses the model."""
    _planned(stage, automatic=True)
    return stage.made.window


def finetune_comparing(stage: "Stage") -> QWidget:
    """Models are being compared."""
    screen = _planned(stage, automatic=True)
    stage.world.tuner.held = True
    _start(stage, screen)
    stage.wait(lambda: screen.progress_page.phase_list.phase == "checking", WAIT_MS)
    return stage.made.window


def finetune_chosen(stage: "Stage") -> QWidget:
    """The program has chosen a model."""
    screen = _planned(stage, automatic=True)
    _start(stage, screen)
    stage.wait(lambda: screen.tuning.phase is TuningPhase.DECIDING, WAIT_MS)
    return stage.made.window


def finetune_noise(stage: "Stage") -> QWidget:
    """The gain of the chosen model is within noise."""
    stage.world.tuner.choice = fake_choice(-0.03, 0.04)
    return finetune_chosen(stage)


def finetune_begun(stage: "Stage") -> QWidget:
    """A training without any report yet."""
    screen = _planned(stage)
    stage.world.tuner.held, stage.world.tuner.held_at = True, -1
    _start(stage, screen)
    stage.wait(lambda: len(stage.world.tuner.jobs) == 1, WAIT_MS)
    return stage.made.window


def finetune_running(stage: "Stage") -> QWidget:
    """A training in progress."""
    screen = _planned(stage)
    stage.world.tuner.held, stage.world.tuner.held_at = True, 3
    _start(stage, screen)
    stage.wait(
        lambda: len(tuple(screen.progress_page.training_curves._epoch_rows)) == stage.world.tuner.held_at + 1, WAIT_MS
    )
    return stage.made.window


def finetune_result(stage: "Stage") -> QWidget:
    """Before and after, without a decision."""
    _trained(stage)
    return stage.made.window


def finetune_first(stage: "Stage") -> QWidget:
    """A first model, of a few pairs."""
    screen = _planned(stage, n=6, raters=RATERS[:1], automatic=True)
    screen.setup_page.model_box.setCurrentIndex(screen.setup_page.model_box.findData("full"))
    stage.wait(
        lambda: screen.tuning.tuning_plan is not None and screen.tuning.tuning_plan.selection.level is None, WAIT_MS
    )
    stage.wait(lambda: screen.setup_page.has_forecast, WAIT_MS)
    _start(stage, screen)
    stage.wait(lambda: screen.tuning.phase is TuningPhase.DECIDING, WAIT_MS)
    return stage.made.window


def finetune_failed(stage: "Stage") -> QWidget:
    """A training that could not be written."""
    screen = _planned(stage)
    stage.world.tuner.error = CheckpointError(
        "The disk of /home/someone/models has 3 MB left, and a training needs 210. Make room first; nothing has been "
        "begun."
    )
    _start(stage, screen)
    stage.wait(lambda: bool(stage.made.app_context.messages.waiting), WAIT_MS)
    return stage.made.window


def finetune_accepted(stage: "Stage") -> QWidget:
    """The pairs on which the new version and the raters disagree."""
    screen = _trained(stage)
    screen.before_after_page.accept_button.click()
    messages = stage.made.window.message_bar
    stage.wait(messages.action_button.isVisible, WAIT_MS)
    messages.action_button.click()
    page = screen.disagreement_page
    stage.wait(lambda: screen.pages.currentWidget() is page and bool(page.summary_label.text()), WAIT_MS)
    return stage.made.window


def finetune_versions(stage: "Stage") -> QWidget:
    """Some versions of a model, one of them in use."""
    screen = _trained(stage)
    for _ in range(2):
        screen.before_after_page.discard_button.click()
    stage.wait(lambda: screen.tuning.phase is TuningPhase.CHOOSING and screen.setup_page.has_forecast, WAIT_MS)
    _start(stage, screen)
    stage.wait(lambda: screen.tuning.phase is TuningPhase.DECIDING, WAIT_MS)
    screen.before_after_page.accept_button.click()
    screens = stage.made.window.screens
    stage.wait(lambda: screens.current_name == "inspect", WAIT_MS)
    screens.show("finetune")
    stage.wait(lambda: screen.setup_page.has_forecast, WAIT_MS)
    return stage.made.window


def finetune_long_names(stage: "Stage") -> QWidget:
    """Long names of models and videos."""
    stage.world.models = ("Aufmerksamkeitsmodell der Klinik für Kinder- und Jugendmedizin vom 12. März",)
    _trained(stage, stem=LONG)
    return stage.made.window


FINETUNE_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make
    for make in (
        finetune_no_study,
        finetune_no_votes,
        finetune_ties,
        finetune_choices,
        finetune_automatic,
        finetune_comparing,
        finetune_chosen,
        finetune_noise,
        finetune_begun,
        finetune_running,
        finetune_result,
        finetune_first,
        finetune_failed,
        finetune_accepted,
        finetune_versions,
        finetune_long_names,
    )
}
