"""Choice of the statements about skill that a study trains on."""

from enum import StrEnum


class LabelSource(StrEnum):
    """Statements from which the pairs of a study are made."""

    BOTH = "both"  # votes and stated pairs, and ratings where there is neither
    RATINGS = "ratings"  # ratings alone, by the rule for ratings
    VOTES = "votes"  # votes and stated pairs alone
