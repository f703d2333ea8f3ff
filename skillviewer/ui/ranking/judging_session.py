"""What is known of one rater's sitting: the pair on screen, those that come, and those that got their vote."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from skillviewer.data.study import Vote
from skillviewer.ui.ranking.ballot import Contender, PresentedPair
from skillviewer.ui.ranking.pair_queue import Tally

REMEMBERED = 20
"""Votes of earlier sittings that a rater can take back."""

AGAIN = "again"
"""Purpose of a pair that was put back (``core.ranking.pair_selection``, which takes scipy a second to import)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A pair that got its vote in this session."""

    turn: PresentedPair
    vote: Vote


@dataclass(slots=True)
class JudgingSession:
    """One rater's sitting.

    Attributes:
        rater: Who judges.
        turn: The pair that is on screen or on its way there.
        coming: Pairs that follow, the next one first.
        answered: Pairs that got their vote, in order.
        mine: Votes of the rater that stand, in the order of voting.
        newest: Greatest number of a vote that is accounted for; None before the study was first asked.
        tally: How far the rater and all raters are.
        unreadable: Names of videos that could not be shown.
        since_rest: Pairs judged since the session began or the last pause ended.
        more: Whether the rater goes on beyond what was aimed at.
        n_reported_lost: Lost videos of which the rater has had a message.
        n_reported_side: Number of votes when the rater had the message about a favoured side.
    """

    rater: str
    turn: PresentedPair | None = None
    coming: list[PresentedPair] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    mine: tuple[Vote, ...] = ()
    newest: int | None = None
    tally: Tally = field(default_factory=Tally)
    unreadable: set[str] = field(default_factory=set)
    since_rest: int = 0
    more: bool = False
    n_reported_lost: int = 0
    n_reported_side: int = 0

    @property
    def ahead(self) -> PresentedPair | None:
        """The pair that comes next, as far as is known."""
        return self.coming[0] if self.coming else None

    @property
    def enough(self) -> bool:
        """Whether what was aimed at is reached, nobody asked for more, and no pair waits to be judged once more."""
        waiting = self.tally.owed > 0 and bool(self.coming)
        return not self.more and not waiting and self.tally.mine >= self.tally.my_aim > 0

    def learn(self, mine: tuple[Vote, ...], tally: Tally, contenders: Sequence[Contender] = ()) -> tuple[Vote, ...]:
        """Take in what the study says.

        Returns:
            When it is asked for the first time, the last votes of earlier sittings, in order: a wrong one is often
            noticed late, and can be taken back as if it had just been given. Else none.
        """
        self.mine, self.tally = mine, tally
        if self.newest is not None:
            return ()
        self.newest = max((vote.id for vote in mine), default=0)
        there = {contender.name: contender for contender in contenders}
        earlier = tuple(vote for vote in mine if vote.left in there and vote.right in there)[-REMEMBERED:]
        self.answered = [Answered(PresentedPair(there[v.left], there[v.right], v.purpose), v) for v in earlier]
        return earlier

    def count(self, vote: Vote) -> None:
        """Account for a vote on the pair on screen that is on the disk."""
        assert self.turn is not None
        self.newest = max(self.newest or 0, vote.id)
        self.answered.append(Answered(self.turn, vote))
        if all(other.id != vote.id for other in self.mine):
            self.mine = (*self.mine, vote)
        n = int(vote.verdict is not None)
        self.since_rest += n
        owed = self.tally.owed - (self.turn.purpose == AGAIN)
        self.tally = replace(self.tally, mine=self.tally.mine + n, all=self.tally.all + n, owed=max(owed, 0))

    def next(self) -> None:
        """Go to the pair that comes next, if there is one."""
        self.turn = self.coming.pop(0) if self.coming else None

    def take(self, turns: Sequence[PresentedPair]) -> None:
        """Let chosen pairs come, where none does yet."""
        if not self.coming:
            self.coming = list(turns)

    def put_back(self) -> None:
        """Let the pair on screen wait in front of those that come."""
        if self.turn is not None:
            self.coming.insert(0, self.turn)
        self.turn = None

    def taken_back(self) -> Vote | None:
        """Go back to a pair whose vote no longer stands, the latest first, and return that vote; None if all stand."""
        standing = {vote.id for vote in self.mine}
        gone = next((a for a in reversed(self.answered) if a.vote.id not in standing), None)
        if gone is None:
            return None
        self.answered.remove(gone)
        self.since_rest = max(self.since_rest - int(gone.vote.verdict is not None), 0)
        self.put_back()
        self.turn = gone.turn
        return gone.vote

    def given_elsewhere(self) -> Vote | None:
        """Return a vote on the pair on screen that was not given here: one that was undone and is done again."""
        if self.turn is None or self.newest is None:
            return None
        names = self.turn.names
        new = [vote for vote in self.mine if vote.id > self.newest and names == {vote.left, vote.right}]
        return new[-1] if new else None

    def keep_only(self, names: Collection[str]) -> bool:
        """Drop pairs of other videos than these; return whether the one on screen was among them."""
        self.coming = [turn for turn in self.coming if turn.names <= set(names)]
        if self.turn is None or self.turn.names <= set(names):
            return False
        self.turn = None
        return True
