"""The compared models: their results on all videos, and the row of each on the video on screen."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum, auto
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import Difference, difference, uniform_baseline
from skillviewer.core.analysis.map_comparison import VideoComparison, compare_video, without_map
from skillviewer.core.analysis.model_agreement import AgreementMatrix, RankDisagreement, agreement_matrix, disagreements
from skillviewer.core.analysis.other_models import ModelFacts
from skillviewer.core.analysis.score_curve import score_curve
from skillviewer.core.arrays import FloatArray, frozen
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.study import StudyVideo
from skillviewer.engine.inference.model_cache_protocol import ModelCacheProtocol
from skillviewer.ui.session.study_sync import load_analyses

MIN_VIDEOS = 5  # number of videos a model must have scored for its scores to be shown in standard deviations


@dataclass(slots=True)
class Results:
    """Results by key of the model, and most of them by video."""

    facts: dict[str, ModelFacts] = field(default_factory=dict)  # facts from the checkpoints
    analyses: dict[str, dict[VideoClip, Analysis]] = field(default_factory=dict)  # whole analyses
    seconds: dict[str, float] = field(default_factory=dict)  # duration of the last assessment by each model
    evidence: dict[tuple[str, VideoClip], Evidence] = field(default_factory=dict)  # evidence, where it was measured
    failures: dict[tuple[str, VideoClip], str] = field(default_factory=dict)  # reasons why videos could not be assessed
    broken: dict[str, str] = field(default_factory=dict)  # reasons why models could not be loaded

    def analysis(self, key: str, clip: VideoClip) -> Analysis | None:
        return self.analyses.get(key, {}).get(clip)

    def add(self, key: str, clip: VideoClip, analysis: Analysis) -> None:
        known, digest = self.analyses.setdefault(key, {}), analysis.provenance.model_digest
        if any(other.provenance.model_digest != digest for other in known.values()):  # a newly trained model
            known.clear()
            self.evidence = {item: found for item, found in self.evidence.items() if item[0] != key}
        known[clip] = analysis
        self.failures.pop((key, clip), None)

    def lacks(self, key: str, clip: VideoClip) -> bool:
        """Return whether a model has still to assess a video."""
        known = self.analysis(key, clip) is not None or (key, clip) in self.failures
        return not known and key not in self.broken

    def clear_failures(self, clip: VideoClip | None) -> None:
        """Clear the failures of models and of one video, so that they are retried."""
        self.broken.clear()
        self.failures = {item: reason for item, reason in self.failures.items() if item[1] != clip}

    def forget_videos(self) -> None:
        """Drop all results on videos; facts about models stay."""
        self.analyses.clear()
        self.evidence.clear()
        self.failures.clear()

    def over(self, keys: Iterable[str], names: Mapping[VideoClip, str]) -> dict[str, dict[str, Analysis]]:
        """Return the analyses of these videos by key of the model and name of the video."""
        return {
            key: {names[clip]: a for clip, a in self.analyses.get(key, {}).items() if clip in names} for key in keys
        }

    def spread(self, key: str, videos: Iterable[VideoClip]) -> tuple[float, float] | None:
        """Return mean and standard deviation of a model's scores of these videos, or None where too few are scored."""
        known = self.analyses.get(key, {})
        scores = np.array([known[clip].score for clip in videos if clip in known])
        if len(scores) < MIN_VIDEOS or np.ptp(scores) == 0:
            return None
        return float(scores.mean()), float(scores.std(ddof=1))


UNIFORM = "uniform"  # key of the uniform baseline, with the same attention everywhere


class ModelProgress(StrEnum):
    """Progress of a model with the video on screen."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedModel:
    """A compared model."""

    key: str  # folder of its checkpoint as text, or ``UNIFORM``
    name: str  # name for people
    facts: ModelFacts | None = None  # facts from its checkpoint; None until it is loaded, and for the uniform baseline
    progress: ModelProgress = ModelProgress.WAITING  # its progress
    done: int = 0  # sampled frames finished
    total: int = 0  # sampled frames in all, or 0
    analysis: Analysis | None = None  # its analysis of the video on screen, whole or so far; or None
    reason: str = ""  # reason of a failure, in a sentence
    seconds: float | None = None  # duration of its last assessment, or None
    evidence: Evidence | None = None  # evidence for the score of the video on screen, where it was measured
    number: str = ""  # of its pane, from 1

    @property
    def is_uniform(self) -> bool:
        return self.key == UNIFORM

    @property
    def whole(self) -> Analysis | None:
        return self.analysis if self.analysis is not None and self.analysis.complete else None


def filled(
    row: ComparedModel, clip: VideoClip | None, results: Results, growing: Progress | None, *, stopped: bool
) -> ComparedModel:
    """Return a model's row with its result on a video."""
    reason = results.broken.get(row.key) or (results.failures.get((row.key, clip)) if clip is not None else None)
    if reason:
        return replace(row, progress=ModelProgress.FAILED, reason=reason)
    if clip is None:
        return row
    analysis = results.analysis(row.key, clip)
    if analysis is not None:
        evidence = results.evidence.get((row.key, clip))
        return replace(row, progress=ModelProgress.DONE, analysis=analysis, evidence=evidence)
    if growing is not None:
        value = growing.value
        so_far = value if isinstance(value, Analysis) and value.n_samples else None
        return replace(row, progress=ModelProgress.WORKING, done=growing.done, total=growing.total, analysis=so_far)
    return replace(row, progress=ModelProgress.STOPPED) if stopped else row


def baseline(row: ComparedModel, keys: Iterable[str], clip: VideoClip | None, results: Results) -> ComparedModel:
    """Return the row of the uniform baseline, on the frames that the first model sampled."""
    others = (results.analysis(key, clip) for key in keys) if clip is not None else ()
    like = next((analysis for analysis in others if analysis is not None), None)
    if like is None:
        return row
    return replace(row, progress=ModelProgress.DONE, analysis=uniform_baseline(like, row.name))


class QueryKind(Enum):
    """Kind of a query."""

    FACTS = auto()  # facts of a checkpoint
    ASSESS = auto()  # analysis of a video
    SAVED = auto()  # saved analyses of the study
    EXPLAIN = auto()  # faithfulness for a video


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One query."""

    kind: QueryKind  # kind of the query
    key: str  # folder of the model's checkpoint
    clip: VideoClip | None = None  # the video, or None


Work = Callable[[ModelCacheProtocol, CancelToken, Report], object]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Result of one assessment."""

    facts: ModelFacts  # facts from the model's checkpoint
    analysis: Analysis  # its analysis of the video
    seconds: float  # duration in seconds, without loading


def ask(
    model_cache: ModelCacheProtocol, folder: Path, clip: VideoClip, passes: int, token: CancelToken, report: Report
) -> Answer:
    """Assess a video with one of the models."""
    facts = model_cache.facts(folder)
    token.check()
    begun = time.perf_counter()
    analysis = model_cache.assess(folder, clip.path, passes, token, report, clip.clip_range)
    return Answer(facts, analysis, time.perf_counter() - begun)


def saved(videos: tuple[StudyVideo, ...], digest: str, passes: int, token: CancelToken) -> dict[VideoClip, Analysis]:
    """Return the saved analyses of a study's videos by one model; the token is checked after every video.

    Those of another number of passes are left out, so that compared ones match.
    """
    found: dict[VideoClip, Analysis] = {}

    def gather(progress: Progress) -> None:
        if isinstance(progress.value, dict):
            found.update(progress.value)

    found.update(load_analyses(videos, digest, token, gather))
    return {clip: analysis for clip, analysis in found.items() if analysis.n_passes == passes}


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Comparison of one model with the others on one video."""

    first: str  # key of the model that the others are compared with
    second: str  # key of the model whose maps are subtracted in the difference
    # comparison by key of the other model; the first model is compared with itself too
    videos: Mapping[str, VideoComparison]
    difference: Difference | None  # first less second, or None where one of them has no map or no analysis yet

    @property
    def second_without_map(self) -> bool:
        """True if both have an analysis, and one of them has no map."""
        found = self.videos.get(self.second)
        return found is not None and MapKind.NONE in found.kinds


def contrast(first: str, second: str, analyses: Mapping[str, Analysis], token: CancelToken) -> Contrast:
    """Compare one model with all others on a video, by whole analyses; the token is checked after every pair."""
    found = {}
    for key, other in analyses.items():
        token.check()
        found[key] = compare_video(analyses[first], other)
    apart = None
    if second in analyses and second != first and not without_map(analyses[first], analyses[second]):
        apart = difference(analyses[first], analyses[second])
    return Contrast(first, second, found, apart)


@dataclass(frozen=True, slots=True, eq=False)
class StudyAgreement:
    """Agreement of models over the study."""

    keys: tuple[str, ...]  # keys of the models, in the order of the matrix
    matrix: AgreementMatrix  # agreement of scores and of maps
    disagreements: tuple[RankDisagreement, ...]  # videos that all models assessed, greatest disagreement first


def agree(analyses: Mapping[str, Mapping[str, Analysis]], token: CancelToken) -> StudyAgreement:
    """Compare models over a study, by key and name of the video; the token is checked after every pair of models."""
    return StudyAgreement(tuple(analyses), agreement_matrix(analyses, token), disagreements(analyses))


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Style of the line of one model."""

    on_dark: str  # colour on a dark ground
    on_light: str  # colour on a light ground
    dashes: tuple[float, ...] = ()  # lengths of dashes and gaps in widths of the pen; empty for a whole line

    def pen(self, *, dark: bool, width: float = 2.0) -> QPen:
        pen = QPen(QColor(self.on_dark if dark else self.on_light), width)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.dashes:
            pen.setDashPattern(list(self.dashes))
        return pen


DASHED, DOTTED = (4.0, 2.5), (1.2, 1.8)

# hues after Okabe and Ito (2008); lines that follow each other differ in lightness, those of one colour in dashes
STROKES: tuple[LineStyle, ...] = (
    LineStyle("#7fb0ff", "#1f62c8"),
    LineStyle("#f0c65a", "#8a5a00"),
    LineStyle("#3fb58a", "#12805c", DASHED),
    LineStyle("#f3f4f6", "#16181c", DASHED),
    LineStyle("#e07b39", "#c2500a"),
    LineStyle("#c7a4f5", "#5b3fa8", DOTTED),
    LineStyle("#8b93a0", "#6b7480"),
    LineStyle("#f59fc0", "#a3306b", DASHED),
    LineStyle("#8fe0d6", "#0a5f70", DOTTED),
)
MOST = len(STROKES)  # models that can be told apart on one screen
SWATCH_PX = 22


def draw_swatch(painter: QPainter, room: QRectF, stroke: LineStyle, *, dark: bool) -> None:
    """Draw a piece of a model's line in the middle of a place."""
    painter.setPen(stroke.pen(dark=dark))
    y = room.center().y()
    painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))


class VerticalScale(StrEnum):
    """Scale of the heights of the curves."""

    OWN = "own"  # every curve fills the plot from its own least to its own greatest score
    STANDARD = "standard"  # standard deviations from the mean of the model's scores over the study


@dataclass(frozen=True, slots=True, eq=False)
class CurveLine:
    """One curve."""

    key: str  # of the model
    times_s: FloatArray  # (N,) when each step is known in all passes
    heights: FloatArray  # (N,) where it is drawn
    scores: FloatArray  # (N,) mean scores over the passes

    def at(self, time_s: float) -> int | None:
        """Return the last step known at a time, or None before the first."""
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return None if index < 0 else index


def lines(
    analyses: Sequence[tuple[str, Analysis]], heights: VerticalScale, spreads: Mapping[str, tuple[float, float]]
) -> tuple[CurveLine, ...]:
    """Return the curves of models that give a score, by key.

    ``spreads`` are mean and standard deviation of their scores over the study, needed for ``VerticalScale.STANDARD``.
    """
    found = []
    for key, analysis in analyses:
        if not analysis.n_samples or np.isnan(analysis.score_curve).all():
            continue
        curve = score_curve(analysis)
        if heights is VerticalScale.STANDARD:
            mean, deviation = spreads[key]
            placed = (curve.mean - mean) / deviation
        else:
            least, most = float(curve.mean.min()), float(curve.mean.max())
            placed = (curve.mean - least) / (most - least) if most > least else np.full_like(curve.mean, 0.5)
        found.append(CurveLine(key, curve.times_s, frozen(np.asarray(placed, np.float64)), curve.mean))
    return tuple(found)
