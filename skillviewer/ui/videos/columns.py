"""The columns of the list of videos: a new one is one line in ``COLUMNS``."""

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
MEANINGLESS = "?"
"""Stands for the score of a video that the model does not know."""
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
    """Return the word for a state."""
    return STATE_TEXTS[state]


def _no_text(_entry: VideoEntry, _cohorts: Cohorts) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class VideoColumn:
    """A column of the list of videos."""

    name: str  # identity
    title: str  # heading, for translation
    order: str  # words of the menu that sorts by it, for translation
    text: Callable[[VideoEntry, Cohorts], str]  # what a cell shows
    # what it is sorted by: numbers as numbers, names as words with numbers in them
    sort_key: Callable[[VideoEntry, Cohorts], str | float]
    # tooltip of the heading, for translation; {} stands for ``MIN_COHORT``, the least number of other videos
    about: str = ""
    second_line: Callable[[VideoEntry, Cohorts], str] = _no_text  # text under that of a cell, muted; "" for none
    accessible_text: Callable[[VideoEntry, Cohorts], str] = _no_text  # text that a screen reader adds
    plain: bool = False  # true if a row is spoken without the heading of this value, which needs none
    number: bool = True  # true if it is aligned to the right, as numbers are
    visible: bool = True  # true if it is on screen; values of the others are under the name, and can be sorted by
    # the widest text that it must hold; "" for its heading; the first column takes the room that is left
    widest: str = ""
    # true if a video has a value; None if all do; a column without one is hidden
    is_known: Callable[[VideoEntry], bool] | None = None
    unless: tuple[str, ...] = ()  # names of the columns that take its place on screen where one of them has a value
    # true if a value depends on the other videos, and is shown anew when one of them gets a score
    of_all: bool = False


def format_part(entry: VideoEntry) -> str:
    """Return which part of its file a video is, "" for the whole."""
    if entry.clip_range is None:
        return ""
    if isinstance(entry.clip_range, TimeRange):
        return f"{clock(entry.clip_range.start_s)[:-2]}–{clock(entry.clip_range.stop_s)[:-2]}"
    return f"frames {entry.clip_range.start_frame + 1} to {entry.clip_range.stop_frame}"


def format_interval(analysis: Analysis | None) -> str:
    """Return the interval of a shown score in words, "" without one."""
    interval = analysis.interval if analysis is not None else None
    if interval is None:
        return ""
    return "(95 % interval {} to {})".format(*(signed(end, 2) for end in interval))


def under_name(entry: VideoEntry) -> str:
    """Return the text under a name: length, participant and occasion of an assessed video, else its state.

    The part of the file is always given where a video is one, in whole seconds once the times of its frames are known.
    """
    part = format_part(entry)
    span_s = entry.span_s
    if part and span_s is not None:
        part = "–".join(f"{int(at_s // 60)}:{int(at_s % 60):02d}" for at_s in span_s)
    if entry.state is not VideoState.DONE:
        return " · ".join(filter(None, (_state(entry), part)))
    parts = [part or _length(entry), printable(entry.participant or ""), printable(entry.occasion)]
    if entry.analysis is not None and entry.analysis.unfamiliar:
        parts.insert(0, "unfamiliar")
    return " · ".join(filter(None, parts))


def format_score(entry: VideoEntry, cohorts: Cohorts) -> str:
    """Return the score with two decimals, or a sign where it means nothing."""
    if entry.analysis is None:
        return UNKNOWN
    analysis = cohorts.scored(entry)
    return signed(analysis.score, 2) if analysis is not None else MEANINGLESS


def _half_interval(analysis: Analysis | None) -> str:
    interval = analysis.interval if analysis is not None else None
    return f"± {(interval[1] - interval[0]) / 2:.2f}" if interval is not None else ""


_UNSCALED = CalibratedScore("")


def _spoken_interval(cohorts: Cohorts, entry: VideoEntry) -> str:
    if entry.analysis is not None and cohorts.scored(entry) is None:
        return UNFAMILIAR
    return format_interval(entry.analysis)


def _scaled(analysis: Analysis | None) -> CalibratedScore:
    scaled = analysis.scaled if analysis is not None else None
    return scaled if scaled is not None else _UNSCALED


def _format_rating(analysis: Analysis | None) -> str:
    scaled = _scaled(analysis)
    return scaled.words.partition(" (")[0] or UNKNOWN * bool(scaled.criterion)


def _rating_second_line(entry: VideoEntry, cohorts: Cohorts) -> str:
    """Return the interval of a rating; where the raters' scale says nothing, the score."""
    words = _scaled(cohorts.scored(entry)).words
    return words.partition(" (")[2].rstrip(")") if words else f"score {format_score(entry, cohorts)}"


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


def _state(entry: VideoEntry) -> str:
    if entry.state is VideoState.WORKING and entry.total:
        return f"{entry.n_done} of {entry.total}"
    return format_state(entry.state)


def _percentile(entry: VideoEntry, cohorts: Cohorts) -> str:
    position = cohorts.position(entry)
    if position is None or not position.has_percentile:
        return UNKNOWN
    return "{:.0f}–{:.0f}".format(*position.percentile_range)


def _by_percentile(entry: VideoEntry, cohorts: Cohorts) -> float:
    position = cohorts.position(entry)
    percentile = position.percentile if position is not None else None
    return percentile if percentile is not None else float("-inf")


def _speed(entry: VideoEntry) -> str:
    motion = entry.motion
    return UNKNOWN if motion is None or motion.mean_speed is None else f"{motion.mean_speed:.2g} {motion.unit}/s"


def _by_speed(entry: VideoEntry) -> float:
    motion = entry.motion
    return motion.mean_speed if motion is not None and motion.mean_speed is not None else float("-inf")


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
        "By name",
        lambda entry, _: printable(entry.name),
        lambda entry, _: entry.name.casefold(),
        second_line=lambda entry, _: under_name(entry),
        number=False,
    ),
    VideoColumn(
        "length",
        "Length",
        "By length",
        lambda entry, _: _length(entry),
        lambda entry, _: entry.length_s if entry.length_s is not None else -1.0,
        visible=False,
    ),
    VideoColumn(
        "score",
        "Score",
        "By score",
        format_score,
        _by_score,
        about="The score, and half of its 95 % interval (±)",
        second_line=lambda entry, cohorts: _half_interval(cohorts.scored(entry)),
        accessible_text=lambda entry, cohorts: _spoken_interval(cohorts, entry),
        widest="± 00.00",
        unless=("rating",),
    ),
    VideoColumn(
        "rating",
        "Rating",
        "By rating",
        lambda entry, cohorts: _format_rating(cohorts.scored(entry)),
        lambda entry, cohorts: _by_rating(cohorts.scored(entry)),
        about="The score on the raters' scale, and its interval for new participants",
        second_line=_rating_second_line,
        accessible_text=lambda entry, cohorts: _spoken_rating(cohorts.scored(entry)),
        widest="00.0 of 00",
        is_known=lambda entry: bool(_scaled(entry.analysis).criterion),
    ),
    VideoColumn(
        "rated",
        "Raters",
        "By the raters' rating",
        lambda entry, _: entry.rated.text if entry.rated is not None else UNKNOWN,
        lambda entry, _: entry.rated.mean if entry.rated is not None else float("-inf"),
        about="The mean of the raters' ratings for the criterion in use, and the number of raters",
        second_line=lambda entry, _: entry.rated.about if entry.rated is not None else "",
        widest="00.0 of 00",
        is_known=lambda entry: entry.rated is not None,
    ),
    VideoColumn(
        "percentile",
        "Percentile",
        "By percentile",
        _percentile,
        _by_percentile,
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
        "By speed of the hands",
        lambda entry, _: _speed(entry),
        lambda entry, _: _by_speed(entry),
        about="Mean speed, while it moves, of the tracked hand or point that moved farthest, and the share seen",
        second_line=lambda entry, _: _seen(entry),
        accessible_text=lambda entry, _: _spoken_motion(entry),
        widest="seen 100 %",
        is_known=lambda entry: entry.motion is not None,
    ),
    VideoColumn(
        "pauses",
        "Pauses",
        "By pauses of the hands",
        lambda entry, _: (
            UNKNOWN if entry.motion is None or entry.motion.n_pauses is None else f"{entry.motion.n_pauses}"
        ),
        lambda entry, _: (
            -1.0 if entry.motion is None or entry.motion.n_pauses is None else float(entry.motion.n_pauses)
        ),
        visible=False,
    ),
    VideoColumn(
        "state",
        "State",
        "By state",
        lambda entry, _: _state(entry),
        lambda entry, _: float(list(VideoState).index(entry.state)),
        plain=True,
        number=False,
        visible=False,
    ),
)
NAME = 0  # the column of the name, which shows the picture and takes the room that is left
