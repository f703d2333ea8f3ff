"""The dialog of settings. Changes apply at once."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QListWidget, QStackedWidget, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.preferences.appearance_page import AppearancePage
from skillviewer.ui.preferences.assessing_page import AssessingPage
from skillviewer.ui.preferences.shortcuts_page import ShortcutsPage
from skillviewer.ui.preferences.storage_page import StoragePage
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    add_all,
    growing,
    horizontal,
    scroll_area,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.text_scaling import scaled_px

LIST_PX = 168
MIN_SIZE = QSize(640, 440)


class Preferences(QDialog):
    """Settings of the program. The dialog is not modal: changes can be seen in the window."""

    def __init__(self, app_context: AppContext, actions: Actions, dialogs: Dialogs, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.appearance_page = AppearancePage(app_context, self)
        self.assessing_page = AssessingPage(app_context, actions, self)
        self.storage_page = StoragePage(app_context, dialogs, self)
        self.shortcuts_page = ShortcutsPage(app_context.settings, actions, self)
        self.page_list = with_accessible_name(QListWidget(self), "Pages of settings")
        self.page_list.setStyleSheet("QListWidget { padding-top: 8px; } QListWidget::item { padding-left: 16px; }")
        self._contents: tuple[QWidget, ...] = (
            self.appearance_page,
            self.assessing_page,
            self.storage_page,
            self.shortcuts_page,
        )
        self._pages = QStackedWidget(self)
        for text, page in zip(("Appearance", "Assessing", "Storage", "Keys"), self._contents, strict=True):
            self.page_list.addItem(text)
            whole_page = page if page is self.shortcuts_page else self._in_scroll_area(page, text)
            self._pages.addWidget(whole_page)
        self.page_list.setFixedWidth(min(scaled_px(LIST_PX), self.page_list.sizeHintForColumn(0) + 48))
        row_height_px = self.fontMetrics().height() + 16
        for page_row in range(self.page_list.count()):
            self.page_list.item(page_row).setSizeHint(QSize(0, row_height_px))
        self.page_list.currentRowChanged.connect(self._on_row)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        column = add_all(vertical(margins=NO_MARGINS, spacing=0), growing(self._pages))
        foot = add_all(horizontal(margins=(16, 12, 16, 12)), buttons)
        column.addLayout(foot)
        row = add_all(horizontal(self, margins=NO_MARGINS, spacing=0), self.page_list, growing(column))
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # pages scroll or wrap
        self.setMinimumSize(MIN_SIZE)
        default_size = QSize(scaled_px(760), scaled_px(540))
        max_size = parent.size() - QSize(40, 40)
        self.resize(default_size.boundedTo(max_size).expandedTo(MIN_SIZE))
        self.page_list.setCurrentRow(0)

    def _in_scroll_area(self, page: QWidget, title: str) -> QWidget:
        area = scroll_area(self._pages, title)
        area.setWidget(page)
        return area

    def show_page(self, page: QWidget) -> None:
        self.page_list.setCurrentRow(self._contents.index(page))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter in a field from closing the dialog."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)

    def _on_row(self, row: int) -> None:
        self._pages.setCurrentIndex(row)
        if self._contents[row] is self.storage_page:
            self.storage_page.measure()
