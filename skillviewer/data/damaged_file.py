"""Renaming of unreadable files in the program's data folder."""

from pathlib import Path

from skillviewer.core.errors import VideoError

SUFFIX = ".damaged"
"""Suffix added to the name of an unreadable file."""


def rename_damaged_file(path: Path, problem: str, consequence: str = "") -> VideoError:
    """Rename an unreadable file, so that it counts as missing from now on, and return the error to raise.

    If the file cannot be renamed, the error says so, and the file stays.

    Args:
        path: The file.
        problem: A sentence about it.
        consequence: A sentence on what the user has to do again if the file was renamed, or "".
    """
    damaged_path = path.with_name(path.name + SUFFIX)
    try:
        path.replace(damaged_path)
    except OSError as error:
        return VideoError(f"{problem} The file could not be renamed: {error.strerror}.")
    sentences = [problem, f"The file is now called {damaged_path.name}.", consequence]
    return VideoError(" ".join(filter(None, sentences)))
