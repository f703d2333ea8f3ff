"""Changes of the score and of the attention of each video by fine-tuning.

Scores of two models have no common unit. The shift of a video is therefore also given in ranks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.map_comparison import PlacedMaps, compare_maps, mean_defined
from skillviewer.core.arrays import ranks_of
from skillviewer.core.finetuning.split import SplitRole


@dataclass(frozen=True, slots=True)
class Shift:
    """Score of one video by the models before and after."""

    video: str
    use: SplitRole  # role of the video
    before: float  # score by the model before; NaN if there was none
    after: float  # score by the new model
    rank_before: float  # rank among these videos by the model before, 1 for the highest score; NaN if there was none
    rank_after: float  # rank by the new model

    @property
    def change(self) -> float:
        """Score after minus score before."""
        return self.after - self.before

    @property
    def ranks_gained(self) -> float:
        """Ranks gained; positive for a video that ranks higher than before."""
        return self.rank_before - self.rank_after


def shifts(
    scores_before: Mapping[str, float] | None, scores_after: Mapping[str, float], roles: Mapping[str, SplitRole]
) -> tuple[Shift, ...]:
    """Return the shift of every video's score, sorted by the change of its rank, the greatest change first."""
    names = sorted(scores_after)
    if scores_before is None:
        scores_before = dict.fromkeys(names, float("nan"))
        ranks_before = np.full(len(names), np.nan)
    else:
        ranks_before = ranks_of([-scores_before[name] for name in names])
    ranks_after = ranks_of([-scores_after[name] for name in names])
    rows = [
        Shift(
            video=name,
            use=roles.get(name, SplitRole.UNUSED),
            before=scores_before[name],
            after=scores_after[name],
            rank_before=float(rank_before),
            rank_after=float(rank_after),
        )
        for name, rank_before, rank_after in zip(names, ranks_before, ranks_after, strict=True)
    ]

    def sort_key(shift: Shift) -> tuple[float, str]:
        ranks_moved = np.nan_to_num(abs(shift.ranks_gained))
        return -float(ranks_moved), shift.video

    return tuple(sorted(rows, key=sort_key))


@dataclass(frozen=True, slots=True)
class AttentionChange:
    """Change of the attention on one video."""

    video: str
    correlation: float  # correlation of the maps before and after, mean over the sampled frames; 1 is no change
    centre_distance: float  # mean distance of the centres of mass, relative to the picture's diagonal
    step: int  # step with the least similar maps
    frame_index: int  # sampled frame of that step, from 0
    step_correlation: float  # correlation of the maps at that step


def attention_change(
    video: str, maps_before: PlacedMaps, maps_after: PlacedMaps, frames: Sequence[int], aspect: float
) -> AttentionChange:
    """Compare the attention of two models on one video.

    Args:
        video: Name of the video.
        maps_before: Maps of the model before, one per step.
        maps_after: Maps of the new model, one per step.
        frames: Sampled frame of each step.
        aspect: Width of the picture over its height.
    """
    numbers = compare_maps(maps_before, maps_after, aspect)
    correlations = np.array([step_numbers.correlation for step_numbers in numbers])
    # maps without a correlation, since one is constant, are compared by their similarity
    similarities = np.where(
        np.isfinite(correlations), correlations, [step_numbers.similarity for step_numbers in numbers]
    )
    least_similar_step = int(similarities.argmin())
    return AttentionChange(
        video=video,
        correlation=mean_defined(correlations),
        centre_distance=float(np.mean([step_numbers.centre_distance for step_numbers in numbers])),
        step=least_similar_step,
        frame_index=frames[least_similar_step],
        step_correlation=float(correlations[least_similar_step]),
    )
