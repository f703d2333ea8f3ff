"""Columns of the list of videos, and the text that each of them shows."""

from collections.abc import Callable
from dataclasses import dataclass

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.score_text import UNFAMILIAR
from skillviewer.core.registry import table
from skillviewer.core.text import clock, counted, printable, signed
from skillviewer.core.video.clips import TimeRange
from skillviewer.ui.session.cohorts import Cohorts
from skillviewer.ui.session.video_entry import VideoEntry, VideoState

UNKNOWN = "–"
MEANINGLESS = "?"  # shown instead of the score of a video unlike the training videos
STATE_TEXTS = {
    VideoState.NEW: "not assessed",
    VideoState.WAITING: "waiting",
    VideoState.WORKING: "assessing",
    VideoState.DONE: "assessed",
    VideoState.FAILED: "failed",
    VideoState.UNREADABLE: "unreadable",
    VideoState.MISSING: "missing",
    VideoState.REPLACED: "file replaced",
}


def format_state(state: VideoState) -> str:
    """Return the name of a state on screen."""
    return STATE_TEXTS[state]


def _no_text(_entry: VideoEntry, _cohorts: Cohorts) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class VideoColumn:
    """A column of the list of videos."""

    name: str
    title: str  # heading
    sort_label: str  # entry of the menu that sorts by this column
    text: Callable[[VideoEntry, Cohorts], str]  # text of a cell
    sort_key: Callable[[VideoEntry, Cohorts], str | float]  # numbers within texts are sorted as numbers
    about: str = ""  # tooltip of the heading; {} stands for ``MIN_COHORT``
    second_line: Callable[[VideoEntry, Cohorts], str] = _no_text  # muted second line of a cell, or ""
    accessible_text: Callable[[VideoEntry, Cohorts], str] = _no_text  # text that a screen reader adds
    spoken_without_heading: bool = False  # True if the value is spoken without the heading
    is_numeric: bool = True  # True for numbers, which are aligned to the right
    visible: bool = True  # False for a column that can only be sorted by
    widest: str = ""  # widest text of a cell, which determines the width; "" for the heading
    # True if a video has a value. The column is hidden if no video has one. None if every video has a value.
    is_known: Callable[[VideoEntry], bool] | None = None
    replaced_by: tuple[str, ...] = ()  # columns that replace this column if one of them has a value
    depends_on_cohort: bool = False  # True if values depend on the scores of other videos


def format_part(entry: VideoEntry) -> str:
    """Return the range of a clip as text, such as "00:12.0–00:40.5" or "frames 1 to 250"; "" for a whole file."""
    if entry.clip_range is None:
        return ""
    if isinstance(entry.clip_range, TimeRange):
        return f"{_format_tenths(entry.clip_range.start_s)}–{_format_tenths(entry.clip_range.stop_s)}"
    return f"frames {entry.clip_range.start_frame + 1} to {entry.clip_range.stop_frame}"


def format_interval(analysis: Analysis | None) -> str:
    """Return the interval of a score in words, or ""."""
    interval = analysis.interval if analysis is not None else None
    if interval is None:
        return ""
    low, high = interval
    return f"(95 % interval {signed(low, 2)} to {signed(high, 2)})"


def under_name(entry: VideoEntry) -> str:
    """Return the second line of a name, such as "01:24.3 · P07 · pre" for an assessed video, else its state.

    For a part of a file, the line has the part, such as "0:12–0:40", instead of the length.
    """
    part = format_part(entry)
    span_s = entry.span_s
    if part and span_s is not None:
        start_s, stop_s = span_s
        part = f"{_format_seconds(start_s)}–{_format_seconds(stop_s)}"
    if entry.state is VideoState.DONE:
        participant = "" if entry.participant is None else printable(entry.participant)
        part_or_length = part or _length(entry)
        texts = [part_or_length, participant, printable(entry.occasion)]
        if entry.analysis is not None and entry.analysis.unfamiliar:
            texts.insert(0, "unfamiliar")
    else:
        texts = [_state(entry), part]
    return " · ".join(text for text in texts if text)


def _format_tenths(time_s: float) -> str:
    """Return a time as mm:ss.t."""
    return clock(time_s)[:-2]


def _format_seconds(time_s: float) -> str:
    return f"{int(time_s // 60)}:{int(time_s % 60):02d}"


def format_score(entry: VideoEntry, cohorts: Cohorts) -> str:
    """Return the score with two decimals, or ``MEANINGLESS`` for a hidden score, or ``UNKNOWN``."""
    if entry.analysis is None:
        return UNKNOWN
    analysis = cohorts.shown_analysis(entry)
    return signed(analysis.score, 2) if analysis is not None else MEANINGLESS


def _half_interval(analysis: Analysis | None) -> str:
    interval = analysis.interval if analysis is not None else None
    if interval is None:
        return ""
    low, high = interval
    return f"± {(high - low) / 2:.2f}"


_UNSCALED = CalibratedScore("")  # of a video without an analysis, or of a model without a raters' scale


def _spoken_interval(cohorts: Cohorts, entry: VideoEntry) -> str:
    if entry.analysis is not None and cohorts.shown_analysis(entry) is None:
        return UNFAMILIAR
    return format_interval(entry.analysis)


def _calibrated_score(analysis: Analysis | None) -> CalibratedScore:
    calibrated_score = analysis.scaled if analysis is not None else None
    return calibrated_score if calibrated_score is not None else _UNSCALED


def _format_rating(analysis: Analysis | None) -> str:
    calibrated_score = _calibrated_score(analysis)
    if calibrated_score.rating_text:
        return calibrated_score.rating_text
    return UNKNOWN if calibrated_score.criterion else ""


def _rating_second_line(entry: VideoEntry, cohorts: Cohorts) -> str:
    """Return the interval of a rating, or the score if there is no rating."""
    calibrated_score = _calibrated_score(cohorts.shown_analysis(entry))
    if not calibrated_score.rating_text:
        return f"score {format_score(entry, cohorts)}"
    return calibrated_score.interval_text


def _spoken_rating(analysis: Analysis | None) -> str:
    calibrated_score = _calibrated_score(analysis)
    return calibrated_score.sentence if calibrated_score.criterion else ""


def _by_rating(analysis: Analysis | None) -> float:
    rating = _calibrated_score(analysis).rating
    return rating if rating is not None else float("-inf")


def _by_score(entry: VideoEntry, cohorts: Cohorts) -> float:
    analysis = cohorts.shown_analysis(entry)
    return analysis.score if analysis is not None else float("-inf")


def _length(entry: VideoEntry) -> str:
    return _format_tenths(entry.length_s) if entry.length_s is not None else UNKNOWN


def _by_length(entry: VideoEntry) -> float:
    return entry.length_s if entry.length_s is not None else -1.0


def _format_raters_rating(entry: VideoEntry) -> str:
    return entry.raters_rating.text if entry.raters_rating is not None else UNKNOWN


def _by_raters_rating(entry: VideoEntry) -> float:
    return entry.raters_rating.mean if entry.raters_rating is not None else float("-inf")


def _raters_second_line(entry: VideoEntry) -> str:
    return entry.raters_rating.about if entry.raters_rating is not None else ""


def _by_state(entry: VideoEntry) -> float:
    states = list(VideoState)
    return float(states.index(entry.state))


def _state(entry: VideoEntry) -> str:
    if entry.state is VideoState.WORKING and entry.total:
        return f"{entry.n_done} of {entry.total}"
    return format_state(entry.state)


def _percentile(entry: VideoEntry, cohorts: Cohorts) -> str:
    position = cohorts.position(entry)
    if position is None or not position.has_percentile:
        return UNKNOWN
    low, high = position.percentile_range
    return f"{low:.0f}–{high:.0f}"


def _by_percentile(entry: VideoEntry, cohorts: Cohorts) -> float:
    position = cohorts.position(entry)
    percentile = position.percentile if position is not None else None
    return percentile if percentile is not None else float("-inf")


def _speed(entry: VideoEntry) -> str:
    motion = entry.motion
    if motion is None or motion.mean_speed is None:
        return UNKNOWN
    return f"{motion.mean_speed:.2g} {motion.unit}/s"


def _by_speed(entry: VideoEntry) -> float:
    motion = entry.motion
    if motion is None or motion.mean_speed is None:
        return float("-inf")
    return motion.mean_speed


def _pauses(entry: VideoEntry) -> str:
    motion = entry.motion
    if motion is None or motion.n_pauses is None:
        return UNKNOWN
    return str(motion.n_pauses)


def _by_pauses(entry: VideoEntry) -> float:
    motion = entry.motion
    if motion is None or motion.n_pauses is None:
        return -1.0
    return float(motion.n_pauses)


def _seen(entry: VideoEntry) -> str:
    return "" if entry.motion is None else f"seen {100 * entry.motion.share_seen:.0f} %"


def _spoken_motion(entry: VideoEntry) -> str:
    motion = entry.motion
    if motion is None:
        return ""
    pauses = "" if motion.n_pauses is None else f", {counted(motion.n_pauses, 'pause')}"
    return f"({printable(motion.track)}, seen in {100 * motion.share_seen:.0f} % of the frames{pauses})"


COLUMNS: tuple[VideoColumn, ...] = table(
    VideoColumn(
        "name",
        "Name",
        sort_label="By name",
        text=lambda entry, _: printable(entry.name),
        sort_key=lambda entry, _: entry.name.casefold(),
        second_line=lambda entry, _: under_name(entry),
        is_numeric=False,
    ),
    VideoColumn(
        "length",
        "Length",
        sort_label="By length",
        text=lambda entry, _: _length(entry),
        sort_key=lambda entry, _: _by_length(entry),
        visible=False,
    ),
    VideoColumn(
        "score",
        "Score",
        sort_label="By score",
        text=format_score,
        sort_key=_by_score,
        about="The score, and half of its 95 % interval (±)",
        second_line=lambda entry, cohorts: _half_interval(cohorts.shown_analysis(entry)),
        accessible_text=lambda entry, cohorts: _spoken_interval(cohorts, entry),
        widest="± 00.00",
        replaced_by=("rating",),
    ),
    VideoColumn(
        "rating",
        "Rating",
        sort_label="By rating",
        text=lambda entry, cohorts: _format_rating(cohorts.shown_analysis(entry)),
        sort_key=lambda entry, cohorts: _by_rating(cohorts.shown_analysis(entry)),
        about="The score on the raters' scale, and its interval for new participants",
        second_line=_rating_second_line,
        accessible_text=lambda entry, cohorts: _spoken_rating(cohorts.shown_analysis(entry)),
        widest="00.0 of 00",
        is_known=lambda entry: bool(_calibrated_score(entry.analysis).criterion),
    ),
    VideoColumn(
        "rated",
        "Raters",
        sort_label="By the raters' rating",
        text=lambda entry, _: _format_raters_rating(entry),
        sort_key=lambda entry, _: _by_raters_rating(entry),
        about="The mean of the raters' ratings for the criterion in use, and the number of raters",
        second_line=lambda entry, _: _raters_second_line(entry),
        widest="00.0 of 00",
        is_known=lambda entry: entry.raters_rating is not None,
    ),
    VideoColumn(
        "percentile",
        "Percentile",
        sort_label="By percentile",
        text=_percentile,
        sort_key=_by_percentile,
        about=(
            "Percentile: how many of 100 comparable videos of the same task score lower. The 95 % range follows from "
            "the interval of the score and the number of videos. At least {} other videos are needed."
        ),
        replaced_by=("rating", "rated"),
        depends_on_cohort=True,
    ),
    VideoColumn(
        "speed",
        "Speed",
        sort_label="By speed of the hands",
        text=lambda entry, _: _speed(entry),
        sort_key=lambda entry, _: _by_speed(entry),
        about=(
            "Mean speed of the tracked hand or point that moved farthest, without its pauses. Below, the share of the "
            "frames in which it is seen."
        ),
        second_line=lambda entry, _: _seen(entry),
        accessible_text=lambda entry, _: _spoken_motion(entry),
        widest="seen 100 %",
        is_known=lambda entry: entry.motion is not None,
    ),
    VideoColumn(
        "pauses",
        "Pauses",
        sort_label="By pauses of the hands",
        text=lambda entry, _: _pauses(entry),
        sort_key=lambda entry, _: _by_pauses(entry),
        visible=False,
    ),
    VideoColumn(
        "state",
        "State",
        sort_label="By state",
        text=lambda entry, _: _state(entry),
        sort_key=lambda entry, _: _by_state(entry),
        spoken_without_heading=True,
        is_numeric=False,
        visible=False,
    ),
)
NAME_COLUMN = 0  # index of the name's column, which has the thumbnails and takes the remaining width
