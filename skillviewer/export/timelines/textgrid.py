"""Annotations of a video as a TextGrid of Praat (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html)."""

from collections.abc import Sequence

from skillviewer.core.text import printable
from skillviewer.core.timelines.annotation import Annotation, lane_name, lanes
from skillviewer.core.video.info import VideoInfo

_DIGITS = 9
"""Decimals of a time in seconds: enough to tell frames apart at any rate."""


def textgrid_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as a long TextGrid: a tier each tier and author, and more where annotations of one overlap.

    Points are in tiers of points. Intervals without a text carry the name of their tier: Praat takes an empty text for
    the time between two annotations.
    """
    points = [annotation for annotation in annotations if _ends(annotation)[1] <= _ends(annotation)[0]]
    intervals = [annotation for annotation in annotations if _ends(annotation)[1] > _ends(annotation)[0]]
    end_s = max((video.duration_s, *(_ends(annotation)[1] for annotation in annotations)))
    names_used: set[str] = set()
    tiers = []
    for (name, lane), timed in lanes(intervals, lambda annotation: annotation.full_tier, _ends).items():
        names_used.add(lane_name(name, lane))
        tiers.append(_interval_tier(lane_name(name, lane), timed, end_s))
    one_point = 10**-_DIGITS  # two points of a tier have two times
    for (name, lane), timed in lanes(
        points,
        lambda annotation: annotation.full_tier,
        lambda annotation: (_ends(annotation)[0], _ends(annotation)[0] + one_point),
    ).items():
        free = next(n for n in range(lane, lane + len(names_used) + 1) if lane_name(name, n) not in names_used)
        names_used.add(lane_name(name, free))
        tiers.append(_point_tier(lane_name(name, free), timed, end_s))
    head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {_number(end_s)}"]
    lines = [*head, "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for n, tier in enumerate(tiers, start=1):
        lines += [f"    item [{n}]:", *(f"        {line}" for line in tier)]
    return "\n".join(lines) + "\n"


def _ends(annotation: Annotation) -> tuple[float, float]:
    return round(annotation.start_s, _DIGITS), round(max(annotation.start_s, annotation.stop_s), _DIGITS)


def _number(time_s: float) -> str:
    return f"{time_s:.{_DIGITS}f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    return '"' + printable(text).replace('"', '""') + '"'


def _head(kind: str, name: str, end_s: float) -> list[str]:
    return [f'class = "{kind}"', f"name = {_text(name)}", "xmin = 0", f"xmax = {_number(end_s)}"]


def _interval_tier(name: str, timed: Sequence[tuple[float, float, Annotation]], end_s: float) -> list[str]:
    parts: list[tuple[float, float, str]] = []
    at_s = 0.0
    for start_s, stop_s, annotation in timed:
        if start_s > at_s:
            parts.append((at_s, start_s, ""))
        parts.append((start_s, stop_s, annotation.label))
        at_s = stop_s
    if at_s < end_s:
        parts.append((at_s, end_s, ""))
    lines = [*_head("IntervalTier", name, end_s), f"intervals: size = {len(parts)}"]
    for n, (start_s, stop_s, text) in enumerate(parts, start=1):
        times = (f"    xmin = {_number(start_s)}", f"    xmax = {_number(stop_s)}")
        lines += [f"intervals [{n}]:", *times, f"    text = {_text(text)}"]
    return lines


def _point_tier(name: str, timed: Sequence[tuple[float, float, Annotation]], end_s: float) -> list[str]:
    lines = [*_head("TextTier", name, end_s), f"points: size = {len(timed)}"]
    for n, (start_s, _, annotation) in enumerate(timed, start=1):
        lines += [f"points [{n}]:", f"    number = {_number(start_s)}", f"    mark = {_text(annotation.line)}"]
    return lines
