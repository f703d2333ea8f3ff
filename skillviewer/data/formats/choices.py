"""What a person may choose when a data set is opened."""

from dataclasses import dataclass

from skillviewer.core.ranking.consensus import DEFAULT_RULE, Rule


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices that matter to some forms and are ignored by the others.

    Attributes:
        task: Which of the data sets that lie in one folder, or None for the only one.
        rule: How raw votes become pairs.
        smallest_difference: Ratings nearer to each other than this make no pair; equal ones never do.
        participant_pattern: Regular expression that finds the participant in the name of a video (its first group, or
            else the whole match), or None for what the data set says.
    """

    task: str | None = None
    rule: Rule = DEFAULT_RULE
    smallest_difference: float = 0.0
    participant_pattern: str | None = None
