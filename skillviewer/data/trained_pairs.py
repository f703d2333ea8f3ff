"""Training pairs of a model, stored next to its weights."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.errors import CheckpointError
from skillviewer.core.video.clips import ClipRange, range_cells, range_from_cells

PAIRS = "pairs.csv"
"""Name of the file. It contains the paths of the videos, absolute or relative to its own folder."""

_SIDES = ("better", "worse")
_COLUMNS = (
    "better", "worse", "better_path", "worse_path", "better_sha256", "worse_sha256", "use", "better_part", "worse_part",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainedVideo:
    """A video in a pair."""

    name: str
    path: Path
    digest: str
    clip_range: ClipRange | None = None


@dataclass(frozen=True, slots=True)
class TrainedPair:
    """A pair and its use."""

    better: TrainedVideo  # the better video
    worse: TrainedVideo  # the other
    # ``trained``; ``chose`` (the epoch); ``before``: a parent of this model was trained on it; ``old``: known before,
    # and never trained on
    use: str


def read_pairs(path: Path) -> list[TrainedPair]:
    """Read the pairs stored next to a model's weights, or raise a CheckpointError."""

    def video(row: Mapping[str, str], side: str) -> TrainedVideo:
        place = path.parent / row[f"{side}_path"]
        clip_range = _clip_range(row[f"{side}_part"])
        return TrainedVideo(row[side], place, row[f"{side}_sha256"], clip_range)

    try:
        return [TrainedPair(video(row, "better"), video(row, "worse"), row["use"]) for row in _rows(path)]
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Remove it to go on without it.") from error


def write_pairs(path: Path, pairs: Iterable[TrainedPair]) -> None:
    """Write pairs atomically, or raise an OSError."""
    with atomic_path(path) as temporary:
        temporary.write_text(_table(_row(pair) for pair in pairs), encoding="utf-8", newline="")


def _part(clip_range: ClipRange | None) -> str:
    unit, start, stop = range_cells(clip_range)
    return f"{unit} {start!r} {stop!r}" if unit else ""


def _clip_range(part: str) -> ClipRange | None:
    if not part:
        return None
    unit, start, stop = part.split(" ")
    return range_from_cells(unit, float(start), float(stop))


def moved(path: Path, places: Mapping[str, str]) -> str:
    """Return the content of the file for another computer, without paths of this one.

    Places are relative to the file's folder, by SHA-256; other videos keep their bare names.

    Raises:
        CheckpointError: The file cannot be read.
    """
    rows = _rows(path)
    for row in rows:
        for side in _SIDES:
            row[f"{side}_path"] = places.get(row[f"{side}_sha256"], Path(row[f"{side}_path"]).name)
    return _table([row[column] for column in _COLUMNS] for row in rows)


def _row(pair: TrainedPair) -> list[str]:
    sides = (pair.better, pair.worse)
    paths, digests, parts = zip(*((str(v.path), v.digest, _part(v.clip_range)) for v in sides), strict=True)
    return [*(v.name for v in sides), *paths, *digests, pair.use, *parts]


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
