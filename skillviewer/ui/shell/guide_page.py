"""Page that shows a guide, with tables, pictures, links to headings, and search."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QTextEdit, QWidget

from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.theme import ThemeSource

MARGIN_PX = 24
CELL_PX = 6
PICTURE_CHARACTER = "\ufffc"  # stands for a picture in the text of a block
LINE_HEIGHT_PERCENT = 130
REFIT_MS = 120  # delay after resizing before pictures are scaled to the new width


class Guide(NamedTuple):
    """A guide."""

    path: Path  # its file; paths of pictures are relative to it
    title: str  # first heading
    text: str  # Markdown

    @property
    def searchable_text(self) -> str:
        """The text in lower case, without Markdown's markup and without addresses of links."""
        return re.sub(r"!\[[^\]]*\]\([^)]*\)|\]\([^)\s]*\)|[`*|#\[\]]", "", self.text).lower()


def anchor(heading: str) -> str:
    """Return the anchor of a heading in links, as GitHub makes it."""
    words = re.sub(r"[^\w\- ]", "", heading.casefold())
    return words.strip().replace(" ", "-")


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _selection(document: QTextDocument, start: int, end: int) -> QTextCursor:
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor


class GuidePage(QTextBrowser):
    """Shows one guide at a time."""

    def __init__(self, themes: ThemeSource, parent: QWidget) -> None:
        super().__init__(parent)
        self._themes = themes
        self._guide: Guide | None = None
        self._document: QTextDocument | None = None
        self._pictures: list[tuple[int, QImage]] = []  # position in the text, and the picture at full size
        self._hits: list[tuple[int, int]] = []  # start and end of each hit in the text
        self._refit = single_shot(self, REFIT_MS, self._fit_pictures)
        self.setOpenLinks(False)

    @property
    def n_hits(self) -> int:
        return len(self._hits)

    @property
    def hit(self) -> int:
        """Number of the selected hit, from 1; 0 if no hit is selected."""
        cursor = self.textCursor()
        selection = (cursor.selectionStart(), cursor.selectionEnd())
        return self._hits.index(selection) + 1 if selection in self._hits else 0

    def show_guide(self, guide: Guide) -> None:
        self._guide = guide
        self._hits = []
        self._render()
        self.verticalScrollBar().setValue(0)

    def refresh_theme(self) -> None:
        """Apply the colours of the theme, and keep the selection and the scroll position."""
        if self._guide is None:
            return
        cursor = self.textCursor()
        scroll_position = self.verticalScrollBar().value()
        start = cursor.anchor()
        end = cursor.position()
        self._render()
        self.setTextCursor(_selection(self.document(), start, end))
        self._highlight_hits()
        self.verticalScrollBar().setValue(scroll_position)

    def to_heading(self, name: str) -> None:
        """Go to the heading with an anchor, or to the beginning without such a heading."""
        self.verticalScrollBar().setValue(0)
        for block in _blocks(self.document()):
            if block.blockFormat().headingLevel() > 1 and anchor(block.text()) == name:
                self.setTextCursor(QTextCursor(block))
                layout = self.document().documentLayout()
                top = layout.blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(round(top) - MARGIN_PX // 2)
                return

    def search(self, query: str) -> None:
        """Highlight all hits of a query, and go to the first. If the phrase has no hit, each word is searched."""
        text = self.document().toPlainText().lower()
        phrase = query.strip().lower()
        has_phrase = phrase != "" and phrase in text
        patterns = [phrase] if has_phrase else phrase.split()
        hits = []
        for pattern in patterns:
            hits += [match.span() for match in re.finditer(re.escape(pattern), text)]
        self._hits = sorted(hits)
        self._highlight_hits()
        if self._hits:
            self._to_hit(0)
        else:
            cursor = self.textCursor()
            cursor.clearSelection()
            self.setTextCursor(cursor)

    def next_hit(self, steps: int = 1) -> None:
        """Go some hits forward, or backward if ``steps`` is negative, and wrap around at both ends."""
        if self._hits:
            self._to_hit((self.hit - 1 + steps) % len(self._hits))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pictures:
            self._refit.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() != QEvent.Type.FontChange or self._document is None:
            return
        if self._document.defaultFont() != self.font():
            self.refresh_theme()

    def _to_hit(self, index: int) -> None:
        start, end = self._hits[index]
        self.setTextCursor(_selection(self.document(), start, end))
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.cursorRect().top() - self.viewport().height() // 3)

    def _highlight_hits(self) -> None:
        highlight = QTextCharFormat()
        highlight.setBackground(QColor(self._themes.theme.chosen))
        marks = []
        for start, end in self._hits:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = _selection(self.document(), start, end)
            mark.format = highlight
            marks.append(mark)
        self.setExtraSelections(marks)

    def _render(self) -> None:
        assert self._guide is not None
        document = QTextDocument(self)
        document.setUndoRedoEnabled(False)
        document.setDefaultFont(self.font())
        document.setDocumentMargin(MARGIN_PX)
        document.setMarkdown(self._guide.text)
        self._format(document)
        previous_document = self._document
        self._document = document
        self.setDocument(document)  # laid out once, when it is complete
        if previous_document is not None:
            previous_document.deleteLater()  # Qt deletes only the document that it made itself
        self._fit_pictures()
        document.documentLayout().blockBoundingRect(document.lastBlock())  # lays out the whole text
        hidden_height = document.size().height() - self.viewport().height()
        self.verticalScrollBar().setRange(0, max(0, round(hidden_height)))  # so that the position can be restored

    def _format(self, document: QTextDocument) -> None:
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                self._format_table(frame)
        bold_parts: list[tuple[int, int, QTextCharFormat]] = []
        self._pictures = []
        for block in _blocks(document):
            self._format_block(document, block)
            fragments = block.begin()
            while not fragments.atEnd():
                fragment = fragments.fragment()
                char_format = fragment.charFormat()
                start = fragment.position()
                if char_format.isImageFormat():
                    picture_name = char_format.toImageFormat().name()
                    self._pictures.append((start, self._picture(picture_name)))
                elif char_format.fontWeight() > QFont.Weight.DemiBold:
                    bold_parts.append((start, start + fragment.length(), char_format))
                fragments += 1
        for start, end, char_format in bold_parts:
            char_format.setFontWeight(QFont.Weight.DemiBold)  # the heaviest weight that ships
            _selection(document, start, end).setCharFormat(char_format)

    def _format_block(self, document: QTextDocument, block: QTextBlock) -> None:
        block_format = block.blockFormat()
        block_format.setNonBreakableLines(False)
        if PICTURE_CHARACTER not in block.text():  # the line height would leave a gap below a picture
            block_format.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if block_format.headingLevel() > 1:
            block_format.setTopMargin(MARGIN_PX)
        cursor = QTextCursor(document)
        cursor.setPosition(block.position())
        cursor.setBlockFormat(block_format)

    def _format_table(self, table: QTextTable) -> None:
        table_format = table.format()
        table_format.setBorder(0)
        table_format.setBorderCollapse(True)
        table_format.setCellPadding(CELL_PX)
        table_format.setCellSpacing(0)
        table_format.setTopMargin(CELL_PX)
        table_format.setBottomMargin(2 * CELL_PX)
        table.setFormat(table_format)
        self._remove_empty_line(table)
        for row in range(table.rows()):
            for column in range(table.columns()):
                cell = table.cellAt(row, column)
                cell_format = cell.format().toTableCellFormat()
                cell_format.setBottomBorder(1)
                cell_format.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                cell_format.setBottomBorderBrush(QColor(self._themes.theme.line))
                cell.setFormat(cell_format)

    def _remove_empty_line(self, table: QTextTable) -> None:
        """Remove the empty line with which Qt begins the first cell of a table that follows code."""
        cell = table.cellAt(0, 0)
        start = cell.firstCursorPosition()
        if start.block().text() or start.block() == cell.lastCursorPosition().block():
            return
        start.deleteChar()
        heading = cell.firstCursorPosition()
        heading.setPosition(cell.lastCursorPosition().position(), QTextCursor.MoveMode.KeepAnchor)
        bold = QTextCharFormat()
        bold.setFontWeight(QFont.Weight.DemiBold)
        heading.mergeCharFormat(bold)

    def _picture(self, name: str) -> QImage:
        """Return a picture of the guide, in a dark theme its dark version, if it has a dark version."""
        assert self._guide is not None
        path = self._guide.path.parent / name
        dark_path = path.with_name(path.name.replace("-light.", "-dark."))
        is_dark = self._themes.theme.dark and dark_path.is_file()
        shown_path = dark_path if is_dark else path
        return QImage(str(shown_path))

    def _fit_pictures(self) -> None:
        """Scale pictures down to the width of the page. Smaller pictures keep their size."""
        page_width = self.viewport().width() - 2 * MARGIN_PX
        ratio = self.devicePixelRatioF()
        for number, (position, image) in enumerate(self._pictures):
            width = min(page_width, image.width())
            if width <= 0 or image.isNull():
                continue
            fitted = image.scaledToWidth(round(width * ratio), Qt.TransformationMode.SmoothTransformation)
            fitted.setDevicePixelRatio(ratio)
            url = QUrl(f"picture:{number}")
            self.document().addResource(QTextDocument.ResourceType.ImageResource.value, url, fitted)
            cursor = _selection(self.document(), position, position + 1)
            image_format = cursor.charFormat().toImageFormat()
            image_format.setName(url.toString())
            image_format.setWidth(width)
            image_format.setHeight(image.height() * width / image.width())
            cursor.setCharFormat(image_format)
