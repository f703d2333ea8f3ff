"""Numbers and text formatted for sentences."""

import math
from collections.abc import Iterable

EQUAL_DECIMALS = 9
"""Strengths that agree in so many decimals are equal: the fit stops at smaller steps."""


def format_duration(seconds: float) -> str:
    """Return a duration in suitable units: "40 s", "3 min 20 s", "2 h 5 min"; an en dash if it is unknown."""
    if not math.isfinite(seconds):
        return "–"
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, seconds_left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {seconds_left} s" if seconds_left and minutes < 10 else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, a true minus and a dot; a rounded zero has no sign, and NaN is a dash."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def percent(value: float | None, unit: str = "") -> str:
    """Return a fraction in percent with one decimal, then a unit; an en dash alone for None, NaN and infinities."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.1f}{unit}"


def defined(value: float | None) -> float | None:
    """Return a number, or None if it is not finite: null in JSON, an empty cell in a table."""
    return value if value is not None and math.isfinite(value) else None


def counted(n: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun, whose plural ends in s unless it is given."""
    return f"{n} {singular if n == 1 else plural or singular + 's'}"


def whole_percent(part: int, whole: int) -> int:
    """Return a share of a whole of 1 or more in percent, rounded half up; 0 and 100 only where it is none or all."""
    if part in {0, whole}:
        return 100 * part // whole
    return min(max((200 * part + whole) // (2 * whole), 1), 99)


def format_size(n_bytes: int) -> str:
    """Return a size in decimal units, with three digits: "512 bytes", "3.4 MB"."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= 0.9995 * step:  # 999.6 kB round to a thousand
            number = n_bytes / step
            return f"{number:.0f} {unit}" if number >= 999.5 else f"{number:.3g} {unit}"
    return f"{n_bytes} bytes"


def clock(time_s: float) -> str:
    """Return a time as mm:ss.mmm; minutes go on beyond 59."""
    milliseconds = round(time_s * 1000)
    sign = "−" if milliseconds < 0 else ""
    minutes, milliseconds_left = divmod(abs(milliseconds), 60_000)
    return f"{sign}{minutes:02d}:{milliseconds_left // 1000:02d}.{milliseconds_left % 1000:03d}"


def plain(value: float) -> str:
    """Return a number for a colour bar or an axis: at most three significant digits, no trailing zeros."""
    return f"{value:.3g}".replace("-", "−")


def format_series(times: Iterable[str], values: Iterable[float], digits: int) -> str:
    """Return a series for a screen reader: last, least and greatest value, then all values; "" for an empty one.

    ``times`` say when or where each value is.
    """
    points = [(value, f"{signed(value, digits)} at {time}") for time, value in zip(times, values, strict=True)]
    if not points:
        return ""
    last = points[-1][1]
    lowest = min(points)[1]
    highest = max(points)[1]
    return f"Last {last}, least {lowest}, greatest {highest}. All: {'; '.join(text for _, text in points)}."


def printable(text: str) -> str:
    """Return text for any file and font: line breaks become spaces, other unprintable characters �.

    File names may contain control characters and, on Linux, bytes that are not UTF-8 (lone surrogates in Python).
    """
    if text.isprintable():  # as nearly all are
        return text
    without_breaks = (" " if c.isspace() else c for c in text)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in without_breaks)


MAX_CHARACTERS = 60


def short(text: str) -> str:
    """Return text of a file as a sentence can hold it: printable, at most ``MAX_CHARACTERS`` long."""
    return printable(text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…")
