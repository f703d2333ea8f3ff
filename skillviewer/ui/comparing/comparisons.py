"""Comparisons of the models in worker threads: on the video on screen, and over the study."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_agreement import MIN_VIDEOS
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.extents import VideoClip
from skillviewer.ui.comparing.compared_models import UNIFORM, ComparedModel, Contrast, StudyAgreement, agree, contrast
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.program import Program
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.throttle import LatestOnly, single_shot
from skillviewer.ui.threads.worker_thread import WorkerThread


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
            if before is None or analyses[first].subject != before.analyses[first].subject:
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

    def __init__(self, program: Program, models: ModelSet, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program, self._models = program, models
        self.agreement: StudyAgreement | None = None  # the agreement, or None where too little is known
        self._mailbox: LatestOnly[ByModel] = LatestOnly(
            program.compared, lambda _, found, stop, __: agree(found, stop), self
        )
        self._mailbox.delivered.connect(self._on_agreement)
        self._mailbox.failed.connect(program.messages.fail)
        self._timer = single_shot(self, SETTLE_MS, self._ask)
        models.study_changed.connect(self._on_changed)
        models.busy_changed.connect(self._on_changed)
        for signal in (program.videos.added, program.videos.removed, program.videos.cleared):
            signal.connect(self._on_changed)

    @property
    def keys(self) -> tuple[str, ...]:
        """The models that give a score, without those that cannot be loaded."""
        broken = self._models.results.broken
        return tuple(key for key in self._models.keys if key != UNIFORM and key not in broken)

    @property
    def names(self) -> dict[VideoClip, str]:
        entries = [entry for entry in self._program.videos if entry.state.has_picture]
        taken: dict[str, VideoClip] = {}
        for entry in entries:
            name = entry.name if entry.name not in taken else str(entry.path)
            taken[name] = entry.footage
        return {footage: name for name, footage in taken.items()}

    @property
    def n_shared(self) -> int:
        known = [set(self._models.results.analyses.get(key, {})) for key in self.keys]
        return len(set(self.names).intersection(*known)) if known else 0

    @property
    def missing(self) -> bool:
        """True if a model has still to assess a video."""
        return any(self._models.results.lacks(key, footage) for key in self.keys for footage in self.names)

    def footage(self, name: str) -> VideoClip | None:
        return next((footage for footage, other in self.names.items() if other == name), None)

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
        if self._models.busy or self._program.compared.stopped:
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
