"""Results of export requests: new analyses, exported files and failures."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis


if TYPE_CHECKING:
    from skillviewer.engine.exporting.requests import ExportSource


@dataclass(frozen=True, slots=True)
class AnalysisReady:
    """Analysis that was loaded or computed for an export, reported at once as the value of progress."""

    source: "ExportSource"  # the source, which has no analysis
    analysis: "Analysis"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was written and read back."""

    path: Path
    facts: tuple[str, ...]  # facts about its content, a few words each; the first is its size
    warnings: tuple[str, ...] = field(default=())  # warnings for the user, one sentence each


@dataclass(frozen=True, slots=True)
class ExportResults:
    """Result of several export requests."""

    written: tuple[ExportedFile, ...]
    failures: tuple[str, ...] = ()  # a sentence for each file that could not be written
