"""Contrast of the compared models on one video, and their agreement over the study."""

from collections.abc import Mapping
from dataclasses import dataclass

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import Difference, difference
from skillviewer.core.analysis.map_comparison import VideoComparison, compare_video, without_map
from skillviewer.core.analysis.model_agreement import AgreementMatrix, RankDisagreement, agreement_matrix, disagreements
from skillviewer.core.progress import CancelToken


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
