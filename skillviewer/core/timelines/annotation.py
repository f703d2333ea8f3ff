"""Annotations of a video, their tiers, and their times in whole milliseconds."""

import heapq
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from skillviewer.core.text import printable
from skillviewer.core.video.info import VideoInfo

_LANE = re.compile(r" \(\d+\)\Z")


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

    tier: str  # name of its tier
    start_s: float  # start, in seconds from the first frame of the file
    stop_s: float  # end; the start for a point
    text: str = ""  # text, or ""
    author: str = ""  # rater, user or model, or ""
    value: float | None = None  # number that the text tells (a score, a contribution, a speed), or None

    @property
    def full_tier(self) -> str:
        """Name of the tier and the author, where there is one."""
        return printable(f"{self.tier} – {self.author}" if self.author else self.tier)

    @property
    def line(self) -> str:
        """Text in one line."""
        return printable(" ".join(self.text.split()))

    @property
    def label(self) -> str:
        """Text in one line, or the name of the tier."""
        return self.line or printable(self.tier)


def milliseconds(video: VideoInfo, time_s: float) -> int:
    """Return the whole milliseconds nearest to a time at which the same frame is on screen.

    Every frame that lasts a millisecond or longer has such a time; for a shorter one the nearest is returned.
    """
    nearest = round(time_s * 1000)
    frame = video.frame_at(time_s)
    return next((ms for ms in (nearest, nearest + 1, nearest - 1) if video.frame_at(ms / 1000) == frame), nearest)


def whole(video: VideoInfo, annotation: Annotation) -> tuple[int, int]:
    """Return start and end in milliseconds; a point lasts as long as its frame, and nothing less than 1 ms."""
    stop_s = (
        annotation.stop_s if annotation.stop_s > annotation.start_s else video.end_s(video.frame_at(annotation.start_s))
    )
    start = milliseconds(video, annotation.start_s)
    return start, max(start + 1, milliseconds(video, stop_s))


def lanes(
    annotations: Iterable[Annotation],
    name: Callable[[Annotation], str],
    ends: Callable[[Annotation], tuple[float, float]],
) -> dict[tuple[str, int], list[tuple[float, float, Annotation]]]:
    """Return annotations by tier, in order of time, with as many lanes of a tier as overlaps need.

    ``name`` gives the name of a tier, ``ends`` start and end on the clock of the file.

    Returns:
        (name, lane from 1): (start, end, annotation) of each.
    """
    by_lane: dict[tuple[str, int], list[tuple[float, float, Annotation]]] = {}
    free: dict[str, list[tuple[float, int]]] = {}
    timed = sorted(
        ((*ends(annotation), annotation) for annotation in annotations),
        key=lambda timed_annotation: timed_annotation[:2],
    )
    for start, stop, annotation in timed:
        waiting = free.setdefault(name(annotation), [])
        lane = heapq.heappop(waiting)[1] if waiting and waiting[0][0] <= start else len(waiting) + 1
        heapq.heappush(waiting, (stop, lane))
        by_lane.setdefault((name(annotation), lane), []).append((start, stop, annotation))
    return dict(sorted(by_lane.items()))


def lane_name(name: str, lane: int) -> str:
    """Return the name of a tier and its lane: ``moments``, ``moments (2)``."""
    return name if lane == 1 else f"{name} ({lane})"


def without_lane(name: str, names: Collection[str]) -> str:
    """Return the name of a tier without its lane, if the tier itself is among the names."""
    tier = _LANE.sub("", name)
    return tier if tier in names else name
