"""Table of an evaluation as CSV: a row per model and per ordering, fractions with a dot, empty where undefined."""

import csv
import math
from pathlib import Path

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.localisation import CONTROLS
from skillviewer.core.evaluation.score_progress import N_PARTS, SHARES
from skillviewer.engine.evaluation.record import EvaluationRecord
from skillviewer.engine.evaluation.results import ModelResult, PointingGame
from skillviewer.export.destination import atomic_output


def write_csv(record: EvaluationRecord, path: Path) -> None:
    """Write one row a model, and one an ordering.

    Raises:
        ExportError: It cannot be written.
    """
    rows = [_csv_row(m) for m in record.models]
    for ordering in record.orderings if rows else ():
        estimates = (("pooled", ordering.pooled), ("pooled_honest", ordering.both_new))
        cells = {name: value for column, estimate in estimates for name, value in _interval(column, estimate).items()}
        ordering_cells = {"model": ordering.name, **cells, **_interval("equal_success", ordering.equal_success)}
        rows.append({name: ordering_cells.get(name) for name in rows[0]})
    with (
        atomic_output(path, (".csv",), overwrite=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0] if rows else ["model"])
        writer.writerows([_cell(value) for value in row.values()] for row in rows)


def _interval(name: str, estimate: PooledEstimate | None) -> dict[str, object]:
    ends = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))


def _csv_row(m: ModelResult) -> dict[str, object]:
    return {
        "model": m.model,
        **m.metrics,
        "sd_folds": m.sd,
        "sd_seeds": m.sd_seeds,
        **_interval("pooled", m.pooled),
        **_interval("pooled_honest", m.pooled_both_held_out),
        **_interval("equal_success", m.equal_success),
        **_interval("difference", m.difference),
        **_interval("difference_honest", m.difference_both_held_out),
        **{key: cell for name in m.chosen for key, cell in _interval(f"chosen_{name}", m.chosen[name]).items()},
        "published": m.published.accuracy if m.published else None,
        "selection": m.selection,
        "optimistic": int(m.optimistic),
        "parameters": m.parameters,
        "seconds": m.seconds,
        **_pointing("", m.attention),
        **_pointing("_exact", m.attention_exact),
        **{
            f"accuracy_{share:.0%}".rstrip("%"): m.curve.accuracy[i].value if m.curve else None
            for i, share in enumerate(SHARES)
        },
        **{f"fifth_{i + 1}": m.curve.fifths[i] if m.curve else None for i in range(N_PARTS)},
        **_interval("weight", m.weight.weight if m.weight else None),
        "entropy": m.weight.entropy if m.weight else None,
        **{
            f"weight_{control}".replace("'s", "").replace(" ", "_"): m.weight.controls[control] if m.weight else None
            for control in CONTROLS
        },
    }


def _pointing(suffix: str, a: PointingGame | None) -> dict[str, object]:
    numbers = {"pointing": "hits", "energy": "energy"}
    return {
        f"{title}{suffix}{control}": getattr(a, f"{name}{control}") if a else None
        for title, name in numbers.items()
        for control in ("", "_uniform", "_centre")
    }


def _cell(value: object) -> object:
    return "" if value is None or (isinstance(value, float) and not math.isfinite(value)) else value
