"""Every action by name (Ctrl+K), and the sheet of keys (F1)."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QListWidget, QListWidgetItem, QMenu, QMenuBar, QWidget

from skillviewer.ui.actions.actions import Actions, fits, key_text, plain, words
from skillviewer.ui.actions.table import MENUS
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, scroll_area, text_label, vertical
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
        self.setAccessibleName(self.tr("All actions"))
        self._actions = [(name, action) for name, action in all_actions(bar) if action.objectName() != "palette"]
        column = vertical(self, (8, 8, 8, 8))
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("What do you want to do?"))
        self.field.setAccessibleName(self.tr("Search actions"))
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._fill)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Actions"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._run)
        add_all(column, self.field, self.list)
        self.setFixedSize(QSize(by_text(520), by_text(420)).boundedTo(parent.size() - QSize(48, 96)))
        self.setFocusProxy(self.field)
        self._fill("")

    @Slot(str)
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

    @Slot(QListWidgetItem)
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


class KeySheet(OverlaySheet):
    """All keys, by menu."""

    def __init__(self, actions: Actions, change: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._specs = actions.specs
        self.setAccessibleName(self.tr("Keys"))
        area = scroll_area(self, self.accessibleName())
        inside = QWidget(area)
        grid = QGridLayout(inside)
        grid.setContentsMargins(24, 20, 24, 20)
        grid.setHorizontalSpacing(40)
        for at, menus in enumerate(self._halves()):
            grid.addLayout(self._half(inside, menus), 0, at, Qt.AlignmentFlag.AlignTop)
        area.setWidget(inside)
        note = text_label(
            self.tr("The keys of the player work while the picture, the curve or the list has the focus."),
            self,
            muted=True,
            wrap=True,
        )
        self.change = push_button(self.tr("Change keys…"), self, self.dismiss)
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

    def _half(self, parent: QWidget, menus: tuple[str, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        row = 0
        for menu in menus:
            specs = [spec for spec in self._specs if spec.menu == menu and spec.keys]
            if not specs:
                continue
            heading = text_label(plain(words(menu)), parent, heading=True)
            heading.setContentsMargins(0, 10 if row else 0, 0, 0)
            grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for spec in specs:
                keys = text_label("   ".join(key_text(key) for key in spec.keys), parent, muted=True)
                grid.addWidget(keys, row, 0)
                grid.addWidget(QLabel(plain(words(spec.text)), parent), row, 1)
                row += 1
        grid.setColumnStretch(1, 1)
        return grid
