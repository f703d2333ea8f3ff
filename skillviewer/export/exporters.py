"""Table of the exporters of analysed videos. Menus, dialogs, commands and contract tests are made from it.

To add an exporter, write a module with its function and add an entry here. Exporters of a whole study are in
``engine/exporting/study_exporters.py``.
"""

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar
from warnings import warn

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.atomic_write import check_not_source
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.registry import Registry, look_up
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.embedded_record import embed_record, make_record, with_date
from skillviewer.export.figures.comparison import ComparedOptions, export_compared, preview_compared
from skillviewer.export.figures.score_curve import CURVE_SUFFIXES, CurveOptions, export_curve, preview_curve
from skillviewer.export.pictures.blurring import SavedFaces, resolve_faces
from skillviewer.export.pictures.clip import CLIP_SUFFIXES, clip_warnings, export_grid, preview_clip
from skillviewer.export.pictures.contact_sheet import SHEET_SUFFIXES, SheetOptions, export_sheet, preview_sheet
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.pictures.still import STILL_SUFFIXES, export_stills, paint_still
from skillviewer.export.preview import Preview
from skillviewer.export.rendering.matplotlib_figure import FIGURE_SUFFIXES
from skillviewer.export.reports.page_preview import preview_report
from skillviewer.export.reports.report import REPORT_SUFFIXES, export_report
from skillviewer.export.reports.report_options import ReportOptions
from skillviewer.export.tables.tables import (
    MAPS_SUFFIXES,
    RECORD_SUFFIXES,
    TABLE_SUFFIXES,
    export_maps,
    export_record,
    export_table,
    preview_table,
)
from skillviewer.export.timelines.timeline import TIMELINE_SUFFIXES, TimelineOptions, export_timeline

TABLES_GROUP = "table"
REPORTS_GROUP = "report"
ONNX_COMMAND = "onnx"


class StudyExportName(StrEnum):
    """Names of the exports of a whole study, whose table is in ``engine/exporting/study_exporters.py``."""

    JUDGEMENTS = "judgements"
    STRENGTHS = "strengths"
    RATED_ITEMS = "rated-items"
    LOG = "log"
    LABELS = "labels"
    LABEL_AGREEMENT = "label-agreement"
    COHORT = "cohort"
    CHANGE = "change"
    STUDY = "study"


ResultT = TypeVar("ResultT")
MakePreview = Callable[[Sequence[AnalysedVideo], Any], Preview]
"""Returns a preview of an export from analysed videos and options."""
MakeWarnings = Callable[[Sequence[AnalysedVideo], Any, Path], tuple[str, ...]]
"""Returns warnings on an export from analysed videos, options and path."""


class Writer(Protocol):
    """Function that writes analysed videos to a path, within ``atomic_output``, and returns the path."""

    def __call__(
        self,
        videos: Sequence[AnalysedVideo],
        path: Path,
        options: Any,  # noqa: ANN401 - an instance of the exporter's own options, or None
        /,
        *,
        overwrite: bool,
        token: CancelToken,
        report: Report,
    ) -> Path:
        """Write a file, and return its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """One kind of file that the program writes from analysed videos.

    Attributes:
        name: Name on the command line.
        title: Name in the window.
        suffixes: Suffixes of the files; the first is the default.
        write: Function that writes a file; called by ``export``.
        options: Dataclass of the options, each with a default, or None.
        about: One sentence for the user.
        group: Command that has the exporter as a subcommand ("table" or "report"); "" for a command of its own.
        needs_video: Whether the video file is read; else the analysis is enough.
        takes_several: Whether one file can hold several analyses.
        least: Smallest number of analyses.
        needs_evidence: Whether every video must come with evidence.
        wants_evidence: Whether evidence is shown if a video comes with it.
        wants_annotations: Whether the annotations of the study are shown.
        preview: Function that returns a preview, or None.
        warnings: Function that returns warnings for the user before a file is written, or None.
        remarks: Deprecated name of ``warnings``, accepted for one version.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    write: Writer
    options: type[Any] | None = None
    about: str = ""
    group: str = ""
    needs_video: bool = False
    takes_several: bool = False
    least: int = 1
    needs_evidence: bool = False
    wants_evidence: bool = False
    wants_annotations: bool = False
    preview: MakePreview | None = None
    warnings: MakeWarnings | None = None
    remarks: InitVar[MakeWarnings | None] = None

    def __post_init__(self, remarks: MakeWarnings | None) -> None:
        if remarks is not None:  # plug-ins for earlier versions use this name
            warn("The argument remarks of Exporter is now warnings", DeprecationWarning, stacklevel=3)
            object.__setattr__(self, "warnings", remarks)

    def __reduce__(self) -> tuple[Callable[[str], "Exporter"], tuple[str]]:
        """Pickle by name: the functions cannot be pickled."""
        return exporter, (self.name,)

    @property
    def shows_evidence(self) -> bool:
        """True if evidence is shown, always or if a video comes with it."""
        return self.needs_evidence or self.wants_evidence

    def check(self, videos: Sequence[AnalysedVideo]) -> None:
        """Check that this exporter accepts these videos.

        Raises:
            ExportError: There are too few or too many videos, or one lacks required evidence.
        """
        n_videos = len(videos)
        has_too_many = n_videos > 1 and not self.takes_several
        if has_too_many or n_videos < self.least:
            raise ExportError(f"“{self.title}” needs {self._describe_input()}, not {n_videos}.")
        if not self.needs_evidence:
            return
        for video in videos:
            if video.evidence is None:
                raise ExportError(f"There is no evidence yet of {video.path.name}: explain its score first.")

    def _describe_input(self) -> str:
        if self.least > 1:
            return f"{self.least} or more analyses of a video, by as many models"
        return "one or more analysed videos" if self.takes_several else "one analysed video"

    def export(
        self,
        videos: Sequence[AnalysedVideo],
        path: str | Path,
        options: object = None,
        *,
        overwrite: bool = False,
        token: CancelToken = NEVER,
        report: Report = silent,
    ) -> Path:
        """Write an export.

        Args:
            videos: Analysed videos.
            path: Destination; its suffix chooses the format.
            options: An instance of ``options``, or None for the defaults.
            overwrite: Whether an existing file may be replaced.
            token: Cancels the export; no file is left.
            report: Receives the progress.

        Returns:
            The path of the file.

        Raises:
            ExportError: The export cannot be written; the message says why.
            VideoError: A video cannot be read.
        """
        prepared = self.prepare(videos, options, token=token, report=report)
        return prepared.write(path, overwrite=overwrite, token=token, report=report)

    def prepare(
        self,
        videos: Sequence[AnalysedVideo],
        options: object = None,
        *,
        saved_faces: SavedFaces | None = None,
        token: CancelToken = NEVER,
        report: Report = silent,
    ) -> "PreparedExport":
        """Check videos and options, and complete them: with a date, and with faces if faces are blurred.

        Args:
            videos: Analysed videos.
            options: An instance of ``options``, or None for the defaults.
            saved_faces: Store that saved faces are read from and new ones are written to, or None.
            token: Cancels the search for faces.
            report: Receives the progress of the search for faces.

        Raises:
            ExportError: The videos cannot be exported; the message says why.
            VideoError: A video cannot be read.
        """
        self.check(videos)
        token.check()
        if options is None and self.options is not None:
            options = self.options()
        options = with_date(options)
        videos, options = resolve_faces(videos, options, saved_faces, token, report)
        return PreparedExport(self, tuple(videos), options)


@dataclass(frozen=True, slots=True)
class PreparedExport:
    """Export with checked and completed videos and options, ready to be written."""

    exporter: Exporter
    videos: tuple[AnalysedVideo, ...]
    options: Any

    def warnings(self, path: Path) -> tuple[str, ...]:
        """Return the warnings on the export, one sentence each."""
        warnings: list[str] = []
        if self.exporter.warnings is not None:
            warnings += self.exporter.warnings(self.videos, self.options, path)
        video_warnings = [
            f"{video.path.name}: {video.analysis.all_warnings}" for video in self.videos if video.analysis.all_warnings
        ]
        return (*warnings, *dict.fromkeys(video_warnings))

    def write(
        self, path: str | Path, *, overwrite: bool = False, token: CancelToken = NEVER, report: Report = silent
    ) -> Path:
        """Write the export with its record, and return its path; raises as ``Exporter.export``."""
        path = Path(path)
        check_not_source(path, [video.path for video in self.videos])
        record = make_record(self.exporter.name, self.options, self.videos)
        written_path = self.exporter.write(
            self.videos, path, self.options, overwrite=overwrite, token=token, report=report
        )
        embed_record(written_path, record)
        return written_path


def quick_writer(export: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Return a writer from a function that is too quick to need cancellation and progress.

    Args:
        export: Takes source, path, options and ``overwrite``; returns the path, or warnings on the export of a study.
    """

    def write(
        source: object,
        path: Path,
        options: object,
        /,
        *,
        overwrite: bool,
        token: CancelToken,
        report: Report,  # noqa: ARG001 - part of the signature of all writers
    ) -> ResultT:
        token.check()
        return export(source, path, options, overwrite=overwrite)

    return write


def _write_report(
    videos: Sequence[AnalysedVideo],
    path: Path,
    options: ReportOptions,
    /,
    *,
    overwrite: bool,
    token: CancelToken,
    report: Report,
) -> Path:
    (video,) = videos
    return export_report(video, path, options, overwrite=overwrite, token=token, report=report)


def _preview_report(videos: Sequence[AnalysedVideo], options: ReportOptions | None) -> Preview:
    (video,) = videos
    return preview_report(lambda path: export_report(video, path, options))


def _preview_still(videos: Sequence[AnalysedVideo], options: StillOptions | None) -> Preview:
    if options is None:
        options = StillOptions()
    return Preview(paint_still(videos, options))


def _write_evidence(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
    analyses_and_evidence = [(video.analysis, video.evidence) for video in videos]
    return export_table("evidence", path, analyses_and_evidence, overwrite=overwrite)


def _write_result(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
    (video,) = videos
    return export_record(video.analysis, path, overwrite=overwrite)


def _write_maps(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
    (video,) = videos
    return export_maps(video.analysis, path, overwrite=overwrite)


def _analyses_of(videos: Sequence[AnalysedVideo]) -> list[Analysis]:
    return [video.analysis for video in videos]


def _table_exporter(
    name: str,
    title: str,
    about: str,
    *,
    least: int = 1,
    get_input: Callable[[Sequence[AnalysedVideo]], Sequence[object]] = _analyses_of,
) -> Exporter:
    """Return the exporter of a table. ``get_input`` returns the objects that the rows are made from."""

    def write(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
        return export_table(name, path, get_input(videos), overwrite=overwrite)

    def preview(videos: Sequence[AnalysedVideo], _options: object) -> Preview:
        return preview_table(name, get_input(videos))

    return Exporter(
        name=name,
        title=title,
        suffixes=TABLE_SUFFIXES,
        write=quick_writer(write),
        about=about,
        group=TABLES_GROUP,
        takes_several=True,
        least=least,
        preview=preview,
    )


EXPORTERS = Registry(
    Exporter(
        name="clip",
        title="Annotated clip",
        suffixes=CLIP_SUFFIXES,
        write=export_grid,
        options=ClipOptions,
        about="The video with its map, score curve and words; several play side by side on one clock.",
        needs_video=True,
        takes_several=True,
        preview=preview_clip,
        warnings=clip_warnings,
    ),
    Exporter(
        name="still",
        title="Still",
        suffixes=STILL_SUFFIXES,
        write=quick_writer(export_stills),
        options=StillOptions,
        about="One frame with its map; several videos show the same time side by side.",
        needs_video=True,
        takes_several=True,
        preview=_preview_still,
    ),
    Exporter(
        name="sheet",
        title="Contact sheet",
        suffixes=SHEET_SUFFIXES,
        write=export_sheet,
        options=SheetOptions,
        about="Sampled frames in rows, one row for each video or model, on one scale: a figure for a paper.",
        needs_video=True,
        takes_several=True,
        preview=lambda videos, options: Preview(preview_sheet(videos, options)),
    ),
    Exporter(
        name="curve",
        title="Score curve",
        suffixes=CURVE_SUFFIXES,
        write=quick_writer(export_curve),
        options=CurveOptions,
        about="Score curves over one axis as a drawing that stays sharp at any size.",
        takes_several=True,
        preview=lambda videos, options: Preview(preview_curve(videos, options)),
    ),
    Exporter(
        name="compared",
        title="Figure of compared models",
        suffixes=FIGURE_SUFFIXES,
        write=export_compared,
        options=ComparedOptions,
        about="One frame of a video as several models see it, with their score curves: a figure for a paper.",
        needs_video=True,
        takes_several=True,
        preview=lambda videos, options: Preview(preview_compared(videos, options)),
    ),
    Exporter(
        name="why",
        title="Why this score",
        suffixes=REPORT_SUFFIXES,
        write=_write_report,
        options=ReportOptions,
        about="Two pages: position of the score in its cohort, moments and contributions, limits, a line to sign.",
        group=REPORTS_GROUP,
        needs_video=True,
        wants_evidence=True,
        preview=_preview_report,
    ),
    Exporter(
        name="timeline",
        title="Timeline",
        suffixes=TIMELINE_SUFFIXES,
        write=quick_writer(export_timeline),
        options=TimelineOptions,
        about="Moments, notes, marks of votes, scores and evidence along time: a table, subtitles, ELAN, BORIS.",
        takes_several=True,
        wants_evidence=True,
        wants_annotations=True,
    ),
    _table_exporter(
        "scores", "Table of scores", "One row for each video and model: score, interval, and source of the numbers."
    ),
    _table_exporter(
        "curves",
        "Table of score curves",
        "One row for every step of every pass: frame, time, score, and position of the greatest value of the map.",
    ),
    Exporter(
        name="evidence",
        title="Table of evidence",
        suffixes=TABLE_SUFFIXES,
        write=quick_writer(_write_evidence),
        about="One row for every segment and cell: what it contributed to the score.",
        group=TABLES_GROUP,
        takes_several=True,
        needs_evidence=True,
    ),
    _table_exporter(
        "comparison",
        "Table of models compared",
        "One row for every two models on a video: how alike their maps and scores are.",
        least=2,
    ),
    _table_exporter(
        "comparison-frames",
        "Table of models compared by frame",
        "One row for every two models and sampled frame of a video: how alike their maps are.",
        least=2,
    ),
    _table_exporter(
        "model-agreement",
        "Table of agreement of models",
        "One row for every two models: agreement of their scores and of their maps over the videos.",
        least=2,
        get_input=list,
    ),
    _table_exporter(
        "model-ranks",
        "Table of ranks by models",
        "One row for every video and model: its rank, the videos first on which the models disagree most.",
        least=2,
        get_input=list,
    ),
    Exporter(
        name="result",
        title="Result as JSON",
        suffixes=RECORD_SUFFIXES,
        write=quick_writer(_write_result),
        about="All results of one video except the maps, in one object.",
        group=TABLES_GROUP,
    ),
    Exporter(
        name="maps",
        title="Attention maps",
        suffixes=MAPS_SUFFIXES,
        write=quick_writer(_write_maps),
        about="The maps of one video as the model computed them, for NumPy.",
        group=TABLES_GROUP,
    ),
    group="exporters",
    reserved="|".join((TABLES_GROUP, REPORTS_GROUP, ONNX_COMMAND, *StudyExportName)),  # other commands of “export”
)
"""The exporters, in the order of menus."""


def exporter(name: str) -> Exporter:
    """Return an exporter by name.

    Raises:
        ExportError: There is no exporter of this name.
    """
    return look_up(EXPORTERS, name, "export", ExportError)
