"""The Train screen through the real window: from votes to a new version, and back."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.folds import FoldUnit
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import CheckpointError
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.core.paths import drafts_dir
from skillviewer.core.progress import CancelToken, Report
from skillviewer.data.study import ModelState, Study, Vote
from skillviewer.engine.finetuning.job import TrainingJob, TuningJob, TuningResult
from skillviewer.engine.finetuning.process import StopFolder
from skillviewer.nets.model_library import checkpoint_digest
from skillviewer.ui.finetuning.training_setup_page import READ_ONLY
from skillviewer.ui.finetuning.tuning_controller import TuningPhase
from tests.facts import missing
from tests.ui.conftest import MakeWindow, flush
from tests.ui.driving import inspect, states
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, key, second_click
from tests.ui.tuning_study import FakeTraining, make_checkpoints, make_tuning_study

MakeTraining = Callable[..., FakeTraining]


@pytest.fixture
def make_trainer(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path) -> MakeTraining:
    """Put somebody before the screen on a new study."""

    def make(**study: object) -> FakeTraining:
        make_checkpoints(world)
        path = make_tuning_study(tmp_path, world, **study)  # type: ignore[arg-type]
        made = make_window(world.backend())
        made.app_context.assessments.set_automatic(on=False)
        made.app_context.models.refresh()
        made.app_context.models.choose_default(None)
        trainer = FakeTraining(qtbot, made, world, path)
        trainer.sit_down()
        return trainer

    return make


def test_it_says_what_will_be_trained_and_how_long_it_takes(make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    choices = trainer.screen.setup_page
    trainer.wait_for_forecast()
    said = choices.texts()
    assert "45 pairs of 10 videos, from 90 votes of 2 raters" in said
    assert not missing(said, "21 pairs", "2 videos", "P0")
    assert not missing(said, "30 pairs")
    assert not missing(said, "1 min 50 s", "3 videos", "1 min 30 s")
    assert "Only 21 pairs are held out" in said
    assert choices.initial_model_box.currentText() == "alpha"


def test_training_can_start_before_its_time_is_known(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    choices = make_trainer().screen.setup_page
    seen = []
    choices._tuning.planned.connect(
        lambda _plan: seen.append((choices.has_forecast, choices.start_button.isEnabled(), choices.texts()))
    )
    choices.plan_soon()
    qtbot.waitUntil(lambda: bool(seen))
    known, possible, said = seen[0]
    assert (known, possible) == (False, True)
    assert not missing(said, "about", "earlier figures"), "a first time is there with the plan"
    qtbot.waitUntil(lambda: choices.has_forecast)
    assert missing(choices.texts(), "earlier figures")


def test_the_time_is_forecast_again_when_the_page_is_shown_again(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    choices = trainer.screen.setup_page
    trainer.wait_for_forecast()
    assert not missing(choices.texts(), "1 min 30 s")
    tuner = trainer.world.tuner
    usual = tuner.forecast

    def longer(job: TrainingJob) -> TrainingForecast:
        forecast = usual(job)
        return replace(forecast, phases=(PlannedPhase("features", 600.0, "features"), *forecast.phases[1:]))

    tuner.forecast = longer  # type: ignore[method-assign]
    choices.hide()
    choices.show()
    qtbot.waitUntil(lambda: "10 min" in choices.texts())
    assert choices.start_button.isEnabled()


def test_the_labels_to_learn_from_are_chosen(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    choices = trainer.screen.setup_page
    trainer.wait_for_forecast()
    assert choices.selection.choices.labels is LabelSource.BOTH
    choices.label_source_box.setCurrentIndex(choices.label_source_box.findData(LabelSource.RATINGS.value))
    qtbot.waitUntil(lambda: trainer.screen.tuning.tuning_plan is not None and "no ratings" in choices.texts())
    assert not choices.start_button.isEnabled(), "the study has votes alone"
    choices.label_source_box.setCurrentIndex(choices.label_source_box.findData(LabelSource.VOTES.value))
    trainer.wait_for_forecast()
    assert "votes" in choices.texts()


def test_choices_change_what_is_planned(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    choices, tuning = trainer.screen.setup_page, trainer.screen.tuning
    trainer.wait_for_forecast()
    choices.fold_unit_box.setCurrentIndex(choices.fold_unit_box.findData(FoldUnit.VIDEO.value))
    assert not choices.start_button.isEnabled(), "what is not planned yet cannot be started"
    qtbot.waitUntil(lambda: "by video" in choices.texts())
    choices.more_button.click()
    assert not choices.min_votes_box.isVisible()
    choices.rule_box.setCurrentIndex(choices.rule_box.findData("at-least"))
    assert choices.min_votes_box.isVisible()
    choices.min_votes_box.setValue(3)
    qtbot.waitUntil(lambda: "count as no difference by the rule “at least 3 votes" in choices.texts())
    assert not choices.start_button.isEnabled()
    choices.min_votes_box.setValue(2)
    choices.seed_box.setValue(7)
    trainer.wait_for_forecast()
    forecasts: list[Any] = []
    tuning.forecast_ready.connect(forecasts.append)
    tuning.plan(choices.selection)
    qtbot.waitUntil(lambda: bool(forecasts))
    choices.epochs_box.setValue(3)
    choices.show_forecast(forecasts[0])  # it was under way when something else was chosen
    assert not choices.start_button.isEnabled()
    trainer.wait_for_forecast()
    request = tuning.tuning_plan
    assert request is not None
    asked = request.job.choices
    assert (asked.rule, asked.fold_unit, asked.seed, asked.epochs) == ("at-least:2", FoldUnit.VIDEO, 7, 3)


@pytest.mark.parametrize(
    ("study", "said"),
    [
        ({"raters": ()}, "There are no ratings, votes or pairs in Grasping to train on."),
        ({"verdict": Verdict.NEITHER}, "All 66 pairs count as no difference"),
        ({"n": 2, "stem": "lonely_{:02d}"}, "nothing can be held out"),
    ],
)
def test_what_cannot_be_trained_is_said_before(
    qtbot: QtBot, make_trainer: MakeTraining, study: dict[str, object], said: str
) -> None:
    trainer = make_trainer(**study)
    choices = trainer.screen.setup_page
    qtbot.waitUntil(lambda: said in choices.texts())
    assert not choices.start_button.isEnabled()
    choices.plan_view.judge_button.click()
    assert trainer.made.window.screens.get_page("rank").isVisible()


def test_a_vote_elsewhere_is_heard_of(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer(raters=())
    choices = trainer.screen.setup_page
    qtbot.waitUntil(lambda: "no ratings" in choices.texts())
    names = [f"grasp_{i:02d}" for i in range(1, 7)]

    def work(study: Study) -> None:
        for worse, better in pairwise(names):
            study.votes.cast(Vote(better, worse, Verdict.LEFT, "Ann"))

    trainer.made.app_context.studies.submit_write(work, "votes")
    qtbot.waitUntil(lambda: "from 3 votes of 1 rater\n" in choices.texts())


def tick_labels(plot: pg.PlotWidget, side: str) -> list[str]:
    """Return what an axis says at its ticks."""
    plot.getViewBox().prepareForPaint()  # as before every picture; a page that was left has none
    axis = plot.getAxis(side)
    paper = QPixmap(1, 1)
    painter = QPainter(paper)
    try:
        found = axis.generateDrawSpecs(painter)
    finally:
        painter.end()
    return [] if found is None else [text for _rect, _flags, text in found[2]]


def test_axes_say_nothing_before_there_is_a_curve_and_then_count_whole_batches(
    qtbot: QtBot, make_trainer: MakeTraining
) -> None:
    trainer = make_trainer()
    trainer.made.window.resize(1100, 720)  # where no page needs a bar to scroll
    trainer.world.tuner.held, trainer.world.tuner.held_at = True, -1
    trainer.start()
    curves = trainer.screen.progress_page.training_curves
    loss, share = curves.findChildren(pg.PlotWidget)
    qtbot.waitUntil(lambda: len(trainer.world.tuner.jobs) == 1)
    assert [tick_labels(loss, side) for side in ("left", "bottom")] == [[], []]
    assert tick_labels(share, "bottom") == []
    assert "100" in tick_labels(share, "left"), "percents are percents"
    flush()  # the new page is laid out
    heights = [plot.getViewBox().height() for plot in (loss, share)]
    trainer.world.tuner.held_at = 0
    qtbot.waitUntil(lambda: len(tuple(curves._epoch_rows)) == 1)
    for plot in (loss, share):
        assert "0" in tick_labels(plot, "bottom")
        assert not any("." in text for text in tick_labels(plot, "bottom"))
    trainer.world.tuner.held = False
    trainer.wait_for(TuningPhase.DECIDING)
    qtbot.waitUntil(lambda: {"0", "5"} <= set(tick_labels(loss, "bottom")))
    assert [plot.getViewBox().height() for plot in (loss, share)] == heights, "numbers at the axes moved the curves"


def test_curves_live_then_before_and_after(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    screen = trainer.screen
    running = screen.progress_page
    qtbot.waitUntil(lambda: len(tuple(running.training_curves._epoch_rows)) == 2)
    assert screen.pages.currentWidget() is running
    assert [row.epoch for row in tuple(running.training_curves._epoch_rows)] == [0, 1]
    assert "of 21 pairs" in running.held_out_label.text()
    assert running.forgetting_label.text() == "90.0 % of the pairs"
    assert "Training" in [job.title for job in trainer.made.app_context.jobs.running]
    trainer.world.tuner.held = False
    trainer.wait_for(TuningPhase.DECIDING)
    page = screen.before_after_page
    assert screen.pages.currentWidget() is page
    result = trainer.result()
    held = result.report.held_out
    assert held.before is not None
    assert f"{100 * held.before.value:.1f} % before, {100 * held.after.value:.1f} % now" in page.title_label.text()
    assert "The pairs are few: 45 trained on, 21 held out" in page.texts()
    assert "correlation 0.90" in page.texts()
    rows = page.shifts_table.texts()
    assert sorted(row[0] for row in rows) == sorted(s.video for s in result.report.shifts)
    first = result.report.shifts[0]
    assert rows[0][4] == f"{first.rank_before:g} → {first.rank_after:g}"
    assert [row[0] for row in page.attention_table.texts()] == [f"grasp_{i:02d}" for i in range(1, 9)]
    assert page.attention_table.texts()[0][1:] == ["+0.31", "12.0 %", "31"], "frames are counted from 1"
    qtbot.waitUntil(lambda: len(trainer.versions()) == 2)
    (_, proposed) = trainer.versions()
    assert (proposed.state, proposed.digest) == (ModelState.PROPOSED, result.digest)
    assert trainer.used() == "", "nothing is in use before somebody says so"


def test_the_loop_closes(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    app_context = trainer.made.app_context
    qtbot.waitUntil(lambda: states(trainer.made) == ["new"] * 12)
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: states(trainer.made) == ["done"] * 12, timeout=120_000)
    trainer.train()
    result = trainer.result()
    trainer.world.assessed.clear()
    trainer.screen.before_after_page.accept_button.click()
    screen, window = trainer.screen, trainer.made.window
    qtbot.waitUntil(lambda: window.screens.current_name == "inspect")
    assert trainer.used() == result.digest
    new = result.folder.name
    qtbot.waitUntil(
        lambda: {stem for name, stem, _ in trainer.world.assessed if name == new} == _stems(12), timeout=120_000
    )
    qtbot.waitUntil(lambda: states(trainer.made) == ["done"] * 12, timeout=120_000)
    assert app_context.state.model is not None
    assert app_context.state.model.folder == result.folder, "the new version is on screen"
    assert {e.analysis.provenance.model for e in app_context.videos if e.analysis is not None} == {new}

    page = screen.disagreement_page
    assert app_context.messages.waiting[-1].action == "disagreements"
    click(window.message_bar.action_button)
    assert "disagreements" not in {message.action for message in app_context.messages.waiting}, "it has been read"
    qtbot.waitUntil(lambda: window.screens.current_name == "finetune" and screen.pages.currentWidget() is page)
    scores = {entry.study_name: entry.analysis.score for entry in app_context.videos if entry.analysis is not None}
    names = sorted(scores)
    wrong = {(b, w) for i, w in enumerate(names) for b in names[i + 1 :] if scores[b] < scores[w]}
    assert 0 < len(wrong) < 66
    qtbot.waitUntil(lambda: {(row[0], row[1]) for row in page.pair_table.texts()} == wrong)
    held_out_names = result.facts["held_out_videos"]
    assert isinstance(held_out_names, list)
    held_out = set(held_out_names)
    trained = {(better, worse) for better, worse in wrong if not {better, worse} & held_out}
    wrong_in_test = wrong - trained
    assert f"agree on {100 * (1 - len(wrong_in_test) / 21):.1f} % of 21 pairs" in page.summary_label.text()
    assert not missing(page.summary_label.text(), "45 more", "trained on")
    assert {(row[0], row[1]) for row in page.pair_table.texts() if "trained on" in row[2]} == wrong & trained
    assert {row[2].removesuffix(" (trained on)") for row in page.pair_table.texts()} == {"2 to 0"}
    first = page.pair_table.texts()[0]
    leads = {(b, w): scores[w] - scores[b] for b, w in wrong}
    assert leads[first[0], first[1]] == max(leads.values()), "the pair of which the model is surest comes first"
    page.pair_table.video_asked.emit(first[0])
    assert trainer.made.window.screens.get_page("inspect").isVisible()
    assert app_context.state.current_clip is not None
    assert app_context.state.current_clip.path.stem == first[0]

    trainer.made.window.screens.show("finetune")
    screen.disagreement_page.back_button.click()
    qtbot.waitUntil(lambda: [row[1] for row in screen.version_list.version_table.texts()] == ["in use", "original"])
    assert [row[3] for row in screen.version_list.version_table.texts()] == ["45 pairs", "–"]
    held = f"{100 * result.report.held_out.after.value:.1f} % (25.0 to 75.0) of 21 held-out pairs"
    assert [row[2] for row in screen.version_list.version_table.texts()] == [held, "–"]
    screen.version_list.version_table.selectRow(1)
    trainer.world.assessed.clear()
    screen.version_list.use_button.click()
    qtbot.waitUntil(lambda: app_context.state.model is not None and app_context.state.model.folder.name == "alpha")
    assert states(trainer.made) == ["done"] * 12
    assert {e.analysis.provenance.model for e in app_context.videos if e.analysis is not None} == {"alpha"}
    assert not app_context.assessments.is_busy
    assert trainer.world.assessed == [], "what is known is not assessed again"
    assert screen.setup_page.initial_model_box.currentText() == "alpha"


def _stems(n: int) -> set[str]:
    return {f"grasp_{i:02d}" for i in range(1, n + 1)}


def test_discarded_it_is_gone_but_listed(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    result = trainer.result()
    discard = trainer.screen.before_after_page.discard_button
    discard.setFocus()
    click(discard)
    second_click(discard)
    assert (discard.text(), result.folder.exists()) == ("Discard for good", True), "a double click is one press"
    discard.clearFocus()
    assert discard.text() == "Discard", "who goes elsewhere begins anew"
    for _ in range(2):
        click(discard)
    qtbot.waitUntil(lambda: not result.folder.exists())
    qtbot.waitUntil(lambda: any("discarded" in row for row in trainer.screen.version_list.version_table.texts()))
    assert trainer.screen.pages.currentWidget() is trainer.screen.setup_page
    assert trainer.used() == ""
    trainer.train()
    assert trainer.result().folder != result.folder, "its number is taken"


def test_accepting_stands_out_after_a_gain_beyond_noise_alone(make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    page, result = trainer.screen.before_after_page, trainer.result()
    held = result.report.held_out
    for low, stands_out in ((0.01, True), (-0.01, False)):
        gain = PooledEstimate(0.1, low, 0.2, 21, 2, "participant")
        report = msgspec.structs.replace(result.report, held_out=replace(held, gain=gain))
        page.show_result(replace(result, report=report), writable=True)
        assert report.held_out.beyond_noise is stands_out
        assert bool(page.accept_button.property("primary")) is stands_out


def test_accepted_it_cannot_be_discarded_a_moment_later(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    result = trainer.result()
    page = trainer.screen.before_after_page
    for button in (
        page.accept_button,
        page.discard_button,
        page.discard_button,
        page.accept_button,
    ):  # before the study has answered
        button.click()
    trainer.wait_for(TuningPhase.CHOOSING)
    qtbot.waitUntil(lambda: not trainer.made.app_context.study_worker._tasks)
    assert trainer.used() == result.digest
    assert [v.state for v in trainer.versions() if v.digest == result.digest] == [ModelState.ACCEPTED]
    assert result.folder.exists()


def test_what_changed_on_disk_before_it_was_accepted_is_not_accepted(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    result = trainer.result()
    (result.folder / "weights.safetensors").write_bytes(b"something else")
    trainer.screen.before_after_page.accept_button.click()
    messages = trainer.made.app_context.messages
    qtbot.waitUntil(lambda: any("no longer the version" in m.text for m in messages.waiting))
    assert trainer.used() == ""
    for _ in range(2):
        trainer.screen.before_after_page.discard_button.click()
    trainer.wait_for(TuningPhase.CHOOSING)
    assert [v.state for v in trainer.versions() if v.digest == result.digest] == [ModelState.DISCARDED]


@pytest.mark.parametrize("accept", [True, False])
def test_a_training_that_comes_out_as_an_earlier_version_takes_nothing_from_it(
    qtbot: QtBot, make_trainer: MakeTraining, *, accept: bool
) -> None:
    trainer = make_trainer()
    trainer.world.tuner.alike = True
    trainer.train()
    first = trainer.screen.tuning.result
    trainer.screen.before_after_page.accept_button.click()
    trainer.wait_for(TuningPhase.CHOOSING)
    trainer.go_back()
    trainer.screen.setup_page.choose_model(trainer.world.folder / "models" / "alpha")
    trainer.train()
    again = trainer.screen.tuning.result
    assert first is not None
    assert again is not None
    assert (again.digest, again.folder != first.folder) == (first.digest, True)
    page = trainer.screen.before_after_page
    for button in [page.accept_button] if accept else [page.discard_button] * 2:
        button.click()
    trainer.wait_for(TuningPhase.CHOOSING)
    assert trainer.used() == first.digest
    assert [(v.state, v.path) for v in trainer.versions() if v.number > 1] == [(ModelState.ACCEPTED, first.folder)]
    assert first.folder.exists()
    assert not again.folder.exists(), "a copy"
    state = trainer.made.app_context.state
    qtbot.waitUntil(lambda: state.model is not None and state.model.folder == first.folder)


def test_back_to_the_version_before(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    trainer.screen.before_after_page.accept_button.click()
    trainer.go_back()
    screen = trainer.screen
    table = screen.version_list.version_table
    qtbot.waitUntil(lambda: [row[1] for row in table.texts()] == ["in use", "original"])
    assert not screen.version_list.use_button.isEnabled()
    table.selectRow(0)
    assert not screen.version_list.use_button.isEnabled(), "it is in use already"
    table.selectRow(1)
    screen.version_list.use_button.click()
    first = trainer.world.folder / "models" / "alpha"
    qtbot.waitUntil(lambda: trainer.used() == checkpoint_digest(first))
    app_context = trainer.made.app_context
    qtbot.waitUntil(lambda: app_context.state.model is not None and app_context.state.model.folder == first)
    qtbot.waitUntil(lambda: [row[1] for row in table.texts()] == ["accepted", "in use"])


def test_a_rater_who_judges_is_not_taken_away_when_a_version_is_accepted(make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    trainer.screen.before_after_page.accept_button.click()
    trainer.made.window.screens.show("rank")  # before the study has answered
    trainer.wait_for(TuningPhase.CHOOSING)
    assert trainer.made.window.screens.current_name == "rank"


@pytest.mark.slow
def test_a_version_that_was_not_decided_on_can_be_discarded_later(
    qtbot: QtBot, make_trainer: MakeTraining, make_window: MakeWindow, world: FakeWorld
) -> None:
    first = make_trainer()
    first.train()
    result = first.screen.tuning.result
    assert result is not None
    first.made.app_context.close()
    assert first.made.app_context.wait(60_000)
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=False)
    made.app_context.models.refresh()
    made.app_context.models.choose_default(None)
    trainer = FakeTraining(qtbot, made, world, first.path)
    trainer.sit_down()
    table, discard = trainer.screen.version_list.version_table, trainer.screen.version_list.discard_button
    qtbot.waitUntil(lambda: [row[1] for row in table.texts()] == ["undecided", "original"])
    assert not discard.isEnabled()
    table.selectRow(1)
    assert not discard.isEnabled(), "it has been decided on"
    table.selectRow(0)
    discard.click()
    assert discard.text() == "Discard for good"
    table.selectRow(1)
    table.selectRow(0)
    assert discard.text() == "Discard", "another row begins anew"
    discard.click()
    assert result.folder.exists()
    discard.click()
    qtbot.waitUntil(lambda: [row[1] for row in table.texts()] == ["discarded", "original"])
    assert not result.folder.exists()
    assert not discard.isEnabled()
    assert {version.state for version in trainer.versions() if version.digest == result.digest} == {
        ModelState.DISCARDED
    }


def test_a_version_that_changed_on_disk_is_not_gone_back_to(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.train()
    trainer.screen.before_after_page.accept_button.click()
    screen, app_context = trainer.screen, trainer.made.app_context
    trainer.go_back()
    qtbot.waitUntil(lambda: len(screen.version_list.version_table.texts()) == 2)
    used = trainer.used()
    (trainer.world.folder / "models" / "alpha" / "weights.safetensors").write_bytes(b"something else")
    screen.version_list.version_table.selectRow(1)
    screen.version_list.use_button.click()
    qtbot.waitUntil(lambda: any("no longer the version" in m.text for m in app_context.messages.waiting))
    assert trainer.used() == used


def test_stop_and_keep_best(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    running = trainer.screen.progress_page
    assert not running.stop_button.isEnabled(), "no epoch is finished that could be kept"
    assert running.stop_button.toolTip() == "No epoch is finished yet."
    qtbot.waitUntil(running.stop_button.isEnabled)
    running.stop_button.click()
    assert trainer.phase is TuningPhase.STOPPING
    assert not missing(running.stage_label.text(), "Stopping")
    assert not running.stop_button.isEnabled()
    trainer.wait_for(TuningPhase.DECIDING)
    assert trainer.world.tuner.ended == ["stopped"]


def test_cancel_and_discard(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    qtbot.waitUntil(lambda: len(tuple(trainer.screen.progress_page.training_curves._epoch_rows)) == 2)
    cancel = trainer.screen.progress_page.cancel_button
    assert cancel.text() == "Cancel and discard"
    cancel.click()
    assert trainer.phase.name == "RUNNING", "an epoch is finished: asked once more"
    assert cancel.text() == "Discard for good"
    cancel.click()
    assert trainer.phase is TuningPhase.CANCELLING
    assert cancel.text() == "Cancel and discard"
    trainer.wait_for(TuningPhase.CHOOSING)
    assert trainer.world.tuner.ended == ["cancelled"]
    assert trainer.versions() == ()
    assert trainer.screen.pages.currentWidget() is trainer.screen.setup_page


def test_cancelled_in_the_moment_in_which_the_version_is_saved(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    """The tuner has returned, but the window was not told yet."""
    trainer = make_trainer()
    saved = threading.Event()
    folders: list[Path] = []
    finetune = trainer.world.tuner.finetune

    def slow_to_say(job: TuningJob, stop: StopFolder, token: CancelToken, report: Report, /) -> TuningResult:
        result = finetune(job, stop, token, report)
        folders.append(result.folder)
        saved.set()
        assert token.wait(30)
        return result

    trainer.world.tuner.finetune = slow_to_say  # type: ignore[method-assign]
    trainer.start()
    qtbot.waitUntil(saved.is_set)
    (folder,) = folders
    assert folder.is_dir()
    for _ in range(2):
        trainer.screen.progress_page.cancel_button.click()
    trainer.wait_for(TuningPhase.CHOOSING)
    assert not folder.exists()
    assert trainer.versions() == ()
    assert trainer.screen.pages.currentWidget() is trainer.screen.setup_page
    trainer.world.tuner.finetune = finetune  # type: ignore[method-assign]
    trainer.train()

    def proposed() -> list[Path | None]:
        return [version.path for version in trainer.versions() if version.state is ModelState.PROPOSED]

    qtbot.waitUntil(lambda: proposed() == [folder])  # the same name is free again


@pytest.mark.slow
def test_looking_and_judging_go_on_meanwhile(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    qtbot.waitUntil(lambda: len(tuple(trainer.screen.progress_page.training_curves._epoch_rows)) == 2)
    window, app_context = trainer.made.window, trainer.made.app_context
    window.screens.show("inspect")
    playback = app_context.playback
    qtbot.waitUntil(lambda: playback.video is not None)
    playback.seek(40)
    qtbot.waitUntil(lambda: app_context.feed.settled and playback.frame == 40)
    current = app_context.state.current_clip
    assert current is not None
    app_context.assessments.ask([current])
    qtbot.waitUntil(lambda: states(trainer.made).count("done") == 1)
    app_context.studies.submit_write(
        lambda study: study.votes.cast(Vote("grasp_01", "grasp_12", Verdict.LEFT, "Cat")), "votes"
    )
    qtbot.waitUntil(lambda: len(_votes(trainer.path)) == 133)
    assert trainer.phase is TuningPhase.RUNNING
    trainer.world.tuner.held = False
    trainer.wait_for(TuningPhase.DECIDING)
    window.screens.show("finetune")
    assert trainer.screen.pages.currentWidget() is trainer.screen.before_after_page


def _votes(path: Path) -> tuple[Vote, ...]:
    with Study.open(path, read_only=True) as study:
        return study.votes.all()


def test_a_failure_is_told_and_nothing_is_lost(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.error = CheckpointError("The disk is full.")
    trainer.start()
    messages = trainer.made.app_context.messages
    qtbot.waitUntil(lambda: any("disk is full" in message.text for message in messages.waiting))
    trainer.wait_for(TuningPhase.CHOOSING)
    assert trainer.versions() == ()
    trainer.world.tuner.error = None
    trainer.train()


def test_a_first_model_from_nothing(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    choices = trainer.screen.setup_page
    choices.initial_model_box.setCurrentIndex(choices.initial_model_box.findData(""))
    choices.model_box.setCurrentIndex(choices.model_box.findData("full"))
    tuning = trainer.screen.tuning
    qtbot.waitUntil(lambda: tuning.tuning_plan is not None and tuning.tuning_plan.selection.parent is None)
    trainer.train()
    (job,) = trainer.world.tuner.jobs
    page = trainer.screen.before_after_page
    assert page.title_label.text().startswith("A first model: held-out accuracy ")
    assert "there was no model before" in page.texts()
    assert page.shifts_table.isColumnHidden(3)
    assert not page.attention_table.isVisible()
    assert isinstance(job, TuningJob)
    assert job.parent is None
    assert job.folder.name == "Grasping-v1"


def test_closing_while_it_trains_leaves_no_training_behind(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    qtbot.waitUntil(lambda: len(tuple(trainer.screen.progress_page.training_curves._epoch_rows)) == 2)
    trainer.made.app_context.close()
    assert trainer.made.app_context.wait(60_000)
    assert trainer.world.tuner.ended == ["cancelled"]


@pytest.mark.parametrize("agreed", [True, False])
def test_closing_the_window_while_it_trains_asks(
    qtbot: QtBot, make_trainer: MakeTraining, dialogs: FakeDialogs, agreed: bool
) -> None:
    trainer = make_trainer()
    made, tuner = trainer.made, trainer.world.tuner
    tuner.held = True
    trainer.start()
    qtbot.waitUntil(lambda: len(tuple(trainer.screen.progress_page.training_curves._epoch_rows)) == 2)
    (job,) = tuner.jobs
    dialogs.confirm_answer = agreed
    made.window.close()
    assert dialogs.asked == ["Jobs are running. Stop them and close the window?"]
    if agreed:
        qtbot.waitUntil(lambda: not made.window.isVisible())
        assert not any(worker._thread.isRunning() for worker in made.app_context.workers)
        assert tuner.ended == ["cancelled"]
        assert trainer.versions() == ()
        assert not job.folder.exists()
        assert len(_votes(trainer.path)) == 132
    else:
        assert made.window.isVisible()
        assert made.window.isEnabled()
        assert not made.app_context.closing
        assert trainer.phase is TuningPhase.RUNNING
        tuner.held = False
        trainer.wait_for(TuningPhase.DECIDING)
        assert tuner.ended == ["done"]
        qtbot.waitUntil(lambda: [version.state for version in trainer.versions()][-1:] == [ModelState.PROPOSED])


def test_a_study_that_can_be_read_only(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    first = make_trainer()
    first.wait_for_forecast()
    assert first.screen.setup_page.start_button.isEnabled()
    choices = first.screen.setup_page
    assert not choices.read_only_note.isVisible()
    choices.set_writable(writable=False)
    choices.plan_soon()
    qtbot.waitUntil(lambda: choices.start_button.toolTip() == READ_ONLY)
    assert not choices.start_button.isEnabled()
    assert choices.read_only_note.isVisible(), "the reason stands below the grey button"
    copy = first.path.with_name("copy.skillstudy")
    dialogs = first.made.window.dialogs
    assert isinstance(dialogs, FakeDialogs)
    dialogs.save_answer = copy
    click(choices.save_button)
    qtbot.waitUntil(lambda: (study := first.made.app_context.studies.current_study) is not None and study.path == copy)
    first.wait_for_forecast()
    qtbot.waitUntil(choices.start_button.isEnabled)
    assert not choices.read_only_note.isVisible()


def test_it_can_be_walked_with_the_keyboard(make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    trainer.wait_for_forecast()
    choices = trainer.screen.setup_page
    choices.more_button.click()
    choices.initial_model_box.setFocus()
    seen = []
    widget = choices.initial_model_box.nextInFocusChain()
    for _ in range(60):
        assert widget is not None
        if widget.isVisibleTo(choices) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled():
            seen.append(widget)
        widget = widget.nextInFocusChain()
    assert [w for w in seen if w in {choices.rule_box, choices.fold_unit_box, choices.start_button}] == [
        choices.rule_box,
        choices.fold_unit_box,
        choices.start_button,
    ]
    choices.start_button.setFocus()
    key(choices.start_button, Qt.Key.Key_Space)
    trainer.wait_for(TuningPhase.DECIDING)


def test_stopping_an_assessment_leaves_a_training_alone(qtbot: QtBot, make_trainer: MakeTraining) -> None:
    trainer = make_trainer()
    made, world = trainer.made, trainer.world
    world.tuner.held = True
    trainer.start()
    made.window.screens.show("inspect")
    world.held = True
    made.window.actions_["assess"].trigger()
    stop = inspect(made).score_header._stop_button
    qtbot.waitUntil(stop.isVisible)
    click(stop)
    qtbot.waitUntil(lambda: [job.title for job in made.app_context.jobs.running] == ["Training"])
    assert trainer.phase is TuningPhase.RUNNING
    assert world.tuner.ended == []
    world.hold.set()


def test_stopping_everything_loses_nothing_of_a_training(
    qtbot: QtBot, make_trainer: MakeTraining, dialogs: FakeDialogs
) -> None:
    trainer = make_trainer()
    trainer.world.tuner.held = True
    trainer.start()
    qtbot.waitUntil(lambda: len(trainer.world.tuner.jobs) == 1)  # a job that is stopped before it began never ends
    trainer.made.window.actions_["stop"].trigger()
    assert not dialogs.asked
    trainer.wait_for(TuningPhase.CHOOSING)
    assert trainer.world.tuner.ended == ["cancelled"]


def test_a_training_that_ends_while_its_study_is_closed_can_be_accepted_when_it_is_open_again(
    qtbot: QtBot, make_trainer: MakeTraining
) -> None:
    trainer = make_trainer()
    app_context = trainer.made.app_context
    trainer.world.tuner.held = True
    trainer.start()
    app_context.studies.close()
    qtbot.waitUntil(lambda: app_context.studies.current_study is None)
    trainer.world.tuner.held = False
    trainer.wait_for(TuningPhase.DECIDING)
    qtbot.waitUntil(lambda: [v.state for v in trainer.versions() if v.number > 1] == [ModelState.PROPOSED])
    app_context.studies.open(trainer.path)
    qtbot.waitUntil(lambda: app_context.studies.current_study is not None)
    qtbot.waitUntil(trainer.screen.before_after_page.accept_button.isEnabled)
    click(trainer.screen.before_after_page.accept_button)
    trainer.wait_for(TuningPhase.CHOOSING)
    assert [v.state for v in trainer.versions() if v.number > 1] == [ModelState.ACCEPTED]


@pytest.mark.slow
def test_a_decision_that_is_put_off_waits_in_the_list_and_lets_another_training_begin(
    qtbot: QtBot, make_trainer: MakeTraining
) -> None:
    trainer = make_trainer()
    trainer.start()
    trainer.wait_for(TuningPhase.DECIDING)
    qtbot.waitUntil(lambda: [v.state for v in trainer.versions() if v.number > 1] == [ModelState.PROPOSED])
    trainer.made.app_context.studies.close()  # its study may be gone: the page is no dead end
    qtbot.waitUntil(lambda: trainer.made.app_context.studies.current_study is None)
    click(trainer.screen.before_after_page.later_button)
    trainer.wait_for(TuningPhase.CHOOSING)
    assert trainer.screen.tuning.result is None
    trainer.made.app_context.studies.open(trainer.path)
    qtbot.waitUntil(lambda: trainer.made.app_context.studies.current_study is not None)
    assert trainer.phase is TuningPhase.CHOOSING
    assert [v.state for v in trainer.versions() if v.number > 1] == [ModelState.PROPOSED]
    trainer.wait_for_forecast()
    trainer.start()
    trainer.wait_for(TuningPhase.DECIDING)


def test_a_draft_that_is_saved_during_a_training_takes_the_version_with_it(
    qtbot: QtBot, make_trainer: MakeTraining, tmp_path: Path, dialogs: FakeDialogs
) -> None:
    trainer = make_trainer()
    app_context = trainer.made.app_context
    drafts_dir().mkdir(parents=True, exist_ok=True)
    with Study.open(trainer.path) as study:
        draft = study.save_as(drafts_dir() / "Untitled")
    app_context.studies.open(draft)
    qtbot.waitUntil(
        lambda: app_context.studies.current_study is not None and app_context.studies.current_study.path == draft
    )
    trainer.wait_for_forecast()
    trainer.world.tuner.held = True
    trainer.start()
    named = tmp_path / "named.skillstudy"
    dialogs.save_answer = named
    trainer.made.window.actions_["save_study"].trigger()
    qtbot.waitUntil(
        lambda: app_context.studies.current_study is not None and app_context.studies.current_study.path == named
    )
    assert not draft.exists()
    trainer.world.tuner.held = False
    trainer.wait_for(TuningPhase.DECIDING)
    click(trainer.screen.before_after_page.accept_button)
    trainer.wait_for(TuningPhase.CHOOSING)
    with Study.open(named, read_only=True) as after:
        assert [m.state for m in after.models.all() if m.number > 1] == [ModelState.ACCEPTED]
