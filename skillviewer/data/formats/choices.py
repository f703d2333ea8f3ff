"""What a person may choose when a data set is opened."""

from dataclasses import dataclass

from skillviewer.core.ranking.consensus import DEFAULT_RULE, Rule
from skillviewer.core.ratings.rating_rule import DEFAULT_RATING_RULE, RatingRule


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices that matter to some forms and are ignored by the others.

    Attributes:
        task: Which of the data sets that lie in one folder, or None for the only one.
        rule: How raw votes become pairs.
        smallest_difference: Ratings nearer to each other than this make no pair; equal ones never do.
        participant_pattern: Regular expression that finds the participant in the name of a video (its first group, or
            else the whole match), or None for what the data set says.
        criterion: Which of the items that are rated, or None for the one that counts first.
        rating_rule: How a table of ratings becomes pairs, where ``smallest_difference`` is 0.
    """

    task: str | None = None
    rule: Rule = DEFAULT_RULE
    smallest_difference: float = 0.0
    participant_pattern: str | None = None
    criterion: str | None = None
    rating_rule: RatingRule = DEFAULT_RATING_RULE
