"""Saving of the figure and the tables of a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.paths import safe_name
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.study_log import LoggedExport
from skillviewer.engine.exporting.export_results import ExportedFile
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
from skillviewer.ui.comparing.agreement_loader import AgreementLoader
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.backend import Exports
from skillviewer.ui.widgets.dialogs import Dialogs


class ComparisonSaver(QObject):
    """Asks for paths, and makes the export service write files in its worker thread."""

    saved = Signal(object)  # path of a written file

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._parent = parent

    def table(self, dialogs: Dialogs, rows: tuple[ComparedModel, ...]) -> None:
        """Ask for a path, and write the numbers of every two models at every frame."""
        sources = _sources(rows)
        path = self._path_for(dialogs, sources, title="Save the numbers", filters="Tables (*.csv)", suffixes=(".csv",))
        if path is not None:
            self._write("comparison-frames", sources, path, warnings=_missing_warnings(rows))

    def figure(
        self,
        dialogs: Dialogs,
        rows: tuple[ComparedModel, ...],
        map_style: MapStyle,
        difference: tuple[str, str] | None,
        *,
        blur_faces: bool,
    ) -> None:
        """Ask for a path, and write a figure of the panes at the frame on screen.

        Args:
            dialogs: Asks for the path.
            rows: The compared models.
            map_style: Map style of the panes.
            difference: Keys of the two models whose difference is shown, or None.
            blur_faces: Whether faces are blurred. They are searched for first if they are not known.
        """
        sources = _sources(rows)
        filters = "Pictures (*.png);;PDF (*.pdf);;SVG (*.svg)"
        # The title confirms the choice, which was made in another menu.
        title = "Save the panes, faces blurred" if blur_faces else "Save the panes"
        path = self._path_for(dialogs, sources, title, filters, suffixes=(".png", ".pdf", ".svg"))
        if path is None:
            return
        keys = [row.key for row in rows if row.complete_analysis is not None]
        subtracted: tuple[int, ...] = ()  # indices of the two models
        if difference is not None and set(difference) <= set(keys):
            subtracted = tuple(keys.index(key) for key in difference)
        figure_options = {
            "frame": self._app_context.playback.frame,
            "look": map_style,
            "less": subtracted,
            "blur_faces": blur_faces,
        }
        self._write("compared", sources, path, options=figure_options, warnings=_missing_warnings(rows))

    def agreement(self, dialogs: Dialogs, models: ModelSet, agreement_loader: AgreementLoader, *, ranks: bool) -> None:
        """Ask for a path, and write the agreement of every two models over the study, or the ranks of every video."""
        agreement = agreement_loader.agreement
        if agreement is None:
            self._app_context.messages.note(
                "There are no results on the study yet. Assess its videos with at least two models first."
            )
            return
        if ranks:
            title = "Save the ranks of the videos"
            stem = "ranks of the videos"
            exporter_name = "model-ranks"
        else:
            title = "Save the agreement of the models"
            stem = "agreement of models"
            exporter_name = "model-agreement"
        path = self._ask_path(dialogs, title, filters="Tables (*.csv)", stem=stem, suffixes=(".csv",))
        if path is None:
            return
        analyses = models.results.analyses_by_name(agreement.keys, agreement_loader.names)
        sources = []
        for key in agreement.keys:
            model_name = models.row(key).name
            for video_name, analysis in analyses[key].items():
                sources.append(replace(_source(analysis, model_name), video_name=video_name))
        self._write(exporter_name, sources, path)

    def _path_for(
        self, dialogs: Dialogs, sources: Sequence[ExportSource], title: str, filters: str, suffixes: tuple[str, ...]
    ) -> Path | None:
        """Ask for the path of a file about the video on screen, if two models have assessed the video."""
        if len(sources) < 2:
            self._app_context.messages.note("A comparison needs two models that have assessed this video.")
            return None
        clip = sources[0].clip
        entry = self._app_context.videos.get(clip)
        stem = safe_name(entry.name) if entry is not None else clip.path.stem
        return self._ask_path(dialogs, title, filters, stem=f"{stem} compared", suffixes=suffixes)

    def _ask_path(
        self, dialogs: Dialogs, title: str, filters: str, stem: str, suffixes: tuple[str, ...]
    ) -> Path | None:
        """Ask for a path. If the suffix is added after the dialog, also ask before a file is replaced."""
        path = dialogs.save(self._parent, title, filters, f"{stem}{suffixes[0]}")
        if path is None or path.suffix.lower() in suffixes:
            return path
        path = path.with_name(path.name + suffixes[0])
        question = f"{path.name} exists already. Replace it?"
        if path.exists() and not dialogs.confirm(self._parent, question, "Replace"):
            return None
        return path

    def _write(
        self,
        name: str,
        sources: Sequence[ExportSource],
        path: Path,
        *,
        options: Mapping[str, object] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Write an export by the name of its exporter. An existing file is replaced, as the user has confirmed."""

        def write(service: Exports, token: CancelToken, report: Report) -> ExportedFile:
            from skillviewer.export.exporters import exporter  # late: imports PyAV and OpenCV

            chosen_exporter = exporter(name)
            export_options = None
            if chosen_exporter.options is not None and options is not None:
                export_options = chosen_exporter.options(**options)
            request = ExportRequest(chosen_exporter, tuple(sources), path, export_options, overwrite=True)
            exported = service.write(request, token, report)
            return replace(exported, warnings=(*warnings, *exported.warnings))

        task = self._app_context.preview_worker.submit(write)
        task.then(succeeded=self._on_saved, failed=self._app_context.messages.fail)
        self._app_context.jobs.follow("Saving the comparison", task)

    def _on_saved(self, exported: ExportedFile) -> None:
        self._app_context.messages.note(" ".join((f"Saved: {exported.path}", *exported.warnings)))
        self.saved.emit(exported.path)
        study = self._app_context.studies.current_study
        if study is not None:
            logged = LoggedExport(study.path, exported.path.name, "comparison of models")
            self._app_context.study_sync.log_export(logged)


def _source(analysis: Analysis, name: str) -> ExportSource:
    return ExportSource(analysis.video.path, name, clip_range=analysis.clip_range, analysis=analysis, model_name=name)


def _sources(rows: Sequence[ComparedModel]) -> list[ExportSource]:
    """Return the models that have assessed the video on screen, as sources of an export."""
    return [_source(row.complete_analysis, row.name) for row in rows if row.complete_analysis is not None]


def _missing_warnings(rows: Sequence[ComparedModel]) -> tuple[str, ...]:
    """Return a warning about models that have not assessed the video, if there are any."""
    names = [row.name for row in rows if row.complete_analysis is None and not row.is_uniform]
    return (f"Without {', '.join(names)}: not assessed.",) if names else ()
