"""Loading of the contrast of the models on the video on screen."""

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
class _ContrastRequest:
    first_key: str
    second_key: str
    analyses: Mapping[str, Analysis]

    @property
    def pair(self) -> tuple[str, str]:
        return self.first_key, self.second_key


def _answer(
    _backend: Backend, request: _ContrastRequest, superseded: CancelToken, _report: Report
) -> tuple[_ContrastRequest, Contrast]:
    return request, contrast(request.first_key, request.second_key, request.analyses, superseded)


class ContrastLoader(QObject):
    """Computes the contrast of the models in a worker thread. Contrasts of another video or pair are never shown."""

    changed = Signal()

    def __init__(self, worker: WorkerThread[Backend], messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._request: _ContrastRequest | None = None
        self.contrast: Contrast | None = None  # None until it is computed
        self._mailbox: LatestOnly[_ContrastRequest] = LatestOnly(worker, _answer, self)
        self._mailbox.delivered.connect(self._on_contrast)
        self._mailbox.failed.connect(messages.fail)

    def request(self, first: str, second: str, rows: tuple[ComparedModel, ...]) -> None:
        """Request the contrast of a model with all others that have assessed the video.

        Args:
            first: Key of the model with which the others are compared.
            second: Key of the model whose maps are subtracted from those of the first.
            rows: The compared models.
        """
        analyses: dict[str, Analysis] = {}
        for row in rows:
            if row.complete_analysis is not None:
                analyses[row.key] = row.complete_analysis
        if first not in analyses or len(analyses) < 2 or self._worker.stopped:
            self._request = None
            self._mailbox.clear()
            self._set_contrast(None)
            return
        request = _ContrastRequest(first, second, analyses)
        previous = self._request
        if previous is not None and previous.pair == request.pair:
            if _has_same_analyses(request, previous):
                return
            is_same_video = analyses[first].clip_id == previous.analyses[first].clip_id
        else:
            is_same_video = False
        if not is_same_video:  # else the contrast with fewer or more models stays until the new one arrives
            self._set_contrast(None)
        self._request = request
        self._mailbox.post(request, interrupt=True)

    def _on_contrast(self, request_and_contrast: tuple[_ContrastRequest, Contrast]) -> None:
        request, contrast = request_and_contrast
        if request is self._request:
            self._set_contrast(contrast)

    def _set_contrast(self, contrast: Contrast | None) -> None:
        if contrast is not self.contrast:
            self.contrast = contrast
            self.changed.emit()


def _has_same_analyses(first: _ContrastRequest, second: _ContrastRequest) -> bool:
    if first.analyses.keys() != second.analyses.keys():
        return False
    for key, analysis in first.analyses.items():
        # The uniform baseline is made again each time, and depends on the other analyses alone.
        is_uniform = not analysis.provenance.model_digest
        if analysis is not second.analyses[key] and not is_uniform:
            return False
    return True
