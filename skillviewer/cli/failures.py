"""Messages of the command line about failures, and the opening of a study with its notices."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.cli.output import echo
from skillviewer.core.errors import NameTakenError, escaped_text, os_reason

if TYPE_CHECKING:
    from skillviewer.data.study import Study


def message_of(error: Exception) -> str:
    """Return a sentence about a failure, with the option that avoids it if there is one."""
    if isinstance(error, NameTakenError):
        return f"{error.path} is there already: choose another name, or give --force to replace it."
    if isinstance(error, UnicodeEncodeError):
        return f"“{escaped_text(error)}” is not UTF-8 and cannot be written: rename the file, or its folder."
    if isinstance(error, MemoryError):
        details = f": {error}" if str(error) else ""
        return f"There is not enough memory for that{details}."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {os_reason(error)}."
    return str(error)


def report_failure(problem: str, path: str, *, as_json: bool) -> None:
    """Print a failure to stderr and, with ``as_json``, as an object to stdout.

    Args:
        problem: Sentence about the failure.
        path: The file, or "" if the failure concerns no single file.
        as_json: Whether other programs read stdout.
    """
    echo(f"skillviewer: {problem}", err=True)
    if as_json:
        echo(json.dumps({"path": path or None, "error": problem}))


def print_notices(sentences: Iterable[str]) -> None:
    """Print sentences to stderr, each on a line that begins with the program's name."""
    for sentence in sentences:
        echo(f"skillviewer: {sentence}", err=True)


@contextmanager
def open_study(path: Path, criterion: str | None = None, *, read_only: bool = False) -> "Iterator[Study]":
    """Open a study for a command, print its notices, and select a criterion if one is given.

    Raises:
        StudyError: The study cannot be opened, or has neither ratings nor votes of the criterion.
    """
    from skillviewer.data.study import Study

    with Study.open(path, read_only=read_only) as study:
        print_notices(study.notices)
        study.select_criterion(criterion)
        yield study
