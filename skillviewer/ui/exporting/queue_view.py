"""The view of the queue of exports."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QScrollArea, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.exporting.export_queue import ExportQueue, QueueEntry, QueueStage
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, vertical, with_accessible_name
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

MAX_SHOWN = 6


class EntryRow(QWidget):
    """One entry of the queue."""

    def __init__(self, entry: QueueEntry, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self._theme = theme
        self._title = self._label(entry.title)
        self._title.setProperty("heading", True)
        self._bar = with_accessible_name(QProgressBar(self), entry.title)
        self._bar.setTextVisible(False)
        self._message = self._label("")
        self._message.setWordWrap(True)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = add_all(vertical(spacing=4), self._title, self._bar, self._message)
        self.button = push_button("", self, self._on_button)
        add_all(horizontal(self, (0, 8, 0, 8), 12), (column, 1), (self.button, 0, Qt.AlignmentFlag.AlignTop))
        entry.changed.connect(self.refresh)
        self.refresh()

    def _label(self, text: str) -> QLabel:
        label = text_label(text, self, plain=True)
        label.setMinimumWidth(40)
        return label

    def refresh(self) -> None:
        entry = self.entry
        over = entry.stage.over
        self._bar.setVisible(not over)
        progress = entry.progress
        has_total = progress is not None and progress.total > 0
        self._bar.setRange(0, progress.total if progress is not None and has_total else 0)
        if progress is not None and has_total:
            self._bar.setValue(progress.done)
        if entry.stage is QueueStage.WAITING:
            self._bar.setRange(0, 1)
        self._message.setText(self._format_state())
        colour = {QueueStage.FAILED: self._theme.bad, QueueStage.PARTLY: self._theme.warn}.get(
            entry.stage, self._theme.muted
        )
        self._message.setStyleSheet(f"color: {colour}")
        shows = entry.stage in {QueueStage.DONE, QueueStage.PARTLY} or (
            entry.stage is QueueStage.STOPPED and bool(entry.written)
        )
        self.button.setText("Show in folder" if shows else "Cancel")
        self.button.setVisible(shows or not over)
        self.button.setAccessibleName(f"{self.button.text()}: {entry.title}")

    def _format_state(self) -> str:
        entry = self.entry
        progress = self.entry.progress
        batch = self.entry.batch
        if entry.stage is QueueStage.WAITING:
            return "waiting"
        if entry.stage is QueueStage.WORKING:
            if progress is None:
                return "starting"
            count = f"{progress.done} of {progress.total}" if progress.total else ""
            return " · ".join(part for part in (progress.stage, count) if part)
        if entry.stage is QueueStage.STOPPED:
            return self._stopped(entry)
        if batch is None:
            return printable(entry.failure)
        lines = []
        if len(entry.paths) == 1 and batch.written:
            lines.append(" · ".join(("Written and checked", *batch.written[0].facts)))
        elif batch.written:
            lines.append(f"{len(batch.written)} of {len(entry.paths)} files written and checked")

        problems = list(dict.fromkeys((*batch.failures, *(text for file in batch.written for text in file.warnings))))
        lines += [printable(text) for text in problems[:MAX_SHOWN]]
        if len(problems) > MAX_SHOWN:
            lines.append(f"… and {len(problems) - MAX_SHOWN} more")
        return "\n".join(lines)

    def _stopped(self, entry: QueueEntry) -> str:
        text = "Stopped. No unfinished file is left."
        if not entry.written:
            return text
        names = [printable(file.path.name) for file in entry.written]
        rest_text = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
        stays = "{} of {} files were finished before and are kept: {}{}."
        return f"{text}\n{stays.format(len(names), len(entry.paths), ', '.join(names[:MAX_SHOWN]), rest_text)}"

    def _on_button(self) -> None:
        if self.entry.stage.over:
            show_in_folder(self.entry.target)
        else:
            self.entry.stop()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()


def show_in_folder(path: Path) -> None:
    """Open the folder of a file, or a folder, in the file manager of the system."""
    folder = path if path.is_dir() else path.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


class QueueView(QScrollArea):
    """All entries, the latest at the top."""

    def __init__(self, queue: ExportQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = LIGHT
        self.rows: list[EntryRow] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Exports")
        inside = self._inside = QWidget(self)
        inside.setAutoFillBackground(False)
        self._column = add_all(vertical(inside, (0, 0, 8, 0), 0), 1)
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        self.hide()
        queue.added.connect(self._on_added)
        queue.dropped.connect(self._on_dropped)

    def _on_added(self, entry: QueueEntry) -> None:
        row = EntryRow(entry, self._theme, self._inside)
        self.rows.insert(0, row)
        self._column.insertWidget(0, row)
        self.show()
        self.verticalScrollBar().setValue(0)

    def _on_dropped(self, entry: QueueEntry) -> None:
        (row,) = [row for row in self.rows if row.entry is entry]
        self.rows.remove(row)
        row.deleteLater()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
