"""The page of a guide: text with tables and pictures, links to headings, and search."""

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
LINE_HEIGHT_PERCENT = 130
REFIT_MS = 120  # pictures take the new width of the page after this rest


class Guide(NamedTuple):
    """A guide."""

    path: Path  # where it lies; its pictures are named from there
    title: str  # its first heading
    text: str  # markdown

    @property
    def searchable_text(self) -> str:
        """The text as it is read, in lower case: without the addresses of links and the signs of Markdown."""
        return re.sub(r"!\[[^\]]*\]\([^)]*\)|\]\([^)\s]*\)|[`*|#\[\]]", "", self.text).lower()


def anchor(heading: str) -> str:
    """Return the name by which links point to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.casefold()).strip().replace(" ", "-")


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _chosen(document: QTextDocument, start: int, end: int) -> QTextCursor:
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
        self._pictures: list[tuple[int, QImage]] = []
        self._hits: list[tuple[int, int]] = []
        self._refit = single_shot(self, REFIT_MS, self._fit_pictures)
        self.setOpenLinks(False)

    @property
    def n_hits(self) -> int:
        return len(self._hits)

    @property
    def hit(self) -> int:
        """Number of the marked place, from 1; 0 for none."""
        cursor = self.textCursor()
        place = (cursor.selectionStart(), cursor.selectionEnd())
        return self._hits.index(place) + 1 if place in self._hits else 0

    def show_guide(self, guide: Guide) -> None:
        self._guide = guide
        self._hits = []
        self._fill()
        self.verticalScrollBar().setValue(0)

    def take_theme(self) -> None:
        """Take the colours of the theme, without scrolling."""
        if self._guide is None:
            return
        cursor = self.textCursor()
        place = self.verticalScrollBar().value()
        start = cursor.anchor()
        end = cursor.position()
        self._fill()
        self.setTextCursor(_chosen(self.document(), start, end))
        self._mark()
        self.verticalScrollBar().setValue(place)

    def to_heading(self, name: str) -> None:
        """Go to a heading, see ``anchor``; to the beginning if there is none of that name."""
        self.verticalScrollBar().setValue(0)
        for block in _blocks(self.document()):
            if block.blockFormat().headingLevel() > 1 and anchor(block.text()) == name:
                self.setTextCursor(QTextCursor(block))
                top = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(round(top) - MARGIN_PX // 2)
                return

    def search(self, query: str) -> None:
        """Mark query at all places, as a phrase or else each by itself, and go to the first; stay for ""."""
        text = self.document().toPlainText().lower()
        phrase = query.strip().lower()
        searched = [phrase] if phrase and phrase in text else phrase.split()
        self._hits = sorted(
            (match.start(), match.end()) for word in searched for match in re.finditer(re.escape(word), text)
        )
        self._mark()
        if self._hits:
            self._to_hit(0)
        else:
            cursor = self.textCursor()
            cursor.clearSelection()
            self.setTextCursor(cursor)

    def next_hit(self, steps: int = 1) -> None:
        """Go to the next hit of the search, or back; wrap at both ends."""
        if self._hits:
            self._to_hit((self.hit - 1 + steps) % len(self._hits))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pictures:
            self._refit.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        page_font = self._document if event.type() == QEvent.Type.FontChange else None
        if page_font is not None and page_font.defaultFont() != self.font():
            self.take_theme()

    def _to_hit(self, number: int) -> None:
        self.setTextCursor(_chosen(self.document(), *self._hits[number]))
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.cursorRect().top() - self.viewport().height() // 3)

    def _mark(self) -> None:
        highlight = QTextCharFormat()
        highlight.setBackground(QColor(self._themes.theme.chosen))
        marks = []
        for start, end in self._hits:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = _chosen(self.document(), start, end)
            mark.format = highlight
            marks.append(mark)
        self.setExtraSelections(marks)

    def _fill(self) -> None:
        assert self._guide is not None
        document = QTextDocument(self)
        document.setUndoRedoEnabled(False)
        document.setDefaultFont(self.font())
        document.setDocumentMargin(MARGIN_PX)
        document.setMarkdown(self._guide.text)
        self._dress(document)
        before = self._document
        self._document = document
        self.setDocument(document)  # laid out once, when it is complete
        if before is not None:
            before.deleteLater()  # Qt deletes only the document that it made itself
        self._fit_pictures()
        document.documentLayout().blockBoundingRect(document.lastBlock())  # lays out the whole text
        room = document.size().height() - self.viewport().height()
        self.verticalScrollBar().setRange(0, max(0, round(room)))  # set now, so that the old position can be restored

    def _dress(self, document: QTextDocument) -> None:
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                self._dress_table(frame)
        cursor = QTextCursor(document)
        heavy: list[tuple[int, int, QTextCharFormat]] = []
        self._pictures = []
        for block in _blocks(document):
            cursor.setPosition(block.position())
            block_format = block.blockFormat()
            block_format.setNonBreakableLines(False)
            if "\ufffc" not in block.text():  # otherwise the picture gets this room below it
                block_format.setLineHeight(
                    LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
                )
            if block_format.headingLevel() > 1:
                block_format.setTopMargin(MARGIN_PX)
            cursor.setBlockFormat(block_format)
            place = block.begin()
            while not place.atEnd():
                fragment = place.fragment()
                characters = fragment.charFormat()
                if characters.isImageFormat():
                    self._pictures.append((fragment.position(), self._picture(characters.toImageFormat().name())))
                elif characters.fontWeight() > QFont.Weight.DemiBold:
                    heavy.append((fragment.position(), fragment.position() + fragment.length(), characters))
                place += 1
        for start, end, characters in heavy:
            characters.setFontWeight(QFont.Weight.DemiBold)  # the heaviest weight that ships
            _chosen(document, start, end).setCharFormat(characters)

    def _dress_table(self, table: QTextTable) -> None:
        table_format = table.format()
        table_format.setBorder(0)
        table_format.setBorderCollapse(True)
        table_format.setCellPadding(CELL_PX)
        table_format.setCellSpacing(0)
        table_format.setTopMargin(CELL_PX)
        table_format.setBottomMargin(2 * CELL_PX)
        table.setFormat(table_format)
        first = table.cellAt(0, 0)
        start = first.firstCursorPosition()
        if not start.block().text() and start.block() != first.lastCursorPosition().block():
            start.deleteChar()  # Qt begins a table that follows code with an empty line
            whole = first.firstCursorPosition()
            whole.setPosition(first.lastCursorPosition().position(), QTextCursor.MoveMode.KeepAnchor)
            bold = QTextCharFormat()
            bold.setFontWeight(QFont.Weight.DemiBold)
            whole.mergeCharFormat(bold)
        for row in range(table.rows()):
            for column in range(table.columns()):
                cell = table.cellAt(row, column)
                line = cell.format().toTableCellFormat()
                line.setBottomBorder(1)
                line.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                line.setBottomBorderBrush(QColor(self._themes.theme.line))
                cell.setFormat(line)

    def _picture(self, name: str) -> QImage:
        """Return a picture of the guide, of the dark window where the theme is dark and there is one."""
        assert self._guide is not None
        path = self._guide.path.parent / name
        dark = path.with_name(path.name.replace("-light.", "-dark."))
        return QImage(str(dark if self._themes.theme.dark and dark.is_file() else path))

    def _fit_pictures(self) -> None:
        """Give pictures the width of the page, or their own where that is less."""
        room = self.viewport().width() - 2 * MARGIN_PX
        ratio = self.devicePixelRatioF()
        for number, (position, image) in enumerate(self._pictures):
            width = min(room, image.width())
            if width <= 0 or image.isNull():
                continue
            fitted = image.scaledToWidth(round(width * ratio), Qt.TransformationMode.SmoothTransformation)
            fitted.setDevicePixelRatio(ratio)
            url = QUrl(f"picture:{number}")
            self.document().addResource(QTextDocument.ResourceType.ImageResource.value, url, fitted)
            cursor = _chosen(self.document(), position, position + 1)
            image_format = cursor.charFormat().toImageFormat()
            image_format.setName(url.toString())
            image_format.setWidth(width)
            image_format.setHeight(image.height() * width / image.width())
            cursor.setCharFormat(image_format)
