"""One rater's session: the pair on screen, the pairs to come, the pairs already voted on, and a stopwatch."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from skillviewer.data.study import Vote
from skillviewer.data.study.judging.pair_queue import Contender, PresentedPair, Tally


class Stopwatch:
    """Counts seconds while it runs.

    Args:
        now_s: Clock in seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._counted_s = 0.0
        self._since_s: float | None = None

    @property
    def time_s(self) -> float:
        return self._counted_s + (0.0 if self._since_s is None else self._now_s() - self._since_s)

    def restart(self) -> None:
        self._counted_s, self._since_s = 0.0, self._now_s()

    def reset(self) -> None:
        self._counted_s, self._since_s = 0.0, None

    def resume(self) -> None:
        if self._since_s is None:
            self._since_s = self._now_s()

    def pause(self) -> None:
        self._counted_s, self._since_s = self.time_s, None


REMEMBERED = 20  # number of votes of earlier sessions that a rater can undo
AGAIN = "again"
"""Purpose of a pair back in the queue (``core.ranking.pair_selection``, which takes scipy a second to import)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A pair voted on in this session."""

    turn: PresentedPair
    vote: Vote


@dataclass(slots=True)
class JudgingSession:
    """One rater's session; outside of judging it has no rater and no pairs."""

    rater: str = ""  # name of the rater, or ""
    turn: PresentedPair | None = None  # the pair that is on screen or being opened
    coming: list[PresentedPair] = field(default_factory=list)  # pairs to come, the next one first
    answered: list[Answered] = field(default_factory=list)  # pairs voted on, in order
    mine: tuple[Vote, ...] = ()  # votes of the rater that stand, in the order of voting
    newest: int | None = None  # greatest number of a vote that is counted; None before the study was first queried
    tally: Tally = field(default_factory=Tally)  # progress of the rater and of all raters
    unreadable: set[str] = field(default_factory=set)  # names of videos that could not be shown
    since_rest: int = 0  # pairs judged since the session began or the last pause ended
    more: bool = False  # true once the rater goes on beyond the aim
    n_reported_lost: int = 0  # number of lost videos in the last remark on them
    n_reported_side: int = 0  # number of votes when a favoured side was remarked on

    @property
    def ahead(self) -> PresentedPair | None:
        """The next pair, or None where it is not known yet."""
        return self.coming[0] if self.coming else None

    @property
    def enough(self) -> bool:
        """True if the aim is reached, the rater did not ask for more, and no pair is back in the queue."""
        waiting = self.tally.again > 0 and bool(self.coming)
        return not self.more and not waiting and self.tally.mine >= self.tally.my_aim > 0

    def learn(self, mine: tuple[Vote, ...], tally: Tally, contenders: Sequence[Contender] = ()) -> tuple[Vote, ...]:
        """Store the study's present state.

        Returns:
            The last votes of earlier sessions, in order, at the first query: a wrong one is often noticed late, and can
            be undone as if it had just been given. Later none.
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
        """Count a stored vote on the pair on screen."""
        assert self.turn is not None
        self.newest = max(self.newest or 0, vote.id)
        self.answered.append(Answered(self.turn, vote))
        if all(other.id != vote.id for other in self.mine):
            self.mine = (*self.mine, vote)
        n = int(vote.verdict is not None)
        self.since_rest += n
        again = self.tally.again - (self.turn.purpose == AGAIN)
        self.tally = replace(self.tally, mine=self.tally.mine + n, all=self.tally.all + n, again=max(again, 0))

    def next(self) -> None:
        self.turn = self.coming.pop(0) if self.coming else None

    def take(self, turns: Sequence[PresentedPair]) -> None:
        if not self.coming:
            self.coming = list(turns)

    def put_back(self) -> None:
        if self.turn is not None:
            self.coming.insert(0, self.turn)
        self.turn = None

    def taken_back(self) -> Vote | None:
        """Go back to the latest pair whose vote no longer stands, and return that vote; None if all stand."""
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
        """Return a vote on the pair on screen that was not given here: one that was redone."""
        if self.turn is None or self.newest is None:
            return None
        names = self.turn.names
        new = [vote for vote in self.mine if vote.id > self.newest and names == {vote.left, vote.right}]
        return new[-1] if new else None

    def keep_only(self, names: Collection[str]) -> bool:
        """Drop pairs with other videos than these; return whether the one on screen was among them."""
        self.coming = [turn for turn in self.coming if turn.names <= set(names)]
        if self.turn is None or self.turn.names <= set(names):
            return False
        self.turn = None
        return True
