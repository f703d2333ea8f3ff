"""Loads the contrast of the models on the video on screen in a worker thread."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.progress import CancelToken, Report
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.contrast import Contrast, contrast
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.throttle import LatestOnly
from skillviewer.ui.threads.worker_thread import WorkerThread


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    first: str
    second: str
    analyses: Mapping[str, Analysis]

    @property
    def pair(self) -> tuple[str, str]:
        return self.first, self.second


def _answer(_backend: Backend, request: _Wanted, superseded: CancelToken, _report: Report) -> tuple[_Wanted, Contrast]:
    return request, contrast(request.first, request.second, request.analyses, superseded)


class ContrastLoader(QObject):
    """Comparison of one model with the others. Results for another video or another pair are never shown."""

    changed = Signal()

    def __init__(self, worker: WorkerThread[Backend], messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._request: _Wanted | None = None
        self.contrast: Contrast | None = None  # the numbers, or None while they are not known
        self._mailbox: LatestOnly[_Wanted] = LatestOnly(worker, _answer, self)
        self._mailbox.delivered.connect(self._on_found)
        self._mailbox.failed.connect(messages.fail)

    def want(self, first: str, second: str, rows: tuple[ComparedModel, ...]) -> None:
        """Compare a model with all others that have assessed the whole video; take the difference from ``second``."""
        analyses = {row.key: whole for row in rows if (whole := row.whole) is not None}
        if first not in analyses or len(analyses) < 2 or self._worker.stopped:
            self._request = None
            self._mailbox.clear()
            self._set(None)
            return
        request = _Wanted(first, second, analyses)
        before = self._request if self._request is not None and self._request.pair == request.pair else None
        if before is None or not _same(request, before):
            # the numbers shown stay while they are of the same video and pair, with fewer or more models
            if before is None or analyses[first].clip_id != before.analyses[first].clip_id:
                self._set(None)
            self._request = request
            self._mailbox.post(request, interrupt=True)

    def _on_found(self, answer: tuple[_Wanted, Contrast]) -> None:
        if answer[0] is self._request:
            self._set(answer[1])

    def _set(self, contrast: Contrast | None) -> None:
        if contrast is not self.contrast:
            self.contrast = contrast
            self.changed.emit()


def _same(first: _Wanted, second: _Wanted) -> bool:
    # the baseline is made each time; it changes only with the analyses that it follows
    return first.analyses.keys() == second.analyses.keys() and all(
        first.analyses[key] is second.analyses[key] or not first.analyses[key].provenance.model_digest
        for key in first.analyses
    )
