"""Exports of many videos as units of work on any engine: first the analyses that are missing, then one file each.

The process that started the work alone opens studies; workers get what studies know as values.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial

from skillviewer.core.errors import ExportError, SkillViewerError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.extents import range_cells
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.exporting.requests import ExportRequest, ExportTarget, Written
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.verify import read_export
from skillviewer.engine.inference.model_pool import ModelPool
from skillviewer.engine.runtime.processes import Outcome
from skillviewer.engine.runtime.workers import Workers, unheard, work
from skillviewer.export.options import plain_options


def is_done(request: ExportRequest) -> bool:
    """Return True if the file is there, and says that it was made of these videos, by these models, as asked.

    Raises:
        VideoError: A video cannot be read.
    """
    with suppress(ExportError, ValueError):
        record = read_export(request.path)
        for one, asked in zip(record.subjects, request.subjects, strict=True):
            if one.video not in (asked.digest or digest_of(asked.video), str(asked.video)):
                return False
            if one.model not in (asked.model_digest, asked.model.name if asked.model else ""):
                return False
            if one.times_s is None and one.extent != range_cells(asked.extent):
                return False
        return record.exporter == request.exporter.name and record.options in ({}, plain_options(request.options))
    return False


@lru_cache(maxsize=1)
def _service(device: str) -> ExportService:
    return ExportService(lambda: ModelPool(device))


def _analyse(device: str, target: ExportTarget, token: CancelToken, report: Report) -> str:
    (exhibit,) = _service(device).exhibits([replace(target, study=None)], token, report)
    return exhibit.analysis.video.digest


def _write(device: str, request: ExportRequest | SkillViewerError, token: CancelToken, report: Report) -> Written:
    if isinstance(request, SkillViewerError):
        raise request
    return _service(device).write(request, token, report)


class _Detached(Sequence[ExportRequest | SkillViewerError]):
    """Requests without studies, each made when it is handed to a worker; or the reason why that is impossible."""

    def __init__(self, service: ExportService, requests: Sequence[ExportRequest], token: CancelToken) -> None:
        self._service, self._requests, self._token = service, requests, token

    def __len__(self) -> int:
        return len(self._requests)

    def __getitem__(self, index: int) -> ExportRequest | SkillViewerError:  # type: ignore[override]
        try:
            plain = self._service.detached(self._requests[index], self._token)
            return replace(plain, overwrite=True)  # it was free, or may be replaced: also if a worker dies behind it
        except SkillViewerError as error:
            return error


def write_units(
    requests: Sequence[ExportRequest],
    service: ExportService,
    engine: tuple[Workers, str],
    token: CancelToken,
    finished: Callable[[ExportRequest, Outcome[Written]], None],
) -> None:
    """Write files on an engine, each by one worker; ``finished`` is called with the outcome of each.

    ``service`` is that of this process, which opens the studies; ``engine`` are the workers, and the device of each.

    Raises:
        SettingsError: The engine cannot be started.
    """
    workers, device = engine
    subjects = [list(request.subjects) for request in requests]
    places = [(i, j) for i, some in enumerate(subjects) for j, target in enumerate(some) if target.analysis is None]
    failed: dict[int, Outcome[Written]] = {}

    def analysed(index: int, outcome: Outcome[str]) -> None:
        i, j = places[index]
        subjects[i][j] = replace(subjects[i][j], digest=outcome.result or "")
        if outcome.error is not None:
            failed[i] = Outcome(error=outcome.error)

    work(partial(_analyse, device), [subjects[i][j] for i, j in places], workers, token, unheard, analysed)
    for i, outcome in failed.items():
        finished(requests[i], outcome)
    kept = [i for i in range(len(requests)) if i not in failed]
    left = [replace(requests[i], subjects=tuple(subjects[i])) for i in kept]

    def written(index: int, outcome: Outcome[Written]) -> None:
        if (made := outcome.result) is not None:
            outcome = Outcome(replace(made, remarks=(*made.remarks, *service.logged(requests[kept[index]]))))
        finished(requests[kept[index]], outcome)

    work(partial(_write, device), _Detached(service, left, token), workers, token, unheard, written)
