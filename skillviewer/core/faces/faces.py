"""Where faces are in a video, as values: what was found, what is held, what a person drew or took away.

Boxes are fractions of the picture, so they fit a frame of any size. Every edit returns a new value: to undo one is to
put the old value back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A rectangle in the picture.

    Attributes:
        left: Left edge, as a fraction of the picture's width; may lie outside 0 to 1.
        top: Upper edge, as a fraction of its height.
        right: Right edge, greater than ``left``.
        bottom: Lower edge, greater than ``top``.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        """Refuse an empty box."""
        if not (self.left < self.right and self.top < self.bottom):
            raise ValueError(f"a face box needs a width and a height: {self!r}")

    @property
    def area(self) -> float:
        """Share of the picture."""
        return (self.right - self.left) * (self.bottom - self.top)

    def shared(self, other: "FaceBox") -> float:
        """Return the area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def overlap(self, other: "FaceBox") -> float:
        """Return intersection over union, 0 to 1."""
        both = self.shared(other)
        return both / (self.area + other.area - both)

    def towards(self, other: "FaceBox", share: float) -> "FaceBox":
        """Return the box on the way to another: this one at 0, the other at 1."""
        return FaceBox(
            self.left + (other.left - self.left) * share,
            self.top + (other.top - self.top) * share,
            self.right + (other.right - self.right) * share,
            self.bottom + (other.bottom - self.bottom) * share,
        )

    @property
    def at_edge(self) -> bool:
        """Whether it reaches the edge of the picture, where faces come and go."""
        return min(self.left, self.top) <= 0.01 or max(self.right, self.bottom) >= 0.99


@dataclass(frozen=True, slots=True)
class FaceMark:
    """A face in one frame.

    Attributes:
        frame: The frame, from 0.
        box: Where.
        certainty: How sure the detector was, 0 to 1; 1 where a person drew it.
        by_hand: Whether a person drew it.
    """

    frame: int
    box: FaceBox
    certainty: float = 1.0
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One face through a stretch of the video.

    Attributes:
        number: Its number, unique in the video.
        start: First frame that is blurred; before the first mark its box is held.
        stop: Frame after the last that is blurred; after the last mark its box is held.
        marks: Where it was found or drawn, by frame; at least one.
    """

    number: int
    start: int
    stop: int
    marks: tuple[FaceMark, ...]

    def __post_init__(self) -> None:
        """Check the order of the marks."""
        frames = [mark.frame for mark in self.marks]
        if not frames or frames != sorted(set(frames)) or self.start >= self.stop:
            raise ValueError(f"a face track needs marks in order and at least one frame: {self!r}")

    def box_at(self, frame: int) -> FaceBox | None:
        """Return where the face is in a frame: between marks on the straight way, outside them held; None outside."""
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
        before, later = self.marks[after - 1], self.marks[after]
        return before.box.towards(later.box, (frame - before.frame) / (later.frame - before.frame))


class DoubtReason(StrEnum):
    """Why frames are doubtful."""

    WEAK = "found with little certainty"
    HELD = "not found, the box is held"
    LOST = "lost in the middle of the picture"
    APPEARED = "appeared in the middle of the picture"
    PERHAPS = "perhaps a face, not blurred"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Frames that a person should look at.

    Attributes:
        start: First frame.
        stop: Frame after the last.
        reason: Why.
        box: Where to look.
        track: Number of the track, or None.
    """

    start: int
    stop: int
    reason: DoubtReason
    box: FaceBox
    track: int | None = None


BY_HAND = "by hand"
"""The method of boxes that people drew and nobody searched for."""


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one video.

    Attributes:
        video_digest: SHA-256 of the video.
        n_frames: Its frames.
        tracks: The faces.
        doubts: Frames to look at, in order of time.
        method: How they were found: name of the detector, or ``BY_HAND``.
    """

    video_digest: str
    n_frames: int
    tracks: tuple[FaceTrack, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    method: str = BY_HAND

    @property
    def searched(self) -> bool:
        """Whether a detector went over the video, whatever people made of its finds since."""
        return self.method != BY_HAND

    def boxes_at(self, frame: int) -> tuple[FaceBox, ...]:
        """Return the boxes that are blurred in a frame."""
        boxes = (track.box_at(frame) for track in self.tracks)
        return tuple(box for box in boxes if box is not None)

    @property
    def n_frames_with_faces(self) -> int:
        """Frames in which something is blurred."""
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
        """Return the faces with some tracks in the place of one."""
        others: list[FaceTrack] = []
        for track in self.tracks:
            others.extend(tracks if track.number == number else (track,))
        doubts = tuple(d for d in self.doubts if tracks or d.track != number)
        return replace(self, tracks=tuple(others), doubts=doubts)

    def _next_number(self) -> int:
        return max((track.number for track in self.tracks), default=0) + 1

    def drawn(self, box: FaceBox, frame: int, start: int, stop: int) -> "Faces":
        """Return the faces with one that a person drew.

        Args:
            box: Where.
            frame: Frame on which it was drawn.
            start: First frame that is blurred there.
            stop: Frame after the last.

        Raises:
            ValueError: The stretch is empty or lies outside the video.
        """
        start, stop = max(start, 0), min(stop, self.n_frames)
        if not start <= frame < stop:
            raise ValueError(f"frame {frame} lies outside the stretch {start} to {stop}")
        mark = FaceMark(frame, box, by_hand=True)
        return replace(self, tracks=(*self.tracks, FaceTrack(self._next_number(), start, stop, (mark,))))

    def moved(self, number: int, frame: int, box: FaceBox) -> "Faces":
        """Return the faces with the box of one put right in a frame; the frames between follow.

        Raises:
            ValueError: There is no such face, or it is not there in that frame.
        """
        track = self._track(number)
        if not track.start <= frame < track.stop:
            raise ValueError(f"face {number} is not in frame {frame}")
        others = [mark for mark in track.marks if mark.frame != frame]
        marks = sorted([*others, FaceMark(frame, box, by_hand=True)], key=lambda mark: mark.frame)
        return self._with(number, replace(track, marks=tuple(marks)))

    def removed(self, number: int) -> "Faces":
        """Return the faces without one that is none, and without the doubts of it."""
        self._track(number)
        return self._with(number)

    def removed_between(self, number: int, start: int, stop: int) -> "Faces":
        """Return the faces with one not blurred in some frames: what stays on either side are two tracks."""
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
            held = tuple(mark for mark in ends if mark.frame not in {m.frame for m in inside})
            marks = tuple(sorted((*inside, *held), key=lambda mark: mark.frame))
            parts.append(FaceTrack(self._next_number() if number_of is None and parts else number, first, last, marks))
        return self._with(number, *parts)

    def reviewed(self, doubt: Doubt) -> "Faces":
        """Return the faces with a doubt settled: a person looked and is content."""
        return replace(self, doubts=tuple(other for other in self.doubts if other != doubt))


def fits(faces: Faces, digest: str) -> bool:
    """Return whether faces are of a video."""
    return faces.video_digest == digest


def doubtful_frames(doubts: Sequence[Doubt]) -> int:
    """Return how many frames some doubts name, each counted once."""
    n = done = 0
    for start, stop in sorted((doubt.start, doubt.stop) for doubt in doubts):
        n += max(0, stop - max(start, done))
        done = max(done, stop)
    return n
