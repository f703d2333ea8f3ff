"""Pairs of ratings by a stated rule: ordered where a difference can be told from the raters' own disagreement.

Ratings that differ by at least the smallest detectable difference are ordered; those within one standard error of their
difference are alike; what lies between is neither, and counted.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError

RATING_RULES = ("detectable", "steps:K", "points:D")
"""Names by which a rule may be asked for; the number of steps is 1 if not given."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class RatedPairs:
    """Pairs that a rule makes of ratings.

    Attributes:
        pairs: Ordered pairs.
        similar: Pairs that are alike.
        between: Number of pairs that are neither.
        item: The item.
        rule: The rule in words, with its numbers.
        difference: Difference from which two videos are ordered that the usual number of raters rated, in points.
    """

    pairs: tuple[Pair, ...]
    similar: tuple[SimilarPair, ...]
    between: int
    item: str
    rule: str
    difference: float


@dataclass(frozen=True, slots=True)
class RatingRule:
    """A rule by which ratings become pairs.

    Attributes:
        kind: "detectable": by the smallest detectable difference, where several raters rated the same videos, else by
            one step; "steps" of the scale; "points" on it.
        amount: The number of steps or points.
    """

    kind: str = "detectable"
    amount: float = 1.0

    @property
    def name(self) -> str:
        """The rule as it may be asked for."""
        return self.kind if self.kind == "detectable" else f"{self.kind}:{self.amount:g}"

    def pairs(self, ratings: RatingSet, item: str, groups: Mapping[str, str] | None = None) -> RatedPairs:
        """Return the pairs of one item.

        Args:
            ratings: The ratings.
            item: The item.
            groups: Sub-task of every video: videos of two are not compared. None where there is one.

        Raises:
            DatasetError: There is no such item.
        """
        from skillviewer.core.ratings.reliability import measurement_error  # scipy takes a second

        scale, table = ratings.scale(item), ratings.table(item)
        means, counts = table.means(), table.counts()
        error = measurement_error(table.values) if self.kind == "detectable" else None
        limits = _Limits(0.0, 0.0, counts)
        if error is not None:
            limits = _Limits(0.0, error.sem, counts)
            usual = sorted(counts.values())[len(counts) // 2]
            apart = 1.96 * error.sem * math.sqrt(2 / usual)
            of = "each rated all of them" if error.crossed else "did not all rate the same"
            words = (
                f"ratings of “{item}” that differ by at least the smallest detectable difference (1.96 standard "
                f"errors: {apart:.3g} points for {usual} raters a video, from a standard error of measurement of "
                f"{error.sem:.3g} of {error.raters} raters on {error.videos} videos, who {of}) are ordered; those "
                "within one standard error are alike"
            )
        else:
            apart = self.amount if self.kind == "points" else self.amount * scale.step
            limits = _Limits(apart, 0.0, counts)
            steps = "a step" if self.amount == 1 else f"{self.amount:g} steps"
            points = f"{apart:g} point{'' if apart == 1 else 's'}"
            least = points if self.kind == "points" else f"{steps} ({points})"
            lone = " (too few videos have two raters to tell what can be detected)" if self.kind == "detectable" else ""
            words = f"ratings of “{item}” that differ by at least {least} are ordered{lone}; equal ones are alike"
        if scale.less_is_better:
            words += "; less is better"
        sign = -1.0 if scale.less_is_better else 1.0
        pairs, similar, between = _sorted_out({v: sign * value for v, value in means.items()}, limits, groups)
        return RatedPairs(pairs, similar, between, item, words, apart)


@dataclass(frozen=True, slots=True)
class _Limits:
    """The difference from which two videos are ordered, and that up to which they are alike."""

    apart: float
    sem: float
    counts: Mapping[str, int] = field(default_factory=dict)

    def of(self, first: str, second: str) -> tuple[float, float]:
        if not self.sem:
            return self.apart, 0.0
        error = self.sem * math.sqrt(1 / self.counts[first] + 1 / self.counts[second])
        return 1.96 * error, error


def _sorted_out(
    means: Mapping[str, float], limits: _Limits, groups: Mapping[str, str] | None
) -> tuple[tuple[Pair, ...], tuple[SimilarPair, ...], int]:
    pairs: list[Pair] = []
    similar: list[SimilarPair] = []
    between = 0
    for first, second in combinations(sorted(means), 2):
        if groups is not None and groups.get(first) != groups.get(second):
            continue
        difference = means[first] - means[second]
        least, alike = limits.of(first, second)
        if abs(difference) > _ROUNDING and abs(difference) >= least - _ROUNDING:
            pairs.append(Pair(first, second) if difference > 0 else Pair(second, first))
        elif abs(difference) <= alike + _ROUNDING:
            similar.append(SimilarPair(first, second))
        else:
            between += 1
    return tuple(pairs), tuple(similar), between


DEFAULT_RATING_RULE = RatingRule()


def rating_rule_named(text: str) -> RatingRule:
    """Return the rule that is asked for.

    Args:
        text: One of ``RATING_RULES``, with a number in place of the capitals: ``steps:2``, ``points:1.5``.

    Raises:
        DatasetError: There is no such rule, or its number makes no sense.
    """
    kind, colon, number = text.strip().partition(":")
    try:
        amount = float(number) if number else 1.0
    except ValueError:
        amount = math.nan
    if kind == "detectable" and not colon:
        return DEFAULT_RATING_RULE
    if kind == "steps" and math.isfinite(amount) and amount >= 1:
        return RatingRule("steps", amount)
    if kind == "points" and number and math.isfinite(amount) and amount > 0:
        return RatingRule("points", amount)
    raise DatasetError(
        f"There is no rule “{text}” for making pairs of ratings. Choose one of {', '.join(RATING_RULES)}, with K a "
        "number of at least 1 and D above 0."
    )
