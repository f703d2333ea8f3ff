"""Reader of WebVTT and SubRip, and of times as they write them."""

import html
import re
from pathlib import Path

from skillviewer.core.timelines.annotation import Annotation
from skillviewer.data.tables.rows import read_text

_TIMES = re.compile(r"\s*([\d:.,]{5,20})[ \t]+-->[ \t]+([\d:.,]{5,20})(?:[ \t].*)?")
_VOICE, _TAG = re.compile(r"<v(?:\.[^ >]{0,80})?\s([^>]{0,200})>"), re.compile(r"</?[a-zA-Z0-9:.][^<>]*>")
_TIER = re.compile(r"\[([^\[\]]+)\]\s*")


def seconds(text: str) -> float:
    """Return a time in seconds: ``12.5``, ``12,5``, ``01:02.5`` or ``1:01:02.500``; all else is a ValueError."""
    parts = text.strip().replace(",", ".").split(":")
    return sum((float(part) * 60.0**n for n, part in enumerate(reversed(parts))), 0.0)


def read_subtitles(path: Path, _file_name: str) -> list[Annotation]:
    """Return the cues of subtitles; a word in brackets before the text is the tier, else it is “cues”.

    Raises:
        DatasetError: The file cannot be read.
        ValueError: It has no cues.
    """
    lines, found = read_text(path).split("\n"), []
    for at, line in enumerate(lines):
        times = _TIMES.fullmatch(line)
        if times is None:
            continue
        stop = next((n for n in range(at + 1, len(lines)) if not lines[n].strip()), len(lines))
        text = "\n".join(lines[at + 1 : stop])
        voice, plain = _VOICE.search(text), html.unescape(_TAG.sub("", text)).strip()
        named = _TIER.match(plain)
        tier, _, author = named.group(1).partition(" – ") if named else ("cues", "", "")
        author = author or (html.unescape(voice.group(1)).strip() if voice else "")
        text = plain[named.end() :] if named else plain
        found.append(Annotation(tier, seconds(times.group(1)), seconds(times.group(2)), text, author))
    if not found:
        raise ValueError("it has no line such as 00:00:01.000 --> 00:00:02.000")
    return found
