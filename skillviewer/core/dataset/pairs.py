"""What a data set says of skill: which of two videos is better, who said so, and which videos are held out.

A ``Pair`` is what the data set agrees on; a ``Judgement`` is what one rater said of two videos. Everything is frozen
and holds values only, so that it may cross a thread or a process.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.rating_set import RatingSet
from skillviewer.core.video.extents import ClipRange, range_frames
from skillviewer.core.video.info import VideoInfo


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two videos, by name, of which the first shows better skill."""

    better: str
    worse: str

    def touches(self, names: Collection[str]) -> bool:
        """Return whether at least one of the two is among the names."""
        return self.better in names or self.worse in names

    def within(self, names: Collection[str]) -> bool:
        """Return whether both are among the names."""
        return self.better in names and self.worse in names


@dataclass(frozen=True, slots=True, order=True)
class SimilarPair:
    """Two videos, by name, without a disparity of skill. The names are kept in alphabetical order."""

    first: str
    second: str

    def __post_init__(self) -> None:
        """Order the names."""
        if self.second < self.first:
            first, second = self.second, self.first
            object.__setattr__(self, "first", first)
            object.__setattr__(self, "second", second)

    def within(self, names: Collection[str]) -> bool:
        """Return whether both are among the names."""
        return self.first in names and self.second in names


class Verdict(IntEnum):
    """What a rater chose."""

    LEFT = 1  # the left video is better
    NEITHER = 0  # no difference
    RIGHT = -1  # the right video is better


UNNAMED = "unnamed"
"""Who a vote is by of which nobody says who cast it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rater said of two videos at one time.

    Attributes:
        left: Name of the video on the left.
        right: Name of the video on the right.
        verdict: What the rater chose.
        rater: Who, or ``UNNAMED``.
        judged_at: When, or None where it was not kept.
        taken_s: Time from first sight to the vote in seconds, or None.
        watched: Share of the two videos that was watched, 0 to 1, or None.
        speed: Playback speed; 1 is real time.
    """

    left: str
    right: str
    verdict: Verdict
    rater: str
    judged_at: datetime | None = None
    taken_s: float | None = None
    watched: float | None = None
    speed: float = 1.0


def videos_of(pairs: Sequence[Pair], similar: Sequence[SimilarPair] = ()) -> list[str]:
    """Return the distinct videos of pairs, by name."""
    ordered = {name for pair in pairs for name in (pair.better, pair.worse)}
    return sorted(ordered | {name for pair in similar for name in (pair.first, pair.second)})


@dataclass(frozen=True, slots=True)
class DatasetVideo:
    """One attempt.

    Attributes:
        name: Its name in the pairs; unique in the data set.
        path: The file, or None where it was not found.
        participant: The person in it, or None where nobody says.
        subtask: Part of a pooled task that it belongs to, or "". Videos of two sub-tasks are never compared.
        extent: The part of the file that is the attempt, or None for the whole file.
    """

    name: str
    path: Path | None = None
    participant: str | None = None
    subtask: str = ""
    extent: ClipRange | None = None

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of its file that belong to the attempt.

        Raises:
            DatasetError: The extent lies outside the file.
        """
        return range_frames(self.extent, video)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number known of every video: a rating, an ability that was set, a count of drops.

    Attributes:
        name: What it is.
        values: (video, number) for the videos of which it is known.
    """

    name: str
    values: tuple[tuple[str, float], ...]

    def by_video(self) -> dict[str, float]:
        """Return the numbers by name of video."""
        return dict(self.values)


@dataclass(frozen=True, slots=True)
class Fold:
    """One division of a data set into training and test, by videos.

    Attributes:
        name: Its name.
        train_videos: Videos that may be trained on.
        held_out_videos: Videos that no training sees.
        train_pairs: Pairs of two training videos.
        test_pairs: Pairs that touch at least one held-out video: the headline counts them all.
    """

    name: str
    train_videos: tuple[str, ...]
    held_out_videos: tuple[str, ...]
    train_pairs: tuple[Pair, ...]
    test_pairs: tuple[Pair, ...]

    @property
    def honest_pairs(self) -> tuple[Pair, ...]:
        """Test pairs whose two videos are both held out."""
        held_out = set(self.held_out_videos)
        return tuple(pair for pair in self.test_pairs if pair.within(held_out))

    def restricted(self, names: Collection[str]) -> "Fold":
        """Return the same division of fewer videos."""
        return Fold(
            name=self.name,
            train_videos=tuple(v for v in self.train_videos if v in names),
            held_out_videos=tuple(v for v in self.held_out_videos if v in names),
            train_pairs=tuple(p for p in self.train_pairs if p.within(names)),
            test_pairs=tuple(p for p in self.test_pairs if p.within(names)),
        )


@dataclass(frozen=True, slots=True)
class Dataset:
    """Videos of one task and what is agreed of them.

    Attributes:
        name: For people.
        form: Its entry in DATASET_FORMATS.
        task: The task.
        videos: All videos that a pair, a rating or a list of its form names.
        pairs: Ordered pairs, each once, without contradiction of two pairs.
        similar: Pairs that the data set itself says have no disparity; empty where it says nothing of the kind.
        judgements: Raw votes, where they were kept.
        rule: In words, how judgements or ratings became pairs; "" where the data set gives pairs.
        released: The folds published with it, or None.
        scores: A rating of every video, or None.
        truth: Other numbers known of the videos (what was degraded in a simulation), for ceilings.
        published: Its key in the published numbers, or None.
        regions_path: File of the regions in which skill shows, or None.
        by_recording: Whether some of its participants are recordings, for nobody says who is in them.
        problems: What is missing, contradictory or could not be read, one sentence each.
        ratings: What raters gave the videos, where a table says, or None.
        criterion: The item of the ratings that the pairs and ``scores`` are of, or "".
    """

    name: str
    form: str
    task: str
    videos: tuple[DatasetVideo, ...]
    pairs: tuple[Pair, ...]
    similar: tuple[SimilarPair, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    rule: str = ""
    released: tuple[Fold, ...] | None = None
    scores: Measure | None = None
    truth: tuple[Measure, ...] = ()
    published: str | None = None
    regions_path: Path | None = None
    by_recording: bool = False
    problems: tuple[str, ...] = ()
    ratings: RatingSet | None = None
    criterion: str = ""

    def __post_init__(self) -> None:
        """Check that names are unique and that pairs speak of videos that are there."""
        names = set(self.names)
        if len(names) != len(self.videos):
            raise ValueError("two videos have the same name")
        strangers = [p for p in self.pairs if not p.within(names)] + [p for p in self.similar if not p.within(names)]
        if strangers:
            raise ValueError(f"no such video in the data set: {strangers[0]}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the videos."""
        return tuple(video.name for video in self.videos)

    @property
    def participants(self) -> dict[str, str]:
        """Participant of every video of which it is known, by name of video."""
        return {video.name: video.participant for video in self.videos if video.participant is not None}

    @property
    def subtasks(self) -> dict[str, str]:
        """Sub-task of every video, by name of video."""
        return {video.name: video.subtask for video in self.videos}

    def video(self, name: str) -> DatasetVideo:
        """Return a video by its name.

        Raises:
            DatasetError: There is none of that name.
        """
        for video in self.videos:
            if video.name == name:
                return video
        raise DatasetError(f"There is no video “{name}” in {self.name}.")

    def restricted(self, names: Collection[str]) -> "Dataset":
        """Return the data set of fewer videos: pairs, judgements, folds and numbers of the others are left out."""
        keep = set(names)

        def fewer(measure: Measure) -> Measure:
            return replace(measure, values=tuple((v, x) for v, x in measure.values if v in keep))

        return replace(
            self,
            videos=tuple(v for v in self.videos if v.name in keep),
            pairs=tuple(p for p in self.pairs if p.within(keep)),
            similar=tuple(p for p in self.similar if p.within(keep)),
            judgements=tuple(j for j in self.judgements if j.left in keep and j.right in keep),
            released=None if self.released is None else tuple(fold.restricted(keep) for fold in self.released),
            scores=None if self.scores is None else fewer(self.scores),
            truth=tuple(fewer(measure) for measure in self.truth),
            ratings=None if self.ratings is None else self.ratings.restricted(keep),
        )

    def usable(self) -> "Dataset":
        """Return the part of the data set whose video files were found."""
        return self.restricted([video.name for video in self.videos if video.path is not None])
