"""Report of change over time: of one participant by occasion, or of a group before and after."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillviewer.core.ratings.change import Course, change_between, mean_change, significant_sign
from skillviewer.core.ratings.reliability import Estimate
from skillviewer.core.text import counted, printable, signed
from skillviewer.export.rendering.theme import WHITE
from skillviewer.export.reports.drawings import interval_bars
from skillviewer.export.reports.pdf import PageFrame, facts_table, grid, heading, list_item, page_header, paragraph
from skillviewer.export.reports.why_content import DISCLAIMER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reportlab.graphics.shapes import Drawing
    from reportlab.platypus import Flowable

    from skillviewer.export.reports.pdf import Paper

KIND = "Change over time"


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """Ratings of videos by the raters or by a model, with the wording of their changes."""

    title: str
    estimates: "Mapping[str, Estimate]"  # rating of each video, by name
    step: float = 1.0  # step of the rating scale
    less_is_better: bool = False
    warning: str = ""  # warning about a mean change, or ""
    unknown: tuple[str, ...] = ()  # sentences on what is not known
    facts: tuple[tuple[str, str], ...] = ()  # (name, value) of the provenance

    def format_rating(self, estimate: Estimate) -> str:
        """Return a rating with its interval, or a dash if there is none."""
        if not math.isfinite(estimate.value):
            return "–"
        value = self._format_number(estimate.value)
        if not _has_interval(estimate):
            return f"{value} (no interval)"
        return f"{value} ({self._format_number(estimate.low)} to {self._format_number(estimate.high)})"

    def _format_number(self, rating: float) -> str:
        return signed(rating, self._digits).removeprefix("+")

    def format_change(self, estimate: Estimate, unit: str = "", level: str = "") -> str:
        """Return a change of ratings with its interval, or a dash if there is none.

        ``unit`` follows the value, ``level`` the ends of the interval.
        """
        if not math.isfinite(estimate.value):
            return "–"
        digits = self._digits
        if significant_sign(estimate) and 0 in (round(estimate.low, digits), round(estimate.high, digits)):
            digits += 1  # the interval excludes 0, so no end may be rounded to 0
        interval = "(no interval)"
        if _has_interval(estimate):
            interval = f"({signed(estimate.low, digits)} to {signed(estimate.high, digits)}{level})"
        return f"{signed(estimate.value, digits)}{unit} {interval}"

    @property
    def _digits(self) -> int:
        return 1 if self.step >= 1 else 2

    def describe_change(self, estimate: Estimate, over: str = "") -> str:
        """Return a change as text: for the better, for the worse, or not detectable.

        ``over`` names the units that the interval was computed over, for example " over participants".
        """
        sign = significant_sign(estimate)
        if self.less_is_better:
            sign = -sign
        verdicts = {1: "these attempts became better", -1: "these attempts became worse", 0: "no change can be told"}
        level = f", {100 * estimate.level:g} % interval{over}"
        return f"{verdicts[sign]}: {self.format_change(estimate, ' points', level)}"


def _has_interval(estimate: Estimate) -> bool:
    return math.isfinite(estimate.low + estimate.high)


@dataclass(frozen=True, slots=True)
class ChangeSection:
    """One table of the report, with the sentence above it."""

    title: str
    sentence: str
    head: tuple[str, ...]  # titles of the columns
    rows: tuple[tuple[tuple[str, ...], Estimate], ...]  # cells of each row, and the estimate that is drawn
    line: float  # value of the dashed line

    def bars(self, width_pt: float) -> "Iterator[Drawing]":
        """Yield the drawing of every row, on one scale."""
        intervals = [(estimate.value, (estimate.low, estimate.high)) for _, estimate in self.rows]
        return interval_bars(intervals, self.line, width_pt)


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """Contents of the report, for paper, web page and window."""

    title: str
    subtitle: str
    sections: tuple[ChangeSection, ...]
    unknown: tuple[str, ...]  # sentences on what is not known
    facts: tuple[tuple[str, str], ...]  # (name, value) of the provenance


def participant_section(
    source: ChangeSource, course: Course, occasion_before: str, occasion_after: str
) -> ChangeSection:
    """Return the table of one participant, with a row for each occasion."""
    change = change_between(course, occasion_before, occasion_after)
    if change is None:
        sentence = "No earlier and later occasion with a rating: no change can be told."
    else:
        first_occasion, last_occasion, estimate = change
        occasions = f"From {printable(first_occasion)} to {printable(last_occasion)}"
        sentence = f"{occasions}, {source.describe_change(estimate)}."
    rows = tuple(
        ((printable(occasion), counted(n_videos, "video"), source.format_rating(rating)), rating)
        for occasion, n_videos, rating in course
    )
    first_rating = next((rating.value for *_, rating in course if math.isfinite(rating.value)), 0.0)
    return ChangeSection(
        source.title, sentence, head=("occasion", "", "rating (interval)"), rows=rows, line=first_rating
    )


def group_section(
    source: ChangeSource, courses: "Mapping[str, Course]", occasion_before: str, occasion_after: str
) -> ChangeSection:
    """Return the table of all participants with two occasions, and a sentence on their mean change."""
    changes = {}
    for name, course in courses.items():
        change = change_between(course, occasion_before, occasion_after)
        if change is not None:
            changes[name] = change
    if len(changes) > 1:
        mean = mean_change({name: estimate.value for name, (*_, estimate) in changes.items()})
        mean_text = source.describe_change(mean, " over participants")
        sentence = f"Of {len(changes)} participants on average, {mean_text}.{source.warning}"
    else:
        sentence = f"{counted(len(changes), 'participant')} with ratings at both occasions: too few for a mean change."
    signs = [significant_sign(estimate) for *_, estimate in changes.values()]
    counts = f"{signs.count(1)} higher, {signs.count(-1)} lower, {signs.count(0)} cannot be told"
    sentence += f" Of each alone, by its own interval: {counts}."
    n_without_change = len(courses) - len(changes)
    if n_without_change:
        sentence += f" {counted(n_without_change, 'more participant')} without ratings at both."
    rows = tuple(
        ((printable(name), printable(f"{first} – {last}"), source.format_change(estimate)), estimate)
        for name, (first, last, estimate) in changes.items()
    )
    level = next((f"{100 * estimate.level:g} % " for *_, estimate in changes.values()), "")
    head = ("participant", "occasions", f"change ({level}interval)")
    return ChangeSection(source.title, sentence, head, rows, line=0.0)


def change_pdf(report: ChangeReport, paper: "Paper") -> bytes:
    """Return the report as PDF, or raise an ExportError if it does not fit on its pages."""
    frame = PageFrame(paper, f"{KIND}: {report.title}", f"{DISCLAIMER}  {report.title}")
    width_pt = frame.width_pt
    story = page_header(KIND, dict(report.facts)["Date of report"], report.title, report.subtitle, width_pt)
    for section in report.sections:
        sentence = paragraph(section.sentence, size_pt=10.5, bold=True, leading=1.35, after_pt=4)
        story += [heading(section.title), sentence, _section_table(section, width_pt)]
    story.append(heading("What is not known"))
    story += [list_item(sentence) for sentence in report.unknown]
    story += [heading("Where the numbers come from"), facts_table(report.facts, width_pt)]
    return frame.build(story)


def _section_table(section: ChangeSection, width_pt: float) -> "Flowable":
    bar_width_pt = width_pt * 0.3
    titles = [paragraph(title, size_pt=7.4, text_colour=WHITE.muted) for title in (*section.head, "")]
    rows: list[list[Flowable | Drawing]] = [[*titles]]
    for (cells, _), bar in zip(section.rows, section.bars(bar_width_pt), strict=True):
        rows.append([*(paragraph(cell, size_pt=8.4) for cell in cells), bar])
    widths_pt = (width_pt * 0.2, width_pt * 0.2, width_pt * 0.3, bar_width_pt)
    return grid(rows, widths_pt, lines=True, pad_pt=2, repeat=1, middle=True)
