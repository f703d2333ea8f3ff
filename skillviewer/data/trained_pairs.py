"""The pairs that a fine-tuned model was trained on, as they stand beside its weights."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.aside import written_aside
from skillviewer.core.errors import CheckpointError
from skillviewer.core.pairs import Pair

PAIRS = "pairs.csv"
"""Its name. It tells where the videos lie, relative to its own folder or from the root."""

_SIDES = ("better", "worse")
_COLUMNS = ("better", "worse", "better_path", "worse_path", "better_sha256", "worse_sha256", "use")


@dataclass(frozen=True, slots=True)
class TrainedVideo:
    """A video of a pair.

    Attributes:
        name: What it was called.
        path: Where it lies.
        digest: SHA-256 of its file.
    """

    name: str
    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class TrainedPair:
    """A pair, and what it was used for: ``trained``, ``chose`` (the epoch) or ``old`` (known before)."""

    better: TrainedVideo
    worse: TrainedVideo
    use: str


def read_pairs(path: Path) -> list[TrainedPair]:
    """Read the pairs beside a model's weights.

    Raises:
        CheckpointError: They cannot be read.
    """

    def video(row: Mapping[str, str], side: str) -> TrainedVideo:
        return TrainedVideo(row[side], path.parent / row[f"{side}_path"], row[f"{side}_sha256"])

    return [TrainedPair(video(row, "better"), video(row, "worse"), row["use"]) for row in _rows(path)]


def write_pairs(path: Path, rows: Iterable[tuple[Pair, str]], files: Mapping[str, tuple[Path, str]]) -> None:
    """Write pairs.

    Args:
        path: The file; written aside first.
        rows: Pairs, each with its use.
        files: File and SHA-256 of every video by name.

    Raises:
        OSError: It cannot be written.
    """
    with written_aside(path) as temporary:
        temporary.write_text(_table(_row(pair, use, files) for pair, use in rows), encoding="utf-8", newline="")


def moved(path: Path, places: Mapping[str, str]) -> str:
    """Return the file as it may go to another computer: without a folder of this one.

    Args:
        path: The file.
        places: Where videos lie there, relative to the file's folder, by SHA-256; others keep their bare names.

    Raises:
        CheckpointError: It cannot be read.
    """
    rows = _rows(path)
    for row in rows:
        for side in _SIDES:
            row[f"{side}_path"] = places.get(row[f"{side}_sha256"], Path(row[f"{side}_path"]).name)
    return _table([row[column] for column in _COLUMNS] for row in rows)


def _row(pair: Pair, use: str, files: Mapping[str, tuple[Path, str]]) -> list[str]:
    (better, first), (worse, second) = files[pair.better], files[pair.worse]
    return [pair.better, pair.worse, str(better), str(worse), first, second, use]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        missing = {column for row in rows for column in _COLUMNS if row.get(column) is None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Remove it to go on without it.") from error
    if missing:
        raise CheckpointError(f"{path} cannot be read: no “{min(missing)}”. Remove it to go on without it.")
    return rows


def _table(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(rows)
    return text.getvalue()
