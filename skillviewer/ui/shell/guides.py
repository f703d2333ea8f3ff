"""Dialog in which the user reads and searches the guides."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QWidget

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.paths import docs_dir
from skillviewer.ui.shell.guide_page import MARGIN_PX, Guide, GuidePage
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    add_all,
    growing,
    horizontal,
    push_button,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import ThemeSource

NAMES = (
    "index", "install", "first-steps", "data-needed", "tutorial-window", "tutorial-spreadsheet",
    "tutorial-two-models", "tutorial-judging", "tutorial-rater", "why", "ratings", "judging", "ranking",
    "train", "study", "compare", "export", "faces", "timelines", "tracks", "data", "published-data", "known",
    "intended-use", "data-protection", "about", "method", "protocol", "evidence", "scripting", "plugins", "cluster",
    "reference/commands", "reference/columns", "reference/names", "reference/entries", "glossary",
)  # fmt: skip
"""Files of the guides in the order of the list, everyday tasks first."""

MIN_SIZE = QSize(640, 440)
DEFAULT_SIZE = QSize(960, 640)
LIST_WIDTH_PX = 280
_INDEX_ROLE = Qt.ItemDataRole.UserRole  # index of a guide, in an item of the list


def load_guides() -> tuple[Guide, ...]:
    """Read all guides.

    Raises:
        SkillViewerError: A guide cannot be read.
    """
    guide_list = []
    try:
        for name in NAMES:
            path = docs_dir() / f"{name}.md"
            text = path.read_text(encoding="utf-8")
            first_line, _, _ = text.partition("\n")
            guide_list.append(Guide(path, first_line.removeprefix("# "), text))
    except (OSError, UnicodeDecodeError) as error:
        raise SkillViewerError(f"The guides cannot be read: {error}. Install the program again.") from error
    return tuple(guide_list)


class Guides(QDialog):
    """A list of guides, and the open guide. The dialog does not block the window, and closing only hides it.

    Links lead to other guides. Any other address is copied to the clipboard and not opened.
    """

    def __init__(self, guide_list: tuple[Guide, ...], themes: ThemeSource, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guides")
        self.setWindowFlags(Qt.WindowType.Window)
        self._guides = guide_list
        self._texts = [guide.searchable_text for guide in guide_list]
        self._index = -1  # index of the open guide
        self._has_stale_theme = False
        self._history: list[tuple[int, int]] = []  # index and scroll position of guides to go back to
        self.search_edit = with_accessible_name(QLineEdit(self), "Search the guides")
        self.search_edit.setPlaceholderText("Search the guides")
        self.search_edit.setClearButtonEnabled(True)
        self.guide_list = with_accessible_name(QListWidget(self), "Guides")
        self.guide_list.setWordWrap(True)
        self.guide_list.setStyleSheet("QListWidget::item { padding: 6px 8px 6px 16px; }")
        self.guide_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.guide_page = with_accessible_name(GuidePage(themes, self), "Text of the guide")
        self.message_label = text_label("", self, muted=True, wrap=True)
        self.back_button = push_button("Back", self, self.go_back)
        self.back_button.setAutoDefault(False)
        self.back_button.setEnabled(False)
        self._lay_out()
        self.setMinimumSize(MIN_SIZE)
        max_size = parent.size() - QSize(40, 40)
        self.resize(DEFAULT_SIZE.boundedTo(max_size).expandedTo(MIN_SIZE))
        self.guide_list.currentItemChanged.connect(self._on_item)
        self.search_edit.textChanged.connect(self._on_search)
        self.search_edit.returnPressed.connect(self._next_hit)
        self.guide_page.anchorClicked.connect(self._on_link)
        for key, slot in (
            (QKeySequence.StandardKey.Find, self._focus_search),
            (QKeySequence.StandardKey.FindNext, self._next_hit),
            (QKeySequence.StandardKey.FindPrevious, lambda: self._next_hit(-1)),
            (QKeySequence.StandardKey.Back, self.go_back),
            (QKeySequence.StandardKey.Close, self.close),
        ):
            QShortcut(QKeySequence(key), self, slot)
        themes.changed.connect(self._on_theme)
        self._fill_list([True] * len(guide_list))
        self._show(0)
        self.guide_list.setFocus()

    def _lay_out(self) -> None:
        left = vertical(margins=(0, 12, 0, 0), spacing=8)
        top = add_all(horizontal(margins=(12, 0, 12, 0)), self.search_edit)
        add_all(left, top, growing(self.guide_list))
        left_column = self._left_column = QWidget(self)
        left_column.setLayout(left)
        close = push_button("Close", self, self.close)
        close.setAutoDefault(False)
        foot = add_all(
            horizontal(margins=(MARGIN_PX, 12, 16, 12), spacing=12),
            self.back_button,
            growing(self.message_label),
            close,
        )
        right_column = add_all(vertical(margins=NO_MARGINS, spacing=0), growing(self.guide_page), foot)
        add_all(horizontal(self, margins=NO_MARGINS, spacing=0), left_column, growing(right_column))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave more than half of a narrow dialog to the guide."""
        super().resizeEvent(event)
        self._left_column.setFixedWidth(min(scaled_px(LIST_WIDTH_PX), self.width() * 2 // 5))

    def show_guide(self, name: str, heading: str = "") -> None:
        """Open a guide, one of ``NAMES``, at the heading with an anchor, and end the search."""
        self.search_edit.clear()
        self._show(NAMES.index(name))
        self.guide_page.to_heading(heading)

    def go_back(self) -> None:
        if self._history:
            index, scroll_position = self._history.pop()
            self.back_button.setEnabled(bool(self._history))
            self.search_edit.clear()
            self._show(index)
            self.guide_page.verticalScrollBar().setValue(scroll_position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """End the search on the first Escape, and close on the second."""
        if event.key() == Qt.Key.Key_Escape and self.search_edit.text():
            self.search_edit.clear()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Apply the theme if it was changed while the dialog was hidden."""
        super().showEvent(event)
        if self._has_stale_theme:
            self._has_stale_theme = False
            self.guide_page.refresh_theme()

    def _show(self, index: int) -> None:
        """Open a guide, and select it in the list if it is listed."""
        if index != self._index:
            self._index = index
            self.message_label.clear()
            self.guide_page.show_guide(self._guides[index])
        for row in range(self.guide_list.count()):
            if self.guide_list.item(row).data(_INDEX_ROLE) == index:
                self.guide_list.setCurrentRow(row)

    def _fill_list(self, matches: list[bool]) -> None:
        """List the guides that match the search."""
        with QSignalBlocker(self.guide_list):
            self.guide_list.clear()
            for index, (guide, is_match) in enumerate(zip(self._guides, matches, strict=True)):
                if is_match:
                    item = QListWidgetItem(guide.title, self.guide_list)
                    item.setData(_INDEX_ROLE, index)
                    if index == self._index:
                        self.guide_list.setCurrentItem(item)

    def _on_item(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(_INDEX_ROLE) != self._index:
            self._show(item.data(_INDEX_ROLE))
            self._search()

    def _on_theme(self) -> None:
        if self.isVisible():
            self.guide_page.refresh_theme()
        else:
            self._has_stale_theme = True

    def _on_search(self, query: str) -> None:
        """List the guides that contain all words of the query. Open the first, unless the open guide is listed."""
        words = query.lower().split()
        matches = [all(word in text for word in words) for text in self._texts]
        self._fill_list(matches)
        if not any(matches):
            self.guide_page.search("")
            self.message_label.setText("No guide contains all of these words.")
            return
        if not matches[self._index]:
            self._show(matches.index(True))
        self._search()

    def _search(self) -> None:
        self.guide_page.search(self.search_edit.text())
        self._show_hit()

    def _show_hit(self) -> None:
        n = self.guide_page.n_hits
        message = f"{self.guide_page.hit} of {n}" if n else ""
        self.message_label.setText(message)

    def _focus_search(self) -> None:
        self.search_edit.setFocus()
        self.search_edit.selectAll()

    def _next_hit(self, steps: int = 1) -> None:
        self.guide_page.next_hit(steps)
        self._show_hit()

    def _on_link(self, url: QUrl) -> None:
        """Follow a link to a guide, or copy another address to the clipboard."""
        name = url.path().removesuffix(".md").removeprefix("../")
        if not url.isRelative():
            QGuiApplication.clipboard().setText(url.toString())
            self.message_label.setText(f"Copied: {url.toString()}. The program does not open web addresses itself.")
        elif url.path() and name not in NAMES:
            file_name = url.path().lstrip("./")
            self.message_label.setText(f"{file_name} is a file of the program's source.")
        else:
            self._history.append((self._index, self.guide_page.verticalScrollBar().value()))
            self.back_button.setEnabled(True)
            if not name:
                name = NAMES[self._index]
            self.show_guide(name, url.fragment())
