"""A session on the sample study: open, assess, find the lowest, read why, leave words, close, come back."""

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from skillviewer.core.text import signed
from skillviewer.ui.session.sample_study import sample_path
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.videos.columns import COLUMNS, NAME_COLUMN
from skillviewer.ui.videos.table_model import ENTRY_ROLE
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import inspect
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, key, move, press, release, type_text
from tests.ui.inspect_driving import by_score, findings_of, moments_of, notes_of, stored_study, why_of

SCORE, PERCENTILE = ([column.name for column in COLUMNS].index(name) for name in ("score", "percentile"))

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.slow
def test_a_session_on_the_sample_study(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    made = make_window(world.backend())
    app_context, actions = made.app_context, made.window.actions_
    app_context.models.refresh()
    app_context.models.choose_default(None)
    app_context.state.set_passes(2)
    app_context.assessments.set_automatic(on=False)

    # open and assess
    actions["open_sample"].trigger()
    qtbot.waitUntil(lambda: len(app_context.videos) == 36 and app_context.playback.video is not None)
    qtbot.waitUntil(lambda: app_context.state.model is not None and all(e.study_name for e in app_context.videos))
    actions["assess_all"].trigger()
    qtbot.waitUntil(lambda: all(e.state is VideoState.DONE for e in app_context.videos), timeout=300_000)

    # the lowest, by a click on a heading and a key
    view = made.window.panel.videos_view
    view.sortByColumn(SCORE, Qt.SortOrder.AscendingOrder)
    first = made.window.panel.video_filter.index(0, NAME_COLUMN)
    low = by_score(made)[0]
    assert first.data(ENTRY_ROLE).path == low.path
    assert made.window.panel.video_filter.index(0, PERCENTILE).data() == "0–10"
    click(view.viewport(), view.visualRect(first).center())
    qtbot.waitUntil(lambda: app_context.state.current_clip == low.clip and app_context.playback.video is not None)

    # read why
    found = findings_of(qtbot, made)
    assert found.name == low.name
    assert why_of(made).position_block.score_label.plain_text.startswith(
        f"Score {signed(found.analysis.score)} (95 % interval "
    )
    assert not missing(why_of(made).position_block.score_label.plain_text, "35 comparable")
    worst = min(found.moments, key=lambda moment: moment.amount)
    row = next(r for r in why_of(made).moment_column.rows if r.card is not None and r.card.model_moment is worst)
    assert row.text.startswith("00:0")
    assert "lowered the score" in row.text

    # scrub along the curve: the playhead, the picture and the cursor are of one frame
    curve = inspect(made).curve
    middle = curve.height() // 2
    press(curve.viewport(), QPoint(curve.width() // 3, middle))
    for x in range(curve.width() // 3, curve.width() * 2 // 3, 7):
        move(curve.viewport(), QPoint(x, middle))
    release(curve.viewport(), QPoint(curve.width() * 2 // 3, middle))
    qtbot.waitUntil(lambda: app_context.feed.settled)
    shown = inspect(made).player.canvas.displayed_frame
    assert shown is not None
    assert shown.picture.frame_index == app_context.playback.frame > 0
    assert curve.cursor_s == pytest.approx(app_context.playback.time_s)

    # keep a moment, write a note, take it back
    canvas = inspect(made).player.canvas
    canvas.setFocus()
    app_context.playback.seek(10)
    key(canvas, Qt.Key.Key_I)
    app_context.playback.seek(25)
    key(canvas, Qt.Key.Key_O)
    key(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: app_context.undo.undo_text == "moment")
    qtbot.waitUntil(
        lambda: any(r.card is not None and r.card.model_moment is None for r in moments_of(made).moment_column.rows)
    )
    made.window._docks["notes"].raise_open()
    for text in ("Misses the hole twice.", "Typed in the wrong place."):
        notes_of(made).new_note.setFocus()
        type_text(notes_of(made).new_note, text)
        key(notes_of(made).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(notes_of(made).blocks) == 2)
    actions["undo"].trigger()
    qtbot.waitUntil(lambda: [b.note.text for b in notes_of(made).blocks] == ["Misses the hole twice."])

    # close in the middle of a job: asked once, and only closed when confirmed
    world.held = True
    app_context.state.set_passes(4)
    actions["assess"].trigger()
    qtbot.waitUntil(lambda: app_context.assessments.is_busy)
    dialogs.confirm_answer = False
    made.window.close()
    assert made.window.isVisible()
    dialogs.confirm_answer = True
    made.window.close()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert len(dialogs.asked) == 2
    world.held = False

    # and come back
    again = make_window(world.backend())
    again.app_context.assessments.set_automatic(on=False)
    again.app_context.models.refresh()
    again.app_context.models.choose_default(None)
    again.app_context.open([path for path in again.app_context.settings.recent if path == sample_path()][:1])
    qtbot.waitUntil(lambda: sum(e.state is VideoState.DONE for e in again.app_context.videos) == 36)
    again.window.panel.show_chosen(low.clip)
    qtbot.waitUntil(lambda: [b.note.text for b in notes_of(again).blocks] == ["Misses the hole twice."])
    with stored_study(again) as study:
        assert len([m for m in study.annotations.moments(low.study_name) if not m.model_digest]) == 1
