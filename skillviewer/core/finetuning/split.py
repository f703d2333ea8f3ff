"""Fine-tuning as values: what a person chooses, what a study says, and how its pairs are divided.

Whole participants are held out, else whole videos, never pairs. Pairs that were chosen at random and set aside as the
honest test set are trained on nowhere, whoever is in them.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace

from skillviewer.core.dataset.folds import FoldsBy, check_no_leak, compared, fold_of, grouped, inner_fold, make_folds
from skillviewer.core.dataset.pair_graph import find_cycles, islands
from skillviewer.core.dataset.pairs import Dataset, Fold, Judgement, Pair, SimilarPair
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.extents import ClipRange, overlap

MIN_CHOOSING = 12
"""With fewer pairs to choose an epoch on, or left to train on meanwhile, the last epoch is taken: a choice among epochs
would be chance."""

FEW_PAIRS = 30
"""Fewer training pairs, or held-out pairs, are too few to say much: the report warns."""

N_PARTS = 4
"""One of so many parts is held out."""


Filmed = Mapping[str, Sequence[ClipRange | None]]
"""Parts of files, by SHA-256 of the file."""


def filmed(shown: Iterable[tuple[str, ClipRange | None]]) -> Filmed:
    """Return (SHA-256, part) of videos by file."""
    found: dict[str, list[ClipRange | None]] = {}
    for digest, extent in shown:
        found.setdefault(digest, []).append(extent)
    return found


def shows(digest: str, extent: ClipRange | None, shown: Filmed) -> bool:
    """Return whether a part of a file may have frames in common with others."""
    return any(overlap(extent, other) for other in shown.get(digest, ()))


@dataclass(frozen=True, slots=True)
class TuningChoices:
    """What a person chooses.

    Attributes:
        rule: How votes become pairs (see ``core.ranking.consensus.RULES``).
        by: What is held out together, or None for participants where some are known and videos where none is.
        seed: Decides what is held out and what is drawn: same seed, same result.
        epochs: Epochs at most, or None for as many as suit the start.
        candidates: K, frames of every segment that training draws from.
        old_pairs: Whether to look how the pairs that the model knew before are ordered meanwhile.
    """

    rule: str = "default"
    by: FoldsBy | None = None
    seed: int = 0
    epochs: int | None = None
    candidates: int = 2
    old_pairs: bool = True

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.by is FoldsBy.RELEASED:
            raise DatasetError("A study has no released folds: hold out by participant or by video.")
        if self.candidates < 1 or (self.epochs is not None and self.epochs < 1):
            raise DatasetError("Fine-tuning needs at least one epoch and one frame to draw from in every segment.")


@dataclass(frozen=True, slots=True)
class StudyPairs:
    """What a study says of its videos, by a rule.

    Attributes:
        dataset: Videos, pairs by the rule, and the votes behind them.
        set_aside: Pairs that were chosen at random as the honest test set.
        digests: SHA-256 of the videos' files by name, where they are known.
    """

    dataset: Dataset
    set_aside: frozenset[SimilarPair] = frozenset()
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def filmed(self) -> Filmed:
        """What its videos show."""
        return filmed((self.digests[v.name], v.extent) for v in self.dataset.videos if v.name in self.digests)

    def that_show(self, shown: Filmed) -> frozenset[str]:
        """Return the names of the videos that show some of it."""
        known = (video for video in self.dataset.videos if video.name in self.digests)
        return frozenset(video.name for video in known if shows(self.digests[video.name], video.extent, shown))

    def votes_on(self, pairs: Iterable[Pair]) -> tuple[Judgement, ...]:
        """Return the votes that were given to some pairs."""
        asked = {SimilarPair(pair.better, pair.worse) for pair in pairs}
        return tuple(vote for vote in self.dataset.judgements if SimilarPair(vote.left, vote.right) in asked)

    def restricted(self, names: Collection[str]) -> "StudyPairs":
        """Return what is said of fewer videos."""
        fewer = self.dataset.restricted(names)
        keep = set(fewer.names)
        return replace(self, dataset=fewer, set_aside=frozenset(p for p in self.set_aside if p.within(keep)))

    def is_set_aside(self, pair: Pair) -> bool:
        """Return whether a pair belongs to the honest test set."""
        return SimilarPair(pair.better, pair.worse) in self.set_aside


@dataclass(frozen=True, slots=True)
class Division:
    """How the pairs are used.

    Attributes:
        by: What is held out together.
        fold: What is trained on and what is held out.
        inner: Within the training videos: on what the epoch is chosen; None where the last epoch is taken.
        set_aside: Pairs of the honest test set, ordered; of these, those of two training videos are neither trained on
            nor among the fold's test pairs.
        warnings: What weakens the result, one sentence each.
    """

    by: FoldsBy
    fold: Fold
    inner: Fold | None
    set_aside: tuple[Pair, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def digest(self) -> str:
        """Digest of what is trained on, chosen on and held out."""
        return hashlib.sha256(repr((self.fold, self.inner)).encode()).hexdigest()


def divide(study: StudyPairs, choices: TuningChoices, seen: Collection[str] = ()) -> Division:
    """Divide the pairs of a study.

    Args:
        study: What it says; videos without a file are left out.
        choices: What a person chose.
        seen: Videos that the model has been trained on before: where it can be helped, none of them is held out.

    Raises:
        DatasetError: There is nothing to train on, or nothing is left once videos are held out. The sentence says why.
    """
    usable = study.restricted([video.name for video in study.dataset.videos if video.path is not None])
    _check_pairs(study, usable)
    dataset = usable.dataset
    set_aside = tuple(pair for pair in dataset.pairs if usable.is_set_aside(pair))
    folds = make_folds(dataset, _n_parts(dataset, choices.by), choices.by, choices.seed)
    offered = [*folds.folds, *_unseen(dataset, folds.by, seen)]
    offered = [replace(f, train_pairs=tuple(p for p in f.train_pairs if not usable.is_set_aside(p))) for f in offered]

    def worth(fold: Fold) -> tuple[bool, bool, int]:
        """Return what speaks for a fold; scores have no say, and of equals the first, drawn by the seed, is taken."""
        size = min(len(fold.train_pairs), N_PARTS * len(fold.test_pairs))
        return size > 0, not set(seen) & set(fold.held_out_videos), size

    fold = max(offered, key=worth)
    if not fold.train_pairs or not fold.test_pairs:
        raise DatasetError(
            f"With videos held out by {folds.by} nothing is left to {'test' if fold.train_pairs else 'train'} on: "
            f"there are {len(dataset.pairs)} pairs among {len(dataset.videos)} videos. Judge more pairs"
            + (", or hold out by video." if folds.by is FoldsBy.PARTICIPANT else ".")
        )
    check_no_leak(fold, dataset.participants if folds.by is FoldsBy.PARTICIPANT else None)
    inner = _inner(dataset, fold, choices.seed)
    warnings = list(filter(None, [folds.warning.partition("No pairs to train on")[0].strip()]))
    warnings += _same_clip(usable, fold)
    known = set(seen) & set(fold.held_out_videos)
    if known:
        warnings.append(
            f"The model was trained on {len(known)} of the held-out videos before ({min(known)}, for one): its "
            "accuracy before is too good."
        )
    return Division(folds.by, fold, inner, set_aside, (*warnings, *_warnings(study, dataset, fold, inner)))


def _unseen(dataset: Dataset, by: FoldsBy, seen: Collection[str]) -> list[Fold]:
    """Return the fold that holds out whoever the model has not been trained on, if it has been on some."""
    groups = grouped(dataset, by).values()
    unseen = [name for group in groups if not set(seen) & set(group) for name in group]
    n_groups = sum(bool(set(seen) & set(group)) for group in groups)
    return [fold_of("unseen", compared(dataset), unseen, dataset.pairs)] if n_groups and unseen else []


def _n_parts(dataset: Dataset, by: FoldsBy | None) -> int:
    """Return how many parts there can be: a participant or a video each at least."""
    by_people = by is FoldsBy.PARTICIPANT or (by is None and bool(dataset.participants))
    return min(N_PARTS, max(2, len(grouped(dataset, FoldsBy.PARTICIPANT if by_people else FoldsBy.VIDEO))))


def _check_pairs(study: StudyPairs, usable: StudyPairs) -> None:
    """Raise an error that says why there is nothing to train on."""
    if usable.dataset.pairs:
        return
    dataset = study.dataset
    if dataset.pairs:
        raise DatasetError(
            f"There are {len(dataset.pairs)} pairs, but the files of their videos are missing. Locate the videos first."
        )
    if dataset.similar:
        raise DatasetError(
            f"All {len(dataset.similar)} pairs that were judged count as no difference by the rule “{dataset.rule}”: "
            "they order nothing. Judge more pairs, or choose another rule."
        )
    raise DatasetError(f"There are no votes and no pairs in {dataset.name} to train on. Judge some pairs first.")


def _same_clip(study: StudyPairs, fold: Fold) -> list[str]:
    """Warn of a held-out part of a file, or of a copy of it, of which another part that overlaps it is trained on."""
    by_name = {video.name: video for video in study.dataset.videos}
    digests = study.digests

    def of_one_file(name: str, other: str) -> bool:
        copies = name in digests and digests[name] == digests.get(other)
        return copies or by_name[name].path == by_name[other].path

    shared = [
        f"“{name}” is held out and shows frames of “{other}”, which is trained on: the accuracy is too good. Say that "
        "one person is in both, or take one out of the study."
        for name in fold.held_out_videos
        for other in fold.train_videos
        if of_one_file(name, other) and overlap(by_name[name].extent, by_name[other].extent)
    ]
    return shared[:1]


def _inner(dataset: Dataset, fold: Fold, seed: int) -> Fold | None:
    try:
        inner = inner_fold(dataset, fold, seed, N_PARTS)
    except DatasetError:  # fewer than two training videos: then nothing is chosen
        return None
    return inner if min(len(inner.train_pairs), len(inner.test_pairs)) >= MIN_CHOOSING else None


def _warnings(study: StudyPairs, dataset: Dataset, fold: Fold, inner: Fold | None) -> list[str]:
    found = []
    missing = len(study.dataset.videos) - len(dataset.videos)
    if missing:
        files = "file of 1 video is" if missing == 1 else f"files of {missing} videos are"
        found.append(f"The {files} missing: pairs with {'it' if missing == 1 else 'them'} are left out.")
    if len(fold.train_pairs) < FEW_PAIRS:
        found.append(f"Only {_pairs_are(fold.train_pairs)} left to train on: expect little.")
    if len(fold.test_pairs) < FEW_PAIRS:
        found.append(f"Only {_pairs_are(fold.test_pairs)} held out: the accuracy on them will be rough.")
    people = {dataset.participants.get(name) for name in fold.held_out_videos}
    if len(people) == 1 and None not in people:
        found.append(
            f"One person alone is held out ({min(filter(None, people))}): how others would fare is not known, so there "
            "is no interval."
        )
    if inner is None:
        found.append("The pairs are too few to choose an epoch on: the last one is taken.")
    split = contradicted(dataset.judgements)
    if split:
        pairs = "1 pair" if split == 1 else f"{split} pairs"
        found.append(f"On {pairs} the votes contradict each other; the rule decides what they count as.")
    looped = find_cycles(dataset.pairs)
    if looped:
        cycle = " over ".join((*looped[0], looped[0][0]))
        found.append(f"Pairs go in circles ({cycle}): no model can order them all. Judge them again.")
    parts = islands(fold.train_pairs)
    if len(parts) > 1:
        found.append(f"No chain of training pairs connects all videos: they fall into {len(parts)} sets.")
    return found


def _pairs_are(pairs: Sized) -> str:
    return "1 pair is" if len(pairs) == 1 else f"{len(pairs)} pairs are"


def nameless(warning: str, names: Collection[str]) -> str:
    """Return a warning without names, for what may be given away.

    Args:
        warning: One of a ``Division``.
        names: What videos and people are called.
    """
    any_name = f"(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"
    without = re.sub(rf" \({any_name}(?:, for one|(?: over {any_name})+)?\)", "", warning)
    return re.sub(f"“{any_name}”", "a video", without)


def raters_of(votes: Iterable[Judgement]) -> tuple[str, ...]:
    """Return who voted, in alphabetical order."""
    return tuple(sorted({vote.rater for vote in votes}))


def contradicted(judgements: Sequence[Judgement]) -> int:
    """Return on how many pairs one vote says the contrary of another."""
    winners: dict[SimilarPair, set[str]] = {}
    for judgement in judgements:
        if judgement.verdict:
            winner = judgement.left if judgement.verdict > 0 else judgement.right
            winners.setdefault(SimilarPair(judgement.left, judgement.right), set()).add(winner)
    return sum(len(found) > 1 for found in winners.values())
