"""The model at work: progress, stopping, order, switching."""

from pathlib import Path

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.progress import Progress
from skillviewer.nets.model_library import checkpoint_digest
from skillviewer.ui.app import Composition
from skillviewer.ui.videos.columns import COLUMNS
from tests.facts import missing
from tests.ui.driving import inspect, open_and_load, states
from tests.ui.fakes import N_SEGMENTS, FakeWorld
from tests.ui.hands import click

STATE = [column.name for column in COLUMNS].index("state")


def test_the_curve_and_the_status_grow_while_the_model_works(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    app_context = window.app_context
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.n_samples == 12)
    curve = inspect(window).curve.curve
    assert curve is not None
    assert len(curve.mean) == 12
    header = inspect(window).score_header
    assert not missing(header.text, "12 of 25"), "progress"
    assert header.shown_score == "", "whether the model knows such videos is not known yet"
    assert "12 of 25 frames analysed" in window.window.status_bar.text
    qtbot.waitUntil(lambda: "1 job 48 %" in window.window.status_bar.text)  # the file's own job may end later
    assert window.window.panel.video_table.index(0, STATE).data() == "12 of 25"
    assert window.window.actions_["stop"].isEnabled()
    world.hold.set()
    qtbot.waitUntil(lambda: "job" not in window.window.status_bar.text)
    assert states(window) == ["done"]


def test_stopping_leaves_no_trace(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    app_context = window.app_context
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.n_samples == 12)
    app_context.assessments.ask_all()
    assert states(window) == ["working", "waiting"]
    window.window.actions_["stop"].trigger()
    qtbot.waitUntil(lambda: not app_context.assessments.is_busy)
    assert states(window) == ["new", "new"]
    assert app_context.state.analysis is None
    assert inspect(window).curve.curve is None
    qtbot.waitUntil(lambda: not app_context.jobs.running)
    assert "not assessed yet" in inspect(window).score_header.text
    button = next(b for b in inspect(window).score_header.findChildren(QPushButton) if b.text() == "Assess")
    assert button.isVisible()
    world.held = False
    click(button)
    qtbot.waitUntil(lambda: states(window)[0] == "done")


def test_everything_is_assessed_one_after_the_other(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    names = [f"{i}.mp4" for i in range(6)]
    window.app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch(*names))
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)
    window.app_context.state.set_current(window.app_context.videos[3].clip)
    window.window.actions_["assess_all"].trigger()
    qtbot.waitUntil(lambda: not window.app_context.assessments.is_busy)
    assert states(window) == ["done"] * 6
    assert [stem for _, stem, _ in world.assessed] == ["3", "0", "1", "2", "4", "5"], "the one on screen first"


def test_switching_models_while_working(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    app_context = window.app_context
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.n_samples == 12)
    world.held = False
    app_context.models.step(1)
    assert app_context.state.analysis is None, "nothing of the old model is shown under the new one"
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)

    def shown() -> Analysis:
        assert app_context.state.analysis is not None
        return app_context.state.analysis

    assert shown().provenance.model == "beta"
    app_context.models.step(1)
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    assert shown().provenance.model == "alpha"
    app_context.models.step(-1)
    qtbot.waitUntil(lambda: app_context.state.analysis is not None)
    assert shown().provenance.model == "beta"
    assert [(model, stem) for model, stem, _ in world.assessed] == [("alpha", "a"), ("beta", "a"), ("alpha", "a")], (
        "what a model said is kept"
    )


def test_a_model_that_was_trained_anew_is_asked_anew(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    app_context = window.app_context
    alpha, beta = (world.folder / "models" / name for name in ("alpha", "beta"))
    files = world.touch("a.mp4")

    def train(folder: Path, weights: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text("{}")
        (folder / "weights.safetensors").write_text(weights)

    def shown_by(folder: Path) -> bool:
        model, analysis = app_context.state.model, app_context.state.analysis
        if model is None or analysis is None or not analysis.complete or model.folder != folder:
            return False
        return analysis.provenance.model_digest == model.digest == checkpoint_digest(folder)

    train(alpha, "first")
    train(beta, "other")
    app_context.models.refresh()
    app_context.models.choose(alpha)
    app_context.open(files)
    qtbot.waitUntil(lambda: shown_by(alpha))
    train(alpha, "second")
    app_context.models.choose(beta)
    qtbot.waitUntil(lambda: shown_by(beta))
    app_context.models.choose(alpha)
    qtbot.waitUntil(lambda: shown_by(alpha))
    train(alpha, "third")
    app_context.models.choose(alpha)  # chosen once more: it is looked whether it is still the same
    qtbot.waitUntil(lambda: shown_by(alpha))
    assert [name for name, _, _ in world.assessed] == ["alpha", "beta", "alpha", "alpha"]
    app_context.models.choose(alpha)
    app_context.models.choose(beta)
    qtbot.waitUntil(lambda: shown_by(beta))
    assert len(world.assessed) == 4, "what is known of a checkpoint is not asked again"


def test_passes_give_an_interval(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    window.app_context.state.set_passes(4)
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(
        lambda: window.app_context.state.analysis is not None and window.app_context.state.analysis.complete
    )
    assert "95 % interval" in inspect(window).score_header.text
    assert "(3 of 4 passes with different frames)" in inspect(window).score_header.text, "the video is short"
    assert world.assessed == [("alpha", "a", 4)]


def test_a_word_of_warning_is_shown(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.warning = "This video looks unlike the training videos."
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: "unlike the training videos" in inspect(window).score_header.text)


def test_paging_quickly_starts_nothing(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch(*(f"{i}.mp4" for i in range(8))))
    qtbot.waitUntil(lambda: states(window)[0] == "done")
    window.app_context.assessments._automatic_delay.setInterval(
        1500
    )  # no step takes so long, however busy the machine is
    for _ in range(7):
        window.window.panel.step(1)
        qtbot.wait(5)
    qtbot.waitUntil(lambda: states(window)[7] == "done")
    assert [stem for _, stem, _ in world.assessed] == ["0", "7"]


def test_the_video_on_screen_goes_first(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    app_context = window.app_context
    qtbot.waitUntil(lambda: states(window)[0] == "working" and app_context.videos[0].n_done == 12)
    app_context.state.set_current(app_context.videos[1].clip)
    qtbot.waitUntil(lambda: states(window) == ["waiting", "working"])
    world.hold.set()
    qtbot.waitUntil(lambda: not app_context.assessments.is_busy)
    assert states(window) == ["done", "done"]
    assert [stem for _, stem, _ in world.assessed] == ["a", "b", "a"]


def test_progress_that_waits_to_be_shown_is_forgotten_with_the_job(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    app_context = window.app_context
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.n_samples == 12)
    assert app_context.state.analysis is not None
    late = Progress("looking", 12, N_SEGMENTS, app_context.state.analysis)
    for _ in range(2):  # the second has to wait
        app_context.assessments._throttle.report(late)
    app_context.assessments.stop()
    app_context.state.set_analysis(None)
    app_context.assessments._throttle._show()  # its time has come before the job has stopped
    assert app_context.state.analysis is None


def test_assess_all_looks_again_at_videos_with_fewer_passes_than_are_chosen(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    app_context = window.app_context
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: states(window) == ["done"] * 2)
    n_before = len(world.assessed)
    app_context.assessments.ask_all()
    assert len(world.assessed) == n_before, "nothing is assessed twice"
    app_context.state.set_passes(3)
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: len(world.assessed) == n_before + 2 and states(window) == ["done"] * 2)
    assert [passes for _, _, passes in world.assessed[n_before:]] == [3, 3]
    app_context.state.set_passes(2)
    app_context.assessments.ask_all()
    assert states(window) == ["done"] * 2, "more passes than are chosen are enough"


def test_assess_all_is_of_the_video_that_is_being_assessed_too(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    app_context = window.app_context
    app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch("a.mp4"))
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: app_context.assessments.running is not None)  # the model may still be loading
    app_context.state.set_passes(3)
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: not app_context.assessments.is_busy)
    assert states(window) == ["done"]
    assert [passes for _, _, passes in world.assessed] == [1, 3]
