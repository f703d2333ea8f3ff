"""The dialog in which a table of ratings is imported."""

import re
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QSpinBox, QSplitter, QTabWidget, QWidget

from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.ranking.rater_names import match_key
from skillviewer.core.text import counted, printable
from skillviewer.data.ratings.import_report import RowResult
from skillviewer.data.ratings.parsed_ratings import ParsedRatings
from skillviewer.data.study import Study
from skillviewer.data.study.exchange.rating_import import (
    RatingImport,
    add_ratings,
    describe_remaining_ratings,
    undo_import,
)
from skillviewer.ui.importing.column_mapping_view import ColumnMappingView
from skillviewer.ui.importing.table_preview import TablePreview, TablePreviewLoader, format_rated
from skillviewer.ui.importing.text_table import TextTableView
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import PAIRS, VIDEOS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.messages import Message, error_text
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import offer
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, GrowingSpace, add_all, growing, horizontal, push_button, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import apply_theme

N_FIRST_ROWS = 30
MIN_SIZE = QSize(640, 440)
OTHER_FOLDER = "other folder"
"""Data of the entry for another folder. The data of the other entries are a path, or None for the study's videos."""
_CLI_OPTION = re.compile(r" ?\(--[^)]*\)")
"""An option of the command line in parentheses, removed from messages that the window shows."""


class RatingsImportDialog(QDialog):
    """A dialog, not modal, in which a table of ratings is checked, mapped and imported."""

    training_asked = Signal()  # the ratings are imported, and the user wants to train a model on them

    def __init__(
        self, app_context: AppContext, dialogs: Dialogs, path: Path, folder: Path | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._dialogs = dialogs
        self._is_importing = False
        self.setWindowTitle(f"Import ratings: {printable(path.name)}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.loader = TablePreviewLoader(app_context, path, folder, self)
        self.mapping_view = ColumnMappingView(self)
        self.message_label = WrappingLabel(self)
        self.import_button = push_button("Import", self, self._on_import)
        self.train_button = push_button("Import and train…", self, self._on_import_and_train, primary=True)
        self.train_button.setToolTip("Go to the Train screen with the imported ratings; nothing is started yet")
        close_button = push_button("Close", self, self.close)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.addWidget(self.mapping_view)
        parts.addWidget(self._make_tabs())
        parts.setChildrenCollapsible(False)
        buttons = add_all(horizontal(spacing=8), GrowingSpace(), close_button, self.import_button, self.train_button)
        layout = vertical(self, margins=(16, 12, 16, 12), spacing=8)
        self.withdraw_box = QCheckBox(self)
        self.withdraw_box.setToolTip("They no longer count; Undo brings them back")
        add_all(layout, self._make_header(), growing(parts), self.message_label, self.withdraw_box, buttons)
        self.mapping_view.mapping_changed.connect(self.loader.use_mapping)
        for signal in (self.loader.changed, app_context.studies.opened, app_context.studies.closed):
            signal.connect(self._show)
        self.setMinimumSize(MIN_SIZE)
        default_size = QSize(scaled_px(1180), scaled_px(680))
        fitting_size = default_size.boundedTo(parent.size() - QSize(40, 40))
        self.resize(fitting_size.expandedTo(MIN_SIZE))
        apply_theme(self, app_context.themes.theme)
        self._show()

    def _make_header(self) -> FlowLayout:
        self.videos_box = QComboBox(self)
        self.sheet_box = QComboBox(self)
        self.criterion_box = QComboBox(self)
        self.header_row_box = QSpinBox(self)
        self.hidden_rows_box = QCheckBox("Include hidden rows", self)
        self.header_row_box.setSpecialValueText("none")
        header = FlowLayout(gap_px=12)
        self._header_fields: dict[str, QWidget] = {}  # control with its title, by title
        for title, control in (
            ("Videos", self.videos_box),
            ("Sheet", self.sheet_box),
            ("Header row", self.header_row_box),
            ("Make pairs from", self.criterion_box),
        ):
            field = QWidget(self)
            control.setAccessibleName(title)
            add_all(horizontal(field, margins=NO_MARGINS, spacing=8), text_label(title, field), control)
            header.addWidget(field)
            self._header_fields[title] = field
        for box in (self.videos_box, self.sheet_box, self.criterion_box):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        header.addWidget(self.hidden_rows_box)
        self.videos_box.activated.connect(self._on_videos)
        self.sheet_box.activated.connect(lambda: self.loader.open(sheet=self.sheet_box.currentText()))
        self.header_row_box.editingFinished.connect(self._on_header_row)
        self.criterion_box.activated.connect(self._on_criterion)
        self.hidden_rows_box.clicked.connect(lambda on: self._change_mapping(hidden_rows=on))
        return header

    def _make_tabs(self) -> QTabWidget:
        self.first_rows = TextTableView("First rows", self)
        self.report_view = TextTableView("All rows", self)
        self.report_view.selectionModel().currentRowChanged.connect(self._show_name_choice)
        self.unrated_view = TextTableView("Videos without a rating", self)
        self.notices_view = TextTableView("Remarks", self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.first_rows, "First rows")
        self.tabs.addTab(self._make_report_tab(), "All rows")
        self.tabs.addTab(self.unrated_view, "Videos without a rating")
        self.tabs.addTab(self.notices_view, "Remarks")
        return self.tabs

    def _make_report_tab(self) -> QWidget:
        self.only_remarks_box = QCheckBox("Only rows with a remark", self)
        self.only_remarks_box.setChecked(True)
        self.only_remarks_box.clicked.connect(self._show_rows)
        self.name_label = text_label("", self, plain=True)
        self.meant_video_box = QComboBox(self)
        self.meant_video_box.setAccessibleName("The video that the name in this row stands for")
        self.meant_video_box.setMinimumContentsLength(20)
        self.meant_video_box.activated.connect(self._on_meant_video)
        controls = FlowLayout(gap_px=8)
        height_px = self.meant_video_box.sizeHint().height()
        for widget in (self.only_remarks_box, self.name_label, self.meant_video_box):
            widget.setMinimumHeight(height_px)
            controls.addWidget(widget)
        tab = QWidget(self)
        add_all(vertical(tab, margins=(0, 4, 0, 0), spacing=4), controls, growing(self.report_view))
        return tab

    # what the user changes

    def _change_mapping(self, **changes: object) -> None:
        if self.loader.preview is not None:
            self.loader.use_mapping(replace(self.loader.preview.mapping, **changes))

    def _on_header_row(self) -> None:
        preview = self.loader.preview
        if preview is None:
            return
        table = preview.mapped_table.table
        titles_row = self.header_row_box.value()
        if titles_row != table.titles_row:
            self.loader.open(sheet=table.sheet, titles_row=titles_row)

    def _on_criterion(self, *_: object) -> None:
        if self.loader.preview is not None:
            mapping = self.loader.preview.mapping.with_first(self.criterion_box.currentText())
            self.loader.use_mapping(mapping)

    def _on_videos(self, index: int) -> None:
        folder = self.videos_box.itemData(index)
        if folder == OTHER_FOLDER:
            folder = self._dialogs.folder(self, "Folder of the rated videos")
            if folder is None:
                self._show()
                return
        self.loader.use_videos(folder)

    def _on_meant_video(self, index: int) -> None:
        preview = self.loader.preview
        row = self._selected_row()
        video = self.meant_video_box.itemData(index)
        if preview is None or row is None:
            return
        names = dict(preview.mapping.names)
        names.pop(row.cell, None)
        if video:
            names[row.cell] = video
        self._change_mapping(names=names)

    # what is shown

    def _show(self, *_: object) -> None:
        studies = self._app_context.studies
        is_read_only = studies.current_study is not None and not studies.writable
        preview = None if self.loader.is_busy else self.loader.preview
        is_parsed = preview is not None and preview.parsed_ratings is not None
        can_import = is_parsed and not is_read_only and not self._is_importing
        self.import_button.setEnabled(can_import)
        self.train_button.setEnabled(can_import)
        message = self._describe_state(preview, is_read_only=is_read_only)
        left_ratings = preview.left_ratings if preview is not None else ()
        if can_import and left_ratings:
            message += (
                f" {describe_remaining_ratings(left_ratings)} Correct the table and open it again, or withdraw them."
            )
        self.message_label.set_plain(message)
        self.withdraw_box.setVisible(can_import and bool(left_ratings))
        self.withdraw_box.setText(f"Withdraw {counted(len(left_ratings), 'earlier rating')} with this import")
        if preview is not None:
            self.mapping_view.show_table(preview.mapped_table.table, preview.mapping)
            self._show_header(preview)
            self._show_tables(preview)

    def _describe_state(self, preview: TablePreview | None, *, is_read_only: bool) -> str:
        """Return why nothing can be imported, or the numbers of rows and ratings; "" if nothing is read yet."""
        if self.loader.is_busy:
            return "Reading the table…"
        if is_read_only:
            return "This study is open for reading only."
        if self.loader.error:
            return _CLI_OPTION.sub("", self.loader.error)
        if preview is not None and preview.parsed_ratings is not None:
            return (
                f"{preview.parsed_ratings.import_report.counts_text}. {format_rated(preview.parsed_ratings)}".rstrip()
            )
        return ""

    def _show_header(self, preview: TablePreview) -> None:
        table = preview.mapped_table.table
        criteria = [item.name for item in preview.mapping.items]
        offer(self.sheet_box, [(name, name) for name in table.sheets], table.sheet)
        self._header_fields["Sheet"].setVisible(len(table.sheets) > 1)
        first_criterion = criteria[0] if criteria else None
        offer(self.criterion_box, [(name, printable(name)) for name in criteria], first_criterion)
        self._header_fields["Make pairs from"].setVisible(len(criteria) > 1)
        last_line = max((row.last_line for row in table.rows), default=0)
        self.header_row_box.setRange(0, max(table.titles_row, last_line))
        self.header_row_box.setValue(table.titles_row)
        self.hidden_rows_box.setVisible(any(row.is_hidden for row in table.rows))
        self.hidden_rows_box.setChecked(preview.mapping.hidden_rows)
        folders = [self.loader.path.parent]
        if preview.folder is not None and preview.folder not in folders:
            folders.insert(0, preview.folder)
        options: list[tuple[object, str]] = [(folder, f"in {printable(str(folder))}") for folder in folders]
        if self._app_context.studies.current_study is not None:
            options.insert(0, (None, "of this study"))
        options.append((OTHER_FOLDER, "in another folder…"))
        offer(self.videos_box, options, preview.folder)

    def _show_tables(self, preview: TablePreview) -> None:
        table = preview.mapped_table.table
        self._show_first_rows(preview)
        self._show_rows()
        unrated: tuple[str, ...] = ()
        import_notices = table.notices
        if preview.parsed_ratings is not None:
            unrated = preview.parsed_ratings.import_report.unrated
            import_report = preview.parsed_ratings.import_report
            import_notices = (*import_report.notices, *import_report.lines())
        notices = [*preview.mapped_table.ambiguities, *import_notices]
        self.unrated_view.show_rows(("Video",), [(name,) for name in unrated])
        self.notices_view.show_rows(("Remark",), [(_CLI_OPTION.sub("", text),) for text in notices])
        self.tabs.setTabText(1, f"All rows ({len(preview.report_rows)})")
        self.tabs.setTabText(2, f"Videos without a rating ({len(unrated)})")
        self.tabs.setTabText(3, f"Remarks ({len(notices)})")
        self.tabs.setTabVisible(2, bool(unrated))
        self.tabs.setTabVisible(3, bool(notices))

    def _show_first_rows(self, preview: TablePreview) -> None:
        """Show the first rows, and those below with a rejected rating; rejected ratings are marked."""
        table = preview.mapped_table.table
        reasons_by_row: list[dict[str, str]] = []  # reasons of rejected ratings, by title of the column
        if preview.parsed_ratings is not None:
            reasons_by_row = [row.rejected_cells for row in preview.parsed_ratings.import_report.rows]
        indices_below = [index for index in range(N_FIRST_ROWS, len(reasons_by_row)) if reasons_by_row[index]]
        n_first_rows = min(len(table.rows), N_FIRST_ROWS)
        indices = [*range(n_first_rows), *indices_below[:N_FIRST_ROWS]]
        rows = [(table.describe_row(table.rows[index]), *table.rows[index].cells) for index in indices]
        reasons_by_cell: dict[tuple[int, int], str] = {}  # by row and column of the view, whose column 0 is the line
        for view_row, index in enumerate(indices):
            if index < len(reasons_by_row):
                for title, reason in reasons_by_row[index].items():
                    view_column = table.index_by_title[title] + 1
                    reasons_by_cell[view_row, view_column] = f"{title} {reason}"
        self.first_rows.show_rows(("", *table.titles), rows, reasons_by_cell)
        tab_title = "First rows and rejected ratings" if indices_below else "First rows"
        self.tabs.setTabText(0, tab_title)

    def _show_rows(self, *_: object) -> None:
        preview = self.loader.preview
        if preview is None:
            return
        rows = preview.report_rows
        if self.only_remarks_box.isChecked():
            rows = tuple(preview.report_rows[index] for index in preview.rows_with_notes)
        self.report_view.show_rows(("Row", "Name in the table", "Video", "Ratings", "Remark"), rows)
        self._show_name_choice()

    def _selected_row(self) -> RowResult | None:
        """Return the selected row of the import report."""
        preview = self.loader.preview
        index = self.report_view.currentIndex().row()
        if preview is None or preview.parsed_ratings is None or not 0 <= index < len(self.report_view.table_model.rows):
            return None
        if self.only_remarks_box.isChecked():
            index = preview.rows_with_notes[index]
        return preview.parsed_ratings.import_report.rows[index]

    def _show_name_choice(self, *_: object) -> None:
        """Offer the videos that the name in the selected row may stand for.

        The stated video and those with similar names come first, and rated videos last.
        """
        preview = self.loader.preview
        row = self._selected_row()
        if preview is None or preview.parsed_ratings is None or row is None:
            self._hide_name_choice()
            return
        stated_name = preview.mapping.names.get(row.cell, "")
        if row.similar_names is None and not stated_name:
            self._hide_name_choice()
            return
        similar_names = row.similar_names if row.similar_names is not None else ()
        parsed = preview.parsed_ratings
        rated_names = _rated_names(parsed, row.rater)
        all_names = sorted({*parsed.import_report.unrated, *parsed.videos.values()})
        unrated_names = [name for name in all_names if name not in rated_names]
        offered_names = dict.fromkeys((*similar_names, *unrated_names, *all_names))
        offered_names.pop(stated_name, None)
        options = [("", "none of them")]
        if stated_name:
            similar_mark = " (similar)" if stated_name in similar_names else ""
            options.append((stated_name, f"{printable(stated_name)}{similar_mark}"))
        rater_text = f" by {printable(row.rater)}" if row.rater else ""
        for name in offered_names:
            text = printable(name)
            if name in similar_names:
                text += " (similar)"
            if name in rated_names:
                text += f" (already rated{rater_text})"
            options.append((name, text))
        offer(self.meant_video_box, options, stated_name)
        self.name_label.setText(f"“{printable(row.cell)}” is the video")
        self.name_label.show()
        self.meant_video_box.show()

    def _hide_name_choice(self) -> None:
        self.name_label.hide()
        self.meant_video_box.hide()

    # the import

    def _on_import(self) -> None:
        self._import(then_train=False)

    def _on_import_and_train(self) -> None:
        self._import(then_train=True)

    def _import(self, *, then_train: bool) -> None:
        """Import the ratings as a job, and close the dialog when they are imported."""
        preview = self.loader.preview
        if preview is None or preview.parsed_ratings is None:
            return
        mapped_table = preview.mapped_table
        mapping = preview.parsed_ratings.mapping
        withdraw_missing = self.withdraw_box.isVisibleTo(self) and self.withdraw_box.isChecked()

        def add(study: Study, token: CancelToken = NEVER, report: Report = silent) -> RatingImport:
            return add_ratings(study, mapped_table, mapping, token, report, withdraw_missing=withdraw_missing)

        command = Command("import of ratings", add, undo_import, (VIDEOS, PAIRS))
        on_imported = partial(_report_import, self._app_context, preview, command)
        title = f"Importing {mapped_table.table.path.name}"
        task = self._app_context.studies.add_as_job(add, title, on_imported)
        if then_train:
            task.succeeded.connect(self.training_asked)
        task.succeeded.connect(self.close)
        task.failed.connect(self._on_failed)
        task.cancelled.connect(self._on_failed)
        self._is_importing = True
        self._show()

    def _on_failed(self, error: BaseException | str = "") -> None:
        self._is_importing = False
        self._show()
        reason = error if isinstance(error, str) else error_text(error)
        if reason:
            self.message_label.set_plain(reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter in a field from closing the dialog."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)


def _rated_names(parsed: ParsedRatings, rater: str) -> set[str]:
    """Return the names of the videos that a rater rated in the table; by any rater if ``rater`` is ""."""
    rater_key = match_key(rater)
    names: set[str] = set()
    for rating in parsed.ratings.ratings:
        if not rater_key or match_key(rating.rater) == rater_key:
            names.add(parsed.videos[rating.video])
    return names


def _report_import(app_context: AppContext, preview: TablePreview, command: Command, imported: RatingImport) -> None:
    """Report an import and make it undoable; its dialog may be closed already."""
    app_context.undo.remember(command, imported)
    study = app_context.studies.current_study
    if study is not None and study.draft:
        app_context.settings.remember(study.path)
    import_report = imported.parsed_ratings.import_report
    text = f"{preview.mapped_table.table.path.name} is imported: {import_report.counts_text}. Train learns from them."
    details = (*imported.import_result.problems, *import_report.problems())
    app_context.messages.post(Message(text, details=details, action="rank_ratings"))
