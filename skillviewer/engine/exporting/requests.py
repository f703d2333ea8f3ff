"""Export requests: videos, models, exporter and destination."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillviewer.core.study_log import LoggedExport
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.analysis_file import load_or_discard
from skillviewer.data.study.models import analysis_path
from skillviewer.nets.model_library import checkpoint_digest as model_digest

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
    """One requested video under one model."""

    video: Path
    title: str = ""  # title on pictures; "" for none
    model: Path | None = None  # folder of the checkpoint, or None to use saved analyses only
    model_digest: str = ""  # digest of the checkpoint; "" for that of ``model``
    digest: str = ""  # digest of the video in its study; "" to compute it from the file
    clip_range: "ClipRange | None" = None  # range of the file that is the video, or None for the whole file
    passes: int | None = None  # required number of passes, or None for any number
    analysis: "Analysis | None" = None  # analysis by the model, or None to load or compute it
    study: Path | None = None  # study of the video, from which reports and timelines take data, or None
    faces: "Faces | None" = None  # faces to blur, or None
    annotations: "tuple[Annotation, ...]" = ()  # annotations, if ``study`` is None
    cameras: "tuple[ShownCamera, ...]" = ()  # further cameras, if ``study`` is None
    video_name: str = ""  # name of the video in tables over a study; "" for that of the file
    model_name: str = ""  # name of the model in those tables; "" for that of the checkpoint

    @property
    def display_title(self) -> str:
        """The title or, without one, the name of the file without its suffix."""
        return self.title or self.video.stem

    @property
    def title_or_file_name(self) -> str:
        """The title or, without one, the name of the file."""
        return self.title or self.video.name

    @property
    def clip(self) -> VideoClip:
        """The file, or the range of it."""
        return VideoClip(self.video, self.clip_range)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One file to write from videos."""

    exporter: "Exporter"
    sources: tuple[ExportSource, ...]
    path: Path
    options: Any = None
    overwrite: bool = False
    protected_paths: tuple[Path, ...] = ()  # further files that are never replaced

    @property
    def originals(self) -> tuple[Path, ...]:
        """Files that are never replaced: videos and studies of the sources, and ``protected_paths``."""
        paths = []
        for source in self.sources:
            paths.append(source.video)
            if source.study is not None:
                paths.append(source.study)
        return (*paths, *self.protected_paths)

    @property
    def log_entries(self) -> tuple[LoggedExport, ...]:
        """Entry for the log of each study of the sources."""
        titles_by_study: dict[Path, dict[str, None]] = {}  # without duplicates and in order
        for source in self.sources:
            if source.study is not None:
                titles_by_study.setdefault(source.study, {})[source.display_title] = None
        return tuple(
            LoggedExport(study, self.path.name, self.exporter.name, tuple(titles))
            for study, titles in titles_by_study.items()
        )


@dataclass(frozen=True, slots=True)
class StudyExportRequest:
    """One file to write from a whole study."""

    exporter: "StudyExporter"
    study: Path
    path: Path
    options: Any = None
    overwrite: bool = False

    @property
    def log_entries(self) -> tuple[LoggedExport, ...]:
        """Entry for the log of the study."""
        return (LoggedExport(self.study, self.path.name, self.exporter.name),)


def find_stored_analysis(source: ExportSource, digest_of: Callable[[Path], str]) -> "Analysis | None":
    """Return the given or the saved analysis of a source; None without one, or if its number of passes differs.

    ``digest_of`` returns the digest of the video at a path.

    Raises:
        VideoError: The video cannot be read.
        CheckpointError: The model cannot be read.
    """
    analysis = source.analysis
    if analysis is None:
        digest = source.digest or digest_of(source.video)
        digest_of_model = source.model_digest
        if not digest_of_model and source.model is not None:
            digest_of_model = model_digest(source.model)
        path = analysis_path(digest, digest_of_model, source.clip_range)
        analysis = load_or_discard(path) if digest_of_model else None
    if analysis is None:
        return None
    if source.passes is not None and analysis.n_passes != source.passes:
        return None
    return analysis.with_video(replace(analysis.video, path=source.video))
