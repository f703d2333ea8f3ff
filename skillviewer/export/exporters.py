"""The table of what can be exported; menus, dialogs, command lines and contract tests are made from it.

To add one: a file with a function, and an entry here. What is made of a whole study, not of analysed videos, stands in
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
from skillviewer.export.figures.comparison import ComparedOptions, export_compared, preview_compared
from skillviewer.export.figures.score_curve import CURVE_SUFFIXES, CurveOptions, export_curve, preview_curve
from skillviewer.export.pictures.blurring import SavedFaces, resolve_faces
from skillviewer.export.pictures.clip import CLIP_SUFFIXES, clip_warnings, export_grid, preview
from skillviewer.export.pictures.contact_sheet import SHEET_SUFFIXES, SheetOptions, export_sheet, preview_sheet
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.pictures.still import STILL_SUFFIXES, export_stills, paint_still
from skillviewer.export.preview import Preview
from skillviewer.export.record import attach, dated, record_of
from skillviewer.export.rendering.figure import FIGURE_SUFFIXES
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


WrittenT = TypeVar("WrittenT")


class Writer(Protocol):
    """Writes analysed videos to a path, within ``atomic_output``, and returns the path."""

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
    """A kind of file that the program writes from analysed videos.

    Attributes:
        name: Name on the command line.
        title: Name in the window.
        suffixes: Suffixes of its files; the first is the default.
        write: Writes a file; called by ``export``.
        options: Dataclass of its options, each with a default; None if it has none.
        about: One sentence for the user.
        group: Command under which it stands with others ("table", "report"), or "" for a command of its own.
        needs_video: Whether it reads the video file; else the analysis is enough.
        takes_several: Whether one file can hold several analyses.
        least: Smallest number of analyses.
        needs_evidence: Whether every video must come with evidence.
        wants_evidence: Whether it shows evidence if there is some.
        wants_annotations: Whether it shows what users of a study wrote along the time of a video.
        preview: Returns a picture of the export before it is written, from videos and options; None if there is none.
        warnings: Returns warnings for the user before it is written, from videos, options and path.
        remarks: Deprecated name of ``warnings``, kept for one version.
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
    preview: Callable[[Sequence[AnalysedVideo], Any], Preview] | None = None
    warnings: Callable[[Sequence[AnalysedVideo], Any, Path], tuple[str, ...]] | None = None
    remarks: InitVar[Callable[[Sequence[AnalysedVideo], Any, Path], tuple[str, ...]] | None] = None

    def __post_init__(self, remarks: Callable[[Sequence[AnalysedVideo], Any, Path], tuple[str, ...]] | None) -> None:
        if remarks is not None:  # the name in plug-ins for earlier versions
            warn("The argument remarks of Exporter is now warnings", DeprecationWarning, stacklevel=3)
            object.__setattr__(self, "warnings", remarks)

    def __reduce__(self) -> tuple[Callable[[str], "Exporter"], tuple[str]]:
        """Pickle by name: the functions cannot be pickled."""
        return exporter, (self.name,)

    def check(self, videos: Sequence[AnalysedVideo]) -> None:
        """Refuse videos that this exporter cannot take.

        Raises:
            ExportError: Too few, too many, or without the evidence that is needed.
        """
        n = len(videos)
        if n < self.least or (n > 1 and not self.takes_several):
            needed = "one or more analysed videos" if self.takes_several else "one analysed video"
            if self.least > 1:
                needed = f"{self.least} or more analyses of a video, by as many models"
            raise ExportError(f"{self.title} is made of {needed}, not of {n}.")
        without_evidence = [e for e in videos if e.evidence is None]
        if self.needs_evidence and without_evidence:
            raise ExportError(f"There is no evidence yet of {without_evidence[0].path.name}: explain its score first.")

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
            overwrite: Whether a file of that name may be replaced.
            token: Raise it to stop; nothing is left behind.
            report: Receives the progress.

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
        """Return videos and options as they are written: checked, dated, and with faces where these are blurred.

        Args:
            videos: Analysed videos.
            options: An instance of ``options``, or None for the defaults.
            saved_faces: Saved faces, or None to search every video without faces, and to save nothing.
            token: Raise it to stop.
            report: Receives the progress of the search for faces.

        Raises:
            ExportError: The videos cannot be exported; the message says why.
            VideoError: A video cannot be read.
        """
        self.check(videos)
        token.check()
        options = dated(options if options is not None or self.options is None else self.options())
        videos, options = resolve_faces(videos, options, saved_faces, token, report)
        return PreparedExport(self, tuple(videos), options)


@dataclass(frozen=True, slots=True)
class PreparedExport:
    """Videos and options as an exporter writes them."""

    exporter: Exporter
    videos: tuple[AnalysedVideo, ...]
    options: Any

    def warnings(self, path: Path) -> tuple[str, ...]:
        """Return warnings on the export before it is written, one sentence each."""
        warnings = self.exporter.warnings
        of_exporter = warnings(self.videos, self.options, path) if warnings is not None else ()
        of_videos = dict.fromkeys(
            f"{video.path.name}: {video.analysis.all_warnings}" for video in self.videos if video.analysis.all_warnings
        )
        return (*of_exporter, *of_videos)

    def write(
        self, path: str | Path, *, overwrite: bool = False, token: CancelToken = NEVER, report: Report = silent
    ) -> Path:
        """Write the export with its record; raises as ``Exporter.export``."""
        path = Path(path)
        check_not_source(path, [video.path for video in self.videos])
        written = self.exporter.write(self.videos, path, self.options, overwrite=overwrite, token=token, report=report)
        attach(written, record_of(self.exporter.name, self.options, self.videos))
        return written


def at_once(export: Callable[..., WrittenT]) -> Callable[..., WrittenT]:
    """Return a writer from a function that ends too soon to be stopped or to report progress.

    Args:
        export: Takes source, path, options and ``overwrite``; of a study it returns warnings, else the path.
    """

    def write(
        source: object,
        path: Path,
        options: object,
        /,
        *,
        overwrite: bool,
        token: CancelToken,
        report: Report,  # noqa: ARG001 - of the signature of all writers
    ) -> WrittenT:
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
    return Preview(paint_still(videos, options if options is not None else StillOptions()))


def _write_evidence(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
    rows = [(video.analysis, video.evidence) for video in videos]
    return export_table("evidence", path, rows, overwrite=overwrite)


def _write_result(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
    (video,) = videos
    return export_record(video.analysis, path, overwrite=overwrite)


def _write_maps(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
    (video,) = videos
    return export_maps(video.analysis, path, overwrite=overwrite)


def _analyses(videos: Sequence[AnalysedVideo]) -> list[Analysis]:
    return [video.analysis for video in videos]


def _table(
    name: str,
    title: str,
    about: str,
    *,
    least: int = 1,
    source: Callable[[Sequence[AnalysedVideo]], Sequence[object]] = _analyses,
) -> Exporter:
    """Return the exporter of a table, whose rows are made from what ``source`` returns."""

    def write(videos: Sequence[AnalysedVideo], path: Path, _options: object, *, overwrite: bool) -> Path:
        return export_table(name, path, source(videos), overwrite=overwrite)

    def preview(videos: Sequence[AnalysedVideo], _options: object) -> Preview:
        return preview_table(name, source(videos))

    return Exporter(
        name=name,
        title=title,
        suffixes=TABLE_SUFFIXES,
        write=at_once(write),
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
        preview=preview,
        warnings=clip_warnings,
    ),
    Exporter(
        name="still",
        title="Still",
        suffixes=STILL_SUFFIXES,
        write=at_once(export_stills),
        options=StillOptions,
        about="One frame as it is seen; several videos show the same time side by side.",
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
        about="Sampled frames in rows, a row a video or a model, on one scale: a figure for a paper.",
        needs_video=True,
        takes_several=True,
        preview=lambda videos, options: Preview(preview_sheet(videos, options)),
    ),
    Exporter(
        name="curve",
        title="Score curve",
        suffixes=CURVE_SUFFIXES,
        write=at_once(export_curve),
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
        about="Two pages for the file: where the score stands, what moved it, how sure that is, a line to sign.",
        group=REPORTS_GROUP,
        needs_video=True,
        wants_evidence=True,
        preview=_preview_report,
    ),
    Exporter(
        name="timeline",
        title="Timeline",
        suffixes=TIMELINE_SUFFIXES,
        write=at_once(export_timeline),
        options=TimelineOptions,
        about="Moments, notes, votes' marks, scores and evidence along time: a table, subtitles, ELAN, BORIS.",
        takes_several=True,
        wants_evidence=True,
        wants_annotations=True,
    ),
    _table("scores", "Table of scores", "One row a video and model: score, interval, and where the numbers come from."),
    _table(
        "curves",
        "Table of score curves",
        "One row for every step of every pass: frame, time, score, and where the map has its peak.",
    ),
    Exporter(
        name="evidence",
        title="Table of evidence",
        suffixes=TABLE_SUFFIXES,
        write=at_once(_write_evidence),
        about="One row for every segment and cell: what it contributed to the score.",
        group=TABLES_GROUP,
        takes_several=True,
        needs_evidence=True,
    ),
    _table(
        "comparison",
        "Table of models compared",
        "One row for every two models on a video: how alike their maps and scores are.",
        least=2,
    ),
    _table(
        "comparison-frames",
        "Table of models compared by frame",
        "One row for every two models and sampled frame of a video: how alike their maps are.",
        least=2,
    ),
    _table(
        "model-agreement",
        "Table of agreement of models",
        "One row for every two models: agreement of their scores and of their maps over the videos.",
        least=2,
        source=list,
    ),
    _table(
        "model-ranks",
        "Table of ranks by models",
        "One row for every video and model: its rank, the videos first on which the models disagree most.",
        least=2,
        source=list,
    ),
    Exporter(
        name="result",
        title="Result as JSON",
        suffixes=RECORD_SUFFIXES,
        write=at_once(_write_result),
        about="Everything about one video but the maps, in one object.",
        group=TABLES_GROUP,
    ),
    Exporter(
        name="maps",
        title="Attention maps",
        suffixes=MAPS_SUFFIXES,
        write=at_once(_write_maps),
        about="The maps of one video as the model computed them, for NumPy.",
        group=TABLES_GROUP,
    ),
    group="exporters",
    reserved="|".join((TABLES_GROUP, REPORTS_GROUP, ONNX_COMMAND, *StudyExportName)),  # other commands of “export”
)
"""In the order of menus."""


def exporter(name: str) -> Exporter:
    """Return the exporter of a name.

    Raises:
        ExportError: There is none.
    """
    return look_up(EXPORTERS, name, "export", ExportError)
