"""One rater's session: the votes, the pairs, and their order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from skillviewer.data.study import Study, Vote
from skillviewer.data.study.judging.pair_queue import PairVideo, PracticeTurn, PresentedPair, RaterProgress
from skillviewer.data.study.practice import PracticePair
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.session.undo import Command

Marks = tuple[float | None, float | None]
"""A marked time in each of two videos, in seconds from the first frame of its file, or None."""

NO_MARKS: Marks = (None, None)
MAX_EARLIER_ANSWERS = 20
"""Number of answers of earlier sessions that a rater can undo."""
REJUDGE_PURPOSE = "again"
"""Purpose of a pair back in the queue (``core.ranking.pair_selection``, which takes scipy a second to import)."""


def vote_command(vote: Vote) -> Command:
    """Return a command that casts a vote; casting again after undo makes a new vote."""
    text = "skipped pair" if vote.verdict is None else "vote on a pair"
    new_vote = replace(vote, id=0, key="", judged_at=None)
    return Command(text, lambda study: study.votes.cast(new_vote), withdraw_vote, (VOTES,))


def withdraw_vote(study: Study, vote: Vote) -> object:
    """Withdraw a vote: the reverse of casting."""
    return study.votes.withdraw(vote.id)


@dataclass(frozen=True, slots=True)
class AnsweredPair:
    """A pair with the rater's vote."""

    turn: PresentedPair
    vote: Vote


@dataclass(slots=True)
class JudgingSession:
    """One rater's session; outside of judging it has no rater and no pairs."""

    rater: str = ""  # name of the rater, or ""
    turn: PresentedPair | None = None  # the pair that is on screen or being opened
    upcoming_pairs: list[PresentedPair] = field(default_factory=list)  # the next one first
    practice_turns: list[PracticeTurn] = field(default_factory=list)  # practice to come, the pair on screen first
    practice_pair: PracticePair | None = None  # the stated answer, while a practice pair is on screen
    answered_pairs: list[AnsweredPair] = field(default_factory=list)  # pairs voted on, in order
    own_votes: tuple[Vote, ...] = ()  # valid votes of the rater, in the order of voting
    newest_vote_id: int | None = None  # greatest number of a counted vote; None before the first query of the study
    progress: RaterProgress = field(default_factory=RaterProgress)  # progress of the rater and of all raters
    unreadable: set[str] = field(default_factory=set)  # names of videos that could not be shown
    n_since_rest: int = 0  # pairs judged since the session began or the last pause ended
    n_judged: int = 0  # pairs judged in this session
    n_skipped: int = 0  # pairs skipped in this session
    continues_past_target: bool = False  # true once the rater asked for pairs beyond the target
    n_reported_missing: int = 0  # number of missing videos in the last notice about them
    n_votes_at_side_warning: int = 0  # number of votes at the last warning about a favoured side

    @property
    def next_pair(self) -> PresentedPair | None:
        """The pair after the one on screen, or None if it is not known yet."""
        return self.upcoming_pairs[0] if self.upcoming_pairs else None

    @property
    def is_done(self) -> bool:
        """True if the target is reached, the rater did not ask for more, and no pair is back in the queue."""
        if self.continues_past_target:
            return False
        if self.progress.n_again > 0 and self.upcoming_pairs:
            return False
        return self.progress.n_own >= self.progress.rater_target > 0

    def end_practice_turn(self) -> bool:
        """Drop the practice pair on screen; return whether there are others."""
        self.practice_turns = self.practice_turns[1:]
        return bool(self.practice_turns)

    def update(
        self, own_votes: tuple[Vote, ...], progress: RaterProgress, videos: Sequence[PairVideo] = ()
    ) -> tuple[Vote, ...]:
        """Take votes and progress from the study; return the votes of earlier sessions that can be undone.

        Only the first update returns votes, in the order of voting. A wrong vote is often noticed late.

        Args:
            own_votes: Valid votes of the rater, in the order of voting.
            progress: Progress of the rater and of all raters.
            videos: Videos that can be shown.
        """
        self.own_votes = own_votes
        self.progress = progress
        if self.newest_vote_id is not None:
            return ()
        self.newest_vote_id = max((vote.id for vote in own_votes), default=0)
        available = {video.name: video for video in videos}
        showable = [vote for vote in own_votes if vote.left in available and vote.right in available]
        earlier_votes = showable[-MAX_EARLIER_ANSWERS:]
        self.answered_pairs = [
            AnsweredPair(PresentedPair(available[vote.left], available[vote.right], vote.purpose), vote)
            for vote in earlier_votes
        ]
        return tuple(earlier_votes)

    def count_vote(self, vote: Vote) -> None:
        """Count a stored vote on the pair on screen."""
        assert self.turn is not None
        newest_vote_id = self.newest_vote_id or 0
        self.newest_vote_id = max(newest_vote_id, vote.id)
        self.answered_pairs.append(AnsweredPair(self.turn, vote))
        if all(other.id != vote.id for other in self.own_votes):
            self.own_votes = (*self.own_votes, vote)
        progress = self.progress
        n_again = progress.n_again
        if self.turn.purpose == REJUDGE_PURPOSE:
            n_again = max(n_again - 1, 0)
        if vote.verdict is None:
            self.n_skipped += 1
            self.progress = replace(progress, n_again=n_again)
        else:
            self.n_since_rest += 1
            self.n_judged += 1
            self.progress = replace(progress, n_own=progress.n_own + 1, all=progress.all + 1, n_again=n_again)

    def go_to_next(self) -> None:
        """Show the next pair; practice pairs come first."""
        if self.practice_turns:
            self.practice_pair = self.practice_turns[0].practice_pair
            self.turn = self.practice_turns[0].turn
        else:
            self.practice_pair = None
            self.turn = self.upcoming_pairs.pop(0) if self.upcoming_pairs else None

    def set_upcoming(self, pairs: Sequence[PresentedPair]) -> None:
        """Take the pairs to come, unless some are left."""
        if not self.upcoming_pairs:
            self.upcoming_pairs = list(pairs)

    def return_to_withdrawn(self) -> Vote | None:
        """Go back to the latest pair whose vote was withdrawn, and return that vote; None if all votes are valid."""
        valid_ids = {vote.id for vote in self.own_votes}
        answered = next((pair for pair in reversed(self.answered_pairs) if pair.vote.id not in valid_ids), None)
        if answered is None:
            return None
        self.answered_pairs.remove(answered)
        if answered.vote.verdict is None:
            self.n_skipped = max(self.n_skipped - 1, 0)
        else:
            self.n_since_rest = max(self.n_since_rest - 1, 0)
            self.n_judged = max(self.n_judged - 1, 0)
        if self.turn is not None:
            self.upcoming_pairs.insert(0, self.turn)
        self.turn = answered.turn
        return answered.vote

    def find_redone_vote(self) -> Vote | None:
        """Return a new vote on the pair on screen that was cast by Redo, or None."""
        if self.turn is None or self.newest_vote_id is None or self.practice_pair is not None:
            return None
        names = self.turn.names
        new_votes = [
            vote for vote in self.own_votes if vote.id > self.newest_vote_id and names == {vote.left, vote.right}
        ]
        return new_votes[-1] if new_votes else None

    def drop_unavailable(self, available_names: Collection[str]) -> bool:
        """Drop pairs with videos that cannot be shown; return whether the pair on screen was among them."""
        available = set(available_names)
        self.upcoming_pairs = [pair for pair in self.upcoming_pairs if pair.names <= available]
        if self.turn is None or self.practice_pair is not None or self.turn.names <= available:
            return False
        self.turn = None
        return True
