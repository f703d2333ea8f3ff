"""Pairs that raters are asked next, and the progress of all raters."""

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

LOST_STATES = frozenset({FileState.MISSING, FileState.REPLACED})


@dataclass(frozen=True, slots=True)
class PairVideo:
    """One of the two videos of a pair."""

    name: str  # name in the study, which raters do not see
    path: Path  # the file
    digest: str = ""  # SHA-256 of the file, or "" if unknown; a file with another digest is not shown
    clip_range: ClipRange | None = None  # part of the file that shows the attempt, or None for the whole
    # time that is aligned with the other video's, in seconds from the first frame of the file, or None
    sync_s: float | None = None


@dataclass(frozen=True, slots=True)
class PresentedPair:
    """A pair as it is shown to one rater."""

    left: PairVideo  # the video on the left
    right: PairVideo  # the video on the right
    purpose: str = ""  # reason why the pair was chosen, as a vote stores it

    @property
    def names(self) -> frozenset[str]:
        """Names of both videos."""
        return frozenset((self.left.name, self.right.name))

    def swapped(self) -> "PresentedPair":
        """Return the pair with its sides exchanged."""
        return replace(self, left=self.right, right=self.left)


@dataclass(frozen=True, slots=True)
class PracticeTurn:
    """A practice pair as it is shown to one rater."""

    turn: PresentedPair
    practice_pair: PracticePair  # the pair with its stated answer


@dataclass(frozen=True, slots=True)
class RaterProgress:
    """Progress of one rater and of all raters, in numbers of comparisons."""

    n_own: int = 0  # comparisons of the rater
    rater_target: int = 0  # target of the rater; at most the comparisons that the rater can be asked
    all: int = 0  # comparisons of all raters
    target: int = 0  # target of all raters; at most the comparisons that these raters can be asked
    n_again: int = 0  # pairs back in the queue that the rater can be shown and has not judged again


@dataclass(frozen=True, slots=True)
class RaterQueue:
    """Pairs, votes and progress of one rater."""

    rater: str  # name of the rater
    upcoming_pairs: tuple[PresentedPair, ...]  # pairs to ask, the next one first, without the pair on screen
    progress: RaterProgress
    own_votes: tuple[Vote, ...]  # valid votes of the rater, skipped pairs too, in the order of voting
    contenders: tuple[PairVideo, ...]  # videos that can be shown
    n_lost: int  # videos whose file is missing, replaced or not readable
    practice: tuple[PracticeTurn, ...] = ()  # practice pairs that can be shown, in their order


def targets(n_videos: int, comparisons_per_video: float, n_raters: int) -> tuple[int, int]:
    """Return the target number of comparisons of each rater, and that of all raters."""
    total = math.ceil(n_videos * comparisons_per_video / 2)  # a comparison counts for both videos
    return math.ceil(total / max(n_raters, 1)), total


def rater_queue(
    study: Study, rater: str, on_screen: PresentedPair | None = None, unreadable: Collection[str] = ()
) -> RaterQueue:
    """Return the queue of one rater, without the pair on screen and without pairs of ``unreadable`` videos.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    selection = _PairSelection(study, unreadable)
    return RaterQueue(
        rater=rater,
        upcoming_pairs=selection.upcoming_pairs(rater, on_screen),
        progress=selection.progress(rater),
        own_votes=tuple(vote for vote in selection.votes if vote.rater == rater),
        contenders=tuple(selection.videos.values()),
        n_lost=selection.n_lost,
        practice=practice_turns(study, rater),
    )


def practice_turns(study: Study, rater: str) -> tuple[PracticeTurn, ...]:
    """Return the practice pairs that can be shown, with random sides that are always the same for a rater."""
    videos = practice_videos(study)
    turns = []
    for pair in study.practice.pairs:
        if not {pair.better, pair.worse} <= videos.keys():
            continue
        presented_pair = PresentedPair(videos[pair.better], videos[pair.worse])
        digest = hashlib.sha256(f"{rater}|{pair.better}|{pair.worse}".encode()).digest()
        is_swapped = digest[0] & 1
        if is_swapped:
            presented_pair = presented_pair.swapped()
        turns.append(PracticeTurn(presented_pair, pair))
    return tuple(turns)


def drawn_pairs(
    study: Study, raters: Collection[str], n_pairs: int | None = None
) -> dict[str, tuple[PresentedPair, ...]]:
    """Return the next pairs of several raters by name, drawn before any of them is judged.

    ``n_pairs`` is the greatest number for each rater, or None for as many as the study's target needs.

    Raises:
        SettingsError: The shares of random and repeated pairs are too great.
    """
    from skillviewer.core.ranking.pair_selection import pairs_in_advance

    selection = _PairSelection(study)
    n_by_rater = {}
    for rater in raters:
        progress = selection.progress(rater, raters)
        n_by_rater[rater] = max(progress.rater_target - progress.n_own, 0) if n_pairs is None else n_pairs
    rejudged_by_rater = {rater: selection.pairs_to_rejudge(rater) for rater in raters}
    pairs_by_rater = pairs_in_advance(
        selection.tasks, selection.shown_pairs, n_by_rater, selection.plan, put_back=rejudged_by_rater
    )
    return {rater: tuple(map(selection.presented_pair, pairs)) for rater, pairs in pairs_by_rater.items()}


def raters_of_votes(study: Study) -> tuple[str, ...]:
    """Return the raters to choose from, in the order in which they were added.

    A rater who has undone all votes is left out, since the name was probably mistyped. A rater who never voted is
    included, since voting itself adds a rater only with the first vote: the name was added on purpose.
    """
    votes = study.votes.all()
    with_valid_votes = {vote.rater for vote in votes if vote.is_valid}
    with_undone_votes_only = {vote.rater for vote in votes} - with_valid_votes
    return tuple(rater for rater in study.votes.raters() if rater not in with_undone_votes_only)


class _PairSelection:
    """Selection of pairs for the raters of a study, from the videos that can be shown and the valid votes."""

    def __init__(self, study: Study, unreadable: Collection[str] = ()) -> None:
        from skillviewer.core.ranking.pair_selection import Plan
        from skillviewer.core.ranking.votes import ShownPair

        videos = study.videos.all()
        self._study = study
        self._settings = study.settings
        practice_names = study.practice.names  # raters know the answers
        asked_videos = [video for video in videos if video.name not in practice_names]
        usable_videos = [video for video in asked_videos if is_usable(video) and video.name not in unreadable]
        self.videos = {video.name: to_pair_video(video) for video in usable_videos}
        self.tasks = {video.name: video.task for video in usable_videos}
        self.n_lost = len(asked_videos) - len(usable_videos)
        self.votes = tuple(vote for vote in study.votes.of_criterion() if vote.is_valid)
        self.shown_pairs = [ShownPair(v.left, v.right, v.rater, v.verdict, reason=v.purpose) for v in self.votes]
        self.plan = Plan(test_share=self._settings.random_share, repeat_share=self._settings.repeat_share)

    def pairs_to_rejudge(self, rater: str) -> frozenset[frozenset[str]]:
        """Return the pairs back in the queue that a rater can be asked."""
        return frozenset(pair for pair in self._study.rejudge_queue.due_for(rater) if self._is_comparable(pair))

    def presented_pair(self, pair: "NextPair") -> PresentedPair:
        """Return a selected pair with its videos."""
        return PresentedPair(self.videos[pair.left], self.videos[pair.right], str(pair.reason))

    def progress(self, rater: str, other_raters: Collection[str] = ()) -> RaterProgress:
        """Return the progress of a rater; ``other_raters`` share the target even if they have not voted yet."""
        from skillviewer.core.ranking.pair_selection import n_pairs_left

        n_judged = Counter(vote.rater for vote in self.votes if vote.verdict is not None)
        pairs_to_rejudge = self.pairs_to_rejudge(rater)
        raters = {*n_judged, rater, *other_raters}
        rater_target, target = targets(len(self.tasks), self._settings.comparisons_per_video, len(raters))
        if len(self.tasks) > 1:  # with fewer videos the files are missing, and the target is not reached
            n_videos_by_task = Counter(self.tasks.values())
            n_pairs = sum(n * (n - 1) // 2 for n in n_videos_by_task.values())
            asked_pairs = {(vote.rater, frozenset((vote.left, vote.right))) for vote in self.votes}
            n_asked = Counter(voter for voter, pair in asked_pairs if self._is_comparable(pair))
            n_left_to_rater = n_pairs_left(self.tasks, self.shown_pairs, rater, self.plan, put_back=pairs_to_rejudge)
            max_of_rater = n_judged[rater] + n_left_to_rater
            max_of_others = sum(n_judged[other] + n_pairs - n_asked[other] for other in raters - {rater})
            rater_target = min(rater_target, max_of_rater)
            target = min(target, max_of_rater + max_of_others)
        return RaterProgress(
            n_own=n_judged[rater],
            rater_target=rater_target,
            all=n_judged.total(),
            target=target,
            n_again=len(pairs_to_rejudge),
        )

    def upcoming_pairs(self, rater: str, on_screen: PresentedPair | None) -> tuple[PresentedPair, ...]:
        """Return the pairs to ask, the next one first, without the pair on screen."""
        from skillviewer.core.ranking.pair_selection import choose, upcoming_pairs
        from skillviewer.core.ranking.votes import ShownPair

        to_rejudge = self.pairs_to_rejudge(rater)
        next_pairs = upcoming_pairs(self.tasks, self.shown_pairs, rater, self.plan, put_back=to_rejudge)
        presented_pairs = tuple(map(self.presented_pair, next_pairs))
        if on_screen is None:
            return presented_pairs
        if presented_pairs and presented_pairs[0].names == on_screen.names:
            return presented_pairs[1:]
        shown_now = ShownPair(on_screen.left.name, on_screen.right.name, rater, verdict=None, reason=on_screen.purpose)
        following_pair = choose(
            self.tasks, [*self.shown_pairs, shown_now], rater, self.plan, put_back=to_rejudge - {on_screen.names}
        )
        return () if following_pair is None else (self.presented_pair(following_pair),)

    def _is_comparable(self, pair: frozenset[str]) -> bool:
        """Return True if both videos of a pair can be shown and have the same task."""
        return pair <= self.tasks.keys() and len({self.tasks[name] for name in pair}) == 1


def practice_videos(study: Study) -> dict[str, PairVideo]:
    """Return the practice videos that can be shown, by name."""
    names = study.practice.names
    return {
        video.name: to_pair_video(video) for video in study.videos.all() if video.name in names and is_usable(video)
    }


def is_usable(video: StudyVideo) -> bool:
    """Return True if the file of a video is located, and not replaced by another file."""
    return video.path is not None and video.state not in LOST_STATES


def to_pair_video(video: StudyVideo) -> PairVideo:
    """Return a usable video of the study as a video of a pair."""
    assert video.path is not None
    return PairVideo(video.name, video.path, video.digest, video.clip_range, video.sync_s)
