"""The page on which a table of ratings is imported: its columns, its rows, and what becomes of each."""

import re
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QSpinBox, QSplitter, QTabWidget, QWidget

from skillviewer.core.text import printable
from skillviewer.data.ratings.account import RowOutcome
from skillviewer.data.study import Study
from skillviewer.data.study.exchange.rating_import import RatingImport, add_ratings, take_back
from skillviewer.ui.importing.columns_view import ColumnsView
from skillviewer.ui.importing.rows_view import RowsView
from skillviewer.ui.importing.table_reading import ReadTable, TableReading
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.studies import PAIRS, VIDEOS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.messages import Message
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import Flow
from skillviewer.ui.widgets.form import choose
from skillviewer.ui.widgets.layout import horizontal, push_button, text_label, vertical
from skillviewer.ui.widgets.wrapped_label import Wrapped

FIRST_ROWS = 30
LEAST = QSize(640, 440)
_OPTION = re.compile(r" ?\(--[^)]*\)")
"""An option of the command line, in a sentence that the window shows too."""


class RatingsPage(QDialog):
    """A table of ratings on its way into the study. The dialog is not modal.

    Args:
        path: The table.
        folder: Folder of the videos, or None (see ``TableReading``).
    """

    def __init__(self, program: Program, dialogs: Dialogs, path: Path, folder: Path | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._program, self._dialogs = program, dialogs
        self.setWindowTitle(self.tr("Import ratings: {}").format(printable(path.name)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.reading = TableReading(program, path, folder, self)
        self._importing = False
        column = vertical(self, (16, 12, 16, 12), 8)
        column.addLayout(self._make_head())
        self.columns = ColumnsView(self)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.addWidget(self.columns)
        split.addWidget(self._make_tabs())
        split.setChildrenCollapsible(False)
        column.addWidget(split, 1)
        self.words = Wrapped(self)
        column.addWidget(self.words)
        self.button = push_button(self.tr("Import"), self, self._on_import, primary=True)
        foot = horizontal(spacing=8)
        foot.addStretch(1)
        foot.addWidget(push_button(self.tr("Close"), self, self.close))
        foot.addWidget(self.button)
        column.addLayout(foot)
        self.columns.mapped.connect(self.reading.take)
        self.reading.changed.connect(self._show)
        program.studies.opened.connect(self._show)
        program.studies.closed.connect(self._show)
        self.setMinimumSize(LEAST)
        self.resize(QSize(1180, 680).boundedTo(parent.size() - QSize(40, 40)).expandedTo(LEAST))
        self._show()

    def _make_head(self) -> Flow:
        self.videos, self.sheet, self.criterion = QComboBox(self), QComboBox(self), QComboBox(self)
        self.titles = QSpinBox(self)
        self.titles.setSpecialValueText(self.tr("none"))
        self.hidden = QCheckBox(self.tr("Use hidden rows"), self)
        head = Flow(gap_px=8)
        self._sheet_words = text_label(self.tr("Sheet"), self)
        for label, control, name in (
            (text_label(self.tr("Videos"), self), self.videos, self.tr("Videos that the table rates")),
            (self._sheet_words, self.sheet, self.tr("Sheet of the workbook")),
            (text_label(self.tr("Row of the titles"), self), self.titles, self.tr("Row of the titles")),
            (text_label(self.tr("Pairs are made of"), self), self.criterion, self.tr("Item that pairs are made of")),
            (None, self.hidden, self.hidden.text()),
        ):
            if label is not None:
                label.setBuddy(control)
                label.setMinimumHeight(control.sizeHint().height())
                head.addWidget(label)
            if isinstance(control, QComboBox):
                control.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            control.setAccessibleName(name)
            head.addWidget(control)
        self.videos.activated.connect(self._on_videos)
        self.sheet.activated.connect(lambda: self.reading.open(sheet=self.sheet.currentText()))
        self.titles.editingFinished.connect(self._on_titles)
        self.criterion.activated.connect(self._on_criterion)
        self.hidden.clicked.connect(lambda on: self._change(hidden_rows=on))
        return head

    def _make_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget(self)
        self.first = RowsView(self.tr("First rows"), self)
        self.account = RowsView(self.tr("Every row"), self)
        self.unrated = RowsView(self.tr("Videos without a rating"), self)
        self.remarks = RowsView(self.tr("Remarks"), self)
        self.only = QCheckBox(self.tr("Only rows with a remark"), self)
        self.only.setChecked(True)
        self.only.clicked.connect(self._show_rows)
        self.name_of, self.meant = QLabel(self), QComboBox(self)
        self.name_of.setTextFormat(Qt.TextFormat.PlainText)
        self.meant.setAccessibleName(self.tr("The video that the name in this row stands for"))
        self.meant.setMinimumContentsLength(20)
        for widget in (self.only, self.name_of):
            widget.setMinimumHeight(self.meant.sizeHint().height())
        self.meant.activated.connect(self._on_meant)
        self.account.selectionModel().currentRowChanged.connect(self._on_row)
        rows = QWidget(self)
        column = vertical(rows, (0, 4, 0, 0), 4)
        line = Flow(gap_px=8)
        for widget in (self.only, self.name_of, self.meant):
            line.addWidget(widget)
        column.addLayout(line)
        column.addWidget(self.account, 1)
        for page, title in (
            (self.first, self.tr("First rows")),
            (rows, self.tr("Every row")),
            (self.unrated, self.tr("Videos without a rating")),
            (self.remarks, self.tr("Remarks")),
        ):
            self.tabs.addTab(page, title)
        return self.tabs

    # what the user changes

    def _change(self, **changes: object) -> None:
        if self.reading.now is not None:
            self.reading.take(replace(self.reading.now.mapping, **changes))

    @Slot()
    def _on_titles(self) -> None:
        now = self.reading.now
        if now is not None and self.titles.value() != now.opened.table.titles_row:
            self.reading.open(sheet=now.opened.table.sheet, titles_row=self.titles.value())

    @Slot()
    def _on_criterion(self, *_: object) -> None:
        if self.reading.now is not None:
            self.reading.take(self.reading.now.mapping.with_first(self.criterion.currentText()))

    @Slot(int)
    def _on_videos(self, at: int) -> None:
        folder = self.videos.itemData(at)
        if folder is False:
            folder = self._dialogs.folder(self, self.tr("Folder of the rated videos"))
            if folder is None:
                self._show()
                return
        self.reading.take_videos(folder)

    @Slot(int)
    def _on_meant(self, at: int) -> None:
        now, row = self.reading.now, self._row()
        if now is not None and row is not None:
            others = {cell: video for cell, video in now.mapping.names.items() if cell != row.cell}
            video = self.meant.itemData(at)
            self._change(names=others | ({row.cell: video} if video else {}))

    # what is shown

    @Slot()
    def _show(self, *_: object) -> None:
        reading, studies = self.reading, self._program.studies
        now, read_only = reading.now, studies.current is not None and not studies.writable
        rated = now.rated if now is not None and not reading.busy else None
        self.button.setEnabled(rated is not None and not read_only and not self._importing)
        error = reading.error or (self.tr("This study is open for reading only.") if read_only else "")
        if reading.busy:
            self.words.set_plain(self.tr("Reading the table…"))
        elif rated is None or error:
            self.words.set_plain(_OPTION.sub("", error))
        else:
            self.words.set_plain(f"{rated.account.count}.")
        if now is None or reading.busy:
            return
        self.columns.show_table(now.opened.table, now.mapping)
        self._show_head(now)
        self._show_tables(now)

    def _show_head(self, now: ReadTable) -> None:
        table, study = now.opened.table, self._program.studies.current
        self.sheet.clear()
        self.sheet.addItems(list(table.sheets))
        self.sheet.setCurrentText(table.sheet)
        for widget in (self.sheet, self._sheet_words):
            widget.setVisible(len(table.sheets) > 1)
        self.criterion.clear()
        self.criterion.addItems([item.name for item in now.mapping.items])
        self.titles.setRange(0, len(table.rows) + 1)
        self.titles.setValue(table.titles_row)
        self.hidden.setVisible(any(row.hidden for row in table.rows))
        self.hidden.setChecked(now.mapping.hidden_rows)
        self.videos.clear()
        if study is not None:
            self.videos.addItem(self.tr("of this study"), None)
        folders = dict.fromkeys((now.videos, self.reading.path.parent))
        for folder in filter(None, folders):
            self.videos.addItem(self.tr("in {}").format(printable(str(folder))), folder)
        self.videos.addItem(self.tr("in another folder…"), False)
        choose(self.videos, now.videos)

    def _show_tables(self, now: ReadTable) -> None:
        table, rated = now.opened.table, now.rated
        rows = table.rows[:FIRST_ROWS]
        self.first.show_rows(("", *table.titles), [(table.place(row), *row.cells) for row in rows])
        self._show_rows()
        unrated = rated.account.unrated if rated is not None else ()
        self.unrated.show_rows((self.tr("Video"),), [(name,) for name in unrated])
        told = rated.account.notices if rated is not None else table.notices
        remarks = [_OPTION.sub("", text) for text in (*now.opened.doubts, *told)]
        self.remarks.show_rows((self.tr("Remark"),), [(text,) for text in remarks])
        self.tabs.setTabText(1, self.tr("Every row ({})").format(len(now.rows)))
        self.tabs.setTabText(2, self.tr("Videos without a rating ({})").format(len(unrated)))
        self.tabs.setTabText(3, self.tr("Remarks ({})").format(len(remarks)))

    @Slot()
    def _show_rows(self, *_: object) -> None:
        now = self.reading.now
        if now is None:
            return
        rows = [now.rows[at] for at in now.remarked] if self.only.isChecked() else now.rows
        titles = (self.tr("Row"), self.tr("Name in the table"), self.tr("Video"), self.tr("Ratings"), self.tr("Remark"))
        self.account.show_rows(titles, rows)
        self._on_row()

    def _row(self) -> RowOutcome | None:
        """Return the selected row of the account."""
        now, at = self.reading.now, self.account.currentIndex().row()
        if now is None or now.rated is None or not 0 <= at < len(self.account.rows.rows):
            return None
        return now.rated.account.rows[now.remarked[at] if self.only.isChecked() else at]

    @Slot()
    def _on_row(self, *_: object) -> None:
        """Offer the videos that the name in the selected row may stand for, similar names first."""
        now, row = self.reading.now, self._row()
        stated = now.mapping.names.get(row.cell, "") if now is not None and row is not None else ""
        offered = row is not None and (row.near is not None or bool(stated))
        for widget in (self.name_of, self.meant):
            widget.setVisible(offered)
        if not offered or now is None or now.rated is None or row is None:
            return
        self.name_of.setText(self.tr("“{}” is the video").format(printable(row.cell)))
        self.meant.clear()
        self.meant.addItem(self.tr("none of them"), "")
        near = row.near or ()
        for name in dict.fromkeys((*filter(None, (stated,)), *near, *now.rated.account.unrated)):
            words = self.tr("{} (similar)") if name in near else "{}"
            self.meant.addItem(words.format(printable(name)), name)
        choose(self.meant, stated)

    # the import

    @Slot()
    def _on_import(self) -> None:
        now, program = self.reading.now, self._program
        if now is None or now.rated is None:
            return
        opened, mapping = now.opened, now.rated.mapping

        def done(result: RatingImport) -> None:
            words = program.tr("import of ratings")
            again = Command(words, lambda study: add_ratings(study, opened, mapping), _take_back, (VIDEOS, PAIRS))
            program.undo.remember(again, result)
            if program.studies.current is not None and program.studies.current.draft:
                program.settings.remember(program.studies.current.path)
            words = program.tr("{} is imported: {}. Rank › Set-up shows the rule that makes pairs of ratings.")
            account = result.rated.account
            details = (*result.came.problems, *account.problems())
            program.messages.post(Message(words.format(opened.table.path.name, account.count), details=details))

        title = self.tr("Importing {}").format(opened.table.path.name)
        task = program.studies.fill(
            lambda study, token, report: add_ratings(study, opened, mapping, token, report), title, done
        )
        task.succeeded.connect(self.close)
        task.failed.connect(self._on_failed)
        task.cancelled.connect(self._on_ended)
        self._importing = True
        self._show()

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        self._on_ended()
        self.words.set_plain(str(error))

    @Slot()
    def _on_ended(self) -> None:
        self._importing = False
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter in a field from closing the dialog."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)


def _take_back(study: Study, done: object) -> None:
    assert isinstance(done, RatingImport)
    take_back(study, done)
