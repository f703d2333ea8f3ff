"""Choices on the Export screen, and the files they result in. No widgets."""

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
    """Choice of videos, and their split into files."""

    THIS = "this video"
    EACH = "a file for every assessed video"
    ALL = "all assessed videos in one file"
    CHOSEN = "chosen videos in one file"


@dataclass(frozen=True, slots=True)
class ExportModel:
    """A model that can assess the videos."""

    name: str
    folder: Path  # folder of its checkpoint
    digest: str = ""  # its digest, or "" while it is not known
    loaded: bool = False  # true for the loaded model, the one of ``VideoEntry.analysis``


@dataclass(frozen=True, slots=True)
class ExportChoices:
    """The choices."""

    exporter: Exporter | StudyExporter  # kind of export
    spread: FileSplit  # split into files
    videos: tuple[VideoEntry, ...]
    models: tuple[ExportModel, ...]
    options: Any  # an instance of the exporter's options, or None
    path: Path  # the file, or the folder where every video has its own file
    suffix: str  # suffix of the files
    study: Path | None = None  # the open study: the source of whole-study exports and of further facts on its videos


def sources(
    videos: Sequence[VideoEntry], models: Sequence[ExportModel], study: Path | None = None
) -> tuple[ExportSource, ...]:
    """Return every video with every model, with distinct titles. Reports add facts from the study."""
    requests = []
    for video in videos:
        for model in models:
            parts = [video.name] if len(videos) > 1 or len(models) == 1 else []
            parts += [model.name] if len(models) > 1 else []
            requests.append(
                ExportSource(
                    video=video.clip.path,
                    title=" – ".join(parts),
                    model=model.folder,
                    model_digest=model.digest,
                    digest=video.info.digest if video.info is not None else "",
                    clip_range=video.clip.clip_range,
                    analysis=video.analysis if model.loaded else None,
                    study=study,
                )
            )
    return tuple(requests)


def requests(choices: ExportChoices) -> tuple[ExportRequest | StudyExportRequest, ...]:
    """Return the requests for the files to write, in order; none if no file is possible."""
    exporter = choices.exporter
    study = choices.study
    path = choices.path
    options = choices.options
    if isinstance(exporter, StudyExporter):
        return (StudyExportRequest(exporter, study, path, options),) if study is not None else ()
    if not choices.videos or not choices.models:
        return ()
    if choices.spread is not FileSplit.EACH:
        return (ExportRequest(exporter, sources(choices.videos, choices.models, study), path, options),)
    names_used: set[str] = set()
    requests = []
    for video in choices.videos:
        file = path / f"{reserve_name(safe_name(video.name), names_used)}{choices.suffix}"
        requests.append(ExportRequest(exporter, sources([video], choices.models, study), file, options))
    return tuple(requests)


def spreads_of(exporter: Exporter | StudyExporter, n_videos: int) -> tuple[FileSplit, ...]:
    """Return the possible splits of the videos into files."""
    if isinstance(exporter, StudyExporter):
        return ()
    if n_videos < 2:
        return (FileSplit.THIS,)
    several = (FileSplit.ALL, FileSplit.CHOSEN) if exporter.takes_several else ()
    return (FileSplit.THIS, FileSplit.EACH, *several)
