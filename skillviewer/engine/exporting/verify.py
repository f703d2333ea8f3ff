"""Verification of an exported file: the export is made again from videos, models and study, and compared.

Cached features and analyses are not used. The study provides votes, notes and the cohort.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from skillviewer.core.errors import DatasetError, ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.registry import look_up
from skillviewer.core.video.clips import ClipRange, frame_range, range_from_cells
from skillviewer.data.study import Study
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.exporting.recorded_export import SOURCE_COLUMNS, SourceColumns, read_export, read_rows
from skillviewer.engine.exporting.requests import ExportRequest, ExportSource
from skillviewer.engine.exporting.service import ExportService
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol
from skillviewer.export.destination import check_suffix
from skillviewer.export.embedded_record import AlteredExportError, ExportRecord, RecordedSource
from skillviewer.export.exporters import EXPORTERS, Exporter, StudyExportName
from skillviewer.export.file_differences import first_difference
from skillviewer.export.options import options_from
from skillviewer.export.tables.tables import export_table
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
        self._sources = [_with_digest(source) for source in sources]
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
        options = exporter.recorded_options(self._study, options)
        if exporter.name == StudyExportName.LOG:
            n_events = len(read_rows(file))
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
        columns = SOURCE_COLUMNS.get(record.exporter, (SourceColumns(),))[0]
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

    def _find_source(self, recorded: RecordedSource, columns: SourceColumns) -> ExportSource | str:
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


def _with_digest(source: ExportSource) -> ExportSource:
    if source.digest:
        return source
    return replace(source, digest=digest_of(source.video))


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
