"""A fake export service: previews by the real exporters on a video of the sample study, instant files."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import ExportError, SkillViewerError
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.engine.exporting.export_results import AnalysisReady, ExportedFile, ExportResults
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource, StudyExportRequest
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.study_exporters import StudyExporter
from skillviewer.export.destination import check_destination
from skillviewer.export.exporters import Exporter
from skillviewer.export.preview import Preview
from skillviewer.media.reading.reader import VideoReader
from tests.export.analyses import analysis

STEPS = 40


@dataclass
class Exporting:
    """Behaviour of the fake export service.

    Attributes:
        held: True to wait half way until ``hold`` is set.
        hold: Releases the wait.
        failing: Parts of names of files that cannot be written.
        real: True for previews by the real exporters, False for a grey picture.
        assessed: True if videos have been assessed; else there is no preview.
        preview_error: Error of a preview, or "".
        warning: A remark on every file, or "".
        held_in: Part of the name of the file that is held; "" for any.
        assess: Returns the analysis of a video that the window has not assessed; None for no analysis.
        requests: The requests received.
        previewed: Subjects and options of every preview.
    """

    held: bool = False
    held_in: str = ""
    hold: threading.Event = field(default_factory=threading.Event)
    failing: set[str] = field(default_factory=set)
    real: bool = False
    assessed: bool = True
    preview_error: str = ""
    warning: str = ""
    assess: Callable[[ExportSource], Analysis] | None = None
    requests: list[ExportRequest | StudyExportRequest] = field(default_factory=list)
    previewed: list[tuple[Exporter, tuple[ExportSource, ...], object]] = field(default_factory=list)


class FakeExportService:
    """Used by one thread, like the real one."""

    def __init__(self, set_up: Exporting) -> None:
        self._set_up = set_up
        self._owner = threading.get_ident()

    def preview(self, exporter: Exporter, sources: Sequence[ExportSource], options: object) -> Preview | None:
        assert threading.get_ident() == self._owner
        self._set_up.previewed.append((exporter, tuple(sources), options))
        if self._set_up.preview_error:
            raise ExportError(self._set_up.preview_error)
        if not self._set_up.assessed:
            return None
        if exporter.preview is None or not self._set_up.real:
            return None if exporter.preview is None else Preview(np.full((90, 160, 3), 128, np.uint8), 9, 412)
        video = min((resources_dir() / "sample_study" / "videos").glob("*.mp4"))
        with VideoReader(video) as reader:
            info = reader.info
        real = [
            ExportSource(video, s.title, analysis=analysis(info, passes=2, grid=(7, 7), n_segments=25, model=s.title))
            for s in sources
        ]
        return ExportService(_no_pool).preview(exporter, real, options)

    def preview_study(self, exporter: StudyExporter, study: Path, options: object = None) -> Preview | None:
        assert threading.get_ident() == self._owner
        return ExportService(_no_pool).preview_study(exporter, study, options)

    def write(self, request: ExportRequest, token: CancelToken, report: Report) -> ExportedFile:
        """Write a file of given analyses by the real exporter."""
        assert threading.get_ident() == self._owner
        return ExportService(_no_pool).write(request, token, report)

    def write_all(
        self, requests: Sequence[ExportRequest | StudyExportRequest], token: CancelToken, report: Report
    ) -> ExportResults:
        assert threading.get_ident() == self._owner
        written, failures = [], []
        for done, request in enumerate(requests):
            self._set_up.requests.append(request)
            try:
                written.append(self._write(request, token, report, done, len(requests)))
                if len(requests) > 1:
                    report(Progress(f"{request.path.name} is written", done + 1, len(requests), written[-1]))
            except SkillViewerError as error:
                if len(requests) == 1:
                    raise
                failures.append(str(error))
        return ExportResults(tuple(written), tuple(failures))

    def _write(
        self, request: ExportRequest | StudyExportRequest, token: CancelToken, report: Report, done: int, n: int
    ) -> ExportedFile:
        check_destination(request.path, request.exporter.suffixes, overwrite=request.overwrite)
        for source in request.sources if isinstance(request, ExportRequest) else ():
            if source.analysis is None and self._set_up.assess is not None:
                report(Progress("assessed", value=AnalysisReady(source, self._set_up.assess(source))))
        for step in range(STEPS):
            token.check()
            report(Progress("writing the clip", step, STEPS) if n == 1 else Progress("writing the clip", done, n))
            if self._set_up.held and step == STEPS // 2 and self._set_up.held_in in request.path.name:
                while not self._set_up.hold.wait(0.002):
                    token.check()
            time.sleep(0.0005)
        if any(part in request.path.name for part in self._set_up.failing):
            raise ExportError(f"{request.path} could not be written: No space left on device.")
        request.path.parent.mkdir(parents=True, exist_ok=True)
        request.path.write_text("an export")
        for made in request.log_entries:
            report(Progress("written", value=made))
        facts = ("3.2 MB", "412 frames", "13.733 s", "960 × 720 pixels")
        return ExportedFile(request.path, facts, (self._set_up.warning,) if self._set_up.warning else ())

    def close(self) -> None:
        """Close nothing."""


def _no_pool() -> NoReturn:
    raise AssertionError("a preview needs no model")
