"""Pairs of ratings by a stated rule: ordered where the difference exceeds the raters' own disagreement.

Ratings that differ by at least the smallest detectable difference are ordered; ratings within one standard error of
their difference are alike. The other pairs are only counted.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import measurement_error

RATING_RULES = ("detectable", "steps:K", "points:D")
"""Names of the rules; K is 1 if not given."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class RatedPairs:
    """Ordered and similar pairs of an item, the number of pairs between, and the text of the rule.

    ``difference`` is the smallest, in points, that orders two videos with the usual number of raters.
    """

    pairs: tuple[Pair, ...]
    similar: tuple[SimilarPair, ...]
    between: int
    item: str
    rule: str
    difference: float


@dataclass(frozen=True, slots=True)
class RatedOrder:
    """The order of rated videos by a rule."""

    item: str
    rule: str  # the rule, in words
    difference: float  # smallest difference, in points, that orders two videos with the usual number of raters
    means: Mapping[str, float]  # mean rating of every video; greater is better
    counts: Mapping[str, int]  # number of its raters
    sem: float  # standard error of measurement of one rater, in points; 0 if ``difference`` orders all pairs

    def compare(self, first: str, second: str) -> int | None:
        """Return 1 if the first video is better, -1 if the second is, 0 if they are alike, None if it is unknown."""
        if first not in self.means or second not in self.means:
            return None
        error = self.sem * math.sqrt(1 / self.counts[first] + 1 / self.counts[second])
        threshold = 1.96 * error if self.sem else self.difference
        lead = self.means[first] - self.means[second]
        if abs(lead) > _ROUNDING and abs(lead) >= threshold - _ROUNDING:
            return 1 if lead > 0 else -1
        return 0 if abs(lead) <= error + _ROUNDING else None

    def pairs(self, groups: Mapping[str, str] | None = None) -> RatedPairs:
        """Return the pairs of all rated videos; those of different sub-tasks (``groups``) are not compared."""
        pairs: list[Pair] = []
        similar: list[SimilarPair] = []
        n_between = 0
        for first, second in combinations(sorted(self.means), 2):
            if groups is not None and groups.get(first) != groups.get(second):
                continue
            sign = self.compare(first, second)
            if sign:
                pairs.append(Pair(first, second) if sign > 0 else Pair(second, first))
            elif sign == 0:
                similar.append(SimilarPair(first, second))
            else:
                n_between += 1
        return RatedPairs(tuple(pairs), tuple(similar), n_between, self.item, self.rule, self.difference)

    def against(self, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
        """Return those pairs whose ratings say the opposite."""
        return tuple(pair for pair in pairs if self.compare(pair.better, pair.worse) == -1)


@dataclass(frozen=True, slots=True)
class RatingRule:
    """A rule that turns ratings into pairs."""

    # "detectable" (the smallest detectable difference if several raters rated the same videos, else one step), "steps"
    # of the scale, or "points"
    kind: str = "detectable"
    amount: float = 1.0  # number of steps or points

    @property
    def name(self) -> str:
        """Name of the rule, as in ``RATING_RULES``."""
        return self.kind if self.kind == "detectable" else f"{self.kind}:{self.amount:g}"

    def pairs(self, ratings: RatingSet, item: str, groups: Mapping[str, str] | None = None) -> RatedPairs:
        """Return the pairs of one item; arguments as in ``order`` and ``RatedOrder.pairs``."""
        return self.order(ratings, item).pairs(groups)

    def order(self, ratings: RatingSet, item: str) -> RatedOrder:
        """Return the order of the videos rated for an item; raise a DatasetError if it is not rated."""
        scale = ratings.scale(item)
        table = ratings.table(item)
        counts = table.counts()
        sign = -1.0 if scale.less_is_better else 1.0
        means = {video: sign * value for video, value in table.means().items()}
        sem, difference, text = self._limits(ratings, item, counts)
        text += "; less is better" if scale.less_is_better else ""
        return RatedOrder(item, text, difference, means, counts, sem)

    def _limits(self, ratings: RatingSet, item: str, counts: Mapping[str, int]) -> tuple[float, float, str]:
        """Return the standard error of measurement (0 without), the ordering difference in points, and the text."""
        error = measurement_error(ratings.table(item).values) if self.kind == "detectable" else None
        if error is not None:
            median_count = sorted(counts.values())[len(counts) // 2]
            difference = 1.96 * error.sem * math.sqrt(2 / median_count)
            crossing_text = "each rated all of them" if error.crossed else "did not all rate the same"
            text = (
                f"ratings of “{item}” that differ by at least the smallest detectable difference (1.96 standard "
                f"errors: {difference:.3g} points for {median_count} raters per video, from a standard error of "
                "measurement of "
                f"{error.sem:.3g} of {error.raters} raters on {error.videos} videos, who {crossing_text}) are "
                "ordered; those "
                "within one standard error are alike"
            )
            return error.sem, difference, text
        difference = self.amount if self.kind == "points" else self.amount * ratings.scale(item).step
        steps = "a step" if self.amount == 1 else f"{self.amount:g} steps"
        points = f"{difference:g} point{'' if difference == 1 else 's'}"
        difference_text = points if self.kind == "points" else f"{steps} ({points})"
        fallback_text = (
            " (too few videos have two raters for a detectable difference)" if self.kind == "detectable" else ""
        )
        text = (
            f"ratings of “{item}” that differ by at least {difference_text} are ordered{fallback_text}; equal ones "
            "are alike"
        )
        return 0.0, difference, text


DEFAULT_RATING_RULE = RatingRule()


def rating_rule_named(text: str) -> RatingRule:
    """Return the rule with a name.

    It is one of ``RATING_RULES``, with numbers for the capitals: ``steps:2``, ``points:1.5``.

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
    if math.isfinite(amount) and ((kind == "steps" and amount >= 1) or (kind == "points" and number and amount > 0)):
        return RatingRule(kind, amount)
    raise DatasetError(
        f"There is no rule “{text}” for pairs of ratings. Choose one of {', '.join(RATING_RULES)}, with K at least 1 "
        "and D above 0."
    )
