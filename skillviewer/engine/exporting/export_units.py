"""Exports of many videos as units of work on any engine, one file each.

Only the process that starts the work opens studies. Workers get requests that hold the data of their studies.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from skillviewer.core.errors import ExportError, SkillViewerError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.clips import range_cells
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.exporting.export_results import ExportedFile
from skillviewer.engine.exporting.recorded_export import read_export
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource, find_stored_analysis
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol, open_model_cache
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, ignore_progress, map_on_workers
from skillviewer.export.embedded_record import RecordedSource
from skillviewer.export.options import options_to_dict


def is_done(request: ExportRequest) -> bool:
    """Return whether the file exists, and was made from the same analyses with the same options.

    The options of tables are not compared, since tables do not record them.

    Raises:
        VideoError: A video cannot be read.
        CheckpointError: A model cannot be read.
    """
    try:
        record = read_export(request.path)
        pairs = list(zip(record.sources, request.sources, strict=True))
    except (ExportError, ValueError):
        return False
    if not all(_is_same_source(recorded, source) for recorded, source in pairs):
        return False
    if record.exporter != request.exporter.name:
        return False
    is_table = any(source.times_s is not None for source in record.sources)
    options = json.loads(json.dumps(options_to_dict(request.options)))
    return is_table or record.options in ({}, options)


def _is_same_source(recorded: RecordedSource, source: ExportSource) -> bool:
    analysis = find_stored_analysis(source, digest_of)
    if analysis is None or recorded.passes != analysis.n_passes:
        return False
    same_model = recorded.model in (analysis.provenance.model_digest, analysis.provenance.model)
    same_video = recorded.video in (analysis.video.digest, str(analysis.video.path))
    same_range = recorded.times_s is not None or recorded.clip_range == range_cells(analysis.clip_range)
    return same_model and same_video and same_range


@lru_cache(maxsize=1)
def _service_for(device: str) -> ExportService:
    return ExportService(partial(open_model_cache, device))


def _write(device: str, request: ExportRequest | SkillViewerError, token: CancelToken, report: Report) -> ExportedFile:
    if isinstance(request, SkillViewerError):
        raise request
    return _service_for(device).write(request, token, report)


class _RequestsWithoutStudies(list[ExportRequest]):
    """Requests that open no study. Each is made when a worker gets it, since the data of all together is large."""

    def __init__(self, requests: Sequence[ExportRequest], service: ExportService) -> None:
        super().__init__(requests)
        self._service = service

    def __getitem__(self, index: int) -> ExportRequest | SkillViewerError:  # type: ignore[override]
        try:
            request = self._service.without_studies(super().__getitem__(index))
        except SkillViewerError as error:
            return error
        # the path was checked here: the file of a worker that died after writing it may be replaced
        return replace(request, overwrite=True)


def _refuse_scoring() -> ModelCacheProtocol:
    raise ExportError(
        "A video of the study has no score yet: run skillviewer score STUDY --out RESULTS --into STUDY first, with the "
        "same --jobs or --cluster."
    )


def write_units(
    requests: Sequence[ExportRequest],
    workers: Workers,
    device: str,
    token: CancelToken,
    on_finished_unit: Callable[[ExportRequest, JobResult[ExportedFile]], None],
) -> None:
    """Write files on an engine, and record them in the logs of their studies; ``on_finished_unit`` gets each result.

    Raises:
        SettingsError: The engine cannot be started.
    """
    with ExportService(_refuse_scoring, update_study=workers.shard == Workers().shard) as service:

        def on_finished(index: int, result: JobResult[ExportedFile]) -> None:
            exported_file = result.result
            if exported_file is not None:
                warnings = (*exported_file.warnings, *service.record_in_logs(requests[index]))
                result = JobResult(replace(exported_file, warnings=warnings))
            on_finished_unit(requests[index], result)

        units = _RequestsWithoutStudies(requests, service)
        map_on_workers(partial(_write, device), units, workers, token, on_progress=ignore_progress, on_done=on_finished)
