"""CSV files that the data layer writes."""

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from skillviewer.core.csv_safety import escape_cell


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV in UTF-8; NaN and None are empty cells, and texts are escaped against formulas."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in rows:
            writer.writerow([_to_cell(value) for value in row])


def _to_cell(value: object) -> object:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.9g}"
    return "" if value is None else escape_cell(value)
