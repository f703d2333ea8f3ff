"""Sheets over the window: the command palette, the list of keys, a place to go to, and about the program."""

import platform
import re
from collections.abc import Iterator

import PySide6
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QListWidget, QListWidgetItem, QMenu, QMenuBar, QWidget

from skillviewer.core.text import clock
from skillviewer.core.version import __version__
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.actions.actions import Actions, fits, key_text, plain
from skillviewer.ui.actions.table import MENUS
from skillviewer.ui.widgets.layout import (
    NONE,
    FlowLayout,
    add_all,
    horizontal,
    named,
    push_button,
    scroll_area,
    text_label,
    vertical,
)
from skillviewer.ui.widgets.overlay import OverlaySheet
from skillviewer.ui.widgets.theme import by_text

ROW_PX = 32


def all_actions(bar: QMenuBar) -> Iterator[tuple[str, QAction]]:
    """Yield every action of the menus with the names of its menus."""
    for top in bar.actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            yield from _inside(menu, "")


def _inside(menu: QMenu, path: str) -> Iterator[tuple[str, QAction]]:
    for action in menu.actions():
        submenu = action.menu()
        if isinstance(submenu, QMenu):
            yield from _inside(submenu, f"{path}{plain(action.text())}: ")
        elif not action.isSeparator() and action.text() and action.isVisible():
            yield f"{path}{plain(action.text())}", action


class _Row(QWidget):
    def __init__(self, name: str, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        add_all(horizontal(self, (10, 0, 10, 0)), (QLabel(name, self), 1), text_label(keys, self, muted=True))


class CommandPalette(OverlaySheet):
    """A search field and the matching actions; Enter runs the chosen one."""

    def __init__(self, bar: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("All actions")
        self._actions = [(name, action) for name, action in all_actions(bar) if action.objectName() != "palette"]
        column = vertical(self, (8, 8, 8, 8))
        self.field = named(QLineEdit(self), "Search actions")
        self.field.setPlaceholderText("What do you want to do?")
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._fill)
        self.list = named(QListWidget(self), "Actions")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._run)
        add_all(column, self.field, self.list)
        self.setFixedSize(QSize(by_text(520), by_text(420)).boundedTo(parent.size() - QSize(48, 96)))
        self.setFocusProxy(self.field)
        self._fill("")

    def _fill(self, typed: str) -> None:
        self.list.clear()
        found = [(score, name, a) for name, a in self._actions if (score := fits(name, typed)) is not None]
        for _, name, action in sorted(found, key=lambda f: f[0]) if typed.strip() else found:
            item = QListWidgetItem(self.list)
            item.setSizeHint(QSize(0, by_text(ROW_PX)))
            item.setData(Qt.ItemDataRole.UserRole, action)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
            row = _Row(name, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            row.setEnabled(action.isEnabled())
            self.list.setItemWidget(item, row)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        action = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if isinstance(action, QAction) and action.isEnabled():
            self.dismiss()
            action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrows and Enter in the field work on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if key in steps:
                last = self.list.count() - 1
                self.list.setCurrentRow(min(max(self.list.currentRow() + steps[Qt.Key(key)], 0), last))
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)


class ShortcutSheet(OverlaySheet):
    """All keys, by menu."""

    def __init__(self, actions: Actions, change: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._specs = actions.specs
        self.setAccessibleName("Keys")
        area = scroll_area(self, self.accessibleName())
        inside = QWidget(area)
        halves = FlowLayout(inside, gap_px=32)
        halves.setContentsMargins(24, 20, 24, 20)
        for menus in self._halves():
            halves.addWidget(self._half(inside, menus))
        area.setWidget(inside)
        text = "The keys of the player work while the picture, the curve or the list has the focus."
        note = text_label(text, self, muted=True, wrap=True)
        self.change = push_button("Change keys…", self, self.dismiss)
        self.change.clicked.connect(change.trigger)
        foot = add_all(horizontal(margins=(24, 0, 16, 12)), (note, 1), self.change)
        add_all(vertical(self, (4, 4, 4, 4)), area, foot)
        self.setFocusProxy(area)
        self.setFixedSize(QSize(by_text(800), by_text(600)).boundedTo(parent.size() - QSize(48, 48)))

    def _halves(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the menus of the left and of the right half, such that both are about as long."""
        rows = [1 + sum(1 for spec in self._specs if spec.menu == menu and spec.keys) for menu in MENUS]
        at = min(range(1, len(MENUS)), key=lambda at: abs(sum(rows[:at]) - sum(rows[at:])))
        return MENUS[:at], MENUS[at:]

    def _half(self, parent: QWidget, menus: tuple[str, ...]) -> QWidget:
        half = QWidget(parent)
        grid = QGridLayout(half)
        grid.setContentsMargins(*NONE)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        row = 0
        for menu in menus:
            specs = [spec for spec in self._specs if spec.menu == menu and spec.keys]
            if not specs:
                continue
            heading = text_label(plain(menu), parent, heading=True)
            heading.setContentsMargins(0, 10 if row else 0, 0, 0)
            grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for spec in specs:
                keys = text_label("   ".join(key_text(key) for key in spec.keys), parent, muted=True)
                grid.addWidget(keys, row, 0)
                grid.addWidget(QLabel(plain(spec.text), parent), row, 1)
                row += 1
        grid.setColumnStretch(1, 1)
        return half


_TIME = re.compile(r"^(?:(?:(\d+):)?(\d{1,3}):)?(\d+(?:[.,]\d*)?)\s*s?$")


def parse_place(text: str, video: VideoInfo, frames: range | None = None) -> int | None:
    """Return the frame (from 0) that a text means, or None where the part of the video that is shown has no such frame.

    A whole number is a frame, counted from 1. Anything with a colon, a dot or an s is a time: ``13.5``, ``13s``,
    ``1:02``, ``00:13.733``, ``1:00:00``.
    """
    frame = _parsed(text.strip().lower(), video)
    return frame if frame is not None and (frames is None or frame in frames) else None


def _parsed(text: str, video: VideoInfo) -> int | None:
    if text.isdecimal():
        number = int(text)
        return number - 1 if 1 <= number <= video.n_frames else None
    found = _TIME.match(text)
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    time_s = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))
    # half a millisecond: a rounded time, as it is shown, finds its own frame
    return video.frame_at(time_s + 0.0005) if time_s <= video.duration_s + 0.0005 else None


class GoTo(OverlaySheet):
    """A field for a time or a frame of the part that is shown."""

    chosen = Signal(int)

    def __init__(self, video: VideoInfo, frames: range, frame: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._video, self._frames = video, frames
        column = vertical(self, (12, 12, 12, 12))
        self.field = named(QLineEdit(self), "Time or frame")
        self.field.setPlaceholderText("Frame 412, or time 00:13.733")
        self.field.setMinimumWidth(260)
        self._hint = text_label("", self, muted=True)
        add_all(column, self.field, self._hint)
        self.field.textChanged.connect(self._on_text)
        self.field.returnPressed.connect(self._on_return)
        self.field.setText(str(frame + 1))
        self.field.selectAll()
        self.setFocusProxy(self.field)

    def _on_text(self, text: str) -> None:
        frame = parse_place(text, self._video, self._frames)
        if frame is None:
            first, last = self._frames[0], self._frames[-1]
            if len(self._frames) == self._video.n_frames:
                template = "Frames 1 to {}, times to {}"
                self._hint.setText(template.format(last + 1, clock(self._video.duration_s)))
            else:
                template = "This part has frames {} to {}, times {} to {}"
                times = (clock(float(self._video.times_s[first])), clock(self._video.end_s(last)))
                self._hint.setText(template.format(first + 1, last + 1, *times))
        else:
            template = "Frame {} at {}"
            self._hint.setText(template.format(frame + 1, clock(float(self._video.times_s[frame]))))

    def _on_return(self) -> None:
        frame = parse_place(self.field.text(), self._video, self._frames)
        if frame is not None:
            self.dismiss()
            self.chosen.emit(frame)


class About(OverlaySheet):
    """Name, version, what it is for, licence."""

    def __init__(self, logo: QPixmap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("About SkillViewer")
        picture = QLabel(self)
        picture.setPixmap(logo)
        text = (
            f"<h3>SkillViewer {__version__}</h3>"
            "<p>Assesses manipulation skill from video with a spatial attention network, after Li, Huang, "
            "Cai and Sato, <i>Manipulation-skill Assessment from Videos with Spatial Attention Network</i>, 2019.</p>"
            "<p>An aid to judgement, not a certificate. Nothing leaves this computer.</p>"
            f"<p>Apache License 2.0. Python {platform.python_version()}, Qt for Python {PySide6.__version__}. "
            "The font is Inter (SIL Open Font License).</p>"
        )
        body = text_label(text, self, wrap=True)
        body.setTextFormat(Qt.TextFormat.RichText)
        body.setMinimumWidth(380)
        row = add_all(horizontal(spacing=20), (picture, 0, Qt.AlignmentFlag.AlignTop), (body, 1))
        button = push_button("Close", self, self.dismiss)
        add_all(vertical(self, (24, 24, 24, 16), 16), row, (button, 0, Qt.AlignmentFlag.AlignRight))
        self.setFocusProxy(button)
