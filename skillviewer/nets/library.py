"""Checkpoints on this computer, by name: the user's own, then those that ship with the program."""

from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import CheckpointError
from skillviewer.core.hashing import CONFIG, checkpoint_sha256
from skillviewer.core.paths import data_dir, models_dir

DEFAULT_MODEL = "sample-full"
"""Checkpoint with which the sample study opens."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A checkpoint folder."""

    name: str
    folder: Path
    shipped: bool


def find_models() -> tuple[ModelEntry, ...]:
    """Return every checkpoint; the user's own hides a shipped one with the same name."""
    found: dict[str, ModelEntry] = {}
    for folder, shipped in ((data_dir() / "models", False), (models_dir(), True)):
        if folder.is_dir():
            for inside in sorted(folder.iterdir()):
                if (inside / CONFIG).is_file():
                    found.setdefault(inside.name, ModelEntry(inside.name, inside, shipped))
    return tuple(sorted(found.values(), key=lambda entry: (entry.shipped, entry.name != DEFAULT_MODEL, entry.name)))


def model_folder(name_or_folder: str | Path) -> Path:
    """Return the folder of a checkpoint, given its name or path.

    Raises:
        CheckpointError: There is no such checkpoint.
    """
    path = Path(name_or_folder)
    if (path / CONFIG).is_file():
        return path
    entries = find_models()
    for entry in entries:
        if entry.name == str(name_or_folder):
            return entry.folder
    if path.is_dir():
        raise CheckpointError(f"{path} is no checkpoint: it has no {CONFIG}.")
    names = ", ".join(entry.name for entry in entries) or "none"
    raise CheckpointError(f"There is no checkpoint “{name_or_folder}”. Give a folder or one of these names: {names}.")


def digest(folder: Path) -> str:
    """Return the SHA-256 of a checkpoint's configuration and weights; the card may be edited without changing it.

    Raises:
        CheckpointError: They cannot be read.
    """
    try:
        return checkpoint_sha256(folder)
    except OSError as error:
        raise CheckpointError(f"{folder} is no checkpoint that can be read: {error.strerror or error}.") from error
