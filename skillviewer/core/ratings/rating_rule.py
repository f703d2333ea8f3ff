"""Rules that turn ratings into pairs.

By default, two videos are ordered if their ratings differ by at least the smallest detectable difference, and similar
if they differ by at most one standard error. The pairs between are only counted.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import MeasurementError, measurement_error

RATING_RULES = ("detectable", "steps:K", "points:D")
"""Names of the rules; K is 1 if not given."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class RatedPairs:
    """Pairs of videos by their ratings for an item."""

    pairs: tuple[Pair, ...]
    similar: tuple[SimilarPair, ...]
    n_between: int  # number of pairs that are neither ordered nor similar
    item: str
    rule: str  # description of the rule
    difference: float  # smallest difference, in points, that orders two videos with the median number of raters


@dataclass(frozen=True, slots=True)
class RatedOrder:
    """Order of rated videos by a rule."""

    item: str
    rule: str  # description of the rule
    difference: float  # smallest difference, in points, that orders two videos with the median number of raters
    means: Mapping[str, float]  # mean rating of every video; greater is better
    counts: Mapping[str, int]  # number of raters of every video
    sem: float  # standard error of measurement of one rater, in points; 0 if ``difference`` orders all pairs

    def compare(self, first: str, second: str) -> int | None:
        """Return 1 if the first video is better, -1 if the second is better, 0 if they are similar, else None."""
        if first not in self.means or second not in self.means:
            return None
        error = self.sem * math.sqrt(1 / self.counts[first] + 1 / self.counts[second])
        threshold = 1.96 * error if self.sem else self.difference
        lead = self.means[first] - self.means[second]
        if abs(lead) > _ROUNDING and abs(lead) >= threshold - _ROUNDING:
            return 1 if lead > 0 else -1
        return 0 if abs(lead) <= error + _ROUNDING else None

    def pairs(self, groups: Mapping[str, str] | None = None) -> RatedPairs:
        """Return the pairs of all rated videos; videos of different sub-tasks (``groups``) are not compared."""
        pairs: list[Pair] = []
        similar_pairs: list[SimilarPair] = []
        n_between = 0
        for first, second in combinations(sorted(self.means), 2):
            if groups is not None and groups.get(first) != groups.get(second):
                continue
            sign = self.compare(first, second)
            if sign is None:
                n_between += 1
            elif sign == 0:
                similar_pairs.append(SimilarPair(first, second))
            elif sign > 0:
                pairs.append(Pair(first, second))
            else:
                pairs.append(Pair(second, first))
        return RatedPairs(tuple(pairs), tuple(similar_pairs), n_between, self.item, self.rule, self.difference)

    def contradicted(self, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
        """Return the pairs that the ratings order the other way."""
        return tuple(pair for pair in pairs if self.compare(pair.better, pair.worse) == -1)


@dataclass(frozen=True, slots=True)
class RatingRule:
    """A rule that turns ratings into pairs."""

    # "detectable" for the smallest detectable difference (one step if too few videos have several raters), "steps" for
    # steps of the scale, or "points"
    kind: str = "detectable"
    amount: float = 1.0  # number of steps or points

    @property
    def name(self) -> str:
        """Name of the rule, as in ``RATING_RULES``."""
        return self.kind if self.kind == "detectable" else f"{self.kind}:{self.amount:g}"

    def pairs(self, ratings: RatingSet, item: str, groups: Mapping[str, str] | None = None) -> RatedPairs:
        """Return the pairs of one item; the arguments are those of ``order`` and ``RatedOrder.pairs``."""
        return self.order(ratings, item).pairs(groups)

    def order(self, ratings: RatingSet, item: str) -> RatedOrder:
        """Return the order of the videos rated for an item.

        Raises:
            DatasetError: There is no such item.
        """
        scale = ratings.scale(item)
        matrix = ratings.table(item)
        counts = matrix.counts()
        sign = -1.0 if scale.less_is_better else 1.0
        means = {video: sign * mean for video, mean in matrix.means().items()}
        error = measurement_error(matrix.values) if self.kind == "detectable" else None
        if error is not None:
            median_count = sorted(counts.values())[len(counts) // 2]
            sem = error.sem
            difference = 1.96 * sem * math.sqrt(2 / median_count)
            text = _detectable_text(item, error, difference, median_count)
        else:
            sem = 0.0
            difference = self.amount if self.kind == "points" else self.amount * scale.step
            text = self._fixed_text(item, difference)
        if scale.less_is_better:
            text += "; less is better"
        return RatedOrder(item, text, difference, means, counts, sem)

    def _fixed_text(self, item: str, difference: float) -> str:
        """Return the description of a rule with a fixed difference in points."""
        points_text = "1 point" if difference == 1 else f"{difference:g} points"
        steps_text = "a step" if self.amount == 1 else f"{self.amount:g} steps"
        difference_text = points_text if self.kind == "points" else f"{steps_text} ({points_text})"
        fallback_text = ""
        if self.kind == "detectable":
            fallback_text = " (too few videos have two raters for a detectable difference)"
        return (
            f"ratings of “{item}” that differ by at least {difference_text} are ordered{fallback_text}; equal ones "
            "are alike"
        )


def _detectable_text(item: str, error: MeasurementError, difference: float, median_count: int) -> str:
    """Return the description of the rule by the smallest detectable difference."""
    crossing_text = "each rated all of them" if error.is_crossed else "did not all rate the same"
    return (
        f"ratings of “{item}” that differ by at least the smallest detectable difference (1.96 standard errors: "
        f"{difference:.3g} points for {median_count} raters per video, from a standard error of measurement of "
        f"{error.sem:.3g} of {error.n_raters} raters on {error.n_videos} videos, who {crossing_text}) are ordered; "
        "those within one standard error are alike"
    )


DEFAULT_RATING_RULE = RatingRule()


def rating_rule_named(text: str) -> RatingRule:
    """Return the rule with one of the names ``RATING_RULES``, with numbers for the capitals, such as ``points:1.5``.

    Raises:
        DatasetError: There is no such rule, or its number is out of range.
    """
    kind, colon, number = text.strip().partition(":")
    try:
        amount = float(number) if number else 1.0
    except ValueError:
        amount = math.nan
    if kind == "detectable" and not colon:
        return DEFAULT_RATING_RULE
    are_valid_steps = kind == "steps" and amount >= 1
    are_valid_points = kind == "points" and number and amount > 0
    is_valid = are_valid_steps or are_valid_points
    if is_valid and math.isfinite(amount):
        return RatingRule(kind, amount)
    raise DatasetError(
        f"There is no rule “{text}” for pairs of ratings. Choose one of {', '.join(RATING_RULES)}, with K at least 1 "
        "and D above 0."
    )
