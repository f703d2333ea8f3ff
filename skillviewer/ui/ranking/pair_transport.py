"""The transport of a pair: bars of time, and buttons to play."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.text import clock
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.player.transport import action_button, speed_text
from skillviewer.ui.ranking.clock_bar import ClockBar
from skillviewer.ui.ranking.judging_session import NO_MARKS, Marks
from skillviewer.ui.ranking.pair_view import PairView
from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.labels import ElidingLabel
from skillviewer.ui.widgets.layout import NO_MARGINS, Spacing, add_all, horizontal, vertical
from skillviewer.ui.widgets.text_scaling import icon_size
from skillviewer.ui.widgets.theme import Theme, themed


class PairTransport(QWidget):
    """Bars of both videos, buttons for playback, marks, sound and the common clock, and the locked speed."""

    def __init__(self, pair_views: tuple[PairView, PairView], actions: Actions, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = actions
        self._icons = icons
        self._theme: Theme | None = None
        self._pair_view = pair_views[0]
        self._marks_s: Marks = NO_MARKS
        self._speed_text = ""
        self._sound_on = False
        self.clock_bar = ClockBar(pair_views, self)
        previous_button = action_button(actions["rank_previous_frame"], self)
        self._play_button = action_button(actions["rank_play"], self)
        self._play_button.setIconSize(icon_size(24))
        next_button = action_button(actions["rank_next_frame"], self)
        self._sound_button = action_button(actions["rank_sound"], self)
        buttons_with_text = [
            action_button(actions[name], self, with_text=True) for name in ("rank_together", "rank_swap", "rank_mark")
        ]
        self._marks_label = ElidingLabel(self, muted=True)
        self._speed_label = ElidingLabel(self, muted=True)
        self._speed_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = AdaptiveGrid(self, margins=(12, 0, 16, 4), spacing=2)
        playing = QWidget(row)
        add_all(
            horizontal(playing, margins=NO_MARGINS, spacing=2),
            previous_button,
            self._play_button,
            next_button,
            self._sound_button,
        )
        pair_buttons = QWidget(row)
        add_all(horizontal(pair_buttons, margins=NO_MARGINS, spacing=2), Spacing(16), *buttons_with_text)
        labels = QWidget(row)
        add_all(horizontal(labels, margins=NO_MARGINS, spacing=2), self._marks_label, Spacing(16), self._speed_label)
        row.set_arrangements(
            wide=(
                Place(playing, row=0, column=0),
                Place(pair_buttons, row=0, column=1),
                Place(labels, row=0, column=2),
            ),
            narrow=(
                Place(playing, row=0, column=0),
                Place(labels, row=0, column=1),
                Place(pair_buttons, row=1, column=0, n_columns=2),
            ),
            wide_factors=(0, 0, 1),
            narrow_factors=(0, 1, 0),
        )
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), self.clock_bar, row)
        for pair_view in pair_views:
            pair_view.clock.playing_changed.connect(self._on_playing)
            pair_view.clock.mode_changed.connect(self._on_mode)
            pair_view.clock.mode_changed.connect(self._show_marks)
            pair_view.swapped.connect(self._show_marks)

    def set_pair_view(self, pair_view: PairView) -> None:
        self._pair_view = pair_view
        self.clock_bar.set_pair_view(pair_view)
        self._on_playing()
        self._on_mode()

    def set_marks(self, marks_s: Marks) -> None:
        self._marks_s = marks_s
        self.clock_bar.set_marks(marks_s)
        self._show_marks()

    def _show_marks(self) -> None:
        """Show each mark as the time since the start of its clip, as the players do."""
        pair_view = self._pair_view
        clips = pair_view.clock.clips
        if not clips:
            self._marks_label.set_forms("")
            return
        mark_times: list[str] = []
        for mark_s, clip in zip(self._marks_s, clips, strict=True):
            time_text = "" if mark_s is None else clock(mark_s - clip.sync_s - clip.start_s)
            mark_times.append(time_text)
        left = mark_times[pair_view.left_index]
        right = mark_times[pair_view.right_index]
        if left == right:
            times_text = left
        else:
            sides = (("left", left), ("right", right))
            times_text = ", ".join(f"{side} {time}" for side, time in sides if time)
        marks_text = f"marked {times_text}" if times_text else ""
        self._marks_label.set_forms(marks_text)

    def set_speed(self, speed: float) -> None:
        self._speed_text = speed_text(speed)
        self._on_mode()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._on_playing()
        self.show_sound(on=self._sound_on)

    def show_sound(self, *, on: bool) -> None:
        """Show on the button whether the sound is on."""
        self._sound_on = on
        icon_name, accessible_name = ("sound", "Sound on") if on else ("sound_off", "Sound off")
        self._sound_button.setAccessibleName(accessible_name)
        if self._theme is not None:
            icon = self._icons.icon(icon_name, self._theme)
            self._actions["rank_sound"].setIcon(icon)

    def _on_playing(self) -> None:
        icon_name, accessible_name = ("pause", "Pause") if self._pair_view.clock.playing else ("play", "Play")
        self._play_button.setAccessibleName(accessible_name)
        if self._theme is not None:
            icon = self._icons.icon(icon_name, self._theme)
            self._actions["rank_play"].setIcon(icon)

    def _on_mode(self) -> None:
        plays_together = self._pair_view.clock.is_together
        self._actions["rank_together"].setChecked(plays_together)
        text = "both play at {}, locked" if plays_together else "each plays at {}, locked"
        tip = "Both videos play at this speed. It is the same for the whole study."
        self._speed_label.set_forms(text.format(self._speed_text), self._speed_text, tip=tip)
