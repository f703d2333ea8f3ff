"""Folds: divisions of a data set's videos into training and test.

Whole participants are held out, never single pairs. On the chopstick videos of EPIC-Skills, for example, an oracle that
knows only each participant's mean skill orders 87 % of the pairs between participants. A model that has seen the
participants could do the same. The test pairs are all pairs that touch a held-out video, as in papers (Doughty et al.,
CVPR 2018, section 5). Only pairs with both videos held out show the accuracy on new people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.text import counted

USUAL_FOLDS = 4
_BY_VIDEO_WARNING = "Folds are by video: the same person may be in training and test, so accuracies are too high."
_MAX_NAMES = 5
_UNKNOWN_PREFIX = "\0"  # begins the group of a video without a known participant, but no participant's name


class FoldUnit(StrEnum):
    """Unit that is held out."""

    RELEASED = "released"  # the folds published with the data set
    PARTICIPANT = "participant"
    VIDEO = "video"

    @property
    def text(self) -> str:
        """Display text of the unit."""
        return "as released" if self is FoldUnit.RELEASED else f"by {self}"


@dataclass(frozen=True, slots=True)
class Folds:
    """All folds of a data set."""

    fold_unit: FoldUnit
    folds: tuple[Fold, ...]
    warning: str = ""

    @property
    def title(self) -> str:
        """Display text with the number of folds and the unit that they hold out."""
        n = len(self.folds)
        noun = "fold" if n == 1 else "folds"
        return f"{n} released {noun}" if self.fold_unit is FoldUnit.RELEASED else f"{n} {noun} by {self.fold_unit}"


def split_groups(groups: Mapping[str, Sequence[str]], n_parts: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Divide groups into parts of nearly equal size without splitting a group.

    The largest groups are assigned first, each to the smallest part so far. The seed decides the order of groups of
    equal size. The result does not depend on the order of ``groups``.

    Args:
        groups: Members by name of the group.
        n_parts: Number of parts, at most the number of groups.
        seed: The seed.

    Returns:
        Sorted members of each part.
    """
    names = sorted(groups)
    shuffled_names = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    parts: list[list[str]] = [[] for _ in range(n_parts)]
    for name in sorted(shuffled_names, key=lambda group: -len(groups[group])):
        smallest_part = min(parts, key=len)
        smallest_part.extend(groups[name])
    return tuple(tuple(sorted(part)) for part in parts)


def fold_of(name: str, videos: Sequence[str], held_out: Iterable[str], pairs: Iterable[Pair]) -> Fold:
    """Return the fold that holds out some of the videos; the pairs that touch them are test pairs."""
    held_out_names = set(held_out)
    pairs = tuple(pairs)
    return Fold(
        name=name,
        train_videos=tuple(video for video in videos if video not in held_out_names),
        held_out_videos=tuple(video for video in videos if video in held_out_names),
        train_pairs=tuple(pair for pair in pairs if not pair.touches(held_out_names)),
        test_pairs=tuple(pair for pair in pairs if pair.touches(held_out_names)),
    )


def group_videos(dataset: Dataset, unit: FoldUnit, pairs: Iterable[Pair] | None = None) -> dict[str, list[str]]:
    """Group the videos that are held out together, which are those of a participant or single videos.

    A video in no ordered pair is not tested and forms no group of its own. It joins the group of its participant if
    other videos of the participant are tested.

    Args:
        dataset: The data set.
        unit: ``FoldUnit.PARTICIPANT`` or ``FoldUnit.VIDEO``.
        pairs: Ordered pairs that count, or None for all pairs of the data set.
    """
    participants = dataset.participants if unit is FoldUnit.PARTICIPANT else {}
    if pairs is None:
        pairs = dataset.pairs
    tested_names = set(videos_of(tuple(pairs)))
    groups: dict[str, list[str]] = {}
    for name in dataset.names:
        if name in tested_names:
            groups.setdefault(participants.get(name, _UNKNOWN_PREFIX + name), []).append(name)
    for name in dataset.names:
        if name not in tested_names and participants.get(name) in groups:
            groups[participants[name]].append(name)
    return groups


def videos_in_pairs(dataset: Dataset) -> list[str]:
    """Return the videos in ordered or similar pairs, in the order of the data set."""
    names_in_pairs = set(videos_of(dataset.pairs, dataset.similar))
    return [name for name in dataset.names if name in names_in_pairs]


def _default_unit(dataset: Dataset) -> tuple[FoldUnit, str]:
    """Return the unit to hold out by default, and a warning or ""."""
    if dataset.released:
        return FoldUnit.RELEASED, ""
    if any(name in dataset.participants for name in videos_of(dataset.pairs)):
        return FoldUnit.PARTICIPANT, ""
    return FoldUnit.VIDEO, f"{_BY_VIDEO_WARNING} No participants are known; name them to hold out whole people."


def _unknown_participants_warning(dataset: Dataset) -> str:
    """Return a warning about videos without a known participant in a data set in which others have one, or ""."""
    if dataset.by_recording:
        return (
            "Recordings without a known participant are held out whole instead of people, so one person may be on "
            "both sides."
        )
    unknown = [name for name in videos_of(dataset.pairs) if name not in dataset.participants]
    if not unknown:
        return ""
    is_single = len(unknown) == 1
    subject = f"“{unknown[0]}”" if is_single else f"{len(unknown)} videos ({unknown[0]}, for one)"
    pronoun = "it" if is_single else "each"
    return (
        f"The participant of {subject} is unknown: {pronoun} is held out by itself, and the person in it may also be "
        "in training, so accuracies are too high."
    )


def make_folds(dataset: Dataset, n_folds: int | None = None, fold_unit: FoldUnit | None = None, seed: int = 0) -> Folds:
    """Divide a data set into folds; videos in no pair are left out.

    Args:
        dataset: The data set.
        n_folds: Number of folds. None stands for four, or fewer if there are fewer participants. Released folds are
            used whatever their number, with a warning if it differs.
        fold_unit: Unit to hold out. None stands for the released folds if there are any, else for participants if they
            are known, else for videos, with a warning. A video without a known participant is held out by itself, with
            a warning.
        seed: Decides which participants (or videos) share a fold.

    Raises:
        DatasetError: There are too few participants or videos, or there are no released folds.
    """
    warning = ""
    if fold_unit is None:
        fold_unit, warning = _default_unit(dataset)
    elif fold_unit is FoldUnit.VIDEO:
        warning = _BY_VIDEO_WARNING
    if fold_unit is FoldUnit.RELEASED:
        released_folds = _released(dataset)
        if n_folds in {None, len(released_folds.folds)}:
            return released_folds
        n = len(released_folds.folds)
        note = f"The released folds are used, {n} and not {n_folds}: choose folds by participant or video for others."
        return replace(released_folds, warning=_join_warnings(released_folds.warning, note))
    groups = group_videos(dataset, fold_unit)
    if fold_unit is FoldUnit.PARTICIPANT:
        warning = _unknown_participants_warning(dataset)
        if groups and all(group.startswith(_UNKNOWN_PREFIX) for group in groups):
            unknown = next(iter(groups.values()))[0]
            raise DatasetError(f"The participant of “{unknown}” is unknown: name it, or make folds by video.")
    n_folds = max(2, min(USUAL_FOLDS, len(groups))) if n_folds is None else n_folds
    if len(groups) < 2:
        raise DatasetError(f"{dataset.name} has only {len(groups)} {fold_unit}: nothing can be held out.")
    if not 2 <= n_folds <= len(groups):
        raise DatasetError(
            f"{n_folds} folds cannot be made from {len(groups)} {fold_unit}s: choose 2 to {len(groups)}."
        )
    names = videos_in_pairs(dataset)
    parts = split_groups(groups, n_folds, seed)
    folds = tuple(fold_of(str(i + 1), names, part, dataset.pairs) for i, part in enumerate(parts))
    participants = dataset.participants if fold_unit is FoldUnit.PARTICIPANT else None
    for fold in folds:
        check_no_leak(fold, participants)
    return Folds(fold_unit, folds, _join_warnings(warning, _missing_pairs_warning(folds)))


def _join_warnings(*warnings: str) -> str:
    return " ".join(warning for warning in warnings if warning)


def quarter_out(dataset: Dataset, seed: int = 0) -> Folds:
    """Return folds that each hold out about a quarter of a data set, or more if there are few participants.

    The released folds are used if one of them has training and test pairs. The seed decides which participants share a
    fold.

    Raises:
        DatasetError: There are too few participants or videos, or too few pairs.
    """
    folds = make_folds(dataset, seed=seed)
    if folds.fold_unit is FoldUnit.RELEASED and not any(_has_pairs(fold) for fold in folds.folds):
        folds = make_folds(replace(dataset, released=None), seed=seed)  # the released ones lack too many videos
    return with_pairs(folds)


def with_pairs(folds: Folds) -> Folds:
    """Return the folds with training pairs and test pairs. The warning names the folds that are left out.

    Raises:
        DatasetError: No fold has both.
    """
    usable_folds = tuple(fold for fold in folds.folds if _has_pairs(fold))
    if len(usable_folds) == len(folds.folds):
        return folds
    if not usable_folds:
        raise DatasetError(
            f"No fold {folds.fold_unit.text} has pairs both to train on and to test on: too many videos are missing, "
            "or one is in all pairs. Judge more pairs, or hold out by video."
        )
    return replace(folds, folds=usable_folds, warning=f"{folds.warning} Such folds are left out.")


def _released(dataset: Dataset) -> Folds:
    if not dataset.released:
        raise DatasetError(f"{dataset.name} comes without folds: make them by participant or by video.")
    in_both: set[str] = set()
    for fold in dataset.released:
        check_no_leak(fold)
        in_both |= _shared_participants(fold, dataset.participants)
    warning = ""
    if in_both:
        people = f"{len(in_both)} people" if len(in_both) > 1 else "a person"
        warning = (
            f"The released folds have {people} both in training and test ({', '.join(sorted(in_both)[:3])}), so "
            "accuracies are too high for new people: --by participant holds out whole people."
        )
    return Folds(FoldUnit.RELEASED, dataset.released, _join_warnings(warning, _missing_pairs_warning(dataset.released)))


def describe_shared_videos(dataset: Dataset) -> list[str]:
    """Return sentences that name the people and the videos on both sides of the folds that come with a data set."""
    if dataset.released is None:
        return []
    sentences = []
    for fold in dataset.released:
        people = sorted(_shared_participants(fold, dataset.participants))
        trained_names = {*fold.train_videos, *videos_of(fold.train_pairs)}
        videos = sorted(trained_names & set(videos_of(fold.test_pairs)))
        if people:
            people_text = counted(len(people), "person", "people")
            sentences.append(
                f"Fold {fold.name} has {people_text} both in training and among the held-out videos: "
                f"{_first_names(people)}. Accuracies on it are too high for new people."
            )
        if videos:
            sentences.append(
                f"Fold {fold.name} has {counted(len(videos), 'video')} both in training and in test pairs: "
                f"{_first_names(videos)}. Such pairs are no test on two new videos."
            )
    return sentences


def _first_names(names: Sequence[str]) -> str:
    text = ", ".join(names[:_MAX_NAMES])
    return f"{text} and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else text


def _has_pairs(fold: Fold) -> bool:
    return bool(fold.train_pairs) and bool(fold.test_pairs)


def _missing_pairs_warning(folds: Sequence[Fold]) -> str:
    without_pairs = [fold.name for fold in folds if not _has_pairs(fold)]
    return f"No pairs to train on or to test on in fold {', '.join(without_pairs)}." if without_pairs else ""


def _shared_participants(fold: Fold, participants: Mapping[str, str]) -> set[str]:
    trained_participants = {participants[v] for v in fold.train_videos if v in participants}
    return trained_participants & {participants[v] for v in fold.held_out_videos if v in participants}


def check_no_leak(fold: Fold, participants: Mapping[str, str] | None = None, names_seen: Iterable[str] = ()) -> None:
    """Check that no held-out video, pair or participant is used in training.

    Args:
        fold: The fold.
        participants: Participant of every video, if whole participants must be held out.
        names_seen: Names of the videos that training (or the selection of an epoch) has used.

    Raises:
        DatasetError: A held-out video is trained on, a test pair has no held-out video, or a participant is both held
            out and trained on.
    """
    held_out = set(fold.held_out_videos)
    trained_names = {*fold.train_videos, *videos_of(fold.train_pairs), *names_seen}
    leaked = sorted(held_out & trained_names)
    if leaked:
        raise DatasetError(f"Fold {fold.name} leaks: “{leaked[0]}” is held out and yet used in training.")
    untouched = [pair for pair in fold.test_pairs if not pair.touches(held_out)]
    if untouched:
        pair = untouched[0]
        raise DatasetError(f"Fold {fold.name} leaks: both videos of {pair.better}–{pair.worse} are trained on.")
    if participants is None:
        return
    in_both = sorted(_shared_participants(fold, participants))
    if in_both:
        raise DatasetError(f"Fold {fold.name} leaks: participant “{in_both[0]}” is both held out and trained on.")


def inner_fold(dataset: Dataset, fold: Fold, seed: int = 0, n_parts: int = 4) -> Fold:
    """Return the first of ``inner_folds``."""
    return inner_folds(dataset, fold, seed, n_parts)[0]


def inner_folds(dataset: Dataset, fold: Fold, seed: int = 0, n_parts: int = 4) -> tuple[Fold, ...]:
    """Return folds of the training videos of a fold, on which an epoch or a setting is selected.

    Whole participants are held out if they are known. Training videos in no training pair are never held out.

    Args:
        dataset: The data set.
        fold: The outer fold.
        seed: Decides which videos are held out together.
        n_parts: Number of inner folds; they are fewer if there are fewer participants.

    Raises:
        DatasetError: Fewer than two training videos are in a pair.
    """
    training_set = dataset.restricted(fold.train_videos)
    participants: Mapping[str, str] | None = training_set.participants
    groups = group_videos(training_set, FoldUnit.PARTICIPANT, fold.train_pairs)
    if len(groups) < 2:
        participants = None
        groups = group_videos(training_set, FoldUnit.VIDEO, fold.train_pairs)
    if len(groups) < 2:
        raise DatasetError(f"Fold {fold.name} has {len(training_set.videos)} training videos: too few to choose on.")
    parts = split_groups(groups, min(n_parts, len(groups)), seed)
    folds = tuple(fold_of(f"{fold.name}/inner", training_set.names, part, fold.train_pairs) for part in parts)
    for inner_fold in folds:
        check_no_leak(inner_fold, participants)
    return folds
