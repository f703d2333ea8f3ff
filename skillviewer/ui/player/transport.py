"""Transport below the picture. It imports nothing heavy, because the status bar uses its texts."""

from itertools import chain

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from skillviewer.core.text import clock
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.actions.actions import Actions, ActionTip, without_mnemonic
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.playback import SPEEDS
from skillviewer.ui.widgets.exclusive_menu import ExclusiveMenu
from skillviewer.ui.widgets.labels import ElidingLabel, changes_sizes, fix_size, text_label
from skillviewer.ui.widgets.layout import Spacing, add_all, growing, tool_button
from skillviewer.ui.widgets.text_scaling import icon_size
from skillviewer.ui.widgets.theme import Theme


def speed_text(speed: float) -> str:
    """Return a speed as ``0.5×``."""
    return f"{speed:g}×"


def action_button(action: QAction, parent: QWidget, *, with_text: bool = False) -> QToolButton:
    """Return a button with the icon of an action, or with its text."""
    button = tool_button("", parent)
    button.setDefaultAction(action)
    button.setIconSize(icon_size(20))
    button.setAccessibleName(without_mnemonic(action.text()))
    style = Qt.ToolButtonStyle.ToolButtonTextOnly if with_text else Qt.ToolButtonStyle.ToolButtonIconOnly
    button.setToolButtonStyle(style)
    return button


class Transport(QWidget):
    """Controls of the playhead: play, steps, loop, sound and speed, with selection, time and frame."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        playback = app_context.playback
        self._playback = playback
        self._actions = actions
        self._icons = app_context.icons
        self._theme: Theme | None = None
        row = QHBoxLayout(self)
        self._row = row
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(2)
        names = ("previous_sample", "previous_frame", "play", "next_frame", "next_sample")
        steps = {name: action_button(actions[name], self) for name in names}
        self._play_button = steps["play"]
        self._play_button.setIconSize(icon_size(24))
        loop = action_button(actions["loop"], self)
        self._sound = app_context.sound
        # Only the icon shows whether the sound is on, because a button that is checked at first would stand out.
        self._sound_button = tool_button("", self, actions["sound"].trigger)
        self._sound_button.setIconSize(icon_size(20))
        self._speed_button = tool_button("", self)
        self._speed_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        speeds = [(speed, speed_text(speed)) for speed in SPEEDS]
        self._speed_menu = ExclusiveMenu("Speed", speeds, self, playback.set_speed)
        self._speed_button.setMenu(self._speed_menu)
        self._speed_button.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.25×") + 24)
        self._selection_label = ElidingLabel(self, muted=True)
        self._selection_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._time_button = tool_button("", self, actions["go_to"].trigger)
        self._has_duration = True  # whether the duration is shown after the time
        self._short_time_px = 0  # width of the time without the duration
        ActionTip(self._time_button, actions["go_to"])
        self._frame_label = text_label("", self, muted=True)
        self._frame_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        add_all(
            row,
            *steps.values(),
            Spacing(8),
            loop,
            self._sound_button,
            self._speed_button,
            growing(self._selection_label),
            Spacing(16),
            self._time_button,
            self._frame_label,
        )
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        playback.video_changed.connect(self._on_video)
        playback.frame_changed.connect(self._on_frame)
        playback.playing_changed.connect(self._on_playing)
        playback.speed_changed.connect(self._on_speed)
        playback.marks_changed.connect(self._on_marks)
        self._sound.changed.connect(self._on_sound)
        self._loop = loop
        self._frame_steps = (steps["previous_frame"], steps["next_frame"])
        self._on_speed(playback.speed)
        self._on_video(playback.video)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if changes_sizes(event):
            QTimer.singleShot(0, self, self._fix_sizes)  # the labels get the font or style after this event

    @property
    def _optional_groups(self) -> tuple[tuple[QWidget, ...], ...]:
        """Groups of widgets that may be hidden, in this order. While there is a selection, the loop button is shown."""
        loop = () if self._playback.selection is not None else (self._loop,)
        return ((self._frame_label,), (*loop, self._sound_button), self._frame_steps, (self._speed_button,))

    def _fit(self) -> None:
        """Hide optional widgets, and at last the duration, until the others fit."""
        row = self._row
        for optional in (self._frame_label, self._loop, self._sound_button, *self._frame_steps, self._speed_button):
            optional.show()
        self._show_duration(is_shown=True)
        for group in self._optional_groups:
            row.invalidate()
            if row.sizeHint().width() <= self.width():
                return
            for widget in group:
                widget.hide()
        row.invalidate()
        if row.sizeHint().width() > self.width():
            self._show_duration(is_shown=False)

    def _show_duration(self, *, is_shown: bool) -> None:
        """Show the duration after the time, or only the time."""
        if is_shown != self._has_duration:
            self._has_duration = is_shown
            self._fix_time()

    def _fix_time(self) -> None:
        if self._playback.video is None:
            return
        self._time_button.setText(self._time_text(self._playback.time_s))
        fix_size(self._time_button, self._time_text(self._playback.stop_s))

    def _fix_sizes(self) -> None:
        if self._playback.video is not None:
            fix_size(self._frame_label, self._frame_text(self._playback.frames.stop) + " ")
            self._has_duration = False
            self._fix_time()
            self._short_time_px = self._time_button.width()
            self._has_duration = True
            self._fix_time()
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the size without optional widgets and duration, so that panels next to the player keep their width."""
        row = self._row
        size = super().minimumSizeHint()
        optional_px = 0
        for widget in chain.from_iterable(self._optional_groups):
            item = row.itemAt(row.indexOf(widget))
            if item is not None and not widget.isHidden():
                optional_px += item.minimumSize().width() + row.spacing()
        if self._has_duration and self._playback.video is not None:
            optional_px += self._time_button.width() - self._short_time_px
        return QSize(size.width() - optional_px, size.height())

    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._on_playing(self._playback.playing)
        self._on_sound()

    def _on_sound(self) -> None:
        sound = self._sound
        icon_name, accessible_name = ("sound", "Sound on") if sound.on else ("sound_off", "Sound off")
        if self._theme is not None:
            icon = self._icons.icon(icon_name, self._theme)
            self._sound_button.setIcon(icon)
        self._sound_button.setAccessibleName(accessible_name)
        tip = self._actions["sound"].toolTip()
        if sound.message:
            tip += f". {sound.message}"
        self._sound_button.setToolTip(tip)

    def _on_speed(self, speed: float) -> None:
        self._speed_button.setText(speed_text(speed))
        self._speed_button.setToolTip("Playing speed")
        self._speed_button.setAccessibleName(f"Playing speed {speed_text(speed)}")
        self._speed_menu.set_value(speed)

    def _on_playing(self, playing: bool) -> None:
        icon_name, accessible_name = ("pause", "Pause") if playing else ("play", "Play")
        if self._theme is not None:
            icon = self._icons.icon(icon_name, self._theme)
            self._actions["play"].setIcon(icon)
        self._play_button.setAccessibleName(accessible_name)

    def _on_video(self, video: VideoInfo | None) -> None:
        self.setEnabled(video is not None)
        self._on_frame(self._playback.frame)
        self._fix_sizes()

    def _on_frame(self, frame: int) -> None:
        video = self._playback.video
        if video is None:
            self._time_button.setText("–")
            self._frame_label.setText("")
            return
        self._time_button.setText(self._time_text(self._playback.time_s))
        self._frame_label.setText(self._frame_text(frame + 1))

    def _time_text(self, time_s: float) -> str:
        time_text = clock(time_s)
        return f"{time_text} / {clock(self._playback.stop_s)}" if self._has_duration else time_text

    def _frame_text(self, number: int) -> str:
        return f"frame {number} / {self._playback.frames.stop}"

    def _on_marks(self) -> None:
        selection_s = self._playback.selection_s
        if selection_s is None:
            self._selection_label.set_forms("")
        else:
            start_s, stop_s = selection_s
            times = f"{clock(start_s)} – {clock(stop_s)}"
            self._selection_label.set_forms(f"selected {times}", times, f"{start_s:.2f}–{stop_s:.2f} s")
        self._fit()
