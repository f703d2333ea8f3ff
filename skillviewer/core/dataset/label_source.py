"""Choice of the judgements and ratings that a study trains on."""

from enum import StrEnum


class LabelSource(StrEnum):
    """Source from which the pairs of a study are made."""

    BOTH = "both"  # votes and agreed pairs; ratings for two videos that have neither
    RATINGS = "ratings"  # ratings only, by the rule for ratings
    VOTES = "votes"  # votes and agreed pairs only
