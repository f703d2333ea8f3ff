"""The command palette, in which all actions are searched by name."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QMenu, QMenuBar, QWidget

from skillviewer.ui.actions.actions import match_distance, without_mnemonic
from skillviewer.ui.actions.table import SEARCH_WORDS
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import add_all, growing, horizontal, vertical, with_accessible_name
from skillviewer.ui.widgets.overlay_sheet import OverlaySheet
from skillviewer.ui.widgets.text_scaling import scaled_px

ROW_PX = 32
MARGIN_PX = 8
KEYWORD_PENALTY = 1000  # lists matches by keyword after all matches by name


def all_actions(bar: QMenuBar) -> Iterator[tuple[str, QAction]]:
    """Yield every action of the menus with its name, preceded by the names of its submenus."""
    for top in bar.actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            yield from _actions_in(menu, "")


def _actions_in(menu: QMenu, prefix: str) -> Iterator[tuple[str, QAction]]:
    for action in menu.actions():
        submenu = action.menu()
        name = f"{prefix}{without_mnemonic(action.text())}"
        if isinstance(submenu, QMenu):
            yield from _actions_in(submenu, f"{name}: ")
        elif not action.isSeparator() and action.text() and action.isVisible():
            yield name, action


def _distance(name: str, action: QAction, typed: str) -> int | None:
    """Return the distance of an action from the typed text, by name or else by keywords; None if it does not match.

    A whole keyword is as close as the beginning of a name.
    """
    keywords = SEARCH_WORDS.get(action.objectName(), "")
    if typed.casefold().strip() in keywords.casefold().split():
        return 0
    distance = match_distance(name, typed)
    if distance is not None:
        return distance
    distance = match_distance(f"{name} {keywords}", typed)
    return None if distance is None else distance + KEYWORD_PENALTY


class _Row(QWidget):
    """Name and keys of an action. A long name wraps."""

    def __init__(self, name: str, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = WrappingLabel(self)
        label.set_plain(name)
        self._row = add_all(
            horizontal(self, margins=(10, 4, 10, 4)), growing(label), text_label(keys, self, muted=True)
        )

    def height_px(self, width_px: int) -> int:
        """Return the height that the name needs in a row of this width."""
        return max(scaled_px(ROW_PX), self._row.heightForWidth(width_px))


class CommandPalette(OverlaySheet):
    """A search field and the matching actions; Enter runs the chosen action."""

    def __init__(self, bar: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("All actions")
        self._actions = [(name, action) for name, action in all_actions(bar) if action.objectName() != "palette"]
        column = vertical(self, margins=(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX))
        self.search_edit = with_accessible_name(QLineEdit(self), "Search actions")
        self.search_edit.setPlaceholderText("What do you want to do?")
        self.search_edit.installEventFilter(self)
        self.search_edit.textChanged.connect(self._fill)
        self.action_list = with_accessible_name(QListWidget(self), "Actions")
        self.action_list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.action_list.itemClicked.connect(self._run)
        add_all(column, self.search_edit, self.action_list)
        default_size = QSize(scaled_px(520), scaled_px(420))
        self.setFixedSize(default_size.boundedTo(parent.size() - QSize(48, 96)))
        self.setFocusProxy(self.search_edit)
        self._fill("")

    def _fill(self, typed: str) -> None:
        self.action_list.clear()
        bar_px = self.action_list.verticalScrollBar().sizeHint().width()
        row_width_px = self.width() - 2 * (MARGIN_PX + self.action_list.frameWidth()) - bar_px
        matches = []
        for name, action in self._actions:
            distance = _distance(name, action, typed)
            if distance is not None:
                matches.append((distance, name, action))
        if typed.strip():
            matches.sort(key=lambda match: match[0])
        for _, name, action in matches:
            item = QListWidgetItem(self.action_list)
            item.setData(Qt.ItemDataRole.UserRole, action)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
            row = _Row(name, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            row.setEnabled(action.isEnabled())
            item.setSizeHint(QSize(0, row.height_px(row_width_px)))
            self.action_list.setItemWidget(item, row)
        self.action_list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        action = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if isinstance(action, QAction) and action.isEnabled():
            self.dismiss()
            action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Apply arrow keys and Enter in the search field to the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if key in steps:
                last = self.action_list.count() - 1
                row = self.action_list.currentRow() + steps[Qt.Key(key)]
                self.action_list.setCurrentRow(min(max(row, 0), last))
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._run(self.action_list.currentItem())
                return True
        return super().eventFilter(watched, event)
