"""Saves a comparison: its numbers as a table, and its panes as a figure."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.scene import Look
from skillviewer.core.paths import safe_name
from skillviewer.core.progress import CancelToken, Report
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.comparing.row import ComparedModel
from skillviewer.ui.comparing.study_agreement import Studying
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.dialogs import Dialogs

Work = Callable[[CancelToken, Report], tuple[Path, tuple[str, ...]]]
"""token, report -> where the file is, what a person should know of it"""


class Saving(QObject):
    """Writes files in the worker thread of the small works, and says where they are.

    Args:
        program: The video, and where work is done.
        parent: Owner: over it the person is asked.
    """

    saved = Signal(object)
    """Path of a file that was written."""

    def __init__(self, program: Program, parent: QWidget) -> None:
        super().__init__(parent)
        self._program, self._over = program, parent

    def table(self, dialogs: Dialogs, rows: tuple[ComparedModel, ...]) -> None:
        """Ask where to, and write the numbers of every two models."""
        analyses = [row.whole for row in rows if row.whole is not None]
        path = self._asked(dialogs, analyses, self.tr("Save the numbers"), self.tr("Tables (*.csv)"), (".csv",))
        if path is not None:
            without = self._left_out(rows)

            def work(_token: CancelToken, _report: Report) -> tuple[Path, tuple[str, ...]]:
                from skillviewer.export.figures.comparison import export_frames_compared

                # the dialog has asked whether a file may be replaced
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
        """Ask where to, and write the panes at the frame on screen.

        Args:
            dialogs: Asks the person.
            rows: The models.
            look: How maps are shown, with the scale of the screen.
            less: Keys of the two models whose difference is shown, or None.
            blur_faces: Whether the faces that are kept of the video are blurred; it is searched where none are.
        """
        whole = [(row, row.whole) for row in rows if row.whole is not None]
        analyses = [analysis for _, analysis in whole if analysis is not None]
        kinds = self.tr("Pictures (*.png);;PDF (*.pdf);;SVG (*.svg)")
        # said in the dialog, for the menu's entry saves as it was chosen in another menu
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

    def agreement(self, dialogs: Dialogs, models: ModelSet, studying: Studying, *, ranks: bool) -> None:
        """Ask where to, and write what is known of the study.

        Args:
            dialogs: Asks the person.
            models: The compared models.
            studying: What they say of the study.
            ranks: Whether a row a video and model is written, or a row every two models.
        """
        found = studying.agreement
        if found is None:
            self._program.messages.note(
                self.tr("Nothing is known of the study yet: assess its videos with at least two models first.")
            )
            return
        title = self.tr("Save the ranks of the videos") if ranks else self.tr("Save the agreement of the models")
        stem = self.tr("ranks of the videos") if ranks else self.tr("agreement of models")
        path = self._named(dialogs, title, self.tr("Tables (*.csv)"), stem, (".csv",))
        if path is None:
            return
        names = [models.row(key).name for key in found.keys]
        known = models.answers.over(found.keys, studying.names)
        scores = [{name: analysis.score for name, analysis in known[key].items()} for key in found.keys]

        def work(_token: CancelToken, _report: Report) -> tuple[Path, tuple[str, ...]]:
            from skillviewer.export.tables.model_agreement import agreement_rows, export_agreement, rank_rows

            if ranks:
                return export_agreement(rank_rows(found.disputes, names, scores), path, overwrite=True), ()
            return export_agreement(agreement_rows(found.matrix, names), path, overwrite=True), ()

        self._write(work)

    def _left_out(self, rows: tuple[ComparedModel, ...]) -> tuple[str, ...]:
        """Return which models on screen are not in the file, as a sentence, if any."""
        names = [row.name for row in rows if row.whole is None and not row.is_uniform]
        return (self.tr("Without {}: not assessed.").format(", ".join(names)),) if names else ()

    def _named(self, dialogs: Dialogs, title: str, kinds: str, stem: str, suffixes: tuple[str, ...]) -> Path | None:
        """Ask where to; the dialog asks before a file is replaced, but not where the ending is added afterwards."""
        path = dialogs.save(self._over, title, kinds, f"{stem}{suffixes[0]}")
        if path is None or path.suffix.lower() in suffixes:
            return path
        path = path.with_name(path.name + suffixes[0])
        question = self.tr("{} is there already. Replace it?").format(path.name)
        if path.exists() and not dialogs.confirm(self._over, question, self.tr("Replace")):
            return None
        return path

    def _asked(
        self, dialogs: Dialogs, analyses: list[Analysis], title: str, kinds: str, suffixes: tuple[str, ...]
    ) -> Path | None:
        if len(analyses) < 2:
            self._program.messages.note(self.tr("A comparison needs two models that have looked at this video."))
            return None
        entry = self._program.videos.get(analyses[0].clip)
        stem = safe_name(entry.name) if entry is not None else analyses[0].video.path.stem
        return self._named(dialogs, title, kinds, f"{stem} compared", suffixes)

    def _write(self, work: Work, *, searches: bool = False) -> None:
        if searches:  # takes as long as the video: in the worker thread in which faces are looked for elsewhere, too
            task = self._program.export_previews.submit(lambda _desk, token, report: work(token, report))
        else:
            task = self._program.index.submit(lambda _backend, token, report: work(token, report))
        task.succeeded.connect(self._on_saved)
        task.failed.connect(self._program.messages.fail)
        self._program.jobs.follow(self.tr("Saving the comparison"), task)

    @Slot(object)
    def _on_saved(self, written: tuple[Path, tuple[str, ...]]) -> None:
        path, remarks = written
        self._program.messages.note(" ".join((self.tr("Saved: {}").format(path), *remarks)))
        self.saved.emit(path)
