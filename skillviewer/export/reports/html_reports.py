"""Reports as web pages, each a single file with its pictures, drawings and fonts."""

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

from skillviewer.core.paths import resources_dir
from skillviewer.core.text import signed
from skillviewer.export.reports.change import ChangeReport
from skillviewer.export.reports.cohort import Cohort, cohort_facts, format_score_cell
from skillviewer.export.reports.drawings import (
    as_svg,
    cohort_strip,
    colour_ramp,
    contribution_plot,
    distribution,
    score_plot,
    signed_bar,
)
from skillviewer.export.reports.rater_summary import RATER_HEADER
from skillviewer.export.reports.why_content import DISCLAIMER, FramePicture, WhyContent
from skillviewer.export.reports.why_pdf import format_note

if TYPE_CHECKING:
    from jinja2 import Environment

_WIDTH_PT = 640.0


def _data_url(media_type: str, content: bytes) -> str:
    encoded = base64.b64encode(content).decode()
    return f"data:{media_type};base64,{encoded}"


@cache
def _template_environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = resources_dir() / "report"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    font_files = {400: folder / "Inter-Regular.ttf", 600: folder / "Inter-SemiBold.ttf"}
    fonts = [(weight, _data_url("font/ttf", file.read_bytes())) for weight, file in font_files.items()]
    environment.globals["fonts"] = fonts
    environment.globals["disclaimer"] = DISCLAIMER
    return environment


def _picture_values(frame_picture: FramePicture, score: str) -> dict[str, Any]:
    return {
        "source": _data_url("image/jpeg", frame_picture.jpeg),
        "time": frame_picture.time,
        "score": score,
        "aspect": f"{frame_picture.aspect:.4f}",
    }


def _to_svg_markup(drawing: Any, label: str) -> Any:  # noqa: ANN401 - not typed
    from markupsafe import Markup

    return Markup(as_svg(drawing, label))  # noqa: S704 - made here, from numbers


def why_html(content: WhyContent) -> str:
    """Return the report of one video as a web page."""
    options = content.options
    strip = None
    if options.study_context.others and not content.hides_scores:
        other_scores = [member.score for member in options.study_context.others]
        drawing = cohort_strip(content.position, other_scores, _WIDTH_PT, content.digits)
        strip = _to_svg_markup(drawing, content.sentence)
    contributions = None
    if content.evidence is not None:
        drawing = contribution_plot(content.analysis, content.evidence, _WIDTH_PT, 120.0)
        contributions = _to_svg_markup(drawing, content.remainder_text)
    bar = None
    if content.bar is not None:
        drawing = colour_ramp(content.bar.colours, content.bar.ticks, content.bar.title, 420.0)
        bar = _to_svg_markup(drawing, content.bar.title)
    moments = [explained_moment.moment for explained_moment in content.moments]
    frames = [_picture_values(frame, content.format_score(frame.score)) for frame in content.key_frames]
    notes = [format_note(note, names_author=options.names) for note in options.study_context.notes]
    plot = score_plot(content.analysis, moments, _WIDTH_PT, 170.0, show_scores=not content.hides_scores)
    template = _template_environment().get_template("why.html")
    return template.render(
        why=content,
        score=content.format_score(content.analysis.score),
        strip=strip,
        frames=frames,
        bar=bar,
        plot=_to_svg_markup(plot, "Score curve: mean of the passes, their range, and the moments by number"),
        contributions=contributions,
        moments=_moment_values(content),
        reference=_reference_values(content),
        notes=notes,
    )


def _moment_values(content: WhyContent) -> list[dict[str, Any]]:
    amounts = [abs(explained_moment.moment.amount) for explained_moment in content.moments]
    max_amount = max(amounts, default=1.0)
    values = []
    for explained_moment in content.moments:
        frame_picture = explained_moment.frame_picture
        amount = explained_moment.moment.amount
        bar = signed_bar(amount, max_amount, 110.0, content.digits)
        values.append(
            {
                "picture": _picture_values(frame_picture, content.format_score(frame_picture.score)),
                "bar": _to_svg_markup(bar, signed(amount, content.digits)),
                "time": explained_moment.time,
                "text": explained_moment.text,
                "opinion": explained_moment.opinion,
                "disagreement_text": explained_moment.disagreement_text,
            }
        )
    return values


def _reference_values(content: WhyContent) -> dict[str, Any] | None:
    if content.reference is None:
        return None
    name, text, frame_picture = content.reference
    return {
        "name": name,
        "text": text,
        "picture": _picture_values(frame_picture, signed(frame_picture.score, content.digits)),
        "own": _picture_values(content.own_picture, content.format_score(content.own_picture.score)),
    }


def cohort_html(cohort: Cohort) -> str:
    """Return the report of a cohort as a web page."""
    rows = []
    for row, bar in zip(cohort.rows, cohort.bars(170.0), strict=True):
        text = format_score_cell(row.position, cohort.digits)
        rows.append((row, text, _to_svg_markup(bar, text)))
    plot = distribution(cohort.scores, _WIDTH_PT, 160.0, cohort.digits)
    template = _template_environment().get_template("cohort.html")
    return template.render(
        cohort=cohort,
        plot=_to_svg_markup(plot, cohort.sentence),
        head=RATER_HEADER,
        rows=rows,
        rated=any(row.rating for row in cohort.rows),
        participants=any(row.video.participant for row in cohort.rows),
        facts=cohort_facts(cohort),
    )


def change_html(report: ChangeReport) -> str:
    """Return the report of change over time as a web page."""
    tables = []
    for section in report.sections:
        rows = []
        for (cells, _), bar in zip(section.rows, section.bars(250.0), strict=True):
            rows.append((cells, _to_svg_markup(bar, cells[-1])))
        tables.append((section, rows))
    template = _template_environment().get_template("change.html")
    return template.render(report=report, tables=tables)
