"""Choices of the user for fine-tuning, the pairs of a study, and their split into training and test.

Whole participants are held out, or else whole videos, but never single pairs. The reserved test pairs, which were drawn
at random beforehand, are never trained on.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from enum import StrEnum

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import (
    FoldUnit,
    check_no_leak,
    fold_of,
    group_videos,
    inner_fold,
    make_folds,
    videos_in_pairs,
)
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.dataset.missing_pairs import explain_missing_pairs
from skillviewer.core.dataset.pair_graph import find_cycles, islands
from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair
from skillviewer.core.errors import DatasetError
from skillviewer.core.text import counted
from skillviewer.core.video.clips import ClipsByFile, clips_by_file, may_overlap, may_share_frames

MIN_SELECTION_PAIRS = 12
"""Fewest pairs to train on and to select an epoch on; with fewer, the last epoch is used."""

FEW_PAIRS = 30
"""Number of training or held-out pairs below which the report warns."""

DEFAULT_NEW_MODEL = "full"
"""Model to train if there is no model to start from and the user chose no other."""

N_PARTS = 4
"""Number of parts; one part is held out."""


class SplitRole(StrEnum):
    """Role of a video in fine-tuning."""

    TRAINED = "trained on"
    CHOSE = "chose the epoch"  # and was not trained on, because training stopped before the final stage
    HELD_OUT = "held out"
    UNUSED = "in no pair"


@dataclass(frozen=True, slots=True)
class TuningChoices:
    """Choices of the user for fine-tuning."""

    rule: str = "default"  # rule that turns votes into pairs (see ``core.ranking.consensus.RULES``)
    fold_unit: FoldUnit | None = None  # unit to hold out; None for participants if some are known, else videos
    seed: int = 0  # seed of the split and of training
    epochs: int | None = None  # greatest number of epochs, or None for the default of the initial model
    candidates: int = 2  # number of frames per segment among which training draws
    old_pairs: bool = True  # whether to monitor the pairs that the model was trained on before
    labels: LabelSource = LabelSource.BOTH  # source of the pairs
    scale_folds: int | None = None  # number of trainings for the raters' scale; None for as many as needed, 0 for none
    criterion: str = ""  # criterion of votes and ratings, or "" for that of the study
    model: str = DEFAULT_NEW_MODEL  # model to train if there is no model to start from

    def __post_init__(self) -> None:
        if self.fold_unit is FoldUnit.RELEASED:
            raise DatasetError("A study has no released folds: hold out by participant or by video.")
        has_no_epoch = self.epochs is not None and self.epochs < 1
        if self.candidates < 1 or has_no_epoch:
            raise DatasetError("Fine-tuning needs at least one epoch and one frame to draw from in every segment.")


@dataclass(frozen=True, slots=True)
class StudyPairs:
    """Pairs of a study by a rule, and its votes."""

    dataset: Dataset  # videos, pairs by the rule, and votes
    reserved: frozenset[SimilarPair] = frozenset()  # reserved test pairs
    digests: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of the videos' files by name, if known

    @property
    def clips_by_file(self) -> ClipsByFile:
        """Ranges of the videos with a known digest, by file."""
        return clips_by_file(
            (self.digests[video.name], video.clip_range) for video in self.dataset.videos if video.name in self.digests
        )

    def videos_sharing_frames(self, clips: ClipsByFile) -> frozenset[str]:
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
        """Return the pairs and votes within a subset of the videos."""
        dataset = self.dataset.restricted(names)
        subset = set(dataset.names)
        return replace(self, dataset=dataset, reserved=frozenset(pair for pair in self.reserved if pair.within(subset)))

    def is_reserved(self, pair: Pair) -> bool:
        """Return True if a pair is a reserved test pair."""
        return SimilarPair(pair.better, pair.worse) in self.reserved


@dataclass(frozen=True, slots=True)
class TuningSplit:
    """Split of the pairs."""

    fold_unit: FoldUnit  # unit that is held out
    fold: Fold  # training and held-out videos
    inner_fold: Fold | None  # inner fold on which the epoch is selected; None if the last epoch is used
    # reserved test pairs with an order. Those of two training videos are neither training pairs nor test pairs of the
    # fold.
    reserved: tuple[Pair, ...] = ()
    warnings: tuple[str, ...] = field(default=())  # sentences

    @property
    def digest(self) -> str:
        """Digest of the pairs and videos for training, selection and test."""
        content = repr((self.fold, self.inner_fold))
        return hashlib.sha256(content.encode()).hexdigest()


def split_pairs(study: StudyPairs, choices: TuningChoices, videos_seen: Collection[str] = ()) -> TuningSplit:
    """Divide the pairs of a study into training and held-out pairs; videos without a file are left out.

    Args:
        study: The pairs.
        choices: Choices of the user.
        videos_seen: Videos that the model was trained on before, which are held out only if necessary.

    Raises:
        DatasetError: There are no pairs, or there are no training or no held-out pairs after the split.
    """
    usable_study = usable_pairs(study)
    dataset = usable_study.dataset
    reserved_pairs = tuple(pair for pair in dataset.pairs if usable_study.is_reserved(pair))
    folds = make_folds(dataset, _n_parts(dataset, choices.fold_unit), choices.fold_unit, choices.seed)
    candidates = [
        replace(fold, train_pairs=tuple(pair for pair in fold.train_pairs if not usable_study.is_reserved(pair)))
        for fold in (*folds.folds, *_unseen_folds(dataset, folds.fold_unit, videos_seen))
    ]

    def preference(fold: Fold) -> tuple[bool, bool, int]:
        """Return a sort key that does not depend on scores; among equal folds the first, drawn by the seed, is used."""
        size = min(len(fold.train_pairs), N_PARTS * len(fold.test_pairs))
        is_unseen = not set(videos_seen) & set(fold.held_out_videos)
        return size > 0, is_unseen, size

    fold = max(candidates, key=preference)
    if not fold.train_pairs or not fold.test_pairs:
        purpose = "test" if fold.train_pairs else "train"
        advice = "Judge more pairs."
        if folds.fold_unit is FoldUnit.PARTICIPANT:
            advice = "Judge more pairs, or hold out by video."
        raise DatasetError(
            f"With videos held out by {folds.fold_unit} nothing is left to {purpose} on: there are "
            f"{len(dataset.pairs)} pairs among {len(dataset.videos)} videos. {advice}"
        )
    participants = dataset.participants if folds.fold_unit is FoldUnit.PARTICIPANT else None
    check_no_leak(fold, participants)
    inner_fold = selection_fold(dataset, fold, choices.seed)
    warnings = []
    folds_warning = folds.warning.partition("No pairs to train on")[0].strip()
    if folds_warning:
        warnings.append(folds_warning)
    warnings += _shared_frames_warnings(usable_study, fold)
    seen_held_out = set(videos_seen) & set(fold.held_out_videos)
    if seen_held_out:
        warnings.append(
            f"The model was trained on {len(seen_held_out)} of the held-out videos before ({min(seen_held_out)}, for "
            "one): its accuracy before is too high."
        )
    warnings += _split_warnings(study, dataset, fold, inner_fold)
    return TuningSplit(folds.fold_unit, fold, inner_fold, reserved_pairs, warnings=tuple(warnings))


def _unseen_folds(dataset: Dataset, unit: FoldUnit, videos_seen: Collection[str]) -> list[Fold]:
    """Return a fold that holds out the groups without a seen video, if there are groups of both kinds."""
    unseen_names = []
    has_seen_group = False
    for group in group_videos(dataset, unit).values():
        if set(videos_seen) & set(group):
            has_seen_group = True
        else:
            unseen_names += group
    if not has_seen_group or not unseen_names:
        return []
    return [fold_of("unseen", videos_in_pairs(dataset), unseen_names, dataset.pairs)]


def _n_parts(dataset: Dataset, unit: FoldUnit | None) -> int:
    """Return the number of parts, at most ``N_PARTS``, if each needs a participant or a video."""
    if unit is None and dataset.participants:
        unit = FoldUnit.PARTICIPANT
    elif unit is not FoldUnit.PARTICIPANT:
        unit = FoldUnit.VIDEO
    groups = group_videos(dataset, unit)
    return min(N_PARTS, max(2, len(groups)))


def usable_pairs(study: StudyPairs) -> StudyPairs:
    """Return the pairs of the videos that have a file.

    Raises:
        DatasetError: There are none. The message says why.
    """
    usable_study = study.restricted([video.name for video in study.dataset.videos if video.path is not None])
    if usable_study.dataset.pairs:
        return usable_study
    dataset = study.dataset
    if dataset.pairs:
        raise DatasetError(
            f"There are {len(dataset.pairs)} pairs, but the files of their videos are missing. Locate the videos first."
        )
    explanation = explain_missing_pairs(dataset)
    if explanation:
        raise DatasetError(explanation)
    raise DatasetError(
        f"There are no ratings, votes or pairs in {dataset.name} to train on. Import ratings, or judge some pairs."
    )


def _shared_frames_warnings(study: StudyPairs, fold: Fold) -> list[str]:
    """Return at most one warning about a held-out clip that overlaps a training clip of the same file or its copy."""
    by_name = {video.name: video for video in study.dataset.videos}
    digests = study.digests

    def are_of_one_file(name: str, other: str) -> bool:
        are_copies = name in digests and digests[name] == digests.get(other)
        return are_copies or by_name[name].path == by_name[other].path

    for name in fold.held_out_videos:
        for other in fold.train_videos:
            if are_of_one_file(name, other) and may_overlap(by_name[name].clip_range, by_name[other].clip_range):
                text = (
                    f"“{name}” is held out and shows frames of “{other}”, which is trained on: the accuracy is too "
                    "high. Give both the same participant, or remove one from the study."
                )
                return [text]
    return []


def selection_fold(dataset: Dataset, fold: Fold, seed: int) -> Fold | None:
    """Return the inner fold on which the epoch of a training is selected; None if it has too few pairs."""
    try:
        candidate_fold = inner_fold(dataset, fold, seed, N_PARTS)
    except DatasetError:  # fewer than two training videos
        return None
    if min(len(candidate_fold.train_pairs), len(candidate_fold.test_pairs)) < MIN_SELECTION_PAIRS:
        return None
    return candidate_fold


def pair_warnings(study: StudyPairs, dataset: Dataset) -> list[str]:
    """Return sentences on weaknesses of the pairs of a study. The data set holds the usable pairs."""
    warnings = []
    n_missing = len(study.dataset.videos) - len(dataset.videos)
    if n_missing == 1:
        warnings.append("The file of 1 video is missing: pairs with it are left out.")
    elif n_missing:
        warnings.append(f"The files of {n_missing} videos are missing: pairs with them are left out.")
    n_contradicted = count_contradicted(dataset.judgements)
    if n_contradicted:
        pairs_text = counted(n_contradicted, "pair")
        warnings.append(f"On {pairs_text} the votes contradict each other; the rule decides what they count as.")
    cycles = find_cycles(dataset.pairs)
    if cycles:
        first_cycle = cycles[0]
        cycle_text = " over ".join((*first_cycle, first_cycle[0]))
        warnings.append(f"The pairs form a cycle ({cycle_text}): no model can order them all. Judge them again.")
    return warnings


def _split_warnings(study: StudyPairs, dataset: Dataset, fold: Fold, inner_fold: Fold | None) -> list[str]:
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
    if inner_fold is None:
        warnings.append("There are too few pairs to select an epoch on: the last one is used.")
    connected_sets = islands(fold.train_pairs)
    if len(connected_sets) > 1:
        warnings.append(f"No chain of training pairs connects all videos: they fall into {len(connected_sets)} sets.")
    return warnings


def _pairs_are(pairs: Sized) -> str:
    return "1 pair is" if len(pairs) == 1 else f"{len(pairs)} pairs are"


def without_names(warning: str, names: Collection[str]) -> str:
    """Return a warning of ``split_pairs`` without the names of videos and participants, for anonymous use."""
    any_name = f"(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"
    without_examples = re.sub(rf" \({any_name}(?:, for one|(?: over {any_name})+)?\)", "", warning)
    return re.sub(f"“{any_name}”", "a video", without_examples)


def raters_of(votes: Iterable[Judgement]) -> tuple[str, ...]:
    """Return the names of the raters of some votes, sorted."""
    return tuple(sorted({vote.rater for vote in votes}))


def count_contradicted(judgements: Sequence[Judgement]) -> int:
    """Return the number of pairs with contradictory votes."""
    winners_by_pair: dict[SimilarPair, set[str]] = {}
    for judgement in judgements:
        if judgement.verdict:
            winner = judgement.left if judgement.verdict > 0 else judgement.right
            winners_by_pair.setdefault(SimilarPair(judgement.left, judgement.right), set()).add(winner)
    return sum(len(winners) > 1 for winners in winners_by_pair.values())
