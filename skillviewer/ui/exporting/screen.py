"""The Export screen: kind, videos, models, options, preview and destination of an export, and the queue."""

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
from skillviewer.ui.exporting.destination import Destination, first_folder
from skillviewer.ui.exporting.export_choices import ExportChoices, ExportModel, FileSplit, requests, sources, spreads_of
from skillviewer.ui.exporting.export_messages import question, refusal, title, warning
from skillviewer.ui.exporting.export_queue import ExportQueue
from skillviewer.ui.exporting.exporter_list import ExporterList
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
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, push_button, vertical, with_accessible_name
from skillviewer.ui.widgets.pages import Pages

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip
    from skillviewer.export.preview import Preview


class ExportScreen(QWidget):
    """Export of the session's videos or study to files, each read back after writing."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._was_shown = False
        self._offered: dict[str, tuple[str, ...]] = {}  # values that the fields of the options offer
        self._current: VideoClip | None = None
        self.queue = ExportQueue(app_context.exports, app_context.jobs, app_context.study_list.learn, self)
        self.previews = PreviewLoader(app_context.export_previews, self)
        self.pages = Pages(self)
        empty_text = "Open videos or a study to export clips, figures, tables and reports."
        self.empty = NothingOpen(empty_text, actions["open_sample"], self.pages)
        page = QWidget(self.pages)
        self.kinds = ExporterList(page)
        add_all(horizontal(page, NONE, 0), self.kinds, self._make_form(page), (self._make_right(page), 1))
        self.faces = FacesReview(app_context, self.pages)
        for screen_page in (self.empty, page, self.faces):
            self.pages.addWidget(screen_page)
        add_all(vertical(self, NONE), self.pages)
        self._connect()
        self.kinds.choose("clip")

    def _make_form(self, parent: QWidget) -> QWidget:
        inside = QWidget(parent)
        self.about = text_label("", inside, wrap=True, muted=True)
        self.source_form = SourceForm(inside)
        self.options = OptionForm(inside)
        self.selection = push_button("Use the player's selection", inside, self._take_selection)
        self.at_cursor = push_button("Use the frame on screen", inside, self._take_frame)
        self.review_faces = push_button("Review faces…", inside, self._on_review_faces)
        buttons = (self.selection, self.at_cursor, self.review_faces)
        add_all(vertical(inside, (16, 12, 16, 12), 12), self.about, self.source_form, self.options, *buttons, 1)
        return with_accessible_name(FormArea(inside, parent), "Export options")

    def _make_right(self, parent: QWidget) -> QWidget:
        right = QWidget(parent)
        self.pane = PreviewPane(right)
        folder = self._app_context.settings.export_folder
        self.destination = Destination(Path(folder) if folder else first_folder(), right)
        self.message = text_label("", right, wrap=True, plain=True, muted=True)
        self.button = push_button("Export", right, primary=True)
        line = add_all(horizontal(spacing=12), (self.message, 1), (self.button, 0, Qt.AlignmentFlag.AlignTop))
        below = add_all(vertical(margins=(16, 12, 16, 12), spacing=8), self.destination, line)
        self.list = QueueView(self.queue, right)
        frame = add_all(vertical(margins=(16, 0, 8, 8)), self.list)
        add_all(vertical(right, NONE, 0), (self.pane, 3), below, (frame, 2))
        return right

    def _connect(self) -> None:
        app_context = self._app_context
        self.kinds.chosen.connect(self._on_kind)
        self.source_form.changed.connect(self._on_change)
        self.options.changed.connect(self._on_change)
        self.destination.changed.connect(self._show_message)
        self.destination.browse_asked.connect(self._actions["export_browse"].trigger)
        self.button.clicked.connect(self._actions["export_now"].trigger)
        self.faces.back.clicked.connect(self._on_back)
        self.previews.arrived.connect(self._on_preview)
        self.previews.failed.connect(lambda text: self.pane.show_message(printable(text)))
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
        self._was_shown = True
        self._on_models()
        self._on_kind(self.kinds.exporter)
        self._on_marks()

    def on_hidden(self) -> None:
        self._was_shown = False
        self.previews.drop()

    def _on_videos(self, *_: object) -> None:
        if not self._was_shown:
            return
        app_context = self._app_context
        candidates = [entry for entry in app_context.videos if entry.state.has_picture]
        before = self.source_form.chosen_videos
        if app_context.state.current != self._current:  # a selection belongs to one video
            self._current = app_context.state.current
            if self.options.has("start", "stop"):
                self.options.set_values(start=0, stop=None)
        self.source_form.set_videos(candidates, app_context.state.current)
        has_sources = bool(candidates) or app_context.studies.current is not None
        if self.pages.currentWidget() is not self.faces or not has_sources:
            self.pages.setCurrentIndex(1 if has_sources else 0)
        spreads = spreads_of(self.kinds.exporter, len(candidates))
        if self.source_form.spread.count() != len(spreads):
            self.source_form.offer(spreads)
        if self.source_form.chosen_videos != before:
            self._on_change()
        else:
            self._show_message()

    def _on_models(self, *_: object) -> None:
        if not self._was_shown:
            return
        loaded = self._app_context.state.model
        loaded_folder = loaded.folder if loaded is not None else None
        models = [
            ExportModel(
                e.name,
                e.folder,
                loaded.digest if loaded is not None and e.folder == loaded_folder else "",
                e.folder == loaded_folder,
            )
            for e in self._app_context.models.entries
        ]
        if loaded is not None and loaded_folder not in [m.folder for m in models]:
            models.insert(0, ExportModel(loaded.name, loaded.folder, loaded.digest, loaded=True))
        self.source_form.set_models(models)
        self._on_videos()
        self._on_change()

    def _on_marks(self, *_: object) -> None:
        low, high = self._app_context.playback.marks
        self.selection.setVisible(self.options.has("start", "stop") and (low is not None or high is not None))
        self.at_cursor.setVisible(self.options.has("frame"))

    # choices

    def _on_kind(self, exporter: Exporter | StudyExporter) -> None:
        suggestions = self._known_values() if isinstance(exporter, StudyExporter) else {}
        if (exporter.options, suggestions) != (self.options.kind, self._offered) or not self.options.isVisibleTo(self):
            self._offered = suggestions
            self.options.show_options(exporter.options, self._app_context.state.map_style, suggestions)
        self.options.setVisible(exporter.options is not None)
        self.about.setText(exporter.about)
        self.source_form.offer(spreads_of(exporter, len(self._app_context.videos)))
        self.destination.offer(exporter.suffixes)
        self._on_marks()
        if self.options.has("frame"):
            self._take_frame()
        self._on_videos()
        self._on_change()

    def _known_values(self) -> dict[str, tuple[str, ...]]:
        """Return the values in the open study of fields that would be texts."""
        entries = list(self._app_context.videos)
        study = self._app_context.studies.current
        occasions = tuple(sorted({entry.occasion for entry in entries} - {""}))
        return {
            "task": tuple(sorted({entry.task for entry in entries} - {""})),
            "model": tuple(dict.fromkeys(entry.name for entry in self._app_context.models.entries)),
            "participant": tuple(sorted({entry.participant or "" for entry in entries} - {""})),
            "criterion": study.criteria if study is not None else (),
            "before": occasions,
            "after": occasions,
        }

    def _on_review_faces(self) -> None:
        paths = self._blurred_videos()
        if paths:
            self.faces.show_videos(paths)
            self.pages.setCurrentWidget(self.faces)

    def _blurred_videos(self) -> list[Path]:
        """Return the files whose faces are blurred: the chosen ones, or all of the study."""
        if isinstance(self.kinds.exporter, StudyExporter):
            files = [entry.path for entry in self._app_context.videos if entry.state.has_picture]
        else:
            files = [video.clip.path for video in self.source_form.chosen_videos]
        return list(dict.fromkeys(files))  # parts of one file share its faces

    def _on_back(self) -> None:
        self.faces.open(None)
        self.pages.setCurrentIndex(1)
        self._preview()

    def _take_selection(self) -> None:
        low, high = self._app_context.playback.marks
        self.options.set_values(start=low or 0, stop=None if high is None else high + 1)

    def _take_frame(self) -> None:
        if self._app_context.playback.video is not None:
            self.options.set_values(frame=self._app_context.playback.frame)

    def _on_change(self, *_: object) -> None:
        exporter, spread = self.kinds.exporter, self.source_form.chosen_spread
        whole = isinstance(exporter, StudyExporter)
        self.destination.propose(self._stem(), into_folder=not whole and spread is FileSplit.EACH)
        blurs = self.options.field("blur_faces")
        self.review_faces.setVisible(isinstance(blurs, QCheckBox) and blurs.isChecked())
        self.review_faces.setEnabled(bool(self._blurred_videos()))
        self._show_message()
        self._preview()

    def _stem(self) -> str:
        exporter = self.kinds.exporter
        study = self._app_context.studies.current
        videos = self.source_form.chosen_videos
        if isinstance(exporter, StudyExporter) or len(videos) != 1:
            name = study.title if study is not None and not study.draft else "videos"
        else:
            name = videos[0].name
        return name if exporter.name in {"clip", "study"} else f"{name} {exporter.name}"

    @property
    def choices(self) -> ExportChoices:
        """The present choices; ExportError where a field cannot be read."""
        study = self._app_context.studies.current
        return ExportChoices(
            exporter=self.kinds.exporter,
            spread=self.source_form.chosen_spread,
            videos=self.source_form.chosen_videos,
            models=self.source_form.chosen_models,
            options=self.options.options(),
            path=self.destination.path,
            suffix=self.destination.suffix,
            study=study.path if study is not None else None,
        )

    def _refusal(self) -> str:
        try:
            return refusal(self.choices)
        except ExportError as error:
            return str(error)

    def _show_message(self) -> None:
        why_not = self._refusal()
        self.button.setEnabled(not why_not)
        self.message.setText(printable(why_not or warning(self.choices)))

    # preview

    def _preview(self) -> None:
        if not self._was_shown:
            return
        exporter = self.kinds.exporter
        self.previews.drop()
        if exporter.preview is None:
            self.pane.show_message("There is no preview of this export.")
            return
        try:
            choices = self.choices
        except ExportError as error:
            self.pane.show_message(str(error))
            return
        if isinstance(exporter, StudyExporter) and choices.study is not None:
            study = choices.study
            self.previews.ask(lambda service: service.preview_study(exporter, study, choices.options))
            return
        if isinstance(exporter, StudyExporter) or not choices.videos or not choices.models:
            self.pane.show_message(self._refusal())
            return
        videos = choices.videos[:1] if choices.spread is FileSplit.EACH else choices.videos
        preview_sources = sources(videos, choices.models, choices.study)
        self.previews.ask(lambda service: service.preview(exporter, preview_sources, choices.options))

    def _on_preview(self, preview: "Preview | None") -> None:
        if preview is not None:
            self.pane.show_preview(preview)
        else:
            self.pane.show_message("The preview appears once the video is assessed.")

    # write

    def handlers(self, dialogs: Dialogs) -> Handlers:
        """Return the handlers of exports; dialogs ask for paths. From other screens the first only opens this one."""
        run = {
            "export_now": lambda: self.start(dialogs),
            "export_browse": lambda: self.browse(dialogs),
            "export_split": self.choose_split,
        }
        return Handlers(run, arrive=frozenset({"export_now"}))

    def choose_split(self) -> None:
        """Choose a clip of the video on screen and its reference, aligned in time, of the player's selection if any."""
        app_context = self._app_context
        other, current = app_context.reference.clip, app_context.state.current
        if other is None or current is None:
            app_context.messages.note("There is no better video to show next to this one.")
            return
        self.kinds.choose("clip")
        self.source_form.choose([current, other])
        selection = app_context.playback.selection
        start, stop = (0, None) if selection is None else (selection.start, selection.stop)
        self.options.set_values(align=True, start=start, stop=stop)

    def browse(self, dialogs: Dialogs) -> None:
        if self.destination.into_folder:
            path = dialogs.folder(self, "Folder for the files")
        else:
            kinds = ";;".join(f"{s.lstrip('.').upper()} (*{s})" for s in self.kinds.exporter.suffixes)
            path = dialogs.save(self, "Destination of the export", kinds, str(self.destination.path))
        if path is not None:
            self.destination.choose(path)

    def start(self, dialogs: Dialogs) -> None:
        """Write the chosen export; ask before replacing a file."""
        self.options.commit()
        why_not = self._refusal()
        if why_not:
            self._app_context.messages.note(why_not)
            return
        choices = self.choices
        export_requests = requests(choices)
        pending = self.queue.pending & {request.path for request in export_requests}
        if pending:
            self._app_context.messages.note(f"{min(pending).name} is being written already.")
            return
        existing = [request.path for request in export_requests if path_exists(request.path)]
        videos = [entry.path for entry in self._app_context.videos]
        original = next((path for path in existing if is_one_of(path, videos)), None)
        if original is not None:
            message = "{} is a source video, which is never replaced. Choose another name or folder."
            self._app_context.messages.note(message.format(printable(original.name)))
            return
        if existing and not dialogs.confirm(self, question(existing), "Replace"):
            return
        self._app_context.settings.export_folder = str(self.destination.folder)
        self.queue.add(
            title(export_requests), [replace(o, overwrite=True) if o.path in existing else o for o in export_requests]
        )
