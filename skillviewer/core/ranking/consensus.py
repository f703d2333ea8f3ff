"""Consensus of several raters: judgements become pairs by an explicit rule.

Doughty et al. (CVPR 2018) keep a pair only if all four raters agree; Li et al. (2019) do not say how they combined five
raters' choices. Conflicting and tied votes mean "no disparity".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol, runtime_checkable

import numpy as np

from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer.core.ranking.votes import VoteColumns, Votes


@dataclass(frozen=True, slots=True)
class PairVotes:
    """Votes on two videos; ``first`` comes before ``second`` in alphabetical order."""

    first: str
    second: str
    for_first: int
    for_second: int
    neither: int

    @property
    def n(self) -> int:
        """Number of votes."""
        return self.for_first + self.for_second + self.neither


def count_votes(judgements: Votes) -> tuple[PairVotes, ...]:
    """Count the votes on every two videos, on either side; ``VoteColumns.merged_by_rater_and_pair``: one per rater."""
    votes = VoteColumns.of(judgements).merged_by_rater_and_pair()
    first, second, counts, _ = votes.counts()
    rows = zip(first.tolist(), second.tolist(), counts.tolist(), strict=True)
    names = votes.videos
    return tuple(PairVotes(names[a], names[b], for_a, for_b, neither) for a, b, (for_b, neither, for_a) in rows)


@dataclass(frozen=True, slots=True)
class ConsensusPairs:
    """Ordered pairs, and pairs without a disparity, such as a rule makes from judgements."""

    pairs: tuple[Pair, ...]
    similar: tuple[SimilarPair, ...]


@runtime_checkable
class Rule(Protocol):
    """Rule that turns judgements into pairs."""

    @property
    def text(self) -> str:
        """The rule in words."""

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""


def _settled(votes: PairVotes, winner: int) -> Pair | SimilarPair:
    if winner > 0:
        return Pair(votes.first, votes.second)
    return Pair(votes.second, votes.first) if winner < 0 else SimilarPair(votes.first, votes.second)


def collected(settled: Sequence[Pair | SimilarPair]) -> ConsensusPairs:
    """Return pairs of both kinds, each kind in its order."""
    return ConsensusPairs(
        pairs=tuple(p for p in settled if isinstance(p, Pair)),
        similar=tuple(p for p in settled if isinstance(p, SimilarPair)),
    )


def _by_threshold(votes: PairVotes, needed: float) -> Pair | SimilarPair:
    # 0.56 of 25 votes must not fail at 14 through rounding
    first, second = votes.for_first >= needed - 1e-9, votes.for_second >= needed - 1e-9
    return _settled(votes, int(first) - int(second))


@dataclass(frozen=True, slots=True)
class Unanimous:
    """A video is better if all raters of the pair chose it."""

    @property
    def text(self) -> str:
        """The rule in words."""
        return "unanimous: better is what all raters of a pair chose, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return collected([_by_threshold(votes, votes.n) for votes in count_votes(judgements)])


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A video is better if at least k raters chose it, unless at least k chose the other too."""

    k: int

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"at least {self.k} votes for one side and fewer than {self.k} for the other, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return collected([_by_threshold(votes, self.k) for votes in count_votes(judgements)])


@dataclass(frozen=True, slots=True)
class Majority:
    """A video is better if a share of the raters chose it; votes for "no difference" count in the total."""

    share: float = 0.6

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"majority: at least {100 * self.share:g} % of the votes on a pair, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return collected([_by_threshold(votes, self.share * votes.n) for votes in count_votes(judgements)])


@dataclass(frozen=True, slots=True)
class ByNumber:
    """Unanimous for pairs with few raters, a majority for pairs with more."""

    few: int = 4
    share: float = 0.6

    @property
    def text(self) -> str:
        """The rule in words."""
        return (
            f"unanimous where at most {self.few} raters judged a pair, at least {100 * self.share:g} % of the votes "
            "where more did, else no disparity"
        )

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return collected(
            [
                _by_threshold(votes, votes.n if votes.n <= self.few else self.share * votes.n)
                for votes in count_votes(judgements)
            ]
        )


@dataclass(frozen=True, slots=True)
class Posterior:
    """A video is better if its strength is greater with a probability above the threshold, given all votes.

    Bradley-Terry strengths with a normal approximation of their posterior, from one vote per rater and pair; votes for
    "no difference" are half a win for each. Only judged pairs are labelled.
    """

    threshold: float = 0.95

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"Bradley-Terry posterior: stronger with a probability of at least {self.threshold:g}, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        columns = VoteColumns.of(judgements).merged_by_rater_and_pair()
        strengths = bradley_terry(columns)
        first, second, *_ = columns.counts()
        leads = (strengths.values[first] - strengths.values[second]) / np.sqrt(strengths.lead_variances(first, second))
        settled = []
        for votes, lead in zip(count_votes(columns), leads.tolist(), strict=True):
            first_is_better = NormalDist().cdf(lead)
            winner = int(first_is_better >= self.threshold) - int(1 - first_is_better >= self.threshold)
            settled.append(_settled(votes, winner))
        return collected(settled)


DEFAULT_RULE = ByNumber()

RULES = ("default", "unanimous", "at-least:K", "majority:SHARE", "posterior:PROBABILITY")
"""Names of the rules; the numbers of the last two may be omitted."""


def rule_named(text: str) -> Rule:
    """Return the rule with a name.

    It is one of ``RULES``, with a number for the capitals: ``at-least:3``, ``majority:0.6``.

    Raises:
        DatasetError: There is no such rule, or its number makes no sense.
    """
    name, _, number = text.strip().partition(":")
    value: float | None = None
    try:
        value = float(number) if number else None
    except ValueError:
        name = ""
    if name == "default" and value is None:
        return DEFAULT_RULE
    if name == "unanimous" and value is None:
        return Unanimous()
    if name == "at-least" and value is not None and value >= 1 and value.is_integer():
        return AtLeast(int(value))
    if name == "majority" and (value is None or 0.5 <= value <= 1):
        return Majority() if value is None else Majority(value)
    if name == "posterior" and (value is None or 0.5 < value < 1):
        return Posterior() if value is None else Posterior(value)
    raise DatasetError(
        f"There is no rule “{text}” for combining votes. Choose one of {', '.join(RULES)}, with K a whole number of at "
        "least 1, SHARE from 0.5 to 1 and PROBABILITY between 0.5 and 1."
    )
