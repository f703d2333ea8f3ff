"""Contents of the report of a cohort: its scores in order, the raters, and what is not known."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.cohort import MIN_COHORT, CohortPosition, cohort_positions
from skillviewer.core.dataset.pairs import Judgement, Pair
from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.reliability import RaterAgreement
from skillviewer.core.text import printable, signed
from skillviewer.core.version import __version__
from skillviewer.export.reports.drawings import interval_bars
from skillviewer.export.reports.pdf import Paper
from skillviewer.export.reports.rater_summary import rater_cells, raters_summary

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing

CHECKSUM = 12
"""Digits of a checksum that are printed: enough to find the file, and to see that it is another."""


@dataclass(frozen=True, slots=True)
class CohortOptions:
    """Options of the report of a cohort."""

    paper: Paper = "a4"  # ``a4`` or ``letter``; a web page has no size
    title: str = ""
    task: str = ""
    statement: str = ""  # the question that raters answered, or ""
    judgements: tuple[Judgement, ...] = ()  # judgements of the raters
    pairs: tuple[Pair, ...] = ()  # agreed pairs, with which the order by the model is compared
    # rating or score in words by criterion and video, if there are several criteria
    criteria: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    agreement: RaterAgreement | None = None  # agreement of the raters who rated the videos, or None
    made_on: date | None = None  # date of the report; None for today


@dataclass(frozen=True, slots=True)
class CohortVideo:
    """One video that goes into the report."""

    name: str
    score: float
    interval: tuple[float, float] | None = None  # 95 % interval, or None with a single pass
    participant: str = ""  # the participant, or "" if people are not named
    warning: str = ""  # warning of the model, or ""
    digest: str = ""  # SHA-256 of the file, or ""
    before_blur: bool = False  # whether the score is of the video before its faces were blurred
    passes: int = 1  # number of passes that the score is the mean of
    scaled: CalibratedScore | None = None  # the score on the raters' scale, or None


@dataclass(frozen=True, slots=True)
class CohortModel:
    """The model that gave the scores."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A video of the cohort, and where its score stands."""

    video: CohortVideo
    position: CohortPosition

    @property
    def rank(self) -> int:
        """Rank by score, from 1."""
        return 1 + self.position.n_higher

    @property
    def rating(self) -> str:
        """The score on the raters' scale in words, "" without a scale."""
        return self.video.scaled.words or "–" if self.video.scaled is not None else ""

    @property
    def checksum(self) -> str:
        """Beginning of the digest."""
        return self.video.digest[:CHECKSUM]

    @property
    def marks(self) -> str:
        """Signs behind its name."""
        return f"{' *' if self.video.warning else ''}{' †' if self.video.before_blur else ''}"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everything in the report of a cohort."""

    options: CohortOptions
    title: str
    digits: int
    rows: tuple[CohortRow, ...]
    model: CohortModel
    day: date
    raters: tuple[tuple[str, ...], ...]
    ratings: tuple[str, ...] = ()

    @property
    def scores(self) -> tuple[float, ...]:
        """Scores in the order of the rows."""
        return tuple(row.position.score for row in self.rows)

    @property
    def sentence(self) -> str:
        """Number of videos, model and scores, as a sentence."""
        scores = self.scores
        n = len(scores)
        return (
            f"{n} video{'s' if n > 1 else ''} assessed by {self.model.name}: scores from "
            f"{signed(min(scores), self.digits)} to {signed(max(scores), self.digits)}, median "
            f"{signed(float(np.median(scores)), self.digits)}."
        )

    @property
    def raters_text(self) -> str:
        """Summary of the votes and the ratings, "" without any."""
        text = raters_summary(
            self.options.judgements,
            self.options.pairs,
            dict(zip((r.video.name for r in self.rows), self.scores, strict=True)),
        )
        rated = self.options.agreement.sentences if self.options.agreement is not None else ()
        return " ".join(filter(None, (text, *rated)))

    @property
    def all_criteria(self) -> list[list[str]]:
        """Table of all criteria: a head, then a row for each video; empty if there is one criterion."""
        criteria = self.options.criteria
        rows = [
            [row.video.name, *(by_video.get(row.video.name, "–") for by_video in criteria.values())]
            for row in self.rows
        ]
        return [["video", *map(printable, criteria)], *rows] if criteria else []

    @property
    def unknown(self) -> tuple[str, ...]:
        """Limits of the numbers, one or two sentences each."""
        order = (
            "Only the order of the scores means something: a score twice as high is not twice the skill, and scores of "
            "two models cannot be compared."
        )
        rated = bool(self.options.judgements or self.options.pairs or self.options.agreement)
        skill = (
            "Raters disagree as well: no model can be shown to be better than the raters agree with each other."
            if rated
            else "No rater has judged these videos, so nothing here shows that the scores follow skill."
        )
        return (order, *_about_intervals(self.rows), *_about_videos(self.rows), *self.ratings, skill)

    def bars(self, width_pt: float) -> "Iterator[Drawing]":
        """Yield the drawing of every row, on one scale with the median."""
        scores = [(row.position.score, row.position.interval) for row in self.rows]
        return interval_bars(scores, float(np.median(self.scores)), width_pt)


def gather_cohort(videos: Sequence[CohortVideo], model: CohortModel, options: CohortOptions, day: date) -> Cohort:
    """Gather everything of a report.

    There is at least one video, and each has a name of its own.

    Raises:
        ExportError: There is no video, or one is there twice.
    """
    if not videos:
        raise ExportError(f"No video has been assessed by {model.name}: assess some first.")
    repeated_name = next((name for name, n in Counter(v.name for v in videos).items() if n > 1), None)
    if repeated_name is not None:
        raise ExportError(f"“{repeated_name}” is in the cohort twice: give every video a name of its own.")
    scores = [v.score for v in videos]
    printable_videos = [replace(v, name=printable(v.name), participant=printable(v.participant)) for v in videos]
    rows = list(map(CohortRow, printable_videos, cohort_positions(scores, [v.interval for v in videos])))
    return Cohort(
        options=options,
        title=printable(options.title) or "Cohort",
        digits=_digits(scores),
        rows=tuple(sorted(rows, key=lambda row: (row.rank, row.video.name))),
        model=replace(model, name=printable(model.name)),
        day=day,
        raters=rater_cells(options.judgements),
        ratings=tuple(dict.fromkeys(v.scaled.refusal or v.scaled.note for v in videos if v.scaled is not None)),
    )


def _digits(scores: Sequence[float]) -> int:
    """Return the number of decimals that distinguishes scores: 2, or more for scores that are close together."""
    span = max(scores) - min(scores)
    return int(np.clip(2 - math.floor(math.log10(span * 2)), 2, 5)) if span > 0 else 2


def _about_intervals(rows: Sequence[CohortRow]) -> list[str]:
    n = len(rows)
    sentences = []
    passes = [row for row in rows if row.position.interval is not None]
    if passes:
        at_median = sum(row.position.at_median for row in passes)
        sentences.append(
            f"Intervals say how much the choice of frames moves a score and nothing else. {at_median} of {len(passes)} "
            "videos cannot be told from the median."
        )
    n_one_pass = sum(row.position.interval is None and row.video.passes == 1 for row in rows)
    if n_one_pass:
        have = "was assessed with one pass and has" if n_one_pass == 1 else "were assessed with one pass and have"
        sentences.append(f"{n_one_pass} of {n} videos {have} no interval.")
    n_same_frames = n - len(passes) - n_one_pass
    if n_same_frames:
        have = "has" if n_same_frames == 1 else "have"
        sentences.append(
            f"{n_same_frames} of {n} videos {have} no interval although several passes were made: the videos have few "
            "frames, so all passes used the same ones."
        )
    if n - 1 < MIN_COHORT:
        sentences.append(
            f"With fewer than {MIN_COHORT} other videos no percentile is given: one more or less would move it by over "
            "5 %."
        )
    return sentences


def _about_videos(rows: Sequence[CohortRow]) -> list[str]:
    n = len(rows)
    sentences = []
    before = sum(row.video.before_blur for row in rows)
    if before:
        sentences.append(
            f"{before} of {n} scores (marked †) {'were' if before > 1 else 'was'} computed before faces were blurred "
            "in the videos: a model that assesses the blurred videos may give others."
        )
    warned = sum(bool(row.video.warning) for row in rows)
    sentences.append(
        f"{warned} of {n} videos (marked *) {'look' if warned > 1 else 'looks'} unlike those the model was trained on: "
        "such scores may mean little."
        if warned
        else "No video was flagged as unlike those the model was trained on; that does not show that it is like them."
    )
    sentences.append(
        "It is not known whether the model was trained on these videos or participants; if it was, the scores are too "
        "good."
    )
    return sentences


def cohort_facts(cohort: Cohort) -> tuple[tuple[str, str], ...]:
    """Return the provenance of the numbers, as (name, value)."""
    return (
        ("Model", cohort.model.name),
        ("Model SHA-256", cohort.model.digest),
        ("Computed by", f"SkillViewer {__version__}"),
        ("Date of report", cohort.day.isoformat()),
    )


def score_cell(position: CohortPosition, digits: int) -> str:
    """Return the score of a row with its interval."""
    if position.interval is None:
        return signed(position.score, digits)
    low, high = (signed(end, digits) for end in position.interval)
    return f"{signed(position.score, digits)}  ({low} to {high})"
