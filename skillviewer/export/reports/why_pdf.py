"""PDF report of two pages that explains a video's score."""

from functools import partial
from typing import TYPE_CHECKING

from skillviewer.core.text import clock, counted
from skillviewer.export.rendering.theme import WHITE
from skillviewer.export.reports.drawings import (
    Plot,
    cohort_strip,
    colour_ramp,
    contribution_plot,
    score_plot,
    signed_bar,
)
from skillviewer.export.reports.pdf import (
    FAINT,
    PageFrame,
    facts_table,
    first_that_fits,
    grid,
    heading,
    image,
    list_item,
    page_header,
    paragraph,
    spacer,
)
from skillviewer.export.reports.report_options import ReportNote
from skillviewer.export.reports.why_content import KEY_FRAMES_PER_ROW, ExplainedMoment, FramePicture, WhyContent

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

N_PAGES = 2
MAX_NOTE_CHARACTERS = 400
"""Characters of a note that are printed."""

_FIRST_PAGE_SCALES = (1.3, 1.15, 1.0, 0.88, 0.76, 0.64, 0.52)
"""Scales of pictures and plots that are tried on the first page, in decreasing order."""

_SECOND_PAGE_VERSIONS = (
    (1.3, 6),
    (1.15, 6),
    (1.0, 6),
    (0.88, 6),
    (0.76, 6),
    (0.76, 4),
    (0.66, 4),
    (0.66, 2),
    (0.6, 1),
    (0.5, 0),
)
"""(scale of the pictures, number of notes) that are tried on the second page, in decreasing order."""


def why_pdf(content: WhyContent) -> bytes:
    """Return the two pages as PDF, with the largest pictures and the most notes that fit.

    Raises:
        ExportError: A page does not fit.
    """
    from reportlab.platypus import PageBreak

    title = f"Why this score: {content.title}"
    page_frame = PageFrame(content.options.paper, title, f"{content.disclaimer}  {content.title}")
    width_pt = page_frame.width_pt
    first_versions = [partial(_first_page, content, width_pt, scale) for scale in _FIRST_PAGE_SCALES]
    second_versions = [
        partial(_second_page, content, width_pt, scale, n_notes) for scale, n_notes in _SECOND_PAGE_VERSIONS
    ]
    first_page = first_that_fits(page_frame, first_versions)
    second_page = first_that_fits(page_frame, second_versions)
    return page_frame.build([*first_page, PageBreak(), *second_page])


def _first_page(content: WhyContent, width_pt: float, scale: float) -> list["Flowable"]:
    facts = dict(content.facts)
    model = facts["Model"].split(" (")[0]
    origin = f"{model} · {facts['Date of report']}"
    story = page_header("Why this score", origin, content.title, content.subtitle, width_pt)
    story += [spacer(7), paragraph(content.headline, size_pt=11.5, bold=True, leading=1.35), spacer(4)]
    for sentence in content.details:
        story += [paragraph(sentence, size_pt=9), spacer(2)]
    others = content.options.study_context.others
    if others and not content.hides_scores:
        other_scores = [member.score for member in others]
        story.append(cohort_strip(content.position, other_scores, width_pt, content.digits))
    story += [
        heading("What the model looked at", "sampled frames with their maps; below each its time and the score so far"),
        _key_frames(content, width_pt, scale),
    ]
    if content.bar is not None:
        story.append(colour_ramp(content.bar.colours, content.bar.ticks, content.bar.title, width_pt * 0.62))
    if content.even_map_note:
        story.append(paragraph(content.even_map_note, size_pt=8.2, bold=True))
    moments = [explained_moment.moment for explained_moment in content.moments]
    story += [
        heading(
            "The score as the video goes on",
            "bold line: mean of the passes; band: their range; ticks: frames looked at; numbers: moments",
        ),
        score_plot(content.analysis, moments, width_pt, 138 * scale, show_scores=not content.hides_scores),
    ]
    if content.evidence is not None:
        story += [
            heading("What each segment adds", "filled with + raises the score, hollow with − lowers it"),
            contribution_plot(content.analysis, content.evidence, width_pt, 96 * scale),
        ]
    else:
        story.append(heading("What each segment adds"))
    if content.fifths_text:
        story.append(paragraph(content.fifths_text, size_pt=8.2))
    story.append(paragraph(content.remainder_text, size_pt=8, text_colour=WHITE.muted))
    return story


def _key_frames(content: WhyContent, width_pt: float, scale: float) -> "Flowable":
    """Return the key frames in rows, each with its time and score below."""
    key_frames = content.key_frames
    gap_pt = 6.0
    max_cell_pt = (width_pt + gap_pt) / KEY_FRAMES_PER_ROW - gap_pt
    cell_pt = min(max_cell_pt, 118.0 * scale * key_frames[0].aspect)
    n_columns = min(KEY_FRAMES_PER_ROW, len(key_frames))
    rows: list[list[Flowable]] = []
    for start in range(0, len(key_frames), KEY_FRAMES_PER_ROW):
        row_frames = key_frames[start : start + KEY_FRAMES_PER_ROW]
        pictures = [image(frame.jpeg, cell_pt, cell_pt / frame.aspect) for frame in row_frames]
        captions = [_caption(frame, cell_pt, content.format_score(frame.score)) for frame in row_frames]
        blanks = [spacer(0)] * (n_columns - len(row_frames))  # all rows of a table need the same number of cells
        rows += [pictures + blanks, captions + blanks]
    return grid(rows, [cell_pt + gap_pt] * n_columns, pad_pt=1.5)


def _caption(frame_picture: FramePicture, width_pt: float, score: str) -> "Flowable":
    cells = [
        paragraph(frame_picture.time, size_pt=7.4, text_colour=WHITE.muted),
        paragraph(score, size_pt=7.4, right=True),
    ]
    return grid([cells], (width_pt * 0.58, width_pt * 0.42), pad_pt=0)


def _second_page(content: WhyContent, width_pt: float, scale: float, n_notes: int) -> list["Flowable"]:
    story: list[Flowable] = [heading("Moments that moved the score most", "to be looked at and judged")]
    if content.moments:
        story.append(_moments_table(content, width_pt, scale))
    else:
        story.append(paragraph(content.no_moments))
    story += _reference_part(content, width_pt, scale)
    if content.options.study_context.motion:
        story += [heading("Motion of the hands"), *(paragraph(text) for text in content.motion)]
    if content.raters or content.options.study_context.judgements:
        raters_text = content.raters
        if not raters_text:
            raters_text = "No rater has judged this video."
        story += [heading("What the raters said"), paragraph(raters_text)]
    story += _notes_part(content, n_notes)
    story += [heading("Limits"), *(list_item(limit) for limit in content.limits)]
    faithful_note = "" if content.faithful else "not shown to be"
    text_colour = WHITE.text if content.faithful else FAINT
    story += [
        heading("Does the map explain the score?", faithful_note),
        paragraph(content.faithfulness, size_pt=8.2, text_colour=text_colour),
    ]
    story += [heading("Where the numbers come from"), facts_table(content.facts, width_pt)]
    story += [spacer(20), _signature_line(width_pt)]
    return story


def _moments_table(content: WhyContent, width_pt: float, scale: float) -> "Flowable":
    max_amount = max(abs(explained_moment.moment.amount) for explained_moment in content.moments)
    rows = [
        _moment_cells(explained_moment, number, max_amount, content.digits, scale)
        for number, explained_moment in enumerate(content.moments, start=1)
    ]
    number_width_pt = 16.0
    picture_width_pt = 78.0 * scale + 12.0
    bar_width_pt = 92.0
    boxes_width_pt = 92.0
    text_width_pt = width_pt - number_width_pt - picture_width_pt - bar_width_pt - boxes_width_pt
    widths_pt = (number_width_pt, picture_width_pt, bar_width_pt, text_width_pt, boxes_width_pt)
    return grid(rows, widths_pt, lines=True, pad_pt=3.2, middle=True)


def _moment_cells(
    explained_moment: ExplainedMoment, number: int, max_amount: float, digits: int, scale: float
) -> list["Flowable | list[Flowable]"]:
    frame_picture = explained_moment.frame_picture
    picture_width_pt = min(78.0 * scale, 56.0 * scale * frame_picture.aspect)
    return [
        paragraph(str(number), size_pt=9, bold=True),
        image(frame_picture.jpeg, picture_width_pt, picture_width_pt / frame_picture.aspect),
        signed_bar(explained_moment.moment.amount, max_amount, 84.0, digits),
        [
            paragraph(explained_moment.time, size_pt=7.6, text_colour=WHITE.muted),
            paragraph(f"{explained_moment.text} {explained_moment.disagreement_text}".strip(), size_pt=8.2),
        ],
        _opinion_boxes(explained_moment.opinion),
    ]


def _opinion_boxes(opinion: str) -> "Flowable":
    """Return boxes to tick by hand; the box of an opinion from the study is ticked."""
    plot = Plot(88.0, 33.0, xs=(0.0, 1.0), ys=(0.0, 1.0), margins_pt=(0.0, 0.0, 0.0, 0.0))
    for row, name in enumerate(("agree", "disagree", "not relevant")):
        y = 24.0 - row * 11.5
        plot.box(8.0, y, width=7.0, height=7.0, fill=None, edge=WHITE.text)
        if name == opinion:
            plot.line(9.5, y + 1.5, x1=13.5, y1=y + 5.5, line_colour=WHITE.text, width=1.3)
            plot.line(9.5, y + 5.5, x1=13.5, y1=y + 1.5, line_colour=WHITE.text, width=1.3)
        plot.text(name, 19.0, y + 1.0, text_colour=WHITE.text, size=7.6)
    return plot.drawing


def _reference_part(content: WhyContent, width_pt: float, scale: float) -> list["Flowable"]:
    if content.reference is None:
        return [
            heading("For comparison"),
            paragraph("No well-scored video of the same task was available for comparison.", text_colour=WHITE.muted),
        ]
    reference_name, reference_text, reference_picture = content.reference
    own_text = f"score {content.format_score(content.analysis.score)}"
    pictures_and_texts = (
        (content.own_picture, content.title, own_text),
        (reference_picture, reference_name, reference_text),
    )
    cells: list[Flowable] = []
    widths_pt: list[float] = []
    for frame_picture, title, text in pictures_and_texts:
        picture_height_pt = min(104.0 * scale, width_pt * 0.29 / frame_picture.aspect)
        picture_width_pt = picture_height_pt * frame_picture.aspect
        cells.append(image(frame_picture.jpeg, picture_width_pt, picture_height_pt))
        cells.append(_comparison_text(title, text, frame_picture.time))
        widths_pt += [picture_width_pt + 8, width_pt * 0.5 - picture_width_pt - 8]
    return [
        heading("For comparison", "left this video, right a well-scored one of the same task; maps on one scale"),
        grid([cells], widths_pt, pad_pt=1.5),
    ]


def _comparison_text(title: str, text: str, time: str) -> "Flowable":
    lines = [
        paragraph(title, size_pt=8.2, bold=True),
        paragraph(text, size_pt=7.8, text_colour=WHITE.muted),
        paragraph(f"at {time}", size_pt=7.8, text_colour=WHITE.muted),
    ]
    return grid([[line] for line in lines], (None,), pad_pt=0.5)


def _notes_part(content: WhyContent, n_notes: int) -> list["Flowable"]:
    notes = content.options.study_context.notes
    if not notes:
        return []
    story: list[Flowable] = [heading("Notes")]
    story += [paragraph(format_note(note, names_author=content.options.names), size_pt=8.2) for note in notes[:n_notes]]
    n_omitted = len(notes) - n_notes
    if n_omitted > 0:
        noun = "more note" if n_notes else "note"
        text = f"{counted(n_omitted, noun)} in the study."
        story.append(paragraph(text, size_pt=8.2, text_colour=WHITE.muted))
    return story


def format_note(note: ReportNote, *, names_author: bool) -> str:
    """Return a note as one line, with its time and, if people are named, its author."""
    text = note.text
    if len(text) > MAX_NOTE_CHARACTERS:
        text = f"{text[:MAX_NOTE_CHARACTERS].rstrip()} …"
    origin = []
    if note.time_s is not None:
        origin.append(clock(note.time_s))
    if names_author and note.author:
        origin.append(note.author)
    return f"{' · '.join(origin)}: {text}" if origin else text


def _signature_line(width_pt: float) -> "Flowable":
    plot = Plot(width_pt, 26.0, xs=(0.0, 1.0), ys=(0.0, 1.0), margins_pt=(0.0, 0.0, 0.0, 0.0))
    for left, right, text in ((0.0, 0.3, "Date"), (0.34, 1.0, "Name and signature of the person who judged")):
        plot.line(left * width_pt, 12.0, x1=right * width_pt, y1=12.0, line_colour=WHITE.text, width=0.6)
        plot.text(text, left * width_pt, 3.0)
    return plot.drawing
