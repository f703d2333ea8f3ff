"""Files of data sets, written byte by byte so that their irregularities stay."""

from collections.abc import Iterable
from pathlib import Path


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write text exactly as given (line ends too) and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def touch(folder: Path, names: Iterable[str]) -> None:
    """Make files without content; nothing here opens a video."""
    for name in names:
        write(folder / name, "")
