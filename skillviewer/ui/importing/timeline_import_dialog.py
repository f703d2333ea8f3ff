"""The dialog in which a timeline of annotations is imported."""

from collections import Counter
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QComboBox, QDialog, QWidget

from skillviewer.core.text import printable
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.exchange.timeline_import import TierUse, TimelineAdded, add_timeline, undo_timeline_import
from skillviewer.data.timelines.timeline_formats import read_timeline
from skillviewer.ui.importing.ratings_import_dialog import MIN_SIZE
from skillviewer.ui.importing.text_table import TextTableView
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import ANNOTATIONS, VIDEOS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.messages import Message, error_text
from skillviewer.ui.widgets.form import Form, offer
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, horizontal, push_button, scroll_area, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px

TIER_USES: tuple[tuple[str | None, str], ...] = (
    (None, "not used"),
    (TierUse.MOMENTS.value, "moments"),
    (TierUse.NOTES.value, "notes"),
    (TierUse.ATTEMPTS.value, "attempts"),
    (TierUse.PHASES.value, "phases (compared among themselves)"),
)


class TimelineImportDialog(QDialog):
    """A dialog, not modal, in which the user chooses how each tier of a timeline is imported.

    Args:
        app_context: Threads and the open study.
        path: The timeline.
        video: Name of the video in the study that the timeline belongs to.
        video_info: Its file.
        parent: Parent widget.
    """

    def __init__(self, app_context: AppContext, path: Path, video: str, video_info: VideoInfo, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._path = path
        self._video = video
        self._video_info = video_info
        self._annotations = TimelineContents().annotations
        self.boxes: dict[str, QComboBox] = {}  # box of the use, by tier
        self.observation_box = QComboBox(self)
        self.observation_box.setAccessibleName("Observation")
        self.observation_box.setVisible(False)
        self.observation_box.activated.connect(self._read)
        self.problems_table = TextTableView("Annotations that are not used", self)
        self.problems_table.setVisible(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Import timeline: {printable(path.name)}")
        self.message_label = WrappingLabel(self)
        area = scroll_area(self, "Tiers")
        self.message_label.set_plain("Reading…")
        self._form = Form(area)
        area.setWidget(self._form)
        self.import_button = push_button("Import", self, self._on_import, primary=True)
        self.import_button.setEnabled(False)
        buttons = add_all(
            horizontal(spacing=8), GrowingSpace(), push_button("Close", self, self.close), self.import_button
        )
        column = vertical(self, margins=(16, 12, 16, 12), spacing=8)
        add_all(
            column,
            self.message_label,
            self.observation_box,
            growing(area, factor=2),
            growing(self.problems_table),
            buttons,
        )
        self.setMinimumSize(MIN_SIZE / 2)
        default_size = QSize(scaled_px(560), scaled_px(420))
        self.resize(default_size.boundedTo(parent.size()))
        self._read()

    def _read(self, *_: object) -> None:
        path = self._path
        file_name = self._video_info.path.name
        observation_name = self.observation_box.currentData()
        observations = (observation_name,) if observation_name else ()
        self.import_button.setEnabled(False)
        task = self._app_context.index_worker.submit(
            lambda _slot, _token, _report: read_timeline(path, file_name, observations)
        )
        task.then(succeeded=self._on_read, failed=self._on_failed)

    def _on_read(self, contents: TimelineContents) -> None:
        self._annotations = contents.annotations
        self._show_observations(contents)
        self._show_tiers(contents)
        sentences = (*contents.warnings, *contents.rejected)
        title = f"Not used, or to be checked ({len(sentences)})"
        self.problems_table.show_rows((title,), [(sentence,) for sentence in sentences])
        self.problems_table.setVisible(bool(sentences))
        video = printable(self._video)
        has_annotations = bool(contents.annotations)
        message = f"Annotations of {video} become:" if has_annotations else f"There is no annotation of {video}."
        self.message_label.set_plain(message)
        self.import_button.setEnabled(has_annotations)

    def _show_observations(self, contents: TimelineContents) -> None:
        if not contents.observations:
            return
        all_of_video = ("", f"Observations of {printable(self._video_info.path.name)}")
        options = [all_of_video, *((name, printable(name)) for name in contents.observations)]
        chosen_observation = self.observation_box.currentData() or ""
        offer(self.observation_box, options, chosen_observation)
        can_change = len(contents.observations) > 1 or not contents.annotations
        self.observation_box.setVisible(can_change)

    def _show_tiers(self, contents: TimelineContents) -> None:
        for box in self.boxes.values():
            self._form.remove(box)
        self.boxes.clear()
        for tier, n in Counter(annotation.tier for annotation in contents.annotations).items():
            box = QComboBox(self._form)
            offer(box, TIER_USES, TierUse.MOMENTS.value)
            self._form.add(f"{printable(tier)} ({n})", box)
            self.boxes[tier] = box

    def _on_failed(self, error: BaseException) -> None:
        self.message_label.set_plain(error_text(error))
        self.import_button.setEnabled(bool(self._annotations))

    def _on_import(self) -> None:
        uses = {tier: TierUse(box.currentData()) for tier, box in self.boxes.items() if box.currentData() is not None}
        add = partial(
            add_timeline,
            name=self._video,
            file=self._video_info,
            annotations=self._annotations,
            uses=uses,
            author=self._app_context.settings.user_name,
        )
        command = Command("import of a timeline", add, undo_timeline_import, (ANNOTATIONS, VIDEOS))
        title = f"Importing {printable(self._path.name)}"
        on_imported = partial(_report_import, self._app_context, command)
        task = self._app_context.studies.add_as_job(lambda study, _token, _report: add(study), title, on_imported)
        self.import_button.setEnabled(False)
        task.then(succeeded=lambda _: self.close(), failed=self._on_failed)


def _report_import(app_context: AppContext, command: Command, added: TimelineAdded) -> None:
    """Report an import and make it undoable; its dialog may be closed already."""
    app_context.undo.remember(command, added)
    app_context.studies.changed.emit(frozenset({ANNOTATIONS}))
    app_context.messages.post(Message(added.sentence))
