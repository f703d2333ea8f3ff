"""Rows of the tables that compare models, by frame of a video and over the videos of a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_comparison import MapNumbers
from skillviewer.core.analysis.model_agreement import agreement_matrix, disagreements
from skillviewer.core.errors import ExportError
from skillviewer.core.paths import reserve_name
from skillviewer.core.text import finite_or_none
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.tables.rows import compared_pairs, comparison_columns


@dataclass(frozen=True, slots=True)
class FrameRow:
    """Two models on one frame, or the means over the video.

    Attributes:
        video: Name of the video file.
        path: Path of the video file.
        first_model: Name of the first model.
        second_model: Name of the second.
        first_map: Kind of the maps of the first model.
        second_map: Kind of the maps of the second model; only maps of one kind are comparable.
        frame: Frame from 0; empty in the row of the means.
        time_s: Presentation time of the frame; empty in the row of the means.
        correlation: Pearson's correlation of the densities, -1 to 1; empty if a map is constant. This and the next
            seven numbers are empty if a model has no map.
        similarity: Histogram intersection, 0 to 1.
        divergence: Kullback-Leibler divergence of the first from the second, in nats.
        divergence_back: Kullback-Leibler divergence of the second from the first, in nats.
        top_overlap: Overlap of the densest 10 % of the area of both maps, 0 to 1; 0.1 is expected by chance.
        centre_distance: Distance of the centres of mass, as a share of the picture's diagonal.
        first_entropy: Entropy of the map of the first model, 0 (one cell) to 1 (uniform).
        second_entropy: Entropy of the map of the second model.
    """

    video: str
    path: str
    first_model: str
    second_model: str
    first_map: str
    second_map: str
    frame: int | None
    time_s: float | None
    correlation: float | None
    similarity: float | None
    divergence: float | None
    divergence_back: float | None
    top_overlap: float | None
    centre_distance: float | None
    first_entropy: float | None
    second_entropy: float | None


def frame_rows(analyses: Sequence[Analysis]) -> list[FrameRow]:
    """Return a row of means for every two models on a video, each followed by a row for every compared frame.

    The compared frames are those that either model sampled.

    Raises:
        ExportError: No video is analysed by two models.
    """
    rows = []
    for first, second, compared_frame in compared_pairs(analyses):
        rows.append(_frame_row(first, second, None, compared_frame.mean))
        rows += [
            _frame_row(first, second, frame, numbers)
            for frame, numbers in zip(compared_frame.frames.tolist(), compared_frame.numbers, strict=True)
        ]
    return rows


def _frame_row(first: Analysis, second: Analysis, frame: int | None, numbers: MapNumbers) -> FrameRow:
    time_s = float(first.video.times_s[frame]) if frame is not None else None
    return FrameRow(
        video=first.video.path.name,
        path=str(first.video.path),
        first_model=first.provenance.model,
        second_model=second.provenance.model,
        first_map=str(first.map_kind),
        second_map=str(second.map_kind),
        frame=frame,
        time_s=time_s,
        **comparison_columns(numbers),
    )


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Two models over a study.

    Attributes:
        first_model: Name of the first model.
        second_model: Name of the second.
        n_videos: Videos that both assessed.
        score_correlation: Spearman's correlation of their scores, -1 to 1; empty with fewer than three videos.
        map_correlation: Pearson's correlation of their maps, averaged over frames, then over videos; empty if a model
            has no map.
    """

    first_model: str
    second_model: str
    n_videos: int
    score_correlation: float | None
    map_correlation: float | None


@dataclass(frozen=True, slots=True)
class RankRow:
    """Rank of a video by a model.

    Attributes:
        video: Name of the video in the study.
        model: Name of the model.
        score: Score by the model; scores of two models are on different scales.
        rank: Rank by the model, 1 for the highest score; equal scores share the mean of their ranks.
        n_videos: Ranked videos: those that all models assessed.
        spread: Greatest difference of the ranks that models give the video; the rows are sorted by it.
    """

    video: str
    model: str
    score: float | None
    rank: float
    n_videos: int
    spread: float


def agreement_rows(videos: Sequence[AnalysedVideo]) -> list[AgreementRow]:
    """Return a row for every two models, in the order of the videos.

    Raises:
        ExportError: There are no two models.
    """
    analyses = analyses_by_model(videos)
    matrix = agreement_matrix(analyses)
    return [
        AgreementRow(
            first_model=matrix.models[first],
            second_model=matrix.models[second],
            n_videos=int(matrix.n_videos[first, second]),
            score_correlation=finite_or_none(float(matrix.scores[first, second])),
            map_correlation=finite_or_none(float(matrix.maps[first, second])),
        )
        for first, second in combinations(range(len(matrix.models)), 2)
    ]


def rank_rows(videos: Sequence[AnalysedVideo]) -> list[RankRow]:
    """Return a row for every video and model, starting with the videos on which the models disagree most.

    Raises:
        ExportError: There are fewer than two models, or no video that all of them assessed.
    """
    analyses = analyses_by_model(videos)
    rows = []
    for disagreement in disagreements(analyses):
        for (model, by_video), rank in zip(analyses.items(), disagreement.ranks, strict=True):
            analysis = by_video.get(disagreement.video)
            score = None if analysis is None else finite_or_none(analysis.score)
            rows.append(
                RankRow(
                    video=disagreement.video,
                    model=model,
                    score=score,
                    rank=float(rank),
                    n_videos=disagreement.n_videos,
                    spread=float(disagreement.spread),
                )
            )
    if not rows:
        raise ExportError("There is nothing to rank: two models must have assessed the same videos first.")
    return rows


def analyses_by_model(videos: Sequence[AnalysedVideo]) -> dict[str, dict[str, Analysis]]:
    """Return analyses by name of the model, then by name of the video. Equal names get a number.

    Raises:
        ExportError: There are fewer than two models.
    """
    names_by_video: dict[object, str] = {}
    names_by_model: dict[object, str] = {}
    used_video_names: set[str] = set()
    used_model_names: set[str] = set()
    analyses: dict[str, dict[str, Analysis]] = {}
    for video in videos:
        provenance = video.analysis.provenance
        model_key = (provenance.model_digest, provenance.model)
        if model_key not in names_by_model:
            model_name = video.model_name or provenance.model
            names_by_model[model_key] = reserve_name(model_name, used_model_names)
        video_key = (video.analysis.clip_id, video.path, video.video_name)  # two files with the same bytes differ
        if video_key not in names_by_video:
            video_name = video.video_name or video.path.name
            names_by_video[video_key] = reserve_name(video_name, used_video_names)
        by_video = analyses.setdefault(names_by_model[model_key], {})
        by_video[names_by_video[video_key]] = video.analysis
    if len(analyses) < 2:
        raise ExportError("There is nothing to compare: two models must have assessed the same videos first.")
    return analyses
