"""Renaming of unreadable files in the program's data folder."""

from contextlib import suppress
from pathlib import Path

from skillviewer.core.errors import VideoError

SUFFIX = ".damaged"
"""Suffix added to the name of an unreadable file."""


def rename_damaged_file(path: Path, problem: str, consequence: str = "") -> VideoError:
    """Rename an unreadable file, so that it counts as missing from now on, and return the error to raise.

    Args:
        path: The file.
        problem: A sentence about it.
        consequence: A sentence on what the user has to do again, or "".
    """
    damaged_path = path.with_name(path.name + SUFFIX)
    with suppress(OSError):
        path.replace(damaged_path)
    sentences = [problem, f"The file is now called {damaged_path.name}.", consequence]
    return VideoError(" ".join(filter(None, sentences)))
