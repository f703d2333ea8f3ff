"""Tables for other programs: CSV (UTF-8, dot decimals, one header line) or JSON (an array of objects with these keys).

pandas reads both without arguments. The columns are the fields of the dataclass of a row (``export/tables/rows.py``,
``export/tables/vote_rows.py``), from which the JSON Schema is made. The suffix of the file chooses the form. Every
function raises an ``ExportError`` if the file is there already, or cannot be written.
"""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.analysis_json import AnalysisRecord, analysis_json
from skillviewer.core.csv_safety import escape_cell
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.registry import look_up, table
from skillviewer.core.study_log import LogRow
from skillviewer.export.destination import aside
from skillviewer.export.preview import Preview, table_preview
from skillviewer.export.tables import rows as made
from skillviewer.export.tables import vote_rows as votes
from skillviewer.export.tables.timeline_rows import TimelineRow, timeline_rows

TABLE_SUFFIXES = (".csv", ".json")
RECORD_SUFFIXES = (".json",)


@dataclass(frozen=True, slots=True)
class TableKind:
    """One kind of table.

    Attributes:
        name: Name by which it is asked for.
        row: Dataclass of a row, or the typed dictionary of the whole.
        rows: Makes the rows; None where a JSON file holds one object rather than an array of rows.
    """

    name: str
    row: type[Any]
    rows: Callable[..., Sequence[Any]] | None

    @property
    def whole(self) -> bool:
        """True if a JSON file holds one object rather than an array of rows."""
        return self.rows is None


def _explained_rows(explained: Sequence[tuple[Analysis, Evidence]]) -> list[made.EvidenceRow]:
    return [row for analysis, evidence in explained for row in made.evidence_rows(analysis, evidence)]


TABLES = table(
    TableKind("scores", made.ScoreRow, made.score_rows),
    TableKind("curves", made.CurveRow, made.curve_rows),
    TableKind("evidence", made.EvidenceRow, _explained_rows),
    TableKind("comparison", made.ComparisonRow, made.comparison_rows),
    TableKind("judgements", votes.JudgementRow, votes.judgement_rows),
    TableKind("strengths", votes.StrengthRow, votes.strength_rows),
    TableKind("log", LogRow, list),
    TableKind("timeline", TimelineRow, timeline_rows),
    TableKind("result", AnalysisRecord, None),
)


def table_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a table's JSON file.

    Raises:
        ExportError: There is no such table.
    """
    import msgspec

    kind = look_up(TABLES, name, "table", ExportError)
    return msgspec.json.schema(kind.row if kind.whole else list[kind.row])  # type: ignore[name-defined]


def _table_of(name: str, source: Sequence[Any]) -> tuple[type[Any], Sequence[Any]]:
    kind = look_up(TABLES, name, "table", ExportError)
    assert kind.rows is not None
    return kind.row, kind.rows(*source)


def export_table(name: str, path: Path, *source: Any, overwrite: bool = False) -> Path:  # noqa: ANN401 - by the table
    """Write a table as CSV or JSON, by the suffix.

    Args:
        name: Name of one of ``TABLES``, one with rows.
        path: Destination.
        source: Arguments of its function of rows.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        DatasetError: There is nothing to compare.
        ExportError: Its rows cannot be made of these, the file is there already, or it cannot be written.
    """
    kind, rows = _table_of(name, source)
    if path.suffix.lower() != ".json":
        return write_csv(kind, rows, path, TABLE_SUFFIXES, overwrite=overwrite)
    with aside(path, TABLE_SUFFIXES, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    return path


def preview_table(name: str, *source: Any) -> Preview:  # noqa: ANN401 - by the table
    """Return the first rows of a table; raises as ``export_table``."""
    return table_preview(*_table_of(name, source))


def export_scores(analyses: Sequence[Analysis], path: Path, *, overwrite: bool = False) -> Path:
    """Write one row for each analysis (``ScoreRow``) as CSV or JSON."""
    return export_table("scores", path, analyses, overwrite=overwrite)


def export_curves(analyses: Sequence[Analysis], path: Path, *, overwrite: bool = False) -> Path:
    """Write one row for each step of each pass of each analysis (``CurveRow``) as CSV or JSON."""
    return export_table("curves", path, analyses, overwrite=overwrite)


def export_evidence(explained: Sequence[tuple[Analysis, Evidence]], path: Path, *, overwrite: bool = False) -> Path:
    """Write one row for each segment and cell of each pass (``EvidenceRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: Evidence is of another analysis, the file is there already, or it cannot be written.
    """
    return export_table("evidence", path, explained, overwrite=overwrite)


def export_comparison(analyses: Sequence[Analysis], path: Path, *, overwrite: bool = False) -> Path:
    """Write one row for every two models on each video (``ComparisonRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: No video is analysed by two models, the file is there already, or it cannot be written.
    """
    return export_table("comparison", path, analyses, overwrite=overwrite)


def write_csv(
    kind: type[Any], rows: Sequence[Any], path: Path, suffixes: Sequence[str] = (".csv",), *, overwrite: bool
) -> Path:
    """Write rows as CSV: UTF-8, dot decimals, one header line with a row's fields, no formulas (``core.csv_safety``).

    Raises:
        ExportError: The file is refused or cannot be written (see ``destination.aside``).
    """
    # a path on Linux may hold bytes that are no UTF-8: they are written as \udcXX
    with (
        aside(path, suffixes, overwrite=overwrite) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.DictWriter(file, [f.name for f in fields(kind)], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: escape_cell(value) for name, value in asdict(row).items()} for row in rows)
    return path


def export_record(analysis: Analysis, path: Path, *, overwrite: bool = False) -> Path:
    """Write the result of one analysis as JSON (``AnalysisRecord``), as ``skillviewer score --json`` prints it."""
    with aside(path, RECORD_SUFFIXES, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps(analysis_json(analysis), indent=1) + "\n", encoding="utf-8")
    return path
