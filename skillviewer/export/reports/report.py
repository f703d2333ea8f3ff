"""Export of reports as PDF or as one web page: why a video has its score, a cohort, and change over time."""

from collections.abc import Callable, Sequence
from pathlib import Path

from skillviewer.core.faces.blurring_text import ON_PAGE
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.destination import atomic_output, check_destination
from skillviewer.export.pictures.blurring import check_faces
from skillviewer.export.reports.change import ChangeReport, change_pdf
from skillviewer.export.reports.cohort import CohortModel, CohortOptions, CohortVideo, gather_cohort
from skillviewer.export.reports.cohort_pdf import cohort_pdf
from skillviewer.export.reports.html_check import check_html
from skillviewer.export.reports.html_reports import change_html, cohort_html, why_html
from skillviewer.export.reports.pdf import Paper
from skillviewer.export.reports.pdf_check import check_pdf
from skillviewer.export.reports.report_options import ReportOptions
from skillviewer.export.reports.why_content import DISCLAIMER, date_or_today, gather_why
from skillviewer.export.reports.why_pdf import N_PAGES, why_pdf

REPORT_SUFFIXES = (".pdf", ".html")


def export_report(
    video: AnalysedVideo,
    path: Path,
    options: ReportOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> Path:
    """Write the report on why a video has its score: two pages as PDF, or one self-contained web page.

    The file is read back, and its number of pages and most important sentences are checked.

    Raises:
        ExportError: The options belong to another video, faces to blur were not searched for, or the file is refused
            or cannot be written or read back.
        VideoError: A video cannot be read.
        Cancelled: The token was cancelled; no file is left.
    """
    options = options if options is not None else ReportOptions()
    check_destination(path, REPORT_SUFFIXES, overwrite=overwrite)
    check_faces([video], options)
    content = gather_why(video, options, token, report)
    sentences = [
        content.headline,
        *content.details,
        content.faithfulness,
        content.disclaimer,
        content.analysis.provenance.model_digest,
        content.analysis.video.digest,
    ]
    if content.faces_are_blurred:
        sentences.append(ON_PAGE)
    _write(
        path,
        sentences,
        make_pdf=lambda: why_pdf(content),
        make_html=lambda: why_html(content),
        overwrite=overwrite,
        n_pages=N_PAGES,
    )
    report(Progress("the report is written", 1, 1))
    return path


def export_cohort(
    videos: Sequence[CohortVideo],
    model: CohortModel,
    path: Path,
    options: CohortOptions | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write the report of a cohort as PDF or as one web page, and read it back. No video file is opened.

    Raises:
        ExportError: There is no video, two have the same name, or the file is refused or cannot be written or read
            back.
    """
    options = options if options is not None else CohortOptions()
    check_destination(path, REPORT_SUFFIXES, overwrite=overwrite)
    cohort = gather_cohort(videos, model, options, date_or_today(options.made_on))
    sentences = (cohort.sentence, cohort.model.test, *cohort.limits, DISCLAIMER, cohort.model.digest)
    _write(
        path, sentences, make_pdf=lambda: cohort_pdf(cohort), make_html=lambda: cohort_html(cohort), overwrite=overwrite
    )
    return path


def export_change(report: ChangeReport, path: Path, paper: Paper = "a4", *, overwrite: bool = False) -> None:
    """Write the report of change over time as PDF or as one web page, and read it back.

    Raises:
        ExportError: The file is refused or cannot be written or read back.
    """
    sentences = (*(section.sentence for section in report.sections), *report.unknown, DISCLAIMER)
    _write(
        path,
        sentences,
        make_pdf=lambda: change_pdf(report, paper),
        make_html=lambda: change_html(report),
        overwrite=overwrite,
    )


def _write(
    path: Path,
    sentences: Sequence[str],
    *,
    make_pdf: Callable[[], bytes],
    make_html: Callable[[], str],
    overwrite: bool,
    n_pages: int | None = None,
) -> None:
    """Write a report in the format of its suffix, and check that the file contains the sentences."""
    with atomic_output(path, REPORT_SUFFIXES, overwrite=overwrite) as temp_path:
        if path.suffix.lower() == ".pdf":
            temp_path.write_bytes(make_pdf())
            check_pdf(temp_path, path, sentences, n_pages)
        else:
            temp_path.write_text(make_html(), encoding="utf-8")
            check_html(temp_path, path, sentences)
