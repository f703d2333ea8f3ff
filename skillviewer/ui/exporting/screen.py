"""Export screen: exporter, videos, models, options, preview and destination of an export, and the queue."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from skillviewer.core.atomic_write import is_one_of, path_exists
from skillviewer.core.errors import ExportError
from skillviewer.core.text import printable
from skillviewer.engine.exporting.study_exporters import StudyExporter
from skillviewer.export.exporters import Exporter
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.exporting.destination import Destination, default_folder
from skillviewer.ui.exporting.export_choices import (
    ExportChoices,
    ExportModel,
    FileSplit,
    make_requests,
    make_sources,
    possible_splits,
)
from skillviewer.ui.exporting.export_messages import (
    describe_obstacle,
    describe_preparation,
    queue_title,
    replace_question,
)
from skillviewer.ui.exporting.export_page import ExportPage
from skillviewer.ui.exporting.export_queue import ExportQueue
from skillviewer.ui.exporting.faces import FacesReview
from skillviewer.ui.exporting.option_form import FormArea, OptionForm
from skillviewer.ui.exporting.preview_loader import PreviewLoader
from skillviewer.ui.exporting.preview_pane import PreviewPane
from skillviewer.ui.exporting.queue_view import QueueView
from skillviewer.ui.exporting.source_form import SourceForm
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.empty_state import NothingOpen
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, horizontal, push_button, vertical, with_accessible_name
from skillviewer.ui.widgets.pages import Pages

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip
    from skillviewer.export.preview import Preview


class ExportScreen(QWidget):
    """Screen for exporting the open videos or the open study to files. Every file is read again and checked."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._is_shown = False
        self._suggestions: dict[str, tuple[str, ...]] = {}  # values to choose from, by field of the options
        self._shown_clip: VideoClip | None = None
        self.queue = ExportQueue(
            app_context.export_worker, app_context.jobs, app_context.study_sync.on_export_event, self
        )
        self.preview_loader = PreviewLoader(app_context.preview_worker, self)
        self.pages = Pages(self)
        empty_text = "Open videos or a study to export clips, figures, tables and reports."
        self.empty_page = NothingOpen(empty_text, actions["open_sample"], self.pages)
        page = ExportPage(self.pages)
        self.exporter_list = page.exporter_list
        form = self._make_form(page)
        self.preview_pane = PreviewPane(page)
        destination_area = self._make_destination_area(page)
        self.queue_view = QueueView(self.queue, page)
        page.set_parts(form, self.preview_pane, destination_area, self.queue_view)
        self.faces_review = FacesReview(app_context, self.pages)
        for screen_page in (self.empty_page, page, self.faces_review):
            self.pages.addWidget(screen_page)
        add_all(vertical(self, margins=NO_MARGINS), self.pages)
        self._connect()
        self.exporter_list.choose("clip")

    def _make_form(self, parent: QWidget) -> FormArea:
        inside = QWidget(parent)
        self.about_label = text_label("", inside, wrap=True, muted=True)
        self.source_form = SourceForm(inside)
        self.option_form = OptionForm(inside)
        self.selection_button = push_button("Use the player's selection", inside, self._take_selection)
        self.frame_button = push_button("Use the frame on screen", inside, self._take_frame)
        self.review_faces_button = push_button("Review faces…", inside, self._on_review_faces)
        column = vertical(inside, margins=(16, 12, 16, 12), spacing=12)
        add_all(column, self.about_label, self.source_form, self.option_form)
        add_all(column, self.selection_button, self.frame_button, self.review_faces_button)
        column.addStretch(1)
        return with_accessible_name(FormArea(inside, parent), "Export options")

    def _make_destination_area(self, parent: QWidget) -> QWidget:
        below = QWidget(parent)
        last_folder = self._app_context.settings.export_folder
        folder = Path(last_folder) if last_folder else default_folder()
        self.destination = Destination(folder, below)
        self.message_label = text_label("", below, wrap=True, plain=True, muted=True)
        self.export_button = push_button("Export", below, primary=True)
        row = horizontal(spacing=12)
        row.addWidget(self.message_label, stretch=1)
        row.addWidget(self.export_button, alignment=Qt.AlignmentFlag.AlignTop)
        column = vertical(below, margins=(16, 12, 16, 12), spacing=8)
        add_all(column, self.destination, row)
        return below

    def _connect(self) -> None:
        app_context = self._app_context
        self.exporter_list.chosen.connect(self._on_exporter)
        self.source_form.changed.connect(self._on_change)
        self.option_form.changed.connect(self._on_change)
        self.destination.changed.connect(self._show_message)
        self.destination.browse_asked.connect(self._actions["export_browse"].trigger)
        self.export_button.clicked.connect(self._actions["export_now"].trigger)
        self.faces_review.back_button.clicked.connect(self._on_back)
        self.preview_loader.arrived.connect(self._on_preview)
        self.preview_loader.failed.connect(lambda text: self.preview_pane.show_message(printable(text)))
        for signal in (
            app_context.videos.added,
            app_context.videos.changed,
            app_context.videos.removed,
            app_context.videos.cleared,
        ):
            signal.connect(self._on_videos)
        app_context.state.current_changed.connect(self._on_videos)
        app_context.state.model_changed.connect(self._on_models)
        app_context.models.entries_changed.connect(self._on_models)
        app_context.studies.opened.connect(self._on_videos)
        app_context.studies.closed.connect(self._on_videos)
        app_context.playback.marks_changed.connect(self._on_marks)

    # changes elsewhere

    def on_shown(self) -> None:
        self._is_shown = True
        self._on_models()
        self._on_exporter(self.exporter_list.exporter)
        self._on_marks()

    def on_hidden(self) -> None:
        self._is_shown = False
        self.preview_loader.cancel()

    def _on_videos(self, *_: object) -> None:
        if not self._is_shown:
            return
        app_context = self._app_context
        candidates = [entry for entry in app_context.videos if entry.state.has_picture]
        previous_videos = self.source_form.chosen_videos
        if app_context.state.current_clip != self._shown_clip:  # start and stop belong to one video
            self._shown_clip = app_context.state.current_clip
            if self.option_form.has_fields("start", "stop"):
                self.option_form.set_values(start=0, stop=None)
        self.source_form.set_videos(candidates, app_context.state.current_clip)
        has_sources = bool(candidates) or app_context.studies.current_study is not None
        if not has_sources:
            self.pages.setCurrentIndex(0)
        elif self.pages.currentWidget() is not self.faces_review:
            self.pages.setCurrentIndex(1)
        splits = possible_splits(self.exporter_list.exporter, len(candidates))
        if self.source_form.split_box.count() != len(splits):
            self.source_form.set_splits(splits)
        if self.source_form.chosen_videos != previous_videos:
            self._on_change()
        else:
            self._show_message()

    def _on_models(self, *_: object) -> None:
        if not self._is_shown:
            return
        loaded = self._app_context.state.model
        models = []
        for entry in self._app_context.models.entries:
            if loaded is not None and entry.folder == loaded.folder:
                models.append(ExportModel(entry.name, entry.folder, loaded.digest, is_loaded=True))
            else:
                models.append(ExportModel(entry.name, entry.folder))
        if loaded is not None and not any(model.is_loaded for model in models):
            models.insert(0, ExportModel(loaded.name, loaded.folder, loaded.digest, is_loaded=True))
        self.source_form.set_models(models)
        self._on_videos()
        self._on_change()

    def _on_marks(self, *_: object) -> None:
        has_selection = self._app_context.playback.marks != (None, None)
        self.selection_button.setVisible(has_selection and self.option_form.has_fields("start", "stop"))
        self.frame_button.setVisible(self.option_form.has_fields("frame"))

    # choices

    def _on_exporter(self, exporter: Exporter | StudyExporter) -> None:
        suggestions = self._values_in_study() if isinstance(exporter, StudyExporter) else {}
        has_same_options = exporter.options == self.option_form.options_class and suggestions == self._suggestions
        if not has_same_options or not self.option_form.isVisibleTo(self):
            self._suggestions = suggestions
            self.option_form.show_options(exporter.options, self._app_context.state.map_style, suggestions)
        self.option_form.setVisible(exporter.options is not None)
        self.about_label.setText(exporter.about)
        self.source_form.set_splits(possible_splits(exporter, len(self._app_context.videos)))
        self.destination.set_suffixes(exporter.suffixes)
        self._on_marks()
        if self.option_form.has_fields("frame"):
            self._take_frame()
        self._on_videos()
        self._on_change()

    def _values_in_study(self) -> dict[str, tuple[str, ...]]:
        """Return the suggested values of each field of the options; they are those that the open study has."""
        entries = list(self._app_context.videos)
        study = self._app_context.studies.current_study
        tasks = {entry.task for entry in entries if entry.task}
        participants = {entry.participant for entry in entries if entry.participant}
        occasions = tuple(sorted({entry.occasion for entry in entries if entry.occasion}))
        criteria = study.criteria if study is not None else ()
        return {
            "task": tuple(sorted(tasks)),
            "model": tuple(dict.fromkeys(entry.name for entry in self._app_context.models.entries)),
            "participant": tuple(sorted(participants)),
            "criterion": criteria,
            "before": occasions,
            "after": occasions,
        }

    def _on_review_faces(self) -> None:
        paths = self._paths_to_blur()
        if paths:
            self.faces_review.show_videos(paths)
            self.pages.setCurrentWidget(self.faces_review)

    def _paths_to_blur(self) -> list[Path]:
        """Return the files whose faces an export would blur: the chosen videos, or all videos of the study."""
        if isinstance(self.exporter_list.exporter, StudyExporter):
            files = [entry.path for entry in self._app_context.videos if entry.state.has_picture]
        else:
            files = [video.clip.path for video in self.source_form.chosen_videos]
        return list(dict.fromkeys(files))  # videos that are ranges of one file share its faces

    def _on_back(self) -> None:
        self.faces_review.open(None)
        self.pages.setCurrentIndex(1)
        self._preview()

    def _take_selection(self) -> None:
        low, high = self._app_context.playback.marks
        start = low if low is not None else 0
        stop = high + 1 if high is not None else None
        self.option_form.set_values(start=start, stop=stop)

    def _take_frame(self) -> None:
        if self._app_context.playback.video is not None:
            self.option_form.set_values(frame=self._app_context.playback.frame)

    def _on_change(self, *_: object) -> None:
        is_of_study = isinstance(self.exporter_list.exporter, StudyExporter)
        into_folder = not is_of_study and self.source_form.chosen_split is FileSplit.EACH
        self.destination.propose(self._propose_stem(), into_folder=into_folder)
        blur_box = self.option_form.field("blur_faces")
        self.review_faces_button.setVisible(isinstance(blur_box, QCheckBox) and blur_box.isChecked())
        self.review_faces_button.setEnabled(bool(self._paths_to_blur()))
        self._show_message()
        self._preview()

    def _propose_stem(self) -> str:
        """Return a file name without suffix: the name of the video or the study, and the exporter."""
        exporter = self.exporter_list.exporter
        study = self._app_context.studies.current_study
        videos = self.source_form.chosen_videos
        if len(videos) == 1 and not isinstance(exporter, StudyExporter):
            name = videos[0].name
        elif study is not None and not study.draft:
            name = study.title
        else:
            name = "videos"
        return name if exporter.name in {"clip", "study"} else f"{name} {exporter.name}"

    @property
    def choices(self) -> ExportChoices:
        """The present choices; raises an ExportError if a field is invalid."""
        study = self._app_context.studies.current_study
        study_path = study.path if study is not None else None
        return ExportChoices(
            exporter=self.exporter_list.exporter,
            split=self.source_form.chosen_split,
            videos=self.source_form.chosen_videos,
            models=self.source_form.chosen_models,
            options=self.option_form.options(),
            path=self.destination.path,
            suffix=self.destination.suffix,
            study=study_path,
        )

    def _describe_obstacle(self) -> str:
        try:
            return describe_obstacle(self.choices)
        except ExportError as error:
            return str(error)

    def _show_message(self) -> None:
        obstacle = self._describe_obstacle()
        message = obstacle or describe_preparation(self.choices)
        self.export_button.setEnabled(not obstacle)
        self.message_label.setText(printable(message))

    # preview

    def _preview(self) -> None:
        if not self._is_shown:
            return
        exporter = self.exporter_list.exporter
        self.preview_loader.cancel()
        if exporter.preview is None:
            self.preview_pane.show_message("There is no preview of this export.")
            return
        try:
            choices = self.choices
        except ExportError as error:
            self.preview_pane.show_message(str(error))
            return
        if isinstance(exporter, StudyExporter):
            study = choices.study
            if study is None:
                self.preview_pane.show_message(self._describe_obstacle())
            else:
                self.preview_loader.request(lambda service: service.preview_study(exporter, study, choices.options))
            return
        if not choices.videos or not choices.models:
            self.preview_pane.show_message(self._describe_obstacle())
            return
        videos = choices.videos[:1] if choices.split is FileSplit.EACH else choices.videos
        sources = make_sources(videos, choices.models, choices.study)
        self.preview_loader.request(lambda service: service.preview(exporter, sources, choices.options))

    def _on_preview(self, preview: "Preview | None") -> None:
        if preview is not None:
            self.preview_pane.show_preview(preview)
        else:
            self.preview_pane.show_message("The preview appears once the video is assessed.")

    # write

    def handlers(self, dialogs: Dialogs) -> Handlers:
        """Return the handlers of the actions; ``dialogs`` ask for paths.

        From other screens, “export_now” only opens this screen.
        """
        run = {
            "export_now": lambda: self.start(dialogs),
            "export_browse": lambda: self.browse(dialogs),
            "export_split": self.prepare_side_by_side_clip,
        }
        return Handlers(run, only_show_screen=frozenset({"export_now"}))

    def prepare_side_by_side_clip(self) -> None:
        """Set up a clip of this video next to its reference video: of the player's selection, or of the whole video."""
        app_context = self._app_context
        reference = app_context.reference_loader.clip
        current = app_context.state.current_clip
        if reference is None or current is None:
            app_context.messages.note("There is no better video to show next to this one.")
            return
        self.exporter_list.choose("clip")
        self.source_form.choose([current, reference])
        selection = app_context.playback.selection
        start = selection.start if selection is not None else 0
        stop = selection.stop if selection is not None else None
        self.option_form.set_values(align=True, start=start, stop=stop)

    def browse(self, dialogs: Dialogs) -> None:
        """Ask for the destination in a dialog."""
        if self.destination.into_folder:
            path = dialogs.folder(self, "Folder for the files")
        else:
            suffixes = self.exporter_list.exporter.suffixes
            file_types = ";;".join(f"{suffix.lstrip('.').upper()} (*{suffix})" for suffix in suffixes)
            path = dialogs.save(self, "Destination of the export", file_types, str(self.destination.path))
        if path is not None:
            self.destination.choose(path)

    def start(self, dialogs: Dialogs) -> None:
        """Write the chosen export; ask before replacing a file."""
        self.option_form.commit()
        obstacle = self._describe_obstacle()
        if obstacle:
            self._app_context.messages.note(obstacle)
            return
        requests = make_requests(self.choices)
        pending = self.queue.pending_paths & {request.path for request in requests}
        if pending:
            self._app_context.messages.note(f"{min(pending).name} is being written already.")
            return
        existing = [request.path for request in requests if path_exists(request.path)]
        videos = [entry.path for entry in self._app_context.videos]
        original = next((path for path in existing if is_one_of(path, videos)), None)
        if original is not None:
            self._app_context.messages.note(
                f"{printable(original.name)} is a source video, which is never replaced. Choose another name or folder."
            )
            return
        if existing and not dialogs.confirm(self, replace_question(existing), "Replace"):
            return
        self._app_context.settings.export_folder = str(self.destination.folder)
        confirmed = [replace(request, overwrite=request.path in existing) for request in requests]
        self.queue.add(queue_title(requests), confirmed)
