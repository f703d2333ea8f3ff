"""The rater ceiling: each rater against the mean of the others, by the metrics of a model, on the videos of both."""

from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.accuracy import Count, count_pairs
from skillviewer.core.ratings.rating_metrics import mean_absolute_error, rank_correlation
from skillviewer.core.ratings.rating_rule import RatingRule


@dataclass(frozen=True, slots=True)
class RaterAgainstOthers:
    """One rater against the mean of the others on the videos of both.

    ``pairs`` counts the others' pairs by this rater's ratings (equal ones are ties), ``spearman`` is NaN if either is
    constant, and ``mae`` is in points of the scale.
    """

    rater: str
    n_videos: int
    pairs: Count
    spearman: float
    mae: float


@dataclass(frozen=True, slots=True)
class RaterCeiling:
    """All raters against the others: mean accuracy on the others' pairs, defined correlations, and error."""

    raters: tuple[RaterAgainstOthers, ...]
    accuracy: float
    spearman: float
    mae: float


def rater_ceiling(ratings: RatingSet, item: str, rule: RatingRule) -> RaterCeiling:
    """Return the results of the raters of an item; a rule makes pairs of the others' ratings.

    Raises:
        DatasetError: There is no such item, or no two raters rated the same videos.
    """
    table = ratings.table(item)
    sign = -1.0 if ratings.scale(item).less_is_better else 1.0
    found = []
    for place, rater in enumerate(table.raters):
        own, others = table.values[:, place], np.delete(table.values, place, axis=1)
        both = ~np.isnan(own) & ~np.isnan(others).all(axis=1)
        if both.sum() < 2:
            continue
        names = [video for video, one in zip(table.videos, both, strict=True) if one]
        mean = np.nanmean(others[both], axis=1)
        rest = replace(ratings, ratings=tuple(one for one in ratings.ratings if one.rater != rater)).restricted(names)
        scores = dict(zip(names, (sign * own[both]).tolist(), strict=True))
        count = count_pairs(rule.pairs(rest, item).pairs, scores)
        rho = rank_correlation(own[both], mean)
        found.append(RaterAgainstOthers(rater, len(names), count, rho, mean_absolute_error(own[both], mean)))
    if not found:
        raise DatasetError(f"No two raters rated the same videos for {item}: there is no rater ceiling.")
    accuracy = _mean([one.pairs.accuracy for one in found])
    return RaterCeiling(
        tuple(found), accuracy, _mean([one.spearman for one in found]), _mean([one.mae for one in found])
    )


def _mean(values: list[float]) -> float:
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
