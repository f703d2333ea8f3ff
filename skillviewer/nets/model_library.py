"""Checkpoints on this computer, by name: the user's own, then those that ship with the program."""

import json
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.dataset.pairs import SKILL
from skillviewer.core.errors import CheckpointError, os_error_as
from skillviewer.core.hashing import CARD, CONFIG, checkpoint_sha256
from skillviewer.core.paths import data_dir, models_dir

DEFAULT_MODEL = "sample-sharp"
"""Checkpoint with which the sample study opens."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A checkpoint on this computer."""

    name: str
    folder: Path
    shipped: bool  # whether it ships with the program
    criterion: str = SKILL  # criterion of the ratings or votes that it learnt from


def criterion_of(folder: Path) -> str:
    """Return the criterion that the card of a checkpoint states; "skill" if it states none, or cannot be read."""
    try:
        card = json.loads((folder / CARD).read_bytes())
    except (OSError, ValueError):
        return SKILL
    stated_criterion = card.get("criterion") if isinstance(card, dict) else None
    if not stated_criterion or not isinstance(stated_criterion, str):
        return SKILL
    return stated_criterion


def find_models() -> tuple[ModelEntry, ...]:
    """Return every checkpoint; a checkpoint of the user hides a shipped one with the same name."""
    entries: dict[str, ModelEntry] = {}
    for parent, shipped in ((data_dir() / "models", False), (models_dir(), True)):
        folders = sorted(parent.iterdir()) if parent.is_dir() else []
        for folder in folders:
            if (folder / CONFIG).is_file():
                entries.setdefault(folder.name, ModelEntry(folder.name, folder, shipped, criterion_of(folder)))
    return tuple(sorted(entries.values(), key=_sort_key))


def _sort_key(entry: ModelEntry) -> tuple[bool, bool, str]:
    """Put the user's own checkpoints first, then the default one; the others follow by name."""
    return entry.shipped, entry.name != DEFAULT_MODEL, entry.name


def model_folder(name_or_folder: str | Path, criterion: str | None = None) -> Path:
    """Return the folder of a checkpoint.

    Args:
        name_or_folder: Name of a checkpoint, or its folder, or a folder of several (``train --criterion all``).
        criterion: Criterion that the checkpoint must have learnt, or None for any. It chooses among several.

    Raises:
        CheckpointError: There is no such checkpoint.
    """
    path = Path(name_or_folder)
    if criterion is not None:
        return _folder_of_criterion(path, criterion)
    if (path / CONFIG).is_file():
        return path
    entries = find_models()
    for entry in entries:
        if entry.name == str(name_or_folder):
            return entry.folder
    if path.is_dir():
        raise CheckpointError(f"{path} is no checkpoint: it has no {CONFIG}.")
    names = ", ".join(entry.name for entry in entries) if entries else "none"
    raise CheckpointError(f"There is no checkpoint “{name_or_folder}”. Give a folder or one of these names: {names}.")


def _folder_of_criterion(path: Path, criterion: str) -> Path:
    holds_several = path.is_dir() and not (path / CONFIG).is_file()
    folders = sorted(path.iterdir()) if holds_several else [model_folder(path)]
    by_criterion = {criterion_of(folder).casefold(): folder for folder in folders if (folder / CONFIG).is_file()}
    if criterion.casefold() not in by_criterion:
        names = ", ".join(map(criterion_of, by_criterion.values())) if by_criterion else "none"
        raise CheckpointError(f"{path} has no model of the criterion “{criterion}”. Its criteria: {names}.")
    return by_criterion[criterion.casefold()]


def checkpoint_digest(folder: Path) -> str:
    """Return the SHA-256 of the configuration and weights of a checkpoint, which does not depend on the card.

    Raises:
        CheckpointError: They cannot be read.
    """
    with os_error_as(CheckpointError, f"{folder} is no checkpoint that can be read"):
        return checkpoint_sha256(folder)
