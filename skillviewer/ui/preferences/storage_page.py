"""Settings of storage: caches and their limits."""

from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.paths import cache_dir
from skillviewer.core.text import format_size, printable
from skillviewer.engine.runtime.disk_usage import Storage, empty_cache_folder, measure_storage
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import Form
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import push_button

LIMITS_GB = (5, 10, 20, 50, 100, 200, 500)


class StoragePage(Form):
    """The cache: its folder, size and limit."""

    def __init__(self, app_context: AppContext, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._dialogs = dialogs
        self._storage: Storage | None = None
        folder = printable(str(cache_dir()))
        self.folder_label = text_label(folder, self, wrap=True, plain=True)
        self.folder_label.setTextInteractionFlags(self.folder_label.textInteractionFlags().TextSelectableByMouse)
        self.folder_label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.show_folder_button = push_button("Show the folder", self, self._on_show)
        self.kept_label = text_label("", self, wrap=True)
        sizes = sorted({*LIMITS_GB, app_context.settings.cache_gb})
        limits = [(size, f"{size} GB") for size in sizes]
        self.limit_box = self.choice(
            limits, app_context.settings.cache_gb, partial(setattr, app_context.settings, "cache_gb")
        )
        self.empty_button = push_button("Empty…", self, self._on_empty)
        self.empty_button.setEnabled(False)
        row = QWidget(self)
        buttons = FlowLayout(row, gap_px=8)
        for button in (self.show_folder_button, self.empty_button):
            buttons.addWidget(button)
        self.add("Folder", self.folder_label)
        self.add("Content", self.kept_label)
        self.add("", row)
        self.add(
            "Features, at most",
            self.limit_box,
            (
                "Cached features speed up a second assessment of a video, and every further model. Features that "
                "were used longest ago are removed first. A new limit applies to models loaded afterwards."
            ),
        )

    def measure(self) -> None:
        if self._app_context.closing:
            return
        if self._storage is None:
            self.kept_label.setText("measuring")
        self._app_context.index_worker.submit(lambda _backend, token, _report: measure_storage(token)).then(
            succeeded=self._on_measured, failed=self._app_context.messages.fail
        )

    def _on_measured(self, storage: Storage) -> None:
        self._storage = storage
        lines = (
            ("{} total", storage.total),
            ("{} features of videos", storage.features),
            ("{} small copies of videos", storage.copies),
            ("{} of fine-tuning", storage.tuning),
            ("{} evidence: what raised and lowered scores", storage.evidence),
            ("{} analyses of videos", storage.analyses),
            ("{} other", storage.other),
        )
        amounts = [text.format(format_size(n_bytes)) for text, n_bytes in lines]
        self.kept_label.setText("\n".join(amounts))
        self.empty_button.setEnabled(storage.removable > 0)

    def _on_empty(self) -> None:
        storage = self._storage
        if storage is None:
            return
        if self._app_context.jobs.confirm_stop:
            self._app_context.messages.note(
                "A job that needs the cache is running. Stop it, or wait for it, before you empty the cache."
            )
            return
        question = (
            f"Remove {format_size(storage.removable)} of features, small copies, evidence and fine-tuning files? "
            "They are computed again when needed, which takes a while. Scores, votes and notes stay."
        )
        if not self._dialogs.confirm(self, question, "Remove"):
            return
        self.empty_button.setEnabled(False)
        task = self._app_context.index_worker.submit(lambda _backend, token, _report: empty_cache_folder(token))
        task.then(succeeded=self._on_measured, failed=self._app_context.messages.fail)
        self._app_context.jobs.follow("Emptying the cache", task)

    def _on_show(self) -> None:
        folder = cache_dir()
        folder.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
