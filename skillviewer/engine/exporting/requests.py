"""Export requests as values: videos, models, exporter and destination; and the files that were written."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillviewer.core.study_log import LoggedExport
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.analysis_file import load_or_discard
from skillviewer.data.study.models import analysis_path
from skillviewer.nets.library import digest as model_digest

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.faces.faces import Faces
    from skillviewer.core.timelines.annotation import Annotation
    from skillviewer.core.video.clips import ClipRange
    from skillviewer.engine.exporting.study_exporters import StudyExporter
    from skillviewer.export.analysed_video import ShownCamera
    from skillviewer.export.exporters import Exporter


@dataclass(frozen=True, slots=True)
class ExportSource:
    """One video under one model, as it is asked for."""

    video: Path
    title: str = ""  # title on pictures; "" for none
    model: Path | None = None  # folder of the checkpoint, or None if only what is kept or given can be used
    model_digest: str = ""  # digest of the checkpoint, or "" for that of ``model``
    digest: str = ""  # digest of the video as the study knows it, or "" to read it from the file
    clip_range: "ClipRange | None" = None  # the part of the file that is the attempt, or None for the whole
    passes: int | None = None  # passes that are wanted, or None for those that are kept
    analysis: "Analysis | None" = None  # analysis by the model, or None to look it up
    study: Path | None = None  # the study that the video is of, or None; reports tell what it knows of the video
    faces: "Faces | None" = None  # faces that are blurred, or None
    annotations: "tuple[Annotation, ...]" = ()  # what the study holds along its time, where ``study`` is None
    cameras: "tuple[ShownCamera, ...]" = ()  # its further cameras, where ``study`` is None
    video_name: str = ""  # name of the video in tables over a study, or "" for that of the file
    model_name: str = ""  # name of the model in those tables, or "" for that of the checkpoint

    @property
    def clip(self) -> VideoClip:
        """The file, or the part of it, that is meant."""
        return VideoClip(self.video, self.clip_range)


@dataclass(frozen=True, slots=True)
class AnalysisReady:
    """Analysis that was found or computed for an export; reported at once, as the value of progress."""

    source: ExportSource  # the source, which came without an analysis
    analysis: "Analysis"  # its analysis, computed now or before


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One file to write. Files in ``protected_paths`` are not overwritten, nor are those of the sources."""

    exporter: "Exporter"
    sources: tuple[ExportSource, ...]
    path: Path
    options: Any = None
    overwrite: bool = False
    protected_paths: tuple[Path, ...] = ()

    @property
    def originals(self) -> tuple[Path, ...]:
        """The files that are never replaced: those of the sources are what it is made of."""
        of_sources = (path for s in self.sources for path in (s.video, s.study) if path is not None)
        return (*of_sources, *self.protected_paths)

    @property
    def for_log(self) -> tuple[LoggedExport, ...]:
        """The entry for the log of each study of the sources."""
        names: dict[Path, dict[str, None]] = {}
        for source in self.sources:
            if source.study is not None:
                names.setdefault(source.study, {})[source.title or source.video.stem] = None
        return tuple(LoggedExport(s, self.path.name, self.exporter.name, tuple(titles)) for s, titles in names.items())


@dataclass(frozen=True, slots=True)
class StudyExportRequest:
    """One file that is to be written of a whole study."""

    exporter: "StudyExporter"
    study: Path
    path: Path
    options: Any = None
    overwrite: bool = False

    @property
    def for_log(self) -> tuple[LoggedExport, ...]:
        """The entry for the log of the study."""
        return (LoggedExport(self.study, self.path.name, self.exporter.name),)


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was written and read back."""

    path: Path
    facts: tuple[str, ...]  # its contents, a few words each; the first is its size
    warnings: tuple[str, ...] = field(default=())  # warnings for the user, one sentence each


@dataclass(frozen=True, slots=True)
class ExportResults:
    """Result of several export requests."""

    written: tuple[ExportedFile, ...]  # the files that were written
    failures: tuple[str, ...] = ()  # files that could not be written, one sentence each


def stored_analysis(source: ExportSource, digest_of: Callable[[Path], str]) -> "Analysis | None":
    """Return the analysis of a video by a model, if it is given or in the cache and has the passes that are wanted.

    Raises:
        VideoError: The video cannot be read.
        CheckpointError: The model cannot be read.
    """
    analysis = source.analysis
    if analysis is None:
        digest = source.digest or digest_of(source.video)
        model = source.model_digest or (model_digest(source.model) if source.model is not None else "")
        path = analysis_path(digest, model, source.clip_range)
        analysis = load_or_discard(path) if model else None
        if analysis is None:
            return None
    if source.passes is not None and analysis.n_passes != source.passes:
        return None
    return analysis.with_video(replace(analysis.video, path=source.video))
