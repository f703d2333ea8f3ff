"""Choices of the user for fine-tuning, the pairs of a study, and their split into training and test.

Whole participants are held out, else whole videos, never single pairs. Pairs of the honest test set, chosen at random
beforehand, are never trained on.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import FoldUnit, check_no_leak, compared, fold_of, grouped, inner_fold, make_folds
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.dataset.pair_graph import find_cycles, islands
from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair
from skillviewer.core.dataset.trainable import why_no_pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import ClipRange, overlap

MIN_CHOOSING = 12
"""With fewer pairs to select an epoch on, or fewer left to train on, the last epoch is used: a selection would be
chance."""

FEW_PAIRS = 30
"""With fewer training or held-out pairs the report warns."""

FROM_NOTHING = "full"
"""The model that is trained where there is none to start from, and no other is chosen."""

N_PARTS = 4
"""One of so many parts is held out."""


ClipsByFile = Mapping[str, Sequence[ClipRange | None]]
"""Clips by SHA-256 of their file."""


def clips_by_file(clips: Iterable[tuple[str, ClipRange | None]]) -> ClipsByFile:
    """Return the clips of videos given as (SHA-256, part), by file."""
    by_file: dict[str, list[ClipRange | None]] = {}
    for digest, clip_range in clips:
        by_file.setdefault(digest, []).append(clip_range)
    return by_file


def may_share_frames(digest: str, clip_range: ClipRange | None, clips: ClipsByFile) -> bool:
    """Return True if a part of a file may share frames with some clips."""
    return any(overlap(clip_range, other) for other in clips.get(digest, ()))


@dataclass(frozen=True, slots=True)
class TuningChoices:
    """Choices of the user."""

    rule: str = "default"  # rule that turns votes into pairs (see ``core.ranking.consensus.RULES``)
    by: FoldUnit | None = None  # unit to hold out, or None for participants if some are known, else videos
    seed: int = 0  # seed of the split and of training
    epochs: int | None = None  # greatest number of epochs, or None for the default of the start
    candidates: int = 2  # k, frames per segment that training draws from
    old_pairs: bool = True  # whether to monitor the pairs that the model was trained on before
    labels: LabelSource = LabelSource.BOTH  # statements that the pairs are made from
    scale_folds: int | None = None  # trainings for the raters' scale; None for as many as are needed, 0 for none
    criterion: str = ""  # criterion of votes and ratings, or "" for the one that the study looks at
    model: str = FROM_NOTHING  # model to train where there is none to start from

    def __post_init__(self) -> None:
        if self.by is FoldUnit.RELEASED:
            raise DatasetError("A study has no released folds: hold out by participant or by video.")
        if self.candidates < 1 or (self.epochs is not None and self.epochs < 1):
            raise DatasetError("Fine-tuning needs at least one epoch and one frame to draw from in every segment.")


@dataclass(frozen=True, slots=True)
class StudyPairs:
    """Pairs and votes of a study, by a rule."""

    dataset: Dataset  # videos, pairs by the rule, and the underlying votes
    reserved: frozenset[SimilarPair] = frozenset()  # pairs chosen at random as the honest test set
    digests: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of the videos' files by name, if known

    @property
    def clips_by_file(self) -> ClipsByFile:
        """Clips of its videos."""
        return clips_by_file(
            (self.digests[v.name], v.clip_range) for v in self.dataset.videos if v.name in self.digests
        )

    def sharing_frames(self, clips: ClipsByFile) -> frozenset[str]:
        """Return the names of the videos that may share frames with some clips."""
        identified = (video for video in self.dataset.videos if video.name in self.digests)
        return frozenset(
            video.name for video in identified if may_share_frames(self.digests[video.name], video.clip_range, clips)
        )

    def votes_on(self, pairs: Iterable[Pair]) -> tuple[Judgement, ...]:
        """Return the votes on some pairs."""
        unordered_pairs = {SimilarPair(pair.better, pair.worse) for pair in pairs}
        return tuple(vote for vote in self.dataset.judgements if SimilarPair(vote.left, vote.right) in unordered_pairs)

    def restricted(self, names: Collection[str]) -> "StudyPairs":
        """Return the same for a subset of the videos."""
        fewer = self.dataset.restricted(names)
        kept_names = set(fewer.names)
        return replace(self, dataset=fewer, reserved=frozenset(p for p in self.reserved if p.within(kept_names)))

    def is_reserved(self, pair: Pair) -> bool:
        """Return True if a pair belongs to the honest test set."""
        return SimilarPair(pair.better, pair.worse) in self.reserved


@dataclass(frozen=True, slots=True)
class TuningSplit:
    """Split of the pairs."""

    by: FoldUnit  # unit that is held out
    fold: Fold  # training and held-out videos
    inner: Fold | None  # inner fold on which the epoch is selected; None if the last epoch is used
    # ordered pairs of the honest test set; those of two training videos are neither trained on nor among the fold's
    # test pairs
    reserved: tuple[Pair, ...] = ()
    warnings: tuple[str, ...] = field(default=())  # weaknesses of the result, one sentence each

    @property
    def digest(self) -> str:
        """Digest of the pairs and videos for training, selection and test."""
        return hashlib.sha256(repr((self.fold, self.inner)).encode()).hexdigest()


def split_pairs(study: StudyPairs, choices: TuningChoices, videos_seen: Collection[str] = ()) -> TuningSplit:
    """Divide the pairs of a study; videos without a file are left out.

    Videos that the model has ``videos_seen`` are held out only if unavoidable.

    Raises:
        DatasetError: There is nothing to train on, or nothing is left after holding out; the sentence says why.
    """
    usable = usable_pairs(study)
    dataset = usable.dataset
    reserved = tuple(pair for pair in dataset.pairs if usable.is_reserved(pair))
    folds = make_folds(dataset, _n_parts(dataset, choices.by), choices.by, choices.seed)
    offered = [*folds.folds, *_unseen(dataset, folds.by, videos_seen)]
    offered = [replace(f, train_pairs=tuple(p for p in f.train_pairs if not usable.is_reserved(p))) for f in offered]

    def worth(fold: Fold) -> tuple[bool, bool, int]:
        """Return the rank of a fold, independent of scores; of equal folds the first, drawn by the seed, is used."""
        size = min(len(fold.train_pairs), N_PARTS * len(fold.test_pairs))
        return size > 0, not set(videos_seen) & set(fold.held_out_videos), size

    fold = max(offered, key=worth)
    if not fold.train_pairs or not fold.test_pairs:
        raise DatasetError(
            f"With videos held out by {folds.by} nothing is left to {'test' if fold.train_pairs else 'train'} on: "
            f"there are {len(dataset.pairs)} pairs among {len(dataset.videos)} videos. Judge more pairs"
            + (", or hold out by video." if folds.by is FoldUnit.PARTICIPANT else ".")
        )
    check_no_leak(fold, dataset.participants if folds.by is FoldUnit.PARTICIPANT else None)
    inner = choosing_fold(dataset, fold, choices.seed)
    warnings = list(filter(None, [folds.warning.partition("No pairs to train on")[0].strip()]))
    warnings += _same_clip(usable, fold)
    seen_held_out = set(videos_seen) & set(fold.held_out_videos)
    if seen_held_out:
        warnings.append(
            f"The model was trained on {len(seen_held_out)} of the held-out videos before ({min(seen_held_out)}, for "
            "one): its "
            "accuracy before is too high."
        )
    return TuningSplit(folds.by, fold, inner, reserved, (*warnings, *_warnings(study, dataset, fold, inner)))


def _unseen(dataset: Dataset, unit: FoldUnit, videos_seen: Collection[str]) -> list[Fold]:
    """Return the fold that holds out what the model was not trained on, if it was trained on some videos."""
    groups = grouped(dataset, unit).values()
    unseen = [name for group in groups if not set(videos_seen) & set(group) for name in group]
    n_groups = sum(bool(set(videos_seen) & set(group)) for group in groups)
    return [fold_of("unseen", compared(dataset), unseen, dataset.pairs)] if n_groups and unseen else []


def _n_parts(dataset: Dataset, unit: FoldUnit | None) -> int:
    """Return the greatest possible number of parts: each needs at least one participant or video."""
    by_participants = unit is FoldUnit.PARTICIPANT or (unit is None and bool(dataset.participants))
    return min(N_PARTS, max(2, len(grouped(dataset, FoldUnit.PARTICIPANT if by_participants else FoldUnit.VIDEO))))


def usable_pairs(study: StudyPairs) -> StudyPairs:
    """Return the pairs of the videos that have a file.

    Raises:
        DatasetError: There are none; the sentence says why.
    """
    usable = study.restricted([video.name for video in study.dataset.videos if video.path is not None])
    if usable.dataset.pairs:
        return usable
    dataset = study.dataset
    if dataset.pairs:
        raise DatasetError(
            f"There are {len(dataset.pairs)} pairs, but the files of their videos are missing. Locate the videos first."
        )
    if reason := why_no_pair(dataset):
        raise DatasetError(reason)
    raise DatasetError(
        f"There are no ratings, votes or pairs in {dataset.name} to train on. Import ratings, or judge some pairs."
    )


def _same_clip(study: StudyPairs, fold: Fold) -> list[str]:
    """Warn if a held-out clip overlaps a training clip of the same file (or of a copy of it)."""
    by_name = {video.name: video for video in study.dataset.videos}
    digests = study.digests

    def of_one_file(name: str, other: str) -> bool:
        copies = name in digests and digests[name] == digests.get(other)
        return copies or by_name[name].path == by_name[other].path

    pairs_text = [
        f"“{name}” is held out and shows frames of “{other}”, which is trained on: the accuracy is too high. Give "
        "both the same participant, or remove one from the study."
        for name in fold.held_out_videos
        for other in fold.train_videos
        if of_one_file(name, other) and overlap(by_name[name].clip_range, by_name[other].clip_range)
    ]
    return pairs_text[:1]


def choosing_fold(dataset: Dataset, fold: Fold, seed: int) -> Fold | None:
    """Return the inner fold on which the epoch of a training is chosen; None if its pairs are too few."""
    try:
        inner = inner_fold(dataset, fold, seed, N_PARTS)
    except DatasetError:  # fewer than two training videos: no epoch is selected
        return None
    return inner if min(len(inner.train_pairs), len(inner.test_pairs)) >= MIN_CHOOSING else None


def pair_warnings(study: StudyPairs, dataset: Dataset) -> list[str]:
    """Return weaknesses of the pairs of a study, with those in a data set in use: one sentence each."""
    warnings = []
    missing = len(study.dataset.videos) - len(dataset.videos)
    if missing:
        files = "file of 1 video is" if missing == 1 else f"files of {missing} videos are"
        warnings.append(f"The {files} missing: pairs with {'it' if missing == 1 else 'them'} are left out.")
    split = contradicted(dataset.judgements)
    if split:
        pairs = "1 pair" if split == 1 else f"{split} pairs"
        warnings.append(f"On {pairs} the votes contradict each other; the rule decides what they count as.")
    looped = find_cycles(dataset.pairs)
    if looped:
        cycle = " over ".join((*looped[0], looped[0][0]))
        warnings.append(f"The pairs form a cycle ({cycle}): no model can order them all. Judge them again.")
    return warnings


def _warnings(study: StudyPairs, dataset: Dataset, fold: Fold, inner: Fold | None) -> list[str]:
    warnings = pair_warnings(study, dataset)
    if len(fold.train_pairs) < FEW_PAIRS:
        warnings.append(f"Only {_pairs_are(fold.train_pairs)} left to train on: expect little.")
    if len(fold.test_pairs) < FEW_PAIRS:
        warnings.append(f"Only {_pairs_are(fold.test_pairs)} held out: the accuracy on them will be rough.")
    participants = {dataset.participants.get(name) for name in fold.held_out_videos}
    if len(participants) == 1 and None not in participants:
        warnings.append(
            f"Only one person is held out ({min(filter(None, participants))}): the accuracy for others is unknown, so "
            "there is no interval."
        )
    if inner is None:
        warnings.append("There are too few pairs to select an epoch on: the last one is used.")
    parts = islands(fold.train_pairs)
    if len(parts) > 1:
        warnings.append(f"No chain of training pairs connects all videos: they fall into {len(parts)} sets.")
    return warnings


def _pairs_are(pairs: Sized) -> str:
    return "1 pair is" if len(pairs) == 1 else f"{len(pairs)} pairs are"


def nameless(warning: str, names: Collection[str]) -> str:
    """Return a warning without names, for anonymous use."""
    any_name = f"(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"
    without_names = re.sub(rf" \({any_name}(?:, for one|(?: over {any_name})+)?\)", "", warning)
    return re.sub(f"“{any_name}”", "a video", without_names)


def raters_of(votes: Iterable[Judgement]) -> tuple[str, ...]:
    """Return the raters of some votes, in alphabetical order."""
    return tuple(sorted({vote.rater for vote in votes}))


def contradicted(judgements: Sequence[Judgement]) -> int:
    """Return the number of pairs with contradictory votes."""
    winners: dict[SimilarPair, set[str]] = {}
    for judgement in judgements:
        if judgement.verdict:
            winner = judgement.left if judgement.verdict > 0 else judgement.right
            winners.setdefault(SimilarPair(judgement.left, judgement.right), set()).add(winner)
    return sum(len(verdicts) > 1 for verdicts in winners.values())
