"""Choices of the user when a data set is opened."""

from dataclasses import dataclass

from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.ranking.consensus import Rule
from skillviewer.core.ratings.rating_rule import RatingRule


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices that apply to some data formats; the others ignore them."""

    task: str | None = None  # name of one of several data sets in a folder, or None for the only one
    rule: Rule | None = None  # rule that turns raw votes into pairs, or None for the study's own, or else the default
    smallest_difference: float = 0.0  # smallest difference of ratings that makes a pair; equal ratings make no pair
    # regular expression that finds the participant in the name of a video (its first group, or the whole match without
    # groups), or None for the data set's own participants
    participant_pattern: str | None = None
    criterion: str | None = None  # rated item to use, or None for the first
    # rule that turns ratings into pairs; used only if ``smallest_difference`` is 0. None: the study's own, or else the
    # default
    rating_rule: RatingRule | None = None
    labels: LabelSource = LabelSource.BOTH  # which labels of a study become pairs: votes, ratings or both


DEFAULT_CHOICES = Choices()
"""Choices if the user makes none."""
