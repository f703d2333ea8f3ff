"""Interface of the cache of loaded models. It imports neither torch nor PyAV, so that the window can import it."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from skillviewer.core.progress import CancelToken, Report, silent

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.analysis.model_facts import ModelFacts
    from skillviewer.core.explanation.alignment import Alignment
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.core.video.clips import ClipRange
    from skillviewer.media.reading.reader import VideoReader


class ModelCacheProtocol(Protocol):
    """Several loaded models by folder; ``engine.inference.model_cache.ModelCache`` documents the errors."""

    def facts(self, folder: Path) -> "ModelFacts":
        """Return the facts about a model, which is loaded first if necessary."""

    def assess(
        self,
        folder: Path,
        video: Path,
        passes: int,
        token: "CancelToken",
        report: "Report",
        clip_range: "ClipRange | None" = None,
        reader: "VideoReader | None" = None,
    ) -> "Analysis":
        """Assess a video, or a range of it, with one of the models."""

    def explain(
        self,
        folder: Path,
        analysis: "Analysis",
        token: "CancelToken",
        report: "Report",
        reader: "VideoReader | None" = None,
    ) -> "Evidence":
        """Return the evidence for an analysis by one of the models."""

    def align(
        self, folder: Path, analysis: "Analysis", other_analysis: "Analysis", token: "CancelToken", report: "Report"
    ) -> "Alignment":
        """Align a video with another in time by one of the models."""

    def retain(self, folders: Collection[Path]) -> None:
        """Unload all models but these."""

    def close(self) -> None:
        """Free the device's memory."""


def open_model_cache(device: str = "auto", announce: Callable[[str], None] = silent) -> ModelCacheProtocol:
    """Return an empty ``ModelCache``. This imports torch, which takes seconds."""
    from skillviewer.engine.inference.model_cache import ModelCache

    return ModelCache(device, announce=announce)
