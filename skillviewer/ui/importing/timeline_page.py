"""The page on which a timeline of annotations is imported."""

from collections import Counter
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QComboBox, QDialog, QWidget

from skillviewer.core.text import printable
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.exchange.timeline_import import TierUse, TimelineAdded, add_timeline, undo_timeline_import
from skillviewer.data.timelines.timelines import read_timeline
from skillviewer.ui.importing.ratings_page import MIN_SIZE
from skillviewer.ui.importing.text_table import TextTableView
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import ANNOTATIONS, VIDEOS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.messages import Message, error_text
from skillviewer.ui.widgets.form import Form, offer
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, scroll_area, vertical
from skillviewer.ui.widgets.theme import by_text


class TimelinePage(QDialog):
    """A timeline on its way into the study. The dialog is not modal; the video stays the one on screen at the start."""

    def __init__(self, app_context: AppContext, path: Path, video: str, file: VideoInfo, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._path = path
        self._video = video
        self._file = file
        self._annotations = TimelineContents().annotations
        self.boxes: dict[str, QComboBox] = {}
        self.observation = QComboBox(self)
        self.observation.setAccessibleName("Observation")
        self.observation.setVisible(False)
        self.observation.activated.connect(self._read)
        self.reasons = TextTableView("Annotations that are not used", self)
        self.reasons.setVisible(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Import timeline: {printable(path.name)}")
        self.message = WrappingLabel(self)
        area = scroll_area(self, "Tiers")
        self.message.set_plain("Reading…")
        self._form = Form(area)
        area.setWidget(self._form)
        self.button = push_button("Import", self, self._on_import, primary=True)
        self.button.setEnabled(False)
        foot = add_all(horizontal(spacing=8), 1, push_button("Close", self, self.close), self.button)
        add_all(vertical(self, (16, 12, 16, 12), 8), self.message, self.observation, (area, 2), (self.reasons, 1), foot)
        self.setMinimumSize(MIN_SIZE / 2)
        self.resize(QSize(by_text(560), by_text(420)).boundedTo(parent.size()))
        self._read()

    def _read(self, *_: object) -> None:
        path = self._path
        file_name = self._file.path.name
        observation_name = self.observation.currentData()
        observations = (observation_name,) if observation_name else ()
        self.button.setEnabled(False)
        read = self._app_context.index_worker.submit(
            lambda _backend, _token, _report: read_timeline(path, file_name, observations)
        )
        read.then(succeeded=self._on_read, failed=self._on_failed)

    def _on_read(self, contents: TimelineContents) -> None:
        annotations = self._annotations = contents.annotations
        if contents.observations:
            all_of_video = ("", f"Observations of {printable(self._file.path.name)}")
            names = [(name, printable(name)) for name in contents.observations]
            offer(self.observation, [all_of_video, *names], self.observation.currentData() or "")
            self.observation.setVisible(len(names) > 1 or not annotations)
        sentences = (*contents.warnings, *contents.rejected)
        self.reasons.show_rows(
            (f"Not used, or to be checked ({len(sentences)})",), [(sentence,) for sentence in sentences]
        )
        self.reasons.setVisible(bool(sentences))
        for box in self.boxes.values():
            self._form.remove(box)
        self.boxes.clear()
        meanings = ["not used", "moments", "notes", "attempts", "phases (compared among themselves)"]
        values = [None, *(use.value for use in TierUse)]
        for tier, n in Counter(annotation.tier for annotation in annotations).items():
            box = QComboBox(self._form)
            offer(box, list(zip(values, meanings, strict=True)), TierUse.MOMENTS.value)
            self._form.add(f"{printable(tier)} ({n})", box)
            self.boxes[tier] = box
        message = "Annotations of {} become:" if annotations else "There is no annotation of {}."
        self.message.set_plain(message.format(printable(self._video)))
        self.button.setEnabled(bool(annotations))

    def _on_failed(self, error: BaseException) -> None:
        self.message.set_plain(error_text(error))
        self.button.setEnabled(bool(self._annotations))

    def _on_import(self) -> None:
        uses = {tier: TierUse(box.currentData()) for tier, box in self.boxes.items() if box.currentData() is not None}
        video = self._video
        file = self._file
        author = self._app_context.settings.user_name
        add = partial(add_timeline, name=video, file=file, annotations=self._annotations, uses=uses, author=author)
        command = Command("import of a timeline", add, undo_timeline_import, (ANNOTATIONS, VIDEOS))
        title = f"Importing {printable(self._path.name)}"
        on_imported = partial(_annotated, self._app_context, command)
        task = self._app_context.studies.fill(lambda study, _token, _report: add(study), title, on_imported)
        self.button.setEnabled(False)
        task.then(succeeded=lambda _: self.close(), failed=self._on_failed)


def _annotated(app_context: AppContext, command: Command, added: TimelineAdded) -> None:
    """Report an import and make it undoable; its page may be closed by now."""
    app_context.undo.remember(command, added)
    app_context.studies.changed.emit(frozenset({ANNOTATIONS}))
    app_context.messages.post(Message(added.sentence))
