"""A pair as it was seen by a rater, and the vote that comes of it."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.judging.pair_queue import PresentedPair
from skillviewer.ui.session.studies import VOTES
from skillviewer.ui.session.undo import Command

Marks = tuple[float | None, float | None]
"""A time in either of two videos, in seconds from the first frame of its file, or None."""

NO_MARKS: Marks = (None, None)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A pair as it was seen when the verdict was given.

    Attributes:
        turn: The pair, with its sides as they are on screen.
        shares: What was seen of the left and of the right video, 0 to 1.
        speed: At which they played.
        reason: Why, or "".
        marks_s: What was marked in the left and in the right video.
        played: What was to be seen of the left and of the right video, had every picture come in time, 0 to 1.
    """

    turn: PresentedPair
    shares: tuple[float, float]
    speed: float = 1.0
    reason: str = ""
    marks_s: Marks = NO_MARKS
    played: tuple[float, float] = (0.0, 0.0)

    def vote(self, verdict: Verdict | None, rater: str, taken_s: float) -> Vote:
        """Return the vote.

        Args:
            verdict: The verdict; None skips the pair.
            rater: Who says it.
            taken_s: How long the pair was looked at, in seconds.
        """
        return Vote(
            left=self.turn.left.name,
            right=self.turn.right.name,
            verdict=verdict,
            rater=rater,
            taken_s=round(taken_s, 3),
            watched=round(min(self.shares), 4),  # 1 says that both were seen whole
            speed=self.speed,
            reason=self.reason.strip(),
            left_mark_s=self.marks_s[0],
            right_mark_s=self.marks_s[1],
            purpose=self.turn.purpose,
        )


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
