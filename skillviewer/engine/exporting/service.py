"""Exports for window and command line: from videos and models to a file that was written and read back.

Analyses come from the cache; only missing ones are computed, with a model that is loaded then.
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
from skillviewer.engine.exporting.requests import (
    AnalysisReady,
    ExportedFile,
    ExportRequest,
    ExportResults,
    ExportSource,
    StudyExportRequest,
    stored_analysis,
)
from skillviewer.engine.exporting.source_readers import SourceReaders
from skillviewer.engine.exporting.study_context import (
    SourceStudies,
    annotated,
    save_in_log,
    save_scores,
    tasks_of,
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
    """Writes exports. Not thread safe: one thread owns it. Use it as a context manager.

    Args:
        open_model_cache: Makes the model cache; called when the first model is needed.
        update_study: Whether to write scores into the studies of the videos, and exports into their logs. The window
            has its study open and does so itself: an ``AnalysisReady`` or a ``LoggedExport`` as a value of progress
            reports them.
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
        self._lacking: list[str] = []  # unavailable optional inputs of the current request

    def write(self, request: ExportRequest, token: CancelToken = NEVER, report: Report = silent) -> ExportedFile:
        """Assess what has to be assessed, write a file, and read it back.

        Raises:
            ExportError: The export cannot be written; the message says why.
            VideoError: A video cannot be read.
            CheckpointError: A model is missing or cannot be used.
            DeviceError: The device ran out of memory.
            Cancelled: The token was raised; nothing is left behind.
        """
        self._lacking.clear()
        exporter = request.exporter
        options = request.options or _defaults(exporter)
        with SourceStudies() as studies, _shared_readers(exporter, options) as shared_readers:
            _check_place(request, studies)
            videos = self._analysed_videos(
                request.sources, studies, token, report, exporter=exporter, shared_readers=shared_readers
            )
            videos, options = _informed(request, videos, studies, shared_readers, token)
            videos, untracked = with_saved_tracks(videos, options)
            if isinstance(options, ClipOptions) and options.align:
                videos = self._aligned(request.sources, videos, token, report)
            prepared = exporter.prepare(videos, options, saved_faces=FaceStore(), token=token, report=report)
            blurred = blur_warnings(prepared.videos, prepared.options)
            warnings = (*prepared.warnings(request.path), *self._lacking, *untracked, *blurred)
            prepared.write(request.path, overwrite=request.overwrite, token=token, report=report)
            return self._written(request, warnings, report, studies)

    def detached(self, request: ExportRequest, token: CancelToken = NEVER) -> ExportRequest:
        """Return a request with what its studies know as values, for a process that opens none; raises as ``write``."""
        with SourceStudies() as studies:
            _check_place(request, studies)
            if all(source.study is None for source in request.sources):
                return request
            videos = self._analysed_videos(request.sources, studies, token)
            videos, options = _informed(request, videos, studies, None, token)
        sources = tuple(
            replace(s, study=None, analysis=e.analysis, annotations=e.annotations, cameras=e.cameras, passes=None)
            for s, e in zip(request.sources, videos, strict=True)
        )
        return replace(request, sources=sources, options=options, protected_paths=request.originals)

    def _written(
        self,
        request: ExportRequest | StudyExportRequest,
        warnings: Sequence[str],
        report: Report,
        studies: SourceStudies | None = None,
    ) -> ExportedFile:
        """Read a file back, and record it in the log of its study."""
        report(Progress("reading it back"))
        facts = read_back(request.path)
        return ExportedFile(request.path, facts, (*warnings, *self.logged(request, report, studies)))

    def logged(
        self, request: ExportRequest | StudyExportRequest, report: Report = silent, studies: SourceStudies | None = None
    ) -> tuple[str, ...]:
        """Record a file in the logs of its studies, or report that; return warnings, one sentence each."""
        warnings: tuple[str, ...] = ()
        for logged in request.for_log:
            if self._update_study:
                warnings += save_in_log(logged, studies)
            else:
                report(Progress(f"{logged.file} is written", value=logged))
        return warnings

    def write_study(
        self, request: StudyExportRequest, token: CancelToken = NEVER, report: Report = silent
    ) -> ExportedFile:
        """Write a file of a whole study, and read it back; raises as ``StudyExporter.export``."""
        warnings = request.exporter.export(
            request.study, request.path, request.options, overwrite=request.overwrite, token=token, report=report
        )
        return self._written(request, warnings, report)

    def write_all(
        self,
        requests: Sequence[ExportRequest | StudyExportRequest],
        token: CancelToken = NEVER,
        report: Report = silent,
    ) -> ExportResults:
        """Write several files; a failure is recorded, and the others go on. A single one raises its error.

        Of several, each that was written is reported at once, as a ``ExportedFile`` that is the value of progress.

        Raises:
            Cancelled: The token was raised; the files that were finished stay.
        """
        written, failures = [], []
        for n_done, request in enumerate(requests):
            token.check()
            counted = report if len(requests) == 1 else _counted(report, n_done, len(requests))
            try:
                if isinstance(request, StudyExportRequest):
                    written.append(self.write_study(request, token, counted))
                else:
                    written.append(self.write(request, token, counted))
                if len(requests) > 1:  # also if the ones after it are stopped: it is there
                    report(Progress(f"{request.path.name} is written", n_done + 1, len(requests), written[-1]))
            except SkillViewerError as error:
                if len(requests) == 1:
                    raise
                failures.append(str(error))
        return ExportResults(tuple(written), tuple(failures))

    def _analysed_videos(
        self,
        sources: Sequence[ExportSource],
        studies: SourceStudies,
        token: CancelToken = NEVER,
        report: Report = silent,
        *,
        exporter: "Exporter | None" = None,
        shared_readers: SourceReaders | None = None,
    ) -> list[AnalysedVideo]:
        """Return sources with their analyses; those that are not in the cache are computed, and saved there.

        Without ``shared_readers`` each video is closed before the next. An exporter that shows evidence gets that, too.

        It raises what ``write`` does.
        """
        videos = []
        tasks = tasks_of(sources, studies)
        for source in sources:
            token.check()
            with SourceReaders() if shared_readers is None else nullcontext(shared_readers) as readers:
                analysis = stored_analysis(source, readers.digests(token))
                if analysis is None:
                    analysis = self._assessed(source, readers, token, _named(report, source, "assessing"))
                if source.analysis is None:  # also if all that follows fails or is stopped: it is known now
                    stage = f"assessed {source.title or source.video.stem}"
                    report(Progress(stage, value=AnalysisReady(source, analysis)))
                weighed = None
                if exporter is not None and (exporter.needs_evidence or exporter.wants_evidence):
                    reported = _named(report, source, "explaining")
                    weighed = self._weighed(source, analysis, exporter, readers, token, reported)
            reader = shared_readers.open(source.video, token) if shared_readers is not None else None
            analysis = analysis.in_task(*tasks.get((source.study, analysis.clip_id), ()))
            video = AnalysedVideo(analysis, source.title, reader, source.faces, weighed, source.annotations)
            videos.append(
                replace(video, cameras=source.cameras, video_name=source.video_name, model_name=source.model_name)
            )
        if self._update_study:
            scored = [(source, video.analysis) for source, video in zip(sources, videos, strict=True)]
            save_scores(scored, studies)
        return videos

    def preview(self, exporter: "Exporter", sources: Sequence[ExportSource], options: object) -> "Preview | None":
        """Return a preview of an export.

        Nothing is assessed for it: None if a video has not been assessed yet, or where there is nothing to see.

        Raises:
            ExportError: The preview cannot be made; the message says why.
            VideoError: A video cannot be read.
        """
        if exporter.preview is None or exporter.needs_evidence:
            return None
        from skillviewer.data.evidence_file import load_evidence  # imports scipy

        token = CancelToken()
        videos: list[AnalysedVideo] = []
        options = options if options is not None else _defaults(exporter)
        with _shared_readers(exporter, options) as shared_readers:
            for source in sources:
                with SourceReaders() if shared_readers is None else nullcontext(shared_readers) as readers:
                    analysis = stored_analysis(source, readers.digests(token))
                if analysis is None:
                    return None
                reader = shared_readers.open(source.video, token) if shared_readers is not None else None
                evidence = load_evidence(analysis) if exporter.wants_evidence else None
                videos.append(AnalysedVideo(analysis, source.title, reader, source.faces, evidence))
            exporter.check(videos)
            if isinstance(options, ReportOptions | ClipOptions) and sources:
                request = ExportRequest(exporter, tuple(sources), Path(), options)
                with SourceStudies() as studies:
                    videos, options = _informed(request, videos, studies, shared_readers, token)
            saved_faces = FaceStore()
            if wants_blurring(options):
                videos = _without_search(videos, saved_faces)
            videos, _ = with_saved_tracks(videos, options)
            prepared = exporter.prepare(videos, options, saved_faces=saved_faces)
            return exporter.preview(prepared.videos, prepared.options)

    def preview_study(self, exporter: "StudyExporter", study: Path, options: object = None) -> "Preview | None":
        """Return a preview of an export of a study, or None.

        Raises:
            ExportError: It cannot be made of this study; the message says why.
            StudyError: The study cannot be read.
        """
        return exporter.preview(study, options) if exporter.preview is not None else None

    def _assessed(self, source: ExportSource, readers: SourceReaders, token: CancelToken, report: Report) -> "Analysis":
        if source.model is None:
            raise _no_model(source)
        passes = source.passes or USUAL_PASSES
        reader = readers.open(source.video, token)
        analysis = self._models().assess(source.model, source.video, passes, token, report, source.clip_range, reader)
        path = analysis_path(analysis.video.digest, analysis.provenance.model_digest, analysis.clip_range)
        before = stored_analysis(replace(source, passes=None), lambda _path: analysis.video.digest)
        if before is None or before.n_passes <= analysis.n_passes:  # one of fewer passes is for this export alone
            with suppress(ExportError):  # it can be computed again
                save_analysis(analysis, path)
        return analysis

    def _weighed(
        self,
        source: ExportSource,
        analysis: "Analysis",
        exporter: "Exporter",
        readers: SourceReaders,
        token: CancelToken,
        report: Report,
    ) -> "Evidence | None":
        """Return the contributions to a score; None if they are only welcome and cannot be computed."""
        from skillviewer.data.evidence_file import load_or_compute_evidence  # imports scipy

        try:
            if source.model is None:
                raise _no_model(source)
            model = source.model

            def compute() -> "Evidence":
                return self._models().explain(model, analysis, token, report, readers.open(source.video, token))

            return load_or_compute_evidence(analysis, compute) if self._use_evidence_cache else compute()
        except SkillViewerError as error:
            if exporter.needs_evidence:
                raise
            name = source.title or source.video.name
            self._lacking.append(
                f"What raised and lowered the score of {name} was not computed, and is left out: {error}"
            )
            return None

    def _aligned(
        self, sources: Sequence[ExportSource], videos: Sequence[AnalysedVideo], token: CancelToken, report: Report
    ) -> list[AnalysedVideo]:
        """Align each further video with the first one; refuse another model, and a single video."""
        first, model = videos[0].analysis, sources[0].model
        if len({video.analysis.clip_id for video in videos}) < 2:
            raise ExportError("To align videos in time, choose two or more videos.")
        if len({video.analysis.provenance.model_digest for video in videos}) > 1:
            raise ExportError("Videos are aligned in time by one model: choose one.")
        if model is None:
            raise _no_model(sources[0])
        aligned = [videos[0]]
        for source, video in zip(sources[1:], videos[1:], strict=True):
            reported = _named(report, source, "aligning")
            aligned.append(
                replace(video, alignment=self._models().align(model, first, video.analysis, token, reported))
            )
        return aligned

    def _models(self) -> ModelCacheProtocol:
        if self._model_cache is None:
            self._model_cache = self._open_model_cache()
        return self._model_cache

    def close(self) -> None:
        """Give the device's memory back."""
        model_cache = self._model_cache
        self._model_cache = None
        if model_cache is not None:
            model_cache.close()


def _shared_readers(exporter: "Exporter", options: object) -> AbstractContextManager[SourceReaders | None]:
    """Return open readers, or a null context if pixels are not needed."""
    return SourceReaders() if exporter.needs_video or wants_blurring(options) else nullcontext()


def _without_search(videos: Sequence[AnalysedVideo], saved_faces: FaceStore) -> list[AnalysedVideo]:
    """Return videos without the cameras whose faces are not saved; refuse a video whose own faces are not saved.

    Raises:
        ExportError: Faces would have to be searched for, which takes as long as the video, and was not asked for yet.
    """

    def saved(digest: str) -> bool:
        return saved_faces.get(digest) is not None

    new = [video.path.name for video in videos if video.faces is None and not saved(video.analysis.video.digest)]
    if new:
        raise ExportError(
            f"Faces are looked for in {', '.join(new)} when this is written. To see them now, look over the faces."
        )
    return [replace(v, cameras=tuple(c for c in v.cameras if saved(c.camera.digest))) for v in videos]


def with_saved_tracks(videos: list[AnalysedVideo], options: object) -> tuple[list[AnalysedVideo], tuple[str, ...]]:
    """Return videos with their saved tracks if options ask for them, and a warning for each video that has none.

    Raises:
        VideoError: The file of tracks cannot be read, or was made in another video.
    """
    if not getattr(options, "tracks", False):
        return videos, ()
    store = TrackStore()
    tracked = []
    warnings = []
    for video in videos:
        analysis = video.analysis
        frames = None if analysis.clip_range is None else range_frames(analysis.clip_range, analysis.video)
        tracks = store.get(analysis.video.digest, frames)
        if tracks is None or not tracks.tracks:
            warnings.append(f"{video.path.name} has no tracks of hands or tools to draw: find or import them first.")
        else:
            tracks.check_video(analysis.video)
        tracked.append(replace(video, tracks=tracks))
    return tracked, tuple(dict.fromkeys(warnings))


def _check_place(request: ExportRequest, studies: SourceStudies) -> None:
    check_destination(request.path, request.exporter.suffixes, overwrite=request.overwrite)
    if path_exists(request.path):
        of_studies = [video.path for study in studies.of(request.sources).values() for video in study.videos.all()]
        check_not_source(request.path, (*request.originals, *filter(None, of_studies)))


def _informed(
    request: ExportRequest,
    videos: list[AnalysedVideo],
    studies: SourceStudies,
    shared_readers: SourceReaders | None,
    token: CancelToken,
) -> tuple[list[AnalysedVideo], object]:
    """Return videos with annotations, and the options of a report with what the model's card and the study know."""
    options = request.options or _defaults(request.exporter)
    source = request.sources[0]
    video = videos[0]
    if request.exporter.wants_annotations:
        videos = annotated(request.sources, videos, studies)
    if isinstance(options, ClipOptions) and options.cameras:
        videos = with_cameras(request.sources, videos, studies)
    if not isinstance(options, ReportOptions):
        return videos, options
    from skillviewer.engine.exporting.motion_context import motion_sentences
    from skillviewer.engine.exporting.study_context import context_of
    from skillviewer.nets.library import criterion_of
    from skillviewer.nets.model_card import load_card

    context = options.known
    if source.model is not None:
        with suppress(CheckpointError):  # an analysis may outlive its model
            context = replace(context, model_warning=load_card(source.model).warning)
    if source.study is None or options.known != StudyContext():
        if not context.motion:
            context = replace(context, motion=motion_sentences(video.analysis))
        return videos, replace(options, known=context)
    criterion = criterion_of(source.model) if source.model is not None else ""
    context = replace(
        context_of(studies.open(source.study), video.analysis, criterion), model_warning=context.model_warning
    )
    if context.reference is not None and shared_readers is not None:
        context = replace(
            context, reference=replace(context.reference, source=shared_readers.open(context.reference.path, token))
        )
    return videos, replace(options, known=context)


def _defaults(exporter: "Exporter") -> object:
    return exporter.options() if exporter.options is not None else None


def _named(report: Report, source: ExportSource, doing: str) -> Report:
    stage = f"{doing} {source.title or source.video.stem}"
    return lambda progress: report(Progress(stage, progress.done, progress.total))


def _counted(report: Report, n_done: int, total: int) -> Report:
    """Return a report of one file of several, which tells how many are finished."""
    return lambda progress: report(replace(progress, done=n_done, total=total))


def _no_model(source: ExportSource) -> CheckpointError:
    name = source.title or source.video.name
    if source.analysis is not None:
        return CheckpointError(
            f"What raised and lowered the score of {name} is not in its saved analysis, and its model, "
            f"{source.analysis.provenance.model}, is not the one at hand: choose that model, or export from the video."
        )
    return CheckpointError(
        f"{name} has not been assessed, and the model that the study uses is not where it was: choose a model."
    )
