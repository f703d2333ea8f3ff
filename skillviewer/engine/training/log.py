"""The log of a training: a row an epoch, as a table and as curves."""

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from skillviewer.engine.training.loop import EpochRow
from skillviewer.export.destination import aside
from skillviewer.export.figures.plots import plot_training

LOG, CURVES = "log.csv", "curves.png"


def write_log(folder: Path, rows: Sequence[EpochRow], title: str) -> None:
    """Write the log of a training into a folder: ``log.csv`` and its curves, ``curves.png``.

    Raises:
        ExportError: They cannot be written.
    """
    columns = [f.name for f in dataclasses.fields(EpochRow)]
    with (
        aside(folder / LOG, (".csv",), overwrite=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["row", *columns])
        writer.writerows([number, *(getattr(row, name) for name in columns)] for number, row in enumerate(rows, 1))
    numbered = [{"row": number, **dataclasses.asdict(row)} for number, row in enumerate(rows, 1)]
    plot_training(numbered, folder / CURVES, x="row", title=title, overwrite=True)


def seconds_of(rows: Sequence[EpochRow]) -> float:
    """Return the seconds of a training from its log; every stage begins to count anew."""
    ends = [
        row for row, after in zip(rows, (*rows[1:], None), strict=True) if after is None or after.epoch <= row.epoch
    ]
    return sum(row.seconds for row in ends)
