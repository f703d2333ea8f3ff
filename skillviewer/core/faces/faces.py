"""Faces in a video as values: detected, held, drawn or removed by the user.

Boxes are fractions of the picture, so they fit frames of any size. Every edit returns a new value; undo restores the
old one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A rectangle in the picture."""

    left: float  # left edge, as a fraction of the picture's width; may lie outside 0 to 1
    top: float  # upper edge, as a fraction of its height
    right: float  # right edge, greater than ``left``
    bottom: float  # lower edge, greater than ``top``

    def __post_init__(self) -> None:
        if not (self.left < self.right and self.top < self.bottom):
            raise ValueError(f"a face box needs a width and a height: {self!r}")

    @property
    def area(self) -> float:
        """Area relative to the picture."""
        return (self.right - self.left) * (self.bottom - self.top)

    def shared(self, other: "FaceBox") -> float:
        """Return the area of the intersection."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def overlap(self, other: "FaceBox") -> float:
        """Return intersection over union, 0 to 1."""
        both = self.shared(other)
        return both / (self.area + other.area - both)

    def towards(self, other: "FaceBox", share: float) -> "FaceBox":
        """Return the box on the way to another: this one at 0, the other at 1."""
        edges = (self.left, self.top, self.right, self.bottom)
        other_edges = (other.left, other.top, other.right, other.bottom)
        return FaceBox(*(a + (b - a) * share for a, b in zip(edges, other_edges, strict=True)))

    @property
    def at_edge(self) -> bool:
        """True if it touches the edge of the picture, where faces come and go."""
        return min(self.left, self.top) <= 0.01 or max(self.right, self.bottom) >= 0.99


@dataclass(frozen=True, slots=True)
class FaceMark:
    """A face in one frame."""

    frame: int  # the frame, from 0
    box: FaceBox  # the face's box
    certainty: float = 1.0  # confidence of the detector, 0 to 1; 1 if drawn by the user
    by_hand: bool = False  # whether the user drew it


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One face over an interval of the video."""

    number: int  # its number, unique in the video
    start: int  # first blurred frame; before the first mark its box is held
    stop: int  # frame after the last blurred one; after the last mark its box is held
    marks: tuple[FaceMark, ...]  # detected or drawn boxes, in order of frames; at least one

    def __post_init__(self) -> None:
        frames = [mark.frame for mark in self.marks]
        if not frames or frames != sorted(set(frames)) or self.start >= self.stop:
            raise ValueError(f"a face track needs marks in order and at least one frame: {self!r}")

    def box_at(self, frame: int) -> FaceBox | None:
        """Return the box in a frame: interpolated between marks, held before and after them; None outside the track."""
        if not self.start <= frame < self.stop:
            return None
        frames = [mark.frame for mark in self.marks]
        after = int(np.searchsorted(frames, frame, side="left"))
        if after == 0:
            return self.marks[0].box
        if after == len(frames):
            return self.marks[-1].box
        if frames[after] == frame:
            return self.marks[after].box
        before = self.marks[after - 1]
        later = self.marks[after]
        return before.box.towards(later.box, (frame - before.frame) / (later.frame - before.frame))


class DoubtReason(StrEnum):
    """Reason for a doubt."""

    WEAK = "found with little certainty"
    HELD = "not found, the box is held"
    LOST = "lost in the middle of the picture"
    APPEARED = "appeared in the middle of the picture"
    PERHAPS = "perhaps a face, not blurred"


@dataclass(frozen=True, slots=True)
class FaceReviewItem:
    """Frames that the user should check. ``stop`` is the frame after the last."""

    start: int
    stop: int
    reason: DoubtReason
    box: FaceBox
    track: int | None = None


BY_HAND = "by hand"
"""The method if all boxes were drawn by the user and no detector ran."""


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one video. ``method`` is the name of the detector, or ``BY_HAND``."""

    video_digest: str
    n_frames: int
    tracks: tuple[FaceTrack, ...] = ()
    doubts: tuple[FaceReviewItem, ...] = ()
    method: str = BY_HAND

    @property
    def searched(self) -> bool:
        """True if a detector searched the video, whatever was edited since."""
        return self.method != BY_HAND

    def boxes_at(self, frame: int) -> tuple[FaceBox, ...]:
        """Return the blurred boxes of a frame."""
        boxes = (track.box_at(frame) for track in self.tracks)
        return tuple(box for box in boxes if box is not None)

    @property
    def n_frames_with_faces(self) -> int:
        """Number of frames with a blurred box."""
        covered = np.zeros(self.n_frames, dtype=bool)
        for track in self.tracks:
            covered[max(track.start, 0) : track.stop] = True
        return int(covered.sum())

    def _track(self, number: int) -> FaceTrack:
        for track in self.tracks:
            if track.number == number:
                return track
        raise ValueError(f"there is no face {number}")

    def _with(self, number: int, *tracks: FaceTrack) -> "Faces":
        """Return the faces with one track replaced by others."""
        others: list[FaceTrack] = []
        for track in self.tracks:
            others.extend(tracks if track.number == number else (track,))
        doubts = tuple(d for d in self.doubts if tracks or d.track != number)
        return replace(self, tracks=tuple(others), doubts=doubts)

    def _next_number(self) -> int:
        return max((track.number for track in self.tracks), default=0) + 1

    def drawn(self, box: FaceBox, frame: int, start: int, stop: int) -> "Faces":
        """Return the faces with one more, drawn by the user on a frame and blurred from ``start`` to before ``stop``.

        Raises:
            ValueError: The interval is empty or lies outside the video.
        """
        start = max(start, 0)
        stop = min(stop, self.n_frames)
        if not start <= frame < stop:
            raise ValueError(f"frame {frame} lies outside the interval {start} to {stop}")
        mark = FaceMark(frame, box, by_hand=True)
        return replace(self, tracks=(*self.tracks, FaceTrack(self._next_number(), start, stop, (mark,))))

    def removed(self, number: int) -> "Faces":
        """Return the faces without one, and without its doubts."""
        self._track(number)
        return self._with(number)

    def removed_between(self, number: int, start: int, stop: int) -> "Faces":
        """Return the faces with one not blurred in some frames; the rest on either side becomes two tracks."""
        track = self._track(number)
        parts: list[FaceTrack] = []
        for number_of, first, last in ((number, track.start, min(start, track.stop)), (None, stop, track.stop)):
            first = max(first, track.start)  # noqa: PLW2901
            box = track.box_at(first) if first < last else None
            if box is None:
                continue
            inside = tuple(mark for mark in track.marks if first <= mark.frame < last)
            end = track.box_at(last - 1)
            ends = (FaceMark(first, box), *([FaceMark(last - 1, end)] if end is not None and last - 1 > first else []))
            end_marks = tuple(mark for mark in ends if mark.frame not in {m.frame for m in inside})
            marks = tuple(sorted((*inside, *end_marks), key=lambda mark: mark.frame))
            parts.append(FaceTrack(self._next_number() if number_of is None and parts else number, first, last, marks))
        return self._with(number, *parts)

    def reviewed(self, doubt: FaceReviewItem) -> "Faces":
        """Return the faces without a doubt that the user has settled."""
        return replace(self, doubts=tuple(other for other in self.doubts if other != doubt))


def fits(faces: Faces, digest: str) -> bool:
    """Return True if faces belong to a video."""
    return faces.video_digest == digest


def doubtful_frames(doubts: Sequence[FaceReviewItem]) -> int:
    """Return the number of frames in some doubts, each counted once."""
    n = counted_to = 0
    for start, stop in sorted((doubt.start, doubt.stop) for doubt in doubts):
        n += max(0, stop - max(start, counted_to))
        counted_to = max(counted_to, stop)
    return n
