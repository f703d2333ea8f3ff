"""A small unit of work with a result file, made for tests of engines; it can kill its worker or fail."""

import os
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.errors import DatasetError, NameTakenError
from skillviewer.core.progress import CancelToken, Report


@dataclass(frozen=True)
class MadeUnit:
    """One number, and the folder that gets its square; the first ``deaths`` attempts kill the worker."""

    number: int
    folder: Path
    deaths: int = 0


def make(unit: MadeUnit, _token: CancelToken, _report: Report) -> int:
    """Write the square of a number; 13 and 17 are errors to show."""
    attempts = unit.folder / f"{unit.number}.attempts"
    with attempts.open("a") as file:
        file.write("x")
    if attempts.stat().st_size <= unit.deaths:
        os._exit(9)
    if unit.number == 13:
        raise DatasetError("13 is unlucky.")
    if unit.number == 17:
        raise NameTakenError(unit.folder)
    with atomic_path(unit.folder / f"{unit.number}.result") as temp_path:
        temp_path.write_text(str(unit.number**2))
    return unit.number**2
