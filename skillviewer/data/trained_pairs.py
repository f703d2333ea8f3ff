"""CSV file of the training pairs of a model, next to its weights."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.errors import CheckpointError
from skillviewer.core.video.clips import (
    ClipRange,
    ClipsByFile,
    clips_by_file,
    may_share_frames,
    range_cells,
    range_from_cells,
)

PAIRS_FILE = "pairs.csv"
"""Name of the file. Paths of videos are absolute, or relative to the folder of the file."""

FORGETTING_CHECK_USE = "old"
"""Use of an inherited pair that no parent model was trained on."""

TrainedClip = tuple[str, ClipRange | None]
"""SHA-256 of a file, and the range of a clip in it."""

_SIDES = ("better", "worse")
_COLUMNS = (
    "better", "worse", "better_path", "worse_path", "better_sha256", "worse_sha256", "use", "better_part", "worse_part",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainedVideo:
    """A video in a training pair."""

    name: str
    path: Path
    digest: str  # SHA-256 of the file
    clip_range: ClipRange | None = None  # part of the file that shows the attempt, or None for the whole

    @property
    def clip(self) -> TrainedClip:
        """File and range, which identify the video whatever its name."""
        return (self.digest, self.clip_range)


@dataclass(frozen=True, slots=True)
class TrainedPair:
    """A training pair and its use."""

    better: TrainedVideo
    worse: TrainedVideo
    # ``trained`` (the model was trained on the pair), ``chose`` (the epoch was chosen on it), ``before`` (a parent of
    # the model was trained on it) or ``old`` (of the forgetting check; no training used it)
    use: str


@dataclass(frozen=True, slots=True)
class TrainedClips:
    """Clips and pairs that a model or its parents were trained on."""

    clips: ClipsByFile
    pairs: frozenset[frozenset[TrainedClip]]

    def has_clip(self, digest: str, clip_range: ClipRange | None = None) -> bool:
        """Return True if a range of a file may share frames with a clip of the training."""
        return may_share_frames(digest, clip_range, self.clips)

    def has_pair(self, first: TrainedClip, second: TrainedClip) -> bool:
        """Return True if two clips are a pair of the training, in whichever order."""
        return frozenset((first, second)) in self.pairs


def load_trained_clips(folder: Path) -> TrainedClips | None:
    """Return the clips that the model in a folder was trained on, or None if they are not known."""
    path = folder / PAIRS_FILE
    if not path.is_file():
        return None
    try:
        pairs = [pair for pair in read_pairs(path) if pair.use != FORGETTING_CHECK_USE]
    except CheckpointError:
        return None
    clip_pairs = [(pair.better.clip, pair.worse.clip) for pair in pairs]
    unique_clips = {clip for clip_pair in clip_pairs for clip in clip_pair}
    return TrainedClips(clips_by_file(unique_clips), frozenset(map(frozenset, clip_pairs)))


def was_trained_on(folder: Path, digest: str, clip_range: ClipRange | None) -> bool:
    """Return True if the model in a folder is known to have been trained on a range of a file."""
    trained_clips = load_trained_clips(folder)
    return trained_clips is not None and trained_clips.has_clip(digest, clip_range)


def read_pairs(path: Path) -> list[TrainedPair]:
    """Read the pairs stored next to a model's weights, or raise a CheckpointError."""

    def video(row: Mapping[str, str], side: str) -> TrainedVideo:
        return TrainedVideo(
            name=row[side],
            path=path.parent / row[f"{side}_path"],
            digest=row[f"{side}_sha256"],
            clip_range=_parse_clip_range(row[f"{side}_part"]),
        )

    try:
        return [TrainedPair(video(row, "better"), video(row, "worse"), row["use"]) for row in _read_rows(path)]
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Remove it to go on without it.") from error


def write_pairs(path: Path, pairs: Iterable[TrainedPair]) -> None:
    """Write pairs atomically, or raise an OSError."""
    with atomic_path(path) as temp_path:
        temp_path.write_text(_csv_text(map(_row, pairs)), encoding="utf-8", newline="")


def _format_clip_range(clip_range: ClipRange | None) -> str:
    unit, start, stop = range_cells(clip_range)
    return f"{unit} {start!r} {stop!r}" if unit else ""


def _parse_clip_range(text: str) -> ClipRange | None:
    if not text:
        return None
    unit, start, stop = text.split(" ")
    return range_from_cells(unit, float(start), float(stop))


def csv_with_new_paths(path: Path, new_paths: Mapping[str, str]) -> str:
    """Return the content of the file for another computer, without paths of this one.

    Args:
        path: The file.
        new_paths: Paths of videos relative to the folder of the file, by SHA-256. For all other videos the path becomes
            the name of the file.

    Raises:
        CheckpointError: The file cannot be read.
    """
    rows = _read_rows(path)
    for row in rows:
        for side in _SIDES:
            file_name = Path(row[f"{side}_path"]).name
            row[f"{side}_path"] = new_paths.get(row[f"{side}_sha256"], file_name)
    return _csv_text(rows)


def _row(pair: TrainedPair) -> dict[str, str]:
    row = {"use": pair.use}
    for side, video in (("better", pair.better), ("worse", pair.worse)):
        row[side] = video.name
        row[f"{side}_path"] = str(video.path)
        row[f"{side}_sha256"] = video.digest
        row[f"{side}_part"] = _format_clip_range(video.clip_range)
    return row


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        missing = {column for row in rows for column in _COLUMNS if row.get(column) is None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Remove it to go on without it.") from error
    if missing:
        raise CheckpointError(f"{path} cannot be read: no “{min(missing)}”. Remove it to go on without it.")
    return rows


def _csv_text(rows: Iterable[Mapping[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
