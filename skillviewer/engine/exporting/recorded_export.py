"""Records of exported files: embedded ones, and those made from the columns of tables, results and maps."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from skillviewer.core.analysis.analysis_json import AnalysisRecord
from skillviewer.core.errors import ExportError
from skillviewer.core.timelines.annotation import Tier
from skillviewer.export.embedded_record import (
    MAX_PASSES,
    AlteredExportError,
    ExportRecord,
    RecordedSource,
    parse_record,
    read_record,
)
from skillviewer.export.exporters import EXPORTERS
from skillviewer.export.file_differences import check_unpacked_size
from skillviewer.export.tables.tables import TABLES, TableKind

Rows = Sequence[Mapping[str, Any]]
_NO_TABLE_TEXT = "its columns are those of no table, or it has no rows."


@dataclass(frozen=True, slots=True)
class SourceColumns:
    """Names of the columns of a table that identify video, model, passes and analysed part."""

    video: str = "path"
    model: str = "model"
    passes: str = "n_passes"
    start: str = "start_s"
    stop: str = "stop_s"
    title: str = ""


SOURCE_COLUMNS: Mapping[str, tuple[SourceColumns, ...]] = {
    "scores": (SourceColumns("video_digest", "model_digest", title="video"),),
    "curves": (SourceColumns(passes="pass_index"),),
    "evidence": (SourceColumns(passes="pass_index", start="from_s", stop="to_s"),),
    "comparison": tuple(SourceColumns(model=f"{side}_model", passes=f"{side}_passes") for side in ("first", "second")),
    "timeline": (SourceColumns(start="from_s", stop="to_s"),),
}


def read_export(file: Path) -> ExportRecord:
    """Return the record in an exported file. For tables, results and maps the record is made from their content.

    Raises:
        AlteredExportError: A field has a value that no export has.
        ExportError: The file is no export, or cannot be read.
    """
    record = read_record(file)
    if record is not None:
        return record
    if file.suffix.lower() not in {".csv", ".json", ".npz"}:
        raise ExportError(
            f"{file} has no record of its making: it is no export, was written anew by another program, or by an older "
            "SkillViewer."
        )
    try:
        return parse_record(msgspec.to_builtins(_record_from_content(file)))
    except AlteredExportError:
        raise
    except Exception as error:  # zipfile and numpy raise many kinds for damaged files
        raise ExportError(f"{file} is no export that can be checked: {error}") from error


def _record_from_content(file: Path) -> ExportRecord:
    if file.suffix.lower() == ".npz":
        return _record_from_maps(file)
    content = read_rows(file)
    if isinstance(content, dict):
        if set(content) != set(AnalysisRecord.__annotations__):
            raise ValueError(_NO_TABLE_TEXT)
        return _record_from_result(content)
    columns: set[str] = set()
    if content or file.suffix.lower() == ".json":
        columns = set(content[0])
    return _record_from_table(content, columns)


def _record_from_maps(file: Path) -> ExportRecord:
    check_unpacked_size(file)
    with np.load(file, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        n_passes = int(arrays["frames"].shape[0])
    times_s = (about["start_s"], about["stop_s"])
    source = RecordedSource(about["video_digest"], about["provenance"]["model_digest"], n_passes, times_s=times_s)
    return ExportRecord("maps", sources=(source,))


def _record_from_result(result: Mapping[str, Any]) -> ExportRecord:
    times_s = (result["start_s"], result["stop_s"])
    model = result["provenance"]["model_digest"]
    source = RecordedSource(result["video"]["digest"], model, len(result["passes"]), times_s=times_s)
    return ExportRecord("result", sources=(source,))


def _record_from_table(rows: Rows, columns: set[str]) -> ExportRecord:
    kind = _find_table_kind(columns)
    if kind.name in {exporter.name for exporter in EXPORTERS} - set(SOURCE_COLUMNS):
        raise ValueError(f"tables “{kind.name}” do not name the passes of the analyses that they are made of.")
    sources = _sources_in(rows, SOURCE_COLUMNS.get(kind.name, ()))
    options = {}
    if kind.name == "timeline" and rows:
        tiers = {row["tier"] for row in rows}
        # a chosen tier without annotations looks like one that was not chosen
        options = {tier.name.lower(): tier.value in tiers for tier in Tier}
    return ExportRecord(kind.name, options, sources=tuple(sources))


def _find_table_kind(columns: set[str]) -> TableKind:
    """Return the kind of table that has these columns, or raise ValueError."""
    for kind in TABLES:
        if not kind.is_single_object and columns == {field.name for field in fields(kind.row_class)}:
            return kind
    raise ValueError(_NO_TABLE_TEXT)


def read_rows(file: Path) -> Any:  # noqa: ANN401 - rows of a table, or the object of a result
    """Return the rows of a table as mappings, or the object of a JSON file with a single result."""
    if file.suffix.lower() == ".csv":
        with file.open(encoding="utf-8", newline="") as opened_file:
            return list(csv.DictReader(opened_file))
    return json.loads(file.read_text(encoding="utf-8"))


def _sources_in(rows: Rows, tables: Sequence[SourceColumns]) -> list[RecordedSource]:
    """Return the videos under models that the rows name, in order.

    ``tables`` has the columns of each source in a row: several if a row compares models.
    """
    passes_by_source: dict[RecordedSource, int] = {}
    for row_number, row in enumerate(rows, 1):
        for columns in tables:
            start_s = _read_number(row, columns.start, row_number, 0.0)
            stop_s = _read_number(row, columns.stop, row_number, 0.0)
            if not start_s < stop_s:
                raise AlteredExportError(
                    f"row {row_number}, {columns.start} says {start_s} and {columns.stop} says {stop_s}: no part of a "
                    "video."
                )
            if columns.passes == "pass_index":
                n_passes = int(_read_number(row, columns.passes, row_number, low=0, high=MAX_PASSES - 1)) + 1
            else:
                n_passes = int(_read_number(row, columns.passes, row_number, low=1, high=MAX_PASSES))
            title = str(row[columns.title]) if columns.title else ""
            source = RecordedSource(row[columns.video], row[columns.model], 1, title=title, times_s=(start_s, stop_s))
            passes_by_source[source] = max(n_passes, passes_by_source.get(source, 1))
    return [msgspec.structs.replace(source, passes=n_passes) for source, n_passes in passes_by_source.items()]


def _read_number(row: Mapping[str, Any], column: str, row_number: int, low: float, high: float = math.inf) -> float:
    """Return a number of a row, or raise an AlteredExportError if it is not a number from ``low`` to ``high``."""
    try:
        number = float(row[column])
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high or math.isinf(number):
        raise AlteredExportError(f"row {row_number}, {column} says {row[column]!s:.60}, which no export says.")
    return number
