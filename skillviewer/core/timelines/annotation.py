"""Annotations of a video, their tiers, and their times in whole milliseconds."""

import heapq
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from skillviewer.core.text import printable
from skillviewer.core.video.info import VideoInfo

_LANE_SUFFIX = re.compile(r" \(\d+\)\Z")


class Tier(StrEnum):
    """Names of the tiers of an exported timeline."""

    MOMENTS = "moments"
    OPINIONS = "opinions"
    NOTES = "notes"
    MARKS = "marks of votes"
    ATTEMPTS = "attempts"
    FOUND = "moments of the model"
    EVIDENCE = "evidence"
    SCORE = "score"
    PAUSES = "pauses"
    SPEED = "speed"


@dataclass(frozen=True, slots=True)
class Annotation:
    """An interval of a video, or a point in it, with a text."""

    tier: str  # name of the tier
    start_s: float  # start, in seconds from the first frame of the file
    stop_s: float  # end; equal to the start for a point
    text: str = ""  # text, or ""
    author: str = ""  # rater, user or model, or ""
    value: float | None = None  # number in the text (a score, a contribution, a speed), or None

    @property
    def full_tier(self) -> str:
        """Name of the tier, with the author if there is one."""
        if not self.author:
            return printable(self.tier)
        return printable(f"{self.tier} – {self.author}")

    @property
    def line(self) -> str:
        """Text on one line."""
        return printable(" ".join(self.text.split()))

    @property
    def label(self) -> str:
        """Text on one line, or the name of the tier if there is no text."""
        return self.line or printable(self.tier)


def milliseconds(video: VideoInfo, time_s: float) -> int:
    """Return the nearest whole millisecond at which the same frame is on screen as at a time.

    Every frame of a millisecond or more has one. For a shorter frame the nearest millisecond is returned.
    """
    nearest_ms = round(time_s * 1000)
    frame = video.frame_at(time_s)
    for time_ms in (nearest_ms, nearest_ms + 1, nearest_ms - 1):
        if video.frame_at(time_ms / 1000) == frame:
            return time_ms
    return nearest_ms


def interval_ms(video: VideoInfo, annotation: Annotation) -> tuple[int, int]:
    """Return start and end in whole milliseconds, at least 1 ms apart; a point lasts as long as its frame."""
    stop_s = annotation.stop_s
    if stop_s <= annotation.start_s:
        stop_s = video.end_s(video.frame_at(annotation.start_s))
    start_ms = milliseconds(video, annotation.start_s)
    stop_ms = milliseconds(video, stop_s)
    return start_ms, max(start_ms + 1, stop_ms)


def lanes(
    annotations: Iterable[Annotation],
    tier_name: Callable[[Annotation], str],
    interval: Callable[[Annotation], tuple[float, float]],
) -> dict[tuple[str, int], list[tuple[float, float, Annotation]]]:
    """Sort annotations by tier and time, into lanes without overlaps.

    Args:
        annotations: The annotations.
        tier_name: Returns the name of the tier of an annotation.
        interval: Returns start and end of an annotation on the clock of the file.

    Returns:
        Start, end and annotation of each, by name of the tier and lane from 1.
    """
    by_lane: dict[tuple[str, int], list[tuple[float, float, Annotation]]] = {}
    lane_ends_by_tier: dict[str, list[tuple[float, int]]] = {}
    timed_annotations = [(*interval(annotation), annotation) for annotation in annotations]
    timed_annotations.sort(key=lambda timed_annotation: timed_annotation[:2])
    for start, stop, annotation in timed_annotations:
        name = tier_name(annotation)
        lane_ends = lane_ends_by_tier.setdefault(name, [])  # heap of (end, lane)
        lane = len(lane_ends) + 1
        if lane_ends and lane_ends[0][0] <= start:
            _, lane = heapq.heappop(lane_ends)
        heapq.heappush(lane_ends, (stop, lane))
        by_lane.setdefault((name, lane), []).append((start, stop, annotation))
    return dict(sorted(by_lane.items()))


def lane_name(tier: str, lane: int) -> str:
    """Return the name of a tier with its lane, such as ``moments`` or ``moments (2)``."""
    return tier if lane == 1 else f"{tier} ({lane})"


def without_lane(name: str, tiers: Collection[str]) -> str:
    """Return the name of a tier without its lane if the tiers include it, else the name unchanged."""
    tier = _LANE_SUFFIX.sub("", name)
    return tier if tier in tiers else name
