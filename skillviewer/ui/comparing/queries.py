"""Queries of the compared models: plain code that runs in their worker thread."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import Difference, difference
from skillviewer.core.analysis.map_comparison import VideoComparison, compare_video, without_map
from skillviewer.core.analysis.model_agreement import AgreementMatrix, RankDisagreement, agreement_matrix, disagreements
from skillviewer.core.analysis.other_models import ModelFacts
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.extents import VideoClip
from skillviewer.data.study import StudyVideo
from skillviewer.engine.inference.pooled_models import PooledModels
from skillviewer.ui.session.study_sync import recall


class Kind(Enum):
    """Kind of a query."""

    FACTS = auto()  # facts of a checkpoint
    ASSESS = auto()  # analysis of a video
    SAVED = auto()  # saved analyses of the study
    EXPLAIN = auto()  # faithfulness for a video


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One query."""

    kind: Kind  # kind of the query
    key: str  # folder of the model's checkpoint
    footage: VideoClip | None = None  # the video, or None


Work = Callable[[PooledModels, CancelToken, Report], object]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Result of one assessment."""

    facts: ModelFacts  # facts from the model's checkpoint
    analysis: Analysis  # its analysis of the video
    seconds: float  # duration in seconds, without loading


def ask(
    pool: PooledModels, folder: Path, footage: VideoClip, passes: int, token: CancelToken, report: Report
) -> Answer:
    """Assess a video with one of the models."""
    facts = pool.facts(folder)
    token.check()
    begun = time.perf_counter()
    analysis = pool.assess(folder, footage.path, passes, token, report, footage.extent)
    return Answer(facts, analysis, time.perf_counter() - begun)


def saved(videos: tuple[StudyVideo, ...], digest: str, passes: int, token: CancelToken) -> dict[VideoClip, Analysis]:
    """Return the saved analyses of a study's videos by one model; the token is checked after every video.

    Those of another number of passes are left out, so that compared ones match.
    """
    found: dict[VideoClip, Analysis] = {}

    def gather(progress: Progress) -> None:
        if isinstance(progress.value, dict):
            found.update(progress.value)

    found.update(recall(videos, digest, token, gather))
    return {footage: analysis for footage, analysis in found.items() if analysis.n_passes == passes}


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Comparison of one model with the others on one video."""

    first: str  # key of the model that the others are compared with
    second: str  # key of the model whose maps are subtracted in the difference
    # comparison by key of the other model; the first model is compared with itself too
    videos: Mapping[str, VideoComparison]
    difference: Difference | None  # first less second, or None where one of them has no map or no analysis yet

    @property
    def second_without_map(self) -> bool:
        """True if both have an analysis, and one of them has no map."""
        found = self.videos.get(self.second)
        return found is not None and MapKind.NONE in found.kinds


def contrast(first: str, second: str, analyses: Mapping[str, Analysis], token: CancelToken) -> Contrast:
    """Compare one model with all others on a video, by whole analyses; the token is checked after every pair."""
    found = {}
    for key, other in analyses.items():
        token.check()
        found[key] = compare_video(analyses[first], other)
    apart = None
    if second in analyses and second != first and not without_map(analyses[first], analyses[second]):
        apart = difference(analyses[first], analyses[second])
    return Contrast(first, second, found, apart)


@dataclass(frozen=True, slots=True, eq=False)
class StudyAgreement:
    """Agreement of models over the study."""

    keys: tuple[str, ...]  # keys of the models, in the order of the matrix
    matrix: AgreementMatrix  # agreement of scores and of maps
    disagreements: tuple[RankDisagreement, ...]  # videos that all models assessed, greatest disagreement first


def agree(analyses: Mapping[str, Mapping[str, Analysis]], token: CancelToken) -> StudyAgreement:
    """Compare models over a study, by key and name of the video; the token is checked after every pair of models."""
    return StudyAgreement(tuple(analyses), agreement_matrix(analyses, token), disagreements(analyses))
