"""The "why" page of one video on paper: two pages, in the order of a talk about it."""

from functools import partial
from typing import TYPE_CHECKING

from skillviewer.core.text import clock
from skillviewer.export.rendering.theme import WHITE
from skillviewer.export.reports.drawings import cohort_strip, colour_ramp, contribution_plot, score_plot, signed_bar
from skillviewer.export.reports.pdf import (
    FAINT,
    PageFrame,
    facts_table,
    fitted,
    gap,
    grid,
    heading,
    page_head,
    paragraph,
    picture,
    point,
)
from skillviewer.export.reports.report_options import ReportNote
from skillviewer.export.reports.why import A_ROW, ExplainedMoment, FramePicture, WhyContent

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

N_PAGES = 2
LONGEST_NOTE = 400
"""Letters of a note that are printed."""

_FIRST = (1.3, 1.15, 1.0, 0.88, 0.76, 0.64, 0.52)
"""Sizes of pictures and plots that are tried on the first page, the largest first."""

_SECOND = ((1.3, 6), (1.15, 6), (1.0, 6), (0.88, 6), (0.76, 6), (0.76, 4), (0.66, 4), (0.66, 2), (0.6, 1), (0.5, 0))
"""(size of the pictures, notes that are printed) on the second page."""


def why_pdf(content: WhyContent) -> bytes:
    """Return two pages as PDF with as large pictures and as many notes as fit; or raise an ExportError."""
    from reportlab.platypus import PageBreak

    sheet = PageFrame(
        content.options.paper, f"Why this score: {content.title}", f"{content.disclaimer}  {content.title}"
    )
    width = sheet.width_pt
    first = fitted(sheet, [partial(_first, content, width, size) for size in _FIRST])
    second = fitted(sheet, [partial(_second, content, width, size, notes) for size, notes in _SECOND])
    return sheet.build([*first, PageBreak(), *second])


def _first(content: WhyContent, width: float, size: float) -> list["Flowable"]:
    report_date = dict(content.facts)["Date of report"]
    model = dict(content.facts)["Model"].split(" (")[0]
    story = page_head("Why this score", f"{model} · {report_date}", content.title, content.subtitle, width)
    story += [gap(7), paragraph(content.sentence, size_pt=11.5, bold=True, leading=1.35), gap(4)]
    if content.rating:
        story += [paragraph(content.rating, size_pt=9), gap(4)]
    if content.options.known.others and not content.hides_scores:
        story.append(
            cohort_strip(content.position, [m.score for m in content.options.known.others], width, content.digits)
        )
    story += [
        heading("What the model looked at", "sampled frames with their maps; below each its time and the score so far"),
        _row(content, width, size),
    ]
    if content.bar is not None:
        story.append(colour_ramp(content.bar.colours, content.bar.ticks, content.bar.title, width * 0.62))
    if content.even:
        story.append(paragraph(content.even, size_pt=8.2, bold=True))
    story += [
        heading(
            "The score as the video goes on",
            "mean of the passes bold, their range a band, ticks: frames looked at, numbers: moments",
        ),
        score_plot(
            content.analysis,
            [explained.moment for explained in content.moments],
            width,
            138 * size,
            numbers=not content.hides_scores,
        ),
    ]
    if content.evidence is not None:
        story += [
            heading("What each segment adds", "filled with + raises the score, hollow with − lowers it"),
            contribution_plot(content.analysis, content.evidence, width, 96 * size),
        ]
    else:
        story.append(heading("What each segment adds"))
    if content.fifths:
        story.append(paragraph(content.fifths, size_pt=8.2))
    story.append(paragraph(content.remainder, size_pt=8, text_colour=WHITE.muted))
    return story


def _row(content: WhyContent, width: float, size: float) -> "Flowable":
    frame_pictures = content.key_frames
    gap_pt = 6.0
    cell = min((width + gap_pt) / A_ROW - gap_pt, 118.0 * size * frame_pictures[0].aspect)
    lines: list[list[Flowable]] = []
    for start in range(0, len(frame_pictures), A_ROW):
        line = frame_pictures[start : start + A_ROW]
        # a table wants rows of one length
        blanks = [gap(0)] * (min(A_ROW, len(frame_pictures)) - len(line))
        lines.append(
            [picture(frame_picture.jpeg, cell, cell / frame_picture.aspect) for frame_picture in line] + blanks
        )
        lines.append(
            [_caption(frame_picture, cell, content.format_score(frame_picture.score)) for frame_picture in line]
            + blanks
        )
    return grid(lines, [cell + gap_pt] * len(lines[0]), pad_pt=1.5)


def _caption(frame_picture: FramePicture, width: float, score: str) -> "Flowable":
    return grid(
        [
            [
                paragraph(frame_picture.time, size_pt=7.4, text_colour=WHITE.muted),
                paragraph(score, size_pt=7.4, right=True),
            ]
        ],
        (width * 0.58, width * 0.42),
        pad_pt=0,
    )


def _second(content: WhyContent, width: float, size: float, n_notes: int) -> list["Flowable"]:
    story: list[Flowable] = [heading("Moments that moved the score most", "to be looked at and judged")]
    if content.moments:
        greatest = max(abs(explained.moment.amount) for explained in content.moments)
        story.append(
            grid(
                [
                    _moment(explained, number, greatest, content.digits, size)
                    for number, explained in enumerate(content.moments, start=1)
                ],
                (16, 78 * size + 12, 92, width - 78 * size - 120 - 92, 92),
                lines=True,
                pad_pt=3.2,
                middle=True,
            )
        )
    else:
        story.append(paragraph(content.no_moments))
    story += _reference(content, width, size)
    if content.options.known.motion:
        story += [heading("Motion of the hands"), *(paragraph(text) for text in content.motion)]
    if content.raters or content.options.known.judgements:
        story += [heading("What the raters said"), paragraph(content.raters or "No rater has judged this video.")]
    story += _notes(content, n_notes)
    story += [heading("Limits"), *(point(limit) for limit in content.limits)]
    story += [
        heading("Does the map explain the score?", "" if content.faithful else "not shown to be"),
        paragraph(content.faithfulness, size_pt=8.2, text_colour=WHITE.text if content.faithful else FAINT),
    ]
    story += [heading("Where the numbers come from"), facts_table(content.facts, width), gap(20), _signature(width)]
    return story


def _moment(
    explained: ExplainedMoment, number: int, greatest: float, digits: int, size: float
) -> list["Flowable | list[Flowable]"]:
    wide = min(78.0 * size, 56.0 * size * explained.frame_picture.aspect)
    return [
        paragraph(str(number), size_pt=9, bold=True),
        picture(explained.frame_picture.jpeg, wide, wide / explained.frame_picture.aspect),
        signed_bar(explained.moment.amount, greatest, 84.0, digits),
        [
            paragraph(explained.time, size_pt=7.6, text_colour=WHITE.muted),
            paragraph(f"{explained.text} {explained.divided}".strip(), size_pt=8.2),
        ],
        _boxes(explained.opinion),
    ]


def _boxes(opinion: str) -> "Flowable":
    """Return boxes to be ticked by hand; an opinion that was given before is ticked."""
    from skillviewer.export.reports.drawings import Plot

    plot = Plot(88.0, 33.0, (0.0, 1.0), (0.0, 1.0), (0.0, 0.0, 0.0, 0.0))
    for row, name in enumerate(("agree", "disagree", "not relevant")):
        y = 24.0 - row * 11.5
        plot.box(8.0, y, 7.0, 7.0, None, WHITE.text)
        if name == opinion:
            plot.line(9.5, y + 1.5, 13.5, y + 5.5, WHITE.text, 1.3)
            plot.line(9.5, y + 5.5, 13.5, y + 1.5, WHITE.text, 1.3)
        plot.text(name, 19.0, y + 1.0, text_colour=WHITE.text, size=7.6)
    return plot.drawing


def _reference(content: WhyContent, width: float, size: float) -> list["Flowable"]:
    if content.reference is None:
        return [
            heading("For comparison"),
            paragraph("No well-scored video of the same task was available for comparison.", text_colour=WHITE.muted),
        ]
    name, text, frame_picture = content.reference
    own_text = f"score {content.format_score(content.analysis.score)}"
    cells: list[Flowable] = []
    widths: list[float] = []
    for frame_shown, title, about in ((content.own_picture, content.title, own_text), (frame_picture, name, text)):
        tall = min(104.0 * size, width * 0.29 / frame_shown.aspect)
        cells += [picture(frame_shown.jpeg, tall * frame_shown.aspect, tall), _beside(title, about, frame_shown.time)]
        widths += [tall * frame_shown.aspect + 8, width * 0.5 - tall * frame_shown.aspect - 8]
    return [
        heading("For comparison", "left this video, right a well-scored one of the same task; maps on one scale"),
        grid([cells], widths, pad_pt=1.5),
    ]


def _beside(title: str, about: str, time: str) -> "Flowable":
    lines = [
        paragraph(title, size_pt=8.2, bold=True),
        paragraph(about, size_pt=7.8, text_colour=WHITE.muted),
        paragraph(f"at {time}", size_pt=7.8, text_colour=WHITE.muted),
    ]
    return grid([[line] for line in lines], (None,), pad_pt=0.5)


def _notes(content: WhyContent, n_notes: int) -> list["Flowable"]:
    notes = content.options.known.notes
    if not notes:
        return []
    lines: list[Flowable] = [heading("Notes")]
    lines += [paragraph(note_line(note, names=content.options.names), size_pt=8.2) for note in notes[:n_notes]]
    if len(notes) > n_notes:
        left = len(notes) - n_notes
        lines.append(
            paragraph(
                f"{left} {'more ' if n_notes else ''}note{'s' if left > 1 else ''} in the study.",
                size_pt=8.2,
                text_colour=WHITE.muted,
            )
        )
    return lines


def note_line(note: ReportNote, *, names: bool) -> str:
    """Return a note as a line, with its time and, if people are named, its author."""
    short = note.text if len(note.text) <= LONGEST_NOTE else f"{note.text[:LONGEST_NOTE].rstrip()} …"
    head = " · ".join(x for x in ("" if note.time_s is None else clock(note.time_s), note.author if names else "") if x)
    return f"{head}: {short}" if head else short


def _signature(width: float) -> "Flowable":
    from skillviewer.export.reports.drawings import Plot

    plot = Plot(width, 26.0, (0.0, 1.0), (0.0, 1.0), (0.0, 0.0, 0.0, 0.0))
    for left, right, text in ((0.0, 0.3, "Date"), (0.34, 1.0, "Name and signature of the person who judged")):
        plot.line(left * width, 12.0, right * width, 12.0, WHITE.text, 0.6)
        plot.text(text, left * width, 3.0)
    return plot.drawing
