"""A pair as it is presented to a rater, and the command that gives a vote on it."""

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from skillviewer.core.video.extents import ClipRange
from skillviewer.data.study import Study, Vote
from skillviewer.ui.session.studies import VOTES
from skillviewer.ui.session.undo import Command


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the two videos of a pair.

    Attributes:
        name: Its name in the study; nothing on the screen shows it.
        path: The file.
        digest: SHA-256 of the file, or "" where it is not known: another file in its place is not shown.
        extent: The part of the file that is the attempt, or None for the whole.
        sync_s: The time that meets the other video's, in seconds from the first frame of the file, or None.
    """

    name: str
    path: Path
    digest: str = ""
    extent: ClipRange | None = None
    sync_s: float | None = None


@dataclass(frozen=True, slots=True)
class PresentedPair:
    """A pair as it is put to one rater.

    Attributes:
        left: The video on the left.
        right: The video on the right.
        purpose: Why this pair was chosen, in the words that a vote keeps.
    """

    left: Contender
    right: Contender
    purpose: str = ""

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.left.name, self.right.name))

    def swapped(self) -> "PresentedPair":
        """Return it with the sides exchanged."""
        return replace(self, left=self.right, right=self.left)


Marks = tuple[float | None, float | None]
"""A time in either of two videos, in seconds from the first frame of its file, or None."""

NO_MARKS: Marks = (None, None)


def vote_command(vote: Vote) -> Command:
    """Return the giving of a vote, to be taken back and done again: what is given again is a vote of its own."""
    words = "skipped pair" if vote.verdict is None else "vote on a pair"
    fresh = replace(vote, id=0, key="", judged_at=None)
    text = QCoreApplication.translate("rank", words)
    return Command(text, lambda study: study.votes.cast(fresh), withdraw, (VOTES,))


def withdraw(study: Study, vote: object) -> object:
    """Take a vote back that was cast."""
    assert isinstance(vote, Vote)
    return study.votes.withdraw(vote.id)
