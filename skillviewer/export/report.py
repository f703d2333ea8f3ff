"""Reports: the "why" page of one video, and that of a cohort, as PDF or as one web page."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.job import CancelToken, Progress, Report, silent
from skillviewer.export.cohort_page import CohortOptions, cohort_pdf, gather_cohort
from skillviewer.export.destination import aside, check
from skillviewer.export.exhibit import Exhibit
from skillviewer.export.paper import check_pdf
from skillviewer.export.web_page import check_html, cohort_html, why_html
from skillviewer.export.why import CAUTION, ReportOptions, gather, made_on
from skillviewer.export.why_page import N_PAGES, why_pdf

REPORT_SUFFIXES = (".pdf", ".html")


def export_report(
    exhibit: Exhibit,
    path: Path,
    options: ReportOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken | None = None,
    report: Report = silent,
) -> Path:
    """Write why a video has its score: two pages as PDF, or one self-contained web page.

    Args:
        exhibit: The video; its faces are blurred where it says so.
        path: ``.pdf`` or ``.html``.
        options: What else is known of it.
        overwrite: Whether a file of that name may be replaced.
        token: Checked after every picture.
        report: Told of every picture.

    Returns:
        ``path``. What was written has been read back: pages, and the sentences that matter.

    Raises:
        ExportError: What is given does not belong together, or the file is refused, cannot be written or read back.
        VideoError: A video cannot be read.
        Cancelled: The token was raised; nothing is left behind.
    """
    options = options if options is not None else ReportOptions()
    check(path, REPORT_SUFFIXES, overwrite=overwrite)
    why = gather(exhibit, options, token, report)
    words = (why.sentence, why.faithfulness, CAUTION, why.analysis.provenance.model_digest, why.analysis.video.digest)
    with aside(path, REPORT_SUFFIXES, overwrite=overwrite) as temporary:
        if path.suffix.lower() == ".pdf":
            temporary.write_bytes(why_pdf(why))
            check_pdf(temporary, words, N_PAGES)
        else:
            temporary.write_text(why_html(why), encoding="utf-8")
            check_html(temporary, words)
    report(Progress("the report is written", 1, 1))
    return path


def export_cohort(
    exhibits: Sequence[Exhibit],
    path: Path,
    options: CohortOptions | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write the report of a cohort as PDF or as one web page; the analyses are enough, no video is opened.

    Args:
        exhibits: The videos, all assessed by one model, each with a title of its own (or the stem of its file).
        path: ``.pdf`` or ``.html``.
        options: What else is known.
        overwrite: Whether a file of that name may be replaced.

    Returns:
        ``path``, read back as ``export_report`` does.

    Raises:
        ExportError: The analyses are of several models, a title is there twice, or the file is refused, cannot be written
            or read back.
    """
    options = options if options is not None else CohortOptions()
    check(path, REPORT_SUFFIXES, overwrite=overwrite)
    named = [(e.title or e.analysis.video.path.stem, e.analysis) for e in exhibits]
    cohort = gather_cohort(named, options, made_on(options.made_on))
    words = (cohort.sentence, *cohort.unknown, CAUTION, cohort.model_digest)
    with aside(path, REPORT_SUFFIXES, overwrite=overwrite) as temporary:
        if path.suffix.lower() == ".pdf":
            temporary.write_bytes(cohort_pdf(cohort))
            check_pdf(temporary, words)
        else:
            temporary.write_text(cohort_html(cohort), encoding="utf-8")
            check_html(temporary, words)
    return path
