"""Numbers and text formatted for sentences."""

import math
from collections.abc import Iterable, Sequence

EQUAL_DECIMALS = 9
"""Decimals in which two strengths agree if they are equal; the fit stops at smaller steps."""


def format_duration(seconds: float) -> str:
    """Return a duration in suitable units, such as "40 s", "3 min 20 s" or "2 h 5 min"; an en dash if not finite."""
    if not math.isfinite(seconds):
        return "–"
    whole_seconds = max(round(seconds), 0)
    if whole_seconds < 60:
        return f"{whole_seconds} s"
    minutes, remaining_seconds = divmod(whole_seconds, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    if minutes >= 10 or remaining_seconds == 0:
        return f"{minutes} min"
    return f"{minutes} min {remaining_seconds} s"


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign and a true minus; a rounded zero has no sign, and NaN is an en dash."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def percent(value: float | None, unit: str = "") -> str:
    """Return a fraction in percent with one decimal and the unit; an en dash for None, NaN and infinities."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{100 * value:.1f}{unit}"


def finite_or_none(value: float | None) -> float | None:
    """Return a number, or None if it is not finite, for JSON's null or an empty cell of a table."""
    if value is None or not math.isfinite(value):
        return None
    return value


def counted(n: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun; the default plural ends in s."""
    if n == 1:
        return f"{n} {singular}"
    return f"{n} {plural}" if plural else f"{n} {singular}s"


def whole_percent(part: int, whole: int) -> int:
    """Return a share in percent, rounded half up; 0 and 100 only if the part is exactly none or all of the whole."""
    if part in {0, whole}:
        return 100 * part // whole
    return min(max((200 * part + whole) // (2 * whole), 1), 99)


def format_size(n_bytes: int) -> str:
    """Return a size in decimal units with three digits, such as "512 bytes" or "3.4 MB"."""
    for unit, unit_bytes in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= 0.9995 * unit_bytes:  # 999.6 kB would be rounded to 1000 kB
            number = n_bytes / unit_bytes
            return f"{number:.0f} {unit}" if number >= 999.5 else f"{number:.3g} {unit}"
    return f"{n_bytes} bytes"


def clock(time_s: float) -> str:
    """Return a time as mm:ss.mmm; the minutes may exceed 59."""
    time_ms = round(time_s * 1000)
    sign = "−" if time_ms < 0 else ""
    minutes, remaining_ms = divmod(abs(time_ms), 60_000)
    seconds, milliseconds = divmod(remaining_ms, 1000)
    return f"{sign}{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def format_number(value: float) -> str:
    """Return a number for a colour bar or an axis, with at most three significant digits and no trailing zeros."""
    return f"{value:.3g}".replace("-", "−")


def format_series(times: Iterable[str], values: Iterable[float], digits: int) -> str:
    """Return a text of a series for screen readers: last, least and greatest value, then all; "" for an empty one.

    ``times`` are texts for the time or place of each value.
    """
    points = [(value, f"{signed(value, digits)} at {time}") for time, value in zip(times, values, strict=True)]
    if not points:
        return ""
    last_text = points[-1][1]
    lowest_text = min(points)[1]
    highest_text = max(points)[1]
    all_texts = "; ".join(text for _, text in points)
    return f"Last {last_text}, least {lowest_text}, greatest {highest_text}. All: {all_texts}."


def printable(text: str) -> str:
    """Return text with spaces instead of line breaks and � instead of other unprintable characters.

    File names may contain control characters and, on Linux, bytes that are not UTF-8 (lone surrogates in Python).
    """
    if text.isprintable():  # the common case
        return text
    characters = []
    for character in text:
        if character.isprintable():
            characters.append(character)
        elif character.isspace():
            characters.append(" ")
        else:
            characters.append("\N{REPLACEMENT CHARACTER}")
    return "".join(characters)


MAX_CHARACTERS = 60
"""Most characters of a file's text that a sentence quotes."""


def shorten(text: str) -> str:
    """Return text of a file to quote in a sentence: printable, and cut after ``MAX_CHARACTERS``."""
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]}…"
    return printable(text)


MAX_NAMES = 5
"""Most names that a sentence lists."""


def join_names(names: Sequence[str]) -> str:
    """Return names separated by commas; after the first ``MAX_NAMES``, the number of the other names."""
    text = ", ".join(names[:MAX_NAMES])
    if len(names) > MAX_NAMES:
        text += f" and {len(names) - MAX_NAMES} more"
    return text
