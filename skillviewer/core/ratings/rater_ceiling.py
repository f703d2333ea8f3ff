"""The rater ceiling: one rater against the mean of the others, to stand in a table with the models.

Each rater in turn is held against the mean of all others on the videos that both rated, by the measures of a model:
pairs that a rule makes of the others' ratings, rank correlation, mean absolute error.
"""

from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.accuracy import Count, count_pairs
from skillviewer.core.ratings.rating_metrics import mean_absolute_error, rank_correlation
from skillviewer.core.ratings.rating_rule import RatingRule


@dataclass(frozen=True, slots=True)
class RaterAgainstOthers:
    """One rater against the mean of the others.

    Attributes:
        rater: The rater.
        n_videos: Videos that this rater and another rated.
        pairs: How the rater's own ratings order the others' pairs; an equal rating is a tie, and wrong as everywhere.
        spearman: Spearman's rho with the others' mean; NaN where one of both is constant.
        mae: Mean absolute error against it, in points of the scale.
    """

    rater: str
    n_videos: int
    pairs: Count
    spearman: float
    mae: float


@dataclass(frozen=True, slots=True)
class RaterCeiling:
    """Every rater against the others.

    Attributes:
        raters: Each of them.
        accuracy: Share of the others' pairs that a rater orders rightly, mean over the raters; NaN without pairs.
        spearman: Mean of the raters' correlations that are defined.
        mae: Mean of the raters' errors, in points.
    """

    raters: tuple[RaterAgainstOthers, ...]
    accuracy: float
    spearman: float
    mae: float


def rater_ceiling(ratings: RatingSet, item: str, rule: RatingRule) -> RaterCeiling:
    """Return what one rater gets against the others.

    Args:
        ratings: The ratings.
        item: The item.
        rule: How the others' ratings become pairs.

    Raises:
        DatasetError: There is no such item, or no two raters rated the same videos.
    """
    table = ratings.table(item)
    found = []
    for place, rater in enumerate(table.raters):
        own, others = table.values[:, place], np.delete(table.values, place, axis=1)
        both = ~np.isnan(own) & ~np.isnan(others).all(axis=1)
        if both.sum() < 2:
            continue
        names = [video for video, one in zip(table.videos, both, strict=True) if one]
        mean = np.nanmean(others[both], axis=1)
        rest = replace(ratings, ratings=tuple(one for one in ratings.ratings if one.rater != rater)).restricted(names)
        sign = -1.0 if ratings.scale(item).less_is_better else 1.0
        scores = dict(zip(names, (sign * own[both]).tolist(), strict=True))
        found.append(
            RaterAgainstOthers(
                rater=rater,
                n_videos=len(names),
                pairs=count_pairs(rule.pairs(rest, item).pairs, scores),
                spearman=rank_correlation(own[both], mean),
                mae=mean_absolute_error(own[both], mean),
            )
        )
    if not found:
        raise DatasetError(f"No two raters rated the same videos for {item}: there is no ceiling to tell.")
    return RaterCeiling(
        raters=tuple(found),
        accuracy=_mean([one.pairs.accuracy for one in found]),
        spearman=_mean([one.spearman for one in found]),
        mae=_mean([one.mae for one in found]),
    )


def _mean(values: list[float]) -> float:
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
