"""The command that gives a vote on a pair, and the marks of a rater."""

from dataclasses import replace

from PySide6.QtCore import QCoreApplication

from skillviewer.data.study import Study, Vote
from skillviewer.ui.session.studies import VOTES
from skillviewer.ui.session.undo import Command

Marks = tuple[float | None, float | None]
"""A time in either of two videos, in seconds from the first frame of its file, or None."""

NO_MARKS: Marks = (None, None)


def vote_command(vote: Vote) -> Command:
    """Return the giving of a vote, to be taken back and done again: what is given again is a vote of its own."""
    words = "skipped pair" if vote.verdict is None else "vote on a pair"
    fresh = replace(vote, id=0, key="", judged_at=None)
    text = QCoreApplication.translate("rank", words)
    return Command(text, lambda study: study.votes.cast(fresh), withdraw, (VOTES,))


def withdraw(study: Study, vote: Vote) -> object:
    """Take a vote back that was cast."""
    return study.votes.withdraw(vote.id)
