"""The page on which a table of ratings is imported."""

import re
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QSpinBox, QSplitter, QTabWidget, QWidget

from skillviewer.core.ranking.rater_names import match_key
from skillviewer.core.text import counted, printable
from skillviewer.data.ratings.import_report import RowResult
from skillviewer.data.study.exchange.rating_import import RatingImport, add_ratings, describe_left_ratings, undo_import
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
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, horizontal, push_button, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import apply_theme

N_FIRST_ROWS = 30
MIN_SIZE = QSize(640, 440)
OTHER_FOLDER = False
"""Value of the choice of another folder; None stands for the videos of the study."""
_CLI_OPTION = re.compile(r" ?\(--[^)]*\)")
"""A hint at an option of the command line, which the window leaves out of a sentence."""


class RatingsPage(QDialog):
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
        self.columns = ColumnMappingView(self)
        self.message = WrappingLabel(self)
        self.import_button = push_button("Import", self, self._on_import)
        self.train_button = push_button("Import and train…", self, partial(self._on_import, trains=True), primary=True)
        self.train_button.setToolTip("Go to the Train screen with the imported ratings; nothing is started yet")
        close_button = push_button("Close", self, self.close)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.addWidget(self.columns)
        parts.addWidget(self._make_tabs())
        parts.setChildrenCollapsible(False)
        buttons = add_all(horizontal(spacing=8), 1, close_button, self.import_button, self.train_button)
        column = vertical(self, (16, 12, 16, 12), 8)
        self.withdraw_missing = QCheckBox(self)
        self.withdraw_missing.setToolTip("They no longer count; Undo brings them back")
        add_all(column, self._make_header(), (parts, 1), self.message, self.withdraw_missing, buttons)
        self.columns.mapping_changed.connect(self.loader.use_mapping)
        for signal in (self.loader.changed, app_context.studies.opened, app_context.studies.closed):
            signal.connect(self._show)
        self.setMinimumSize(MIN_SIZE)
        max_size = parent.size() - QSize(40, 40)
        default_size = QSize(scaled_px(1180), scaled_px(680))
        self.resize(default_size.boundedTo(max_size).expandedTo(MIN_SIZE))
        apply_theme(self, app_context.themes.theme)
        self._show()

    def _make_header(self) -> FlowLayout:
        self.videos = QComboBox(self)
        self.sheet = QComboBox(self)
        self.criterion = QComboBox(self)
        self.header_row = QSpinBox(self)
        self.include_hidden = QCheckBox("Include hidden rows", self)
        self.header_row.setSpecialValueText("none")
        header = FlowLayout(gap_px=12)
        for title, control in (
            ("Videos", self.videos),
            ("Sheet", self.sheet),
            ("Header row", self.header_row),
            ("Make pairs from", self.criterion),
        ):
            field = QWidget(self)
            control.setAccessibleName(title)
            add_all(horizontal(field, NO_MARGINS, 8), text_label(title, field), control)
            header.addWidget(field)
        for box in (self.videos, self.sheet, self.criterion):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        header.addWidget(self.include_hidden)
        self.videos.activated.connect(self._on_videos)
        self.sheet.activated.connect(lambda: self.loader.open(sheet=self.sheet.currentText()))
        self.header_row.editingFinished.connect(self._on_header_row)
        self.criterion.activated.connect(self._on_criterion)
        self.include_hidden.clicked.connect(lambda on: self._change_mapping(hidden_rows=on))
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
        self.only_with_notes = QCheckBox("Only rows with a remark", self)
        self.only_with_notes.setChecked(True)
        self.only_with_notes.clicked.connect(self._show_rows)
        self.name_label = text_label("", self, plain=True)
        self.meant_video = QComboBox(self)
        self.meant_video.setAccessibleName("The video that the name in this row stands for")
        self.meant_video.setMinimumContentsLength(20)
        self.meant_video.activated.connect(self._on_meant_video)
        controls = FlowLayout(gap_px=8)
        for widget in (self.only_with_notes, self.name_label, self.meant_video):
            widget.setMinimumHeight(self.meant_video.sizeHint().height())
            controls.addWidget(widget)
        tab = QWidget(self)
        add_all(vertical(tab, (0, 4, 0, 0), 4), controls, (self.report_view, 1))
        return tab

    # what the user changes

    def _change_mapping(self, **changes: object) -> None:
        if self.loader.preview is not None:
            self.loader.use_mapping(replace(self.loader.preview.mapping, **changes))

    def _on_header_row(self) -> None:
        preview = self.loader.preview
        if preview is not None and self.header_row.value() != preview.opened.table.titles_row:
            self.loader.open(sheet=preview.opened.table.sheet, titles_row=self.header_row.value())

    def _on_criterion(self, *_: object) -> None:
        if self.loader.preview is not None:
            self.loader.use_mapping(self.loader.preview.mapping.with_first(self.criterion.currentText()))

    def _on_videos(self, index: int) -> None:
        folder = self.videos.itemData(index)
        if folder is OTHER_FOLDER:
            folder = self._dialogs.folder(self, "Folder of the rated videos")
            if folder is None:
                self._show()
                return
        self.loader.use_videos(folder)

    def _on_meant_video(self, index: int) -> None:
        preview = self.loader.preview
        row = self._selected_row()
        video = self.meant_video.itemData(index)
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
        is_read_only = studies.current is not None and not studies.writable
        preview = None if self.loader.busy else self.loader.preview
        rated = preview.rated if preview is not None else None
        can_import = rated is not None and not is_read_only and not self._is_importing
        self.import_button.setEnabled(can_import)
        self.train_button.setEnabled(can_import)
        if self.loader.busy:
            message = "Reading the table…"
        elif is_read_only:
            message = "This study is open for reading only."
        else:
            message = _CLI_OPTION.sub("", self.loader.error)
        if not message and rated is not None:
            message = f"{rated.import_report.count}."
        left_ratings = preview.left_ratings if preview is not None else ()
        if can_import and left_ratings:
            message += f" {describe_left_ratings(left_ratings)} Correct the table and open it again, or withdraw them."
        self.message.set_plain(message)
        self.withdraw_missing.setVisible(can_import and bool(left_ratings))
        self.withdraw_missing.setText(f"Withdraw {counted(len(left_ratings), 'earlier rating')} with this import")
        if preview is not None:
            self.columns.show_table(preview.opened.table, preview.mapping)
            self._show_header(preview)
            self._show_tables(preview)

    def _show_header(self, preview: TablePreview) -> None:
        table = preview.opened.table
        items = [item.name for item in preview.mapping.items]
        offer(self.sheet, [(name, name) for name in table.sheets], table.sheet)
        self.sheet.setEnabled(len(table.sheets) > 1)
        first_item = items[0] if items else None
        offer(self.criterion, [(name, printable(name)) for name in items], first_item)
        last_line = max((row.last_line for row in table.rows), default=0)
        self.header_row.setRange(0, max(table.titles_row, last_line))
        self.header_row.setValue(table.titles_row)
        self.include_hidden.setVisible(any(row.hidden for row in table.rows))
        self.include_hidden.setChecked(preview.mapping.hidden_rows)
        folders = [self.loader.path.parent]
        if preview.folder is not None and preview.folder not in folders:
            folders.insert(0, preview.folder)
        options: list[tuple[object, str]] = [(folder, f"in {printable(str(folder))}") for folder in folders]
        if self._app_context.studies.current is not None:
            options.insert(0, (None, "of this study"))
        options.append((OTHER_FOLDER, "in another folder…"))
        offer(self.videos, options, preview.folder)

    def _show_tables(self, preview: TablePreview) -> None:
        table = preview.opened.table
        self._show_first_rows(preview)
        self._show_rows()
        unrated: tuple[str, ...] = ()
        import_notices = table.notices
        if preview.rated is not None:
            unrated = preview.rated.import_report.unrated
            import_report = preview.rated.import_report
            import_notices = (*import_report.notices, *import_report.lines())
        notices = [*preview.opened.ambiguities, *import_notices]
        self.unrated_view.show_rows(("Video",), [(name,) for name in unrated])
        self.notices_view.show_rows(("Remark",), [(_CLI_OPTION.sub("", text),) for text in notices])
        self.tabs.setTabText(1, f"All rows ({len(preview.rows)})")
        self.tabs.setTabText(2, f"Videos without a rating ({len(unrated)})")
        self.tabs.setTabText(3, f"Remarks ({len(notices)})")

    def _show_first_rows(self, preview: TablePreview) -> None:
        """Show the first rows, and those below with a rejected rating; rejected ratings are marked."""
        table = preview.opened.table
        reasons_by_row = [row.rejected_cells for row in preview.rated.import_report.rows] if preview.rated else []
        n_first_rows = min(len(table.rows), N_FIRST_ROWS)
        indices = list(range(n_first_rows))
        rows_below = enumerate(reasons_by_row[N_FIRST_ROWS:], N_FIRST_ROWS)
        indices += [index for index, reasons in rows_below if reasons][:N_FIRST_ROWS]
        rows = [(table.describe_row(table.rows[index]), *table.rows[index].cells) for index in indices]
        rejected: dict[tuple[int, int], str] = {}
        for place, index in enumerate(indices):
            if index < len(reasons_by_row):
                for title, reason in reasons_by_row[index].items():
                    rejected[place, table.index_by_title[title] + 1] = f"{title} {reason}"
        self.first_rows.show_rows(("", *table.titles), rows, rejected)
        tab_title = "First rows" if len(indices) <= N_FIRST_ROWS else "First rows and rejected ratings"
        self.tabs.setTabText(0, tab_title)

    def _show_rows(self, *_: object) -> None:
        preview = self.loader.preview
        if preview is None:
            return
        rows = preview.rows
        if self.only_with_notes.isChecked():
            rows = tuple(preview.rows[index] for index in preview.rows_with_notes)
        self.report_view.show_rows(("Row", "Name in the table", "Video", "Ratings", "Remark"), rows)
        self._show_name_choice()

    def _selected_row(self) -> RowResult | None:
        """Return the selected row of the import report."""
        preview = self.loader.preview
        index = self.report_view.currentIndex().row()
        if preview is None or preview.rated is None or not 0 <= index < len(self.report_view.table_model.rows):
            return None
        if self.only_with_notes.isChecked():
            index = preview.rows_with_notes[index]
        return preview.rated.import_report.rows[index]

    def _show_name_choice(self, *_: object) -> None:
        """Offer the videos that the name in the selected row may stand for, similar ones first, rated ones last."""
        preview = self.loader.preview
        row = self._selected_row()
        stated_name = ""
        if preview is not None and row is not None:
            stated_name = preview.mapping.names.get(row.cell, "")
        has_choice = row is not None and (row.near is not None or stated_name != "")
        self.name_label.setVisible(has_choice)
        self.meant_video.setVisible(has_choice)
        if not has_choice or row is None or preview is None or preview.rated is None:
            return
        similar_names = () if row.near is None else row.near
        rated = preview.rated
        videos = sorted({*rated.import_report.unrated, *rated.videos.values()})
        rated_already = {  # by the rater of the row, or by any rater if the table has no column of raters
            rated.videos[rating.video]
            for rating in rated.ratings.ratings
            if match_key(row.rater) in {"", match_key(rating.rater)}
        }
        videos.sort(key=rated_already.__contains__)
        names = dict.fromkeys((stated_name, *similar_names, *videos))
        names.pop("", None)
        options = [("", "none of them")]
        for name in names:
            text = printable(name)
            if name in similar_names:
                text += " (similar)"
            if name in rated_already and name != stated_name:
                rater = f" by {printable(row.rater)}" if row.rater else ""
                text += f" (already rated{rater})"
            options.append((name, text))
        offer(self.meant_video, options, stated_name)
        self.name_label.setText(f"“{printable(row.cell)}” is the video")

    # the import

    def _on_import(self, *_: object, trains: bool = False) -> None:
        preview = self.loader.preview
        if preview is None or preview.rated is None:
            return
        withdraw_missing = self.withdraw_missing.isVisibleTo(self) and self.withdraw_missing.isChecked()
        add = partial(
            add_ratings, opened=preview.opened, mapping=preview.rated.mapping, withdraw_missing=withdraw_missing
        )
        command = Command("import of ratings", add, undo_import, (VIDEOS, PAIRS))
        on_imported = partial(_report_import, self._app_context, preview, command)
        title = f"Importing {preview.opened.table.path.name}"
        task = self._app_context.studies.fill(
            lambda study, token, report: add(study, token=token, report=report), title, on_imported
        )
        if trains:
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
            self.message.set_plain(reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter in a field from closing the dialog."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)


def _report_import(app_context: AppContext, preview: TablePreview, command: Command, result: RatingImport) -> None:
    """Report an import and make it undoable; its page may be closed already."""
    app_context.undo.remember(command, result)
    study = app_context.studies.current
    if study is not None and study.draft:
        app_context.settings.remember(study.path)
    import_report = result.parsed.import_report
    text = (
        f"{preview.opened.table.path.name} is imported: {import_report.count}. Train learns from them; "
        "Rank › Ratings shows how far raters agree."
    )
    details = (*result.result.problems, *import_report.problems())
    app_context.messages.post(Message(text, details=details))
