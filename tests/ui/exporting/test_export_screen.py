"""The Export screen, driven as a person would: choose, look, write, stop, fail, replace."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.progress import CancelToken, silent
from skillviewer.data.study import Study, Vote, cached_analysis
from skillviewer.engine.exporting.change_report import ChangeChoices
from skillviewer.engine.exporting.requests import ExportRequest, StudyExportRequest
from skillviewer.engine.exporting.study_context import context_of
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS, CriterionChoice, StudyExporter
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.export.options import OptionKind, options_of
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.rendering.theme import WHITE
from skillviewer.ui.app import Composition
from skillviewer.ui.exporting import export_queue
from skillviewer.ui.exporting.export_choices import FileSplit
from skillviewer.ui.exporting.export_queue import QueueStage
from skillviewer.ui.exporting.option_form import OptionForm
from skillviewer.ui.exporting.queue_view import EntryRow
from skillviewer.ui.exporting.screen import ExportScreen
from tests.facts import missing
from tests.ui.fakes import FakeDialogs, FakeWorld, make_analysis
from tests.ui.hands import click, key, mark

EVERY: tuple[Exporter | StudyExporter, ...] = (*EXPORTERS, *STUDY_EXPORTERS)
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def screen(qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path) -> ExportScreen:
    """The Export screen on three videos, two of which are assessed."""
    app_context = window.app_context
    app_context.assessments.set_automatic(on=False)
    app_context.settings.export_folder = str(tmp_path / "out")
    app_context.open(world.touch("a.mp4", "b ü.mp4", "c.mp4"))
    app_context.models.choose_default(None)
    qtbot.waitUntil(lambda: app_context.state.model is not None and app_context.playback.video is not None)
    app_context.assessments.ask([entry.clip for entry in app_context.videos][:2])
    qtbot.waitUntil(lambda: not app_context.assessments.is_busy and app_context.state.analysis is not None)
    qtbot.waitUntil(lambda: app_context.studies.current_study is not None)
    key(window.window, Qt.Key.Key_5, CTRL)
    found = cast("ExportScreen", window.window.screens.get_page("export"))
    assert found.isVisible()
    qtbot.waitUntil(lambda: not found.preview_loader.is_busy)
    return found


def test_the_preview_has_the_room_of_an_empty_queue(qtbot: QtBot, screen: ExportScreen, window: Composition) -> None:
    window.window.resize(1440, 900)
    qtbot.waitUntil(lambda: screen.height() > 600)
    right = screen.preview_pane.parentWidget()
    assert right is not None
    qtbot.waitUntil(lambda: screen.queue_view.isHidden() and screen.preview_pane.height() > 0.6 * right.height())


def over(screen: ExportScreen, n: int = 1) -> Callable[[], bool]:
    return lambda: sum(entry.stage.is_over for entry in screen.queue.entries) == n


def test_a_clip_is_seen_and_then_written(
    qtbot: QtBot, screen: ExportScreen, world: FakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert screen.preview_pane.has_picture
    assert screen.destination.path == tmp_path / "out" / "a.mp4"
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    (request,) = world.exporting.requests
    assert isinstance(request, ExportRequest)
    assert request.path == tmp_path / "out" / "a.mp4"
    assert request.path.is_file()
    assert [s.video.name for s in request.sources] == ["a.mp4"]
    assert request.sources[0].analysis is not None
    (row,) = screen.queue_view.rows
    assert "Written and checked" in row._message_label.text()
    assert "412 frames" in row._message_label.text()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    assert row.action_button.text() == "Show in folder"
    click(row.action_button)
    assert opened == [str(tmp_path / "out")]


def test_the_key_goes_there_and_then_writes(qtbot: QtBot, window: Composition, screen: ExportScreen) -> None:
    window.window.screens.show("inspect")
    key(window.window, Qt.Key.Key_E, CTRL)
    assert screen.isVisible()
    assert screen.queue.entries == []
    key(window.window, Qt.Key.Key_E, CTRL)
    assert len(screen.queue.entries) == 1
    qtbot.waitUntil(over(screen))


def test_a_number_that_is_still_being_typed_counts_when_it_is_exported(
    qtbot: QtBot, window: Composition, screen: ExportScreen, world: FakeWorld
) -> None:
    first = screen.option_form.field("start")
    assert isinstance(first, QSpinBox)
    first.setFocus()
    first.selectAll()
    QTest.keyClicks(first, "100")
    key(window.window, Qt.Key.Key_E, CTRL)
    qtbot.waitUntil(over(screen))
    (request,) = world.exporting.requests
    assert isinstance(request.options, ClipOptions)
    assert request.options.start == 99


def test_a_home_that_is_nowhere_is_told(screen: ExportScreen) -> None:
    screen.destination.path_edit.setText("~nobody here/a.mp4")
    screen.destination.path_edit.textEdited.emit("~nobody here/a.mp4")
    assert "Give the full path" in screen.message_label.text()


def test_frames_count_from_one_on_screen_and_from_nought_in_options(window: Composition, screen: ExportScreen) -> None:
    playback = window.app_context.playback
    playback.seek(9)
    playback.mark_in()
    playback.seek(29)
    playback.mark_out()
    low, high = playback.marks
    assert (low, high) == (9, 29)
    assert screen.selection_button.isVisible()
    click(screen.selection_button)
    first, last = screen.option_form.field("start"), screen.option_form.field("stop")
    assert isinstance(first, QSpinBox)
    assert isinstance(last, QSpinBox)
    assert (first.value(), last.value()) == (10, 30)
    options = screen.choices.options
    assert isinstance(options, ClipOptions)
    assert (options.start, options.stop) == (9, 30)
    playback.seek(41)
    screen.exporter_list.choose("still")
    still = screen.choices.options
    assert isinstance(still, StillOptions)
    assert still.frame == 41
    frame = screen.option_form.field("frame")
    assert isinstance(frame, QSpinBox)
    assert frame.value() == 42
    assert not screen.selection_button.isVisible()


def test_the_look_of_the_player_is_that_of_the_export(window: Composition, screen: ExportScreen) -> None:
    window.app_context.state.set_map_style(overlay=Overlay.CONTOUR, strength=0.4)
    screen.exporter_list.choose("still")
    look = screen.choices.options.look
    assert (look.overlay, look.strength) == (Overlay.CONTOUR, 0.4)


def test_a_report_is_told_what_the_study_knows(
    qtbot: QtBot, window: Composition, screen: ExportScreen, world: FakeWorld
) -> None:
    study = window.app_context.studies.current_study
    assert study is not None

    def tell(written: Study) -> None:
        written.annotations.write_note("Misses the hole.", author="Ann", video="a")
        written.videos.change("a", participant="P7", task="peg")
        written.videos.change("b ü", task="peg")
        written.votes.cast(Vote("a", "b ü", Verdict.LEFT, "Ben"))

    with qtbot.waitSignal(window.app_context.studies.submit_write(tell).succeeded):
        pass
    screen.exporter_list.choose("why")
    look = screen.choices.options.look
    assert look.overlay is Overlay.BOTH, "what is printed in greys needs lines, whatever the player shows"
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    (request,) = world.exporting.requests
    assert isinstance(request, ExportRequest)
    (source,) = request.sources
    assert source.study == study.path
    assert source.analysis is not None
    with Study.open(source.study, read_only=True) as saved:
        known = context_of(saved, source.analysis)
    assert (known.name, known.participant, known.task) == ("a", "P7", "peg")
    assert [m.name for m in known.others] == ["b ü"]
    assert [(n.text, n.author) for n in known.notes] == [("Misses the hole.", "Ann")]
    assert [j.rater for j in known.judgements] == ["Ben"]


def test_a_table_shows_its_first_rows(
    qtbot: QtBot, window: Composition, screen: ExportScreen, world: FakeWorld
) -> None:
    world.exporting.real = True
    screen.exporter_list.choose("scores")
    qtbot.waitUntil(lambda: not screen.preview_loader.is_busy and screen.preview_pane.table.isVisible())
    assert screen.preview_pane.caption == "1 row"
    first = screen.preview_pane.table.horizontalHeaderItem(0)
    assert first is not None
    assert first.text() == "video"
    study = window.app_context.studies.current_study
    assert study is not None

    def judge(written: Study) -> None:
        for rater in ("Ann", "Ben"):
            written.votes.cast(Vote("a", "b ü", Verdict.LEFT, rater))

    with qtbot.waitSignal(window.app_context.studies.submit_write(judge).succeeded):
        pass
    screen.exporter_list.choose("judgements")
    qtbot.waitUntil(lambda: screen.preview_pane.caption == "2 rows")
    cells = [screen.preview_pane.table.item(row, 3) for row in range(2)]
    assert [cell.text() for cell in cells if cell is not None] == ["Ann", "Ben"]
    screen.exporter_list.choose("study")
    assert not screen.preview_pane.table.isVisible()
    assert "no preview" in screen.preview_pane.message
    screen.exporter_list.choose("clip")
    qtbot.waitUntil(lambda: not screen.preview_loader.is_busy and screen.preview_pane.has_picture)
    assert screen.preview_pane.caption.startswith("Frame ")


def test_a_change_is_previewed_and_the_newest_wins(qtbot: QtBot, screen: ExportScreen, world: FakeWorld) -> None:
    before = len(world.exporting.previewed)
    title = screen.option_form.field("title")
    assert isinstance(title, QLineEdit)
    QTest.keyClicks(title, "knot")
    qtbot.waitUntil(lambda: not screen.preview_loader.is_busy)
    told = world.exporting.previewed[before:]
    assert told[-1][2] == screen.choices.options
    assert screen.choices.options.title == "knot"
    assert len(told) <= 2
    world.exporting.preview_error = "a.mp4 cannot be read."
    QTest.keyClicks(title, "s")
    qtbot.waitUntil(lambda: screen.preview_pane.message == "a.mp4 cannot be read.")
    assert not screen.preview_pane.has_picture


def test_every_exporter_has_a_form_and_says_what_is_missing(qtbot: QtBot, screen: ExportScreen) -> None:
    for made in EVERY:
        screen.exporter_list.choose(made.name)
        assert screen.exporter_list.exporter is made
        options = screen.choices.options
        assert (options is None) == (made.options is None)
        assert screen.destination.suffix in made.suffixes
        assert screen.destination.path.suffix in made.suffixes
        assert screen.export_button.isEnabled() != ("needs at least 2" in screen.message_label.text()), made.name
    screen.exporter_list.choose("comparison")
    assert "needs at least 2 models" in screen.message_label.text()
    assert not screen.export_button.isEnabled()
    for model in screen.source_form._models:
        mark(screen.source_form.model_list, model.folder, on=True)
    assert screen.export_button.isEnabled()
    qtbot.waitUntil(lambda: not screen.preview_loader.is_busy)


def test_two_models_side_by_side(qtbot: QtBot, screen: ExportScreen, world: FakeWorld) -> None:
    for model in screen.source_form._models:
        mark(screen.source_form.model_list, model.folder, on=True)
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    (request,) = world.exporting.requests
    assert isinstance(request, ExportRequest)
    assert [s.title for s in request.sources] == ["alpha", "beta"]
    assert [s.analysis is None for s in request.sources] == [False, True]


def test_a_file_for_every_video_some_of_which_fail(
    qtbot: QtBot, screen: ExportScreen, world: FakeWorld, tmp_path: Path
) -> None:
    world.exporting.failing = {"b ü"}
    screen.source_form.split_box.setCurrentIndex(screen.source_form.split_box.findData(FileSplit.EACH))
    assert screen.destination.path == tmp_path / "out"
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.mp4"]
    assert [o.path.name for o in world.exporting.requests] == ["a.mp4", "b ü.mp4"]
    (row,) = screen.queue_view.rows
    assert row.entry.stage is QueueStage.PARTLY
    assert "1 of 2 files written" in row._message_label.text()
    assert "No space left" in row._message_label.text()


def test_chosen_videos_in_one_file(qtbot: QtBot, screen: ExportScreen, world: FakeWorld) -> None:
    screen.exporter_list.choose("sheet")
    screen.source_form.split_box.setCurrentIndex(screen.source_form.split_box.findData(FileSplit.CHOSEN))
    for candidate in screen.source_form._candidates:
        mark(screen.source_form.video_list, candidate.clip, on=candidate.name != "a")
    assert "c has not been assessed yet" in screen.message_label.text()
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    (request,) = world.exporting.requests
    assert isinstance(request, ExportRequest)
    assert [s.title for s in request.sources] == ["b ü", "c"]


def test_the_oldest_exports_that_are_over_leave_the_list(
    qtbot: QtBot, screen: ExportScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_queue, "MAX_LISTED", 2)
    screen.exporter_list.choose("scores")
    for n, stem in enumerate("abcd", 1):
        screen.destination.choose(screen.destination.path.with_name(f"{stem}.csv"))
        click(screen.export_button)
        qtbot.waitUntil(over(screen, min(n, 2)))
    listed = [entry.target_path.stem for entry in screen.queue.entries]
    assert listed == ["c", "d"]
    assert [row.entry.target_path.stem for row in screen.queue_view.rows] == listed[::-1]
    qtbot.waitUntil(lambda: len(screen.queue_view.findChildren(EntryRow)) == 2)


def test_stopping_leaves_no_file_and_the_next_goes_on(
    qtbot: QtBot, screen: ExportScreen, world: FakeWorld, tmp_path: Path
) -> None:
    world.exporting.held = True
    click(screen.export_button)
    screen.exporter_list.choose("scores")
    click(screen.export_button)
    first = screen.queue.entries[0]
    qtbot.waitUntil(lambda: first.stage is QueueStage.WORKING)
    assert {entry.stage for entry in screen.queue.entries[1:]} == {QueueStage.WAITING}
    row = screen.queue_view.rows[-1]
    assert row.action_button.text() == "Cancel"
    click(row.action_button)
    qtbot.waitUntil(lambda: first.stage is QueueStage.STOPPED)
    world.exporting.hold.set()
    qtbot.waitUntil(over(screen, 2))
    assert screen.queue.entries[1].stage is QueueStage.DONE
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a scores.csv"]
    assert "Stopped" in row._message_label.text()
    assert not row.action_button.isVisible()


def test_of_several_files_those_that_were_finished_when_it_was_stopped_are_told(
    qtbot: QtBot, screen: ExportScreen, world: FakeWorld, tmp_path: Path
) -> None:
    world.exporting.held, world.exporting.held_in = True, "b ü"
    screen.exporter_list.choose("clip")
    screen.source_form.split_box.setCurrentIndex(screen.source_form.split_box.findData(FileSplit.EACH))
    click(screen.export_button)
    (entry,) = screen.queue.entries
    qtbot.waitUntil(lambda: len(entry.written_files) == 1)
    (row,) = screen.queue_view.rows
    click(row.action_button)
    qtbot.waitUntil(lambda: entry.stage is QueueStage.STOPPED)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.mp4"]
    assert not missing(row._message_label.text(), "2 files", "a.mp4")
    assert row.action_button.isVisible()
    assert row.action_button.text() == "Show in folder"


@pytest.mark.parametrize("agreed", [True, False])
def test_closing_over_exports_asks_and_leaves_no_half_file(
    qtbot: QtBot,
    window: Composition,
    screen: ExportScreen,
    world: FakeWorld,
    dialogs: FakeDialogs,
    tmp_path: Path,
    agreed: bool,
) -> None:
    world.exporting.held = True
    click(screen.export_button)
    screen.exporter_list.choose("scores")
    click(screen.export_button)
    first, second = screen.queue.entries
    qtbot.waitUntil(lambda: first.stage is QueueStage.WORKING)
    dialogs.confirm_answer = agreed
    window.window.close()
    assert dialogs.asked == ["Jobs are running. Stop them and close the window?"]
    if agreed:
        qtbot.waitUntil(lambda: not window.window.isVisible())
        assert not any(worker._thread.isRunning() for worker in window.app_context.workers)
        assert (first.stage, second.stage) == (QueueStage.STOPPED, QueueStage.STOPPED)
        assert len(world.exporting.requests) == 1, "the one that waited was never begun"
        assert not list((tmp_path / "out").glob("*"))
    else:
        assert window.window.isVisible()
        assert window.window.isEnabled()
        assert not window.app_context.closing
        assert (first.stage, second.stage) == (QueueStage.WORKING, QueueStage.WAITING)
        world.exporting.hold.set()
        qtbot.waitUntil(over(screen, 2))
        assert (first.stage, second.stage) == (QueueStage.DONE, QueueStage.DONE)
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a scores.csv", "a.mp4"]


def test_a_file_that_is_there_is_replaced_only_after_asking(
    qtbot: QtBot, screen: ExportScreen, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / "a.mp4"
    mine.write_text("mine")
    dialogs.confirm_answer = False
    click(screen.export_button)
    assert dialogs.asked == ["a.mp4 exists already. Replace it?"]
    assert screen.queue.entries == []
    assert mine.read_text() == "mine"
    dialogs.confirm_answer = True
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    assert mine.read_text() != "mine"


def test_videos_are_never_replaced_and_only_what_was_asked_about_is(
    qtbot: QtBot, screen: ExportScreen, dialogs: FakeDialogs, world: FakeWorld, window: Composition, tmp_path: Path
) -> None:
    video = next(iter(window.app_context.videos)).path
    screen.destination.choose(video)
    click(screen.export_button)
    assert dialogs.asked == []
    assert screen.queue.entries == []
    assert not missing(window.window.message_bar.text, "a.mp4", "never replaced")
    screen.destination.choose(tmp_path / f"{'n' * 300}.mp4")  # told when it is written, as the disk tells it
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    screen.source_form.split_box.setCurrentIndex(screen.source_form.split_box.findData(FileSplit.EACH))
    screen.destination.choose(tmp_path / "out")
    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out" / "a.mp4").write_text("mine")
    dialogs.confirm_answer = True
    click(screen.export_button)
    qtbot.waitUntil(over(screen, 2))
    assert [(o.path.name, o.overwrite) for o in world.exporting.requests[-2:]] == [("a.mp4", True), ("b ü.mp4", False)]


def test_another_place_and_kind(
    qtbot: QtBot, screen: ExportScreen, dialogs: FakeDialogs, world: FakeWorld, tmp_path: Path
) -> None:
    dialogs.save_answer = tmp_path / "elsewhere" / "my clip"
    click(screen.destination.browse_button)
    assert screen.destination.path == tmp_path / "elsewhere" / "my clip.mp4"
    screen.destination.suffix_box.setCurrentText(".gif")
    assert screen.destination.path == tmp_path / "elsewhere" / "my clip.gif"
    speed = screen.option_form.field("speed")
    assert isinstance(speed, QDoubleSpinBox)
    speed.setValue(2)
    assert screen.destination.path.name == "my clip.gif"  # what a person wrote stays
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    assert world.exporting.requests[0].path == tmp_path / "elsewhere" / "my clip.gif"
    screen.destination.path_edit.selectAll()
    QTest.keyClicks(screen.destination.path_edit, "no suffix")
    assert not screen.export_button.isEnabled()
    assert "ends in .mp4 or .webm or .gif" in screen.message_label.text()


def test_the_whole_study(qtbot: QtBot, screen: ExportScreen, world: FakeWorld, window: Composition) -> None:
    screen.exporter_list.choose("study")
    assert not screen.source_form.isVisible()
    pseudonyms = screen.option_form.field("pseudonyms")
    assert isinstance(pseudonyms, QCheckBox)
    pseudonyms.setChecked(True)
    click(screen.export_button)
    qtbot.waitUntil(over(screen))
    (request,) = world.exporting.requests
    study = window.app_context.studies.current_study
    assert isinstance(request, StudyExportRequest)
    assert study is not None
    assert request.study == study.path
    assert request.options.pseudonyms


def test_the_log_of_the_study_says_who_exported_which_file(
    qtbot: QtBot, screen: ExportScreen, window: Composition
) -> None:
    study = window.app_context.studies.current_study
    assert study is not None
    window.app_context.settings.user_name = " Dr Ann "
    click(screen.export_button)

    def exports() -> list[tuple[str, str, str]]:
        with Study.open(study.path, read_only=True) as opened:
            return [(row.who, row.subject, row.detail) for row in opened.log() if row.what == "export"]

    qtbot.waitUntil(lambda: bool(exports()))
    assert exports() == [("Dr Ann", screen.queue.entries[0].target_path.name, "clip: a")]


def test_faces_are_looked_over_and_the_way_leads_back(qtbot: QtBot, screen: ExportScreen, world: FakeWorld) -> None:
    assert not screen.review_faces_button.isVisible()
    blurs = screen.option_form.field("blur_faces")
    assert isinstance(blurs, QCheckBox)
    blurs.setChecked(True)
    assert screen.review_faces_button.isVisibleTo(screen)
    screen.review_faces_button.click()
    assert screen.pages.currentWidget() is screen.faces_review
    before = len(world.exporting.previewed)
    click(screen.faces_review.back_button)
    assert screen.export_button.isVisible()
    assert not screen.faces_review.isVisible()
    qtbot.waitUntil(lambda: len(world.exporting.previewed) > before)  # boxes may be others now


def test_the_faces_of_a_whole_study_are_looked_over(screen: ExportScreen) -> None:
    screen.exporter_list.choose("study")
    assert not screen.review_faces_button.isVisibleTo(screen)
    blurs = screen.option_form.field("blur_faces")
    assert isinstance(blurs, QCheckBox)
    assert "guarantee" in blurs.toolTip()
    blurs.setChecked(True)
    assert screen.choices.options.blur_faces
    assert screen.review_faces_button.isVisibleTo(screen)
    screen.review_faces_button.click()
    video_box = screen.faces_review.video_box
    assert [video_box.itemText(index) for index in range(video_box.count())] == ["a", "b ü", "c"]


@pytest.mark.parametrize("ends", ["written", "failed", "stopped"])
def test_what_was_assessed_for_an_export_is_kept_in_the_study(
    qtbot: QtBot, window: Composition, screen: ExportScreen, world: FakeWorld, ends: str
) -> None:
    app_context = window.app_context
    model, study = app_context.state.model, app_context.studies.current_study
    assert model is not None
    assert study is not None
    assessor, token = world.open_model(model.folder), CancelToken()
    world.exporting.assess = lambda source: assessor.assess(source.video, 4, token, silent)
    clip = app_context.videos[2].clip
    app_context.state.set_current(clip)
    qtbot.waitUntil(lambda: [video.clip for video in screen.source_form.chosen_videos] == [clip])
    before = app_context.videos.get(clip)
    assert before is not None
    assert before.analysis is None

    def scores() -> dict[str, int]:
        with Study.open(study.path, read_only=True) as opened:
            return {name: score.passes for name, score in opened.models.scores(model.digest).items()}

    qtbot.waitUntil(lambda: set(scores()) == {"a", "b ü"})
    world.exporting.held = ends == "stopped"
    world.exporting.failing = {"c"} if ends == "failed" else set()
    click(screen.export_button)
    qtbot.waitUntil(lambda: scores().get("c") == 4)
    if ends == "stopped":
        screen.queue.entries[0].stop()
    qtbot.waitUntil(over(screen))
    assert screen.queue.entries[0].stage is {"written": QueueStage.DONE, "failed": QueueStage.FAILED}.get(
        ends, QueueStage.STOPPED
    )
    after = app_context.videos.get(clip)
    assert after is not None
    assert after.analysis is not None
    assert after.analysis.n_passes == 4
    with Study.open(study.path, read_only=True) as opened:
        kept = cached_analysis(opened.videos.get("c"), model.digest)
    assert kept is not None
    assert kept.score == after.analysis.score


def test_a_form_gives_back_what_it_was_given(qtbot: QtBot) -> None:
    form = OptionForm()
    qtbot.addWidget(form)
    for made in EVERY:
        form.show_options(made.options, MapStyle())
        defaults = made.options() if made.options is not None else None
        assert form.options() == defaults, made.name
        kinds = {option.name: option.kind for option in options_of(made.options)}
        for name, kind in kinds.items():
            if kind is OptionKind.CHOICE:
                assert isinstance(form.field(name), QComboBox)
    form.show_options(StillOptions, MapStyle())
    form.set_values(frame=None, theme=WHITE, size=(640, 480), title="x")
    assert form.options() == StillOptions(frame=None, theme=WHITE, size=(640, 480), title="x")


@pytest.mark.slow
@pytest.mark.parametrize("percent", [100, 130])
def test_the_form_is_as_wide_as_its_words(
    qtbot: QtBot, window: Composition, screen: ExportScreen, percent: int
) -> None:
    window.app_context.themes.resize_text(percent)
    try:
        for made in EXPORTERS:
            screen.exporter_list.choose(made.name)
            form = screen.option_form.parentWidget()
            assert form is not None
            room = form.parentWidget()  # the part of the scroll area that is seen
            assert room is not None
            qtbot.waitUntil(lambda form=form, room=room: form.minimumSizeHint().width() <= room.width())  # type: ignore[misc]
    finally:
        window.app_context.themes.resize_text(100)


def test_the_model_that_is_chosen_meanwhile_is_the_one_that_is_exported(
    qtbot: QtBot, window: Composition, screen: ExportScreen, world: FakeWorld
) -> None:
    app_context = window.app_context
    world.models = ("alpha", "beta", "gamma")
    app_context.models.refresh()
    for name in ("beta", "gamma"):
        app_context.models.choose(next(e.folder for e in app_context.models.entries if e.name == name))
        qtbot.waitUntil(lambda name=name: app_context.state.model is not None and app_context.state.model.name == name)  # type: ignore[misc]
        assert [model.name for model in screen.source_form.chosen_models] == [name]
    alpha = next(e.folder for e in app_context.models.entries if e.name == "alpha")
    gamma = next(e.folder for e in app_context.models.entries if e.name == "gamma")
    mark(screen.source_form.model_list, alpha, on=True)  # a person's own choice stays
    mark(screen.source_form.model_list, gamma, on=False)
    app_context.models.choose(next(e.folder for e in app_context.models.entries if e.name == "beta"))
    qtbot.waitUntil(lambda: app_context.state.model is not None and app_context.state.model.name == "beta")
    assert [model.name for model in screen.source_form.chosen_models] == ["alpha"]
    split = screen.source_form.split_box
    split.setCurrentIndex(split.findData(FileSplit.EACH))
    assert split.currentText() == "A file for each of 3 videos", "beta has assessed none, and alpha is asked"
    assert len(screen.choices.videos) == 3
    assert screen.export_button.isEnabled()


def test_name_and_stretch_of_one_video_are_none_of_the_next(
    qtbot: QtBot, window: Composition, screen: ExportScreen, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    app_context = window.app_context
    playback = app_context.playback
    playback.seek(9)
    playback.mark_in()
    playback.seek(29)
    playback.mark_out()
    click(screen.selection_button)
    assert (screen.choices.options.start, screen.choices.options.stop) == (9, 30)
    dialogs.save_answer = tmp_path / "figures" / "mine.mp4"
    window.window.actions_["export_browse"].trigger()
    assert screen.destination.path == tmp_path / "figures" / "mine.mp4"
    other = app_context.videos[1]
    app_context.state.set_current(other.clip)
    qtbot.waitUntil(lambda: [video.name for video in screen.choices.videos] == [other.name])
    assert screen.destination.path == tmp_path / "figures" / f"{other.name}.mp4", "the folder that was chosen stays"
    options = screen.choices.options
    assert (options.start, options.stop) == (0, None)
    screen.destination.path_edit.setText("report.mp4")
    screen.destination.path_edit.textEdited.emit("report.mp4")
    assert "Give the full path" in screen.message_label.text()
    assert not screen.export_button.isEnabled()


def test_a_key_that_is_there_is_never_written_over(screen: ExportScreen, tmp_path: Path) -> None:
    key_file = tmp_path / "key.csv"
    key_file.write_text("the key to what was sent in May")
    screen.exporter_list.choose("study")
    field = screen.option_form.field("key")
    assert isinstance(field, QLineEdit)
    field.setText(str(key_file))
    field.textEdited.emit(str(key_file))
    assert "The key belongs to other names" in screen.message_label.text()
    pseudonyms = screen.option_form.field("pseudonyms")
    assert isinstance(pseudonyms, QCheckBox)
    pseudonyms.setChecked(True)
    assert "may be the only key" in screen.message_label.text()
    assert not screen.export_button.isEnabled()


@pytest.mark.slow
def test_another_analysis_of_a_chosen_video_is_taken(
    qtbot: QtBot, window: Composition, screen: ExportScreen, world: FakeWorld
) -> None:
    before, *_ = window.app_context.videos
    other = make_analysis(world.info(before.path), model="beta", seed=9)
    window.app_context.videos.update(before.clip, analysis=other)
    qtbot.waitUntil(lambda: screen.source_form.chosen_videos[0].analysis is other)
    window.window.screens.show("inspect")
    window.app_context.videos.update(before.clip, analysis=before.analysis)
    window.window.screens.show("export")
    qtbot.waitUntil(lambda: screen.source_form.chosen_videos[0].analysis is before.analysis)


@pytest.mark.parametrize("options_class", [ChangeChoices, CriterionChoice])
def test_the_entry_for_an_empty_field_of_a_list_is_not_cut(qtbot: QtBot, options_class: type) -> None:
    form = OptionForm()
    qtbot.addWidget(form)
    names = ("task", "model", "participant", "criterion", "before", "after")
    form.show_options(options_class, MapStyle(), dict.fromkeys(names, ("a",)))
    boxes = [box for name in names if isinstance(box := form.field(name), QComboBox)]
    assert boxes
    for box in boxes:
        arrow_px = 30
        text_px = box.fontMetrics().horizontalAdvance(box.itemText(0))
        assert text_px + arrow_px <= box.width(), box.itemText(0)
