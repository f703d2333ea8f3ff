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
from skillviewer.core.video import VideoInfo


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
class FrameExtent:
    """The frames of a long video that belong to the attempt, half open, counted from 0."""

    start_frame: int
    stop_frame: int

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of a file that belong to the attempt.

        A file that is as long as the extent itself (within 2 %) has been cut already and belongs to it whole.

        Raises:
            DatasetError: The extent lies outside the file, or most of it does.
        """
        length = self.stop_frame - self.start_frame
        if self.stop_frame > video.n_frames and abs(video.n_frames - length) <= max(2, 0.02 * length):
            return range(video.n_frames)
        if self.start_frame >= video.n_frames:
            raise DatasetError(
                f"{video.path.name} has {video.n_frames} frames, but its attempt starts at frame {self.start_frame}. "
                "Is it the whole recording?"
            )
        if video.n_frames - self.start_frame < length / 2:
            raise DatasetError(
                f"{video.path.name} has {video.n_frames} frames, but its attempt lasts until frame {self.stop_frame}. "
                "Is it the whole recording?"
            )
        return range(self.start_frame, min(self.stop_frame, video.n_frames))


_SAME_S = 5e-7  # times are written with six decimals


@dataclass(frozen=True, slots=True)
class TimeExtent:
    """The stretch of a long video that belongs to the attempt, in seconds from its first frame."""

    start_s: float
    stop_s: float

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of a file that are on screen during the attempt.

        A file that lasts as long as the extent itself (within 2 % or 1 s) has been cut already and belongs to it whole.

        Raises:
            DatasetError: The extent lies outside the file, or most of it does.
        """
        length_s = self.stop_s - self.start_s
        slack_s = max(1.0, 0.02 * length_s)
        if self.stop_s > video.duration_s + slack_s and abs(video.duration_s - length_s) <= slack_s:
            return range(video.n_frames)
        if self.start_s >= video.duration_s:
            raise DatasetError(
                f"{video.path.name} lasts {video.duration_s:.1f} s, but its attempt starts at {self.start_s:.1f} s. "
                "Is it the whole recording?"
            )
        if video.duration_s - self.start_s < length_s / 2:
            raise DatasetError(
                f"{video.path.name} lasts {video.duration_s:.1f} s, but its attempt lasts until {self.stop_s:.1f} s. "
                "Is it the whole recording?"
            )
        start, stop = video.frame_at(self.start_s), video.frame_at(self.stop_s) + 1
        if video.times_s[stop - 1] > self.stop_s - _SAME_S and stop - 1 > start:
            stop -= 1  # it comes on screen as the attempt ends: it is the first of the next one
        return range(start, stop)


Extent = FrameExtent | TimeExtent


def stretch(video: VideoInfo, start_s: float, stop_s: float | None) -> FrameExtent:
    """Return the frames of a file that are on screen from one time until another, or until it ends.

    Unlike a ``TimeExtent`` it is never taken to be of a longer recording from which the file was cut.

    Args:
        video: The file.
        start_s: Start in seconds from its first frame.
        stop_s: End, or None for that of the file; cut to it.

    Raises:
        DatasetError: It begins after the file has ended, or is empty.
    """
    if stop_s is not None and stop_s <= start_s:
        raise DatasetError(f"The attempt would end at {stop_s:g} s, before it begins at {start_s:g} s.")
    if start_s >= video.duration_s:
        raise DatasetError(
            f"{video.path.name} lasts {video.duration_s:.3f} s: nothing of it is left from {start_s:g} s on."
        )
    if stop_s is None or stop_s >= video.duration_s:
        return FrameExtent(video.frame_at(start_s), video.n_frames)
    frames = TimeExtent(start_s, stop_s).frames(video)
    return FrameExtent(frames.start, frames.stop)


def extent_cells(extent: Extent | None) -> tuple[str, float, float]:
    """Return the unit, start and stop of an extent as they are stored: "frame" or "s", or "" for the whole file."""
    if isinstance(extent, FrameExtent):
        return "frame", extent.start_frame, extent.stop_frame
    return ("", 0.0, 0.0) if extent is None else ("s", extent.start_s, extent.stop_s)


def extent_from(unit: str, start: float, stop: float) -> Extent | None:
    """Return the extent that ``extent_cells`` gave."""
    if unit == "frame":
        return FrameExtent(int(start), int(stop))
    return TimeExtent(start, stop) if unit else None


def extent_frames(extent: Extent | None, video: VideoInfo) -> range:
    """Return the frames of a file that an extent covers; all of them without one.

    Raises:
        DatasetError: The extent lies outside the file.
    """
    return range(video.n_frames) if extent is None else extent.frames(video)


def overlap(first: Extent | None, second: Extent | None) -> bool:
    """Return whether two extents of one file may have frames in common; None is the whole file.

    Of frames and seconds nobody can tell without the file: they may.
    """
    if isinstance(first, FrameExtent) and isinstance(second, FrameExtent):
        return max(first.start_frame, second.start_frame) < min(first.stop_frame, second.stop_frame)
    if isinstance(first, TimeExtent) and isinstance(second, TimeExtent):
        return max(first.start_s, second.start_s) < min(first.stop_s, second.stop_s)
    return True


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
    extent: Extent | None = None

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of its file that belong to the attempt.

        Raises:
            DatasetError: The extent lies outside the file.
        """
        return extent_frames(self.extent, video)


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
        )

    def usable(self) -> "Dataset":
        """Return the part of the data set whose video files were found."""
        return self.restricted([video.name for video in self.videos if video.path is not None])
