"""The window does not surprise: banners, results, scores and the playhead stay or go as one expects."""

from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from skillviewer.data.study import Study
from skillviewer.engine.exporting.change_report import ChangeChoices
from skillviewer.ui.app import Composition
from skillviewer.ui.exporting.screen import ExportScreen
from skillviewer.ui.session.study_controller import VIDEOS
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.shell.command_palette import CommandPalette
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.inspect_driving import choose, findings_of, open_assessed, unseen, why_of


def test_a_banner_goes_with_its_study(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.app_context.studies.current_study is not None)
    window.app_context.messages.note("a.mp4 has no sound.")
    assert window.app_context.messages.waiting
    window.app_context.studies.close()
    assert not window.app_context.messages.waiting


def test_fewer_passes_replace_a_result_only_after_a_question(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    open_assessed(qtbot, window, world, 1, passes=4)
    app_context, assess = window.app_context, window.window.actions_["assess"]
    app_context.state.set_passes(1)
    before, asked = len(world.assessed), len(dialogs.asked)
    dialogs.confirm_answer = False
    assess.trigger()
    assert "4 passes" in dialogs.asked[asked]
    assert not app_context.assessments.is_busy
    dialogs.confirm_answer = True
    assess.trigger()
    qtbot.waitUntil(lambda: len(world.assessed) == before + 1 and not app_context.assessments.is_busy)
    asked = len(dialogs.asked)
    assess.trigger()
    qtbot.waitUntil(lambda: not app_context.assessments.is_busy)
    assert len(dialogs.asked) == asked, "as many passes replace nothing better"


def test_a_missing_video_has_no_score_of_another_model_and_can_be_located(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 2)
    app_context = window.app_context
    lost = unseen(window)
    app_context.videos.update(lost.clip, state=VideoState.MISSING, reason="The file is not where it was.")
    app_context.state.set_digest("0" * 64)
    entry = app_context.videos.get(lost.clip)
    assert entry is not None
    assert entry.state is VideoState.MISSING
    assert entry.analysis is None
    app_context.state.set_current(lost.clip)
    page = why_of(window)
    qtbot.waitUntil(lambda: page.empty_state.action_button.text() == "Locate…")


def test_evidence_that_comes_later_does_not_move_the_playhead(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 2)
    world.explaining.held = True
    entry, playback = unseen(window), window.app_context.playback
    choose(qtbot, window, entry.path)
    findings_of(qtbot, window, evidence=False)
    qtbot.waitUntil(lambda: playback.frame != playback.frames[0])
    stood = playback.frame
    world.explaining.hold.set()
    findings_of(qtbot, window)
    assert playback.frame == stood


def test_the_palette_knows_other_words(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    palette = CommandPalette(window.window.menuBar(), window.window)
    for typed, wanted in (("train", "show_finetune"), ("pdf", "show_export"), ("rate", "show_rank")):
        palette.search_edit.setText(typed)
        rows = range(palette.action_list.count())
        found = [palette.action_list.item(row).data(0x0100).objectName() for row in rows]
        assert wanted in found[:4], typed
    palette.deleteLater()


def test_reports_offer_what_the_study_knows(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    app_context = window.app_context
    qtbot.waitUntil(lambda: all(entry.study_name for entry in app_context.videos))

    def name(study: Study) -> None:
        study.videos.change("a", participant="P1", task="knot", occasion="pre")
        study.videos.change("b", participant="P2", task="knot", occasion="post")

    app_context.studies.submit_write(name, VIDEOS)
    qtbot.waitUntil(lambda: app_context.videos[1].participant == "P2")
    window.window.actions_["show_export"].trigger()
    screen = window.window.screens.widget
    assert isinstance(screen, ExportScreen)
    screen.exporter_list.choose("change")
    field = screen.option_form.field("participant")
    assert isinstance(field, QComboBox)
    assert [field.itemText(at) for at in range(field.count())][1:] == ["P1", "P2"]
    assert isinstance(screen.option_form.field("task"), QComboBox)
    chosen = screen.option_form.options()
    assert isinstance(chosen, ChangeChoices)
    assert (chosen.participant, chosen.task, chosen.model) == ("", "", "")
    field.setCurrentText("P2")
    chosen = screen.option_form.options()
    assert isinstance(chosen, ChangeChoices)
    assert chosen.participant == "P2"
