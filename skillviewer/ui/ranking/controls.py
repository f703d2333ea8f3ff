"""Controls under a pair: its clock as bars that can be dragged, the transport, and the buttons of a vote."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QAction,
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QWidget

from skillviewer.core.text import clock
from skillviewer.ui.actions.actions import Actions, key_text, plain
from skillviewer.ui.player.transport import action_button, speed_text
from skillviewer.ui.ranking.judging_session import NO_MARKS, Marks
from skillviewer.ui.ranking.pair_view import PairView
from skillviewer.ui.widgets.layout import NONE, ElidingLabel, Spacing, add_all, horizontal, vertical
from skillviewer.ui.widgets.theme import Icons, PaintedWidget, Theme, themed

BAR_PX, GAP_PX, EDGE_PX = 6, 8, 16
PLAYED = 0.75  # opacity of the played part: the pictures stay the brightest on the screen


class ClockBar(PaintedWidget):
    """The left video's bar over the right video's."""

    def __init__(self, pair_views: tuple[PairView, PairView], parent: QWidget) -> None:
        super().__init__(parent)
        self._pair_view = pair_views[0]
        self._marks_s: Marks = NO_MARKS
        for pair_view in pair_views:
            for signal in (pair_view.clock.moved, pair_view.clock.mode_changed, pair_view.swapped):
                signal.connect(self.update)
        self._held: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Time of the two videos")

    def sizeHint(self) -> QSize:
        return QSize(400, 2 * BAR_PX + 3 * GAP_PX)

    def set_pair_view(self, pair_view: PairView) -> None:
        self._pair_view = pair_view
        self.update()

    def set_marks(self, marks_s: Marks) -> None:
        self._marks_s = marks_s
        self.update()

    def _span(self) -> tuple[float, float] | None:
        clips = self._pair_view.clock.clips
        if not clips:
            return None
        start_s, stop_s = min(s.start_s for s in clips), max(s.stop_s for s in clips)
        return start_s, max(stop_s, start_s + 1e-3)

    def accessible_text(self) -> str:
        """Return where each of the two videos is."""
        pair_view = self._pair_view
        if not pair_view.clock.clips:
            return ""
        left, right = (clock(pair_view.clock.time_s(video)) for video in self._rows(pair_view))
        return f"Left video at {left}, right video at {right}"

    def x_of(self, time_s: float) -> float:
        span = self._span()
        if span is None:
            return EDGE_PX
        return EDGE_PX + (time_s - span[0]) / (span[1] - span[0]) * (self.width() - 2 * EDGE_PX)

    def row_y(self, row: int) -> float:
        """Return the top of the left (0) or the right (1) video's bar, in pixels."""
        return GAP_PX + row * (BAR_PX + GAP_PX)

    def _rows(self, pair_view: PairView) -> tuple[int, int]:
        return (pair_view.left, 1 - pair_view.left)

    def paintEvent(self, _event: QPaintEvent) -> None:
        pair_view = self._pair_view
        if not pair_view.clock.clips:
            return
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, video in enumerate(self._rows(pair_view)):
            clip, top = pair_view.clock.clips[video], self.row_y(row)
            left, right = self.x_of(clip.start_s), self.x_of(clip.stop_s)
            painter.setBrush(QColor(theme.edge))
            painter.drawRoundedRect(QRectF(left, top, max(right - left, 2), BAR_PX), 3, 3)
            now = min(max(self.x_of(pair_view.clock.time_s(video)), left), right)
            muted = not pair_view.clock.together and video != pair_view.clock.active
            played = QColor(theme.muted if muted else theme.accent)
            played.setAlphaF(PLAYED)
            painter.setBrush(played)
            painter.drawRoundedRect(QRectF(left, top, max(now - left, 0), BAR_PX), 3, 3)
        self._draw_playheads(painter, pair_view)
        painter.end()

    def _draw_playheads(self, painter: QPainter, pair_view: PairView) -> None:
        theme = self._theme
        height = self.row_y(1) + BAR_PX + GAP_PX / 2
        painter.setPen(QPen(QColor(theme.text), 2))
        if pair_view.clock.together:
            x = self.x_of(pair_view.clock.time_s(0))
            painter.drawLine(QPointF(x, GAP_PX / 2), QPointF(x, height))
        else:
            for row, video in enumerate(self._rows(pair_view)):
                x, top = self.x_of(pair_view.clock.time_s(video)), self.row_y(row)
                painter.drawLine(QPointF(x, top - GAP_PX / 2), QPointF(x, top + BAR_PX + GAP_PX / 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.text))
        for row, video in enumerate(self._rows(pair_view)):
            mark_s, top = self._marks_s[video], self.row_y(row) - GAP_PX
            if mark_s is not None:
                x = self.x_of(mark_s - pair_view.clock.clips[video].sync_s)
                painter.drawPolygon(QPolygonF([QPointF(x - 5, top), QPointF(x + 5, top), QPointF(x, top + 7)]))

    def _go(self, event: QMouseEvent) -> None:
        pair_view, span = self._pair_view, self._span()
        if span is None or self._held is None:
            return
        share = (event.position().x() - EDGE_PX) / max(self.width() - 2 * EDGE_PX, 1)
        pair_view.clock.seek_one(self._held, span[0] + share * (span[1] - span[0]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the time under the mouse: with both videos, or with the one under it if each has its own clock."""
        if event.button() == Qt.MouseButton.LeftButton:
            lower = event.position().y() > self.row_y(1) - GAP_PX / 2
            self._held = self._rows(self._pair_view)[1 if lower else 0]
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = None


MAX_REASON_CHARACTERS = 300


class PairTransport(QWidget):
    """Bars of the two videos, play and step buttons, one clock or two, a mark, and the locked speed."""

    def __init__(self, pair_views: tuple[PairView, PairView], actions: Actions, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._icons = actions, icons
        self._theme: Theme | None = None
        self._pair_view = pair_views[0]
        self._marks_s: Marks = NO_MARKS
        self._locked = ""  # the speed, in words
        self.bar = ClockBar(pair_views, self)
        before, self._play, after = (
            action_button(actions[name], self) for name in ("rank_previous_frame", "rank_play", "rank_next_frame")
        )
        self._play.setIconSize(QSize(24, 24))
        named = [
            action_button(actions[name], self, with_text=True) for name in ("rank_together", "rank_swap", "rank_mark")
        ]
        self._mark, self._speed = (ElidingLabel(self, muted=True) for _ in range(2))
        self._speed.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = horizontal(margins=(12, 0, 16, 4), spacing=2)
        add_all(row, before, self._play, after, Spacing(16), *named, self._mark, Spacing(16), self._speed)
        add_all(vertical(self, NONE, 0), self.bar, row)
        for pair_view in pair_views:
            pair_view.clock.playing_changed.connect(self._on_playing)
            pair_view.clock.mode_changed.connect(self._on_mode)
            pair_view.clock.mode_changed.connect(self._show_marks)
            pair_view.swapped.connect(self._show_marks)

    def set_pair_view(self, pair_view: PairView) -> None:
        self._pair_view = pair_view
        self.bar.set_pair_view(pair_view)
        self._on_playing()
        self._on_mode()

    def set_marks(self, marks_s: Marks) -> None:
        self._marks_s = marks_s
        self.bar.set_marks(marks_s)
        self._show_marks()

    def _show_marks(self) -> None:
        """Show the marks as the players show times: each from the start of its own video."""
        pair_view = self._pair_view
        clips = pair_view.clock.clips
        if not clips:
            self._mark.set_forms("")
            return
        times = [
            "" if mark_s is None else clock(mark_s - clip.sync_s - clip.start_s)
            for mark_s, clip in zip(self._marks_s, clips, strict=True)
        ]
        left, right = times if pair_view.left == 0 else times[::-1]
        if left == right:
            self._mark.set_forms(f"marked {left}" if left else "")
        else:
            sides = (("left {}", left), ("right {}", right))
            at = ", ".join(side.format(time) for side, time in sides if time)
            self._mark.set_forms(f"marked {at}")

    def set_speed(self, speed: float) -> None:
        self._locked = speed_text(speed)
        self._on_mode()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._on_playing()

    def _on_playing(self) -> None:
        playing = self._pair_view.clock.playing
        if self._theme is not None:
            self._actions["rank_play"].setIcon(self._icons.icon("pause" if playing else "play", self._theme))
        self._play.setAccessibleName("Pause" if playing else "Play")

    def _on_mode(self) -> None:
        together = self._pair_view.clock.together
        self._actions["rank_together"].setChecked(together)
        text = "both play at {}, locked" if together else "each plays at {}, locked"
        tip = "Both videos play at this speed. It is the same for the whole study."
        self._speed.set_forms(text.format(self._locked), self._locked, tip=tip)


class _VoteButton(QPushButton):
    """Button that counts a double click as one vote: the second click may come when the next pair is on screen."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()


class _Reason(QLineEdit):
    """Line edit that Escape leaves; its text stays."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class _Message(QLabel):
    """Words that wrap and yet leave the page its height: one that asks by its width would push the buttons out."""

    def hasHeightForWidth(self) -> bool:
        return False


class VoteBar(QWidget):
    """The buttons of a vote, each under the video it is about, and the reason."""

    left_reason = Signal()  # the rater has finished the reason: the keys go to the videos again

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 0, 16, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        self._actions = actions
        self._buttons: dict[str, QPushButton] = {}
        self.left = self._button(actions["rank_left"])
        self.neither = self._button(actions["rank_neither"])
        self.right = self._button(actions["rank_right"])
        self.skip = self._button(actions["rank_skip"])
        self.reason = _Reason(self)
        self.reason.setMaxLength(MAX_REASON_CHARACTERS)
        actions.keys_changed.connect(self._show_keys)
        self._show_keys()
        self.reason.setAccessibleName("Reason of the vote, optional")
        self.reason.returnPressed.connect(self.left_reason)
        self.reason.left.connect(self.left_reason)
        middle = add_all(horizontal(spacing=8), self.neither, self.skip)
        grid.addWidget(self.left, 0, 0)
        grid.addLayout(middle, 0, 1)
        grid.addWidget(self.right, 0, 2)
        self.message = _Message(self, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.message.setProperty("warns", True)
        self.message.setMinimumHeight(2 * self.message.fontMetrics().height() + 4)  # nothing moves
        lower = add_all(horizontal(spacing=16), (self.reason, 2), (self.message, 3))
        grid.addLayout(lower, 1, 0, 1, 3)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(2, 3)

    def _show_keys(self) -> None:
        for name, button in self._buttons.items():
            keys = self._actions.keys(name)
            text = plain(self._actions[name].text())
            button.setText(f"{key_text(keys[0])}   {text}" if keys else text)
        keys = self._actions.keys("rank_reason")
        text = f"Reason (optional, key {key_text(keys[0])})" if keys else "Reason (optional)"
        self.reason.setPlaceholderText(text)

    def _button(self, action: QAction) -> QPushButton:
        button = self._buttons[action.objectName()] = _VoteButton(self)
        button.setMinimumHeight(40)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(plain(action.text()))
        button.clicked.connect(action.trigger)
        return button

    def show_message(self, text: str) -> None:
        self.message.setText(text)
        if text:
            QAccessible.updateAccessibility(QAccessibleEvent(self.message, QAccessible.Event.Alert))
