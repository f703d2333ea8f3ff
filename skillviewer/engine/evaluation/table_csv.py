"""Table of an evaluation as CSV: a row per model and per ordering; undefined cells are empty."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.ceilings import Ordering
from skillviewer.core.evaluation.localisation import CONTROLS
from skillviewer.core.evaluation.score_progress import N_FIFTHS, SHARES
from skillviewer.engine.evaluation.record import EvaluationRecord
from skillviewer.engine.evaluation.results import ModelResult, PointingGame
from skillviewer.export.destination import atomic_output


def write_csv(record: EvaluationRecord, path: Path) -> None:
    """Write one row for each model, and one for each ordering if there are models.

    Raises:
        ExportError: The file cannot be written.
    """
    rows = [_model_row(model) for model in record.models]
    titles = ["model"]
    if rows:
        titles = list(rows[0])
        rows += [_ordering_row(ordering, titles) for ordering in record.orderings]
    with (
        atomic_output(path, (".csv",), overwrite=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(titles)
        for row in rows:
            writer.writerow([_cell(value) for value in row.values()])


def _interval(column: str, estimate: PooledEstimate | None) -> dict[str, object]:
    columns = (column, f"{column}_low", f"{column}_high")
    if estimate is None:
        return dict.fromkeys(columns)
    return dict(zip(columns, (estimate.value, estimate.low, estimate.high), strict=True))


def _ordering_row(ordering: Ordering, columns: Sequence[str]) -> dict[str, object]:
    cells: dict[str, object] = {"model": ordering.name}
    cells |= _interval("pooled", ordering.pooled)
    cells |= _interval("pooled_honest", ordering.both_new)
    cells |= _interval("equal_success", ordering.equal_success)
    return {column: cells.get(column) for column in columns}


def _model_row(model: ModelResult) -> dict[str, object]:
    row: dict[str, object] = {"model": model.model, **model.metrics, "sd_folds": model.sd, "sd_seeds": model.sd_seeds}
    row |= _interval("pooled", model.pooled)
    row |= _interval("pooled_honest", model.pooled_both_held_out)
    row |= _interval("equal_success", model.equal_success)
    row |= _interval("difference", model.difference)
    row |= _interval("difference_honest", model.difference_both_held_out)
    for name, estimate in model.chosen.items():
        row |= _interval(f"chosen_{name}", estimate)
    row["published"] = model.published.accuracy if model.published else None
    row["selection"] = model.selection
    row["optimistic"] = int(model.optimistic)
    row["parameters"] = model.parameters
    row["seconds"] = model.seconds
    row |= _pointing("", model.attention)
    row |= _pointing("_exact", model.attention_exact)
    for i, share in enumerate(SHARES):
        row[f"accuracy_{100 * share:.0f}"] = model.curve.accuracy[i].value if model.curve else None
    for i in range(N_FIFTHS):
        row[f"fifth_{i + 1}"] = model.curve.fifths[i] if model.curve else None
    weight = model.weight.weight if model.weight else None
    row |= _interval("weight", weight)
    row["entropy"] = model.weight.entropy if model.weight else None
    for control in CONTROLS:
        column = f"weight_{control}".replace("'s", "").replace(" ", "_")
        row[column] = model.weight.controls[control] if model.weight else None
    return row


def _pointing(suffix: str, pointing: PointingGame | None) -> dict[str, object]:
    """Return the columns of a pointing game: the attribute ``hits_uniform`` is in ``pointing_uniform``."""
    columns: dict[str, object] = {}
    for title, attribute in (("pointing", "hits"), ("energy", "energy")):
        for control in ("", "_uniform", "_centre"):
            columns[f"{title}{suffix}{control}"] = getattr(pointing, attribute + control) if pointing else None
    return columns


def _cell(value: object) -> object:
    is_infinite = isinstance(value, float) and not math.isfinite(value)
    if value is None or is_infinite:
        return ""
    return value
