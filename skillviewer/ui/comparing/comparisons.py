"""Comparisons of the models in worker threads, on the video on screen and over the study; and their saving."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_agreement import MIN_VIDEOS
from skillviewer.core.analysis.scene import MapStyle
from skillviewer.core.paths import safe_name
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.comparing.compared_models import UNIFORM, ComparedModel, Contrast, StudyAgreement, agree, contrast
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import LatestOnly, WorkerThread, single_shot
from skillviewer.ui.widgets.overlay import Dialogs


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    first: str
    second: str
    analyses: Mapping[str, Analysis]

    @property
    def pair(self) -> tuple[str, str]:
        return self.first, self.second


def _answer(_backend: Backend, wanted: _Wanted, superseded: CancelToken, _report: Report) -> tuple[_Wanted, Contrast]:
    return wanted, contrast(wanted.first, wanted.second, wanted.analyses, superseded)


class ContrastLoader(QObject):
    """Comparison of one model with the others. Results for another video or another pair are never shown."""

    changed = Signal()

    def __init__(self, worker: WorkerThread[Backend], messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._wanted: _Wanted | None = None
        self.contrast: Contrast | None = None  # the numbers, or None while they are not known
        self._mailbox: LatestOnly[_Wanted] = LatestOnly(worker, _answer, self)
        self._mailbox.delivered.connect(self._on_found)
        self._mailbox.failed.connect(messages.fail)

    def want(self, first: str, second: str, rows: tuple[ComparedModel, ...]) -> None:
        """Compare a model with all others that have assessed the whole video; take the difference from ``second``."""
        analyses = {row.key: whole for row in rows if (whole := row.whole) is not None}
        if first not in analyses or len(analyses) < 2 or self._worker.stopped:
            self._wanted = None
            self._mailbox.clear()
            self._set(None)
            return
        wanted = _Wanted(first, second, analyses)
        before = self._wanted if self._wanted is not None and self._wanted.pair == wanted.pair else None
        if before is None or not _same(wanted, before):
            # the numbers shown stay while they are of the same video and pair, with fewer or more models
            if before is None or analyses[first].clip_id != before.analyses[first].clip_id:
                self._set(None)
            self._wanted = wanted
            self._mailbox.post(wanted, interrupt=True)

    def _on_found(self, found: tuple[_Wanted, Contrast]) -> None:
        if found[0] is self._wanted:
            self._set(found[1])

    def _set(self, contrast: Contrast | None) -> None:
        if contrast is not self.contrast:
            self.contrast = contrast
            self.changed.emit()


def _same(one: _Wanted, other: _Wanted) -> bool:
    # the baseline is made each time; it changes only with the analyses that it follows
    return one.analyses.keys() == other.analyses.keys() and all(
        one.analyses[key] is other.analyses[key] or not one.analyses[key].provenance.model_digest
        for key in one.analyses
    )


SETTLE_MS = 250

ByModel = dict[str, dict[str, Analysis]]


class AgreementLoader(QObject):
    """Disagreements between the models on the study's videos, computed in a worker thread."""

    changed = Signal()

    def __init__(self, app_context: AppContext, models: ModelSet, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context, self._models = app_context, models
        self.agreement: StudyAgreement | None = None  # the agreement, or None where too little is known
        self._mailbox: LatestOnly[ByModel] = LatestOnly(
            app_context.compared, lambda _, found, stop, __: agree(found, stop), self
        )
        self._mailbox.delivered.connect(self._on_agreement)
        self._mailbox.failed.connect(app_context.messages.fail)
        self._timer = single_shot(self, SETTLE_MS, self._ask)
        models.study_changed.connect(self._on_changed)
        models.busy_changed.connect(self._on_changed)
        for signal in (app_context.videos.added, app_context.videos.removed, app_context.videos.cleared):
            signal.connect(self._on_changed)

    @property
    def keys(self) -> tuple[str, ...]:
        """The models that give a score, without those that cannot be loaded."""
        broken = self._models.results.broken
        return tuple(key for key in self._models.keys if key != UNIFORM and key not in broken)

    @property
    def names(self) -> dict[VideoClip, str]:
        entries = [entry for entry in self._app_context.videos if entry.state.has_picture]
        taken: dict[str, VideoClip] = {}
        for entry in entries:
            name = entry.name if entry.name not in taken else str(entry.path)
            taken[name] = entry.clip
        return {clip: name for name, clip in taken.items()}

    @property
    def n_shared(self) -> int:
        known = [set(self._models.results.analyses.get(key, {})) for key in self.keys]
        return len(set(self.names).intersection(*known)) if known else 0

    @property
    def missing(self) -> bool:
        return any(self._models.results.lacks(key, clip) for key in self.keys for clip in self.names)

    def clip(self, name: str) -> VideoClip | None:
        return next((clip for clip, other in self.names.items() if other == name), None)

    def spreads(self) -> dict[str, tuple[float, float]]:
        """Return mean and standard deviation of each model's scores over the study, where enough are known."""
        paths = tuple(self.names)
        found = {key: self._models.results.spread(key, paths) for key in self.keys}
        return {key: spread for key, spread in found.items() if spread is not None}

    def _on_changed(self, *_: object) -> None:
        keys = self.keys
        if self.agreement is not None and not set(self.agreement.keys) <= set(keys):
            self.agreement = None
        self._timer.start()
        self.changed.emit()

    def _ask(self) -> None:
        if self._models.busy or self._app_context.compared.stopped:
            return  # computed when all analyses are there
        analyses = {k: v for k, v in self._models.results.over(self.keys, self.names).items() if len(v) >= MIN_VIDEOS}
        if len(analyses) < 2:
            self.agreement = None
            self.changed.emit()
        else:
            self._mailbox.post(analyses, interrupt=True)

    def _on_agreement(self, agreement: StudyAgreement) -> None:
        if set(agreement.keys) <= set(self.keys):
            self.agreement = agreement
            self.changed.emit()


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
