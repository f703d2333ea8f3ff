"""Locations of the program's own files, and safe file names. ``SKILLVIEWER_HOME`` moves all files it writes itself."""

import os
import re
import sys
from collections.abc import Container
from pathlib import Path

import platformdirs

HOME_VARIABLE = "SKILLVIEWER_HOME"
_FORBIDDEN = '<>:"/\\|?*'
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # are no files on Windows
_MAX_BYTES = 200  # of the 255 that most systems take


def cache_dir() -> Path:
    """Return the folder of files that can be computed again: features, kernels, proxies."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "cache" if home else Path(platformdirs.user_cache_dir("skillviewer"))


def kernels_dir() -> Path:
    """Return the folder of compiled kernels."""
    return cache_dir() / "kernels"


def data_dir() -> Path:
    """Return the folder of files worth keeping: trained models, fetched weights."""
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
    """Return a folder that ships with the program: in a wheel, a frozen build or a checkout."""
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
    """Return resources/: icons, style, the sample study."""
    return _bundled("resources")


def docs_dir() -> Path:
    """Return docs/: the guides, in Markdown, with their pictures."""
    return _bundled("docs")


def models_dir() -> Path:
    """Return models/: the checkpoints and backbones that ship with the program."""
    return _bundled("models")


def training_folder(checkpoint: Path) -> Path:
    """Return the hidden folder next to a checkpoint for its training in progress; one training locks it at a time."""
    return checkpoint.with_name(f".{checkpoint.name}.training")


def is_folder(path: Path) -> bool:
    """Return True if a path is a folder; False for names that no folder can have, and without access."""
    return os.path.isdir(path)  # noqa: PTH112 - it raises nothing


def safe_name(name: str) -> str:
    """Return a name valid on every file system, short enough to append a number and a suffix."""
    replaced = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in name).strip(" .")
    short = replaced[:100].encode()[:_MAX_BYTES].decode(errors="ignore").rstrip(" .")
    return f"{short}_" if _DEVICE.match(short) else short or "unnamed"


def free_name(requested: str, names_used: Container[str]) -> str:
    """Return the wanted name, with a number behind it if its casefolded form is among the taken ones."""
    name = requested
    number = 2
    while name.casefold() in names_used:
        name = f"{requested} ({number})"
        number = number + 1
    return name


def reserve_name(requested: str, names_used: set[str]) -> str:
    """Return a free name and add its casefolded form to the taken ones."""
    name = free_name(requested, names_used)
    names_used.add(name.casefold())
    return name
