"""Reports as one web page: pictures, drawings, fonts and words in a single file that asks for nothing else."""

import base64
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skillviewer.core.errors import ExportError
from skillviewer.core.numerals import signed
from skillviewer.core.places import resources_dir
from skillviewer.export.cohort import Cohort, cohort_facts, score_cell
from skillviewer.export.drawings import (
    as_svg,
    cohort_strip,
    colour_ramp,
    contribution_plot,
    distribution,
    interval_bar,
    score_plot,
    signed_bar,
)
from skillviewer.export.raters import RATER_HEAD
from skillviewer.export.why import CAUTION, Shot, Why
from skillviewer.export.why_page import note_line

if TYPE_CHECKING:
    from jinja2 import Environment

_WIDTH_PT = 640.0


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = resources_dir() / "report"
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["fonts"] = [
        (weight, _data("font/ttf", (folder / f"{file}.ttf").read_bytes()))
        for weight, file in ((400, "Inter-Regular"), (600, "Inter-SemiBold"))
    ]
    made.globals["caution"] = CAUTION
    return made


def _shot(shot: Shot, digits: int) -> dict[str, Any]:
    return {
        "source": _data("image/jpeg", shot.jpeg),
        "time": shot.time,
        "score": "–" if np.isnan(shot.score) else signed(shot.score, digits),
        "aspect": f"{shot.aspect:.4f}",
    }


def _drawn(drawing: Any, label: str) -> Any:  # noqa: ANN401 - not typed
    from markupsafe import Markup

    return Markup(as_svg(drawing, label))  # noqa: S704 - made here, from numbers


def why_html(why: Why) -> str:
    """Return the page of one video."""
    options, digits = why.options, why.digits
    greatest = max((abs(told.moment.amount) for told in why.moments), default=1.0)
    strip = None
    if options.known.others:
        strip = _drawn(
            cohort_strip(why.standing, [m.score for m in options.known.others], _WIDTH_PT, digits), why.sentence
        )
    contributions = None
    if why.evidence is not None:
        contributions = _drawn(contribution_plot(why.analysis, why.evidence, _WIDTH_PT, 120.0), why.remainder)
    bar = None
    if why.bar is not None:
        bar = _drawn(colour_ramp(why.bar.colours, why.bar.ticks, why.bar.title, 420.0), why.bar.title)
    plot = score_plot(why.analysis, [told.moment for told in why.moments], _WIDTH_PT, 170.0)
    reference = None
    if why.reference is not None:
        name, words, shot = why.reference
        reference = {"name": name, "words": words, "shot": _shot(shot, digits), "own": _shot(why.own_shot, digits)}
    return _environment().get_template("why.html").render(
        why=why,
        score=signed(why.analysis.score, digits),
        strip=strip,
        frames=[_shot(shot, digits) for shot in why.key_frames],
        bar=bar,
        plot=_drawn(plot, "Score curve: mean of the passes, their range, and the moments by number"),
        contributions=contributions,
        moments=[
            {
                "shot": _shot(told.shot, digits),
                "bar": _drawn(
                    signed_bar(told.moment.amount, greatest, 110.0, digits), signed(told.moment.amount, digits)
                ),
                "time": told.time,
                "words": told.words,
                "opinion": told.opinion,
                "divided": told.divided,
            }
            for told in why.moments
        ],
        reference=reference,
        notes=[note_line(note, names=options.names) for note in options.known.notes],
    )  # fmt: skip


def cohort_html(cohort: Cohort) -> str:
    """Return the report of a cohort."""
    median = float(np.median(cohort.scores))
    return _environment().get_template("cohort.html").render(
        cohort=cohort,
        plot=_drawn(distribution(cohort.scores, _WIDTH_PT, 160.0, cohort.digits), cohort.sentence),
        head=RATER_HEAD,
        rows=[
            {
                "rank": row.rank,
                "name": row.name,
                "marks": row.marks,
                "participant": row.participant,
                "score": score_cell(row.standing, cohort.digits),
                "bar": _drawn(
                    interval_bar(row.standing.score, row.standing.interval, cohort.span, median, 170.0),
                    score_cell(row.standing, cohort.digits),
                ),
                "percentile": row.standing.percentile_words,
                "checksum": row.checksum,
            }
            for row in cohort.rows
        ],
        people=any(row.participant for row in cohort.rows),
        facts=cohort_facts(cohort),
    )  # fmt: skip


def check_html(path: Path, words: Sequence[str]) -> None:
    """Read a web page back: it is whole, has its words, and asks for nothing else.

    Raises:
        ExportError: Something is missing, or the page would fetch something.
    """
    from html import unescape

    text = path.read_text(encoding="utf-8")
    if not text.rstrip().endswith("</html>"):
        raise ExportError(f"{path} was written and is not whole.")
    asks = re.search(r"""(?:src|href)\s*=\s*["'](?!data:|#)|url\(\s*["']?(?!data:|#)|@import""", text)
    if asks is not None:
        raise ExportError(f"{path} was written, but would fetch something: {text[asks.start() : asks.start() + 60]}.")
    found = "".join(unescape(re.sub(r"<[^>]*>", "", text)).split())
    for sentence in words:
        if "".join(sentence.split()) not in found:
            raise ExportError(f"{path} was written, but does not say “{sentence}”.")
