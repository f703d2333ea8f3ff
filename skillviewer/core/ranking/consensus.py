"""Rules that turn the judgements of several raters into pairs.

Doughty et al. (CVPR 2018) use a pair only if all four raters agree. Li et al. (2019) do not state how they combined the
choices of five raters. Here, conflicting and tied votes mean "no disparity".
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
    """Numbers of votes on two videos; ``first`` comes before ``second`` in alphabetical order."""

    first: str
    second: str
    for_first: int
    for_second: int
    neither: int  # number of votes for no difference

    @property
    def n(self) -> int:
        """Number of votes."""
        return self.for_first + self.for_second + self.neither


def count_votes(judgements: Votes) -> tuple[PairVotes, ...]:
    """Return the numbers of votes on every two videos, with one vote per rater and pair."""
    votes = VoteColumns.of(judgements).merged_by_rater_and_pair()
    pair_counts = votes.counts()
    rows = zip(pair_counts.first.tolist(), pair_counts.second.tolist(), pair_counts.counts.tolist(), strict=True)
    return tuple(
        PairVotes(votes.videos[first], votes.videos[second], for_first, for_second, neither)
        for first, second, (for_second, neither, for_first) in rows
    )


@dataclass(frozen=True, slots=True)
class ConsensusPairs:
    """Ordered pairs, and pairs without a disparity, by a rule."""

    pairs: tuple[Pair, ...]
    similar: tuple[SimilarPair, ...]


@runtime_checkable
class Rule(Protocol):
    """Rule that turns judgements into pairs."""

    @property
    def text(self) -> str:
        """Description of the rule."""

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""


def _decided(votes: PairVotes, *, first_wins: bool, second_wins: bool) -> Pair | SimilarPair:
    if first_wins == second_wins:
        return SimilarPair(votes.first, votes.second)
    return Pair(votes.first, votes.second) if first_wins else Pair(votes.second, votes.first)


def sort_by_kind(pairs: Sequence[Pair | SimilarPair]) -> ConsensusPairs:
    """Return the ordered pairs and the pairs without a disparity, each in the given order."""
    return ConsensusPairs(
        pairs=tuple(pair for pair in pairs if isinstance(pair, Pair)),
        similar=tuple(pair for pair in pairs if isinstance(pair, SimilarPair)),
    )


def _by_threshold(votes: PairVotes, n_needed: float) -> Pair | SimilarPair:
    threshold = n_needed - 1e-9  # 14 of 25 votes are 0.56 of them in spite of rounding errors
    return _decided(votes, first_wins=votes.for_first >= threshold, second_wins=votes.for_second >= threshold)


@dataclass(frozen=True, slots=True)
class Unanimous:
    """A video is better if all raters of the pair chose it."""

    @property
    def text(self) -> str:
        """Description of the rule."""
        return "unanimous: better is what all raters of a pair chose, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return sort_by_kind([_by_threshold(votes, votes.n) for votes in count_votes(judgements)])


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A video is better if at least k raters chose it, unless at least k chose the other too."""

    k: int

    @property
    def text(self) -> str:
        """Description of the rule."""
        return f"at least {self.k} votes for one side and fewer than {self.k} for the other, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return sort_by_kind([_by_threshold(votes, self.k) for votes in count_votes(judgements)])


@dataclass(frozen=True, slots=True)
class Majority:
    """A video is better if a share of the raters chose it; votes for "no difference" count in the total."""

    share: float = 0.6

    @property
    def text(self) -> str:
        """Description of the rule."""
        return f"majority: at least {100 * self.share:g} % of the votes on a pair, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return sort_by_kind([_by_threshold(votes, self.share * votes.n) for votes in count_votes(judgements)])


@dataclass(frozen=True, slots=True)
class ByNumber:
    """Unanimity is needed for pairs with few raters, and a majority for pairs with more."""

    few: int = 4
    share: float = 0.6

    @property
    def text(self) -> str:
        """Description of the rule."""
        return (
            f"unanimous where at most {self.few} raters judged a pair, at least {100 * self.share:g} % of the votes "
            "where more did, else no disparity"
        )

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        return sort_by_kind([_by_threshold(votes, self._n_needed(votes.n)) for votes in count_votes(judgements)])

    def _n_needed(self, n_votes: int) -> float:
        return n_votes if n_votes <= self.few else self.share * n_votes


@dataclass(frozen=True, slots=True)
class Posterior:
    """A video is better if its strength is greater with a probability above the threshold, given all votes.

    The strengths are those of Bradley and Terry with a normal approximation of their posterior, from one vote per rater
    and pair. Only judged pairs are labelled.
    """

    threshold: float = 0.95

    @property
    def text(self) -> str:
        """Description of the rule."""
        return f"Bradley-Terry posterior: stronger with a probability of at least {self.threshold:g}, else no disparity"

    def agree(self, judgements: Sequence[Judgement]) -> ConsensusPairs:
        """Return the ordered pairs and those without a disparity."""
        columns = VoteColumns.of(judgements).merged_by_rater_and_pair()
        strengths = bradley_terry(columns)
        pair_counts = columns.counts()
        leads = strengths.values[pair_counts.first] - strengths.values[pair_counts.second]
        standard_errors = np.sqrt(strengths.lead_variances(pair_counts.first, pair_counts.second))
        pairs = []
        for votes, z in zip(count_votes(columns), (leads / standard_errors).tolist(), strict=True):
            probability = NormalDist().cdf(z)
            first_wins = probability >= self.threshold
            second_wins = 1 - probability >= self.threshold
            pairs.append(_decided(votes, first_wins=first_wins, second_wins=second_wins))
        return sort_by_kind(pairs)


DEFAULT_RULE = ByNumber()

RULES = ("default", "unanimous", "at-least:K", "majority:SHARE", "posterior:PROBABILITY")
"""Names of the rules; the numbers of the last two may be omitted."""


def rule_named(text: str) -> Rule:
    """Return the rule with one of the names ``RULES``, with a number for the capitals, such as ``at-least:3``.

    Raises:
        DatasetError: There is no such rule, or its number is out of range.
    """
    name, _, number = text.strip().partition(":")
    value: float | None = None
    try:
        value = float(number) if number else None
    except ValueError:
        name = ""  # matches no rule
    if name == "default" and value is None:
        return DEFAULT_RULE
    if name == "unanimous" and value is None:
        return Unanimous()
    if name == "at-least" and value is not None and value >= 1 and value.is_integer():
        return AtLeast(int(value))
    if name == "majority" and value is None:
        return Majority()
    if name == "majority" and value is not None and 0.5 <= value <= 1:
        return Majority(value)
    if name == "posterior" and value is None:
        return Posterior()
    if name == "posterior" and value is not None and 0.5 < value < 1:
        return Posterior(value)
    raise DatasetError(
        f"There is no rule “{text}” for combining votes. Choose one of {', '.join(RULES)}, with K a whole number of at "
        "least 1, SHARE from 0.5 to 1 and PROBABILITY between 0.5 and 1."
    )
