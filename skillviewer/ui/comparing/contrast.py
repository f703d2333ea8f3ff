"""Contrast of the compared models on a video, and their agreement over the study."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import Difference, difference
from skillviewer.core.analysis.map_comparison import VideoComparison, compare_video, without_map
from skillviewer.core.analysis.model_agreement import AgreementMatrix, RankDisagreement, agreement_matrix, disagreements
from skillviewer.core.evaluation.track_attention import TrackAttention, track_attention
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import range_frames
from skillviewer.data.tracks_file import TrackStore


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Comparison of a model with the others on a video."""

    first_key: str  # key of the model with which the others are compared
    second_key: str  # key of the model whose maps are subtracted in the difference
    comparisons: Mapping[str, VideoComparison]  # by key of the other model; the first model is compared with itself too
    difference: Difference | None  # first minus second; None if one of them has no map or no analysis
    track_attention: Mapping[str, TrackAttention] = field(
        default_factory=dict
    )  # attention on tracks, by key of the model

    @property
    def lacks_map(self) -> bool:
        """True if both models have an analysis, but at least one analysis has no maps."""
        comparison = self.comparisons.get(self.second_key)
        return comparison is not None and MapKind.NONE in comparison.kinds


def attention_on_tracks(analyses: Mapping[str, Analysis], token: CancelToken) -> dict[str, TrackAttention]:
    """Return the attention of models on the stored tracks of a video; empty without usable tracks."""
    attention_by_model: dict[str, TrackAttention] = {}
    store = TrackStore()
    for key, analysis in analyses.items():
        token.check()
        if analysis.map_kind is MapKind.NONE:
            continue
        frames = None if analysis.clip_range is None else range_frames(analysis.clip_range, analysis.video)
        tracks = store.get_readable(analysis.video.digest, frames)
        if tracks is not None and tracks.tracks and tracks.fits(analysis.video):
            attention_by_video = track_attention({key: (analysis, tracks)})
            attention_by_model[key] = attention_by_video[key]
    return attention_by_model


def contrast(first: str, second: str, analyses: Mapping[str, Analysis], token: CancelToken) -> Contrast:
    """Compare a model with all others on a video, by complete analyses."""
    comparisons = {}
    for key, other in analyses.items():
        token.check()
        comparisons[key] = compare_video(analyses[first], other)
    map_difference = None
    is_pair = second in analyses and second != first
    if is_pair and not without_map(analyses[first], analyses[second]):
        map_difference = difference(analyses[first], analyses[second])
    return Contrast(
        first,
        second,
        comparisons=comparisons,
        difference=map_difference,
        track_attention=attention_on_tracks(analyses, token),
    )


@dataclass(frozen=True, slots=True, eq=False)
class StudyAgreement:
    """Agreement of models over the study."""

    keys: tuple[str, ...]  # keys of the models, in the order of the matrix
    matrix: AgreementMatrix  # agreement of scores and of maps
    disagreements: tuple[RankDisagreement, ...]  # videos that all models assessed, greatest disagreement first


def agree(analyses: Mapping[str, Mapping[str, Analysis]], token: CancelToken) -> StudyAgreement:
    """Compare models over a study.

    Args:
        analyses: Analyses by key of the model and name of the video.
        token: Cancels the comparison.
    """
    return StudyAgreement(tuple(analyses), agreement_matrix(analyses, token), disagreements(analyses))
