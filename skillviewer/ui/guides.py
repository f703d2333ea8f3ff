"""The guides that ship with the program, to be read and searched in a window of their own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QImageReader,
    QKeySequence,
    QShortcut,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from skillviewer.core.places import docs_dir
from skillviewer.ui.theme import ThemeSource

NAMES = (
    "first-steps", "evidence", "study", "judging", "ranking", "finetune", "compare", "export", "data", "method",
    "benchmark", "simulated", "scripting", "performance", "packaging",
)  # fmt: skip
"""Files of the guides, in the order in which they are listed: what is done every day first."""

LEAST, USUAL = QSize(640, 440), QSize(1080, 680)
LIST_PX = 280
MARGIN_PX = 24
CELL_PX = 6
LINE_HEIGHT_PERCENT = 130


class Guide(NamedTuple):
    """A guide: where it lies, its title and its text."""

    path: Path
    title: str
    text: str


def guides() -> tuple[Guide, ...]:
    """Read all guides."""
    found = []
    for name in NAMES:
        path = docs_dir() / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        found.append(Guide(path, text.partition("\n")[0].removeprefix("# "), text))
    return tuple(found)


def anchor(heading: str) -> str:
    """Return the name by which links point to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.casefold()).strip().replace(" ", "-")


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


class Guides(QDialog):
    """A list of guides beside the one that is read. It does not hold the window up.

    Links lead from guide to guide. The program opens no other address: it is put on the clipboard.

    Args:
        themes: Colours of tables.
        parent: The window.
    """

    def __init__(self, themes: ThemeSource, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Guides"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._themes = themes
        self._guides = guides()
        self._shown: Guide | None = None
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search the guides"))
        self.search.setAccessibleName(self.tr("Search the guides"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Guides"))
        self.list.setWordWrap(True)
        self.list.setStyleSheet("QListWidget::item { padding: 6px 8px 6px 16px; }")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page = QTextBrowser(self)
        self.page.setAccessibleName(self.tr("Text of the guide"))
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setOpenLinks(False)
        self.said = QLabel(self)
        self.said.setProperty("muted", True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._lay_out()
        self.setMinimumSize(LEAST)
        self.resize(USUAL.boundedTo(parent.size() - QSize(40, 40)).expandedTo(LEAST))
        for guide in self._guides:
            self.list.addItem(guide.title)
        self.list.currentRowChanged.connect(self._on_row)
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._find_next)
        self.page.anchorClicked.connect(self._on_link)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        themes.changed.connect(self._on_theme)
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(0, 12, 0, 0)
        left.setSpacing(8)
        top = QHBoxLayout()
        top.setContentsMargins(12, 0, 12, 0)
        top.addWidget(self.search)
        left.addLayout(top)
        left.addWidget(self.list, 1)
        side = QWidget(self)
        side.setFixedWidth(LIST_PX)
        side.setLayout(left)
        close = QPushButton(self.tr("Close"), self)
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.setContentsMargins(MARGIN_PX, 12, 16, 12)
        foot.addWidget(self.said, 1)
        foot.addWidget(close)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.page, 1)
        column.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addLayout(column, 1)

    def show_guide(self, name: str, heading: str = "") -> None:
        """Go to a guide.

        Args:
            name: One of NAMES.
            heading: Name of a heading in it, see ``anchor``; "" for its beginning.
        """
        self.search.clear()
        self.list.setCurrentRow(NAMES.index(name))
        if heading:
            self._to_heading(heading)

    @Slot(int)
    def _on_row(self, row: int) -> None:
        if row < 0:
            return
        self._shown = self._guides[row]
        self._fill()
        self._find_first()

    @Slot()
    def _on_theme(self) -> None:
        place = self.page.verticalScrollBar().value()
        self._fill()
        self.page.verticalScrollBar().setValue(place)

    def _fill(self) -> None:
        if self._shown is None:
            return
        document = QTextDocument(self.page)
        document.setUndoRedoEnabled(False)
        document.setDefaultFont(self.page.font())
        document.setDocumentMargin(MARGIN_PX)
        document.setBaseUrl(QUrl.fromLocalFile(f"{self._shown.path.parent}/"))
        document.setMarkdown(self._shown.text)
        self._dress(document)
        self.page.setDocument(document)  # laid out once, when all is in it; the one before goes

    def _dress(self, document: QTextDocument) -> None:
        """Give lines and tables room, and let no picture be wider than the page."""
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                self._dress_table(frame)
        room = self.width() - LIST_PX - 3 * MARGIN_PX
        cursor = QTextCursor(document)
        for block in _blocks(document):
            cursor.setPosition(block.position())
            how = block.blockFormat()
            how.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            if how.headingLevel() > 1:
                how.setTopMargin(MARGIN_PX)
            cursor.setBlockFormat(how)
            at = block.begin()
            while not at.atEnd():
                piece = at.fragment()
                at += 1
                characters = piece.charFormat()
                if characters.isImageFormat():
                    picture = characters.toImageFormat()
                    width = QImageReader(str(docs_dir() / picture.name())).size().width()
                    picture.setWidth(min(width, room))
                    characters = picture
                elif characters.fontWeight() > QFont.Weight.DemiBold:
                    characters.setFontWeight(QFont.Weight.DemiBold)  # the heaviest that ships
                else:
                    continue
                cursor.setPosition(piece.position())
                cursor.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
                cursor.setCharFormat(characters)

    def _dress_table(self, table: QTextTable) -> None:
        how = table.format()
        how.setBorder(0)
        how.setBorderCollapse(True)
        how.setCellPadding(CELL_PX)
        how.setCellSpacing(0)
        how.setTopMargin(CELL_PX)
        how.setBottomMargin(2 * CELL_PX)
        table.setFormat(how)
        for row in range(table.rows()):
            for column in range(table.columns()):
                cell = table.cellAt(row, column)
                line = cell.format().toTableCellFormat()
                line.setBottomBorder(1)
                line.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                line.setBottomBorderBrush(QColor(self._themes.theme.line))
                cell.setFormat(line)

    @Slot(str)
    def _on_search(self, words: str) -> None:
        """List the guides that have all words, and go to the first of them where the one that is read has not."""
        wanted = words.casefold().split()
        fits = [all(word in guide.text.casefold() for word in wanted) for guide in self._guides]
        for at, fit in enumerate(fits):
            self.list.item(at).setHidden(not fit)
        self.said.setText("" if any(fits) else self.tr("No guide has all of these words."))
        if any(fits) and not fits[max(self.list.currentRow(), 0)]:
            self.list.setCurrentRow(fits.index(True))
        else:
            self._find_first()

    def _find_first(self) -> None:
        """Show the first place of what is searched, or the beginning."""
        self.page.moveCursor(QTextCursor.MoveOperation.Start)
        self.page.verticalScrollBar().setValue(0)
        self._find_next()

    @Slot()
    def _find_next(self) -> None:
        """Go to the next place: of all the words as they stand, else of the first of them; round at the end."""
        words = self.search.text().strip()
        for wanted in filter(None, (words, words.partition(" ")[0])):
            if self.page.find(wanted):
                return
            here = self.page.textCursor()
            self.page.moveCursor(QTextCursor.MoveOperation.Start)
            if self.page.find(wanted):
                return
            self.page.setTextCursor(here)

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        """Follow a link to a guide; put any other address on the clipboard."""
        name = url.path().rpartition("/")[2].removesuffix(".md")
        if url.isRelative() and not url.path():
            self._to_heading(url.fragment())
        elif url.isRelative() and name in NAMES:
            self.show_guide(name, url.fragment())
        elif url.isRelative():
            self.said.setText(self.tr("{} is a file of the program's source.").format(url.path().lstrip("./")))
        else:
            QGuiApplication.clipboard().setText(url.toString())
            self.said.setText(self.tr("Copied: {}. The program itself opens no address.").format(url.toString()))

    def _to_heading(self, name: str) -> None:
        for block in _blocks(self.page.document()):
            if block.blockFormat().headingLevel() and anchor(block.text()) == name:
                self.page.setTextCursor(QTextCursor(block))
                bar = self.page.verticalScrollBar()
                top = self.page.document().documentLayout().blockBoundingRect(block).top()
                bar.setValue(round(top) - MARGIN_PX // 2)
                return
