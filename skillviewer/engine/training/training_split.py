"""Split of the videos of a training into training and tested ones; no frame may be in both."""

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

    fold: Fold
    tested: Dataset
    tested_fold: Fold
    rule: str
    problems: tuple[str, ...] = ()


def check_participants(dataset: Dataset, seed: int) -> None:
    """Refuse a data set without files, or with too few pairs to be divided, before hours of features."""
    usable = dataset.usable()
    if not usable.videos:
        raise DatasetError(f"No video of {dataset.name} has a file: say where they lie.")
    quarter_out(usable, seed)


def hold_quarter_out(usable: Dataset, seed: int, token: CancelToken) -> TrainingSplit:
    """Hold out a quarter of the participants, or of the videos; raise ``DatasetError`` if they share a frame."""
    folds = quarter_out(usable, seed)
    fold = folds.folds[0]
    if folds.by is not FoldUnit.RELEASED:
        _refuse_shared_frames(usable.restricted(fold.train_videos), usable.restricted(fold.held_out_videos), token)
    rule = f"{len(fold.held_out_videos)} of {len(usable.videos)} videos held out {folds.by.text}"
    return TrainingSplit(fold, usable, fold, rule, (folds.warning,) if folds.warning else ())


def train_on_all(usable: Dataset) -> TrainingSplit:
    """Hold nothing out: for a training whose procedure was checked on people held out before."""
    fold = fold_of("all", usable.names, (), usable.pairs)
    return TrainingSplit(fold, usable, fold, "nothing held out")


def test_on_other(usable: Dataset, tested: Dataset, token: CancelToken) -> TrainingSplit:
    """Test on another data set; raise ``DatasetError`` if it shares a frame."""
    _refuse_shared_frames(usable, tested, token)
    tested_fold = fold_of("test", tested.names, tested.names, tested.pairs)
    rule = f"{len(tested.videos)} videos of another data set ({tested.name})"
    fold = fold_of("all", usable.names, (), usable.pairs)
    return TrainingSplit(fold, tested, tested_fold, rule, _called_alike(usable, tested))


def _called_alike(train: Dataset, test: Dataset) -> tuple[str, ...]:
    """Warn of participants with one name in two data sets; each data set may just number its own from 1."""
    shared_names = set(train.participants.values()) & set(test.participants.values())
    if not shared_names:
        return ()
    subject = (
        f"{len(shared_names)} participants ({min(shared_names)}, for one) are"
        if len(shared_names) > 1
        else f"“{min(shared_names)}” is"
    )
    return (f"{subject} in both data sets by name: if they are the same people, the held-out accuracy is too good.",)


def _refuse_shared_frames(train: Dataset, test: Dataset, token: CancelToken) -> None:
    """Refuse a test video that shares a frame with the training videos, whatever the names and folders of the files."""
    shared_sizes = frozenset.intersection(*(frozenset(_sizes(dataset).values()) for dataset in (train, test)))
    trained = _by_contents(train, shared_sizes, token)
    tested = _by_contents(test, shared_sizes, token)
    for digest in sorted(trained.keys() & tested.keys()):
        with VideoReader(tested[digest][0].path, token) as reader:
            info = reader.describe(token)
        for video in tested[digest]:
            frames = video.frames(info)
            for other in trained[digest]:
                other_frames = other.frames(info)
                if max(frames.start, other_frames.start) < min(frames.stop, other_frames.stop):
                    raise DatasetError(
                        f"{video.path} is in the training data too, as {other.path}: nothing would be held out."
                    )


def _sizes(dataset: Dataset) -> dict[Path, int]:
    return {path: path.stat().st_size for path in {path for _, path in files_of(dataset)}}


def _by_contents(dataset: Dataset, sizes: Collection[int], token: CancelToken) -> dict[str, list[VideoClip]]:
    """Return the attempts of a data set in files of some sizes, by the SHA-256 of the file, which is read once."""
    digests = {path: digest_of(path, token) for path, size in _sizes(dataset).items() if size in sizes}
    by_contents: dict[str, list[VideoClip]] = {}
    for video in dataset.videos:
        if video.path in digests:
            by_contents.setdefault(digests[video.path], []).append(VideoClip(video.path, video.clip_range))
    return by_contents
