"""View of the queue of exports."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QScrollArea, QWidget

from skillviewer.core.progress import Progress
from skillviewer.core.text import printable
from skillviewer.engine.exporting.export_results import ExportResults
from skillviewer.ui.exporting.export_queue import ExportQueue, QueueEntry, QueueStage
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import (
    GrowingSpace,
    add_all,
    aligned,
    growing,
    horizontal,
    push_button,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

MAX_SHOWN = 6  # greatest number of problems or files that an entry lists


class EntryRow(QWidget):
    """One entry of the queue."""

    def __init__(self, entry: QueueEntry, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self._theme = theme
        self._title_label = WrappingLabel(self)
        self._title_label.set_plain(entry.title)
        self._title_label.setProperty("heading", True)
        self._progress_bar = with_accessible_name(QProgressBar(self), entry.title)
        self._progress_bar.setTextVisible(False)
        self._message_label = self._label("")
        self._message_label.setWordWrap(True)
        self._message_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = add_all(vertical(spacing=4), self._title_label, self._progress_bar, self._message_label)
        self.action_button = push_button("", self, self._on_button)
        add_all(
            horizontal(self, margins=(0, 8, 0, 8), spacing=12),
            growing(column),
            aligned(self.action_button, Qt.AlignmentFlag.AlignTop),
        )
        entry.changed.connect(self.refresh)
        self.refresh()

    def _label(self, text: str) -> QLabel:
        label = text_label(text, self, plain=True)
        label.setMinimumWidth(40)
        return label

    def refresh(self) -> None:
        """Show the present state of the entry."""
        stage = self.entry.stage
        self._show_progress()
        self._message_label.setText(self._describe_state())
        colours = {QueueStage.FAILED: self._theme.bad, QueueStage.PARTLY: self._theme.warn}
        self._message_label.setStyleSheet(f"color: {colours.get(stage, self._theme.muted)}")
        has_files = stage in {QueueStage.DONE, QueueStage.PARTLY}
        if stage is QueueStage.STOPPED:
            has_files = bool(self.entry.written_files)
        button_text = "Show in folder" if has_files else "Cancel"
        is_useful = has_files or not stage.is_over
        self.action_button.setText(button_text)
        self.action_button.setVisible(is_useful)
        self.action_button.setAccessibleName(f"{button_text}: {self.entry.title}")

    def _show_progress(self) -> None:
        self._progress_bar.setVisible(not self.entry.stage.is_over)
        progress = self.entry.progress
        if progress is not None and progress.total > 0:
            self._progress_bar.setRange(0, progress.total)
            self._progress_bar.setValue(progress.done)
        else:
            self._progress_bar.setRange(0, 0)  # a bar without an end
        if self.entry.stage is QueueStage.WAITING:
            self._progress_bar.setRange(0, 1)

    def _describe_state(self) -> str:
        entry = self.entry
        if entry.stage is QueueStage.WAITING:
            return "waiting"
        if entry.stage is QueueStage.WORKING:
            return _describe_progress(entry.progress)
        if entry.stage is QueueStage.STOPPED:
            return _describe_stopped(entry)
        if entry.results is None:
            return printable(entry.failure)
        return _describe_results(entry.results, len(entry.paths))

    def _on_button(self) -> None:
        if self.entry.stage.is_over:
            show_in_folder(self.entry.target_path)
        else:
            self.entry.stop()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()


def _describe_progress(progress: Progress | None) -> str:
    if progress is None:
        return "starting"
    count = f"{progress.done} of {progress.total}" if progress.total else ""
    return " · ".join(text for text in (progress.stage, count) if text)


def _describe_stopped(entry: QueueEntry) -> str:
    text = "Stopped. No unfinished file is left."
    if not entry.written_files:
        return text
    n_finished = len(entry.written_files)
    names = ", ".join(printable(file.path.name) for file in entry.written_files[:MAX_SHOWN])
    if n_finished > MAX_SHOWN:
        names = f"{names} and {n_finished - MAX_SHOWN} more"
    return f"{text}\n{n_finished} of {len(entry.paths)} files were finished before and are kept: {names}."


def _describe_results(results: ExportResults, n_files: int) -> str:
    lines = []
    if n_files == 1 and results.written:
        lines.append(" · ".join(("Written and checked", *results.written[0].facts)))
    elif results.written:
        lines.append(f"{len(results.written)} of {n_files} files written and checked")
    warnings = [warning for file in results.written for warning in file.warnings]
    problems = list(dict.fromkeys((*results.failures, *warnings)))
    lines += [printable(problem) for problem in problems[:MAX_SHOWN]]
    if len(problems) > MAX_SHOWN:
        lines.append(f"… and {len(problems) - MAX_SHOWN} more")
    return "\n".join(lines)


def show_in_folder(path: Path) -> None:
    """Open the folder of a file, or a folder, in the file manager of the system."""
    folder = path if path.is_dir() else path.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


class QueueView(QScrollArea):
    """List of the entries of the queue, the latest at the top."""

    def __init__(self, queue: ExportQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = LIGHT
        self.rows: list[EntryRow] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Exports")
        inside = self._content = QWidget(self)
        inside.setAutoFillBackground(False)
        self._row_column = add_all(vertical(inside, margins=(16, 0, 16, 8), spacing=0), GrowingSpace())
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        self.hide()
        queue.entry_added.connect(self._on_added)
        queue.entry_removed.connect(self._on_dropped)

    def _on_added(self, entry: QueueEntry) -> None:
        row = EntryRow(entry, self._theme, self._content)
        self.rows.insert(0, row)
        self._row_column.insertWidget(0, row)
        self.show()
        self.verticalScrollBar().setValue(0)

    def _on_dropped(self, entry: QueueEntry) -> None:
        (row,) = [row for row in self.rows if row.entry is entry]
        self.rows.remove(row)
        row.deleteLater()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
