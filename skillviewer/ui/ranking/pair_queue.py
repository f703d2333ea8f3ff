"""The next pairs for a rater, and everybody's progress; plain code over an open study."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillviewer.data.study import FileState, Study, StudySettings, StudyVideo
from skillviewer.data.study.votes import Vote
from skillviewer.ui.ranking.ballot import Contender, PresentedPair

if TYPE_CHECKING:
    from skillviewer.core.ranking.pair_selection import Asked, Plan  # scipy takes a second

LOST = frozenset({FileState.MISSING, FileState.REPLACED})


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
    """Return the state of the study for one rater, without the videos that could not be shown.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    settings, videos = study.settings, study.videos.all()
    usable = [v for v in videos if v.path is not None and v.state not in LOST and v.name not in unreadable]
    votes = tuple(vote for vote in study.votes.in_use() if vote.stands)
    contenders = {video.name: _contender(video) for video in usable}
    tasks = {video.name: video.task for video in usable}
    again = frozenset(pair for pair in study.again.due_for(rater) if _comparable(pair, tasks))
    return Outlook(
        rater=rater,
        turns=_turns(settings, contenders, tasks, votes, again, rater, on_screen),
        tally=_tally(settings, tasks, votes, again, rater),
        mine=tuple(vote for vote in votes if vote.rater == rater),
        contenders=tuple(contenders.values()),
        n_lost=len(videos) - len(usable),
    )


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
) -> Tally:
    from skillviewer.core.ranking.pair_selection import n_left

    judged = Counter(vote.rater for vote in votes if vote.verdict is not None)
    raters = {*judged, rater}
    my_aim, aim = aims(len(tasks), settings.comparisons_per_video, len(raters))
    if len(tasks) > 1:  # else videos are missing, and the aim is not reached
        n_pairs = sum(n * (n - 1) // 2 for n in Counter(tasks.values()).values())
        asked = {(vote.rater, frozenset((vote.left, vote.right))) for vote in votes}
        n_asked = Counter(who for who, pair in asked if _comparable(pair, tasks))
        mine = judged[rater] + n_left(tasks, _asked(votes), rater, _plan(settings), again)
        others = sum(judged[other] + n_pairs - n_asked[other] for other in raters - {rater})
        my_aim, aim = min(my_aim, mine), min(aim, mine + others)
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
