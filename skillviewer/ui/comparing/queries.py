"""Queries of the compared models: plain code that runs in their worker thread."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Result of one assessment.

    Attributes:
        facts: Facts from the model's checkpoint.
        analysis: Its analysis of the video.
        seconds: Duration in seconds, without loading.
    """

    facts: ModelFacts
    analysis: Analysis
    seconds: float


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
    """Return the saved analyses of a study's videos by one model.

    Args:
        videos: Videos of the study.
        digest: Digest of the model.
        passes: Number of sampling passes; analyses with another number are left out, so that compared ones match.
        token: Checked after every video.
    """
    found: dict[VideoClip, Analysis] = {}

    def gather(progress: Progress) -> None:
        if isinstance(progress.value, dict):
            found.update(progress.value)

    found.update(recall(videos, digest, token, gather))
    return {footage: analysis for footage, analysis in found.items() if analysis.n_passes == passes}


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Comparison of one model with the others on one video.

    Attributes:
        first: Key of the model that the others are compared with.
        second: Key of the model whose maps are subtracted in the difference.
        videos: Comparison by key of the other model; the first model is compared with itself too.
        difference: First less second, or None where one of them has no map or no analysis yet.
    """

    first: str
    second: str
    videos: Mapping[str, VideoComparison]
    difference: Difference | None

    @property
    def second_without_map(self) -> bool:
        """True if both have an analysis, and one of them has no map."""
        found = self.videos.get(self.second)
        return found is not None and MapKind.NONE in found.kinds


def contrast(first: str, second: str, analyses: Mapping[str, Analysis], token: CancelToken) -> Contrast:
    """Compare one model with all others on a video.

    Args:
        first: Key of the model.
        second: Key of the model for the difference; may be the first.
        analyses: Complete analyses of one video by key; the first is among them.
        token: Checked after every pair.
    """
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
    """Agreement of models over the study.

    Attributes:
        keys: Keys of the models, in the order of the matrix.
        matrix: Agreement of scores and of maps.
        disagreements: Videos that all models assessed, greatest disagreement first.
    """

    keys: tuple[str, ...]
    matrix: AgreementMatrix
    disagreements: tuple[RankDisagreement, ...]


def agree(analyses: Mapping[str, Mapping[str, Analysis]], token: CancelToken) -> StudyAgreement:
    """Compare models over a study.

    Args:
        analyses: By key of the model, then by name of the video.
        token: Checked after every pair of models.
    """
    return StudyAgreement(tuple(analyses), agreement_matrix(analyses, token), disagreements(analyses))
