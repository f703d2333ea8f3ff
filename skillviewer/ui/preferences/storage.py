"""What the program keeps on this disk, how much it may take, and the button that empties it."""

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

from skillviewer.core.paths import cache_dir
from skillviewer.core.text import printable, size_words
from skillviewer.engine.runtime.disk_usage import Storage, emptied, measured
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.form import Form
from skillviewer.ui.widgets.layout import NONE, horizontal, text_label

LIMITS_GB = (5, 10, 20, 50, 100, 200, 500)


class StoragePage(Form):
    """The cache: its place, its size, its limit.

    Args:
        program: Its worker thread of small works looks at the disk.
        dialogs: Asks before the cache is emptied.
        parent: Owner.
    """

    def __init__(self, program: Program, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._program, self._dialogs = program, dialogs
        self._storage: Storage | None = None
        folder = printable(str(cache_dir()))
        self.place = text_label(folder, self, wrap=True, plain=True)
        self.place.setTextInteractionFlags(self.place.textInteractionFlags().TextSelectableByMouse)
        self.place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.show_folder = QPushButton(self.tr("Show the folder"), self)
        self.show_folder.clicked.connect(self._on_show)
        self.kept = QLabel(self)
        sizes = sorted({*LIMITS_GB, program.settings.cache_gb})
        self.limit = self.choice([(size, self.tr("{} GB").format(size)) for size in sizes], program.settings.cache_gb)
        self.empty = QPushButton(self.tr("Empty…"), self)
        self.empty.setEnabled(False)
        self.empty.clicked.connect(self._on_empty)
        row = QWidget(self)
        buttons = horizontal(row, NONE)
        buttons.addWidget(self.show_folder)
        buttons.addWidget(self.empty)
        buttons.addStretch(1)
        self.add(self.tr("Place"), self.place)
        self.add(self.tr("Kept there"), self.kept)
        self.add("", row)
        self.add(
            self.tr("Features at most"),
            self.limit,
            self.tr(
                "Features of a video make a second look at it, and every further model, quick. Those that were not "
                "used for longest go first. A new limit counts for models that are loaded after it."
            ),
        )
        self.limit.activated.connect(self._on_limit)

    def measure(self) -> None:
        """Look at what is there now."""
        if self._program.closing:
            return
        if self._storage is None:
            self.kept.setText(self.tr("being measured"))
        task = self._program.index.submit(lambda _backend, token, _report: measured(token))
        task.succeeded.connect(self._on_measured)
        task.failed.connect(self._program.messages.fail)

    @Slot(object)
    def _on_measured(self, storage: Storage) -> None:
        self._storage = storage
        lines = (
            (self.tr("{} in all"), storage.total),
            (self.tr("{} features of videos"), storage.features),
            (self.tr("{} small copies of videos"), storage.copies),
            (self.tr("{} of fine-tuning"), storage.tuning),
            (self.tr("{} what models said of videos"), storage.said),
            (self.tr("{} else"), storage.other),
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
                self.tr(
                    "Work is under way that needs what is kept: stop it, or wait for it, before the cache is emptied."
                )
            )
            return
        question = self.tr(
            "Remove {} of features, small copies and fine-tuning? They are computed again when they are needed, which "
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
