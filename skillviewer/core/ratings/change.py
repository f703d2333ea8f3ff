"""Change of participants over occasions: ratings with intervals, and the interval of their change."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.intervals import LEVEL, over_participants
from skillviewer.core.ratings.reliability import NAN, Estimate, measurement_error

_WORDS = (
    frozenset(["baseline", "before", "initial", "pre", "pretest", "start"]),
    frozenset(["after", "end", "final", "post", "posttest"]),
    frozenset(["followup", "follow", "late", "retention"]),
)
_PLACES = (0, 2, 3)
"""Places of these words among all occasions; other words, numbers and dates have place 1."""
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(r"(\d{1,2})[. -]*([a-z]{3})[a-z]*[. -]*(\d{4})", re.IGNORECASE)

Key = tuple[int, tuple[tuple[str, int], ...]]
Course = tuple[tuple[str, int, Estimate], ...]
"""Ratings of a participant by occasion, in the order of time: name, number of rated videos, rating or NaN."""


def _day(text: str, *, day_first: bool) -> date | None:
    """Return the date at the beginning of a text, or None; a time of day after it is ignored."""
    try:
        if match := _YEAR_FIRST.match(text):
            return date(*map(int, match.groups()))
        if match := _YEAR_LAST.match(text):
            first, mark, second, year = match.groups()
            day, month = (first, second) if day_first or mark == "." else (second, first)
            return date(int(year) + 2000 * (len(year) == 2), int(month), int(day))
        if (match := _NAMED.match(text)) and match[2].casefold() in _MONTHS:
            return date(int(match[3]), 1 + _MONTHS.index(match[2].casefold()), int(match[1]))
    except ValueError:
        return None
    return None


def _key(text: str, *, day_first: bool) -> Key:
    text = text.strip().casefold()
    day = _day(text, day_first=day_first)
    if day is not None:
        return 1, (("", day.toordinal()),)
    word = re.match(r"[^\W\d_]*", text)
    place = next((place for place, names in zip(_PLACES, _WORDS, strict=True) if word and word[0] in names), 1)
    parts = re.findall(r"(\D*)(\d*)", "".join(text.split()))
    return place, tuple((letters, int(digits or -1)) for letters, digits in parts if letters or digits)


def in_order(occasions: Collection[str]) -> dict[str, int]:
    """Return the place of every occasion in time, from 0; spellings of one occasion share a place.

    Dates are in the order of time, their times of day ignored; "pre" and its like are first, "post" and then
    "follow-up" last; numbers in words count as numbers ("week 4" before "week 12").

    Raises:
        DatasetError: The order depends on the reading of dates as day/month or month/day.
    """
    keyed = []
    slashed = [text for text in sorted(occasions) if (m := _YEAR_LAST.match(text.strip())) and m[2] != "."]
    for day_first in (True, False):
        keys = {text: _key(text, day_first=day_first) for text in occasions}
        places = {key: index for index, key in enumerate(sorted(set(keys.values())))}
        if all(_day(text.strip(), day_first=day_first) for text in slashed):
            keyed.append({text: places[keys[text]] for text in occasions})
    if len(keyed) == 2 and keyed[0] != keyed[1]:
        raise DatasetError(
            f"The dates {', '.join(slashed[:3])} may be day/month or month/day, and their order depends on it: write "
            "them as 2024-05-31."
        )
    return keyed[0] if keyed else {text: places[keys[text]] for text in occasions}


def change(before: Estimate, after: Estimate) -> Estimate:
    """Return the change from one rating to another, after minus before, with an interval that holds both errors.

    The distances of both ratings from the ends of their intervals are squared and added (MOVER: Zou & Donner,
    Statistics in Medicine 27, 2008, equation 10; Newcombe 1998): the lower end is d - sqrt((a - a_low)^2 + (b_high -
    b)^2), the upper d + sqrt((a_high - a)^2 + (b - b_low)^2), with d = a - b of after a and before b. Errors count as
    independent; errors that both ratings of a participant share make the interval too wide (``benchmarks.coverage``).
    """
    d = after.value - before.value
    low = d - math.hypot(after.value - after.low, before.high - before.value)
    return Estimate(d, low, d + math.hypot(after.high - after.value, before.value - before.low), after.level)


def joined(several: Sequence[Estimate]) -> Estimate:
    """Return the mean of several ratings of one occasion; the ends are the means of the ends.

    The interval is that of errors that all ratings share, and is too wide for others. NaN without any.
    """
    if not several:
        return Estimate(NAN, NAN, NAN)
    value, low, high = np.mean([(estimate.value, estimate.low, estimate.high) for estimate in several], axis=0).tolist()
    return Estimate(value, low, high, several[0].level)


def significant_sign(estimate: Estimate) -> int:
    """Return the sign of a change whose interval excludes 0, else 0 (also if the interval is not known)."""
    return int(estimate.low > 0) - int(estimate.high < 0)


def raters_estimates(ratings: RatingSet, item: str) -> dict[str, Estimate]:
    """Return the mean rating of every video, with the 95 % interval of the mean of many raters.

    The interval is t SEM / sqrt(k) for k raters, with the standard error of measurement of one rater (Bland & Altman
    1999) and Student's t; NaN if too few videos have two raters. It ends at the ends of a stated scale. The error
    contains the severity of raters unless each rated every video: it may differ between two occasions.

    Raises:
        DatasetError: There is no such item.
    """
    from scipy.special import stdtrit  # scipy takes a second

    table = ratings.table(item)
    scale = ratings.scale(item)
    error = measurement_error(table.values)
    half = error.sem * float(stdtrit(error.freedom, (1 + LEVEL) / 2)) if error is not None else NAN
    lower, upper = (scale.low, scale.high) if scale.stated else (-math.inf, math.inf)
    means = table.means()
    counts = table.counts()

    def estimate(mean: float, n: int) -> Estimate:
        reach = half / math.sqrt(n)
        low, high = np.clip((mean - reach, mean + reach), lower, upper).tolist()
        return Estimate(mean, low, high, LEVEL)

    return {video: estimate(mean, counts[video]) for video, mean in means.items()}


def change_between(course: Course, before: str = "", after: str = "") -> tuple[str, str, Estimate] | None:
    """Return two occasions and the change between them: the named ones, or the first and the last with a rating.

    None without two.
    """
    rated = {occasion: rating for occasion, _, rating in course if math.isfinite(rating.value)}
    first, last = before or next(iter(rated), ""), after or next(reversed(rated), "")
    if first == last or not rated.keys() >= {first, last}:
        return None
    return first, last, change(rated[first], rated[last])


def courses(
    attempts: Iterable[tuple[str, str, str]], estimates: Mapping[str, Estimate], places: Mapping[str, int]
) -> dict[str, Course]:
    """Return the courses of all participants, by name; attempts are (video, participant, occasion), none empty.

    ``places`` gives the place of every occasion in time (``in_order``); spellings of one place have the first spelling.
    """
    spelled = {place: text for text, place in sorted(places.items(), reverse=True)}
    by_participant: dict[str, dict[int, list[str]]] = {}
    for video, participant, occasion in attempts:
        by_participant.setdefault(participant, {}).setdefault(places[occasion], []).append(video)
    return {
        participant: tuple(
            (spelled[place], len(rated), joined(rated))
            for place, videos in sorted(by_place.items())
            for rated in [[estimates[video] for video in videos if video in estimates]]
        )
        for participant, by_place in sorted(by_participant.items())
    }


def mean_change(changes: Mapping[str, float]) -> Estimate:
    """Return the mean change of participants with its 95 % interval over people (Student's t)."""

    def mean(left_out: str | None) -> float:
        return float(np.mean([value for name, value in changes.items() if name != left_out]))

    return Estimate(*over_participants(mean, changes), LEVEL) if len(changes) > 1 else Estimate(NAN, NAN, NAN, LEVEL)
