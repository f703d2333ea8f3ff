"""Locations of the program's files, and safe file names.

The environment variable ``SKILLVIEWER_HOME`` moves all files that the program keeps for itself.
"""

import os
import re
import sys
from collections.abc import Container
from pathlib import Path

import platformdirs

HOME_VARIABLE = "SKILLVIEWER_HOME"
_FORBIDDEN = '<>:"/\\|?*'
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # names of devices on Windows
_MAX_BYTES = 200  # most systems allow 255; the remainder is for a number and a suffix


def cache_dir() -> Path:
    """Return the folder of files that can be computed again, such as features, kernels and proxies."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "cache" if home else Path(platformdirs.user_cache_dir("skillviewer"))


def kernels_dir() -> Path:
    """Return the folder of compiled kernels."""
    return cache_dir() / "kernels"


def data_dir() -> Path:
    """Return the folder of files to keep, such as trained models and downloaded weights."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "data" if home else Path(platformdirs.user_data_dir("skillviewer"))


def drafts_dir() -> Path:
    """Return the folder of unnamed studies."""
    return data_dir() / "drafts"


def config_dir() -> Path:
    """Return the folder of settings."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "config" if home else Path(platformdirs.user_config_dir("skillviewer"))


def log_dir() -> Path:
    """Return the folder of logs."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "log" if home else Path(platformdirs.user_log_dir("skillviewer"))


def _bundled(name: str) -> Path:
    """Return a folder that ships with the program in a wheel, a frozen build or a checkout."""
    package = Path(__file__).resolve().parent.parent
    candidates = [package / "_bundled" / name, package.parent / name]
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        candidates.insert(0, Path(frozen) / name)
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name}/ that ships with SkillViewer is missing next to {package}")


def resources_dir() -> Path:
    """Return resources/, with icons, style and the sample study."""
    return _bundled("resources")


def docs_dir() -> Path:
    """Return docs/, with the guides in Markdown and their pictures."""
    return _bundled("docs")


def models_dir() -> Path:
    """Return models/, with the checkpoints and backbones that ship with the program."""
    return _bundled("models")


def training_folder(checkpoint: Path) -> Path:
    """Return the hidden folder next to a checkpoint for the state of its training, which locks the folder."""
    return checkpoint.with_name(f".{checkpoint.name}.training")


def is_folder(path: Path) -> bool:
    """Return True if a path is a folder; False for names that no folder can have, and without access."""
    return os.path.isdir(path)  # noqa: PTH112 - unlike Path.is_dir it never raises


def safe_name(name: str) -> str:
    """Return a name that is valid on every file system and leaves room for a number and a suffix."""
    characters = [c if c.isprintable() and c not in _FORBIDDEN else "_" for c in name]
    replaced = "".join(characters).strip(" .")
    shortened = replaced[:100].encode()[:_MAX_BYTES].decode(errors="ignore").rstrip(" .")
    if _DEVICE.match(shortened):
        return f"{shortened}_"
    return shortened or "unnamed"


def unused_name(requested: str, used_names: Container[str]) -> str:
    """Return the requested name, followed by a number if it is used.

    Args:
        requested: The name.
        used_names: Names in use, casefolded.
    """
    name = requested
    number = 2
    while name.casefold() in used_names:
        name = f"{requested} ({number})"
        number += 1
    return name


def reserve_name(requested: str, used_names: set[str]) -> str:
    """Return a free name (see ``unused_name``), and add it casefolded to the used names."""
    name = unused_name(requested, used_names)
    used_names.add(name.casefold())
    return name
