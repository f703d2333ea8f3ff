"""Storage on this disk: its use, its limit, and a button that empties it."""

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.paths import cache_dir
from skillviewer.core.text import printable, size_words
from skillviewer.engine.runtime.disk_usage import Storage, emptied, measured
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.form import Form
from skillviewer.ui.widgets.layout import NONE, horizontal, push_button, text_label

LIMITS_GB = (5, 10, 20, 50, 100, 200, 500)


class StoragePage(Form):
    """The cache: its folder, size and limit.

    Args:
        program: One of its worker threads measures the disk.
        dialogs: Asks before the cache is emptied.
    """

    def __init__(self, program: Program, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._program, self._dialogs = program, dialogs
        self._storage: Storage | None = None
        folder = printable(str(cache_dir()))
        self.place = text_label(folder, self, wrap=True, plain=True)
        self.place.setTextInteractionFlags(self.place.textInteractionFlags().TextSelectableByMouse)
        self.place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.show_folder = push_button(self.tr("Show the folder"), self, self._on_show)
        self.kept = QLabel(self)
        sizes = sorted({*LIMITS_GB, program.settings.cache_gb})
        self.limit = self.choice([(size, self.tr("{} GB").format(size)) for size in sizes], program.settings.cache_gb)
        self.empty = push_button(self.tr("Empty…"), self, self._on_empty)
        self.empty.setEnabled(False)
        row = QWidget(self)
        buttons = horizontal(row, NONE)
        buttons.addWidget(self.show_folder)
        buttons.addWidget(self.empty)
        buttons.addStretch(1)
        self.add(self.tr("Place"), self.place)
        self.add(self.tr("Content"), self.kept)
        self.add("", row)
        self.add(
            self.tr("Features at most"),
            self.limit,
            self.tr(
                "Cached features speed up a second assessment of a video, and every further model. Features that "
                "were not used for longest are removed first. A new limit applies to models loaded afterwards."
            ),
        )
        self.limit.activated.connect(self._on_limit)

    def measure(self) -> None:
        """Measure the present use."""
        if self._program.closing:
            return
        if self._storage is None:
            self.kept.setText(self.tr("measuring"))
        task = self._program.index.submit(lambda _backend, token, _report: measured(token))
        task.succeeded.connect(self._on_measured)
        task.failed.connect(self._program.messages.fail)

    @Slot(object)
    def _on_measured(self, storage: Storage) -> None:
        self._storage = storage
        lines = (
            (self.tr("{} total"), storage.total),
            (self.tr("{} features of videos"), storage.features),
            (self.tr("{} small copies of videos"), storage.copies),
            (self.tr("{} of fine-tuning"), storage.tuning),
            (self.tr("{} analyses of videos"), storage.said),
            (self.tr("{} other"), storage.other),
        )
        self.kept.setText("\n".join(words.format(size_words(n_bytes)) for words, n_bytes in lines))
        self.empty.setEnabled(storage.can_go > 0)

    @Slot()
    def _on_empty(self) -> None:
        storage = self._storage
        if storage is None:
            return
        if self._program.jobs.precious:
            self._program.messages.note(
                self.tr("A job that needs the cache is running. Stop it, or wait for it, before you empty the cache.")
            )
            return
        question = self.tr(
            "Remove {} of features, small copies and fine-tuning files? They are computed again when needed, which "
            "takes a while. Scores, votes and notes stay."
        ).format(size_words(storage.can_go))
        if not self._dialogs.confirm(self, question, self.tr("Remove")):
            return
        self.empty.setEnabled(False)
        task = self._program.index.submit(lambda _backend, token, _report: emptied(token))
        task.succeeded.connect(self._on_measured)
        task.failed.connect(self._program.messages.fail)
        self._program.jobs.follow(self.tr("Emptying the cache"), task)

    @Slot()
    def _on_show(self) -> None:
        cache_dir().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(cache_dir())))

    @Slot()
    def _on_limit(self, *_: object) -> None:
        self._program.settings.cache_gb = int(self.limit.currentData())
