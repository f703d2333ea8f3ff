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
from skillviewer.ui.inspecting.geometry_commands import GeometryCommands
from skillviewer.ui.inspecting.measures_table import MeasuresTable
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.tracks.hand_searches import FrameChoice
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import Section, offer
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
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
MAX_ROWS = 8
"""Number of tracks without scrolling."""


class HandsPanel(QWidget):
    """Search, tracks and measures of the hands, tools and other points of the video on screen."""

    raise_asked = Signal()  # the panel is to be shown in front of others

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._tracks = app_context.tracks
        self._searches = app_context.hand_searches
        self._click_following = app_context.click_following
        self._geometry = GeometryCommands(app_context)
        self._dialogs: Dialogs | None = None
        self.setMinimumWidth(240)
        self.page = scroll_area(self, "Hands and tools")
        self._body = QWidget(self.page)
        self._make_search_section()
        self._make_track_section()
        self.measures_table = MeasuresTable(app_context, self._body)
        add_all(
            vertical(self._body, margins=(0, 0, 0, 16), spacing=0),
            self._search_section,
            self._track_section,
            self.measures_table,
            GrowingSpace(),
        )
        self.page.setWidget(self._body)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), self.page)
        self._tracks.changed.connect(self._refresh)
        self._searches.changed.connect(self._show_search)
        self._searches.cost_changed.connect(self._show_search)
        self._click_following.changed.connect(self._show_following)
        app_context.playback.video_changed.connect(self._on_video)
        self._refresh()

    def _make_search_section(self) -> None:
        self._search_section = QWidget(self._body)
        self.state_label = WrappingLabel(self._search_section)
        self.frame_choice_box = QComboBox(self._search_section)
        self.frame_choice_box.setAccessibleName("Frames that are searched")
        offer(
            self.frame_choice_box,
            [(rhythm.value, rhythm.value.capitalize()) for rhythm in FrameChoice],
            FrameChoice.EVERY.value,
        )
        self.frame_choice_box.activated.connect(self._on_frame_choice)
        self.small_networks_box = QCheckBox("Small networks", self._search_section)
        self.small_networks_box.setToolTip("Quicker, and on some videos no worse; on others they miss more hands")
        self.small_networks_box.toggled.connect(self._on_small)
        self.cost_label = WrappingLabel(self._search_section, muted=True)
        self.progress_bar = QProgressBar(self._search_section)
        self.progress_bar.setAccessibleName("Frames that were searched")
        self.progress_bar.setTextVisible(False)
        self.find_button = push_button("Find hands", self._search_section, self._on_find, primary=True)
        self.find_all_button = push_button(
            "In all videos", self._search_section, self._actions["find_hands_all"].trigger
        )
        self.stop_button = push_button("Stop", self._search_section, self._searches.stop)
        self.stop_button.setToolTip("Stop; what was found is kept, and the next search goes on from there")
        options = FlowLayout(gap_px=8)
        options.addWidget(self.frame_choice_box)
        options.addWidget(self.small_networks_box)
        buttons = FlowLayout(gap_px=8)
        for button in (self.find_button, self.find_all_button, self.stop_button):
            buttons.addWidget(button)
        column = vertical(self._search_section, margins=(12, 10, 12, 4), spacing=8)
        add_all(column, self.state_label, options, self.cost_label, self.progress_bar, buttons)

    def _make_track_section(self) -> None:
        self._track_section = Section("Tracks", self._body)
        self.tracks_table = PlainTable("Tracks", self._track_section)
        self.tracks_table.row_chosen.connect(self._on_track_chosen)
        self.following_note = WrappingLabel(self._track_section, muted=True)
        button_row = FlowLayout()
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
        self.buttons = {name: self._make_button(name, text) for name, text in titles.items()}
        for button in self.buttons.values():
            button_row.addWidget(button)
        add_all(self._track_section.column, self.tracks_table, self.following_note, button_row)

    def _make_button(self, name: str, text: str) -> QToolButton:
        action = self._actions[name]
        button = tool_button(text, self._track_section, action.trigger)
        ActionTip(button, action)
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button

    def handlers(self, dialogs: Dialogs) -> Handlers:
        """Return the handlers of searches, corrections and references."""
        self._dialogs = dialogs
        tracks = self._tracks
        playback = self._app_context.playback
        searches = self._searches

        def has_tracks() -> bool:
            return tracks.saved_tracks is not None and bool(tracks.saved_tracks.tracks)

        def has_two_hands() -> bool:
            return tracks.saved_tracks is not None and len(tracks.saved_tracks.hands) > 1

        def has_two_tracks() -> bool:
            return tracks.saved_tracks is not None and len(tracks.saved_tracks.tracks) > 1

        def has_video() -> bool:
            return playback.video is not None

        def can_find() -> bool:
            return has_video() and not searches.is_busy

        def can_find_all() -> bool:
            return bool(len(self._app_context.videos)) and not searches.is_busy

        def has_selection_in_tracks() -> bool:
            return has_tracks() and playback.selection is not None

        return Handlers(
            commands={
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
            conditions={
                "find_hands": can_find,
                "find_hands_all": can_find_all,
                "swap_hands": has_two_hands,
                "cut_track": has_tracks,
                "join_tracks": has_two_tracks,
                "clear_track": has_selection_in_tracks,
                "remove_track": has_tracks,
                "follow_point": has_video,
                "draw_reference": has_video,
                "mark_length": has_video,
                "remove_reference": self._geometry.is_drawn,
                "share_reference": self._geometry.is_drawn,
            },
            change_signals=(
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
        self._query_cost()
        self._refresh()

    # what is shown

    def _on_video(self, _video: object) -> None:
        self._query_cost()
        self._refresh()

    def _query_cost(self) -> None:
        if self.isVisible() and not self._searches.is_busy:
            self._searches.ask_cost()

    def _refresh(self) -> None:
        tracks = self._tracks.tracks
        rows = [_track_row(track) for track in tracks.tracks] if tracks is not None else []
        # also in a hidden panel, whose chosen row is the track that actions change
        self.tracks_table.fill(_COLUMNS, rows)
        if not self.isVisible():
            return
        self.tracks_table.setVisible(bool(rows))
        height_px = 0
        if rows:
            n_visible_rows = min(len(rows), MAX_ROWS)
            height_px = (
                self.tracks_table.horizontalHeader().height() + self.tracks_table.rowHeight(0) * n_visible_rows + 4
            )
        self.tracks_table.setFixedHeight(height_px)
        shown_tracks = self._tracks.shown_tracks
        self.measures_table.setVisible(shown_tracks is not None and shown_tracks.measures is not None)
        self.measures_table.show_tracks(shown_tracks)
        self._show_search()
        self._show_following()

    def _show_following(self) -> None:
        """Show which point is followed, and where followed points were lost."""
        sentences = [self._click_following.lost_text()]
        if self._click_following.name:
            sentences.insert(0, f"Following “{printable(self._click_following.name)}”: click it in the picture.")
        text = " ".join(sentence for sentence in sentences if sentence)
        self.following_note.set_plain(text)
        self.following_note.setVisible(bool(text))

    def _show_search(self) -> None:
        if not self.isVisible():
            return
        searches = self._searches
        tracks = self._tracks.tracks
        video = self._app_context.playback.video
        self.stop_button.setVisible(searches.is_busy)
        self.progress_bar.setVisible(searches.is_busy)
        self.progress_bar.setRange(0, searches.n_frames)
        self.progress_bar.setValue(searches.n_done)
        for widget in (self.frame_choice_box, self.small_networks_box, self.find_button, self.find_all_button):
            widget.setVisible(not searches.is_busy)
        self.find_button.setEnabled(video is not None and not searches.cost_problem)
        has_hands = tracks is not None and bool(tracks.hands)
        is_partly_searched = searches.cost is not None and bool(searches.cost.n_done)
        if has_hands:
            self.find_button.setText("Find hands again")
        elif is_partly_searched:
            self.find_button.setText("Continue")
        else:
            self.find_button.setText("Find hands")
        set_primary(self.find_button, primary=not has_hands)
        state_text = self._state_text(tracks)
        self.state_label.set_plain(state_text)
        self.state_label.setVisible(bool(state_text))
        cost_text = self._cost_text()
        self.cost_label.set_plain(cost_text)
        self.cost_label.setVisible(bool(cost_text))

    def _cost_text(self) -> str:
        """Return the progress of a search, or else its cost."""
        searches = self._searches
        if searches.is_busy and searches.n_frames:
            return f"Frame {searches.n_done} of {searches.n_frames}."
        if searches.is_busy:
            return "The networks are being loaded."
        if searches.cost_problem:
            return searches.cost_problem
        return searches.cost.text if searches.cost is not None else ""

    def _state_text(self, tracks: TrackSet | None) -> str:
        searches = self._searches
        is_searched = searches.running_clip is not None and searches.running_clip == self._tracks.clip
        if self._app_context.playback.video is None:
            return "Open a video to find the hands in it."
        if is_searched:
            return "Looking for hands. They are drawn as they are found; you can go on meanwhile."
        if searches.is_busy and searches.running_clip is not None:
            return f"Looking for hands in {printable(self._app_context.videos.title(searches.running_clip))}."
        if tracks is None or not tracks.tracks:
            return "No tracks yet. The search runs on this computer, and nothing is made up: gaps stay gaps."
        hands = tracks.without([track.name for track in tracks.tracks if track not in tracks.hands])
        return nothing_found(hands) if hands.tracks else ""

    # what the user does

    def _on_frame_choice(self, index: int) -> None:
        self._searches.choose(frames=FrameChoice(self.frame_choice_box.itemData(index)))

    def _on_small(self, on: bool) -> None:
        self._searches.choose(small_networks=on)

    def _on_find(self) -> None:
        self.raise_asked.emit()
        tracks = self._tracks.tracks
        self._searches.search(again=tracks is not None and bool(tracks.hands))

    def _on_find_all(self) -> None:
        self.raise_asked.emit()
        self._searches.search_all()

    def _on_track_chosen(self, name: str) -> None:
        self.measures_table.choose_track(name)

    @property
    def chosen_name(self) -> str:
        """Name of the track that corrections change: of the chosen row, or else the first; "" without tracks."""
        rows = self.tracks_table.shown_rows
        index = self.tracks_table.currentRow()
        if not rows:
            return ""
        return rows[index].key if 0 <= index < len(rows) else rows[0].key

    def _selected_frames(self, tracks: TrackSet) -> range:
        """Return the selection within the range of the tracks, or all frames without a selection."""
        selection = self._app_context.playback.selection
        if selection is None:
            return tracks.frames
        frames = range(max(selection.start, tracks.frames.start), min(selection.stop, tracks.frames.stop))
        if not frames:
            raise VideoError("The selection lies outside the tracks: select a part of the video.")
        return frames

    def _swap(self) -> None:
        self._tracks.edit("swap of the hands", lambda tracks: swap_hands(tracks, self._selected_frames(tracks)))

    def _cut(self) -> None:
        name = self.chosen_name
        frame = self._app_context.playback.frame
        self._tracks.edit(f"cut of “{name}”", lambda tracks: cut_track(tracks, name, frame))

    def _clear(self) -> None:
        name = self.chosen_name
        self._tracks.edit(
            f"clearing of “{name}”", lambda tracks: clear_frames(tracks, name, self._selected_frames(tracks))
        )

    def _remove(self) -> None:
        name = self.chosen_name
        self._tracks.edit(f"removal of “{name}”", lambda tracks: tracks.without([name]))

    def _join(self) -> None:
        track_set = self._tracks.saved_tracks
        name = self.chosen_name
        own_track = track_set.track(name) if track_set is not None else None
        if track_set is None or own_track is None or self._dialogs is None:
            return
        others = [track.name for track in track_set.tracks if track.name != name and track.points == own_track.points]
        if not others:
            self._app_context.messages.note(f"There is no other track of the same points as “{name}”.")
            return
        other = self._dialogs.word(
            self, "Join tracks", question=f"Add to “{name}” the points of", words=others, current=others[0]
        )
        if other:
            text = f"joining of “{name}” and “{other}”"
            self._tracks.edit(text, lambda tracks: join_tracks(tracks, name, other))

    def _follow(self) -> None:
        if self._dialogs is None:
            return
        tracks = self._tracks.saved_tracks
        clicked_names: list[str] = []
        if tracks is not None:
            clicked_names = [track.name for track in tracks.tracks if track.method == "click"]
        name = self._dialogs.word(
            self, "Follow a point", question="Name of the thing to follow", words=clicked_names, current="tool"
        )
        if name and name.strip():
            self._click_following.begin(name.strip())

    def sizeHint(self) -> QSize:
        return QSize(360, 400)


def _track_row(track: Track) -> Cells:
    n_searched = int(track.is_searched.sum())
    n_measured = int(track.is_measured.sum())
    n_interpolated = int(track.has_points.sum()) - n_measured
    share_text = f"{whole_percent(n_measured, n_searched)} %" if n_searched else "–"
    tip = f"Found in {n_measured} of {n_searched} searched frames"
    if n_interpolated:
        tip += f", {n_interpolated} interpolated"
    return Cells(track.name, (track.name, share_text), f"{tip}. {track.made_by}")
