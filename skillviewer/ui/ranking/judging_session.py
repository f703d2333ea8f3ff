"""One rater's session: the votes, the pairs, and their order."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.ranking.rater_names import normalize
from skillviewer.core.text import counted, format_duration, printable
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.judging.pair_queue import PairVideo, PracticeTurn, PresentedPair, RaterProgress
from skillviewer.data.study.practice import PracticePair
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.session.undo import Command

Marks = tuple[float | None, float | None]
"""A time in either of two videos, in seconds from the first frame of its file, or None."""

NO_MARKS: Marks = (None, None)


def vote_command(vote: Vote) -> Command:
    """Return a command that casts a vote; casting again after undo makes a new vote."""
    text = "skipped pair" if vote.verdict is None else "vote on a pair"
    new_vote = replace(vote, id=0, key="", judged_at=None)
    return Command(text, lambda study: study.votes.cast(new_vote), withdraw, (VOTES,))


def withdraw(study: Study, vote: Vote) -> object:
    """Take a vote back that was cast."""
    return study.votes.withdraw(vote.id)


class Stopwatch:
    """Counts seconds while it runs, by a clock in seconds."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._counted_s = 0.0
        self._since_s: float | None = None

    @property
    def time_s(self) -> float:
        return self._counted_s + (0.0 if self._since_s is None else self._now_s() - self._since_s)

    def restart(self) -> None:
        self._counted_s = 0.0
        self._since_s = self._now_s()

    def reset(self) -> None:
        self._counted_s = 0.0
        self._since_s = None

    def resume(self) -> None:
        if self._since_s is None:
            self._since_s = self._now_s()

    def pause(self) -> None:
        self._counted_s = self.time_s
        self._since_s = None


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
    practice: list[PracticeTurn] = field(default_factory=list)  # practice pairs to come, the one on screen first
    practised: PracticePair | None = None  # the stated answer, while a practice pair is on screen
    answered: list[Answered] = field(default_factory=list)  # pairs voted on, in order
    own_votes: tuple[Vote, ...] = ()  # votes of the rater that stand, in the order of voting
    newest: int | None = None  # greatest number of a vote that is counted; None before the study was first queried
    progress: RaterProgress = field(default_factory=RaterProgress)  # progress of the rater and of all raters
    unreadable: set[str] = field(default_factory=set)  # names of videos that could not be shown
    since_rest: int = 0  # pairs judged since the session began or the last pause ended
    n_now: int = 0  # pairs judged in this session
    n_skipped: int = 0  # pairs skipped in this session
    goes_on: bool = False  # true once the rater goes on beyond the aim
    n_reported_lost: int = 0  # number of lost videos in the last remark on them
    n_reported_side: int = 0  # number of votes when a favoured side was remarked on

    @property
    def ahead(self) -> PresentedPair | None:
        """The next pair, or None if it is not known yet."""
        return self.coming[0] if self.coming else None

    @property
    def enough(self) -> bool:
        """True if the aim is reached, the rater did not ask for more, and no pair is back in the queue."""
        waiting = self.progress.n_again > 0 and bool(self.coming)
        return not self.goes_on and not waiting and self.progress.n_own >= self.progress.rater_target > 0

    def end_practice_turn(self) -> bool:
        """Drop the practice pair on screen; return whether there are others."""
        self.practice = self.practice[1:]
        return bool(self.practice)

    def learn(
        self, own_votes: tuple[Vote, ...], progress: RaterProgress, contenders: Sequence[PairVideo] = ()
    ) -> tuple[Vote, ...]:
        """Store the study's present state; return the last votes of earlier sessions, in order, at the first query.

        A wrong one is often noticed late, and can be undone as if it had just been given.
        """
        self.own_votes = own_votes
        self.progress = progress
        if self.newest is not None:
            return ()
        self.newest = max((vote.id for vote in own_votes), default=0)
        available = {contender.name: contender for contender in contenders}
        earlier = tuple(vote for vote in own_votes if vote.left in available and vote.right in available)[-REMEMBERED:]
        self.answered = [Answered(PresentedPair(available[v.left], available[v.right], v.purpose), v) for v in earlier]
        return earlier

    def count(self, vote: Vote) -> None:
        """Count a stored vote on the pair on screen."""
        assert self.turn is not None
        self.newest = max(self.newest or 0, vote.id)
        self.answered.append(Answered(self.turn, vote))
        if all(other.id != vote.id for other in self.own_votes):
            self.own_votes = (*self.own_votes, vote)
        n = int(vote.verdict is not None)
        self.since_rest += n
        self.n_now += n
        self.n_skipped += 1 - n
        n_again = self.progress.n_again - (self.turn.purpose == AGAIN)
        self.progress = replace(
            self.progress, n_own=self.progress.n_own + n, all=self.progress.all + n, n_again=max(n_again, 0)
        )

    def next(self) -> None:
        """Go to the next pair: for practice first."""
        self.practised = self.practice[0].stated if self.practice else None
        if self.practice:
            self.turn = self.practice[0].turn
        else:
            self.turn = self.coming.pop(0) if self.coming else None

    def take(self, upcoming_pairs: Sequence[PresentedPair]) -> None:
        if not self.coming:
            self.coming = list(upcoming_pairs)

    def put_back(self) -> None:
        if self.turn is not None:
            self.coming.insert(0, self.turn)
        self.turn = None

    def taken_back(self) -> Vote | None:
        """Go back to the latest pair whose vote no longer stands, and return that vote; None if all stand."""
        valid_ids = {vote.id for vote in self.own_votes}
        withdrawn = next((a for a in reversed(self.answered) if a.vote.id not in valid_ids), None)
        if withdrawn is None:
            return None
        self.answered.remove(withdrawn)
        n = int(withdrawn.vote.verdict is not None)
        self.since_rest = max(self.since_rest - n, 0)
        self.n_now = max(self.n_now - n, 0)
        self.n_skipped = max(self.n_skipped - (1 - n), 0)
        self.put_back()
        self.turn = withdrawn.turn
        return withdrawn.vote

    def given_elsewhere(self) -> Vote | None:
        """Return a vote on the pair on screen that was not given here: one that was redone."""
        if self.turn is None or self.newest is None or self.practised is not None:
            return None
        names = self.turn.names
        new = [vote for vote in self.own_votes if vote.id > self.newest and names == {vote.left, vote.right}]
        return new[-1] if new else None

    def keep_only(self, names: Collection[str]) -> bool:
        """Drop pairs with other videos than these; return whether the one on screen was among them."""
        self.coming = [turn for turn in self.coming if turn.names <= set(names)]
        if self.turn is None or self.practised is not None or self.turn.names <= set(names):
            return False
        self.turn = None
        return True


def judging_summary(session: JudgingSession, seconds: float) -> str:
    """Return a summary of a sitting that has lasted so many seconds, or "" without a rater."""
    if not session.rater or session.newest is None:
        return ""
    progress = session.progress
    skipped = f", {session.n_skipped} skipped" if session.n_skipped else ""
    text = f"{session.rater} judged {counted(session.n_now, 'pair')} in {format_duration(seconds)}{skipped}: "
    text += f"{progress.n_own} of {progress.rater_target} in all. Every vote is stored."
    return text


SENSIBLE_SHARE = 0.5  # share of a video on screen below which a vote came too early
UNWATCHED_SHARE = 0.01  # share of a video on screen below which it was not watched
RECENT_VOTES = 20  # number of latest votes for a side that are checked
TOO_MANY = 16  # votes for one side among them that are too many: either side, by chance, once in 85 times


def hardly_seen(left: float, right: float, undo_key: str = "", played: tuple[float, float] = (0.0, 0.0)) -> str:
    """Return a sentence about a vote given before both videos were seen, or "".

    ``left`` and ``right`` are the shares on screen, 0 to 1; ``played`` those that the rater let play or went to,
    whether or not their pictures came in time; ``undo_key`` is "" where there is no key for undo.
    """
    lower = min(left, right)
    higher = max(left, right)
    if lower >= SENSIBLE_SHARE:
        return ""
    if min(played) >= SENSIBLE_SHARE:  # the computer's fault, not the rater's
        text = (
            "Both videos were played, but this computer was too slow: it showed {:.0f} % of the left and {:.0f} % "
            "of the right one."
        )
        return text.format(100 * left, 100 * right)
    side = "left" if left <= right else "right"
    if higher < UNWATCHED_SHARE:
        text = "Your last vote came before either video was watched."
    elif higher < SENSIBLE_SHARE:
        text = "Your last vote came after {:.0f} % of the left and {:.0f} % of the right video."
        text = text.format(100 * left, 100 * right)
    else:
        text = f"Your last vote came after {100 * lower:.0f} % of the {side} video."
    undo = f"{undo_key} takes it back." if undo_key else "Edit › Undo takes it back."
    return f"{text} {undo}"


def known_under(typed: str, known_name: str) -> str:
    """Return a sentence where the study knows the rater by a slightly different name than the one typed, or ""."""
    if normalize(typed) == normalize(known_name):
        return ""
    text = "“{}” continues as the rater “{}”. A different rater needs a different name."
    return text.format(printable(typed), printable(known_name))


def lost(n_lost: int, n_videos: int) -> str:
    """Return a sentence about videos that cannot be shown."""
    text = "{} of {} videos are missing or were replaced. Pairs with them are left out."
    return text.format(n_lost, n_videos)


def side_favoured(votes: Sequence[Vote]) -> str:
    """Return a sentence about votes of one rater, in the order of voting, that favour one side, or ""."""
    sided = [vote.verdict for vote in votes if vote.verdict in {Verdict.LEFT, Verdict.RIGHT}][-RECENT_VOTES:]
    left = sided.count(Verdict.LEFT)
    majority = max(left, len(sided) - left)
    if len(sided) < RECENT_VOTES or majority < TOO_MANY:
        return ""
    side = "left" if left == majority else "right"
    return (
        f"{majority} of your last {len(sided)} votes were for the {side} side. "
        "Sides are assigned at random: is one side easier to see?"
    )
