"""Report of a cohort as PDF: distribution of the scores, raters, limits, and a table of the videos."""

from typing import TYPE_CHECKING

from skillviewer.export.rendering.theme import WHITE
from skillviewer.export.reports.cohort import Cohort, CohortRow, cohort_facts, format_score_cell
from skillviewer.export.reports.drawings import distribution
from skillviewer.export.reports.pdf import (
    PageFrame,
    facts_table,
    grid,
    heading,
    list_item,
    page_header,
    paragraph,
    spacer,
)
from skillviewer.export.reports.rater_summary import RATER_HEADER
from skillviewer.export.reports.why_content import DISCLAIMER

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing
    from reportlab.platypus import Flowable


def cohort_pdf(cohort: Cohort) -> bytes:
    """Return the report as PDF, or raise an ExportError if it does not fit on its pages."""
    frame = PageFrame(cohort.options.paper, f"Cohort report: {cohort.title}", f"{DISCLAIMER}  {cohort.title}")
    return frame.build(_make_story(cohort, frame.width_pt))


def _make_story(cohort: Cohort, width_pt: float) -> list["Flowable"]:
    from reportlab.platypus import CondPageBreak

    origin = f"{cohort.model.name} · {cohort.day.isoformat()}"
    story = page_header("Cohort report", origin, cohort.title, subtitle=cohort.options.task, width_pt=width_pt)
    story += [spacer(6), paragraph(cohort.sentence, size_pt=11.5, bold=True, leading=1.35)]
    if cohort.model.test:
        story += [spacer(3), paragraph(cohort.model.test, size_pt=9.5)]
    story += [
        heading("How the scores are spread", "videos by score; every tick is a video"),
        distribution(cohort.scores, width_pt, 130, cohort.digits),
    ]
    if cohort.raters_text:
        story += _raters_part(cohort, width_pt)
    story.append(heading("What is not known"))
    story += [list_item(sentence) for sentence in cohort.limits]
    # the table may be split, so only a minimal height keeps the heading with its first rows
    title = heading("The videos", "by score; bar: 95 % interval, dashed: median", keep_with_next=False)
    story += [CondPageBreak(110), title, _videos_table(cohort, width_pt)]
    if cohort.all_criteria:
        cells = [[paragraph(cell, size_pt=8.0) for cell in row] for row in cohort.all_criteria]
        n_columns = len(cells[0])
        widths_pt = (width_pt / n_columns,) * n_columns
        story += [heading("All criteria"), grid(cells, widths_pt, lines=True, pad_pt=1.5, repeat=1)]
    story += [heading("Where the numbers come from"), facts_table(cohort_facts(cohort), width_pt)]
    return story


def _raters_part(cohort: Cohort, width_pt: float) -> list["Flowable"]:
    story: list[Flowable] = [heading("The raters", cohort.options.statement)]
    if cohort.raters_text:
        story.append(paragraph(cohort.raters_text, size_pt=8.4, after_pt=3))
    if not cohort.rater_rows:
        return story
    header = [
        paragraph(title, size_pt=7.4, text_colour=WHITE.muted, right=column > 0)
        for column, title in enumerate(RATER_HEADER)
    ]
    rows = [
        [paragraph(cell, size_pt=8.2, right=column > 0) for column, cell in enumerate(row)] for row in cohort.rater_rows
    ]
    widths_pt = [width_pt * share for share in (0.22, 0.13, 0.28, 0.23, 0.14)]
    story.append(grid([header, *rows], widths_pt, lines=True, pad_pt=1.6, repeat=1))
    return story


def _videos_table(cohort: Cohort, width_pt: float) -> "Flowable":
    has_participants = any(row.video.participant for row in cohort.rows)
    has_ratings = any(row.rating for row in cohort.rows)
    rank_width_pt = 20.0
    bar_width_pt = width_pt * 0.16
    participant_width_pt = width_pt * 0.12 if has_participants else 0.0
    rating_width_pt = width_pt * 0.14 if has_ratings else 0.0
    participant_title = "participant" if has_participants else ""
    rating_title = "rating" if has_ratings else ""
    columns = (
        ("", rank_width_pt),
        ("video", width_pt * 0.34 - participant_width_pt - rating_width_pt / 2 - rank_width_pt),
        (participant_title, participant_width_pt),
        ("score (95 % interval)", width_pt * 0.23 - rating_width_pt / 2),
        (rating_title, rating_width_pt),
        ("", bar_width_pt),
        ("percentile", width_pt * 0.14),
        ("SHA-256", width_pt * 0.13),
    )
    header = [
        paragraph(title, size_pt=7.4, text_colour=WHITE.muted, right=title in ("percentile", "SHA-256"))
        for title, _ in columns
    ]
    rows = [
        _video_cells(row, bar, cohort.digits) for row, bar in zip(cohort.rows, cohort.bars(bar_width_pt), strict=True)
    ]
    widths_pt = [column_width_pt for _, column_width_pt in columns]
    return grid([header, *rows], widths_pt, lines=True, pad_pt=1.5, repeat=1, middle=True)


def _video_cells(row: CohortRow, bar: "Drawing", digits: int) -> "list[Flowable | Drawing]":
    return [
        paragraph(str(row.rank), size_pt=8.0, text_colour=WHITE.muted),
        paragraph(row.video.name + row.marks, size_pt=8.0),
        paragraph(row.video.participant, size_pt=8.0),
        paragraph(format_score_cell(row.position, digits), size_pt=8.0),
        paragraph(row.rating, size_pt=8.0),
        bar,
        paragraph(row.position.percentile_text, size_pt=8.0, right=True),
        paragraph(row.checksum, size_pt=6.8, text_colour=WHITE.muted, right=True),
    ]
