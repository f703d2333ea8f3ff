"""Service that writes exports for window and command line, from videos and models to files that are read back.

Analyses come from the cache. A model is loaded only if an analysis is missing.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.atomic_write import check_not_source, path_exists
from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import CheckpointError, ExportError, SkillViewerError
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.clips import range_frames
from skillviewer.core.video.preprocessing import USUAL_PASSES
from skillviewer.data.analysis_file import save_analysis
from skillviewer.data.faces_file import FaceStore
from skillviewer.data.study.models import analysis_path
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.exporting.export_results import AnalysisReady, ExportedFile, ExportResults
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource, StudyExportRequest, find_stored_analysis
from skillviewer.engine.exporting.source_readers import SourceReaders
from skillviewer.engine.exporting.source_studies import (
    SourceStudies,
    save_in_log,
    save_scores,
    tasks_of,
    with_annotations,
    with_cameras,
)
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.destination import check_destination
from skillviewer.export.pictures.blurring import blur_warnings, wants_blurring
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.export.read_back import read_back
from skillviewer.export.reports.report_options import ReportOptions, StudyContext

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.engine.exporting.study_exporters import StudyExporter
    from skillviewer.export.exporters import Exporter
    from skillviewer.export.preview import Preview


class ExportService(Closeable):
    """Writer of exports. It is not thread safe: one thread owns it. Use it as a context manager.

    Args:
        open_model_cache: Returns the model cache; called when the first model is needed.
        update_study: Whether to write scores and log entries into the studies of the videos. If False, they are
            reported as values of progress (``AnalysisReady``, ``LoggedExport``), so that the window, which has its
            study open, can write them.
        use_evidence_cache: Whether to load saved evidence, and to save new evidence.
    """

    def __init__(
        self,
        open_model_cache: Callable[[], ModelCacheProtocol],
        *,
        update_study: bool = False,
        use_evidence_cache: bool = True,
    ) -> None:
        self._open_model_cache = open_model_cache
        self._update_study = update_study
        self._use_evidence_cache = use_evidence_cache
        self._model_cache: ModelCacheProtocol | None = None
        self._evidence_warnings: list[str] = []  # on evidence that could not be computed for the current request

    def write(self, request: ExportRequest, token: CancelToken = NEVER, report: Report = silent) -> ExportedFile:
        """Compute missing analyses, write a file, and read it back.

        Raises:
            ExportError: The export cannot be written; the message says why.
            VideoError: A video cannot be read.
            CheckpointError: A model is missing or cannot be used.
            DeviceError: The device ran out of memory.
            Cancelled: The token was cancelled; no file is left.
        """
        self._evidence_warnings.clear()
        exporter = request.exporter
        options = _options_of(request)
        with SourceStudies() as studies, _open_shared_readers(exporter, options) as shared_readers:
            _check_request_path(request, studies)
            videos = self._analyse_sources(
                request.sources, studies, token, report, exporter=exporter, shared_readers=shared_readers
            )
            videos, options = _add_study_data(request, videos, studies, shared_readers, token)
            videos, track_warnings = with_saved_tracks(videos, options)
            if isinstance(options, ClipOptions) and options.align:
                videos = self._align(request.sources, videos, token, report)
            prepared = exporter.prepare(videos, options, saved_faces=FaceStore(), token=token, report=report)
            warnings = (
                *prepared.warnings(request.path),
                *self._evidence_warnings,
                *track_warnings,
                *blur_warnings(prepared.videos, prepared.options),
            )
            prepared.write(request.path, overwrite=request.overwrite, token=token, report=report)
            return self._finish(request, warnings, report, studies)

    def without_studies(self, request: ExportRequest, token: CancelToken = NEVER) -> ExportRequest:
        """Return the request with the data of its studies, for processes that open no study.

        Raises the errors of ``write``.
        """
        with SourceStudies() as studies:
            _check_request_path(request, studies)
            if all(source.study is None for source in request.sources):
                return request
            videos = self._analyse_sources(request.sources, studies, token)
            videos, options = _add_study_data(request, videos, studies, shared_readers=None, token=token)
        sources = [
            replace(
                source,
                study=None,
                analysis=video.analysis,
                annotations=video.annotations,
                cameras=video.cameras,
                passes=None,
            )
            for source, video in zip(request.sources, videos, strict=True)
        ]
        return replace(request, sources=tuple(sources), options=options, protected_paths=request.originals)

    def _finish(
        self,
        request: ExportRequest | StudyExportRequest,
        warnings: Sequence[str],
        report: Report,
        studies: SourceStudies | None = None,
    ) -> ExportedFile:
        """Read a file back, and record it in the logs of its studies."""
        report(Progress("reading it back"))
        facts = read_back(request.path)
        log_warnings = self.record_in_logs(request, report, studies)
        return ExportedFile(request.path, facts, (*warnings, *log_warnings))

    def record_in_logs(
        self, request: ExportRequest | StudyExportRequest, report: Report = silent, studies: SourceStudies | None = None
    ) -> tuple[str, ...]:
        """Record a file in the logs of its studies, or report the log entries. Return warnings, one sentence each."""
        warnings: tuple[str, ...] = ()
        for entry in request.log_entries:
            if self._update_study:
                warnings += save_in_log(entry, studies)
            else:
                report(Progress(f"{entry.file} is written", value=entry))
        return warnings

    def write_study(
        self, request: StudyExportRequest, token: CancelToken = NEVER, report: Report = silent
    ) -> ExportedFile:
        """Write a file of a whole study, and read it back; raises as ``StudyExporter.export``."""
        warnings = request.exporter.export(
            request.study, request.path, request.options, overwrite=request.overwrite, token=token, report=report
        )
        return self._finish(request, warnings, report)

    def write_all(
        self,
        requests: Sequence[ExportRequest | StudyExportRequest],
        token: CancelToken = NEVER,
        report: Report = silent,
    ) -> ExportResults:
        """Write several files. Failures are recorded, and the other files are written.

        Every written file is reported at once as the value of progress (``ExportedFile``). A single request raises its
        error, and reports no value.

        Raises:
            Cancelled: The token was cancelled; finished files stay.
        """
        token.check()
        if len(requests) == 1:
            return ExportResults((self._write_any(requests[0], token, report),))
        written = []
        failures = []
        for n_done, request in enumerate(requests):
            token.check()
            try:
                exported_file = self._write_any(request, token, _with_counts(report, n_done, len(requests)))
            except SkillViewerError as error:
                failures.append(str(error))
            else:
                written.append(exported_file)
                report(Progress(f"{request.path.name} is written", n_done + 1, len(requests), exported_file))
        return ExportResults(tuple(written), tuple(failures))

    def _write_any(
        self, request: ExportRequest | StudyExportRequest, token: CancelToken, report: Report
    ) -> ExportedFile:
        if isinstance(request, StudyExportRequest):
            return self.write_study(request, token, report)
        return self.write(request, token, report)

    def _analyse_sources(
        self,
        sources: Sequence[ExportSource],
        studies: SourceStudies,
        token: CancelToken = NEVER,
        report: Report = silent,
        *,
        exporter: "Exporter | None" = None,
        shared_readers: SourceReaders | None = None,
    ) -> list[AnalysedVideo]:
        """Return the videos of sources with their analyses, and with evidence if the exporter shows it.

        Missing analyses are computed and saved. Without ``shared_readers`` each video is closed before the next is
        opened. Raises as ``write``.
        """
        videos = []
        tasks = tasks_of(sources, studies)
        for source in sources:
            token.check()
            with _readers_of_source(shared_readers) as readers:
                analysis = find_stored_analysis(source, readers.digest_function(token))
                if analysis is None:
                    analysis = self._assess(source, readers, token, _with_stage(report, source, "assessing"))
                if source.analysis is None:  # reported now, even if the export fails later
                    stage = f"assessed {source.display_title}"
                    report(Progress(stage, value=AnalysisReady(source, analysis)))
                evidence = None
                if exporter is not None and exporter.shows_evidence:
                    stage_report = _with_stage(report, source, "explaining")
                    evidence = self._explain(source, analysis, exporter, readers, token, stage_report)
            task_names = tasks.get((source.study, analysis.clip_id), ())
            reader = shared_readers.open(source.video, token) if shared_readers is not None else None
            videos.append(
                AnalysedVideo(
                    analysis=analysis.in_task(*task_names),
                    title=source.title,
                    source=reader,
                    faces=source.faces,
                    evidence=evidence,
                    annotations=source.annotations,
                    cameras=source.cameras,
                    video_name=source.video_name,
                    model_name=source.model_name,
                )
            )
        if self._update_study:
            analysed_sources = [(source, video.analysis) for source, video in zip(sources, videos, strict=True)]
            save_scores(analysed_sources, studies)
        return videos

    def preview(self, exporter: "Exporter", sources: Sequence[ExportSource], options: object) -> "Preview | None":
        """Return a preview of an export; None if there is no preview, or a video has not been assessed yet.

        Raises:
            ExportError: The preview cannot be made; the message says why.
            VideoError: A video cannot be read.
        """
        if exporter.preview is None or exporter.needs_evidence:
            return None
        from skillviewer.data.evidence_file import load_evidence  # imports scipy

        token = CancelToken()
        videos: list[AnalysedVideo] = []
        options = options if options is not None else _default_options(exporter)
        with _open_shared_readers(exporter, options) as shared_readers:
            for source in sources:
                with _readers_of_source(shared_readers) as readers:
                    analysis = find_stored_analysis(source, readers.digest_function(token))
                if analysis is None:
                    return None
                reader = shared_readers.open(source.video, token) if shared_readers is not None else None
                evidence = load_evidence(analysis) if exporter.wants_evidence else None
                videos.append(
                    AnalysedVideo(analysis, source.title, source=reader, faces=source.faces, evidence=evidence)
                )
            exporter.check(videos)
            if isinstance(options, ReportOptions | ClipOptions) and sources:
                request = ExportRequest(exporter, tuple(sources), Path(), options)
                with SourceStudies() as studies:
                    videos, options = _add_study_data(request, videos, studies, shared_readers, token)
            saved_faces = FaceStore()
            if wants_blurring(options):
                videos = _require_saved_faces(videos, saved_faces)
            videos, _ = with_saved_tracks(videos, options)
            prepared = exporter.prepare(videos, options, saved_faces=saved_faces)
            return exporter.preview(prepared.videos, prepared.options)

    def preview_study(self, exporter: "StudyExporter", study: Path, options: object = None) -> "Preview | None":
        """Return a preview of an export of a study; None if there is no preview.

        Raises:
            ExportError: The export cannot be made of this study; the message says why.
            StudyError: The study cannot be read.
        """
        return exporter.preview(study, options) if exporter.preview is not None else None

    def _assess(self, source: ExportSource, readers: SourceReaders, token: CancelToken, report: Report) -> "Analysis":
        if source.model is None:
            raise _missing_model_error(source)
        passes = source.passes
        if not passes:
            passes = USUAL_PASSES
        reader = readers.open(source.video, token)
        analysis = self._get_model_cache().assess(
            source.model, source.video, passes, token, report, source.clip_range, reader
        )
        path = analysis_path(analysis.video.digest, analysis.provenance.model_digest, analysis.clip_range)
        stored_analysis = find_stored_analysis(replace(source, passes=None), lambda _path: analysis.video.digest)
        # never replace an analysis of more passes
        if stored_analysis is None or stored_analysis.n_passes <= analysis.n_passes:
            with suppress(ExportError):  # a lost analysis can be computed again
                save_analysis(analysis, path)
        return analysis

    def _explain(
        self,
        source: ExportSource,
        analysis: "Analysis",
        exporter: "Exporter",
        readers: SourceReaders,
        token: CancelToken,
        report: Report,
    ) -> "Evidence | None":
        """Return the evidence for a score; None with a warning if optional evidence cannot be computed."""
        from skillviewer.data.evidence_file import load_or_compute_evidence  # imports scipy

        try:
            model = source.model
            if model is None:
                raise _missing_model_error(source)

            def compute() -> "Evidence":
                return self._get_model_cache().explain(
                    model, analysis, token, report, reader=readers.open(source.video, token)
                )

            if self._use_evidence_cache:
                return load_or_compute_evidence(analysis, compute)
            return compute()
        except SkillViewerError as error:
            if exporter.needs_evidence:
                raise
            name = source.title_or_file_name
            self._evidence_warnings.append(
                f"What raised and lowered the score of {name} was not computed, and is left out: {error}"
            )
            return None

    def _align(
        self, sources: Sequence[ExportSource], videos: Sequence[AnalysedVideo], token: CancelToken, report: Report
    ) -> list[AnalysedVideo]:
        """Return the videos; each further video has its alignment with the first one.

        Raises:
            ExportError: There is a single video, or the videos were assessed by different models.
        """
        first = videos[0].analysis
        model = sources[0].model
        if len({video.analysis.clip_id for video in videos}) < 2:
            raise ExportError("To align videos in time, choose two or more videos.")
        if len({video.analysis.provenance.model_digest for video in videos}) > 1:
            raise ExportError("Videos are aligned in time by one model: choose one.")
        if model is None:
            raise _missing_model_error(sources[0])
        aligned_videos = [videos[0]]
        for source, video in zip(sources[1:], videos[1:], strict=True):
            stage_report = _with_stage(report, source, "aligning")
            alignment = self._get_model_cache().align(
                model, first, other_analysis=video.analysis, token=token, report=stage_report
            )
            aligned_videos.append(replace(video, alignment=alignment))
        return aligned_videos

    def _get_model_cache(self) -> ModelCacheProtocol:
        if self._model_cache is None:
            self._model_cache = self._open_model_cache()
        return self._model_cache

    def close(self) -> None:
        """Free the memory of the device."""
        model_cache = self._model_cache
        self._model_cache = None
        if model_cache is not None:
            model_cache.close()


def _readers_of_source(shared_readers: SourceReaders | None) -> AbstractContextManager[SourceReaders]:
    """Return readers for one source: the shared ones, which stay open, or else new ones."""
    return SourceReaders() if shared_readers is None else nullcontext(shared_readers)


def _open_shared_readers(exporter: "Exporter", options: object) -> AbstractContextManager[SourceReaders | None]:
    """Return readers that stay open during an export, or a context with None if pixels are not needed."""
    if exporter.needs_video or wants_blurring(options):
        return SourceReaders()
    return nullcontext()


def _require_saved_faces(videos: Sequence[AnalysedVideo], saved_faces: FaceStore) -> list[AnalysedVideo]:
    """Return videos without the cameras whose faces are not saved: a preview does not search for faces.

    Raises:
        ExportError: The faces of a video are not saved.
    """

    def has_saved_faces(digest: str) -> bool:
        return saved_faces.get(digest) is not None

    unsearched = [
        video.path.name for video in videos if video.faces is None and not has_saved_faces(video.analysis.video.digest)
    ]
    if unsearched:
        raise ExportError(
            f"Faces are looked for in {', '.join(unsearched)} when this is written. To see them now, look over the "
            "faces."
        )
    return [
        replace(video, cameras=tuple(camera for camera in video.cameras if has_saved_faces(camera.camera.digest)))
        for video in videos
    ]


def with_saved_tracks(videos: list[AnalysedVideo], options: object) -> tuple[list[AnalysedVideo], tuple[str, ...]]:
    """Return videos with their saved tracks if the options ask for tracks, and a warning for each video without.

    Raises:
        VideoError: The file of tracks cannot be read, or belongs to another video.
    """
    if not getattr(options, "tracks", False):
        return videos, ()
    store = TrackStore()
    videos_with_tracks = []
    warnings = []
    for video in videos:
        analysis = video.analysis
        frames = None if analysis.clip_range is None else range_frames(analysis.clip_range, analysis.video)
        tracks = store.get(analysis.video.digest, frames)
        if tracks is None or not tracks.tracks:
            warnings.append(f"{video.path.name} has no tracks of hands or tools to draw: find or import them first.")
        else:
            tracks.check_video(analysis.video)
        videos_with_tracks.append(replace(video, tracks=tracks))
    return videos_with_tracks, tuple(dict.fromkeys(warnings))


def _check_request_path(request: ExportRequest, studies: SourceStudies) -> None:
    """Raise an ExportError if a file cannot be written, or would replace a video or a study."""
    check_destination(request.path, request.exporter.suffixes, overwrite=request.overwrite)
    if not path_exists(request.path):
        return
    originals = list(request.originals)
    for study in studies.of(request.sources).values():
        originals += [video.path for video in study.videos.all() if video.path is not None]
    check_not_source(request.path, originals)


def _add_study_data(
    request: ExportRequest,
    videos: list[AnalysedVideo],
    studies: SourceStudies,
    shared_readers: SourceReaders | None,
    token: CancelToken,
) -> tuple[list[AnalysedVideo], object]:
    """Return videos with annotations and cameras from their studies, and the options of a report with its context."""
    options = _options_of(request)
    if request.exporter.wants_annotations:
        videos = with_annotations(request.sources, videos, studies)
    if isinstance(options, ClipOptions) and options.cameras:
        videos = with_cameras(request.sources, videos, studies)
    if isinstance(options, ReportOptions):
        context = _report_context(
            request.sources[0],
            videos[0],
            given=options.study_context,
            studies=studies,
            shared_readers=shared_readers,
            token=token,
        )
        options = replace(options, study_context=context)
    return videos, options


def _report_context(
    source: ExportSource,
    video: AnalysedVideo,
    given: StudyContext,
    studies: SourceStudies,
    shared_readers: SourceReaders | None,
    token: CancelToken,
) -> StudyContext:
    """Return the context of a report: ``given`` unless it is empty, else that from the study of the source.

    Warning and test of the model are added, and sentences on motion if there are none.
    """
    from skillviewer.engine.exporting.model_context import with_model_test
    from skillviewer.engine.exporting.motion_context import motion_sentences
    from skillviewer.engine.exporting.study_context import context_of
    from skillviewer.nets.model_library import criterion_of

    if source.study is None or given != StudyContext():
        motion = given.motion
        if not motion:
            motion = motion_sentences(video.analysis)
        return with_model_test(replace(given, motion=motion), video.analysis, source.model, {})
    criterion = criterion_of(source.model) if source.model is not None else ""
    study = studies.open(source.study)
    context = context_of(study, video.analysis, criterion)
    digest = video.analysis.provenance.model_digest
    facts = next((model.facts for model in study.models.all() if model.digest == digest), {})
    context = with_model_test(context, video.analysis, source.model, facts)
    reference = context.reference
    if reference is not None and shared_readers is not None:
        reference = replace(reference, source=shared_readers.open(reference.path, token))
    return replace(context, reference=reference)


def _options_of(request: ExportRequest) -> object:
    """Return the options of a request, or else the default ones of its exporter."""
    return request.options or _default_options(request.exporter)


def _default_options(exporter: "Exporter") -> object:
    return exporter.options() if exporter.options is not None else None


def _with_stage(report: Report, source: ExportSource, activity: str) -> Report:
    """Return a report function that names the activity and the source as the stage."""
    stage = f"{activity} {source.display_title}"
    return lambda progress: report(Progress(stage, progress.done, progress.total))


def _with_counts(report: Report, n_done: int, total: int) -> Report:
    """Return a report function for one of several files that reports the number of finished files."""
    return lambda progress: report(replace(progress, done=n_done, total=total))


def _missing_model_error(source: ExportSource) -> CheckpointError:
    name = source.title_or_file_name
    if source.analysis is not None:
        return CheckpointError(
            f"What raised and lowered the score of {name} is not in its saved analysis, and its model, "
            f"{source.analysis.provenance.model}, is not the one at hand: choose that model, or export from the video."
        )
    return CheckpointError(
        f"{name} has not been assessed, and the model that the study uses is not where it was: choose a model."
    )
