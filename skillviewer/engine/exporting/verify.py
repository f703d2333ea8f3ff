"""Verification of an exported file: the export is made again from videos, models and study, and compared with it.

Models are asked anew, without cached features and analyses. A study gives votes, notes and comparable videos.
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
from skillviewer.core.video.clips import ClipRange, frame_range, range_from
from skillviewer.data.study import Study
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS
from skillviewer.engine.features.cache import FeatureCache
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
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.export.file_differences import check_unpacked_size, first_difference
from skillviewer.export.options import options_from
from skillviewer.export.tables.tables import TABLES, export_table
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.library import digest as model_digest


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of a verification."""

    exporter: str  # name of the export
    difference: str  # sentence on the first difference, or ""
    identical: bool = False  # whether every byte is the same
    n_compared: int = 0  # number of words, numbers and pictures that were compared otherwise


class Verifier:
    """Makes exports again. It is given all videos and models that files may name.

    Args:
        sources: Videos with title, range and study; ``model`` and ``model_digest`` are not used.
        models: Folders of the checkpoints.
        study: The study for exports of a whole study, or None.
        open_model_cache: Opens the models, given an empty cache of features.
        digits: Numbers may differ behind so many significant digits.
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
        self._files_moved = videos_moved
        self._models = {model_digest(folder): folder for folder in reversed(models)}  # of two names the first counts

    def verify(self, file: Path, token: CancelToken = NEVER, report: Report = silent) -> Verification:
        """Make the export in a file again, and compare.

        Returns:
            The first difference. A value that no export has is one, too.

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
                problem = self._make(record, file, new_file, token, report)
            except AlteredExportError as error:
                problem = str(error)
            if problem:
                return Verification(name, problem)
            if file.read_bytes() == new_file.read_bytes():
                return Verification(name, "", identical=True)
            n, difference = first_difference(file, new_file, self._digits, videos_moved=self._files_moved)
            return Verification(name, difference, n_compared=n)

    def _make(self, record: ExportRecord, file: Path, new_file: Path, token: CancelToken, report: Report) -> str:
        """Make an export again; return a sentence if it names what there is not."""
        whole = {exporter_of_study.name: exporter_of_study for exporter_of_study in STUDY_EXPORTERS}.get(
            record.exporter
        )
        with _refusal_as_finding(record):
            exporter = whole or look_up(EXPORTERS, record.exporter, "export", ExportError)
            options = options_from(exporter.options, record.options)
            check_suffix(file, exporter.suffixes)
        if record.made_on:
            options = replace(options, made_on=date.fromisoformat(record.made_on))
        if not isinstance(exporter, Exporter):
            if self._study is None:
                raise ExportError(f"“{exporter.title}” is made of a whole study: give it with --study.")
            if getattr(options, "names", True) is False:
                raise ExportError("Participants have random numbers in this report, so it cannot be reproduced.")
            if exporter.name == "log":  # events that came after the file are no difference
                with Study.open(self._study, read_only=True) as study:
                    export_table("log", new_file, study.log()[: len(_data_in(file))])
            else:
                exporter.export(self._study, new_file, options, token=token, report=report)
            return ""
        sources: list[ExportSource] = []
        with tempfile.TemporaryDirectory(prefix="skillviewer-") as features:
            model_cache = self._open_model_cache(FeatureCache(Path(features)))
            with closing(model_cache), ExportService(lambda: model_cache, use_evidence_cache=False) as service:
                for recorded in record.sources:
                    source = self._find_source(recorded, _COLUMNS.get(record.exporter, (_Columns(),))[0])
                    if isinstance(source, str):
                        return source
                    assert source.model is not None
                    analysis = model_cache.assess(
                        source.model, source.video, recorded.passes, token, report, source.clip_range
                    )
                    sources.append(replace(source, analysis=analysis))
                with _refusal_as_finding(record):
                    service.write(ExportRequest(exporter, tuple(sources), new_file, options), token, report)
        return ""

    def _find_source(self, recorded: RecordedSource, columns: "_Columns") -> ExportSource | str:
        """Return the source that a record names, or a sentence that there is none."""
        recorded_name = recorded.video
        sources = [t for t in self._sources if recorded_name == t.digest] or [
            t for t in self._sources if Path(recorded_name).name == t.video.name
        ]
        if not sources:
            return f"It names the video {recorded_name}, which is none of the given ones."
        folders = [f for d, f in self._models.items() if recorded.model in (d, f.name)]
        if not folders:
            return f"It names the model {recorded.model}, which is none of the given ones."
        # of videos with the same bytes, the one of that name
        try:
            source, clip_range = _part(recorded, sorted(sources, key=lambda t: t.video.name != recorded.title))
        except DatasetError as error:
            start, stop = recorded.times_s or recorded.clip_range[1:]
            return f"{columns.start} says {start}, {columns.stop} says {stop}: {error}"
        title = recorded.title or source.title
        name = folders[0].name
        title = source.title if title == source.video.name else title
        if title not in {source.title, name, f"{source.title} – {name}"}:
            return f"It is titled “{title}”, and shows {source.title} by {name}."
        return replace(
            source, model=folders[0], model_digest=model_digest(folders[0]), clip_range=clip_range, title=title
        )


def _part(recorded: RecordedSource, sources: Sequence[ExportSource]) -> tuple[ExportSource, ClipRange | None]:
    """Return the source whose part is meant, and the part."""
    if recorded.times_s is None:
        clip_range = range_from(*recorded.clip_range)
        if clip_range is not None:
            with VideoReader(sources[0].video, cache_bytes=0) as reader:
                clip_range.frames(reader.info)  # outside the file it is an error
        return next((t for t in sources if t.clip_range == clip_range), sources[0]), clip_range
    with VideoReader(sources[0].video, cache_bytes=0) as reader:
        video = reader.info
    for source in sources:
        frames = source.clip.frames(video)
        ends = round(float(video.times_s[frames.start]), 6), round(video.end_s(frames.stop - 1), 6)
        if ends == recorded.times_s:
            return source, source.clip_range
    if recorded.times_s == (0.0, round(video.duration_s, 6)):
        return sources[0], None
    return sources[0], frame_range(video, *recorded.times_s)


@contextmanager
def _refusal_as_finding(record: ExportRecord) -> Iterator[None]:
    """Raise what the exporter refuses as an AlteredExportError: no export was made with such options."""
    try:
        yield
    except ExportError as error:
        if isinstance(error.__cause__, OSError):  # the disk is full, say
            raise
        options = ", ".join(f"{name}: {value}" for name, value in record.options.items() if value is not None)
        raise AlteredExportError(
            f"exporter says {record.exporter}, options say {options or 'nothing'}: {error}"
        ) from error


def read_export(file: Path) -> ExportRecord:
    """Return the record of how a file was made; of tables, results and maps from their rows.

    Raises:
        AlteredExportError: A field has a value that no export has.
        ExportError: It is no export, or cannot be read.
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
        return parse_record(msgspec.to_builtins(_of_data(file)))
    except AlteredExportError:
        raise
    except Exception as error:  # zipfile and numpy raise many kinds for damaged files
        raise ExportError(f"{file} is no export that can be checked: {error}") from error


def _of_data(file: Path) -> ExportRecord:
    if file.suffix.lower() == ".npz":
        check_unpacked_size(file)
        with np.load(file, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            passes = int(arrays["frames"].shape[0])
        times_s = (about["start_s"], about["stop_s"])
        source = RecordedSource(about["video_digest"], about["provenance"]["model_digest"], passes, times_s=times_s)
        return ExportRecord("maps", sources=(source,))
    rows = _data_in(file)
    head = set(rows) if isinstance(rows, dict) else set()
    if not isinstance(rows, dict) and (rows or file.suffix.lower() == ".json"):
        head = set(rows[0])
    if head == set(AnalysisRecord.__annotations__):
        times_s = (rows["start_s"], rows["stop_s"])
        model = rows["provenance"]["model_digest"]
        passes = len(rows["passes"])
        source = RecordedSource(rows["video"]["digest"], model, passes, times_s=times_s)
        return ExportRecord("result", sources=(source,))
    kind = next((k for k in TABLES if not k.is_single_object and head == {f.name for f in fields(k.row_class)}), None)
    if kind is None:
        raise ValueError("its columns are those of no table, or it has no rows.")
    if kind.name in {exporter.name for exporter in EXPORTERS} - set(_COLUMNS):
        raise ValueError(f"tables “{kind.name}” do not name the passes of the analyses that they are made of.")
    sources = _sources_in(rows, _COLUMNS.get(kind.name, ()))
    tiers = {row["tier"] for row in rows} if kind.name == "timeline" else set()
    options = {tier.name.lower(): tier.value in tiers for tier in Tier} if tiers else {}  # empty ones are alike
    return ExportRecord(kind.name, options, sources=tuple(sources))


def _data_in(file: Path) -> Any:  # noqa: ANN401 - rows, or one record
    if file.suffix.lower() == ".csv":
        with file.open(encoding="utf-8", newline="") as opened:
            return list(csv.DictReader(opened))
    return json.loads(file.read_text(encoding="utf-8"))


Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of a table that name a video, its part, a model, and the passes."""

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
    """Return the videos under models that rows name, in their order."""
    passes: dict[RecordedSource, int] = {}
    for n, row in enumerate(rows, 1):
        for columns in tables:
            start_s = _number(row, columns.start, n, 0.0)
            stop_s = _number(row, columns.stop, n, 0.0)
            if not start_s < stop_s:
                raise AlteredExportError(
                    f"row {n}, {columns.start} says {start_s} and {columns.stop} says {stop_s}: no part of a video."
                )
            first = 0 if columns.passes == "pass_index" else 1
            n_passes = int(_number(row, columns.passes, n, first, MAX_PASSES - 1 + first)) + 1 - first
            title = str(row[columns.title]) if columns.title else ""
            source = RecordedSource(row[columns.video], row[columns.model], 1, title=title, times_s=(start_s, stop_s))
            passes[source] = max(n_passes, passes.get(source, 1))
    return [msgspec.structs.replace(source, passes=n_passes) for source, n_passes in passes.items()]


def _number(row: Mapping[str, Any], column: str, n: int, low: float, high: float = math.inf) -> float:
    """Return a number of row ``n``, which lies in ``low`` to ``high``."""
    try:
        number = float(row[column])
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high or math.isinf(number):
        raise AlteredExportError(f"row {n}, {column} says {row[column]!s:.60}, which no export says.")
    return number
