"""Choices of the user when a data set is opened."""

from dataclasses import dataclass

from skillviewer.core.ranking.consensus import DEFAULT_RULE, Rule
from skillviewer.core.ratings.rating_rule import DEFAULT_RATING_RULE, RatingRule


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices that apply to some forms and are ignored by the others.

    Attributes:
        task: Name of one of several data sets in a folder, or None for the only one.
        rule: Rule that turns raw votes into pairs.
        smallest_difference: Smallest difference of ratings that makes a pair; equal ratings never do.
        participant_pattern: Regular expression that finds the participant in the name of a video (its first group, or
            the whole match without groups), or None for the data set's own participants.
        criterion: Rated item to use, or None for the first.
        rating_rule: Rule that turns ratings into pairs, where ``smallest_difference`` is 0.
    """

    task: str | None = None
    rule: Rule = DEFAULT_RULE
    smallest_difference: float = 0.0
    participant_pattern: str | None = None
    criterion: str | None = None
    rating_rule: RatingRule = DEFAULT_RATING_RULE
