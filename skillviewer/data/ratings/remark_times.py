"""Times named in remarks: "0:42 dropped needle" has a moment at 42 s."""

import re
from dataclasses import dataclass

_CLOCK = r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?"
_TIME = re.compile(rf"(?<![\d:./-]){_CLOCK}(?:\s*(?:-|–|to)\s*{_CLOCK})?(?![\d:])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_END = re.compile(r"[;\n]|\.(?:\s|$)")
_MAX_LABEL = 120


@dataclass(frozen=True, slots=True)
class RemarkTime:
    """A time in a remark, in seconds from the start of the video."""

    start_s: float
    stop_s: float | None  # end of an interval, or None for a single time
    label: str  # words that follow the time, or the whole remark if none do


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = groups
    whole = 3600 * int(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0)
    return whole + (float(f"0.{fraction}") if fraction else 0.0)


def times_in_remark(text: str) -> tuple[RemarkTime, ...]:
    """Return the times that a remark names as minutes and seconds ("0:42", "1:02:03", "0:42-0:50"), in their order.

    Times next to a date are times of day, and are left out.
    """
    if _DATE.search(text):
        return ()
    matches = list(_TIME.finditer(text))
    times = []
    for place, match in enumerate(matches):
        groups = match.groups()
        start_s = _seconds(groups[:4])
        stop_s = _seconds(groups[4:]) if groups[6] is not None else None
        following_text = text[match.end() : matches[place + 1].start() if place + 1 < len(matches) else len(text)]
        label = " ".join(_END.split(following_text, maxsplit=1)[0].split()).strip(" -–—:,()")
        label = label or " ".join(text.split())
        later = stop_s if stop_s is not None and stop_s > start_s else None
        times.append(RemarkTime(start_s, later, label[:_MAX_LABEL]))
    return tuple(times)
