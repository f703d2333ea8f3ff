"""Reader of WebVTT and SubRip, and of their times."""

import html
import re
from pathlib import Path

from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.tables.text_files import read_text

_TIMES = re.compile(r"\s*([\d:.,]{5,20})[ \t]+-->[ \t]+([\d:.,]{5,20})(?:[ \t].*)?")
_VOICE = re.compile(r"<v(?:\.[^ >]{0,80})?\s([^>]{0,200})>")
_TAG = re.compile(r"</?[a-zA-Z0-9:.][^<>]*>")
_SRT_TAG = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\an?\d\}", re.IGNORECASE)
"""Formatting that players of SubRip support; there is no standard."""
_TIER = re.compile(r"\[([^\[\]]+)\]\s*")


def parse_seconds(text: str) -> float:
    """Return a time in seconds: ``12.5``, ``12,5``, ``01:02.5`` or ``1:01:02.500``.

    Raises:
        ValueError: The text is no time.
    """
    parts = text.strip().replace(",", ".").split(":")
    return sum((float(part) * 60.0**n for n, part in enumerate(reversed(parts))), 0.0)


def read_subtitles(path: Path, _file_name: str, encoding: str = "") -> TimelineContents:
    """Return the cues of subtitles. The tier is a word in brackets before the text, or else “cues”.

    Tags and escapes of WebVTT are removed. The standard of SubRip has none: formatting that players support is removed,
    except from cues with a tier, because the export of this program writes their text unchanged.

    Subtitles come in many encodings. A file that is not in Unicode is refused unless its ``encoding`` is stated.

    Raises:
        DatasetError: The file cannot be read.
        ValueError: It has no cues.
    """
    is_srt = path.suffix.lower() == ".srt"
    cues: list[tuple[float, float, list[str]]] = []
    in_cue = False  # whether the line belongs to the last cue, which ends at a blank line or at times
    for line in read_text(path, encoding, guess=False).split("\n"):
        times = _TIMES.fullmatch(line)
        if times is not None:
            if in_cue and is_srt:
                _drop_cue_number(cues[-1][2])
            cues.append((parse_seconds(times.group(1)), parse_seconds(times.group(2)), []))
            in_cue = True
        elif not line.strip():
            in_cue = False
        elif in_cue:
            cues[-1][2].append(line)
    if not cues:
        raise ValueError("it has no line such as 00:00:01.000 --> 00:00:02.000")
    make_annotation = _srt_annotation if is_srt else _vtt_annotation
    annotations = [make_annotation(start_s, stop_s, "\n".join(lines)) for start_s, stop_s, lines in cues]
    return TimelineContents(tuple(annotations))


def _drop_cue_number(lines: list[str]) -> None:
    """Remove the number of the next cue, which ends the lines of a cue if no blank line separates them."""
    if lines and lines[-1].strip().isdecimal():
        lines.pop()


def _vtt_annotation(start_s: float, stop_s: float, text: str) -> Annotation:
    voice = _VOICE.search(text)
    plain_text = html.unescape(_TAG.sub("", text)).strip()
    tier, author, text = _split_tier(plain_text)
    if not author and voice is not None:
        author = html.unescape(voice.group(1)).strip()
    return Annotation(tier, start_s, stop_s, text, author)


def _srt_annotation(start_s: float, stop_s: float, text: str) -> Annotation:
    if _TIER.match(text) is None:
        text = _SRT_TAG.sub("", text)
    tier, author, text = _split_tier(text.strip())
    return Annotation(tier, start_s, stop_s, text, author)


def _split_tier(text: str) -> tuple[str, str, str]:
    """Return tier, author and text of a cue."""
    match = _TIER.match(text)
    if match is None:
        return "cues", "", text
    rest = text[match.end() :]
    tier, dash, author = match.group(1).rpartition(" – ")
    if not dash:
        return match.group(1), "", rest
    return tier, author, rest
