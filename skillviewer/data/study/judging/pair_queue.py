"""Pairs to come for raters, and the progress of all raters; plain code over an open study."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.video.extents import ClipRange
from skillviewer.data.study.settings import StudySettings
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import FileState, StudyVideo
from skillviewer.data.study.votes import Vote

if TYPE_CHECKING:
    from skillviewer.core.ranking.pair_selection import Asked, Plan  # scipy takes a second

LOST = frozenset({FileState.MISSING, FileState.REPLACED})


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
        """Names of both videos."""
        return frozenset((self.left.name, self.right.name))

    def swapped(self) -> "PresentedPair":
        """Return it with the sides exchanged."""
        return replace(self, left=self.right, right=self.left)


@dataclass(frozen=True, slots=True)
class Tally:
    """Progress of the rater and of all raters, in comparisons.

    Attributes:
        mine: Comparisons of the rater.
        my_aim: Comparisons aimed at for the rater; at most the pairs that can be asked.
        all: Comparisons of all raters.
        aim: Comparisons aimed at in all; at most what these raters can be asked.
        again: Pairs back in the queue that the rater has not judged again yet and that can be shown.
    """

    mine: int = 0
    my_aim: int = 0
    all: int = 0
    aim: int = 0

    again: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """State of the study for one rater.

    Attributes:
        rater: Name of the rater.
        turns: Pairs to ask, the next one first, without the pair on screen.
        tally: Progress of the rater and of all raters.
        mine: Votes of the rater that stand, skipped pairs too, in the order of voting.
        contenders: Videos that can be shown.
        n_lost: Videos whose file is missing, replaced or not readable.
    """

    rater: str
    turns: tuple[PresentedPair, ...]
    tally: Tally
    mine: tuple[Vote, ...]
    contenders: tuple[Contender, ...]
    n_lost: int


def aims(n_videos: int, comparisons_per_video: float, n_raters: int) -> tuple[int, int]:
    """Return the comparisons aimed at, for each rater and in all: every comparison counts for two videos."""
    total = math.ceil(n_videos * comparisons_per_video / 2)
    return math.ceil(total / max(n_raters, 1)), total


def outlook(
    study: Study, rater: str, on_screen: PresentedPair | None = None, unreadable: Collection[str] = ()
) -> Outlook:
    """Return the state of the study for one rater.

    Args:
        study: The study.
        rater: Name of the rater.
        on_screen: The pair on screen, or None.
        unreadable: Names of videos that could not be shown.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    settings, n_videos = study.settings, len(study.videos.all())
    contenders, tasks, votes = _usable(study, unreadable)
    again = _put_back(study, rater, tasks)
    return Outlook(
        rater=rater,
        turns=_turns(settings, contenders, tasks, votes, again, rater, on_screen),
        tally=_tally(settings, tasks, votes, again, rater),
        mine=tuple(vote for vote in votes if vote.rater == rater),
        contenders=tuple(contenders.values()),
        n_lost=n_videos - len(contenders),
    )


def drawn_pairs(
    study: Study, raters: Collection[str], n_pairs: int | None = None
) -> dict[str, tuple[PresentedPair, ...]]:
    """Return the next pairs of several raters by name, drawn before any of them is judged.

    Args:
        study: The study.
        raters: Names of the raters.
        n_pairs: Pairs of each rater at most, or None for those that the rater lacks to the study's aim.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    from skillviewer.core.ranking.pair_selection import drawn_ahead

    settings = study.settings
    contenders, tasks, votes = _usable(study)
    again = {rater: _put_back(study, rater, tasks) for rater in raters}
    wanted = {}
    for rater in raters:
        tally = _tally(settings, tasks, votes, again[rater], rater, raters)
        wanted[rater] = max(tally.my_aim - tally.mine, 0) if n_pairs is None else n_pairs
    drawn = drawn_ahead(tasks, _asked(votes), wanted, _plan(settings), again)
    return {
        rater: tuple(PresentedPair(contenders[pair.left], contenders[pair.right], str(pair.why)) for pair in pairs)
        for rater, pairs in drawn.items()
    }


def _usable(
    study: Study, unreadable: Collection[str] = ()
) -> tuple[dict[str, Contender], dict[str, str], tuple[Vote, ...]]:
    """Return the videos that can be shown and their tasks, by name, and the votes that stand."""
    usable = [v for v in study.videos.all() if v.path is not None and v.state not in LOST and v.name not in unreadable]
    votes = tuple(vote for vote in study.votes.in_use() if vote.stands)
    return {video.name: _contender(video) for video in usable}, {video.name: video.task for video in usable}, votes


def _put_back(study: Study, rater: str, tasks: Mapping[str, str]) -> frozenset[frozenset[str]]:
    """Return the pairs back in the queue that can be asked of a rater."""
    return frozenset(pair for pair in study.again.due_for(rater) if _comparable(pair, tasks))


def offered(study: Study) -> tuple[str, ...]:
    """Return the raters to choose from, in the order in which they were added.

    A rater who has undone every vote is left out: the name was probably mistyped. A rater without any vote was added on
    purpose, since judging adds a rater with the first vote only.
    """
    votes = study.votes.all()
    standing = {vote.rater for vote in votes if vote.stands}
    gone = {vote.rater for vote in votes} - standing
    return tuple(rater for rater in study.votes.raters() if rater not in gone)


def _comparable(pair: frozenset[str], tasks: Mapping[str, str]) -> bool:
    """Return whether a pair can be asked: both videos can be shown, and have the same task."""
    return pair <= tasks.keys() and len({tasks[name] for name in pair}) == 1


def _tally(
    settings: StudySettings,
    tasks: Mapping[str, str],
    votes: tuple[Vote, ...],
    again: Collection[frozenset[str]],
    rater: str,
    others: Collection[str] = (),
) -> Tally:
    from skillviewer.core.ranking.pair_selection import n_left

    judged = Counter(vote.rater for vote in votes if vote.verdict is not None)
    raters = {*judged, rater, *others}
    my_aim, aim = aims(len(tasks), settings.comparisons_per_video, len(raters))
    if len(tasks) > 1:  # else videos are missing, and the aim is not reached
        n_pairs = sum(n * (n - 1) // 2 for n in Counter(tasks.values()).values())
        asked = {(vote.rater, frozenset((vote.left, vote.right))) for vote in votes}
        n_asked = Counter(who for who, pair in asked if _comparable(pair, tasks))
        mine = judged[rater] + n_left(tasks, _asked(votes), rater, _plan(settings), again)
        theirs = sum(judged[other] + n_pairs - n_asked[other] for other in raters - {rater})
        my_aim, aim = min(my_aim, mine), min(aim, mine + theirs)
    return Tally(judged[rater], my_aim, judged.total(), aim, len(again))


def _plan(settings: StudySettings) -> "Plan":
    from skillviewer.core.ranking.pair_selection import Plan

    return Plan(test_share=settings.random_share, repeat_share=settings.repeat_share)


def _asked(votes: tuple[Vote, ...]) -> "list[Asked]":
    from skillviewer.core.ranking.pair_selection import Asked

    return [Asked(v.left, v.right, v.rater, v.verdict, v.purpose) for v in votes]


def _turns(
    settings: StudySettings,
    contenders: Mapping[str, Contender],
    tasks: Mapping[str, str],
    votes: tuple[Vote, ...],
    again: frozenset[frozenset[str]],
    rater: str,
    on_screen: PresentedPair | None,
) -> tuple[PresentedPair, ...]:
    from skillviewer.core.ranking.pair_selection import Asked, NextPair, choose, upcoming

    plan, asked = _plan(settings), _asked(votes)

    def turn(pair: NextPair) -> PresentedPair:
        return PresentedPair(contenders[pair.left], contenders[pair.right], str(pair.why))

    turns = tuple(turn(pair) for pair in upcoming(tasks, asked, rater, plan, again))
    if on_screen is None:
        return turns
    if turns and turns[0].names == on_screen.names:
        return turns[1:]
    waiting = Asked(on_screen.left.name, on_screen.right.name, rater, None, on_screen.purpose)
    then = choose(tasks, [*asked, waiting], rater, plan, again - {on_screen.names})
    return () if then is None else (turn(then),)


def _contender(video: StudyVideo) -> Contender:
    assert video.path is not None
    return Contender(video.name, video.path, video.digest, video.extent, video.sync_s)
