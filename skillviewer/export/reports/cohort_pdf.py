"""The report of a cohort on paper: how the scores are spread, every video, the raters, and what is not known."""

from typing import TYPE_CHECKING

from skillviewer.export.rendering.theme import WHITE
from skillviewer.export.reports.cohort import Cohort, cohort_facts, score_cell
from skillviewer.export.reports.drawings import distribution
from skillviewer.export.reports.pdf import PageFrame, facts_table, gap, grid, heading, page_head, paragraph, point
from skillviewer.export.reports.rater_summary import RATER_HEAD
from skillviewer.export.reports.why import DISCLAIMER

if TYPE_CHECKING:
    from reportlab.platypus import Flowable


def cohort_pdf(cohort: Cohort) -> bytes:
    """Return the report as PDF, or raise an ExportError if it cannot be set."""
    sheet = PageFrame(cohort.options.paper, f"Cohort report: {cohort.title}", f"{DISCLAIMER}  {cohort.title}")
    return sheet.build(_story(cohort, sheet.width_pt))


def _story(cohort: Cohort, width: float) -> list["Flowable"]:
    from reportlab.platypus import CondPageBreak

    origin = f"{cohort.model.name} · {cohort.day.isoformat()}"
    story = page_head("Cohort report", origin, cohort.title, cohort.options.task, width)
    story += [gap(6), paragraph(cohort.sentence, size_pt=11.5, bold=True, leading=1.35)]
    story += [
        heading("How the scores are spread", "videos by score; every tick is a video"),
        distribution(cohort.scores, width, 130, cohort.digits),
    ]
    if cohort.raters or cohort.options.agreement:
        story += _raters(cohort, width)
    story += [heading("What is not known"), *(point(line) for line in cohort.unknown)]
    # the table may be split: its heading stays with the first rows of it
    title = heading("The videos", "by score; bar: 95 % interval, dashed: median", keep_with_next=False)
    story += [CondPageBreak(110), title, _table(cohort, width)]
    if cohort.all_criteria:
        cells = [[paragraph(cell, size_pt=8.0) for cell in row] for row in cohort.all_criteria]
        widths = (width / len(cells[0]),) * len(cells[0])
        story += [heading("All criteria"), grid(cells, widths, lines=True, pad_pt=1.5, repeat=1)]
    return [*story, heading("Where the numbers come from"), facts_table(cohort_facts(cohort), width)]


def _raters(cohort: Cohort, width: float) -> list["Flowable"]:
    story: list[Flowable] = [heading("The raters", cohort.options.statement)]
    if cohort.raters_text:
        story.append(paragraph(cohort.raters_text, size_pt=8.4, after_pt=3))
    if not cohort.raters:
        return story
    head = [
        paragraph(word, size_pt=7.4, text_colour=WHITE.muted, right=column > 0)
        for column, word in enumerate(RATER_HEAD)
    ]
    rows = [
        [paragraph(cell, size_pt=8.2, right=column > 0) for column, cell in enumerate(row)] for row in cohort.raters
    ]
    story.append(
        grid(
            [head, *rows],
            (width * 0.22, width * 0.13, width * 0.28, width * 0.23, width * 0.14),
            lines=True,
            pad_pt=1.6,
            repeat=1,
        )
    )
    return story


def _table(cohort: Cohort, width: float) -> "Flowable":
    bars = width * 0.16
    participants = 0.12 if any(row.video.participant for row in cohort.rows) else 0.0
    rated = 0.14 if any(row.rating for row in cohort.rows) else 0.0
    names = width * (0.34 - participants - rated / 2) - 20
    numbers = width * (0.23 - rated / 2)
    widths = (20.0, names, width * participants, numbers, width * rated, bars, width * 0.14, width * 0.13)
    titles = [
        "",
        "video",
        "participant" if participants else "",
        "score (95 % interval)",
        "rating" if rated else "",
        "",
    ]
    titles += ["percentile", "SHA-256"]
    lines = [
        [
            paragraph(title, size_pt=7.4, text_colour=WHITE.muted, right=column > 5)
            for column, title in enumerate(titles)
        ]
    ]
    lines += [
        [
            paragraph(str(row.rank), size_pt=8.0, text_colour=WHITE.muted),
            paragraph(row.video.name + row.marks, size_pt=8.0),
            paragraph(row.video.participant, size_pt=8.0),
            paragraph(score_cell(row.position, cohort.digits), size_pt=8.0),
            paragraph(row.rating, size_pt=8.0),
            bar,
            paragraph(row.position.percentile_text, size_pt=8.0, right=True),
            paragraph(row.checksum, size_pt=6.8, text_colour=WHITE.muted, right=True),
        ]
        for row, bar in zip(cohort.rows, cohort.bars(bars), strict=True)
    ]
    return grid(lines, widths, lines=True, pad_pt=1.5, repeat=1, middle=True)
