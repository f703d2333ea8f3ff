"""What went wrong, in the words of the command line."""

import json
from pathlib import Path

import click

from skillviewer.core.errors import NameTakenError, escaped

SOURCE = click.Path(path_type=Path, readable=False)
"""A file of several: one that cannot be read is told, and the others go on."""


def said(error: Exception) -> str:
    """Return a failure as one sentence, with what one can do about it here."""
    if isinstance(error, NameTakenError):
        return f"{error.path} is there already: choose another name, or give --force to write over it."
    if isinstance(error, UnicodeEncodeError):
        return f"“{escaped(error)}” is not UTF-8 and cannot be written: rename the file, or its folder."
    if isinstance(error, MemoryError):
        return f"There is not enough memory for that{f': {error}' if str(error) else ''}."
    return str(error)


def told(problem: str, path: str, *, as_json: bool) -> None:
    """Tell of a failure, for people and, as JSON, for programs; ``path`` is "" where it is of no one file."""
    click.echo(f"skillviewer: {problem}", err=True)
    if as_json:
        click.echo(json.dumps({"path": path or None, "error": problem}))
