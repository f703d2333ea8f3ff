"""A data set: videos of one task with their pairs, votes, ratings and published folds. All values are frozen."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import ClipRange, range_frames
from skillviewer.core.video.info import VideoInfo


@dataclass(frozen=True, slots=True)
class DatasetVideo:
    """One attempt at a task."""

    name: str  # name in the pairs; unique in the data set
    path: Path | None = None  # the file, or None if it was not found
    participant: str | None = None  # the person in the video, or None if unknown
    subtask: str = ""  # part of a pooled task, or ""; videos of different sub-tasks are never compared
    clip_range: ClipRange | None = None  # range of the file that shows the attempt, or None for the whole file
    occasion: str = ""  # time of the attempt ("pre", "post", a date), or "" if unknown

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of the file that show the attempt.

        Raises:
            DatasetError: The range lies outside the file.
        """
        return range_frames(self.clip_range, video)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number known of videos, such as a rating, a set ability or a count of drops."""

    name: str
    values: tuple[tuple[str, float], ...]  # (video, number) of the videos with a known number

    @property
    def first_word(self) -> str:
        """First word of the name, in lower case."""
        return re.split(r"[\W_]+", self.name.casefold().strip())[0]

    def by_video(self) -> dict[str, float]:
        """Return the numbers by video name."""
        return dict(self.values)


def mean_ratings(ratings: RatingSet) -> dict[str, Measure]:
    """Return the mean rating of every rated video as a measure, by item."""
    measures = {}
    for item in ratings.items:
        means = ratings.table(item).means()
        measures[item] = Measure(item, tuple(means.items()))
    return measures


@dataclass(frozen=True, slots=True)
class Fold:
    """One division of a data set's videos into training and test."""

    name: str
    train_videos: tuple[str, ...]  # videos available for training
    held_out_videos: tuple[str, ...]  # videos that training never sees
    train_pairs: tuple[Pair, ...]  # pairs of two training videos
    # pairs that touch at least one held-out video; the accuracy of papers counts all of them
    test_pairs: tuple[Pair, ...]

    @property
    def both_held_out(self) -> tuple[Pair, ...]:
        """Test pairs with both videos held out."""
        held_out = set(self.held_out_videos)
        return tuple(pair for pair in self.test_pairs if pair.within(held_out))

    def restricted(self, names: Collection[str]) -> "Fold":
        """Return the fold with a subset of the videos and the pairs within it."""
        return Fold(
            name=self.name,
            train_videos=tuple(v for v in self.train_videos if v in names),
            held_out_videos=tuple(v for v in self.held_out_videos if v in names),
            train_pairs=tuple(p for p in self.train_pairs if p.within(names)),
            test_pairs=tuple(p for p in self.test_pairs if p.within(names)),
        )


@dataclass(frozen=True, slots=True)
class Dataset:
    """Videos of one task, with their pairs and votes."""

    name: str
    form: str  # name of the entry in ``DATASET_FORMATS``
    task: str
    videos: tuple[DatasetVideo, ...]  # all videos named in a pair, a rating or a list of the data set
    pairs: tuple[Pair, ...]  # distinct ordered pairs; no pair contradicts another
    similar: tuple[SimilarPair, ...] = ()  # pairs without a disparity that the data set states
    judgements: tuple[Judgement, ...] = ()  # votes, if recorded
    rule: str = ""  # text of the rule by which judgements or ratings became pairs; "" if the data set states pairs
    released: tuple[Fold, ...] | None = None  # folds published with the data set, or None
    scores: Measure | None = None  # a rating of every video, or None
    truth: tuple[Measure, ...] = ()  # other known numbers, such as the degradation in a simulation, for ceilings
    published: str | None = None  # key in the published accuracies, or None
    regions_path: Path | None = None  # file of the regions that show skill, or None
    reference_path: Path | None = None  # file of the reference paths, or None
    instruments: tuple[Measure, ...] = ()  # numbers of a laboratory's instruments (``measures.csv``), for a baseline
    by_recording: bool = False  # whether recordings stand for some participants, because their people are unknown
    problems: tuple[str, ...] = ()  # sentences on missing, contradictory or unreadable parts
    ratings: RatingSet | None = None  # ratings of the videos, or None
    criterion: str = ""  # criterion of ``pairs`` and ``scores``, or ""
    # rows of a table that state the order of each pair, such as "pairs.csv line 2", if the form knows them
    rows_by_pair: Mapping[Pair, tuple[str, ...]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        names = set(self.names)
        if len(names) != len(self.videos):
            raise ValueError("two videos have the same name")
        all_pairs: tuple[Pair | SimilarPair, ...] = (*self.pairs, *self.similar)
        for pair in all_pairs:
            if not pair.within(names):
                raise ValueError(f"no such video in the data set: {pair}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the videos."""
        return tuple(video.name for video in self.videos)

    @property
    def participants(self) -> dict[str, str]:
        """Participant by video name, for the videos with a known participant."""
        return {video.name: video.participant for video in self.videos if video.participant is not None}

    @property
    def subtasks(self) -> dict[str, str]:
        """Sub-task by video name."""
        return {video.name: video.subtask for video in self.videos}

    def video(self, name: str) -> DatasetVideo:
        """Return the video with a name, or raise a DatasetError."""
        for video in self.videos:
            if video.name == name:
                return video
        raise DatasetError(f"There is no video “{name}” in {self.name}.")

    def restricted(self, names: Collection[str]) -> "Dataset":
        """Return the data set with a subset of the videos, and the pairs, judgements, folds and numbers within it."""
        subset = set(names)

        def restrict(measure: Measure) -> Measure:
            return replace(measure, values=tuple((video, value) for video, value in measure.values if video in subset))

        released_folds = None if self.released is None else tuple(fold.restricted(subset) for fold in self.released)
        scores = None if self.scores is None else restrict(self.scores)
        ratings = None if self.ratings is None else self.ratings.restricted(subset)
        return replace(
            self,
            videos=tuple(video for video in self.videos if video.name in subset),
            pairs=tuple(pair for pair in self.pairs if pair.within(subset)),
            similar=tuple(pair for pair in self.similar if pair.within(subset)),
            judgements=tuple(j for j in self.judgements if j.left in subset and j.right in subset),
            released=released_folds,
            scores=scores,
            truth=tuple(restrict(measure) for measure in self.truth),
            instruments=tuple(restrict(measure) for measure in self.instruments),
            ratings=ratings,
        )

    def usable(self) -> "Dataset":
        """Return the data set with the videos whose files were found."""
        return self.restricted([video.name for video in self.videos if video.path is not None])
