"""The page on which a timeline is imported on the video on screen: its tiers, and the meaning of each."""

from collections import Counter
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QWidget

from skillviewer.core.text import printable
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import Study
from skillviewer.data.study.exchange.timeline_import import TierUse, TimelineAdded, add_timeline, take_back_timeline
from skillviewer.data.timelines.timelines import read_timeline
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.studies import REMARKS, VIDEOS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.messages import Message
from skillviewer.ui.widgets.form import Form, offer
from skillviewer.ui.widgets.layout import Wrapped, add_all, horizontal, push_button, scroll_area, vertical


class TimelinePage(QDialog):
    """A timeline on its way into the study. The dialog is not modal; the video stays the one on screen at the start."""

    def __init__(self, program: Program, path: Path, video: str, file: VideoInfo, parent: QWidget) -> None:
        super().__init__(parent)
        self._program, self._path, self._video, self._file = program, path, video, file
        self._annotations: list[Annotation] = []
        self.boxes: dict[str, QComboBox] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Import timeline: {}").format(printable(path.name)))
        self.words, area = Wrapped(self), scroll_area(self, self.tr("Tiers"))
        self.words.set_plain(self.tr("Reading…"))
        self._form = Form(area)
        area.setWidget(self._form)
        self.button = push_button(self.tr("Import"), self, self._on_import, primary=True)
        self.button.setEnabled(False)
        foot = add_all(horizontal(spacing=8), 1, push_button(self.tr("Close"), self, self.close), self.button)
        add_all(vertical(self, (16, 12, 16, 12), 8), self.words, (area, 1), foot)
        self.setMinimumSize(560, 420)
        read = program.index.submit(lambda _backend, _token, _report: read_timeline(path, file.path.name))
        read.then(succeeded=self._on_read, failed=self._on_failed)

    @Slot(object)
    def _on_read(self, annotations: list[Annotation]) -> None:
        self._annotations = annotations
        meanings = self.tr("not used|moments|notes|attempts|phases (compared among themselves)").split("|")
        values = [None, *(use.value for use in TierUse)]
        for tier, n in Counter(one.tier for one in annotations).items():
            box = QComboBox(self._form)
            offer(box, list(zip(values, meanings, strict=True)), TierUse.MOMENTS.value)
            self._form.add(self.tr("{} ({})").format(printable(tier), n), box)
            self.boxes[tier] = box
        words = self.tr("Annotations of {} become:") if annotations else self.tr("There is no annotation of {}.")
        self.words.set_plain(words.format(printable(self._video)))
        self.button.setEnabled(bool(annotations))

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        self.words.set_plain(str(error))
        self.button.setEnabled(bool(self._annotations))

    @Slot()
    def _on_import(self) -> None:
        uses = {tier: TierUse(box.currentData()) for tier, box in self.boxes.items() if box.currentData() is not None}
        author, given = self._program.settings.person, (self._video, self._file, self._annotations, uses)

        def add(study: Study) -> TimelineAdded:
            return add_timeline(study, *given, author)

        command = Command(self.tr("import of a timeline"), add, _undo, (REMARKS, VIDEOS))
        title = self.tr("Importing {}").format(printable(self._path.name))
        task = self._program.studies.fill(
            lambda study, _token, _report: add(study), title, partial(_imported, self._program, command)
        )
        self.button.setEnabled(False)
        task.then(succeeded=lambda _: self.close(), failed=self._on_failed)


def _imported(program: Program, command: Command, added: TimelineAdded) -> None:
    """Report an import and make it undoable; its page may be closed by now."""
    program.undo.remember(command, added)
    program.studies.changed.emit(frozenset({REMARKS}))
    program.messages.post(Message(added.sentence))


def _undo(study: Study, done: object) -> None:
    assert isinstance(done, TimelineAdded)
    take_back_timeline(study, done)
