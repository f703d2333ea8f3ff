"""Moments: one with the playhead, the curve and the player; opinions and notes on them; kept ones; undo."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.data.study import Opinion, Study
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.moment_row import MomentRow
from skillviewer.ui.session.insight.tour import LEAD_IN_S
from tests.facts import missing
from tests.ui.driving import inspect, open_and_load
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click, key, type_text
from tests.ui.inspect_driving import (
    by_score,
    choose,
    findings_of,
    lowest,
    moments_of,
    open_assessed,
    stored_study,
    unseen,
    why_of,
)


@pytest.fixture
def shown(qtbot: QtBot, window: Composition, world: FakeWorld) -> Composition:
    """Three videos assessed, the lowest on screen with its moments."""
    open_assessed(qtbot, window, world, 3)
    lowest(qtbot, window)
    window.window._docks["moments"].raise_open()
    qtbot.waitUntil(lambda: len(rows(window)) == len(window.app_context.why_loader.cards) > 1)
    return window


def point_at(widget: QWidget) -> None:
    """Move the mouse over a widget, as the window system says it."""
    at = QPointF(widget.rect().center())
    QApplication.sendEvent(widget, QEnterEvent(at, at, QPointF(widget.mapToGlobal(at))))


def rows(made: Composition) -> tuple[MomentRow, ...]:
    return moments_of(made).moment_column.rows


def marked(made: Composition) -> list[bool]:
    tour = made.app_context.tour
    return [row.card is not None and tour.is_here(row.card) for row in rows(made)]


def opinion_shown(made: Composition) -> Opinion | None:
    """Return the opinion of the first moment that is shown."""
    card = rows(made)[0].card if rows(made) else None
    return card.opinion if card is not None else None


def opinions_on_disk(made: Composition) -> list[Opinion]:
    with stored_study(made) as study:
        return [m.opinion for m in study.annotations.moments(made.app_context.annotations.video) if m.model_digest]


def test_moments_are_those_of_the_page_and_flagged_on_the_curve(qtbot: QtBot, shown: Composition) -> None:
    found = findings_of(qtbot, shown)
    assert [(row.card.start_s, row.card.stop_s) for row in rows(shown) if row.card] == [
        (m.start_s, m.stop_s) for m in found.moments
    ]
    flags = inspect(shown).curve.flags
    assert [time for time, _ in flags] == pytest.approx([m.start_s for m in found.moments])
    assert [form for _, form in flags] == ["t1" if m.amount > 0 else "t" for m in found.moments]
    assert [row.contribution_bar._value for row in rows(shown)] == [m.amount for m in found.moments]


@pytest.mark.slow
def test_the_playhead_says_which_moment_it_is_in(qtbot: QtBot, shown: Composition) -> None:
    app_context = shown.app_context
    for at, moment in enumerate(findings_of(qtbot, shown).moments):
        app_context.playback.seek(moment.start_frame)
        assert marked(shown)[at]
        app_context.playback.seek(moment.stop_frame - 1)
        assert marked(shown)[at]
        app_context.playback.seek(max(moment.start_frame - 1, 0))
        assert not marked(shown)[at]


def test_next_and_previous_moment(qtbot: QtBot, shown: Composition) -> None:
    playback, actions = shown.app_context.playback, shown.window.actions_
    starts = [m.start_frame for m in findings_of(qtbot, shown).moments]
    playback.seek(0)
    for start in starts if starts[0] > 0 else starts[1:]:
        actions["next_moment"].trigger()
        assert playback.frame == start
        assert inspect(shown).curve.cursor_s == pytest.approx(playback.time_s)
    actions["next_moment"].trigger()
    assert playback.frame == starts[-1], "there is none beyond the last"
    actions["previous_moment"].trigger()
    assert playback.frame == starts[-2]


def test_a_moment_plays_from_two_seconds_before_to_its_end(qtbot: QtBot, shown: Composition) -> None:
    playback = shown.app_context.playback
    found = findings_of(qtbot, shown)
    at = next(i for i, m in enumerate(found.moments) if m.start_s > LEAD_IN_S)
    moment = found.moments[at]
    seen: list[int] = []
    playback.frame_changed.connect(seen.append)
    playback.set_speed(4)
    click(rows(shown)[at].thumbnail)
    assert playback.playing
    assert playback.frame == found.analysis.video.frame_at(moment.start_s - LEAD_IN_S)
    qtbot.waitUntil(lambda: not playback.playing)
    assert playback.frame == moment.stop_frame - 1
    assert max(seen) < moment.stop_frame + (moment.stop_frame - moment.start_frame)


@pytest.mark.slow
def test_a_moment_plays_though_another_stretch_is_looped(qtbot: QtBot, shown: Composition) -> None:
    playback = shown.app_context.playback
    moment = findings_of(qtbot, shown).moments[-1]
    assert moment.start_frame > 20
    playback.seek(5)
    playback.mark_in()
    playback.seek(15)
    playback.mark_out()
    playback.set_loop(on=True)
    playback.set_speed(4)
    click(rows(shown)[-1].thumbnail)
    assert playback.playing
    assert playback.frame > 15
    qtbot.waitUntil(lambda: not playback.playing)
    assert playback.frame == moment.stop_frame - 1


def test_an_opinion_is_kept_undone_and_done_again(qtbot: QtBot, shown: Composition) -> None:
    row, undo = rows(shown)[0], shown.app_context.undo
    click(row.opinion_chips[Opinion.DISAGREE])
    qtbot.waitUntil(lambda: undo.undo_text == "opinion of a moment")
    qtbot.waitUntil(lambda: opinions_on_disk(shown) == [Opinion.DISAGREE])
    qtbot.waitUntil(lambda: row.card is not None and row.card.opinion is Opinion.DISAGREE)
    click(row.opinion_chips[Opinion.AGREE])
    qtbot.waitUntil(lambda: opinions_on_disk(shown) == [Opinion.AGREE])
    qtbot.waitUntil(lambda: row.card is not None and row.card.opinion is Opinion.AGREE)
    shown.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: opinions_on_disk(shown) == [Opinion.DISAGREE])
    shown.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: opinions_on_disk(shown) == [])
    qtbot.waitUntil(lambda: not row.opinion_chips[Opinion.DISAGREE].isChecked())
    shown.window.actions_["redo"].trigger()
    qtbot.waitUntil(lambda: opinions_on_disk(shown) == [Opinion.DISAGREE])


def test_the_why_page_and_the_panel_tell_the_same_opinion(qtbot: QtBot, shown: Composition) -> None:
    click(rows(shown)[1].opinion_chips[Opinion.NOT_RELEVANT])
    beside = why_of(shown).moment_column.rows[1]
    qtbot.waitUntil(lambda: beside.card is not None and beside.card.opinion is Opinion.NOT_RELEVANT)
    assert beside.opinion_chips[Opinion.NOT_RELEVANT].isChecked()


def test_a_note_on_a_moment_is_undone_with_what_was_kept_for_it(qtbot: QtBot, shown: Composition) -> None:
    row = rows(shown)[0]
    click(row.note_button)
    type_text(row.note_edit, "The tool slips.")
    key(row.note_edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: row.card is not None and [n.text for n in row.card.notes] == ["The tool slips."])
    assert not row.note_edit.isVisible()
    with stored_study(shown) as study:
        (note,) = study.annotations.notes(shown.app_context.annotations.video)
        assert note.time_s == pytest.approx(findings_of(qtbot, shown).moments[0].start_s)
    shown.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: row.card is not None and row.card.notes == () and row.card.saved_moment is None)


def test_a_label_typed_without_the_focus_outlives_new_facts(qtbot: QtBot, shown: Composition) -> None:
    assert shown.app_context.annotations.save_moment(1.0, 2.0) is not None
    qtbot.waitUntil(lambda: any(r.card is not None and r.card.model_moment is None for r in rows(shown)))
    row = next(r for r in rows(shown) if r.card is not None and r.card.model_moment is None)
    inspect(shown).player.canvas.setFocus()
    type_text(row.label_edit, "regrasp")
    moments_of(shown).moment_column.refresh()
    assert row.label_edit.text() == "regrasp"


def test_a_selection_is_kept_with_keys_named_and_taken_back(qtbot: QtBot, shown: Composition) -> None:
    playback, canvas = shown.app_context.playback, inspect(shown).player.canvas
    canvas.setFocus()
    playback.seek(30)
    key(canvas, Qt.Key.Key_I)
    playback.seek(59)
    key(canvas, Qt.Key.Key_O)
    n = len(rows(shown))
    key(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(rows(shown)) == n + 1)
    row = next(r for r in rows(shown) if r.card is not None and r.card.model_moment is None)
    assert row.card is not None
    assert [row.card.start_s, row.card.stop_s] == pytest.approx([1.0, 2.0])
    assert playback.marks == (None, None)
    assert (1.0, "s") in [(round(time, 6), form) for time, form in inspect(shown).curve.flags]
    assert shown.window.windowTitle()
    row.label_edit.setFocus()
    type_text(row.label_edit, "regrasp")
    key(row.label_edit, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: shown.app_context.undo.undo_text == "label of a moment" and not shown.app_context.study_worker._tasks
    )
    with stored_study(shown) as study:
        assert [m.label for m in study.annotations.moments(shown.app_context.annotations.video)] == ["regrasp"]
    shown.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: row.label_edit.text() == "")
    row.label_edit.clearFocus()
    assert shown.app_context.undo.redo_text == "label of a moment", "what was undone is not written anew"
    shown.window.actions_["redo"].trigger()
    qtbot.waitUntil(lambda: row.label_edit.text() == "regrasp" and not shown.app_context.study_worker._tasks)
    click(row.delete_button)
    qtbot.waitUntil(lambda: len(rows(shown)) == n)
    shown.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: len(rows(shown)) == n + 1)


def test_what_is_said_stays_with_its_video(qtbot: QtBot, shown: Composition) -> None:
    first = by_score(shown)[0].path
    click(rows(shown)[0].opinion_chips[Opinion.AGREE])
    qtbot.waitUntil(lambda: opinion_shown(shown) is Opinion.AGREE)
    choose(qtbot, shown, by_score(shown)[1].path)
    findings_of(qtbot, shown)
    qtbot.waitUntil(lambda: bool(rows(shown)))
    assert all(row.card is not None and row.card.opinion is Opinion.NONE for row in rows(shown))
    choose(qtbot, shown, first)
    qtbot.waitUntil(lambda: opinion_shown(shown) is Opinion.AGREE)


def test_before_a_video_is_assessed_a_person_can_keep_moments(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    window.app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.app_context.annotations.writable)
    assert not missing(moments_of(window).message_label.plain_text, "moments")
    window.app_context.playback.seek(10)
    window.app_context.playback.mark_in()
    assert window.window.actions_["keep_moment"].isEnabled()
    window.window.actions_["keep_moment"].trigger()
    qtbot.waitUntil(lambda: len(rows(window)) == 1)
    (row,) = rows(window)
    assert row.card is not None
    assert row.card.stop_s == pytest.approx(
        window.app_context.videos[0].info.duration_s if window.app_context.videos[0].info else 0
    )


def test_what_is_being_typed_outlives_the_moments_that_the_evidence_replaces(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    window.window._docks["moments"].raise_open()
    world.explaining.held = True  # not before: a slow machine explains the video on screen between two assessments
    first = unseen(window)
    choose(qtbot, window, first.path)
    why_loader = window.app_context.why_loader
    qtbot.waitUntil(lambda: window.app_context.evidence_loader.progress is not None)
    qtbot.waitUntil(lambda: len(rows(window)) == len(why_loader.cards) > 1)
    row = rows(window)[1]
    card = row.card
    assert card is not None
    click(rows(window)[0].opinion_chips[Opinion.AGREE])
    qtbot.waitUntil(lambda: opinions_on_disk(window) == [Opinion.AGREE])
    click(row.note_button)
    type_text(row.note_edit, "the left hand hesi")
    world.explaining.hold.set()
    found = findings_of(qtbot, window)
    assert (card.start_s, card.stop_s) not in [(moment.start_s, moment.stop_s) for moment in found.moments]
    assert row in rows(window)
    assert row.note_edit.hasFocus()
    type_text(row.note_edit, "tates")
    key(row.note_edit, Qt.Key.Key_Return)

    def notes() -> list[tuple[str, float]]:
        with stored_study(window) as study:
            moments = {m.id: m.start_s for m in study.annotations.moments(first.name)}
            return [(n.text, moments[n.moment]) for n in study.annotations.notes(first.name) if n.moment is not None]

    qtbot.waitUntil(lambda: notes() == [("the left hand hesitates", card.start_s)])
    inspect(window).player.canvas.setFocus()
    qtbot.waitUntil(lambda: card.identity not in [other.identity for other in why_loader.cards])
    texts = [other.text for other in rows(window)]
    assert any("found by this model earlier: agree" in text for text in texts)
    assert not any("another model" in text for text in texts)


@pytest.mark.parametrize("by_keys", [False, True])
def test_the_list_stays_under_the_mouse_and_the_focus_until_these_leave(
    qtbot: QtBot, window: Composition, world: FakeWorld, *, by_keys: bool
) -> None:
    open_assessed(qtbot, window, world, 3)
    world.explaining.held = True
    choose(qtbot, window, unseen(window).path)
    why_loader, page = window.app_context.why_loader, why_of(window)
    column = page.moment_column
    qtbot.waitUntil(lambda: window.app_context.evidence_loader.progress is not None)
    qtbot.waitUntil(lambda: len(column.rows) == len(why_loader.cards) > 1 and column.isVisible())
    if by_keys:
        column.rows[0].opinion_chips[Opinion.AGREE].setFocus()
    else:
        point_at(column)

    def listed() -> list[tuple[float, float]]:
        return [(row.card.start_s, row.card.stop_s) for row in column.rows if row.card is not None]

    before, basis = listed(), page.basis_label.plain_text
    world.explaining.hold.set()
    found = findings_of(qtbot, window)
    after = [(moment.start_s, moment.stop_s) for moment in found.moments]
    assert after != before
    qtbot.waitUntil(lambda: bool(page.contributions_block.sum_labels[0].text()))  # what lies below is filled at once
    assert (listed(), page.basis_label.plain_text) == (before, basis)
    assert [time for time, _ in inspect(window).curve.flags] == pytest.approx([start for start, _ in before])
    agree = column.rows[0].opinion_chips[Opinion.AGREE]
    if by_keys:
        key(agree, Qt.Key.Key_Space)
    else:
        click(agree)
    qtbot.waitUntil(lambda: opinions_on_disk(window) == [Opinion.AGREE])
    assert listed() == before
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: opinions_on_disk(window) == [])
    if by_keys:
        inspect(window).player.canvas.setFocus()
    else:
        QApplication.sendEvent(column, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: listed() == after)
    assert page.basis_label.plain_text != basis


def test_moments_of_an_unfamiliar_video_are_flagged_once_they_are_asked_for(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.warning = "This video looks unlike those that the model was trained on."
    open_assessed(qtbot, window, world, 3)
    choose(qtbot, window, by_score(window)[0].path)
    why_loader = window.app_context.why_loader
    qtbot.waitUntil(lambda: why_loader.findings is not None and why_loader.findings.evidence is not None)
    found, panel = why_loader.findings, moments_of(window)
    assert found is not None
    window.window._docks["moments"].raise_open()
    qtbot.waitUntil(panel.reveal_button.isVisible)
    assert found.moments
    assert not inspect(window).curve.flags
    assert not rows(window)
    assert not window.window.actions_["next_moment"].isEnabled()
    assert not missing(panel.message_label.plain_text, "does not know", "hidden")
    click(panel.reveal_button)
    qtbot.waitUntil(lambda: len(rows(window)) == len(found.moments))
    assert [time for time, _ in inspect(window).curve.flags] == pytest.approx([m.start_s for m in found.moments])
    assert not panel.reveal_button.isVisible()
    window.window._docks["why"].raise_open()
    qtbot.waitUntil(lambda: why_of(window).moment_column.isVisible() and not why_of(window).reveal_button.isVisible())


def test_new_evidence_moves_neither_playhead_nor_selection_and_leaves_the_played_moment(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 3)
    window.window._docks["moments"].raise_open()
    world.explaining.held = True
    choose(qtbot, window, unseen(window).path)
    why_loader, playback = window.app_context.why_loader, window.app_context.playback
    qtbot.waitUntil(lambda: window.app_context.evidence_loader.progress is not None)
    qtbot.waitUntil(lambda: len(rows(window)) == len(why_loader.cards) > 1)
    playback.seek(5)
    playback.mark_in()
    playback.seek(15)
    playback.mark_out()
    marks, row = playback.marks, rows(window)[1]
    card = row.card
    assert card is not None
    playback.set_speed(0.1)
    click(row.thumbnail)
    shown: list[int] = []
    playback.frame_changed.connect(shown.append)
    world.explaining.hold.set()
    findings_of(qtbot, window)
    qtbot.waitUntil(lambda: card.identity not in [other.identity for other in why_loader.cards])
    assert playback.playing
    assert row in rows(window)
    assert playback.marks == marks
    assert shown == sorted(shown), "the playhead went on"
    playback.pause()
    qtbot.waitUntil(lambda: row not in rows(window))
    assert len(rows(window)) == len(why_loader.cards)
    assert playback.marks == marks


def test_what_is_being_typed_stays_with_its_video(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_assessed(qtbot, window, world, 3)
    window.window._docks["moments"].raise_open()
    first, second, _ = by_score(window)
    for entry in (second, first):  # both are explained: nothing has to be waited for later
        choose(qtbot, window, entry.path)
        findings_of(qtbot, window)
    qtbot.waitUntil(lambda: len(rows(window)) == len(window.app_context.why_loader.cards) > 0)
    row = rows(window)[0]
    click(row.note_button)
    type_text(row.note_edit, "hesitates here")
    window.window.screens.show("compare")
    window.window.panel.show_chosen(second.clip)
    qtbot.waitUntil(lambda: window.app_context.state.current_clip == second.clip)
    window.window.screens.show("inspect")
    qtbot.waitUntil(lambda: window.app_context.annotations.video == second.name)
    qtbot.waitUntil(lambda: all(other.note_edit.text() == "" for other in rows(window)))

    def notes(name: str) -> list[str]:
        with stored_study(window) as study:
            return [note.text for note in study.annotations.notes(name)]

    qtbot.waitUntil(lambda: notes(first.name) == ["hesitates here"])
    assert notes(second.name) == []


def test_a_label_is_kept_when_the_study_is_closed(qtbot: QtBot, shown: Composition) -> None:
    shown.app_context.annotations.save_moment(0.2, 0.4)
    saved = "kept"
    qtbot.waitUntil(lambda: any(saved in row.text for row in rows(shown)))
    row = next(row for row in rows(shown) if saved in row.text)
    video, current = shown.app_context.annotations.video, shown.app_context.studies.current_study
    assert current is not None
    row.label_edit.setFocus()
    type_text(row.label_edit, "drops the needle")
    key(row.label_edit, Qt.Key.Key_S, Qt.KeyboardModifier.NoModifier)
    shown.window.actions_["close_study"].trigger()
    qtbot.waitUntil(lambda: shown.app_context.studies.current_study is None)

    def labels() -> list[str]:
        if not current.path.exists():
            return []
        with Study.open(current.path, read_only=True) as study:
            return [moment.label for moment in study.annotations.moments(video) if not moment.model_digest]

    qtbot.waitUntil(lambda: labels() == ["drops the needles"])


def test_each_person_has_an_opinion_of_their_own(qtbot: QtBot, shown: Composition) -> None:
    annotations = shown.app_context.annotations
    annotations.set_author("Anna")
    click(rows(shown)[0].opinion_chips[Opinion.AGREE])
    qtbot.waitUntil(lambda: opinion_shown(shown) is Opinion.AGREE)
    annotations.set_author("Ben")
    assert opinion_shown(shown) is Opinion.NONE
    assert "Anna: agree" in rows(shown)[0].text
    click(rows(shown)[0].opinion_chips[Opinion.DISAGREE])

    def said() -> set[tuple[str, Opinion]]:
        with stored_study(shown) as study:
            return {(m.author, m.opinion) for m in study.annotations.moments(annotations.video) if m.model_digest}

    qtbot.waitUntil(lambda: said() == {("Anna", Opinion.AGREE), ("Ben", Opinion.DISAGREE)})
