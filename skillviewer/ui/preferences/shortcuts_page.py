"""The table of all actions with their keys; a conflict is named before a key is assigned."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from skillviewer.ui.actions.actions import Actions, conflicts, key_text, match_distance, portable_key, without_mnemonic
from skillviewer.ui.actions.table import MENUS, ActionSpec, Scope
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, growing, push_button, vertical, with_accessible_name
from skillviewer.ui.widgets.plain_table import set_up
from skillviewer.ui.widgets.text_scaling import scaled_px

MIN_WIDTH_PX = 320  # width below which the column of places is hidden, for text of the default size
RESERVED = ("Tab", "Shift+Tab", "Backtab", "Shift+Backtab", "Esc")  # keys that move the focus or leave a field


class ShortcutsPage(QWidget):
    """A table of actions, and a line to set the keys of the chosen action."""

    def __init__(self, settings: Settings, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._actions = actions
        self._pressed = ""
        self.search_edit = with_accessible_name(QLineEdit(self), "Search actions and keys")
        self.search_edit.setPlaceholderText("Search actions and keys")
        self.search_edit.setClearButtonEnabled(True)
        self.shortcut_table = QTableWidget(0, 3, self)
        set_up(self.shortcut_table, "Actions and their keys", self.fontMetrics().height() + 10)
        self.shortcut_table.setHorizontalHeaderLabels(["Action", "Where", "Keys"])
        self.shortcut_table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        header = self.shortcut_table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.name_label = text_label("", self, heading=True)
        self.key_edit = with_accessible_name(QKeySequenceEdit(self), "New key")
        self.key_edit.setMaximumSequenceLength(1)
        self.add_button = push_button("Add", self, self._on_add)
        self.clear_button = push_button("No keys", self, self._on_clear)
        self.reset_button = push_button("Default", self, self._on_reset)
        self.reset_all_button = push_button("All defaults", self)
        self.reset_all_button.clicked.connect(lambda: self._change(dict.fromkeys(actions.chosen_keys)))
        self.message_label = text_label("", self, wrap=True)
        self.message_label.setMinimumHeight(2 * self.fontMetrics().height() + 4)  # nothing moves when a message comes
        self.message_label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        top = add_all(QHBoxLayout(), growing(self.search_edit), self.reset_all_button)
        line = AdaptiveGrid(self)
        buttons = (self.add_button, self.clear_button, self.reset_button)
        line.set_arrangements(
            wide=(
                Place(self.key_edit, row=0, column=0),
                *(Place(button, row=0, column=column) for column, button in enumerate(buttons, 1)),
            ),
            narrow=(
                Place(self.key_edit, row=0, column=0, n_columns=3),
                *(Place(button, row=1, column=column) for column, button in enumerate(buttons)),
            ),
            wide_factors=(1,),
            narrow_factors=(),
        )
        add_all(
            vertical(self, margins=(16, 16, 16, 0), spacing=8),
            top,
            growing(self.shortcut_table),
            self.name_label,
            line,
            self.message_label,
        )
        self.search_edit.textChanged.connect(self._filter)
        self.shortcut_table.itemSelectionChanged.connect(self._on_chosen)
        self.key_edit.keySequenceChanged.connect(self._on_pressed)
        actions.keys_changed.connect(self._fill)
        self._fill()
        self.choose(self._specs[0].name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the places of the keys if the page is narrow: the menus in the names of the actions say as much."""
        super().resizeEvent(event)
        self.shortcut_table.setColumnHidden(1, self.width() < scaled_px(MIN_WIDTH_PX))

    # the table

    @property
    def _specs(self) -> tuple[ActionSpec, ...]:
        specs = self._actions.specs
        return tuple(spec for menu in MENUS for spec in specs if spec.menu == menu)

    @property
    def chosen_action(self) -> ActionSpec:
        return self._specs[max(self.shortcut_table.currentRow(), 0)]

    def choose(self, name: str) -> None:
        row = next(row for row, spec in enumerate(self._specs) if spec.name == name)
        self.shortcut_table.setCurrentCell(row, 0)

    def _where(self, spec: ActionSpec) -> str:
        if spec.scope is Scope.SCREEN:
            shows = f"show_{spec.screen}"
            listed = any(
                other.name == shows for other in self._actions.specs
            )  # the split view has no action of its own
            return without_mnemonic(self._actions[shows].text()) if listed else f"{spec.screen} view"
        return "everywhere" if spec.scope is Scope.WINDOW else "player"

    def _fill(self) -> None:
        specs = self._specs
        changed = self._actions.chosen_keys
        self.shortcut_table.setRowCount(len(specs))
        for row, spec in enumerate(specs):
            keys = "   ".join(key_text(key) for key in spec.keys)
            texts = (f"{without_mnemonic(spec.menu)}: {without_mnemonic(spec.text)}", self._where(spec), keys)
            for column, text in enumerate(texts):
                item = self.shortcut_table.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    self.shortcut_table.setItem(row, column, item)
                font = item.font()
                font.setBold(spec.name in changed)
                item.setFont(font)
                item.setText(text)
        self.reset_all_button.setEnabled(bool(changed))
        self._filter(self.search_edit.text())
        self._on_chosen()

    def _filter(self, typed: str) -> None:
        for row in range(self.shortcut_table.rowCount()):
            items = (self.shortcut_table.item(row, column) for column in range(3))
            text = " ".join(item.text() for item in items if item is not None)
            self.shortcut_table.setRowHidden(row, match_distance(text, typed) is None)

    # the chosen action

    def _on_chosen(self) -> None:
        spec = self.chosen_action
        self._take("")
        self.name_label.setText(without_mnemonic(spec.text))
        self.clear_button.setEnabled(bool(spec.keys))
        self.reset_button.setEnabled(spec.name in self._actions.chosen_keys)

    def _take(self, key: str) -> None:
        self._pressed = key
        with QSignalBlocker(self.key_edit):
            self.key_edit.setKeySequence(QKeySequence(key))
        self.add_button.setText("Add")
        self.add_button.setEnabled(bool(key))
        self.message_label.setText("")

    def _on_pressed(self, sequence: QKeySequence) -> None:
        key = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        if key in {"", self._pressed}:  # Qt reports a key once more when the focus leaves the field
            return
        self._take(key)
        refusal = self._refusal(self._pressed)
        if refusal:
            self.add_button.setEnabled(False)
            self.message_label.setText(refusal)
            return
        takers = self._takers(self._pressed)
        if takers:
            self.add_button.setText("Reassign")
            names = ", ".join(f"“{without_mnemonic(spec.text)}” ({self._where(spec)})" for spec in takers)
            self.message_label.setText(f"{key_text(key)} is the key of {names}. It would be taken from there.")

    def _refusal(self, key: str) -> str:
        if not key:
            return "This key cannot be recognised. Press another key."
        if key in RESERVED:
            return f"{key_text(key)} moves the focus or leaves a field. Press another key."
        if key in map(portable_key, self.chosen_action.keys):
            return f"{key_text(key)} is already a key of this action."
        letters = {f"Alt+{text[text.index('&') + 1].upper()}": without_mnemonic(text) for text in MENUS if "&" in text}
        if key in letters:
            return f"{key_text(key)} opens the {letters[key]} menu. Press another key."
        return ""

    def _takers(self, key: str) -> list[ActionSpec]:
        """Return the actions that a key would be taken from."""
        shortcut = self.chosen_action
        specs = self._actions.specs
        assigned = [spec for spec in specs if spec.name != shortcut.name]
        assigned.append(replace(shortcut, keys=(key,)))
        taker_names: set[str] = set()
        for _, *names in conflicts(assigned):
            if shortcut.name in names:
                taker_names.update(names)
        taker_names.discard(shortcut.name)
        return [spec for spec in specs if spec.name in taker_names]

    def _on_add(self) -> None:
        key = self._pressed
        shortcut = self.chosen_action
        if not key:
            return
        changes: dict[str, tuple[str, ...] | None] = {}
        for spec in self._takers(key):
            changes[spec.name] = tuple(kept for kept in spec.keys if portable_key(kept) != key)
        changes[shortcut.name] = (*shortcut.keys, key)
        self._change(changes)
        self.message_label.setText(f"{key_text(key)} is now a key of “{without_mnemonic(shortcut.text)}”.")

    def _on_clear(self) -> None:
        self._change({self.chosen_action.name: ()})

    def _on_reset(self) -> None:
        """Restore the default keys of the action, and take them from other actions."""
        name = self.chosen_action.name
        other_keys = {other: keys for other, keys in self._actions.chosen_keys.items() if other != name}
        before = self._actions.keys(name)
        self._change({name: None})
        if self._actions.keys(name) == before and name not in other_keys:
            self.message_label.setText("Its default keys belong to other actions now. Restore those actions first.")

    def _change(self, changes: dict[str, tuple[str, ...] | None]) -> None:
        self._actions.set_keys(changes)
        self._settings.keys = self._actions.chosen_keys
