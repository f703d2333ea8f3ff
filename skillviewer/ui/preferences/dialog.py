"""The dialog of settings, with a list of its pages. Changes apply at once."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QListWidget, QStackedWidget, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.preferences.assessing import AssessingPage
from skillviewer.ui.preferences.keys import KeysPage
from skillviewer.ui.preferences.looks import LooksPage
from skillviewer.ui.preferences.storage import StoragePage
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.layout import NONE, horizontal, vertical

LIST_PX = 168
LEAST = QSize(640, 440)


class Preferences(QDialog):
    """Settings of the program. The dialog is not modal: changes can be seen in the window.

    Args:
        dialogs: Asks before something is removed.
    """

    def __init__(self, program: Program, actions: Actions, dialogs: Dialogs, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.looks = LooksPage(program, self)
        self.assessing = AssessingPage(program, actions, self)
        self.storage = StoragePage(program, dialogs, self)
        self.keys = KeysPage(program.settings, actions, self)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Pages of settings"))
        self.list.setFixedWidth(LIST_PX)
        self.list.setStyleSheet("QListWidget { padding-top: 8px; } QListWidget::item { padding-left: 16px; }")
        self._pages = QStackedWidget(self)
        for words, page in (
            (self.tr("Appearance"), self.looks),
            (self.tr("Assessing"), self.assessing),
            (self.tr("Storage"), self.storage),
            (self.tr("Keys"), self.keys),
        ):
            self.list.addItem(words)
            self._pages.addWidget(page)
        for at in range(self.list.count()):
            self.list.item(at).setSizeHint(QSize(0, self.fontMetrics().height() + 16))
        self.list.currentRowChanged.connect(self._on_row)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        column = vertical(margins=NONE, spacing=0)
        column.addWidget(self._pages, 1)
        foot = horizontal(margins=(16, 12, 16, 12))
        foot.addWidget(buttons)
        column.addLayout(foot)
        row = horizontal(self, NONE, 0)
        row.addWidget(self.list)
        row.addLayout(column, 1)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # pages scroll or wrap
        self.setMinimumSize(LEAST)
        self.resize(QSize(760, 540).boundedTo(parent.size() - QSize(40, 40)).expandedTo(LEAST))
        self.list.setCurrentRow(0)

    def show_page(self, page: QWidget) -> None:
        self.list.setCurrentRow(self._pages.indexOf(page))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter in a field from closing the dialog."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)

    @Slot(int)
    def _on_row(self, row: int) -> None:
        self._pages.setCurrentIndex(row)
        page = self._pages.currentWidget()
        if isinstance(page, StoragePage):
            page.measure()
