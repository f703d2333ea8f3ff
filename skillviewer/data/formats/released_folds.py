"""Released folds of a data set, from its lists of training and test pairs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.text import join_names
from skillviewer.data.tables.csv_tables import TableRow, read_csv_table, read_word_rows
from skillviewer.data.tables.name_spelling import simplify_name


def fold_from_pairs(
    name: str,
    videos: Sequence[str],
    train: Sequence[Pair],
    test: Sequence[Pair],
    problems: list[str],
    held_out: Sequence[str] | None = None,
) -> Fold:
    """Return a fold from its lists of training and test pairs.

    Args:
        name: Name of the fold.
        videos: Names of all videos.
        train: Pairs listed for training; pairs with a held-out video are left out.
        test: Pairs listed for test; pairs without a held-out video are left out.
        problems: Receives a sentence about left out pairs.
        held_out: Listed held-out videos, or None for the videos that are in test pairs and in no training pair.
    """
    train = tuple(dict.fromkeys(train))
    test = tuple(dict.fromkeys(test))
    test_only = set(videos_of(test)).difference(videos_of(train))
    held_out_videos = test_only if held_out is None else set(held_out)
    leaking = [pair for pair in train if pair.touches(held_out_videos)]
    untouched = [pair for pair in test if not pair.touches(held_out_videos)]
    if leaking:
        problems.append(
            f"Fold {name}: {len(leaking)} training pairs name a held-out video "
            f"({leaking[0].better}–{leaking[0].worse}); they are left out."
        )
    if untouched:
        problems.append(
            f"Fold {name}: {len(untouched)} test pairs name no held-out video "
            f"({untouched[0].better}–{untouched[0].worse}); they are left out."
        )
    pairs = [pair for pair in train if not pair.touches(held_out_videos)]
    pairs += [pair for pair in test if pair.touches(held_out_videos)]
    return fold_of(name, videos, held_out_videos, pairs)


def without_unlisted_videos(fold: Fold, listed: Sequence[Pair], consensus: Sequence[Pair], problems: list[str]) -> Fold:
    """Return a fold without videos that are in no pair; ``problems`` receives sentences on unlisted pairs and videos.

    ``listed`` are the pairs in the lists of the fold, and ``consensus`` all pairs of the data set.
    """
    listed_pairs = set(listed)
    unlisted_pairs = [pair for pair in consensus if pair not in listed_pairs]
    paired_videos = set(videos_of((*fold.train_pairs, *fold.test_pairs)))
    unlisted_videos = [video for video in (*fold.train_videos, *fold.held_out_videos) if video not in paired_videos]
    if unlisted_pairs:
        problems.append(
            f"Fold {fold.name} lists {len(unlisted_pairs)} pairs of the ground truth neither for training nor for test "
            f"({unlisted_pairs[0].better}–{unlisted_pairs[0].worse}); they take no part in it."
        )
    if unlisted_videos:
        problems.append(f"Fold {fold.name} lists no pair of {join_names(unlisted_videos)}: it takes no part in it.")
    train_videos = tuple(video for video in fold.train_videos if video in paired_videos)
    held_out_videos = tuple(video for video in fold.held_out_videos if video in paired_videos)
    return replace(fold, train_videos=train_videos, held_out_videos=held_out_videos)


def known_pairs(pairs: Sequence[Pair], consensus: Sequence[Pair], source: str, problems: list[str]) -> tuple[Pair, ...]:
    """Return the pairs of a split that are pairs of the data set; ``problems`` receives a sentence about others."""
    dataset_pairs = set(consensus)
    unknown = [pair for pair in pairs if pair not in dataset_pairs]
    if unknown:
        problems.append(
            f"{source} has {len(unknown)} pairs that the ground truth does not have in this order "
            f"({unknown[0].better}–{unknown[0].worse}); they are left out."
        )
    return tuple(pair for pair in pairs if pair in dataset_pairs)


def pooled_folds(folds_by_subtask: Sequence[Sequence[Fold]]) -> tuple[Fold, ...] | None:
    """Return the folds of several sub-tasks pooled by name, or None if their names differ."""
    names = [tuple(fold.name for fold in folds) for folds in folds_by_subtask]
    if len(set(names)) != 1:
        return None
    return tuple(_joined_fold(folds) for folds in zip(*folds_by_subtask, strict=True))


def _joined_fold(folds: Sequence[Fold]) -> Fold:
    """Return the folds of several sub-tasks with one name as one fold."""
    return Fold(
        name=folds[0].name,
        train_videos=tuple(video for fold in folds for video in fold.train_videos),
        held_out_videos=tuple(video for fold in folds for video in fold.held_out_videos),
        train_pairs=tuple(pair for fold in folds for pair in fold.train_pairs),
        test_pairs=tuple(pair for fold in folds for pair in fold.test_pairs),
    )


def with_prefix(fold: Fold, prefix: str) -> Fold:
    """Return a fold with a prefix to the names of its videos."""
    return replace(
        fold,
        train_videos=tuple(prefix + video for video in fold.train_videos),
        held_out_videos=tuple(prefix + video for video in fold.held_out_videos),
        train_pairs=tuple(Pair(prefix + pair.better, prefix + pair.worse) for pair in fold.train_pairs),
        test_pairs=tuple(Pair(prefix + pair.better, prefix + pair.worse) for pair in fold.test_pairs),
    )


def read_pair_lines(path: Path, problems: list[str]) -> list[tuple[TableRow, Pair]]:
    """Return the pairs in a file with "better worse" on every line; ``problems`` receives the other lines.

    The first line may be a header, "better worse" or "worse better", which states the order of all lines.
    """
    pairs: list[tuple[TableRow, Pair]] = []
    rows = read_word_rows(path)
    header = tuple(simplify_name(word) for word in rows[0].cells) if rows else ()
    is_swapped = header == ("worse", "better")
    if is_swapped or header == ("better", "worse"):
        rows = rows[1:]
    for row in rows:
        cells = row.cells[::-1] if is_swapped else row.cells
        if len(cells) != 2 or cells[0] == cells[1]:
            problems.append(f"{path.name} line {row.last_line} is not two videos; it is left out.")
        else:
            pairs.append((row, Pair(*cells)))
    return pairs


def read_pair_columns(path: Path, problems: list[str]) -> list[Pair]:
    """Return the pairs in a CSV file with the columns Better and Worse; ``problems`` receives the other rows."""
    table = read_csv_table(path)
    better_column = table.column("better", "best")
    worse_column = table.column("worse", "worst")
    if better_column is None or worse_column is None:
        problems.append(f"{path.name} has no columns Better and Worse; it is left out.")
        return []
    pairs = []
    for row in table.rows:
        pair = Pair(row.cell(better_column), row.cell(worse_column))
        if not pair.better or not pair.worse or pair.better == pair.worse:
            problems.append(f"{table.describe_row(row)} is not two videos; it is left out.")
        else:
            pairs.append(pair)
    return pairs
