"""Split of the videos of a training into training and tested videos, which may not share a frame."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import FoldUnit, fold_of, quarter_out
from skillviewer.core.errors import DatasetError
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.features.video_facts import files_of
from skillviewer.media.reading.reader import VideoReader


@dataclass(frozen=True, slots=True)
class TrainingSplit:
    """Training and tested videos and pairs."""

    fold: Fold  # fold that is trained on
    tested_dataset: Dataset  # data set of the tested videos
    tested_fold: Fold  # fold whose held-out videos and test pairs are tested
    rule: str  # rule of the split, as text
    problems: tuple[str, ...] = ()  # warnings about the split, one sentence each


def check_split(dataset: Dataset, seed: int) -> None:
    """Raise a DatasetError if no video has a file, or if the pairs are too few to hold a quarter out.

    It is called before hours of computing features.
    """
    usable_dataset = dataset.usable()
    if not usable_dataset.videos:
        raise DatasetError(f"No video of {dataset.name} has a file: say where they lie.")
    quarter_out(usable_dataset, seed)


def hold_quarter_out(usable_dataset: Dataset, seed: int, token: CancelToken) -> TrainingSplit:
    """Hold out a quarter of the participants, or else of the videos.

    Raises:
        DatasetError: A held-out and a training video share a frame.
    """
    folds = quarter_out(usable_dataset, seed)
    fold = folds.folds[0]
    if folds.fold_unit is not FoldUnit.RELEASED:
        _refuse_shared_frames(
            usable_dataset.restricted(fold.train_videos), usable_dataset.restricted(fold.held_out_videos), token
        )
    rule = f"{len(fold.held_out_videos)} of {len(usable_dataset.videos)} videos held out {folds.fold_unit.text}"
    problems = (folds.warning,) if folds.warning else ()
    return TrainingSplit(fold, usable_dataset, fold, rule, problems=problems)


def train_on_all(usable_dataset: Dataset) -> TrainingSplit:
    """Hold nothing out, for a training whose procedure was tested on held-out people before."""
    fold = fold_of("all", usable_dataset.names, (), usable_dataset.pairs)
    return TrainingSplit(fold, usable_dataset, fold, "nothing held out")


def test_on_other(training_dataset: Dataset, tested_dataset: Dataset, token: CancelToken) -> TrainingSplit:
    """Train on all videos, and test on another data set.

    Raises:
        DatasetError: A tested and a training video share a frame.
    """
    _refuse_shared_frames(training_dataset, tested_dataset, token)
    tested_fold = fold_of("test", tested_dataset.names, tested_dataset.names, tested_dataset.pairs)
    rule = f"{len(tested_dataset.videos)} videos of another data set ({tested_dataset.name})"
    fold = fold_of("all", training_dataset.names, (), training_dataset.pairs)
    return TrainingSplit(
        fold, tested_dataset, tested_fold, rule, problems=_shared_names_warning(training_dataset, tested_dataset)
    )


def _shared_names_warning(train: Dataset, test: Dataset) -> tuple[str, ...]:
    """Return a warning about participants with the same name in both data sets, or nothing.

    They need not be the same people: each data set may number its participants from 1.
    """
    shared_names = set(train.participants.values()) & set(test.participants.values())
    if not shared_names:
        return ()
    example = min(shared_names)
    is_one = len(shared_names) == 1
    subject = f"“{example}” is" if is_one else f"{len(shared_names)} participants ({example}, for one) are"
    return (f"{subject} in both data sets by name: if they are the same people, the held-out accuracy is too good.",)


def _refuse_shared_frames(train: Dataset, test: Dataset, token: CancelToken) -> None:
    """Raise a DatasetError if a test and a training video share a frame, even in files with different names."""
    shared_sizes = set(_file_sizes(train).values()) & set(_file_sizes(test).values())
    train_clips = _clips_by_digest(train, shared_sizes, token)
    test_clips = _clips_by_digest(test, shared_sizes, token)
    for digest in sorted(train_clips.keys() & test_clips.keys()):
        with VideoReader(test_clips[digest][0].path, token) as reader:
            info = reader.read_info(token)
        for test_clip, train_clip in itertools.product(test_clips[digest], train_clips[digest]):
            test_frames = test_clip.frames(info)
            train_frames = train_clip.frames(info)
            if max(test_frames.start, train_frames.start) < min(test_frames.stop, train_frames.stop):
                raise DatasetError(
                    f"{test_clip.path} is in the training data too, as {train_clip.path}: nothing would be held out."
                )


def _file_sizes(dataset: Dataset) -> dict[Path, int]:
    paths = {path for _, path in files_of(dataset)}
    return {path: path.stat().st_size for path in paths}


def _clips_by_digest(dataset: Dataset, sizes: Collection[int], token: CancelToken) -> dict[str, list[VideoClip]]:
    """Return the clips of a data set in files of some sizes, by the SHA-256 of the file; each file is read once."""
    digests = {path: digest_of(path, token) for path, size in _file_sizes(dataset).items() if size in sizes}
    clips: dict[str, list[VideoClip]] = {}
    for video in dataset.videos:
        if video.path in digests:
            clips.setdefault(digests[video.path], []).append(VideoClip(video.path, video.clip_range))
    return clips
