"""Queries of the compared models, and the work that answers them."""

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
    SAVED = auto()  # saved analyses of the study's videos
    EXPLAIN = auto()  # evidence for the score of a video


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A query of a model."""

    kind: QueryKind
    key: str  # folder of the model's checkpoint
    clip: VideoClip | None = None  # the video, if the query is about one


Work = Callable[[ModelCacheProtocol, CancelToken, Report], object]


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """Result of the assessment of a video by a model."""

    facts: ModelFacts  # facts from the model's checkpoint
    analysis: Analysis
    duration_s: float  # duration without loading


def assess(
    model_cache: ModelCacheProtocol, folder: Path, clip: VideoClip, passes: int, token: CancelToken, report: Report
) -> Assessment:
    """Assess a video with the model in a folder."""
    facts = model_cache.facts(folder)
    token.check()
    start_s = time.perf_counter()
    analysis = model_cache.assess(folder, clip.path, passes, token, report, clip.clip_range)
    return Assessment(facts, analysis, time.perf_counter() - start_s)


def load_matching_analyses(
    videos: tuple[StudyVideo, ...], digest: str, passes: int, token: CancelToken
) -> dict[VideoClip, Analysis]:
    """Load the saved analyses of a study's videos by a model, if they have this number of passes."""
    analyses: dict[VideoClip, Analysis] = {}

    def add_batch(progress: Progress) -> None:
        if isinstance(progress.value, dict):
            analyses.update(progress.value)

    analyses.update(load_analyses(videos, digest, token, add_batch))
    return {clip: analysis for clip, analysis in analyses.items() if analysis.n_passes == passes}
