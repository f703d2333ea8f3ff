"""Tables for other programs, as CSV (UTF-8, dot decimals, one header line) or as JSON (an array of objects).

pandas reads both without arguments. The columns are the fields of the dataclass of a row, for example in
``export/tables/rows.py``. The JSON Schema of a table is made from this dataclass. The suffix of the file chooses the
format. Every function that writes raises an ``ExportError`` if the file already exists or cannot be written.
"""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.analysis_json import AnalysisRecord, analysis_json
from skillviewer.core.csv_safety import escape_cell
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.ratings.rated_item import RatedItem
from skillviewer.core.registry import look_up, table
from skillviewer.core.study_log import LogRow
from skillviewer.core.timelines.labels import LabelAgreement, LabelCount
from skillviewer.export.destination import atomic_output
from skillviewer.export.preview import Preview, preview_rows
from skillviewer.export.tables import model_rows, rows, vote_rows
from skillviewer.export.tables.timeline_rows import TimelineRow, timeline_rows

TABLE_SUFFIXES = (".csv", ".json")
RECORD_SUFFIXES = (".json",)


@dataclass(frozen=True, slots=True)
class TableKind:
    """One kind of table."""

    name: str  # name of the table
    row_class: type[Any]  # dataclass of a row, or typed dictionary of a JSON file with one object
    make_rows: Callable[..., Sequence[Any]] | None  # returns the rows; None for a JSON file with one object

    @property
    def is_single_object(self) -> bool:
        """True if a JSON file holds one object instead of an array of rows."""
        return self.make_rows is None


def _evidence_rows(analyses_and_evidence: Sequence[tuple[Analysis, Evidence]]) -> list[rows.EvidenceRow]:
    evidence_rows = []
    for analysis, evidence in analyses_and_evidence:
        evidence_rows += rows.evidence_rows(analysis, evidence)
    return evidence_rows


TABLES = table(
    TableKind("scores", rows.ScoreRow, rows.score_rows),
    TableKind("curves", rows.CurveRow, rows.curve_rows),
    TableKind("evidence", rows.EvidenceRow, _evidence_rows),
    TableKind("comparison", rows.ComparisonRow, rows.comparison_rows),
    TableKind("comparison-frames", model_rows.FrameRow, model_rows.frame_rows),
    TableKind("model-agreement", model_rows.AgreementRow, model_rows.agreement_rows),
    TableKind("model-ranks", model_rows.RankRow, model_rows.rank_rows),
    TableKind("judgements", vote_rows.JudgementRow, vote_rows.judgement_rows),
    TableKind("strengths", vote_rows.StrengthRow, vote_rows.strength_rows),
    TableKind("rated-items", RatedItem, list),
    TableKind("log", LogRow, list),
    TableKind("labels", LabelCount, list),
    TableKind("label-agreement", LabelAgreement, list),
    TableKind("timeline", TimelineRow, timeline_rows),
    TableKind("result", AnalysisRecord, None),
)


def table_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of the JSON file of a table.

    The docstring of the row describes the columns, so it lists all attributes.

    Raises:
        ExportError: There is no such table.
    """
    import msgspec

    kind = look_up(TABLES, name, "table", ExportError)
    row_class = kind.row_class
    if kind.is_single_object:
        return msgspec.json.schema(row_class)
    return msgspec.json.schema(list[row_class])  # type: ignore[valid-type]


def _make_table(name: str, arguments: Sequence[Any]) -> tuple[type[Any], Sequence[Any]]:
    """Return the class of the rows of a table, and its rows."""
    kind = look_up(TABLES, name, "table", ExportError)
    assert kind.make_rows is not None
    return kind.row_class, kind.make_rows(*arguments)


def export_table(
    name: str,
    path: Path,
    *arguments: Any,  # noqa: ANN401 - of the table
    overwrite: bool = False,
) -> Path:
    """Write one of ``TABLES`` as CSV or JSON, by the suffix.

    ``arguments`` are those of the ``make_rows`` of the table.

    Raises:
        DatasetError: There are no comparisons.
        ExportError: The rows cannot be made, or the file is refused or cannot be written.
    """
    row_class, table_rows = _make_table(name, arguments)
    if path.suffix.lower() != ".json":
        return write_csv(row_class, table_rows, path, TABLE_SUFFIXES, overwrite=overwrite)
    with atomic_output(path, TABLE_SUFFIXES, overwrite=overwrite) as temp_path:
        text = json.dumps([asdict(row) for row in table_rows], indent=1)
        temp_path.write_text(text + "\n", encoding="utf-8")
    return path


def preview_table(name: str, *arguments: Any) -> Preview:  # noqa: ANN401 - of the table
    """Return the first rows of a table; arguments and errors are those of ``export_table``."""
    row_class, table_rows = _make_table(name, arguments)
    return preview_rows(row_class, table_rows)


def export_scores(analyses: Sequence[Analysis], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write one row for each analysis (``ScoreRow``) as CSV or JSON."""
    path = Path(path)
    return export_table("scores", path, analyses, overwrite=overwrite)


def export_curves(analyses: Sequence[Analysis], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write one row for each step of each pass of each analysis (``CurveRow``) as CSV or JSON."""
    path = Path(path)
    return export_table("curves", path, analyses, overwrite=overwrite)


def export_evidence(
    analyses_and_evidence: Sequence[tuple[Analysis, Evidence]], path: str | Path, *, overwrite: bool = False
) -> Path:
    """Write one row for each segment and cell of each pass (``EvidenceRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: Evidence is of another analysis, or the file is refused or cannot be written.
    """
    path = Path(path)
    return export_table("evidence", path, analyses_and_evidence, overwrite=overwrite)


def export_comparison(analyses: Sequence[Analysis], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write one row for every two models on each video (``ComparisonRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: No video is analysed by two models, or the file is refused or cannot be written.
    """
    path = Path(path)
    return export_table("comparison", path, analyses, overwrite=overwrite)


def write_csv(
    row_class: type[Any], table_rows: Sequence[Any], path: Path, suffixes: Sequence[str] = (".csv",), *, overwrite: bool
) -> Path:
    """Write rows as CSV: UTF-8, dot decimals, one header line with the fields of the rows.

    Cells that spreadsheets would run as formulas are escaped (``core.csv_safety``).

    Raises:
        ExportError: The file is refused or cannot be written (see ``destination.atomic_output``).
    """
    # paths on Linux may contain bytes that are not valid UTF-8: they are written as \udcXX
    with (
        atomic_output(path, suffixes, overwrite=overwrite) as temp_path,
        temp_path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.DictWriter(file, [field.name for field in fields(row_class)], lineterminator="\n")
        writer.writeheader()
        for row in table_rows:
            writer.writerow({name: escape_cell(value) for name, value in asdict(row).items()})
    return path


def export_record(analysis: Analysis, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the result of one analysis as JSON (``AnalysisRecord``), as ``skillviewer score --json`` prints it."""
    path = Path(path)
    with atomic_output(path, RECORD_SUFFIXES, overwrite=overwrite) as temp_path:
        temp_path.write_text(json.dumps(analysis_json(analysis), indent=1) + "\n", encoding="utf-8")
    return path


MAPS_SUFFIXES = (".npz",)
MAPS_FORMAT = 1


def export_maps(analysis: Analysis, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the attention maps of one analysis as NumPy's ``.npz``, readable with ``numpy.load`` and without pickle.

    Arrays, for K passes of N sampled frames on a grid (h, w):

    - ``attention`` (K, N, h, w) float32, as the model computed it; row 0 is the top, column 0 the left of the picture;
    - ``frames`` (K, N) int64, sampled frames from 0; ``times_s`` (K, N) float64, their presentation times;
    - ``segment_stops`` (N,) int64, frame after the last frame of each segment;
    - ``scores`` (K, N) float64, the score after every step;
    - ``map_kind`` string: distribution, gate, signed product, or none (with uniform maps);
    - ``map_rect`` (4,) float64: left, top, right, bottom of the map as fractions of the picture;
    - ``picture_px`` (2,) int64: width and height of the picture;
    - ``about`` string: JSON with the path and digest of the video, start and end of the assessed range
      (``start_s``, ``stop_s``), the provenance and the number of this format.

    Raises:
        ExportError: The file is refused or cannot be written.
    """
    path = Path(path)
    video = analysis.video
    rect = analysis.map_rect
    about = {
        "format": MAPS_FORMAT,
        "path": str(video.path),
        "video_digest": video.digest,
        "start_s": round(analysis.start_s, 6),
        "stop_s": round(analysis.stop_s, 6),
        "provenance": asdict(analysis.provenance),
    }
    with atomic_output(path, MAPS_SUFFIXES, overwrite=overwrite) as temp_path, temp_path.open("wb") as file:
        np.savez_compressed(
            file,
            attention=analysis.attention,
            frames=analysis.samples,
            times_s=analysis.times_s,
            segment_stops=analysis.segment_stops,
            scores=analysis.score_curve,
            map_kind=np.array(str(analysis.map_kind)),
            map_rect=np.array([rect.left, rect.top, rect.right, rect.bottom]),
            picture_px=np.array([video.width_px, video.height_px], np.int64),
            about=np.array(json.dumps(about)),
        )
    return path
