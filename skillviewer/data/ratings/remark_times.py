"""Times in remarks, such as 42 s in "0:42 dropped needle"."""

import re
from dataclasses import dataclass

_CLOCK = r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?"
_TIME = re.compile(rf"(?<![\d:./-]){_CLOCK}(?:\s*(?:-|–|to)\s*{_CLOCK})?(?![\d:])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_CLAUSE_END = re.compile(r"[;\n]|\.(?:\s|$)")
_MAX_LABEL_LENGTH = 120


@dataclass(frozen=True, slots=True)
class RemarkTime:
    """A time in a remark, in seconds from the start of the video."""

    start_s: float
    stop_s: float | None  # end of an interval, or None for a single time
    label: str  # the text after the time, or the whole remark if no text follows


def _seconds(groups: tuple[str | None, ...]) -> float:
    """Return the seconds of hours, minutes, seconds and decimals as ``_CLOCK`` matches them."""
    hours, minutes, seconds, decimals = ("0" if group is None else group for group in groups)
    whole_seconds = 3600 * int(hours) + 60 * int(minutes) + int(seconds)
    return whole_seconds + float(f"0.{decimals}")


def times_in_remark(text: str) -> tuple[RemarkTime, ...]:
    """Return the times that a remark names in minutes and seconds ("0:42", "1:02:03", "0:42-0:50"), in their order.

    A remark with a date has no such times, since its times are times of day.
    """
    if _DATE.search(text):
        return ()
    matches = list(_TIME.finditer(text))
    times = []
    next_starts = [match.start() for match in matches[1:]]
    next_starts.append(len(text))
    for match, next_start in zip(matches, next_starts, strict=False):
        groups = match.groups()
        start_s = _seconds(groups[:4])
        stop_s = None
        if groups[6] is not None:
            stop_s = _seconds(groups[4:])
            if stop_s <= start_s:
                stop_s = None
        first_clause = _CLAUSE_END.split(text[match.end() : next_start], maxsplit=1)[0]
        label = " ".join(first_clause.split()).strip(" -–—:,()")
        if not label:
            label = " ".join(text.split())
        times.append(RemarkTime(start_s, stop_s, label[:_MAX_LABEL_LENGTH]))
    return tuple(times)
