"""Times as people write them: seconds, or hours, minutes and seconds."""

import re

TIME = r"(?:\d{1,4}:)?\d{1,2}:\d{2}(?:[.,]\d{1,9})?"
_CLOCK, _NUMBER = re.compile(TIME), re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,12})?(?:[eE][+-]?\d{1,2})?")


def seconds(text: str) -> float:
    """Return a time in seconds: ``12.5``, ``12,5``, ``01:02.5`` or ``1:01:02.500``.

    Raises:
        ValueError: It is none of these.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    if not _CLOCK.fullmatch(text):
        raise ValueError(f"“{text[:40]}” is no time")
    *larger, last = text.replace(",", ".").split(":")
    minutes: int = sum(int(part) * 60**n for n, part in enumerate(reversed(larger)))
    return minutes * 60 + float(last)
