"""Failures in the words of the command line."""

import json
from pathlib import Path

import click

from skillviewer.core.errors import NameTakenError, escaped

SOURCE = click.Path(path_type=Path, readable=False)
"""One of several files: one that cannot be read is reported, and the others go on."""


def message_of(error: Exception) -> str:
    """Return a failure as one sentence, with the way out on the command line."""
    if isinstance(error, NameTakenError):
        return f"{error.path} is there already: choose another name, or give --force to replace it."
    if isinstance(error, UnicodeEncodeError):
        return f"“{escaped(error)}” is not UTF-8 and cannot be written: rename the file, or its folder."
    if isinstance(error, MemoryError):
        return f"There is not enough memory for that{f': {error}' if str(error) else ''}."
    return str(error)


def report_failure(problem: str, path: str, *, as_json: bool) -> None:
    """Report a failure to the user and, as JSON, to programs; ``path`` is "" if it concerns no single file."""
    click.echo(f"skillviewer: {problem}", err=True)
    if as_json:
        click.echo(json.dumps({"path": path or None, "error": problem}))
