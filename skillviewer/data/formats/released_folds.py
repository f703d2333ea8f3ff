"""Released folds of a data set, from its lists of training and test pairs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.data.tables.rows import CsvTable, TableRow, abbreviated, plain, read_sheet, read_word_rows


def fold_from_pairs(
    name: str,
    videos: Sequence[str],
    train: Sequence[Pair],
    test: Sequence[Pair],
    problems: list[str],
    held_out: Sequence[str] | None = None,
) -> Fold:
    """Return a fold of the pairs listed for training and test; ``problems`` receives leaking pairs, which are left out.

    ``held_out`` are the listed held-out videos, or None for the videos that are in test pairs and in no training pair.
    """
    train, test = tuple(dict.fromkeys(train)), tuple(dict.fromkeys(test))
    out = set(videos_of(test)).difference(videos_of(train)) if held_out is None else set(held_out)
    leaking = [pair for pair in train if pair.touches(out)]
    untouched = [pair for pair in test if not pair.touches(out)]
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
    pairs = [pair for pair in train if not pair.touches(out)] + [pair for pair in test if pair.touches(out)]
    return fold_of(name, videos, out, pairs)


def without_strangers(fold: Fold, listed: Sequence[Pair], consensus: Sequence[Pair], problems: list[str]) -> Fold:
    """Return a fold with the videos of its listed pairs alone; ``problems`` receives unlisted pairs and videos."""
    in_lists = set(listed)
    missing = [pair for pair in consensus if pair not in in_lists]
    in_pairs = set(videos_of((*fold.train_pairs, *fold.test_pairs)))
    strangers = [video for video in (*fold.train_videos, *fold.held_out_videos) if video not in in_pairs]
    if missing:
        problems.append(
            f"Fold {fold.name} lists {len(missing)} pairs of the ground truth neither for training nor for test "
            f"({missing[0].better}–{missing[0].worse}); they take no part in it."
        )
    if strangers:
        problems.append(f"Fold {fold.name} lists no pair of {abbreviated(strangers)}: it takes no part in it.")
    trained = tuple(video for video in fold.train_videos if video in in_pairs)
    held_out = tuple(video for video in fold.held_out_videos if video in in_pairs)
    return replace(fold, train_videos=trained, held_out_videos=held_out)


def known_pairs(pairs: Sequence[Pair], consensus: Sequence[Pair], source: str, problems: list[str]) -> tuple[Pair, ...]:
    """Return the pairs of a split that the data set agrees on; ``problems`` receives a sentence about others."""
    agreed_set = set(consensus)
    others = [pair for pair in pairs if pair not in agreed_set]
    if others:
        problems.append(
            f"{source} has {len(others)} pairs that the ground truth does not have in this order "
            f"({others[0].better}–{others[0].worse}); they are left out."
        )
    return tuple(pair for pair in pairs if pair in agreed_set)


def pooled_folds(parts: Sequence[Sequence[Fold]]) -> tuple[Fold, ...] | None:
    """Return the folds of several sub-tasks as one, by fold name; None if the names differ."""
    names = [[fold.name for fold in folds] for folds in parts]
    if not parts or any(other != names[0] for other in names):
        return None
    return tuple(
        Fold(
            name=same[0].name,
            train_videos=tuple(v for fold in same for v in fold.train_videos),
            held_out_videos=tuple(v for fold in same for v in fold.held_out_videos),
            train_pairs=tuple(p for fold in same for p in fold.train_pairs),
            test_pairs=tuple(p for fold in same for p in fold.test_pairs),
        )
        for same in zip(*parts, strict=True)
    )


def renamed(fold: Fold, prefix: str) -> Fold:
    """Return a fold with a prefix to the names of its videos."""

    def pair(p: Pair) -> Pair:
        return Pair(prefix + p.better, prefix + p.worse)

    return replace(
        fold,
        train_videos=tuple(prefix + v for v in fold.train_videos),
        held_out_videos=tuple(prefix + v for v in fold.held_out_videos),
        train_pairs=tuple(pair(p) for p in fold.train_pairs),
        test_pairs=tuple(pair(p) for p in fold.test_pairs),
    )


def read_pair_lines(path: Path, problems: list[str]) -> list[tuple[TableRow, Pair]]:
    """Return the pairs in a file with "better worse" on every line; ``problems`` receives the other lines.

    A first line "better worse" is a header; after a header "worse better", all lines are read in that order.
    """
    pairs: list[tuple[TableRow, Pair]] = []
    rows = read_word_rows(path)
    header = tuple(plain(word) for word in rows[0].cells) if rows else ()
    swapped = header == ("worse", "better")
    for row in rows[1:] if swapped or header == ("better", "worse") else rows:
        cells = row.cells[::-1] if swapped else row.cells
        if len(cells) != 2 or cells[0] == cells[1]:
            problems.append(f"{path.name} line {row.line} is not two videos; it is left out.")
        else:
            pairs.append((row, Pair(*cells)))
    return pairs


def pairs_of_sheet(path: Path, problems: list[str]) -> list[Pair]:
    """Return the pairs in a CSV file with the columns Better and Worse; ``problems`` receives the other rows."""
    sheet: CsvTable = read_sheet(path)
    better, worse = sheet.column("better", "best"), sheet.column("worse", "worst")
    if better is None or worse is None:
        problems.append(f"{path.name} has no columns Better and Worse; it is left out.")
        return []
    pairs = []
    for row in sheet.rows:
        pair = Pair(row.cell(better), row.cell(worse))
        if not pair.better or not pair.worse or pair.better == pair.worse:
            problems.append(f"{sheet.place(row)} is not two videos; it is left out.")
        else:
            pairs.append(pair)
    return pairs
