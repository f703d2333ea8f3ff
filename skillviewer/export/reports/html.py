"""Reports as one web page: pictures, drawings, fonts and words in a single file that asks for nothing else."""

import base64
import re
from collections.abc import Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillviewer.core.errors import ExportError
from skillviewer.core.paths import resources_dir
from skillviewer.core.text import signed
from skillviewer.export.reports.change import ChangeReport
from skillviewer.export.reports.cohort import Cohort, cohort_facts, score_cell
from skillviewer.export.reports.drawings import (
    as_svg,
    cohort_strip,
    colour_ramp,
    contribution_plot,
    distribution,
    score_plot,
    signed_bar,
)
from skillviewer.export.reports.rater_summary import RATER_HEAD
from skillviewer.export.reports.why import DISCLAIMER, FramePicture, WhyContent
from skillviewer.export.reports.why_pdf import note_line

if TYPE_CHECKING:
    from jinja2 import Environment

_WIDTH_PT = 640.0


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = resources_dir() / "report"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["fonts"] = [
        (weight, _data("font/ttf", (folder / f"{file}.ttf").read_bytes()))
        for weight, file in ((400, "Inter-Regular"), (600, "Inter-SemiBold"))
    ]
    environment.globals["disclaimer"] = DISCLAIMER
    return environment


def _picture_values(frame_picture: FramePicture, score: str) -> dict[str, Any]:
    return {
        "source": _data("image/jpeg", frame_picture.jpeg),
        "time": frame_picture.time,
        "score": score,
        "aspect": f"{frame_picture.aspect:.4f}",
    }


def _drawn(drawing: Any, label: str) -> Any:  # noqa: ANN401 - not typed
    from markupsafe import Markup

    return Markup(as_svg(drawing, label))  # noqa: S704 - made here, from numbers


def why_html(content: WhyContent) -> str:
    """Return the page of one video."""
    options, digits = content.options, content.digits
    greatest = max((abs(explained.moment.amount) for explained in content.moments), default=1.0)
    strip = None
    if options.known.others and not content.hides_scores:
        strip = _drawn(
            cohort_strip(content.position, [m.score for m in options.known.others], _WIDTH_PT, digits), content.sentence
        )
    contributions = None
    if content.evidence is not None:
        contributions = _drawn(
            contribution_plot(content.analysis, content.evidence, _WIDTH_PT, 120.0), content.remainder
        )
    bar = None
    if content.bar is not None:
        bar = _drawn(colour_ramp(content.bar.colours, content.bar.ticks, content.bar.title, 420.0), content.bar.title)
    marked = [explained.moment for explained in content.moments]
    plot = score_plot(content.analysis, marked, _WIDTH_PT, 170.0, numbers=not content.hides_scores)
    reference = None
    if content.reference is not None:
        name, text, frame_picture = content.reference
        reference = {
            "name": name,
            "text": text,
            "picture": _picture_values(frame_picture, signed(frame_picture.score, digits)),
            "own": _picture_values(content.own_picture, content.format_score(content.own_picture.score)),
        }
    return _environment().get_template("why.html").render(
        why=content,
        score=content.format_score(content.analysis.score),
        strip=strip,
        frames=[_picture_values(pictures, content.format_score(pictures.score)) for pictures in content.key_frames],
        bar=bar,
        plot=_drawn(plot, "Score curve: mean of the passes, their range, and the moments by number"),
        contributions=contributions,
        moments=[
            {
                "picture": _picture_values(
                    explained.frame_picture, content.format_score(explained.frame_picture.score)
                ),
                "bar": _drawn(
                    signed_bar(explained.moment.amount, greatest, 110.0, digits),
                    signed(explained.moment.amount, digits),
                ),
                "time": explained.time,
                "text": explained.text,
                "opinion": explained.opinion,
                "divided": explained.divided,
            }
            for explained in content.moments
        ],
        reference=reference,
        notes=[note_line(note, names=options.names) for note in options.known.notes],
    )  # fmt: skip


def cohort_html(cohort: Cohort) -> str:
    """Return the report of a cohort."""
    rows = []
    for row, bar in zip(cohort.rows, cohort.bars(170.0), strict=True):
        text = score_cell(row.position, cohort.digits)
        rows.append((row, text, _drawn(bar, text)))
    return _environment().get_template("cohort.html").render(
        cohort=cohort,
        plot=_drawn(distribution(cohort.scores, _WIDTH_PT, 160.0, cohort.digits), cohort.sentence),
        head=RATER_HEAD,
        rows=rows,
        rated=any(row.rating for row in cohort.rows),
        participants=any(row.video.participant for row in cohort.rows),
        facts=cohort_facts(cohort),
    )  # fmt: skip


def change_html(report: ChangeReport) -> str:
    """Return the report of change over time."""
    tables = [
        (section, [(cells, _drawn(bar, cells[-1])) for (cells, _), bar in zip(section.rows, bars, strict=True)])
        for section in report.sections
        for bars in [section.bars(250.0)]
    ]
    return _environment().get_template("change.html").render(report=report, tables=tables)


_WORDS = frozenset({"alt", "aria-label", "title"})
"""Attributes that hold words, which fetch nothing whatever they say."""

_LINKS = frozenset({"src", "href", "xlink:href", "srcset", "poster", "action", "data"})
_LOCAL_TARGET = re.compile(r"\s*(data:|#)")
_FETCHED = re.compile(r"""url\(\s*["']?(?!data:|#)|@import""")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.fetched: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if value and name not in _WORDS:
                self._look(value, foreign=name in _LINKS and _LOCAL_TARGET.match(value) is None)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._look(data)
        else:
            self.texts.append(data)

    def _look(self, value: str, *, foreign: bool = False) -> None:
        fetched = _FETCHED.search(value)
        if foreign or fetched is not None:
            self.fetched.append(value[fetched.start() if fetched is not None else 0 :][:60])


def check_html(file: Path, path: Path, sentences: Sequence[str]) -> None:
    """Read a web page back: it is whole, has its sentences, and asks for nothing else.

    Its final ``path`` stands in messages.

    Raises:
        ExportError: Something is missing, or the page would fetch something.
    """
    text = file.read_text(encoding="utf-8")
    if not text.rstrip().endswith("</html>"):
        raise ExportError(f"{path} was not written: the page did not come back whole.")
    page = _Page()
    page.feed(text)
    page.close()
    if page.fetched:
        raise ExportError(f"{path} was not written: the page would fetch something: {page.fetched[0]}.")
    page_text = "".join("".join(page.texts).split())
    for sentence in sentences:
        if "".join(sentence.split()) not in page_text:
            raise ExportError(f"{path} was not written: the page does not say “{sentence}”.")
