"""Choices on the Export screen, and the export requests made from them. No widgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from skillviewer.core.paths import reserve_name, safe_name
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource, StudyExportRequest
from skillviewer.engine.exporting.study_exporters import StudyExporter
from skillviewer.export.exporters import Exporter
from skillviewer.ui.session.video_entry import VideoEntry


class FileSplit(StrEnum):
    """Choice of the videos and of their split into files."""

    THIS = "this video"
    EACH = "a file for every assessed video"
    ALL = "all assessed videos in one file"
    CHOSEN = "chosen videos in one file"


@dataclass(frozen=True, slots=True)
class ExportModel:
    """A model that the user can choose for an export."""

    name: str
    folder: Path  # folder of its checkpoint
    digest: str = ""  # its digest, or "" if it is not known yet
    is_loaded: bool = False  # true for the loaded model, which made ``VideoEntry.analysis``


@dataclass(frozen=True, slots=True)
class ExportChoices:
    """Everything that the user chose for one export."""

    exporter: Exporter | StudyExporter
    split: FileSplit  # choice of the videos and of their split into files
    videos: tuple[VideoEntry, ...]
    models: tuple[ExportModel, ...]
    options: Any  # an instance of the options of the exporter, or None
    path: Path  # the file, or the folder in which each video gets a file
    suffix: str  # suffix of the files in a folder
    study: Path | None = None  # the open study, which whole-study exports and reports read


def make_sources(
    videos: Sequence[VideoEntry], models: Sequence[ExportModel], study: Path | None = None
) -> tuple[ExportSource, ...]:
    """Return a source for every video with every model, with distinct titles."""
    has_several_models = len(models) > 1
    titled_by_video = len(videos) > 1 or not has_several_models
    sources = []
    for video in videos:
        for model in models:
            title = video.name if titled_by_video else model.name
            if titled_by_video and has_several_models:
                title = f"{video.name} – {model.name}"
            video_digest = video.info.digest if video.info is not None else ""
            analysis = video.analysis if model.is_loaded else None
            sources.append(
                ExportSource(
                    video=video.clip.path,
                    title=title,
                    model=model.folder,
                    model_digest=model.digest,
                    digest=video_digest,
                    clip_range=video.clip.clip_range,
                    analysis=analysis,
                    study=study,
                )
            )
    return tuple(sources)


def make_requests(choices: ExportChoices) -> tuple[ExportRequest | StudyExportRequest, ...]:
    """Return the requests for the files to write, in order. Without videos, models or a study there are no requests."""
    exporter = choices.exporter
    study = choices.study
    path = choices.path
    options = choices.options
    if isinstance(exporter, StudyExporter):
        return (StudyExportRequest(exporter, study, path, options),) if study is not None else ()
    if not choices.videos or not choices.models:
        return ()
    if choices.split is not FileSplit.EACH:
        return (ExportRequest(exporter, make_sources(choices.videos, choices.models, study), path, options),)
    names_used: set[str] = set()
    requests = []
    for video in choices.videos:
        name = reserve_name(safe_name(video.name), names_used)
        sources = make_sources([video], choices.models, study)
        requests.append(ExportRequest(exporter, sources, path / f"{name}{choices.suffix}", options))
    return tuple(requests)


def possible_splits(exporter: Exporter | StudyExporter, n_videos: int) -> tuple[FileSplit, ...]:
    """Return the possible splits of the videos into files."""
    if isinstance(exporter, StudyExporter):
        return ()
    if n_videos < 2:
        return (FileSplit.THIS,)
    several = (FileSplit.ALL, FileSplit.CHOSEN) if exporter.takes_several else ()
    return (FileSplit.THIS, FileSplit.EACH, *several)
