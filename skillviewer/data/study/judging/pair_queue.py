"""Pairs to come for raters, and the progress of all raters; plain code over an open study."""

import hashlib
import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.video.clips import ClipRange
from skillviewer.data.study.practice import PracticePair
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import FileState, StudyVideo
from skillviewer.data.study.votes import Vote

if TYPE_CHECKING:
    from skillviewer.core.ranking.pair_selection import NextPair  # scipy takes a second

LOST = frozenset({FileState.MISSING, FileState.REPLACED})


@dataclass(frozen=True, slots=True)
class PairVideo:
    """One of the two videos of a pair."""

    name: str  # its name in the study; nothing on the screen shows it
    path: Path  # the file
    digest: str = ""  # SHA-256 of the file, or "" where it is not known: another file in its place is not shown
    clip_range: ClipRange | None = None  # the part of the file that is the attempt, or None for the whole
    # the time that meets the other video's, in seconds from the first frame of the file, or None
    sync_s: float | None = None


@dataclass(frozen=True, slots=True)
class PresentedPair:
    """A pair as it is put to one rater."""

    left: PairVideo  # the video on the left
    right: PairVideo  # the video on the right
    purpose: str = ""  # why this pair was chosen, in the words that a vote keeps

    @property
    def names(self) -> frozenset[str]:
        """Names of both videos."""
        return frozenset((self.left.name, self.right.name))

    def swapped(self) -> "PresentedPair":
        """Return it with the sides exchanged."""
        return replace(self, left=self.right, right=self.left)


@dataclass(frozen=True, slots=True)
class PracticeTurn:
    """A practice pair as it is put to one rater."""

    turn: PresentedPair
    stated: PracticePair


@dataclass(frozen=True, slots=True)
class RaterProgress:
    """Progress of the rater and of all raters, in comparisons."""

    n_own: int = 0  # comparisons of the rater
    rater_target: int = 0  # comparisons aimed at for the rater; at most the pairs that can be asked
    all: int = 0  # comparisons of all raters
    target: int = 0  # comparisons aimed at in all; at most what these raters can be asked

    n_again: int = 0  # pairs back in the queue that the rater has not judged again yet and that can be shown


@dataclass(frozen=True, slots=True)
class RaterQueue:
    """State of the study for one rater."""

    rater: str  # name of the rater
    upcoming_pairs: tuple[PresentedPair, ...]  # pairs to ask, the next one first, without the pair on screen
    progress: RaterProgress  # progress of the rater and of all raters
    own_votes: tuple[Vote, ...]  # votes of the rater that stand, skipped pairs too, in the order of voting
    contenders: tuple[PairVideo, ...]  # videos that can be shown
    n_lost: int  # videos whose file is missing, replaced or not readable
    practice: tuple[PracticeTurn, ...] = ()  # practice pairs that can be shown, in their order


def targets(n_videos: int, comparisons_per_video: float, n_raters: int) -> tuple[int, int]:
    """Return the comparisons aimed at, for each rater and in all: every comparison counts for two videos."""
    total = math.ceil(n_videos * comparisons_per_video / 2)
    return math.ceil(total / max(n_raters, 1)), total


def rater_queue(
    study: Study, rater: str, on_screen: PresentedPair | None = None, unreadable: Collection[str] = ()
) -> RaterQueue:
    """Return the state of the study for one rater, without the pair on screen and videos that could not be shown.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    queue = _Queue(study, unreadable)
    return RaterQueue(
        rater=rater,
        upcoming_pairs=queue.upcoming_pairs(rater, on_screen),
        progress=queue.progress(rater),
        own_votes=tuple(vote for vote in queue.votes if vote.rater == rater),
        contenders=tuple(queue.contenders.values()),
        n_lost=queue.n_lost,
        practice=practice_turns(study, rater),
    )


def practice_turns(study: Study, rater: str) -> tuple[PracticeTurn, ...]:
    """Return the practice pairs that can be shown, with sides that follow from the name of the rater."""
    videos = practice_videos(study)
    turns = []
    for pair in study.practice.pairs:
        if {pair.better, pair.worse} <= videos.keys():
            turn = PresentedPair(videos[pair.better], videos[pair.worse])
            swaps = hashlib.sha256(f"{rater}|{pair.better}|{pair.worse}".encode()).digest()[0] & 1
            turns.append(PracticeTurn(turn.swapped() if swaps else turn, pair))
    return tuple(turns)


def drawn_pairs(
    study: Study, raters: Collection[str], n_pairs: int | None = None
) -> dict[str, tuple[PresentedPair, ...]]:
    """Return the next pairs of several raters by name, drawn before any of them is judged.

    ``n_pairs`` is the most for each rater, or None for those that the rater lacks to the study's aim.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    from skillviewer.core.ranking.pair_selection import pairs_in_advance

    queue = _Queue(study)
    progresses = {rater: queue.progress(rater, raters) for rater in raters}
    n_by_rater = {
        rater: max(t.rater_target - t.n_own, 0) if n_pairs is None else n_pairs for rater, t in progresses.items()
    }
    back_by_rater = {rater: queue.put_back(rater) for rater in raters}
    drawn = pairs_in_advance(queue.tasks, queue.shown_pairs, n_by_rater, queue.plan, back_by_rater)
    return {rater: tuple(map(queue.presented, pairs)) for rater, pairs in drawn.items()}


def offered(study: Study) -> tuple[str, ...]:
    """Return the raters to choose from, in the order in which they were added.

    A rater who has undone every vote is left out: the name was probably mistyped. A rater without any vote was added on
    purpose, since judging adds a rater with the first vote only.
    """
    votes = study.votes.all()
    with_votes = {vote.rater for vote in votes if vote.is_valid}
    without_votes = {vote.rater for vote in votes} - with_votes
    return tuple(rater for rater in study.votes.raters() if rater not in without_votes)


class _Queue:
    """Videos that can be shown, and votes that stand, as pairs are chosen from them."""

    def __init__(self, study: Study, unreadable: Collection[str] = ()) -> None:
        from skillviewer.core.ranking.pair_selection import Plan
        from skillviewer.core.ranking.votes import ShownPair

        videos = study.videos.all()
        self._study = study
        self._settings = study.settings
        practised = study.practice.names  # their answers are shown: they are not asked
        rated_videos = [video for video in videos if video.name not in practised]
        usable = [video for video in rated_videos if is_usable(video) and video.name not in unreadable]
        self.contenders = {video.name: contender(video) for video in usable}
        self.tasks = {video.name: video.task for video in usable}
        self.n_lost = len(rated_videos) - len(usable)
        self.votes = tuple(vote for vote in study.votes.in_use() if vote.is_valid)
        self.shown_pairs = [ShownPair(v.left, v.right, v.rater, v.verdict, v.purpose) for v in self.votes]
        self.plan = Plan(test_share=self._settings.random_share, repeat_share=self._settings.repeat_share)

    def put_back(self, rater: str) -> frozenset[frozenset[str]]:
        """Return the pairs back in the queue that can be asked of a rater."""
        return frozenset(pair for pair in self._study.again.due_for(rater) if self._comparable(pair))

    def presented(self, pair: "NextPair") -> PresentedPair:
        """Return a chosen pair with its videos."""
        return PresentedPair(self.contenders[pair.left], self.contenders[pair.right], str(pair.reason))

    def progress(self, rater: str, others: Collection[str] = ()) -> RaterProgress:
        """Return the progress; raters without votes count among the ``others`` who share the aim."""
        from skillviewer.core.ranking.pair_selection import n_pairs_left

        judged = Counter(vote.rater for vote in self.votes if vote.verdict is not None)
        put_back = self.put_back(rater)
        raters = {*judged, rater, *others}
        rater_target, target = targets(len(self.tasks), self._settings.comparisons_per_video, len(raters))
        if len(self.tasks) > 1:  # else videos are missing, and the aim is not reached
            n_pairs = sum(n * (n - 1) // 2 for n in Counter(self.tasks.values()).values())
            asked_pairs = {(vote.rater, frozenset((vote.left, vote.right))) for vote in self.votes}
            n_asked = Counter(voter for voter, pair in asked_pairs if self._comparable(pair))
            n_mine = judged[rater] + n_pairs_left(self.tasks, self.shown_pairs, rater, self.plan, put_back)
            n_theirs = sum(judged[other] + n_pairs - n_asked[other] for other in raters - {rater})
            rater_target = min(rater_target, n_mine)
            target = min(target, n_mine + n_theirs)
        return RaterProgress(judged[rater], rater_target, judged.total(), target, len(put_back))

    def upcoming_pairs(self, rater: str, on_screen: PresentedPair | None) -> tuple[PresentedPair, ...]:
        """Return the pairs to ask, the next one first, without the one on screen."""
        from skillviewer.core.ranking.pair_selection import choose, upcoming_pairs
        from skillviewer.core.ranking.votes import ShownPair

        put_back = self.put_back(rater)
        next_pairs = upcoming_pairs(self.tasks, self.shown_pairs, rater, self.plan, put_back)
        presented_pairs = tuple(map(self.presented, next_pairs))
        if on_screen is None:
            return presented_pairs
        if presented_pairs and presented_pairs[0].names == on_screen.names:
            return presented_pairs[1:]
        waiting = ShownPair(on_screen.left.name, on_screen.right.name, rater, None, on_screen.purpose)
        following = choose(self.tasks, [*self.shown_pairs, waiting], rater, self.plan, put_back - {on_screen.names})
        return () if following is None else (self.presented(following),)

    def _comparable(self, pair: frozenset[str]) -> bool:
        """Return True if a pair can be asked: both videos can be shown, and have the same task."""
        return pair <= self.tasks.keys() and len({self.tasks[name] for name in pair}) == 1


def practice_videos(study: Study) -> dict[str, PairVideo]:
    """Return the practice videos that can be shown, by name."""
    names = study.practice.names
    return {video.name: contender(video) for video in study.videos.all() if video.name in names and is_usable(video)}


def is_usable(video: StudyVideo) -> bool:
    """Return True if the file of a video is known and there."""
    return video.path is not None and video.state not in LOST


def contender(video: StudyVideo) -> PairVideo:
    """Return a video that can be shown, as it is played."""
    assert video.path is not None
    return PairVideo(video.name, video.path, video.digest, video.clip_range, video.sync_s)
