"""Agreement of models over a study, as tables: a row for every two models, and a row for every model and video."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from skillviewer.core.analysis.model_agreement import AgreementMatrix, RankDisagreement
from skillviewer.core.errors import ExportError
from skillviewer.core.text import defined
from skillviewer.export.tables.tables import write_csv


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Two models over a study.

    Attributes:
        first_model: Name of the one.
        second_model: Name of the other.
        n_videos: Videos that both assessed.
        score_correlation: Spearman's correlation of their scores, -1 to 1; empty with fewer than three videos.
        map_correlation: Pearson's correlation of their maps, mean over frames, then over videos; empty where one has
            no map.
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
        video: Its name in the study.
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


def agreement_rows(matrix: AgreementMatrix, names: Sequence[str]) -> list[AgreementRow]:
    """Return a row for every two models, named in the order of the matrix."""
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


def rank_rows(
    disputes: Sequence[RankDisagreement], names: Sequence[str], scores: Sequence[Mapping[str, float]]
) -> list[RankRow]:
    """Return a row for every video and model, those videos first on which they disagree most.

    ``names`` are in the order of the ranks.
    """
    return [
        RankRow(
            found.video,
            name,
            defined(score.get(found.video, math.nan)),
            float(rank),
            found.n_videos,
            float(found.spread),
        )
        for found in disputes
        for name, rank, score in zip(names, found.ranks, scores, strict=True)
    ]


def export_agreement(rows: Sequence[AgreementRow] | Sequence[RankRow], path: Path, *, overwrite: bool = False) -> Path:
    """Write rows of one kind as CSV.

    Raises:
        ExportError: There are no rows, the file is there already, or it cannot be written.
    """
    if not rows:
        raise ExportError("There is nothing to save: two models must have assessed the same videos of the study first.")
    return write_csv(type(rows[0]), rows, path, overwrite=overwrite)
