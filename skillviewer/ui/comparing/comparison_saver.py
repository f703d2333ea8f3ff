"""Saves the figure and the tables of a comparison."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.scene import MapStyle
from skillviewer.core.paths import safe_name
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.study_log import LoggedExport
from skillviewer.ui.comparing.agreement_loader import AgreementLoader
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.dialogs import Dialogs

Work = Callable[[CancelToken, Report], tuple[Path, tuple[str, ...]]]
"""(cancel token, progress report) -> (path of the file, warnings for the user)."""


class ComparisonSaver(QObject):
    """Writes files in a worker thread and reports their paths."""

    saved = Signal(object)  # path of a file that was written

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context, self._over = app_context, parent

    def table(self, dialogs: Dialogs, rows: tuple[ComparedModel, ...]) -> None:
        analyses = [row.whole for row in rows if row.whole is not None]
        path = self._asked(dialogs, analyses, "Save the numbers", "Tables (*.csv)", (".csv",))
        if path is not None:
            without = self._left_out(rows)

            def work(_token: CancelToken, _report: Report) -> tuple[Path, tuple[str, ...]]:
                from skillviewer.export.figures.comparison import export_frames_compared

                # the dialog has already asked before replacing
                return export_frames_compared(analyses, path, overwrite=True), without

            self._write(work)

    def figure(
        self,
        dialogs: Dialogs,
        rows: tuple[ComparedModel, ...],
        map_style: MapStyle,
        less: tuple[str, str] | None,
        *,
        blur_faces: bool,
    ) -> None:
        """Ask for a path, and write the panes at the frame on screen, in the ``map_style`` and the scale of the screen.

        ``less`` names the two models whose difference is shown. Faces saved with the video are blurred where
        ``blur_faces``; they are searched first where none are saved.
        """
        whole = [(row, row.whole) for row in rows if row.whole is not None]
        analyses = [analysis for _, analysis in whole if analysis is not None]
        kinds = "Pictures (*.png);;PDF (*.pdf);;SVG (*.svg)"
        # the title repeats the choice, which was made in another menu
        title = "Save the panes, faces blurred" if blur_faces else "Save the panes"
        path = self._asked(dialogs, analyses, title, kinds, (".png", ".pdf", ".svg"))
        if path is None:
            return
        without = self._left_out(rows)
        keys = [row.key for row, _ in whole]
        pair = (keys.index(less[0]), keys.index(less[1])) if less is not None and set(less) <= set(keys) else None
        frame, titles = self._app_context.playback.frame, [row.name for row, _ in whole]

        def work(token: CancelToken, report: Report) -> tuple[Path, tuple[str, ...]]:
            from skillviewer.engine.exporting.service import with_saved_faces
            from skillviewer.export.analysed_video import AnalysedVideo
            from skillviewer.export.figures.comparison import ComparedOptions, export_compared
            from skillviewer.export.pictures.blurring import blur_warnings

            videos = [AnalysedVideo(analysis, title) for analysis, title in zip(analyses, titles, strict=True)]
            if blur_faces:
                videos = with_saved_faces(videos, token, report)
            options = ComparedOptions(frame, map_style, pair, blur_faces=blur_faces)
            made = export_compared(videos, path, options, overwrite=True, token=token, report=report)
            return made, (*without, *blur_warnings(videos))

        self._write(work, searches=blur_faces)

    def agreement(self, dialogs: Dialogs, models: ModelSet, studying: AgreementLoader, *, ranks: bool) -> None:
        """Ask for a path, and write the agreement over the study: a row per pair of models, or per video and model."""
        found = studying.agreement
        if found is None:
            self._app_context.messages.note(
                "There are no results on the study yet. Assess its videos with at least two models first."
            )
            return
        title = "Save the ranks of the videos" if ranks else "Save the agreement of the models"
        stem = "ranks of the videos" if ranks else "agreement of models"
        path = self._named(dialogs, title, "Tables (*.csv)", stem, (".csv",))
        if path is None:
            return
        names = [models.row(key).name for key in found.keys]
        known = models.results.over(found.keys, studying.names)
        scores = [{name: analysis.score for name, analysis in known[key].items()} for key in found.keys]

        def work(_token: CancelToken, _report: Report) -> tuple[Path, tuple[str, ...]]:
            from skillviewer.export.tables.tables import agreement_rows, export_agreement, rank_rows

            if ranks:
                return export_agreement(rank_rows(found.disagreements, names, scores), path, overwrite=True), ()
            return export_agreement(agreement_rows(found.matrix, names), path, overwrite=True), ()

        self._write(work)

    def _left_out(self, rows: tuple[ComparedModel, ...]) -> tuple[str, ...]:
        """Return a sentence on models on screen that are not in the file, if any."""
        names = [row.name for row in rows if row.whole is None and not row.is_uniform]
        return ("Without {}: not assessed.".format(", ".join(names)),) if names else ()

    def _named(self, dialogs: Dialogs, title: str, kinds: str, stem: str, suffixes: tuple[str, ...]) -> Path | None:
        """Ask for a path; also ask before replacing a file where the suffix was added after the dialog."""
        path = dialogs.save(self._over, title, kinds, f"{stem}{suffixes[0]}")
        if path is None or path.suffix.lower() in suffixes:
            return path
        path = path.with_name(path.name + suffixes[0])
        question = f"{path.name} exists already. Replace it?"
        if path.exists() and not dialogs.confirm(self._over, question, "Replace"):
            return None
        return path

    def _asked(
        self, dialogs: Dialogs, analyses: list[Analysis], title: str, kinds: str, suffixes: tuple[str, ...]
    ) -> Path | None:
        if len(analyses) < 2:
            self._app_context.messages.note("A comparison needs two models that have assessed this video.")
            return None
        entry = self._app_context.videos.get(analyses[0].clip)
        stem = safe_name(entry.name) if entry is not None else analyses[0].video.path.stem
        return self._named(dialogs, title, kinds, f"{stem} compared", suffixes)

    def _write(self, work: Work, *, searches: bool = False) -> None:
        if searches:  # as long as the video: in the worker thread of face detection
            task = self._app_context.export_previews.submit(lambda _desk, token, report: work(token, report))
        else:
            task = self._app_context.index.submit(lambda _backend, token, report: work(token, report))
        task.then(succeeded=self._on_saved, failed=self._app_context.messages.fail)
        self._app_context.jobs.follow("Saving the comparison", task)

    def _on_saved(self, written: tuple[Path, tuple[str, ...]]) -> None:
        path, warnings = written
        self._app_context.messages.note(" ".join((f"Saved: {path}", *warnings)))
        self.saved.emit(path)
        study = self._app_context.studies.current
        if study is not None:
            self._app_context.study_list.log_export(LoggedExport(study.path, path.name, "comparison of models"))
