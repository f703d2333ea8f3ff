"""Saving of a comparison: its numbers as a table, its panes as a figure."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.scene import Look
from skillviewer.core.paths import safe_name
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.study_log import LoggedExport
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.comparisons import AgreementLoader
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.overlay import Dialogs

Work = Callable[[CancelToken, Report], tuple[Path, tuple[str, ...]]]
"""(cancel token, progress report) -> (path of the file, remarks for the user)."""


class ComparisonSaver(QObject):
    """Writes files in a worker thread and reports their paths."""

    saved = Signal(object)  # path of a file that was written

    def __init__(self, program: Program, parent: QWidget) -> None:
        super().__init__(parent)
        self._program, self._over = program, parent

    def table(self, dialogs: Dialogs, rows: tuple[ComparedModel, ...]) -> None:
        """Ask for a path, and write the numbers of every two models."""
        analyses = [row.whole for row in rows if row.whole is not None]
        path = self._asked(dialogs, analyses, self.tr("Save the numbers"), self.tr("Tables (*.csv)"), (".csv",))
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
        look: Look,
        less: tuple[str, str] | None,
        *,
        blur_faces: bool,
    ) -> None:
        """Ask for a path, and write the panes at the frame on screen, in the ``look`` and the scale of the screen.

        ``less`` names the two models whose difference is shown. Faces saved with the video are blurred where
        ``blur_faces``; they are searched first where none are saved.
        """
        whole = [(row, row.whole) for row in rows if row.whole is not None]
        analyses = [analysis for _, analysis in whole if analysis is not None]
        kinds = self.tr("Pictures (*.png);;PDF (*.pdf);;SVG (*.svg)")
        # the title repeats the choice, which was made in another menu
        title = self.tr("Save the panes, faces blurred") if blur_faces else self.tr("Save the panes")
        path = self._asked(dialogs, analyses, title, kinds, (".png", ".pdf", ".svg"))
        if path is None:
            return
        without = self._left_out(rows)
        keys = [row.key for row, _ in whole]
        pair = (keys.index(less[0]), keys.index(less[1])) if less is not None and set(less) <= set(keys) else None
        frame, titles = self._program.playback.frame, [row.name for row, _ in whole]

        def work(token: CancelToken, report: Report) -> tuple[Path, tuple[str, ...]]:
            from skillviewer.engine.exporting.service import with_kept_faces
            from skillviewer.export.exhibit import Exhibit
            from skillviewer.export.figures.comparison import ComparedOptions, export_compared
            from skillviewer.export.pictures.blurring import blur_remarks

            exhibits = [Exhibit(analysis, title) for analysis, title in zip(analyses, titles, strict=True)]
            if blur_faces:
                exhibits = with_kept_faces(exhibits, token, report)
            options = ComparedOptions(frame, look, pair, blur_faces=blur_faces)
            made = export_compared(exhibits, path, options, overwrite=True, token=token, report=report)
            return made, (*without, *blur_remarks(exhibits))

        self._write(work, searches=blur_faces)

    def agreement(self, dialogs: Dialogs, models: ModelSet, studying: AgreementLoader, *, ranks: bool) -> None:
        """Ask for a path, and write the agreement over the study: a row per pair of models, or per video and model."""
        found = studying.agreement
        if found is None:
            self._program.messages.note(
                self.tr("There are no results on the study yet. Assess its videos with at least two models first.")
            )
            return
        title = self.tr("Save the ranks of the videos") if ranks else self.tr("Save the agreement of the models")
        stem = self.tr("ranks of the videos") if ranks else self.tr("agreement of models")
        path = self._named(dialogs, title, self.tr("Tables (*.csv)"), stem, (".csv",))
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
        return (self.tr("Without {}: not assessed.").format(", ".join(names)),) if names else ()

    def _named(self, dialogs: Dialogs, title: str, kinds: str, stem: str, suffixes: tuple[str, ...]) -> Path | None:
        """Ask for a path; also ask before replacing a file where the suffix was added after the dialog."""
        path = dialogs.save(self._over, title, kinds, f"{stem}{suffixes[0]}")
        if path is None or path.suffix.lower() in suffixes:
            return path
        path = path.with_name(path.name + suffixes[0])
        question = self.tr("{} exists already. Replace it?").format(path.name)
        if path.exists() and not dialogs.confirm(self._over, question, self.tr("Replace")):
            return None
        return path

    def _asked(
        self, dialogs: Dialogs, analyses: list[Analysis], title: str, kinds: str, suffixes: tuple[str, ...]
    ) -> Path | None:
        if len(analyses) < 2:
            self._program.messages.note(self.tr("A comparison needs two models that have assessed this video."))
            return None
        entry = self._program.videos.get(analyses[0].clip)
        stem = safe_name(entry.name) if entry is not None else analyses[0].video.path.stem
        return self._named(dialogs, title, kinds, f"{stem} compared", suffixes)

    def _write(self, work: Work, *, searches: bool = False) -> None:
        if searches:  # as long as the video: in the worker thread of face detection
            task = self._program.export_previews.submit(lambda _desk, token, report: work(token, report))
        else:
            task = self._program.index.submit(lambda _backend, token, report: work(token, report))
        task.then(succeeded=self._on_saved, failed=self._program.messages.fail)
        self._program.jobs.follow(self.tr("Saving the comparison"), task)

    def _on_saved(self, written: tuple[Path, tuple[str, ...]]) -> None:
        path, remarks = written
        self._program.messages.note(" ".join((self.tr("Saved: {}").format(path), *remarks)))
        self.saved.emit(path)
        study = self._program.studies.current
        if study is not None:
            self._program.study_list.log_export(LoggedExport(study.path, path.name, "comparison of models"))
