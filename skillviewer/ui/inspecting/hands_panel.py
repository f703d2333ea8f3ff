"""The panel of hands and other tracks: their search, corrections, and measures of their motion."""

from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QProgressBar, QToolButton, QWidget

from skillviewer.core.errors import VideoError
from skillviewer.core.text import printable, whole_percent
from skillviewer.core.tracks.hand_linking import swap_hands
from skillviewer.core.tracks.track_edits import clear_frames, cut_track, join_tracks
from skillviewer.core.tracks.tracks import Track, TrackSet, nothing_found
from skillviewer.ui.actions.actions import Actions, ActionTip, Handlers
from skillviewer.ui.inspecting.drawn_geometry import DrawnGeometry
from skillviewer.ui.inspecting.measures_table import MeasuresTable
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.tracks.hand_searches import Rhythm
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import Section, offer
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import (
    NONE,
    add_all,
    push_button,
    scroll_area,
    set_background,
    set_primary,
    tool_button,
    vertical,
)
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable
from skillviewer.ui.widgets.theme import Theme, themed

_COLUMNS = (
    Column("Track", "Hands, tools and other points", number=False, fills=True),
    Column("Seen", "Share of the searched frames in which it was found; the rest are gaps"),
)


class HandsPanel(QWidget):
    """Hands, tools and other points of the video on screen."""

    raise_asked = Signal()

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._tracks = app_context.tracks
        self._searches = app_context.hand_searches
        self._following = app_context.click_following
        self._geometry = DrawnGeometry(app_context)
        self._dialogs: Dialogs | None = None
        self.setMinimumWidth(240)
        self.page = scroll_area(self, "Hands and tools")
        self._body = QWidget(self.page)
        self._make_search()
        self._make_tracks()
        self.measures = MeasuresTable(app_context, self._body)
        add_all(vertical(self._body, (0, 0, 0, 16), 0), self._search, self._list, self.measures, 1)
        self.page.setWidget(self._body)
        add_all(vertical(self, NONE, 0), self.page)
        self._tracks.changed.connect(self._refresh)
        self._searches.changed.connect(self._show_search)
        self._searches.cost_changed.connect(self._show_search)
        self._following.changed.connect(self._show_lost)
        app_context.playback.video_changed.connect(self._on_video)
        self._refresh()

    def _make_search(self) -> None:
        self._search = QWidget(self._body)
        self.state = WrappingLabel(self._search)
        self.rhythm = QComboBox(self._search)
        self.rhythm.setAccessibleName("Frames that are searched")
        offer(self.rhythm, [(rhythm.value, rhythm.value.capitalize()) for rhythm in Rhythm], Rhythm.EVERY.value)
        self.rhythm.activated.connect(self._on_rhythm)
        self.small = QCheckBox("Small networks", self._search)
        self.small.setToolTip("Quicker, and on some videos no worse; on others they miss more hands")
        self.small.toggled.connect(self._on_small)
        self.cost = WrappingLabel(self._search, muted=True)
        self.progress = QProgressBar(self._search)
        self.progress.setAccessibleName("Frames that were searched")
        self.progress.setTextVisible(False)
        self.find_button = push_button("Find hands", self._search, self._on_find, primary=True)
        self.find_everywhere = push_button("In all videos", self._search, self._actions["find_hands_all"].trigger)
        self.stop = push_button("Stop", self._search, self._searches.stop)
        self.stop.setToolTip("Stop; what was found is kept, and the next search goes on from there")
        choices, buttons = FlowLayout(gap_px=8), FlowLayout(gap_px=8)
        for choice in (self.rhythm, self.small):
            choices.addWidget(choice)
        for button in (self.find_button, self.find_everywhere, self.stop):
            buttons.addWidget(button)
        add_all(vertical(self._search, (12, 10, 12, 4), 8), self.state, choices, self.cost, self.progress, buttons)

    def _make_tracks(self) -> None:
        self._list = Section("Tracks", self._body)
        self.table = PlainTable("Tracks", self._list)
        self.table.row_chosen.connect(self._on_row)
        self.lost = WrappingLabel(self._list, muted=True)
        row = FlowLayout()
        titles = {
            "swap_hands": "Swap sides",
            "cut_track": "Cut here",
            "join_tracks": "Join…",
            "clear_track": "Clear selection",
            "remove_track": "Remove",
            "follow_point": "Follow a point…",
            "draw_reference": "Draw reference",
            "mark_length": "Mark a length",
        }
        self.buttons = {name: self._button(name, text) for name, text in titles.items()}
        for button in self.buttons.values():
            row.addWidget(button)
        add_all(self._list.column, self.table, self.lost, row)

    def _button(self, name: str, text: str) -> QToolButton:
        action = self._actions[name]
        button = tool_button(text, self._list, action.trigger)
        ActionTip(button, action)
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button

    def handlers(self, dialogs: Dialogs) -> Handlers:
        self._dialogs = dialogs
        tracks = self._tracks
        playback = self._app_context.playback
        searches = self._searches

        def has_tracks() -> bool:
            return tracks.saved is not None and bool(tracks.saved.tracks)

        def has_hands() -> bool:
            return tracks.saved is not None and len(tracks.saved.hands) > 1

        return Handlers(
            run={
                "find_hands": self._on_find,
                "find_hands_all": self._on_find_all,
                "swap_hands": self._swap,
                "cut_track": self._cut,
                "join_tracks": self._join,
                "clear_track": self._clear,
                "remove_track": self._remove,
                "follow_point": self._follow,
                "draw_reference": partial(self._geometry.draw_reference, self, dialogs),
                "mark_length": partial(self._geometry.mark_length, self, dialogs),
                "remove_reference": self._geometry.remove,
                "share_reference": self._geometry.share,
            },
            enabled={
                "find_hands": lambda: playback.video is not None and not searches.busy,
                "find_hands_all": lambda: bool(len(self._app_context.videos)) and not searches.busy,
                "swap_hands": has_hands,
                "cut_track": has_tracks,
                "join_tracks": lambda: tracks.saved is not None and len(tracks.saved.tracks) > 1,
                "clear_track": lambda: has_tracks() and playback.selection is not None,
                "remove_track": has_tracks,
                "follow_point": lambda: playback.video is not None,
                "draw_reference": lambda: playback.video is not None,
                "mark_length": lambda: playback.video is not None,
                "remove_reference": self._geometry.is_drawn,
                "share_reference": self._geometry.is_drawn,
            },
            changed=(
                tracks.changed,
                searches.changed,
                playback.video_changed,
                playback.marks_changed,
                self._app_context.videos.added,
                self._app_context.videos.cleared,
            ),
        )

    @themed
    def on_theme(self, theme: Theme) -> None:
        set_background(theme.base, self, self.page.viewport(), self._body)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_cost()
        self._refresh()

    # what is shown

    def _on_video(self, _video: object) -> None:
        self._ask_cost()
        self._refresh()

    def _ask_cost(self) -> None:
        if self.isVisible() and not self._searches.busy:
            self._searches.ask_cost()

    def _refresh(self) -> None:
        tracks = self._tracks.tracks
        has_tracks = tracks is not None and bool(tracks.tracks)
        rows = [_row(track) for track in tracks.tracks] if tracks is not None else []
        self.table.fill(_COLUMNS, rows)  # a hidden panel too: the chosen row is what actions change
        if not self.isVisible():
            return
        self.table.setVisible(has_tracks)
        height = self.table.horizontalHeader().height() + self.table.rowHeight(0) * min(len(rows), 8) + 4
        self.table.setFixedHeight(height if rows else 0)
        self.measures.setVisible(self._tracks.shown is not None and self._tracks.shown.measures is not None)
        self.measures.show_tracks(self._tracks.shown)
        self._show_search()
        self._show_lost()

    def _show_lost(self) -> None:
        text = HINT_WHILE_FOLLOWING.format(printable(self._following.name)) if self._following.name else ""
        text = " ".join(filter(None, (text, self._following.lost_text())))
        self.lost.set_plain(text)
        self.lost.setVisible(bool(text))

    def _show_search(self) -> None:
        if not self.isVisible():
            return
        searches = self._searches
        tracks = self._tracks.tracks
        video = self._app_context.playback.video
        is_searched = searches.running is not None and searches.running == self._tracks.clip
        self.stop.setVisible(searches.busy)
        self.progress.setVisible(searches.busy)
        self.progress.setRange(0, searches.total)
        self.progress.setValue(searches.done)
        for part in (self.rhythm, self.small, self.find_everywhere):
            part.setVisible(not searches.busy)
        self.find_button.setVisible(not searches.busy)
        self.find_button.setEnabled(video is not None and not searches.cost_problem)
        begun = searches.cost is not None and bool(searches.cost.n_done)
        has_hands = tracks is not None and bool(tracks.hands)
        label = "Continue" if begun else "Find hands"
        self.find_button.setText("Find hands again" if has_hands else label)
        set_primary(self.find_button, primary=not has_hands)
        text = self._state_text(tracks, is_searched=is_searched)
        self.state.set_plain(text)
        self.state.setVisible(bool(text))
        if searches.busy:
            cost = f"Frame {searches.done} of {searches.total}." if searches.total else "The networks are being loaded."
        elif searches.cost_problem:
            cost = searches.cost_problem
        else:
            cost = searches.cost.text if searches.cost is not None else ""
        self.cost.set_plain(cost)
        self.cost.setVisible(bool(cost))

    def _state_text(self, tracks: TrackSet | None, *, is_searched: bool) -> str:
        searches = self._searches
        if self._app_context.playback.video is None:
            return "Open a video to find the hands in it."
        if is_searched:
            return "Looking for hands. They are drawn as they are found; you can go on meanwhile."
        if searches.busy and searches.running is not None:
            return f"Looking for hands in {printable(self._app_context.videos.title(searches.running))}."
        if tracks is None or not tracks.tracks:
            return "No tracks yet. The search runs on this computer, and nothing is made up: gaps stay gaps."
        hands = tracks.without([track.name for track in tracks.tracks if track not in tracks.hands])
        if hands.tracks and (empty_text := nothing_found(hands)):
            return empty_text
        return ""

    # what the user does

    def _on_rhythm(self, place: int) -> None:
        self._searches.choose(rhythm=Rhythm(self.rhythm.itemData(place)))

    def _on_small(self, on: bool) -> None:
        self._searches.choose(small=on)

    def _on_find(self) -> None:
        self.raise_asked.emit()
        tracks = self._tracks.tracks
        self._searches.ask(again=tracks is not None and bool(tracks.hands))

    def _on_find_all(self) -> None:
        self.raise_asked.emit()
        self._searches.ask_all()

    def _on_row(self, name: str) -> None:
        self.measures.choose_track(name)

    @property
    def chosen(self) -> str:
        """Name of the track that corrections change: the chosen row, else the first."""
        rows = self.table.shown_rows
        row = self.table.currentRow()
        if not rows:
            return ""
        return rows[row if 0 <= row < len(rows) else 0].key

    def _frames(self, tracks: TrackSet) -> range:
        """Return the selection within the range of the tracks, or all frames."""
        selection = self._app_context.playback.selection
        if selection is None:
            return tracks.frames
        frames = range(max(selection.start, tracks.frames.start), min(selection.stop, tracks.frames.stop))
        if not frames:
            raise VideoError("The selection lies outside the tracks: select a part of the video.")
        return frames

    def _swap(self) -> None:
        self._tracks.edit("swap of the hands", lambda tracks: swap_hands(tracks, self._frames(tracks)))

    def _cut(self) -> None:
        name = self.chosen
        frame = self._app_context.playback.frame
        self._tracks.edit(f"cut of “{name}”", lambda tracks: cut_track(tracks, name, frame))

    def _clear(self) -> None:
        name = self.chosen
        self._tracks.edit(f"clearing of “{name}”", lambda tracks: clear_frames(tracks, name, self._frames(tracks)))

    def _remove(self) -> None:
        name = self.chosen
        self._tracks.edit(f"removal of “{name}”", lambda tracks: tracks.without([name]))

    def _join(self) -> None:
        track_set = self._tracks.saved
        name = self.chosen
        own_track = track_set.track(name) if track_set is not None else None
        if track_set is None or own_track is None or self._dialogs is None:
            return
        others = [t.name for t in track_set.tracks if t.name != name and t.points == own_track.points]
        if not others:
            self._app_context.messages.note(f"There is no other track of the same points as “{name}”.")
            return
        other = self._dialogs.word(self, "Join tracks", f"Add to “{name}” the points of", others, others[0])
        if other:
            text = f"joining of “{name}” and “{other}”"
            self._tracks.edit(text, lambda tracks: join_tracks(tracks, name, other))

    def _follow(self) -> None:
        if self._dialogs is None:
            return
        tracks = self._tracks.saved
        clicked_names = [t.name for t in tracks.tracks if t.method == "click"] if tracks is not None else []
        name = self._dialogs.word(self, "Follow a point", "Name of the thing to follow", clicked_names, "tool")
        if name and name.strip():
            self._following.begin(name.strip())

    def sizeHint(self) -> QSize:
        return QSize(360, 400)


HINT_WHILE_FOLLOWING = "Following “{}”: click it in the picture."


def _row(track: Track) -> Cells:
    n_searched = int(track.is_searched.sum())
    n_measured = int(track.is_measured.sum())
    n_guessed = int(track.has_points.sum()) - n_measured
    share_text = f"{whole_percent(n_measured, n_searched)} %" if n_searched else "–"
    guessed = f", {n_guessed} interpolated" if n_guessed else ""
    tip = f"Found in {n_measured} of {n_searched} searched frames{guessed}. {track.made_by}"
    return Cells(track.name, (track.name, share_text), tip)
