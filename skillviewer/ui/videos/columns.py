"""Table of the columns of the list of videos."""

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
    order: str  # entry of the menu that sorts by this column
    text: Callable[[VideoEntry, Cohorts], str]  # text of a cell
    sort_key: Callable[[VideoEntry, Cohorts], str | float]  # numbers within texts are sorted as numbers
    about: str = ""  # tooltip of the heading; {} stands for ``MIN_COHORT``
    second_line: Callable[[VideoEntry, Cohorts], str] = _no_text  # muted second line of a cell, or ""
    accessible_text: Callable[[VideoEntry, Cohorts], str] = _no_text  # text that a screen reader adds
    plain: bool = False  # True if the value is spoken without the heading
    number: bool = True  # True for numbers, which are aligned to the right
    visible: bool = True  # False for a column that can only be sorted by
    widest: str = ""  # widest text of a cell, which determines the width; "" for the heading
    is_known: Callable[[VideoEntry], bool] | None = None  # True if a video has a value; a column without is hidden
    unless: tuple[str, ...] = ()  # columns that replace this column if one of them has a value
    of_all: bool = False  # True if values depend on the scores of other videos


def format_part(entry: VideoEntry) -> str:
    """Return the part of its file that a video is, or "" for the whole file."""
    if entry.clip_range is None:
        return ""
    if isinstance(entry.clip_range, TimeRange):
        return f"{clock(entry.clip_range.start_s)[:-2]}–{clock(entry.clip_range.stop_s)[:-2]}"
    return f"frames {entry.clip_range.start_frame + 1} to {entry.clip_range.stop_frame}"


def format_interval(analysis: Analysis | None) -> str:
    """Return the interval of a score in words, or ""."""
    interval = analysis.interval if analysis is not None else None
    if interval is None:
        return ""
    low, high = interval
    return f"(95 % interval {signed(low, 2)} to {signed(high, 2)})"


def under_name(entry: VideoEntry) -> str:
    """Return the second line of a name: length, participant and occasion of an assessed video, else its state.

    For a part of a file, the line also has the part, in whole seconds once the times of its frames are known.
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


def _format_seconds(time_s: float) -> str:
    return f"{int(time_s // 60)}:{int(time_s % 60):02d}"


def format_score(entry: VideoEntry, cohorts: Cohorts) -> str:
    """Return the score with two decimals, or ``MEANINGLESS`` for a hidden score, or ``UNKNOWN``."""
    if entry.analysis is None:
        return UNKNOWN
    analysis = cohorts.scored(entry)
    return signed(analysis.score, 2) if analysis is not None else MEANINGLESS


def _half_interval(analysis: Analysis | None) -> str:
    interval = analysis.interval if analysis is not None else None
    if interval is None:
        return ""
    low, high = interval
    return f"± {(high - low) / 2:.2f}"


_UNSCALED = CalibratedScore("")  # of a video without an analysis, or of a model without a raters' scale


def _spoken_interval(cohorts: Cohorts, entry: VideoEntry) -> str:
    if entry.analysis is not None and cohorts.scored(entry) is None:
        return UNFAMILIAR
    return format_interval(entry.analysis)


def _scaled(analysis: Analysis | None) -> CalibratedScore:
    scaled = analysis.scaled if analysis is not None else None
    return scaled if scaled is not None else _UNSCALED


def _format_rating(analysis: Analysis | None) -> str:
    scaled = _scaled(analysis)
    rating, _, _ = scaled.words.partition(" (")
    if rating:
        return rating
    return UNKNOWN if scaled.criterion else ""


def _rating_second_line(entry: VideoEntry, cohorts: Cohorts) -> str:
    """Return the interval of a rating, or the score if there is no rating."""
    words = _scaled(cohorts.scored(entry)).words
    if not words:
        return f"score {format_score(entry, cohorts)}"
    _, _, interval = words.partition(" (")
    return interval.rstrip(")")


def _spoken_rating(analysis: Analysis | None) -> str:
    scaled = _scaled(analysis)
    return scaled.sentence if scaled.criterion else ""


def _by_rating(analysis: Analysis | None) -> float:
    rating = _scaled(analysis).rating
    return rating if rating is not None else float("-inf")


def _by_score(entry: VideoEntry, cohorts: Cohorts) -> float:
    analysis = cohorts.scored(entry)
    return analysis.score if analysis is not None else float("-inf")


def _length(entry: VideoEntry) -> str:
    return clock(entry.length_s)[:-2] if entry.length_s is not None else UNKNOWN


def _by_length(entry: VideoEntry) -> float:
    return entry.length_s if entry.length_s is not None else -1.0


def _format_rated(entry: VideoEntry) -> str:
    return entry.rated.text if entry.rated is not None else UNKNOWN


def _by_rated(entry: VideoEntry) -> float:
    return entry.rated.mean if entry.rated is not None else float("-inf")


def _rated_second_line(entry: VideoEntry) -> str:
    return entry.rated.about if entry.rated is not None else ""


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
        order="By name",
        text=lambda entry, _: printable(entry.name),
        sort_key=lambda entry, _: entry.name.casefold(),
        second_line=lambda entry, _: under_name(entry),
        number=False,
    ),
    VideoColumn(
        "length",
        "Length",
        order="By length",
        text=lambda entry, _: _length(entry),
        sort_key=lambda entry, _: _by_length(entry),
        visible=False,
    ),
    VideoColumn(
        "score",
        "Score",
        order="By score",
        text=format_score,
        sort_key=_by_score,
        about="The score, and half of its 95 % interval (±)",
        second_line=lambda entry, cohorts: _half_interval(cohorts.scored(entry)),
        accessible_text=lambda entry, cohorts: _spoken_interval(cohorts, entry),
        widest="± 00.00",
        unless=("rating",),
    ),
    VideoColumn(
        "rating",
        "Rating",
        order="By rating",
        text=lambda entry, cohorts: _format_rating(cohorts.scored(entry)),
        sort_key=lambda entry, cohorts: _by_rating(cohorts.scored(entry)),
        about="The score on the raters' scale, and its interval for new participants",
        second_line=_rating_second_line,
        accessible_text=lambda entry, cohorts: _spoken_rating(cohorts.scored(entry)),
        widest="00.0 of 00",
        is_known=lambda entry: bool(_scaled(entry.analysis).criterion),
    ),
    VideoColumn(
        "rated",
        "Raters",
        order="By the raters' rating",
        text=lambda entry, _: _format_rated(entry),
        sort_key=lambda entry, _: _by_rated(entry),
        about="The mean of the raters' ratings for the criterion in use, and the number of raters",
        second_line=lambda entry, _: _rated_second_line(entry),
        widest="00.0 of 00",
        is_known=lambda entry: entry.rated is not None,
    ),
    VideoColumn(
        "percentile",
        "Percentile",
        order="By percentile",
        text=_percentile,
        sort_key=_by_percentile,
        about=(
            "Percentile: how many of 100 comparable videos of the same task score lower, by the interval of "
            "the score and the number of videos (95 %). At least {} other videos are needed."
        ),
        unless=("rating", "rated"),
        of_all=True,
    ),
    VideoColumn(
        "speed",
        "Speed",
        order="By speed of the hands",
        text=lambda entry, _: _speed(entry),
        sort_key=lambda entry, _: _by_speed(entry),
        about="Mean speed, while it moves, of the tracked hand or point that moved farthest, and the share seen",
        second_line=lambda entry, _: _seen(entry),
        accessible_text=lambda entry, _: _spoken_motion(entry),
        widest="seen 100 %",
        is_known=lambda entry: entry.motion is not None,
    ),
    VideoColumn(
        "pauses",
        "Pauses",
        order="By pauses of the hands",
        text=lambda entry, _: _pauses(entry),
        sort_key=lambda entry, _: _by_pauses(entry),
        visible=False,
    ),
    VideoColumn(
        "state",
        "State",
        order="By state",
        text=lambda entry, _: _state(entry),
        sort_key=lambda entry, _: _by_state(entry),
        plain=True,
        number=False,
        visible=False,
    ),
)
NAME = 0  # index of the name's column, which has the thumbnails and takes the remaining width
