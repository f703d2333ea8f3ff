"""The table of what can be exported; menus, dialogs, command lines and contract tests are made from it.

To add one: a file with a function, and an entry here. What is made of a whole study, not of analysed videos, stands in
``engine/exporting/study_exporters.py``.
"""

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Any
from warnings import warn

from skillviewer.core.atomic_write import check_not_source
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.registry import Registry, look_up
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.figures.score_curve import CURVE_SUFFIXES, CurveOptions, export_curve, preview_curve
from skillviewer.export.pictures.blurring import wants_blurring, with_faces
from skillviewer.export.pictures.clip import CLIP_SUFFIXES, clip_warnings, export_grid, preview
from skillviewer.export.pictures.contact_sheet import SHEET_SUFFIXES, SheetOptions, export_sheet, preview_sheet
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.pictures.still import STILL_SUFFIXES, export_stills, paint_still
from skillviewer.export.preview import Preview
from skillviewer.export.record import attach, dated, record_of
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

Write = Callable[[Sequence[AnalysedVideo], Path, Any, bool, CancelToken, Report], Path]
"""videos, path, options, overwrite, token, report -> path"""


@dataclass(frozen=True, slots=True)
class Exporter:
    """One way out of the program.

    Attributes:
        name: Name by which it is asked for.
        suffixes: Suffixes of the files it writes; the first is the usual one.
        options: Dataclass of its options, whose defaults are sensible, or None.
        needs_video: Whether the video itself must be there, or the analysis is enough.
        takes_several: Whether one file can hold several analyses.
        write: Writes it; called by ``export``.
        about: One sentence for the user.
        group: Word under which it is found together with others on the command line, or "" where it stands alone.
        least: Least number of analyses.
        needs_evidence: Whether every video must come with evidence.
        wants_evidence: Whether it is more complete with evidence, and can do without.
        wants_annotations: Whether it tells what users of a study said along the time of a video.
        preview: Makes what is seen before it is written: ``preview(videos, options)``; None where that is nothing.
        warnings: Makes warnings for the user before it is written: ``warnings(videos, options, path)``.
        remarks: Deprecated name of ``warnings``, kept for one version.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    options: type[Any] | None
    needs_video: bool
    takes_several: bool
    write: Write
    about: str = ""
    group: str = ""
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
        """Return how another process gets this one: by its name."""
        return exporter, (self.name,)

    def check(self, videos: Sequence[AnalysedVideo]) -> None:
        """Refuse videos that this exporter cannot take.

        Raises:
            ExportError: Too few, too many, or without the evidence that is needed.
        """
        n = len(videos)
        if n < self.least or (n > 1 and not self.takes_several):
            wanted = "one or more analysed videos" if self.takes_several else "one analysed video"
            if self.least > 1:
                wanted = f"{self.least} or more analyses of a video, by as many models"
            raise ExportError(f"{self.title} is made of {wanted}, not of {n}.")
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
            report: Told of progress.

        Raises:
            ExportError: What is asked for cannot be written; the message says why.
            VideoError: A video cannot be read.
        """
        path = Path(path)
        self.check(videos)
        token.check()
        options = dated(options if options is not None or self.options is None else self.options())
        check_not_source(path, [video.path for video in videos])
        if wants_blurring(options):
            videos = with_faces(videos, token, report)
        written = self.write(videos, path, options, overwrite, token, report)
        attach(written, record_of(self.name, options, videos))
        return written


def _table(name: str, title: str, about: str, **more: Any) -> Exporter:  # noqa: ANN401 - fields of Exporter
    """Return the exporter of a table that is made of analyses alone, several at once if need be."""

    def write(
        videos: Sequence[AnalysedVideo],
        path: Path,
        _options: object,
        overwrite: bool,
        _token: CancelToken,
        _report: Report,
    ) -> Path:
        return export_table(name, path, [e.analysis for e in videos], overwrite=overwrite)

    return Exporter(
        name,
        title,
        TABLE_SUFFIXES,
        None,
        False,
        True,
        write,
        about,
        TABLES_GROUP,
        preview=lambda videos, _: preview_table(name, [e.analysis for e in videos]),
        **more,
    )


EXPORTERS = Registry(
    Exporter(
        "clip", "Annotated clip", CLIP_SUFFIXES, ClipOptions, True, True,
        lambda e, p, o, w, t, r: export_grid(e, p, o, t, r, overwrite=w),
        "The video with its map, score curve and words; several play side by side on one clock.",
        preview=preview, warnings=clip_warnings,
    ),
    Exporter(
        "still", "Still", STILL_SUFFIXES, StillOptions, True, True,
        lambda e, p, o, w, _t, _r: export_stills(e, p, o, overwrite=w),
        "One frame as it is seen; several videos show the same time side by side.",
        preview=lambda e, o: Preview(paint_still(e, o if o is not None else StillOptions())),
    ),
    Exporter(
        "sheet", "Contact sheet", SHEET_SUFFIXES, SheetOptions, True, True,
        lambda e, p, o, w, t, r: export_sheet(e, p, o, overwrite=w, token=t, report=r),
        "Sampled frames in rows, a row a video or a model, on one scale: a figure for a paper.",
        preview=lambda e, o: Preview(preview_sheet(e, o)),
    ),
    Exporter(
        "curve", "Score curve", CURVE_SUFFIXES, CurveOptions, False, True,
        lambda e, p, o, w, _t, _r: export_curve(e, p, o, overwrite=w),
        "Score curves over one axis as a drawing that stays sharp at any size.",
        preview=lambda e, o: Preview(preview_curve(e, o)),
    ),
    Exporter(
        "why", "Why this score", REPORT_SUFFIXES, ReportOptions, True, False,
        lambda e, p, o, w, t, r: export_report(e[0], p, o, overwrite=w, token=t, report=r),
        "Two pages for the file: where the score stands, what moved it, how sure that is, a line to sign.",
        REPORTS_GROUP, wants_evidence=True,
        preview=lambda e, o: preview_report(lambda path: export_report(e[0], path, o)),
    ),
    Exporter(
        "timeline", "Timeline", TIMELINE_SUFFIXES, TimelineOptions, False, True,
        lambda e, p, o, w, _t, _r: export_timeline(e, p, o, overwrite=w),
        "Moments, notes, votes' marks, scores and evidence along time: a table, subtitles, ELAN, BORIS.",
        wants_evidence=True, wants_annotations=True,
    ),
    _table("scores", "Table of scores", "One row a video and model: score, interval, and where the numbers come from."),
    _table(
        "curves", "Table of score curves",
        "One row for every step of every pass: frame, time, score, and where the map has its peak.",
    ),
    Exporter(
        "evidence", "Table of evidence", TABLE_SUFFIXES, None, False, True,
        lambda e, p, _o, w, _t, _r: export_table("evidence", p, [(x.analysis, x.evidence) for x in e], overwrite=w),
        "One row for every segment and cell: what it contributed to the score.", TABLES_GROUP, needs_evidence=True,
    ),
    _table(
        "comparison", "Table of models compared",
        "One row for every two models on a video: how alike their maps and scores are.", least=2,
    ),
    Exporter(
        "result", "Result as JSON", RECORD_SUFFIXES, None, False, False,
        lambda e, p, _o, w, _t, _r: export_record(e[0].analysis, p, overwrite=w),
        "Everything about one video but the maps, in one object.", TABLES_GROUP,
    ),
    Exporter(
        "maps", "Attention maps", MAPS_SUFFIXES, None, False, False,
        lambda e, p, _o, w, _t, _r: export_maps(e[0].analysis, p, overwrite=w),
        "The maps of one video as the model computed them, for NumPy.", TABLES_GROUP,
    ),
    group="exporters",
    # names of other commands
    reserved="table|report|judgements|strengths|rated-items|log|labels|label-agreement|cohort|change|study",
)  # fmt: skip
"""In the order of menus."""


def exporter(name: str) -> Exporter:
    """Return the exporter of a name.

    Raises:
        ExportError: There is none.
    """
    return look_up(EXPORTERS, name, "export", ExportError)
