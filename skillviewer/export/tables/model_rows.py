"""Rows of the tables that compare models: on the frames of a video, and over the videos of a study."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_comparison import MapNumbers
from skillviewer.core.analysis.model_agreement import agreement_matrix, disagreements
from skillviewer.core.errors import ExportError
from skillviewer.core.paths import reserve_name
from skillviewer.core.text import defined
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.tables.rows import compared_pairs, comparison_columns


@dataclass(frozen=True, slots=True)
class FrameRow:
    """Two models at one frame, or over the video.

    Attributes:
        video: Name of the file.
        path: Path of the video.
        first_model: Name of the first model.
        second_model: Name of the second.
        first_map: Kind of the first's maps.
        second_map: Kind of the second's maps; only maps of one kind are comparable.
        frame: Frame from 0; empty in the row of the means over the video.
        time_s: Presentation time of the frame; empty in that row.
        correlation: Pearson's correlation of the densities, -1 to 1; empty where a map is constant or, like the
            numbers after it, where a model has no map.
        similarity: Histogram intersection, 0 to 1.
        divergence: Kullback-Leibler divergence of the first from the second, in nats.
        divergence_back: The same of the second from the first.
        top_overlap: Overlap of the densest tenths of the area, 0 to 1; 0.1 by chance.
        centre_distance: Distance of the centres of mass, as a share of the picture's diagonal.
        first_entropy: Entropy of the first's map, 0 (one cell) to 1 (uniform).
        second_entropy: The same of the second's.
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
    """Return for every two models of a video the means over it, then a row a frame that either of them sampled.

    Raises:
        ExportError: No video is analysed by two models.
    """
    rows = []
    for first, second, compared in compared_pairs(analyses):
        rows.append(_frame_row(first, second, None, compared.mean))
        rows += [
            _frame_row(first, second, frame, numbers)
            for frame, numbers in zip(compared.frames.tolist(), compared.numbers, strict=True)
        ]
    return rows


def _frame_row(first: Analysis, second: Analysis, frame: int | None, numbers: MapNumbers) -> FrameRow:
    return FrameRow(
        first.video.path.name,
        str(first.video.path),
        first.provenance.model,
        second.provenance.model,
        str(first.map_kind),
        str(second.map_kind),
        frame,
        float(first.video.times_s[frame]) if frame is not None else None,
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
        map_correlation: Pearson's correlation of their maps, mean over frames, then over videos; empty where one has no
            map.
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
        score: The model's score; scores of two models are on different scales.
        rank: 1 for the highest of the model's scores; equal scores share the mean of their ranks.
        n_videos: Videos that were ranked: those that all models assessed.
        spread: Greatest difference of two models' ranks of this video; the videos come in its order.
    """

    video: str
    model: str
    score: float | None
    rank: float
    n_videos: int
    spread: float


def agreement_rows(videos: Sequence[AnalysedVideo]) -> list[AgreementRow]:
    """Return a row for every two models, in the order in which the models come.

    Raises:
        ExportError: There are no two models.
    """
    analyses = analyses_by_model(videos)
    matrix = agreement_matrix(analyses)
    names = matrix.models
    return [
        AgreementRow(
            names[i],
            names[j],
            int(matrix.n_videos[i, j]),
            defined(float(matrix.scores[i, j])),
            defined(float(matrix.maps[i, j])),
        )
        for i, j in combinations(range(len(names)), 2)
    ]


def rank_rows(videos: Sequence[AnalysedVideo]) -> list[RankRow]:
    """Return a row for every video and model, those videos first on which the models disagree most.

    Raises:
        ExportError: There are no two models, or no video that all of them assessed.
    """
    analyses = analyses_by_model(videos)
    rows = [
        RankRow(
            disagreement.video,
            model,
            defined(by_video[disagreement.video].score if disagreement.video in by_video else math.nan),
            float(rank),
            disagreement.n_videos,
            float(disagreement.spread),
        )
        for disagreement in disagreements(analyses)
        for (model, by_video), rank in zip(analyses.items(), disagreement.ranks, strict=True)
    ]
    if not rows:
        raise ExportError("There is nothing to rank: two models must have assessed the same videos first.")
    return rows


def analyses_by_model(videos: Sequence[AnalysedVideo]) -> dict[str, dict[str, Analysis]]:
    """Return analyses by name of the model, then by name of the video; equal names get a number.

    Raises:
        ExportError: There are no two models.
    """
    video_names: dict[object, str] = {}
    model_names: dict[object, str] = {}
    taken_videos: set[str] = set()
    taken_models: set[str] = set()
    by_model: dict[str, dict[str, Analysis]] = {}
    for video in videos:
        analysis = video.analysis
        provenance = analysis.provenance
        model = (provenance.model_digest, provenance.model)
        if model not in model_names:
            model_names[model] = reserve_name(video.model_name or provenance.model, taken_models)
        clip = (analysis.clip_id, video.path, video.video_name)  # files with the same bytes are two videos
        if clip not in video_names:
            video_names[clip] = reserve_name(video.video_name or video.path.name, taken_videos)
        by_model.setdefault(model_names[model], {})[video_names[clip]] = analysis
    if len(by_model) < 2:
        raise ExportError("There is nothing to compare: two models must have assessed the same videos first.")
    return by_model
