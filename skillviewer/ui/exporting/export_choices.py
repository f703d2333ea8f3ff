"""What a person asks for on the Export screen, and the files that follow from it. No widgets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.paths import reserve_name, safe_name
from skillviewer.core.video.footage import VideoClip
from skillviewer.engine.exporting.requests import ExportRequest, ExportTarget, StudyExportRequest
from skillviewer.engine.exporting.study_exporters import StudyExporter
from skillviewer.export.exporters import Exporter


class FileSplit(StrEnum):
    """Of which videos, and into how many files."""

    THIS = "this video"
    EACH = "a file for every assessed video"
    ALL = "all assessed videos in one file"
    CHOSEN = "chosen videos in one file"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A video that can be exported.

    Attributes:
        footage: Where it is to be seen.
        name: Its name.
        digest: Digest of the file, or "" while it is not known.
        analysis: What the model that is loaded says of it, whole, or None.
    """

    footage: VideoClip
    name: str
    digest: str = ""
    analysis: Analysis | None = None


@dataclass(frozen=True, slots=True)
class ExportModel:
    """A model that can be asked.

    Attributes:
        name: Its name.
        folder: Where it lies.
        digest: Its digest, or "" while it is not known.
        loaded: Whether it is the one on whose word ``Candidate.analysis`` stands.
    """

    name: str
    folder: Path
    digest: str = ""
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class ExportChoices:
    """What is asked for.

    Attributes:
        exporter: How.
        spread: Into how many files.
        videos: Of which videos.
        models: By which models.
        options: An instance of the exporter's options, or None.
        path: The file; where every video has one of its own, the folder.
        suffix: Kind of the files.
        study: The study that is open: what is exported as a whole, and what knows more of its videos.
    """

    exporter: Exporter | StudyExporter
    spread: FileSplit
    videos: tuple[Candidate, ...]
    models: tuple[ExportModel, ...]
    options: Any
    path: Path
    suffix: str
    study: Path | None = None


def subjects(
    videos: Sequence[Candidate], models: Sequence[ExportModel], study: Path | None = None
) -> tuple[ExportTarget, ...]:
    """Return every video under every model; titles tell apart what differs. Reports tell what the study knows."""
    made = []
    for video in videos:
        for model in models:
            parts = [video.name] if len(videos) > 1 or len(models) == 1 else []
            parts += [model.name] if len(models) > 1 else []
            made.append(
                ExportTarget(
                    video=video.footage.path,
                    title=" – ".join(parts),
                    model=model.folder,
                    model_digest=model.digest,
                    digest=video.digest,
                    extent=video.footage.extent,
                    analysis=video.analysis if model.loaded else None,
                    study=study,
                )
            )
    return tuple(made)


def requests(choices: ExportChoices) -> tuple[ExportRequest | StudyExportRequest, ...]:
    """Return the files that are to be written, in order; none where nothing can be."""
    if isinstance(choices.exporter, StudyExporter):
        return (
            (StudyExportRequest(choices.exporter, choices.study, choices.path, choices.options),)
            if choices.study is not None
            else ()
        )
    if not choices.videos or not choices.models:
        return ()
    if choices.spread is not FileSplit.EACH:
        return (
            ExportRequest(
                choices.exporter, subjects(choices.videos, choices.models, choices.study), choices.path, choices.options
            ),
        )
    taken: set[str] = set()
    made = []
    for video in choices.videos:
        path = choices.path / f"{reserve_name(safe_name(video.name), taken)}{choices.suffix}"
        made.append(
            ExportRequest(choices.exporter, subjects([video], choices.models, choices.study), path, choices.options)
        )
    return tuple(made)


def replacing(request: ExportRequest | StudyExportRequest) -> ExportRequest | StudyExportRequest:
    """Return a request that may replace a file."""
    return replace(request, overwrite=True)


def spreads_of(exporter: Exporter | StudyExporter, n_videos: int) -> tuple[FileSplit, ...]:
    """Return the ways in which videos can go into files."""
    if isinstance(exporter, StudyExporter):
        return ()
    if n_videos < 2:
        return (FileSplit.THIS,)
    several = (FileSplit.ALL, FileSplit.CHOSEN) if exporter.takes_several else ()
    return (FileSplit.THIS, FileSplit.EACH, *several)
