"""Change of participants over occasions: the order of occasions, ratings with intervals, and their changes."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.intervals import LEVEL, over_participants
from skillviewer.core.ratings.reliability import NAN, Estimate, measurement_error

_PHASE_WORDS = {
    0: frozenset(["baseline", "before", "initial", "pre", "pretest", "start"]),
    2: frozenset(["after", "end", "final", "post", "posttest"]),
    3: frozenset(["followup", "follow", "late", "retention"]),
}
"""Words by the phase of a course to which they belong, in the order of time."""

_MIDDLE_PHASE = 1
"""Phase of dates, numbers and all other words."""

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_MONTH_NAME = re.compile(r"(\d{1,2})[. -]*([a-z]{3})[a-z]*[. -]*(\d{4})", re.IGNORECASE)

SortKey = tuple[int, tuple[tuple[str, int], ...]]
"""Phase of an occasion, and pairs of letters and numbers in its name."""

Course = tuple[tuple[str, int, Estimate], ...]
"""Occasion, number of rated videos, and rating (NaN without) of a participant, in the order of time."""


def _date_in(text: str, *, day_first: bool) -> date | None:
    """Return the date at the beginning of a text, or None; a time of day after the date is ignored."""
    try:
        year_first = _YEAR_FIRST.match(text)
        if year_first:
            year, month, day = map(int, year_first.groups())
            return date(year, month, day)
        year_last = _YEAR_LAST.match(text)
        if year_last:
            day_text, separator, month_text, year_text = year_last.groups()
            if separator != "." and not day_first:
                day_text, month_text = month_text, day_text
            day = int(day_text)
            month = int(month_text)
            year = int(year_text) + 2000 if len(year_text) == 2 else int(year_text)
            return date(year, month, day)
        match = _MONTH_NAME.match(text)
        if match and match[2].casefold() in _MONTHS:
            return date(int(match[3]), 1 + _MONTHS.index(match[2].casefold()), int(match[1]))
    except ValueError:
        return None
    return None


def _sort_key(text: str, *, day_first: bool) -> SortKey:
    text = text.strip().casefold()
    day = _date_in(text, day_first=day_first)
    if day is not None:
        return _MIDDLE_PHASE, (("", day.toordinal()),)
    first_word = re.match(r"[^\W\d_]*", text)
    phase = _MIDDLE_PHASE
    for word_phase, words in _PHASE_WORDS.items():
        if first_word and first_word[0] in words:
            phase = word_phase
    parts = re.findall(r"(\D*)(\d*)", "".join(text.split()))
    return phase, tuple((letters, int(digits or -1)) for letters, digits in parts if letters or digits)


def occasion_positions(occasions: Collection[str]) -> dict[str, int]:
    """Return the position in time of every occasion, from 0; spellings of one occasion share a position.

    Dates are in the order of time, without their times of day. Words such as "pre" come first, then "post", and
    "follow-up" last. Numbers in names count as numbers, so that "week 4" precedes "week 12".

    Raises:
        DatasetError: The order depends on the reading of dates as day/month or month/day.
    """
    ambiguous_dates = []
    for text in sorted(occasions):
        match = _YEAR_LAST.match(text.strip())
        if match and match[2] != ".":
            ambiguous_dates.append(text)
    valid_orders = []
    for day_first in (True, False):
        keys = {text: _sort_key(text, day_first=day_first) for text in occasions}
        sorted_keys = sorted(set(keys.values()))
        position_of = {key: index for index, key in enumerate(sorted_keys)}
        order = {text: position_of[key] for text, key in keys.items()}
        if all(_date_in(text.strip(), day_first=day_first) for text in ambiguous_dates):
            valid_orders.append(order)
    if not valid_orders:
        return order
    if len(valid_orders) == 2 and valid_orders[0] != valid_orders[1]:
        raise DatasetError(
            f"The dates {', '.join(ambiguous_dates[:3])} may be day/month or month/day, and their order depends on it: "
            "write them as 2024-05-31."
        )
    return valid_orders[0]


def change(estimate_before: Estimate, estimate_after: Estimate) -> Estimate:
    """Return the change from one rating to another, after minus before, with an interval for both errors.

    The distances of both ratings from the ends of their intervals are squared and added (MOVER, Zou & Donner,
    Statistics in Medicine 27, 2008, equation 10; Newcombe 1998). The errors are assumed to be independent. Errors that
    both ratings share make the interval too wide (``benchmarks.coverage``).
    """
    difference = estimate_after.value - estimate_before.value
    margin_below = math.hypot(estimate_after.value - estimate_after.low, estimate_before.high - estimate_before.value)
    margin_above = math.hypot(estimate_after.high - estimate_after.value, estimate_before.value - estimate_before.low)
    return Estimate(difference, difference - margin_below, difference + margin_above, estimate_after.level)


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of several ratings of one occasion, whose ends are the means of the ends; NaN without ratings.

    The interval is right for errors that all ratings share, and too wide for independent errors.
    """
    if not estimates:
        return Estimate(NAN, NAN, NAN)
    numbers = [(estimate.value, estimate.low, estimate.high) for estimate in estimates]
    value, low, high = np.mean(numbers, axis=0).tolist()
    return Estimate(value, low, high, estimates[0].level)


def significant_sign(estimate: Estimate) -> int:
    """Return the sign of a change whose interval excludes 0; 0 if the interval includes 0 or is unknown."""
    return int(estimate.low > 0) - int(estimate.high < 0)


def raters_estimates(ratings: RatingSet, item: str) -> dict[str, Estimate]:
    """Return the mean rating of every video, with the 95 % interval of the mean of many raters.

    Half the width of the interval is t SEM / sqrt(k) for k raters, with the standard error of measurement of one rater
    (Bland & Altman 1999) and Student's t. It is NaN if too few videos have two raters, and clipped to a stated scale.
    Unless each rater rated every video, the error includes the severity of raters, which may differ between occasions.

    Raises:
        DatasetError: There is no such item.
    """
    from scipy.special import stdtrit  # imported late, since scipy takes a second

    matrix = ratings.table(item)
    scale = ratings.scale(item)
    error = measurement_error(matrix.values)
    one_rater_margin = NAN
    if error is not None:
        one_rater_margin = error.sem * float(stdtrit(error.degrees_of_freedom, (1 + LEVEL) / 2))
    lowest_rating = scale.low if scale.stated else -math.inf
    highest_rating = scale.high if scale.stated else math.inf
    counts = matrix.counts()
    estimates = {}
    for video, mean in matrix.means().items():
        margin = one_rater_margin / math.sqrt(counts[video])
        low, high = np.clip((mean - margin, mean + margin), lowest_rating, highest_rating).tolist()
        estimates[video] = Estimate(mean, low, high, LEVEL)
    return estimates


def change_between(
    course: Course, occasion_before: str = "", occasion_after: str = ""
) -> tuple[str, str, Estimate] | None:
    """Return two occasions of a course and the change between them, or None if there are no two ratings.

    Args:
        course: The course.
        occasion_before: Earlier occasion, or "" for the first one with a rating.
        occasion_after: Later occasion, or "" for the last one with a rating.
    """
    rating_by_occasion = {occasion: rating for occasion, _, rating in course if math.isfinite(rating.value)}
    first = occasion_before
    if not first:
        first = next(iter(rating_by_occasion), "")
    last = occasion_after
    if not last:
        last = next(reversed(rating_by_occasion), "")
    if first == last or first not in rating_by_occasion or last not in rating_by_occasion:
        return None
    return first, last, change(rating_by_occasion[first], rating_by_occasion[last])


def courses(
    attempts: Iterable[tuple[str, str, str]], estimates: Mapping[str, Estimate], positions: Mapping[str, int]
) -> dict[str, Course]:
    """Return the courses of all participants, by name.

    Args:
        attempts: Video, participant and occasion of every attempt, none of them empty.
        estimates: Rating of every rated video.
        positions: Position of every occasion in time (``occasion_positions``). Spellings of one occasion are shown in
            the alphabetically first spelling.
    """
    spelling_of = {position: text for text, position in sorted(positions.items(), reverse=True)}
    videos_of: dict[str, dict[int, list[str]]] = {}
    for video, participant, occasion in attempts:
        videos_of.setdefault(participant, {}).setdefault(positions[occasion], []).append(video)
    courses_by_participant = {}
    for participant, videos_by_position in sorted(videos_of.items()):
        course = []
        for position, videos in sorted(videos_by_position.items()):
            ratings = [estimates[video] for video in videos if video in estimates]
            course.append((spelling_of[position], len(ratings), mean_estimate(ratings)))
        courses_by_participant[participant] = tuple(course)
    return courses_by_participant


def mean_change(changes: Mapping[str, float]) -> Estimate:
    """Return the mean change of participants with its 95 % interval over people; NaN for fewer than two."""
    if len(changes) < 2:
        return Estimate(NAN, NAN, NAN, LEVEL)

    def mean(left_out_rater: str | None) -> float:
        return float(np.mean([value for name, value in changes.items() if name != left_out_rater]))

    value, low, high = over_participants(mean, changes)
    return Estimate(value, low, high, LEVEL)
