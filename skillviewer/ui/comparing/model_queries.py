"""Questions put to the compared models, and their answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.study import StudyVideo
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol
from skillviewer.ui.session.study_sync import load_analyses


class QueryKind(Enum):
    """Kind of a query."""

    FACTS = auto()  # facts of a checkpoint
    ASSESS = auto()  # analysis of a video
    SAVED = auto()  # saved analyses of the study
    EXPLAIN = auto()  # faithfulness for a video


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One query."""

    kind: QueryKind  # kind of the query
    key: str  # folder of the model's checkpoint
    clip: VideoClip | None = None  # the video, or None


Work = Callable[[ModelCacheProtocol, CancelToken, Report], object]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Result of one assessment."""

    facts: ModelFacts  # facts from the model's checkpoint
    analysis: Analysis  # its analysis of the video
    seconds: float  # duration in seconds, without loading


def ask(
    model_cache: ModelCacheProtocol, folder: Path, clip: VideoClip, passes: int, token: CancelToken, report: Report
) -> Answer:
    """Assess a video with one of the models."""
    facts = model_cache.facts(folder)
    token.check()
    begun = time.perf_counter()
    analysis = model_cache.assess(folder, clip.path, passes, token, report, clip.clip_range)
    return Answer(facts, analysis, time.perf_counter() - begun)


def saved(videos: tuple[StudyVideo, ...], digest: str, passes: int, token: CancelToken) -> dict[VideoClip, Analysis]:
    """Return the saved analyses of a study's videos by one model; the token is checked after every video.

    Those of another number of passes are left out, so that compared ones match.
    """
    analyses: dict[VideoClip, Analysis] = {}

    def gather(progress: Progress) -> None:
        if isinstance(progress.value, dict):
            analyses.update(progress.value)

    analyses.update(load_analyses(videos, digest, token, gather))
    return {clip: analysis for clip, analysis in analyses.items() if analysis.n_passes == passes}
