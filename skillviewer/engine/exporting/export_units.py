"""Exports of many videos as units of work on any engine, one file each.

The process that started the work alone opens studies; workers get what studies know as values.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial

from skillviewer.core.errors import ExportError, SkillViewerError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.clips import range_cells
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.exporting.requests import ExportedFile, ExportRequest, ExportSource, stored_analysis
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.verify import read_export
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol, open_model_cache
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, work
from skillviewer.export.embedded_record import RecordedSource
from skillviewer.export.options import options_to_dict


def is_done(request: ExportRequest) -> bool:
    """Return True if the file is there, and says that it was made of these analyses as asked; tables tell no options.

    Raises:
        VideoError: A video cannot be read.
        CheckpointError: A model cannot be read.
    """
    with suppress(ExportError, ValueError):
        record = read_export(request.path)
        options = json.loads(json.dumps(options_to_dict(request.options)))
        same = all(_names(*pair) for pair in zip(record.sources, request.sources, strict=True))
        tabular = any(source.times_s is not None for source in record.sources)
        return same and record.exporter == request.exporter.name and (tabular or record.options in ({}, options))
    return False


def _names(recorded: RecordedSource, source: ExportSource) -> bool:
    analysis = stored_analysis(source, digest_of)
    if analysis is None or recorded.passes != analysis.n_passes:
        return False
    same_model = recorded.model in (analysis.provenance.model_digest, analysis.provenance.model)
    same_video = recorded.video in (analysis.video.digest, str(analysis.video.path))
    return (
        same_model
        and same_video
        and (recorded.times_s is not None or recorded.clip_range == range_cells(analysis.clip_range))
    )


@lru_cache(maxsize=1)
def _service(device: str) -> ExportService:
    return ExportService(partial(open_model_cache, device))


def _write(device: str, request: ExportRequest | SkillViewerError, token: CancelToken, report: Report) -> ExportedFile:
    if isinstance(request, SkillViewerError):
        raise request
    return _service(device).write(request, token, report)


class _Detached(list[ExportRequest]):
    """Requests that open no study, each made when it is handed to a worker: what studies know of all is large."""

    def __init__(self, requests: Sequence[ExportRequest], service: ExportService) -> None:
        super().__init__(requests)
        self._service = service

    def __getitem__(self, index: int) -> ExportRequest | SkillViewerError:  # type: ignore[override]
        try:  # the place is free, or may be replaced: also if a worker dies behind the file
            return replace(self._service.detached(super().__getitem__(index)), overwrite=True)
        except SkillViewerError as error:
            return error


def _unscored() -> ModelCacheProtocol:
    raise ExportError(
        "A video of the study has no score yet: run skillviewer score STUDY --out RESULTS --into STUDY first, with the "
        "same --jobs or --cluster."
    )


def write_units(
    requests: Sequence[ExportRequest],
    workers: Workers,
    device: str,
    token: CancelToken,
    finished: Callable[[ExportRequest, JobResult[ExportedFile]], None],
) -> None:
    """Write files on an engine, and record them in the logs of their studies; ``finished`` gets each outcome.

    Raises:
        SettingsError: The engine cannot be started.
    """
    with ExportService(_unscored, update_study=workers.shard == Workers().shard) as service:

        def written(index: int, outcome: JobResult[ExportedFile]) -> None:
            if (exported := outcome.result) is not None:
                outcome = JobResult(replace(exported, warnings=(*exported.warnings, *service.logged(requests[index]))))
            finished(requests[index], outcome)

        work(partial(_write, device), _Detached(requests, service), workers, token, lambda *_: None, written)
