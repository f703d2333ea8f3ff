"""Verification of an exported file: the export is made again from videos, models and study, and compared.

Cached features and analyses are not used. The study provides votes, notes and the cohort.
"""

import csv
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from skillviewer.core.analysis.analysis_json import AnalysisRecord
from skillviewer.core.errors import DatasetError, ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.registry import look_up
from skillviewer.core.timelines.annotation import Tier
from skillviewer.core.video.clips import ClipRange, frame_range, range_from_cells
from skillviewer.data.study import Study
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol
from skillviewer.export.destination import check_suffix
from skillviewer.export.embedded_record import (
    MAX_PASSES,
    AlteredExportError,
    ExportRecord,
    RecordedSource,
    parse_record,
    read_record,
)
from skillviewer.export.exporters import EXPORTERS, Exporter, StudyExportName
from skillviewer.export.file_differences import check_unpacked_size, first_difference
from skillviewer.export.options import options_from
from skillviewer.export.tables.tables import TABLES, export_table
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.model_library import checkpoint_digest as model_digest


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of a verification."""

    exporter: str  # name of the export
    difference: str  # sentence on the first difference, or ""
    identical: bool = False  # whether every byte is the same
    n_compared: int = 0  # number of words, numbers and pictures that were compared otherwise


class Verifier:
    """Verifier of exports, which makes them again and compares them.

    Args:
        sources: All videos that files may name, with title, range and study; models of sources are ignored.
        models: Folders of all checkpoints that files may name.
        study: Study for exports of a whole study, or None.
        open_model_cache: Returns a model cache that uses the given, empty cache of features.
        digits: Significant digits in which numbers must agree.
        videos_moved: Whether videos may lie in other folders than the file says.
    """

    def __init__(
        self,
        sources: Sequence[ExportSource],
        models: Sequence[Path],
        study: Path | None = None,
        *,
        open_model_cache: Callable[[FeatureCache], ModelCacheProtocol],
        digits: int = 17,
        videos_moved: bool = False,
    ) -> None:
        self._sources = [
            source if source.digest else replace(source, digest=digest_of(source.video)) for source in sources
        ]
        self._study = study
        self._open_model_cache = open_model_cache
        self._digits = digits
        self._videos_moved = videos_moved
        # reversed: the first of several folders with one checkpoint is used
        self._folders_by_digest = {model_digest(folder): folder for folder in reversed(models)}

    def verify(self, file: Path, token: CancelToken = NEVER, report: Report = silent) -> Verification:
        """Make an exported file again, and compare the two.

        Returns:
            The first difference; a value that no export has is a difference too.

        Raises:
            ExportError: The file is no export, or it cannot be made again.
            SkillViewerError: A source cannot be read.
        """
        name = ""
        with tempfile.TemporaryDirectory(prefix="skillviewer-") as folder:
            new_file = Path(folder) / f"again{file.suffix}"
            try:
                record = read_export(file)
                name = record.exporter
                problem = self._make_again(record, file, new_file, token, report)
            except AlteredExportError as error:
                problem = str(error)
            if problem:
                return Verification(name, problem)
            if file.read_bytes() == new_file.read_bytes():
                return Verification(name, "", identical=True)
            n_compared, difference = first_difference(file, new_file, self._digits, videos_moved=self._videos_moved)
            return Verification(name, difference, n_compared=n_compared)

    def _make_again(self, record: ExportRecord, file: Path, new_file: Path, token: CancelToken, report: Report) -> str:
        """Make an export again; return a sentence if it names a video or a model that is not given, else ""."""
        study_exporters = {exporter.name: exporter for exporter in STUDY_EXPORTERS}
        study_exporter = study_exporters.get(record.exporter)
        with _refusals_as_altered(record):
            exporter = study_exporter or look_up(EXPORTERS, record.exporter, "export", ExportError)
            options = options_from(exporter.options, record.options)
            check_suffix(file, exporter.suffixes)
        if record.made_on:
            options = replace(options, made_on=date.fromisoformat(record.made_on))
        if isinstance(exporter, Exporter):
            return self._make_from_videos(record, exporter, options, new_file, token, report)
        if self._study is None:
            raise ExportError(f"“{exporter.title}” is made of a whole study: give it with --study.")
        if getattr(options, "names", True) is False:
            raise ExportError("Participants have random numbers in this report, so it cannot be reproduced.")
        if exporter.name == StudyExportName.LOG:
            n_events = len(_read_rows(file))
            with Study.open(self._study, read_only=True) as study:
                export_table("log", new_file, study.log()[:n_events])  # later events are no difference
        else:
            exporter.export(self._study, new_file, options, token=token, report=report)
        return ""

    def _make_from_videos(
        self,
        record: ExportRecord,
        exporter: Exporter,
        options: object,
        new_file: Path,
        token: CancelToken,
        report: Report,
    ) -> str:
        columns = _COLUMNS.get(record.exporter, (_Columns(),))[0]
        sources: list[ExportSource] = []
        with tempfile.TemporaryDirectory(prefix="skillviewer-") as features:
            model_cache = self._open_model_cache(FeatureCache(Path(features)))
            with closing(model_cache), ExportService(lambda: model_cache, use_evidence_cache=False) as service:
                for recorded in record.sources:
                    source = self._find_source(recorded, columns)
                    if isinstance(source, str):
                        return source
                    assert source.model is not None
                    analysis = model_cache.assess(
                        source.model, source.video, recorded.passes, token, report, source.clip_range
                    )
                    sources.append(replace(source, analysis=analysis))
                with _refusals_as_altered(record):
                    service.write(ExportRequest(exporter, tuple(sources), new_file, options), token, report)
        return ""

    def _find_source(self, recorded: RecordedSource, columns: "_Columns") -> ExportSource | str:
        """Return the source that a record names, or a sentence if there is none."""
        sources = [source for source in self._sources if source.digest == recorded.video]
        if not sources:
            sources = [source for source in self._sources if source.video.name == Path(recorded.video).name]
        if not sources:
            return f"It names the video {recorded.video}, which is none of the given ones."
        folders = [
            folder for digest, folder in self._folders_by_digest.items() if recorded.model in (digest, folder.name)
        ]
        if not folders:
            return f"It names the model {recorded.model}, which is none of the given ones."
        folder = folders[0]
        sources.sort(key=lambda source: source.video.name != recorded.title)  # files with the same bytes: by name
        try:
            source, clip_range = _match_range(recorded, sources)
        except DatasetError as error:
            start, stop = recorded.times_s or recorded.clip_range[1:]
            return f"{columns.start} says {start}, {columns.stop} says {stop}: {error}"
        title = recorded.title
        if not title or title == source.video.name:
            title = source.title
        if title not in {source.title, folder.name, f"{source.title} – {folder.name}"}:
            return f"It is titled “{title}”, and shows {source.title} by {folder.name}."
        return replace(source, model=folder, model_digest=model_digest(folder), clip_range=clip_range, title=title)


def _match_range(recorded: RecordedSource, sources: Sequence[ExportSource]) -> tuple[ExportSource, ClipRange | None]:
    """Return the source with the recorded range, or else the first source; and the recorded range.

    Raises:
        DatasetError: The range is outside the video.
    """
    if recorded.times_s is None:
        clip_range = range_from_cells(*recorded.clip_range)
        if clip_range is not None:
            with VideoReader(sources[0].video, cache_bytes=0) as reader:
                clip_range.frames(reader.info)  # raises if the range is outside the file
        source = next((source for source in sources if source.clip_range == clip_range), sources[0])
        return source, clip_range
    with VideoReader(sources[0].video, cache_bytes=0) as reader:
        video = reader.info
    for source in sources:
        frames = source.clip.frames(video)
        start_s = round(float(video.times_s[frames.start]), 6)
        stop_s = round(video.end_s(frames.stop - 1), 6)
        if (start_s, stop_s) == recorded.times_s:
            return source, source.clip_range
    if recorded.times_s == (0.0, round(video.duration_s, 6)):
        return sources[0], None
    return sources[0], frame_range(video, *recorded.times_s)


@contextmanager
def _refusals_as_altered(record: ExportRecord) -> Iterator[None]:
    """Convert an ExportError into an AlteredExportError: no export was made with options that are refused."""
    try:
        yield
    except ExportError as error:
        if isinstance(error.__cause__, OSError):  # a problem of this computer, such as a full disk
            raise
        options = ", ".join(f"{name}: {value}" for name, value in record.options.items() if value is not None)
        raise AlteredExportError(
            f"exporter says {record.exporter}, options say {options or 'nothing'}: {error}"
        ) from error


def read_export(file: Path) -> ExportRecord:
    """Return the record in an exported file; for tables, results and maps a record made from their content.

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
    content = _read_rows(file)
    if isinstance(content, dict):
        if set(content) != set(AnalysisRecord.__annotations__):
            raise ValueError(_NO_TABLE)
        return _record_from_result(content)
    columns = set(content[0]) if content or file.suffix.lower() == ".json" else set()
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


def _record_from_table(rows: "Rows", columns: set[str]) -> ExportRecord:
    for kind in TABLES:
        if not kind.is_single_object and columns == {field.name for field in fields(kind.row_class)}:
            break
    else:
        raise ValueError(_NO_TABLE)
    if kind.name in {exporter.name for exporter in EXPORTERS} - set(_COLUMNS):
        raise ValueError(f"tables “{kind.name}” do not name the passes of the analyses that they are made of.")
    sources = _sources_in(rows, _COLUMNS.get(kind.name, ()))
    options = {}
    if kind.name == "timeline" and rows:
        tiers = {row["tier"] for row in rows}
        # a chosen tier without annotations looks like one that was not chosen
        options = {tier.name.lower(): tier.value in tiers for tier in Tier}
    return ExportRecord(kind.name, options, sources=tuple(sources))


def _read_rows(file: Path) -> Any:  # noqa: ANN401 - rows of a table, or the object of a result
    if file.suffix.lower() == ".csv":
        with file.open(encoding="utf-8", newline="") as opened_file:
            return list(csv.DictReader(opened_file))
    return json.loads(file.read_text(encoding="utf-8"))


Rows = Sequence[Mapping[str, Any]]
_NO_TABLE = "its columns are those of no table, or it has no rows."


@dataclass(frozen=True, slots=True)
class _Columns:
    """Names of the columns of a table that identify video, model, passes and analysed part."""

    video: str = "path"
    model: str = "model"
    passes: str = "n_passes"
    start: str = "start_s"
    stop: str = "stop_s"
    title: str = ""


_COLUMNS: Mapping[str, tuple[_Columns, ...]] = {
    "scores": (_Columns("video_digest", "model_digest", title="video"),),
    "curves": (_Columns(passes="pass_index"),),
    "evidence": (_Columns(passes="pass_index", start="from_s", stop="to_s"),),
    "comparison": tuple(_Columns(model=f"{side}_model", passes=f"{side}_passes") for side in ("first", "second")),
    "timeline": (_Columns(start="from_s", stop="to_s"),),
}


def _sources_in(rows: Rows, tables: Sequence[_Columns]) -> list[RecordedSource]:
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
