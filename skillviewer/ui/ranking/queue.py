"""Which pairs a rater is asked next, and how far everybody is; plain code over an open study."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from skillviewer.data.study import Study, StudyVideo, VideoState
from skillviewer.data.study.votes import Vote
from skillviewer.ui.ranking.turn import Contender, Turn

LOST = frozenset({VideoState.MISSING, VideoState.REPLACED})


@dataclass(frozen=True, slots=True)
class Tally:
    """How far the rater and all raters are, in comparisons.

    Attributes:
        mine: Comparisons of the rater.
        my_aim: How many are aimed at.
        all: Comparisons of all raters.
        aim: How many are aimed at.
        owed: Pairs that were put back to be judged once more and that the rater still owes.
    """

    mine: int = 0
    my_aim: int = 0
    all: int = 0
    aim: int = 0
    owed: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the study says to a rater now.

    Attributes:
        turns: Pairs to be asked, the next one first: those that follow the pair on screen, or begin with it where
            there is none.
        tally: How far everybody is.
        mine: Votes of the rater that stand, skipped pairs too, in the order of voting.
        contenders: Videos that can be shown.
        n_lost: Videos whose file is missing, replaced or not readable.
    """

    turns: tuple[Turn, ...]
    tally: Tally
    mine: tuple[Vote, ...]
    contenders: tuple[Contender, ...]
    n_lost: int


def aims(n_videos: int, comparisons_per_video: float, n_raters: int) -> tuple[int, int]:
    """Return how many comparisons are aimed at, by each rater and in all: every comparison counts for two videos."""
    total = math.ceil(n_videos * comparisons_per_video / 2)
    return math.ceil(total / max(n_raters, 1)), total


def outlook(study: Study, rater: str, on_screen: Turn | None = None, unreadable: Collection[str] = ()) -> Outlook:
    """Return the next pairs of a rater, and how far everybody is.

    Args:
        study: The study.
        rater: Who is asked.
        on_screen: The pair that the rater has before him, or None.
        unreadable: Names of videos that could not be shown.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    videos = study.videos.all()
    usable = [v for v in videos if v.path is not None and v.state not in LOST and v.name not in unreadable]
    votes = tuple(vote for vote in study.votes.all() if vote.stands)
    mine = tuple(vote for vote in votes if vote.rater == rater)
    contenders = {video.name: _contender(video) for video in usable}
    settings, raters = study.settings, {*study.votes.raters(), rater}
    my_aim, aim = aims(len(usable), settings.comparisons_per_video, len(raters))
    return Outlook(
        turns=_turns(study, usable, votes, rater, on_screen),
        tally=Tally(
            sum(v.verdict is not None for v in mine),
            my_aim,
            sum(v.verdict is not None for v in votes),
            aim,
            len(study.again.owed_by(rater)),
        ),
        mine=mine,
        contenders=tuple(contenders.values()),
        n_lost=len(videos) - len(usable),
    )


def _turns(
    study: Study, usable: list[StudyVideo], votes: tuple[Vote, ...], rater: str, on_screen: Turn | None
) -> tuple[Turn, ...]:
    from skillviewer.core.pair_choice import Asked, NextPair, Plan, choose, upcoming  # scipy takes a second

    tasks = {video.name: video.task for video in usable}
    contenders = {video.name: _contender(video) for video in usable}
    settings = study.settings
    plan = Plan(test_share=settings.random_share, repeat_share=settings.repeat_share)
    asked = [Asked(v.left, v.right, v.rater, v.verdict, v.purpose) for v in votes]
    again = study.again.owed_by(rater)

    def turn(pair: NextPair) -> Turn:
        return Turn(contenders[pair.left], contenders[pair.right], str(pair.why))

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
