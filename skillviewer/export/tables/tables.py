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
from skillviewer.export.tables import model_rows as models
from skillviewer.export.tables import rows as made
from skillviewer.export.tables import vote_rows as votes
from skillviewer.export.tables.timeline_rows import TimelineRow, timeline_rows

TABLE_SUFFIXES = (".csv", ".json")
RECORD_SUFFIXES = (".json",)


@dataclass(frozen=True, slots=True)
class TableKind:
    """One kind of table."""

    name: str  # name by which it is asked for
    row: type[Any]  # dataclass of a row, or the typed dictionary of the whole
    # makes the rows; None if a JSON file holds one object rather than an array of rows
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
    TableKind("comparison-frames", models.FrameRow, models.frame_rows),
    TableKind("model-agreement", models.AgreementRow, models.agreement_rows),
    TableKind("model-ranks", models.RankRow, models.rank_rows),
    TableKind("judgements", votes.JudgementRow, votes.judgement_rows),
    TableKind("strengths", votes.StrengthRow, votes.strength_rows),
    TableKind("rated-items", RatedItem, list),
    TableKind("log", LogRow, list),
    TableKind("labels", LabelCount, list),
    TableKind("label-agreement", LabelAgreement, list),
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
    # it is described by the docstrings of the rows, which therefore list their attributes
    return msgspec.json.schema(kind.row if kind.whole else list[kind.row])  # type: ignore[name-defined]


def _table_of(name: str, source: Sequence[Any]) -> tuple[type[Any], Sequence[Any]]:
    kind = look_up(TABLES, name, "table", ExportError)
    assert kind.rows is not None
    return kind.row, kind.rows(*source)


def export_table(name: str, path: Path, *source: Any, overwrite: bool = False) -> Path:  # noqa: ANN401 - by the table
    """Write one of ``TABLES``, with rows, as CSV or JSON, by the suffix; its function of rows takes ``source``.

    Raises:
        DatasetError: There is nothing to compare.
        ExportError: Its rows cannot be made of these, the file is there already, or it cannot be written.
    """
    kind, rows = _table_of(name, source)
    if path.suffix.lower() != ".json":
        return write_csv(kind, rows, path, TABLE_SUFFIXES, overwrite=overwrite)
    with atomic_output(path, TABLE_SUFFIXES, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    return path


def preview_table(name: str, *source: Any) -> Preview:  # noqa: ANN401 - by the table
    """Return the first rows of a table; raises as ``export_table``."""
    return preview_rows(*_table_of(name, source))


def export_scores(analyses: Sequence[Analysis], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write one row for each analysis (``ScoreRow``) as CSV or JSON."""
    path = Path(path)
    return export_table("scores", path, analyses, overwrite=overwrite)


def export_curves(analyses: Sequence[Analysis], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write one row for each step of each pass of each analysis (``CurveRow``) as CSV or JSON."""
    path = Path(path)
    return export_table("curves", path, analyses, overwrite=overwrite)


def export_evidence(
    explained: Sequence[tuple[Analysis, Evidence]], path: str | Path, *, overwrite: bool = False
) -> Path:
    """Write one row for each segment and cell of each pass (``EvidenceRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: Evidence is of another analysis, the file is there already, or it cannot be written.
    """
    path = Path(path)
    return export_table("evidence", path, explained, overwrite=overwrite)


def export_comparison(analyses: Sequence[Analysis], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write one row for every two models on each video (``ComparisonRow``) as CSV or JSON, by the suffix.

    Raises:
        ExportError: No video is analysed by two models, the file is there already, or it cannot be written.
    """
    path = Path(path)
    return export_table("comparison", path, analyses, overwrite=overwrite)


def write_csv(
    kind: type[Any], rows: Sequence[Any], path: Path, suffixes: Sequence[str] = (".csv",), *, overwrite: bool
) -> Path:
    """Write rows as CSV: UTF-8, dot decimals, one header line with a row's fields, no formulas (``core.csv_safety``).

    Raises:
        ExportError: The file is refused or cannot be written (see ``destination.atomic_output``).
    """
    # a path on Linux may hold bytes that are no UTF-8: they are written as \udcXX
    with (
        atomic_output(path, suffixes, overwrite=overwrite) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.DictWriter(file, [f.name for f in fields(kind)], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: escape_cell(value) for name, value in asdict(row).items()} for row in rows)
    return path


def export_record(analysis: Analysis, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the result of one analysis as JSON (``AnalysisRecord``), as ``skillviewer score --json`` prints it."""
    path = Path(path)
    with atomic_output(path, RECORD_SUFFIXES, overwrite=overwrite) as temporary:
        temporary.write_text(json.dumps(analysis_json(analysis), indent=1) + "\n", encoding="utf-8")
    return path


MAPS_SUFFIXES = (".npz",)
MAPS_FORMAT = 1


def export_maps(analysis: Analysis, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the attention maps of one analysis as NumPy's ``.npz``, readable with ``numpy.load`` and without pickle.

    Arrays, for K passes of N sampled frames on a grid (h, w):

    - ``attention`` (K, N, h, w) float32, as the model computed it; row 0 is the top, column 0 the left of the picture;
    - ``frames`` (K, N) int64, sampled frames from 0; ``times_s`` (K, N) float64, their presentation times;
    - ``segment_stops`` (N,) int64, frame at which each segment ends (half open);
    - ``scores`` (K, N) float64, the score after every step;
    - ``map_kind`` string: distribution, gate, signed product or none (stored as uniform);
    - ``map_rect`` (4,) float64: left, top, right, bottom of the map as fractions of the picture;
    - ``picture_px`` (2,) int64: width and height of the picture;
    - ``about`` string: JSON with the path and digest of the video, start and end of the assessed range
      (``start_s``, ``stop_s``), the provenance and the number of this format.

    Raises:
        ExportError: The file is there already, or it cannot be written.
    """
    path = Path(path)
    video, rect = analysis.video, analysis.map_rect
    about = {
        "format": MAPS_FORMAT,
        "path": str(video.path),
        "video_digest": video.digest,
        "start_s": round(analysis.start_s, 6),
        "stop_s": round(analysis.stop_s, 6),
        "provenance": asdict(analysis.provenance),
    }
    with atomic_output(path, MAPS_SUFFIXES, overwrite=overwrite) as temporary, temporary.open("wb") as file:
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
