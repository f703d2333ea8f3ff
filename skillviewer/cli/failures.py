"""Failures and notices in the words of the command line."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.cli.output import echo
from skillviewer.core.errors import NameTakenError, escaped

if TYPE_CHECKING:
    from skillviewer.data.study import Study


def message_of(error: Exception) -> str:
    """Return a failure as one sentence, with the way out on the command line."""
    if isinstance(error, NameTakenError):
        return f"{error.path} is there already: choose another name, or give --force to replace it."
    if isinstance(error, UnicodeEncodeError):
        return f"“{escaped(error)}” is not UTF-8 and cannot be written: rename the file, or its folder."
    if isinstance(error, MemoryError):
        return f"There is not enough memory for that{f': {error}' if str(error) else ''}."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or error}."
    return str(error)


def report_failure(problem: str, path: str, *, as_json: bool) -> None:
    """Report a failure to the user and, as JSON, to programs; ``path`` is "" if it concerns no single file."""
    echo(f"skillviewer: {problem}", err=True)
    if as_json:
        echo(json.dumps({"path": path or None, "error": problem}))


def say(sentences: Iterable[str]) -> None:
    """Print notices or problems to stderr."""
    for sentence in sentences:
        echo(f"skillviewer: {sentence}", err=True)


@contextmanager
def open_study(path: Path, criterion: str | None = None, *, read_only: bool = False) -> "Iterator[Study]":
    """Open a study for a command, print its notices, and look at a criterion if one is given.

    Raises:
        StudyError: It cannot be opened, or neither ratings nor votes are of the criterion.
    """
    from skillviewer.data.study import Study

    with Study.open(path, read_only=read_only) as study:
        say(study.notices)
        study.look_at(criterion)
        yield study
