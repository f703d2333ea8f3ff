"""The report of change over time: of one participant by occasion, or of a group before against after."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillviewer.core.ratings.change import Course, change_between, mean_change, significant_sign
from skillviewer.core.ratings.reliability import Estimate
from skillviewer.core.text import counted, printable, signed
from skillviewer.export.rendering.theme import WHITE
from skillviewer.export.reports.drawings import interval_bars
from skillviewer.export.reports.pdf import (
    PageFrame,
    StyleArguments,
    facts_table,
    grid,
    heading,
    page_head,
    paragraph,
    point,
)
from skillviewer.export.reports.why import DISCLAIMER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reportlab.graphics.shapes import Drawing
    from reportlab.platypus import Flowable

    from skillviewer.export.reports.pdf import Paper

KIND = "Change over time"


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """Origin of ratings: the rating of every video, the form of its numbers, a caution about a mean change, and limits.

    ``step`` is that of the scale; ``facts`` are name and value.
    """

    title: str
    estimates: "Mapping[str, Estimate]"
    step: float = 1.0
    less_is_better: bool = False
    warning: str = ""
    unknown: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def rating(self, estimate: Estimate, sign: str = "", unit: str = "", level: str = "") -> str:
        """Return a rating, or a change ("+" as sign), with its interval; a dash if there is none."""
        if not math.isfinite(estimate.value):
            return "–"
        digits = 1 if self.step >= 1 else 2
        digits += bool(
            sign and significant_sign(estimate) and 0 in (round(estimate.low, digits), round(estimate.high, digits))
        )  # 0 lies outside
        value = signed(estimate.value, digits).removeprefix("+" * (not sign))
        low = signed(estimate.low, digits).removeprefix("+" * (not sign))
        high = signed(estimate.high, digits).removeprefix("+" * (not sign))
        return f"{value}{unit} " + (
            f"({low} to {high}{level})" if math.isfinite(estimate.low + estimate.high) else "(no interval)"
        )

    def verdict(self, estimate: Estimate, over: str = "") -> str:
        """Return a change in words: for the better, for the worse, or not detectable."""
        sign = -significant_sign(estimate) if self.less_is_better else significant_sign(estimate)
        verdicts = {1: "these attempts became better", -1: "these attempts became worse", 0: "no change can be told"}
        return (
            f"{verdicts[sign]}: {self.rating(estimate, '+', ' points', f', {100 * estimate.level:g} % interval{over}')}"
        )


@dataclass(frozen=True, slots=True)
class ChangeSection:
    """One table: its sentence, head, rows of cells with the estimate that is drawn, and value of the dashed line."""

    title: str
    sentence: str
    head: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], Estimate], ...]
    line: float

    def bars(self, width_pt: float) -> "Iterator[Drawing]":
        """Yield the drawing of every row, on one scale."""
        return interval_bars(
            [(estimate.value, (estimate.low, estimate.high)) for _, estimate in self.rows], self.line, width_pt
        )


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """Everything in the report, the same on paper, as a web page and in the window."""

    title: str
    subtitle: str
    sections: tuple[ChangeSection, ...]
    unknown: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def of_participant(source: ChangeSource, course: Course, before: str, after: str) -> ChangeSection:
    """Return the table of one participant: a row an occasion."""
    change = change_between(course, before, after)
    sentence = "No earlier and later occasion with a rating: no change can be told."
    if change is not None:
        sentence = f"From {printable(change[0])} to {printable(change[1])}, {source.verdict(change[2])}."
    rows = tuple(
        ((printable(occasion), counted(n, "video"), source.rating(rating)), rating) for occasion, n, rating in course
    )
    first = next((rating.value for *_, rating in course if math.isfinite(rating.value)), 0.0)
    return ChangeSection(source.title, sentence, ("occasion", "", "rating (interval)"), rows, first)


def of_group(source: ChangeSource, courses: "Mapping[str, Course]", before: str, after: str) -> ChangeSection:
    """Return the table of all participants with two occasions, and their mean change."""
    change_by_name = {name: change_between(course, before, after) for name, course in courses.items()}
    changes = {name: change for name, change in change_by_name.items() if change is not None}
    sentence = f"{counted(len(changes), 'participant')} with ratings at both occasions: too few for a mean change."
    if len(changes) > 1:
        mean = mean_change({name: estimate.value for name, (*_, estimate) in changes.items()})
        sentence = (
            f"Of {len(changes)} participants on average, {source.verdict(mean, ' over participants')}.{source.warning}"
        )
    signs = [significant_sign(estimate) for *_, estimate in changes.values()]
    one_occasion = f"{signs.count(1)} higher, {signs.count(-1)} lower, {signs.count(0)} cannot be told"
    sentence += f" Of each alone, by its own interval: {one_occasion}."
    if len(change_by_name) > len(changes):
        sentence += f" {counted(len(change_by_name) - len(changes), 'more participant')} without ratings at both."
    rows = tuple(
        ((printable(name), printable(f"{first} – {last}"), source.rating(estimate, "+")), estimate)
        for name, (first, last, estimate) in changes.items()
    )
    level = next((f"{100 * estimate.level:g} % " for *_, estimate in changes.values()), "")
    head = ("participant", "occasions", f"change ({level}interval)")
    return ChangeSection(source.title, sentence, head, rows, 0.0)


def change_pdf(report: ChangeReport, paper: "Paper") -> bytes:
    """Return the report as PDF, or raise an ExportError if it cannot be set."""
    sheet = PageFrame(paper, f"{KIND}: {report.title}", f"{DISCLAIMER}  {report.title}")
    width = sheet.width_pt
    story = page_head(KIND, dict(report.facts)["Date of report"], report.title, report.subtitle, width)
    for section in report.sections:
        sentence = paragraph(section.sentence, size_pt=10.5, bold=True, leading=1.35, after_pt=4)
        story += [heading(section.title), sentence, _table(section, width)]
    story += [heading("What is not known"), *map(point, report.unknown)]
    return sheet.build([*story, heading("Where the numbers come from"), facts_table(report.facts, width)])


def _table(section: ChangeSection, width: float) -> "Flowable":
    bars = width * 0.3
    muted: StyleArguments = {"size_pt": 7.4, "text_colour": WHITE.muted}
    lines: list[Sequence[object]] = [[*(paragraph(word, **muted) for word in section.head), paragraph("", **muted)]]
    drawn = zip(section.rows, section.bars(bars), strict=True)
    lines += [[*(paragraph(cell, size_pt=8.4) for cell in cells), bar] for (cells, _), bar in drawn]
    return grid(lines, (width * 0.2, width * 0.2, width * 0.3, bars), lines=True, pad_pt=2, repeat=1, middle=True)
