"""Annotations of a video as a TextGrid for Praat (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html)."""

from collections.abc import Collection, Sequence

from skillviewer.core.text import printable
from skillviewer.core.timelines.annotation import Annotation, lane_name, lanes
from skillviewer.core.video.info import VideoInfo

_DIGITS = 9
"""Decimals of a time in seconds: enough to distinguish frames at any rate."""


def textgrid_text(video: VideoInfo, annotations: Sequence[Annotation]) -> str:
    """Return annotations as a TextGrid in the long form.

    There is a tier for each tier and author, and further ones for overlapping annotations. Points are in separate
    tiers. Intervals without a text get the name of their tier, since Praat reads an empty text as a gap.
    """
    points = [annotation for annotation in annotations if _is_point(annotation)]
    intervals = [annotation for annotation in annotations if not _is_point(annotation)]
    end_s = max((video.duration_s, *(_ends(annotation)[1] for annotation in annotations)))
    names_used: set[str] = set()
    tiers = []
    for (tier_name, lane), timed_annotations in lanes(intervals, _tier_of, _ends).items():
        name = lane_name(tier_name, lane)
        names_used.add(name)
        tiers.append(_interval_tier(name, timed_annotations, end_s))
    for (tier_name, lane), timed_annotations in lanes(points, _tier_of, _point_ends).items():
        name = _free_lane_name(tier_name, lane, names_used)
        names_used.add(name)
        tiers.append(_point_tier(name, timed_annotations, end_s))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {_format_time(end_s)}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, tier in enumerate(tiers, start=1):
        lines += [f"    item [{number}]:", *(f"        {line}" for line in tier)]
    return "\n".join(lines) + "\n"


def _ends(annotation: Annotation) -> tuple[float, float]:
    return round(annotation.start_s, _DIGITS), round(max(annotation.start_s, annotation.stop_s), _DIGITS)


def _point_ends(annotation: Annotation) -> tuple[float, float]:
    """Return the time of a point, and the earliest time of the next point in the same tier."""
    start_s, _ = _ends(annotation)
    return start_s, start_s + 10**-_DIGITS


def _is_point(annotation: Annotation) -> bool:
    start_s, stop_s = _ends(annotation)
    return stop_s <= start_s


def _tier_of(annotation: Annotation) -> str:
    return annotation.full_tier


def _free_lane_name(tier_name: str, lane: int, names_used: Collection[str]) -> str:
    """Return the first name of a tier, from a lane on, that is not used."""
    names = (lane_name(tier_name, number) for number in range(lane, lane + len(names_used) + 1))
    return next(name for name in names if name not in names_used)


def _format_time(time_s: float) -> str:
    return f"{time_s:.{_DIGITS}f}".rstrip("0").rstrip(".")


def _quote(text: str) -> str:
    return '"' + printable(text).replace('"', '""') + '"'


def _tier_header(tier_class: str, name: str, end_s: float) -> list[str]:
    return [f'class = "{tier_class}"', f"name = {_quote(name)}", "xmin = 0", f"xmax = {_format_time(end_s)}"]


def _interval_tier(name: str, timed_annotations: Sequence[tuple[float, float, Annotation]], end_s: float) -> list[str]:
    """Return the lines of a tier of intervals, with empty intervals between the annotations."""
    intervals: list[tuple[float, float, str]] = []
    previous_stop_s = 0.0
    for start_s, stop_s, annotation in timed_annotations:
        if start_s > previous_stop_s:
            intervals.append((previous_stop_s, start_s, ""))
        intervals.append((start_s, stop_s, annotation.label))
        previous_stop_s = stop_s
    if previous_stop_s < end_s:
        intervals.append((previous_stop_s, end_s, ""))
    lines = [*_tier_header("IntervalTier", name, end_s), f"intervals: size = {len(intervals)}"]
    for number, (start_s, stop_s, text) in enumerate(intervals, start=1):
        lines += [
            f"intervals [{number}]:",
            f"    xmin = {_format_time(start_s)}",
            f"    xmax = {_format_time(stop_s)}",
            f"    text = {_quote(text)}",
        ]
    return lines


def _point_tier(name: str, timed_annotations: Sequence[tuple[float, float, Annotation]], end_s: float) -> list[str]:
    lines = [*_tier_header("TextTier", name, end_s), f"points: size = {len(timed_annotations)}"]
    for number, (time_s, _, annotation) in enumerate(timed_annotations, start=1):
        lines += [
            f"points [{number}]:",
            f"    number = {_format_time(time_s)}",
            f"    mark = {_quote(annotation.line)}",
        ]
    return lines
