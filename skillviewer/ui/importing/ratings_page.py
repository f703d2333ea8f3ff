"""The page on which a table of ratings is imported."""

import re
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QSpinBox, QSplitter, QTabWidget, QWidget

from skillviewer.core.text import printable
from skillviewer.data.ratings.import_report import RowResult
from skillviewer.data.study.exchange.rating_import import RatingImport, add_ratings, undo_import
from skillviewer.ui.importing.column_mapping_view import ColumnMappingView
from skillviewer.ui.importing.table_preview import TablePreview, TablePreviewLoader
from skillviewer.ui.importing.text_table import TextTableView
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import PAIRS, VIDEOS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.messages import Message, error_text
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import offer
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, vertical

FIRST_ROWS = 30
MIN_SIZE = QSize(640, 440)
_OPTION = re.compile(r" ?\(--[^)]*\)")  # an option of the command line, in a sentence that the window shows too


class RatingsPage(QDialog):
    """A table of ratings on its way into the study. The dialog is not modal."""

    training_asked = Signal()  # the ratings are imported, and a model is to be trained on them

    def __init__(
        self, app_context: AppContext, dialogs: Dialogs, path: Path, folder: Path | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._dialogs = dialogs
        self._importing = False
        self.setWindowTitle(f"Import ratings: {printable(path.name)}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.reading = TablePreviewLoader(app_context, path, folder, self)
        self.columns = ColumnMappingView(self)
        self.message = WrappingLabel(self)
        self.button = push_button("Import", self, self._on_import)
        self.train = push_button("Import and train…", self, partial(self._on_import, trains=True), primary=True)
        self.train.setToolTip("Go to the Train screen with the imported ratings; nothing is started yet")
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.addWidget(self.columns)
        split.addWidget(self._make_tabs())
        split.setChildrenCollapsible(False)
        foot = add_all(horizontal(spacing=8), 1, push_button("Close", self, self.close), self.button, self.train)
        add_all(vertical(self, (16, 12, 16, 12), 8), self._make_head(), (split, 1), self.message, foot)
        self.columns.mapped.connect(self.reading.use_mapping)
        for signal in (self.reading.changed, app_context.studies.opened, app_context.studies.closed):
            signal.connect(self._show)
        self.setMinimumSize(MIN_SIZE)
        self.resize(QSize(1180, 680).boundedTo(parent.size() - QSize(40, 40)).expandedTo(MIN_SIZE))
        self._show()

    def _make_head(self) -> FlowLayout:
        self.videos = QComboBox(self)
        self.sheet = QComboBox(self)
        self.criterion = QComboBox(self)
        self.titles = QSpinBox(self)
        self.hidden = QCheckBox("Include hidden rows", self)
        self.titles.setSpecialValueText("none")
        head = FlowLayout(gap_px=8)
        for title, control in (
            ("Videos", self.videos),
            ("Sheet", self.sheet),
            ("Header row", self.titles),
            ("Make pairs from", self.criterion),
        ):
            label = text_label(title, self)
            label.setMinimumHeight(control.sizeHint().height())
            control.setAccessibleName(title)
            head.addWidget(label)
            head.addWidget(control)
        for box in (self.videos, self.sheet, self.criterion):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        head.addWidget(self.hidden)
        self.videos.activated.connect(self._on_videos)
        self.sheet.activated.connect(lambda: self.reading.open(sheet=self.sheet.currentText()))
        self.titles.editingFinished.connect(self._on_titles)
        self.criterion.activated.connect(self._on_criterion)
        self.hidden.clicked.connect(lambda on: self._change(hidden_rows=on))
        return head

    def _make_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget(self)
        rows = QWidget(self)
        line = FlowLayout(gap_px=8)
        self.only = QCheckBox(self)
        self.name_of = text_label("", self, plain=True)
        self.meant = QComboBox(self)
        self.only.setText("Only rows with a remark")
        self.only.setChecked(True)
        self.only.clicked.connect(self._show_rows)
        self.meant.setAccessibleName("The video that the name in this row stands for")
        self.meant.setMinimumContentsLength(20)
        self.meant.activated.connect(self._on_meant)
        for widget in (self.only, self.name_of, self.meant):
            widget.setMinimumHeight(self.meant.sizeHint().height())
            line.addWidget(widget)
        titles = ("First rows", "All rows", "Videos without a rating", "Remarks")
        views = [TextTableView(title, self) for title in titles]
        self.first, self.report_view, self.unrated, self.notices_view = views
        self.report_view.selectionModel().currentRowChanged.connect(self._on_row)
        add_all(vertical(rows, (0, 4, 0, 0), 4), line, (self.report_view, 1))
        for title, view in zip(titles, views, strict=True):
            self.tabs.addTab(rows if view is self.report_view else view, title)
        return self.tabs

    # what the user changes

    def _change(self, **changes: object) -> None:
        if self.reading.preview is not None:
            self.reading.use_mapping(replace(self.reading.preview.mapping, **changes))

    def _on_titles(self) -> None:
        preview = self.reading.preview
        if preview is not None and self.titles.value() != preview.opened.table.titles_row:
            self.reading.open(sheet=preview.opened.table.sheet, titles_row=self.titles.value())

    def _on_criterion(self, *_: object) -> None:
        if self.reading.preview is not None:
            self.reading.use_mapping(self.reading.preview.mapping.with_first(self.criterion.currentText()))

    def _on_videos(self, index: int) -> None:
        folder = self.videos.itemData(index)
        if folder is False:
            folder = self._dialogs.folder(self, "Folder of the rated videos")
            if folder is None:
                self._show()
                return
        self.reading.use_videos(folder)

    def _on_meant(self, index: int) -> None:
        preview = self.reading.preview
        row = self._row()
        video = self.meant.itemData(index)
        if preview is not None and row is not None:
            others = {cell: name for cell, name in preview.mapping.names.items() if cell != row.cell}
            self._change(names=others | ({row.cell: video} if video else {}))

    # what is shown

    def _show(self, *_: object) -> None:
        reading = self.reading
        studies = self._app_context.studies
        preview = reading.preview
        read_only = studies.current is not None and not studies.writable
        rated = preview.rated if preview is not None and not reading.busy else None
        for button in (self.button, self.train):
            button.setEnabled(rated is not None and not read_only and not self._importing)
        message = "This study is open for reading only." if read_only else _OPTION.sub("", reading.error)
        if reading.busy:
            message = "Reading the table…"
        self.message.set_plain(message or (f"{rated.import_report.count}." if rated is not None else ""))
        if preview is not None and not reading.busy:
            self.columns.show_table(preview.opened.table, preview.mapping)
            self._show_head(preview)
            self._show_tables(preview)

    def _show_head(self, preview: TablePreview) -> None:
        table = preview.opened.table
        items = [item.name for item in preview.mapping.items]
        offer(self.sheet, [(name, name) for name in table.sheets], table.sheet)
        self.sheet.setEnabled(len(table.sheets) > 1)
        offer(self.criterion, [(name, printable(name)) for name in items], items[0] if items else None)
        self.titles.setRange(0, max([table.titles_row, *(row.last_line for row in table.rows)]))
        self.titles.setValue(table.titles_row)
        self.hidden.setVisible(any(row.hidden for row in table.rows))
        self.hidden.setChecked(preview.mapping.hidden_rows)
        study_choice = [(None, "of this study")] if self._app_context.studies.current is not None else []
        folders = dict.fromkeys(filter(None, (preview.folder, self.reading.path.parent)))
        folder_choices = [(folder, f"in {printable(str(folder))}") for folder in folders]
        offer(self.videos, [*study_choice, *folder_choices, (False, "in another folder…")], preview.folder)

    def _show_tables(self, preview: TablePreview) -> None:
        table = preview.opened.table
        import_report = preview.rated.import_report if preview.rated is not None else None
        rows = table.rows[:FIRST_ROWS]
        self.first.show_rows(("", *table.titles), [(table.describe_row(row), *row.cells) for row in rows])
        self._show_rows()
        unrated = import_report.unrated if import_report is not None else ()
        notices = (
            *preview.opened.ambiguities,
            *(import_report.notices if import_report is not None else table.notices),
        )
        self.unrated.show_rows(("Video",), [(name,) for name in unrated])
        self.notices_view.show_rows(("Remark",), [(_OPTION.sub("", text),) for text in notices])
        self.tabs.setTabText(1, f"All rows ({len(preview.rows)})")
        self.tabs.setTabText(2, f"Videos without a rating ({len(unrated)})")
        self.tabs.setTabText(3, f"Remarks ({len(notices)})")

    def _show_rows(self, *_: object) -> None:
        preview = self.reading.preview
        if preview is not None:
            rows = [preview.rows[row] for row in preview.rows_with_notes] if self.only.isChecked() else preview.rows
            titles = ["Row", "Name in the table", "Video", "Ratings", "Remark"]
            self.report_view.show_rows(titles, rows)
            self._on_row()

    def _row(self) -> RowResult | None:
        """Return the selected row of the import report."""
        preview = self.reading.preview
        row = self.report_view.currentIndex().row()
        if preview is None or preview.rated is None or not 0 <= row < len(self.report_view.texts.rows):
            return None
        return preview.rated.import_report.rows[preview.rows_with_notes[row] if self.only.isChecked() else row]

    def _on_row(self, *_: object) -> None:
        """Offer the videos that the name in the selected row may stand for, similar names first."""
        preview = self.reading.preview
        row = self._row()
        stated = preview.mapping.names.get(row.cell, "") if preview is not None and row is not None else ""
        offered = row is not None and (row.near is not None or bool(stated))
        self.name_of.setVisible(offered)
        self.meant.setVisible(offered)
        if row is not None and preview is not None and preview.rated is not None and offered:
            self.name_of.setText(f"“{printable(row.cell)}” is the video")
            near = row.near or ()
            names = dict.fromkeys(filter(None, (stated, *near, *preview.rated.import_report.unrated)))
            similar = "{} (similar)"
            choices = [(name, (similar if name in near else "{}").format(printable(name))) for name in names]
            offer(self.meant, [("", "none of them"), *choices], stated)

    # the import

    def _on_import(self, *_: object, trains: bool = False) -> None:
        preview, studies = self.reading.preview, self._app_context.studies
        if preview is None or preview.rated is None:
            return
        add = partial(add_ratings, opened=preview.opened, mapping=preview.rated.mapping)
        command = Command("import of ratings", add, undo_import, (VIDEOS, PAIRS))
        on_imported = partial(_imported, self._app_context, preview, command)
        title = f"Importing {preview.opened.table.path.name}"
        task = studies.fill(lambda study, token, report: add(study, token=token, report=report), title, on_imported)
        if trains:
            task.succeeded.connect(self.training_asked)
        task.succeeded.connect(self.close)
        task.failed.connect(self._on_failed)
        task.cancelled.connect(self._on_failed)
        self._importing = True
        self._show()

    def _on_failed(self, error: BaseException | str = "") -> None:
        self._importing = False
        self._show()
        reason = error if isinstance(error, str) else error_text(error)
        self.message.set_plain(reason or self.message.plain)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter in a field from closing the dialog."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)


def _imported(app_context: AppContext, preview: TablePreview, command: Command, result: RatingImport) -> None:
    """Report an import and make it undoable; its page may be closed by now."""
    app_context.undo.remember(command, result)
    study, import_report = app_context.studies.current, result.rated.import_report
    if study is not None and study.draft:
        app_context.settings.remember(study.path)
    message = "{} is imported: {}. Train learns from them; Rank › Ratings shows how far raters agree."
    text = message.format(preview.opened.table.path.name, import_report.count)
    app_context.messages.post(Message(text, details=(*result.added.problems, *import_report.problems())))
