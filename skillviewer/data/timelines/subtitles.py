"""Reader of WebVTT and SubRip, and of times as they write them."""

import html
import re
from pathlib import Path

from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.tables.rows import read_text

_TIMES = re.compile(r"\s*([\d:.,]{5,20})[ \t]+-->[ \t]+([\d:.,]{5,20})(?:[ \t].*)?")
_VOICE, _TAG = re.compile(r"<v(?:\.[^ >]{0,80})?\s([^>]{0,200})>"), re.compile(r"</?[a-zA-Z0-9:.][^<>]*>")
_SRT_TAG = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\an?\d\}", re.IGNORECASE)
"""Formatting that players of SubRip know; there is no standard."""
_TIER = re.compile(r"\[([^\[\]]+)\]\s*")


def seconds(text: str) -> float:
    """Return a time in seconds: ``12.5``, ``12,5``, ``01:02.5`` or ``1:01:02.500``; all else is a ValueError."""
    parts = text.strip().replace(",", ".").split(":")
    return sum((float(part) * 60.0**n for n, part in enumerate(reversed(parts))), 0.0)


def read_subtitles(path: Path, _file_name: str, encoding: str = "") -> TimelineContents:
    """Return the cues of subtitles; a word in brackets before the text is the tier, else it is “cues”.

    WebVTT has tags and escapes. SubRip has neither, so a text with a tier before it, as the export writes it, is taken
    as it stands; of other SubRip, formatting that players know is removed.

    A file that is in no encoding of Unicode is refused unless its ``encoding`` is named: subtitles come in many.

    Raises:
        DatasetError: The file cannot be read.
        ValueError: It has no cues.
    """
    cues: list[tuple[float, float, list[str]]] = []
    open_cue = False  # whether lines belong to the last cue: a blank line ends it, and so do times
    for line in read_text(path, encoding, guess=False).split("\n"):
        times = _TIMES.fullmatch(line)
        if times is not None:
            if open_cue and path.suffix.lower() == ".srt" and cues[-1][2] and cues[-1][2][-1].strip().isdecimal():
                cues[-1][2].pop()  # the number of this cue, where no blank line comes before it
            cues.append((seconds(times.group(1)), seconds(times.group(2)), []))
            open_cue = True
        elif not line.strip():
            open_cue = False
        elif open_cue:
            cues[-1][2].append(line)
    if not cues:
        raise ValueError("it has no line such as 00:00:01.000 --> 00:00:02.000")
    read = _srt_cue if path.suffix.lower() == ".srt" else _vtt_cue
    return TimelineContents(tuple(read(start_s, stop_s, "\n".join(lines)) for start_s, stop_s, lines in cues))


def _vtt_cue(start_s: float, stop_s: float, text: str) -> Annotation:
    voice = _VOICE.search(text)
    plain = html.unescape(_TAG.sub("", text)).strip()
    tier, author, text = _split(plain)
    author = author or (html.unescape(voice.group(1)).strip() if voice else "")
    return Annotation(tier, start_s, stop_s, text, author)


def _srt_cue(start_s: float, stop_s: float, text: str) -> Annotation:
    if _TIER.match(text) is None:
        text = _SRT_TAG.sub("", text)
    tier, author, text = _split(text.strip())
    return Annotation(tier, start_s, stop_s, text, author)


def _split(text: str) -> tuple[str, str, str]:
    """Return tier, author and text of a cue."""
    match = _TIER.match(text)
    if match is None:
        return "cues", "", text
    tier, dash, author = match.group(1).rpartition(" – ")
    return (tier, author, text[match.end() :]) if dash else (author, "", text[match.end() :])
