"""What is asked of the compared models, in their own worker thread: plain code over a pool of models."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import Difference, difference
from skillviewer.core.analysis.map_comparison import VideoComparison, compare_video, without_map
from skillviewer.core.analysis.model_agreement import AgreementMatrix, RankDisagreement, agreement_matrix, disagreements
from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.footage import VideoClip
from skillviewer.data.study import StudyVideo
from skillviewer.engine.inference.pooled_models import PooledModels
from skillviewer.ui.session.study_sync import recall


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The answer of a model.

    Attributes:
        facts: What its checkpoint says of itself.
        analysis: What it says of the video.
        seconds: What that took, loading left out.
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


def remember(videos: tuple[StudyVideo, ...], digest: str, passes: int, token: CancelToken) -> dict[VideoClip, Analysis]:
    """Return the analyses of the videos of a study by a model from earlier sessions.

    Args:
        videos: Of the study.
        digest: Of the model.
        passes: Analyses with another number of passes are left out: what is compared is made alike.
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
    """One model against the others on one video.

    Attributes:
        first: Key of the model that the others are compared with.
        second: Key of the model whose maps are taken from the first's in the difference.
        videos: By key of the other models; of the first itself, against itself.
        difference: The first less the second, or None where one of them has no map or has not looked.
    """

    first: str
    second: str
    videos: Mapping[str, VideoComparison]
    difference: Difference | None

    @property
    def second_without_map(self) -> bool:
        """Whether both have looked, and one of them has no map."""
        found = self.videos.get(self.second)
        return found is not None and MapKind.NONE in found.kinds


def contrast(first: str, second: str, analyses: Mapping[str, Analysis], token: CancelToken) -> Contrast:
    """Compare one model with all on a video.

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
    """How far models agree over the study.

    Attributes:
        keys: Keys of the models, in the order of the matrix.
        matrix: Agreement of scores and of maps.
        disputes: The videos that all assessed, those first on which they disagree most.
    """

    keys: tuple[str, ...]
    matrix: AgreementMatrix
    disputes: tuple[RankDisagreement, ...]


def agree(analyses: Mapping[str, Mapping[str, Analysis]], token: CancelToken) -> StudyAgreement:
    """Compare models over a study.

    Args:
        analyses: By key of the model, then by name of the video.
        token: Checked after every pair of models.
    """
    return StudyAgreement(tuple(analyses), agreement_matrix(analyses, token), disagreements(analyses))
