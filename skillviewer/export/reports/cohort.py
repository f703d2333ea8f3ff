"""Contents of the report of a cohort: its scores in order, the raters, and the limits of the numbers."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.cohort import MIN_COHORT, CohortPosition, cohort_positions
from skillviewer.core.dataset.pairs import Judgement, Pair
from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.reliability import RaterAgreement
from skillviewer.core.text import counted, printable, signed
from skillviewer.core.version import __version__
from skillviewer.export.reports.drawings import interval_bars
from skillviewer.export.reports.pdf import Paper
from skillviewer.export.reports.rater_summary import PairsInTraining, rater_rows, raters_summary

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing

N_CHECKSUM_DIGITS = 12
"""Printed digits of a checksum: enough to find a file and to notice a different one."""


@dataclass(frozen=True, slots=True)
class CohortOptions:
    """Options of the report of a cohort."""

    paper: Paper = "a4"  # ``a4`` or ``letter``; a web page has no size
    title: str = ""
    task: str = ""
    statement: str = ""  # question that raters answered, or ""
    judgements: tuple[Judgement, ...] = ()  # judgements of the raters
    pairs: tuple[Pair, ...] = ()  # agreed pairs to compare the model's order with
    training: PairsInTraining | None = None  # pairs and videos that the model was trained on, or None if not known
    # rating or score as text, by criterion and name of the video, if there are several criteria
    criteria: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    agreement: RaterAgreement | None = None  # agreement of the ratings of the videos; None with fewer than two raters
    single_rater: str = ""  # sentence on the ratings if one rater gave them all, or ""
    made_on: date | None = None  # date of the report; None for today


@dataclass(frozen=True, slots=True)
class CohortVideo:
    """One video of the report."""

    name: str
    score: float
    interval: tuple[float, float] | None = None  # 95 % interval, or None with a single pass
    participant: str = ""  # name of the participant, or "" if people are not named
    warning: str = ""  # warning of the model, or ""
    digest: str = ""  # SHA-256 of the file, or ""
    before_blur: bool = False  # whether the score was computed before the faces in the video were blurred
    passes: int = 1  # number of passes, whose mean is the score
    scaled: CalibratedScore | None = None  # score on the raters' scale, or None


@dataclass(frozen=True, slots=True)
class CohortModel:
    """The model that computed the scores."""

    name: str
    digest: str
    test: str = ""  # sentences on its accuracy on held-out people and its verdict, or ""


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A video of the cohort, and the position of its score."""

    video: CohortVideo
    position: CohortPosition

    @property
    def rank(self) -> int:
        """Rank by score, from 1."""
        return 1 + self.position.n_higher

    @property
    def rating(self) -> str:
        """Score on the raters' scale as text; "" without a scale."""
        if self.video.scaled is None:
            return ""
        return self.video.scaled.words or "–"

    @property
    def checksum(self) -> str:
        """First digits of the digest."""
        return self.video.digest[:N_CHECKSUM_DIGITS]

    @property
    def marks(self) -> str:
        """Marks after the name: * for a warning, † for a score from before the blurring."""
        warning_mark = " *" if self.video.warning else ""
        blur_mark = " †" if self.video.before_blur else ""
        return warning_mark + blur_mark


@dataclass(frozen=True, slots=True)
class Cohort:
    """Contents of the report of a cohort."""

    options: CohortOptions
    title: str
    digits: int  # decimals of scores
    rows: tuple[CohortRow, ...]  # by rank
    model: CohortModel
    day: date  # date of the report
    rater_rows: tuple[tuple[str, ...], ...]  # rows of the table of raters
    rating_sentences: tuple[str, ...] = ()  # sentences on the scores on the raters' scale

    @property
    def scores(self) -> tuple[float, ...]:
        """Scores in the order of the rows."""
        return tuple(row.position.score for row in self.rows)

    @property
    def sentence(self) -> str:
        """Sentence on the number of videos, the model and the range of scores."""
        scores = self.scores
        lowest_score = signed(min(scores), self.digits)
        highest_score = signed(max(scores), self.digits)
        median = signed(float(np.median(scores)), self.digits)
        return (
            f"{counted(len(scores), 'video')} assessed by {self.model.name}: scores from {lowest_score} to "
            f"{highest_score}, median {median}."
        )

    @property
    def raters_text(self) -> str:
        """Summary of votes, ratings and agreed pairs; "" if there are none."""
        scores_by_name = {row.video.name: row.position.score for row in self.rows}
        options = self.options
        sentences = [raters_summary(options.judgements, options.pairs, scores_by_name, options.training)]
        if options.agreement is not None:
            sentences += options.agreement.sentences
        sentences.append(printable(options.single_rater))
        return " ".join(sentence for sentence in sentences if sentence)

    @property
    def all_criteria(self) -> list[list[str]]:
        """Table of all criteria: a header, then a row for each video; empty if there is one criterion."""
        criteria = self.options.criteria
        if not criteria:
            return []
        table = [["video", *(printable(name) for name in criteria)]]
        for row in self.rows:
            name = row.video.name
            cells = [texts_by_name.get(name, "–") for texts_by_name in criteria.values()]
            table.append([name, *cells])
        return table

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the numbers, one or two sentences each."""
        order_limit = (
            "Only the order of the scores means something: a score twice as high is not twice the skill, and scores of "
            "two models cannot be compared."
        )
        if self.raters_text:
            skill_limit = (
                "Raters disagree as well: no model can be shown to be better than the raters agree with each other."
            )
        else:
            skill_limit = "No rater has judged these videos, so nothing here shows that the scores follow skill."
        return (
            order_limit,
            *_interval_limits(self.rows),
            *_video_limits(self.rows),
            self._training_limit,
            *self.rating_sentences,
            skill_limit,
        )

    @property
    def _training_limit(self) -> str:
        """Sentence on the videos that the model was trained on."""
        training = self.options.training
        n_videos = len(self.rows)
        if training is None:
            return (
                "It is not known whether the model was trained on these videos or participants; if it was, the scores "
                "are too good."
            )
        n_trained = len(training.videos)
        if not n_trained:
            return (
                "The model was trained on none of these videos. Whether it was trained on others of their participants "
                "is not known."
            )
        trained_text = f"all {n_videos} videos" if n_trained == n_videos else f"{n_trained} of {n_videos} videos"
        return (
            f"The model was trained on {trained_text}, so their scores follow the raters better than those of new "
            "people."
        )

    def bars(self, width_pt: float) -> "Iterator[Drawing]":
        """Yield the drawing of every row. All have the same scale, and a line at the median."""
        scores = [(row.position.score, row.position.interval) for row in self.rows]
        median = float(np.median(self.scores))
        return interval_bars(scores, median, width_pt)


def gather_cohort(videos: Sequence[CohortVideo], model: CohortModel, options: CohortOptions, day: date) -> Cohort:
    """Gather the contents of the report of a cohort.

    Raises:
        ExportError: There is no video, or two have the same name.
    """
    if not videos:
        raise ExportError(f"No video has been assessed by {model.name}: assess some first.")
    n_videos_by_name = Counter(video.name for video in videos)
    for name, n_videos in n_videos_by_name.items():
        if n_videos > 1:
            raise ExportError(f"“{name}” is in the cohort twice: give every video a name of its own.")
    scores = [video.score for video in videos]
    positions = cohort_positions(scores, [video.interval for video in videos])
    rows = []
    for video, position in zip(videos, positions, strict=True):
        printable_video = replace(video, name=printable(video.name), participant=printable(video.participant))
        rows.append(CohortRow(printable_video, position))
    rows.sort(key=lambda row: row.video.name)
    rows.sort(key=attrgetter("rank"))  # equal ranks stay in the order of names
    calibrated_scores = [video.scaled for video in videos if video.scaled is not None]
    rating_sentences = [calibrated.refusal or calibrated.note for calibrated in calibrated_scores]
    return Cohort(
        options=options,
        title=printable(options.title) or "Cohort",
        digits=_choose_digits(scores),
        rows=tuple(rows),
        model=replace(model, name=printable(model.name), test=printable(model.test)),
        day=day,
        rater_rows=rater_rows(options.judgements),
        rating_sentences=tuple(dict.fromkeys(rating_sentences)),
    )


def _choose_digits(scores: Sequence[float]) -> int:
    """Return the number of decimals that distinguishes scores: 2, or more for scores that are close together."""
    span = max(scores) - min(scores)
    if span <= 0:
        return 2
    magnitude = math.floor(math.log10(span * 2))  # 0 for spans of 0.5 to 5
    return min(max(2 - magnitude, 2), 5)


def _interval_limits(rows: Sequence[CohortRow]) -> list[str]:
    n_videos = len(rows)
    sentences = []
    with_interval = [row for row in rows if row.position.interval is not None]
    if with_interval:
        n_at_median = sum(row.position.at_median for row in with_interval)
        sentences.append(
            f"Intervals say how much the choice of frames moves a score and nothing else. {n_at_median} of "
            f"{len(with_interval)} videos cannot be told from the median."
        )
    n_one_pass = sum(row.position.interval is None and row.video.passes == 1 for row in rows)
    if n_one_pass:
        verb = "was assessed with one pass and has" if n_one_pass == 1 else "were assessed with one pass and have"
        sentences.append(f"{n_one_pass} of {n_videos} videos {verb} no interval.")
    n_same_frames = n_videos - len(with_interval) - n_one_pass
    if n_same_frames:
        verb = "has" if n_same_frames == 1 else "have"
        sentences.append(
            f"{n_same_frames} of {n_videos} videos {verb} no interval although several passes were made: the videos "
            "have few frames, so all passes used the same ones."
        )
    if n_videos - 1 < MIN_COHORT:
        sentences.append(
            f"With fewer than {MIN_COHORT} other videos no percentile is given: one more or less would move it by over "
            "5 %."
        )
    return sentences


def _video_limits(rows: Sequence[CohortRow]) -> list[str]:
    n_videos = len(rows)
    sentences = []
    n_before_blur = sum(row.video.before_blur for row in rows)
    if n_before_blur:
        verb = "were" if n_before_blur > 1 else "was"
        sentences.append(
            f"{n_before_blur} of {n_videos} scores (marked †) {verb} computed before faces were blurred in the videos: "
            "a model that assesses the blurred videos may give others."
        )
    n_warned = sum(bool(row.video.warning) for row in rows)
    if n_warned:
        verb = "look" if n_warned > 1 else "looks"
        sentences.append(
            f"{n_warned} of {n_videos} videos (marked *) {verb} unlike those the model was trained on: such scores may "
            "mean little."
        )
    else:
        sentences.append(
            "No video was flagged as unlike those the model was trained on; that does not show that it is like them."
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


def format_score_cell(position: CohortPosition, digits: int) -> str:
    """Return the score of a row with its interval."""
    score = signed(position.score, digits)
    if position.interval is None:
        return score
    low, high = position.interval
    return f"{score}  ({signed(low, digits)} to {signed(high, digits)})"
