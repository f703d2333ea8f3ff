"""A training in which the program chooses the model, through the real window: forecast, phases, verdict, decision."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from skillviewer.core.evaluation.choice_folds import CANDIDATES
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.progress import Progress
from skillviewer.data.study import ModelState
from skillviewer.engine.finetuning.job import AutoModelJob
from skillviewer.ui.finetuning.tuning_controller import TuningPhase
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.fake_tuner import fake_choice
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click, key
from tests.ui.tuning_study import FakeTraining, make_checkpoints, make_tuning_study

MakeTraining = Callable[..., FakeTraining]


@pytest.fixture
def make_trainer(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path) -> MakeTraining:
    """Open the Train screen on a new study, as it is at first."""

    def make(**study: object) -> FakeTraining:
        make_checkpoints(world)
        path = make_tuning_study(tmp_path, world, **study)  # type: ignore[arg-type]
        made = make_window(world.backend())
        made.app_context.assessments.set_automatic(on=False)
        made.app_context.models.refresh()
        made.app_context.models.choose_default(None)
        trainer = FakeTraining(qtbot, made, world, path)
        trainer.sit_down(automatic=True)
        return trainer

    return make


def checked(trainer: FakeTraining) -> CheckLevel | None:
    """Return the check that is chosen; None where the program does not choose the model."""
    return trainer.screen.setup_page.selection.level


def test_the_program_chooses_unless_asked_otherwise(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    choices = trainer.screen.setup_page
    trainer.wait_for_forecast()
    assert checked(trainer) is CheckLevel.CROSS_VALIDATED
    assert not missing(
        choices.texts(), "66 pairs", "12 videos", "4 parts", "duration", "moves", "one rater", "1 min 50"
    )
    choices.check_level_box.setCurrentIndex(choices.check_level_box.findData(CheckLevel.QUICK.value))
    qtbot.waitUntil(lambda: "1 part of 4" in choices.texts())
    choices.initial_model_box.setCurrentIndex(1)
    assert checked(trainer) is None
    assert not choices.check_level_box.isEnabled(), "a fine-tuned model is checked on a quarter"
    choices.initial_model_box.setCurrentIndex(0)
    assert checked(trainer) is CheckLevel.CROSS_VALIDATED


def test_what_is_read_before_a_start_is_short(make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    choices = trainer.screen.setup_page
    trainer.wait_for_forecast()
    view = choices.plan_view
    assert not missing(view.shown_text, "66 pairs", *CANDIDATES, "1 min 50", "quick look", "1 min 35", "held out")
    assert len(view.shown_text.split()) <= 40
    assert "4 parts" in view.text
    assert "4 parts" not in view.shown_text
    assert not any(label.isVisible() and "4 parts" in label.text() for label in view.findChildren(QLabel))
    click(view.details_button)
    assert any(label.isVisible() and "4 parts" in label.text() for label in view.findChildren(QLabel))


def test_the_time_left_is_named_alike_from_the_first_second(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.wait_for_forecast()
    running = trainer.screen.progress_page
    shown: list[str] = []
    trainer.screen.tuning.phase_changed.connect(lambda _phase: shown.append(running.time_left_label.text()))
    trainer.start()
    assert "1 min 50" in shown[0], "by the forecast"
    qtbot.waitUntil(lambda: running.phase_list.phase == "checking")
    names = [label.text() for label in running.findChildren(QLabel) if "left" in label.text()]
    assert names == ["Time left"]
    click(running.pause_button)
    trainer.wait_for(TuningPhase.CHOOSING)


def test_too_few_people_are_refused_before(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    choices = make_trainer(n=4).screen.setup_page
    qtbot.waitUntil(lambda: "at least 3" in choices.texts())
    assert not choices.start_button.isEnabled()


def test_the_verdict_comes_first_and_the_model_is_accepted(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    page = trainer.screen.choice_result_page
    assert trainer.screen.pages.currentWidget() is page
    assert page.title_label.text() == trainer.world.tuner.choice.verdict.sentence
    assert bool(page.accept_button.property("primary"))
    said = page.texts()
    assert not missing(said, "Chosen by the program: 75.0 %", "Ridge on the flow: 65.0 %", "One rater: 80.0 %")
    assert not missing(said, "Trained on 6 people only: 70.0 %", "More people", "every participant", "Flow: 11 people")
    assert [row[0] for row in page.models_table.texts()] == ["Ridge on the flow", "No Attention", "Full"]
    click(page.accept_button)
    trainer.wait_for(TuningPhase.CHOOSING)
    app_context = trainer.made.app_context
    qtbot.waitUntil(
        lambda: app_context.state.model is not None and app_context.state.model.folder.name == "Grasping-v1"
    )
    (version,) = trainer.versions()
    assert (version.state, version.digest) == (ModelState.ACCEPTED, trainer.used())


@pytest.mark.parametrize("lead", [(-0.03, 0.04), (-0.1, -0.02)])
def test_a_model_that_beats_nothing_is_not_offered(make_trainer: MakeTraining, lead: tuple[float, float]) -> None:
    trainer = make_trainer()
    trainer.world.tuner.choice = fake_choice(*lead)
    trainer.train()
    page = trainer.screen.choice_result_page
    assert not page.accept_button.property("primary")
    assert page.accept_button.isEnabled()


def test_a_stopped_training_continues_also_in_another_window(
    qtbot: QtBot, make_trainer: MakeTraining, make_window: MakeWindow
) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    running = trainer.screen.progress_page
    qtbot.waitUntil(lambda: running.phase_list.phase == "checking" and running.progress_bar.value() == 2)
    assert running.phase_list.rows["features"].text_label.longest_text == "done"
    assert "left" not in running.phase_list.rows["checking"].text_label.longest_text, "it stands in one place"
    assert "24 s" in running.time_left_label.text(), "4 s of the comparison and 20 s of the training"
    assert not running.stop_button.isVisible()
    running.phase_list.show_progress(Progress("reading videos", 3, 3, left_s=0.0))
    assert "3" not in running.phase_list.rows["checking"].text_label.longest_text, (
        "a step within the phase is no part of its count"
    )
    assert running.phase_list.left_s(Progress("reading videos", 3, 3, left_s=0.0)) is None
    click(running.pause_button)
    trainer.wait_for(TuningPhase.CHOOSING)
    assert any("continues" in message.text for message in trainer.made.app_context.messages.waiting)
    choices = trainer.screen.setup_page
    qtbot.waitUntil(lambda: choices.start_button.text() == "Continue training")
    choices.epochs_box.setValue(3)
    qtbot.waitUntil(lambda: choices.start_button.text() == "Start training")
    choices.epochs_box.setValue(0)
    qtbot.waitUntil(lambda: choices.start_button.text() == "Continue training")
    trainer.made.app_context.close()
    assert trainer.made.app_context.wait(60_000)
    trainer.world.tuner.held = False
    made = make_window(trainer.world.backend())
    made.app_context.models.refresh()
    made.app_context.models.choose_default(None)
    again = FakeTraining(qtbot, made, trainer.world, trainer.path)
    again.sit_down(automatic=True)
    again.wait_for_forecast()
    assert again.screen.setup_page.start_button.text() == "Continue training"
    again.train()
    first, second = trainer.world.tuner.jobs
    assert first.folder == second.folder
    assert first.work_folder() == second.work_folder()


def test_a_discarded_training_begins_anew(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    qtbot.waitUntil(trainer.world.tuner.begun.is_set)
    (job,) = trainer.world.tuner.jobs
    assert isinstance(job, AutoModelJob)
    assert job.work_folder().exists()
    for _ in range(2):
        click(trainer.screen.progress_page.cancel_button)
    trainer.wait_for(TuningPhase.CHOOSING)
    assert not job.work_folder().exists()
    qtbot.waitUntil(trainer.screen.setup_page.start_button.isEnabled)
    assert trainer.screen.setup_page.start_button.text() == "Start training"


def test_the_verdict_on_an_accepted_version_is_found_again(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.choice = fake_choice(-0.1, -0.02)
    trainer.train()
    screen = trainer.screen
    verdict = screen.choice_result_page.title_label.text()
    click(screen.choice_result_page.accept_button)
    trainer.wait_for(TuningPhase.CHOOSING)
    trainer.made.window.actions_["show_finetune"].trigger()
    table = screen.version_list.version_table
    qtbot.waitUntil(lambda: table.isVisible() and len(table.texts()) == 1)
    table.selectRow(0)
    key(table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.version_page)
    lines = dict(screen.version_page.version_lines.texts)
    assert lines["Verdict"] == verdict
    assert not missing(lines["Accuracy"], "75.0 %")
    click(screen.version_page.back_button)
    assert screen.pages.currentWidget() is screen.setup_page
