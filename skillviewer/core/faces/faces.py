"""Boxes and tracks of the faces in a video, found by a detector or drawn by the user.

Boxes are fractions of the picture, so that they fit frames of any size. Every edit returns a new value, and undo
restores the old one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A rectangle in the picture."""

    left: float  # left edge, as a fraction of the picture's width; may lie outside 0 to 1
    top: float  # upper edge, as a fraction of the picture's height
    right: float  # right edge, greater than ``left``
    bottom: float  # lower edge, greater than ``top``

    def __post_init__(self) -> None:
        if not (self.left < self.right and self.top < self.bottom):
            raise ValueError(f"a face box needs a width and a height: {self!r}")

    @property
    def area(self) -> float:
        """Area as a fraction of the picture."""
        return (self.right - self.left) * (self.bottom - self.top)

    def shared_area(self, other: "FaceBox") -> float:
        """Return the area of the intersection, as a fraction of the picture."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def overlap(self, other: "FaceBox") -> float:
        """Return intersection over union, 0 to 1."""
        shared_area = self.shared_area(other)
        return shared_area / (self.area + other.area - shared_area)

    def interpolated(self, other: "FaceBox", fraction: float) -> "FaceBox":
        """Return the box between this one (fraction 0) and another (fraction 1)."""
        edges = (self.left, self.top, self.right, self.bottom)
        other_edges = (other.left, other.top, other.right, other.bottom)
        return FaceBox(*(a + (b - a) * fraction for a, b in zip(edges, other_edges, strict=True)))

    @property
    def at_edge(self) -> bool:
        """True if the box touches the edge of the picture, where faces come and go."""
        return min(self.left, self.top) <= 0.01 or max(self.right, self.bottom) >= 0.99


@dataclass(frozen=True, slots=True)
class FaceMark:
    """A face in one frame."""

    frame: int  # the frame, from 0
    box: FaceBox  # box of the face
    certainty: float = 1.0  # confidence of the detector, 0 to 1; 1 if drawn by the user
    by_hand: bool = False  # whether the user drew it


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One face over an interval of the video."""

    number: int  # number of the track, unique in the video
    start: int  # first blurred frame; the box of the first mark holds from here
    stop: int  # frame after the last blurred one; the box of the last mark holds until here
    marks: tuple[FaceMark, ...]  # detected or drawn boxes, in order of frames; at least one

    def __post_init__(self) -> None:
        frames = [mark.frame for mark in self.marks]
        if not frames or frames != sorted(set(frames)) or self.start >= self.stop:
            raise ValueError(f"a face track needs marks in order and at least one frame: {self!r}")

    def box_at(self, frame: int) -> FaceBox | None:
        """Return the box in a frame, interpolated between marks and held before and after them; None outside."""
        if not self.start <= frame < self.stop:
            return None
        frames = [mark.frame for mark in self.marks]
        index_after = int(np.searchsorted(frames, frame, side="left"))
        if index_after == 0:
            return self.marks[0].box
        if index_after == len(frames):
            return self.marks[-1].box
        if frames[index_after] == frame:
            return self.marks[index_after].box
        mark_before = self.marks[index_after - 1]
        mark_after = self.marks[index_after]
        fraction = (frame - mark_before.frame) / (mark_after.frame - mark_before.frame)
        return mark_before.box.interpolated(mark_after.box, fraction)


class DoubtReason(StrEnum):
    """Reason why the user should check some frames."""

    WEAK = "found with little certainty"
    HELD = "not found, the box is held"
    LOST = "lost in the middle of the picture"
    APPEARED = "appeared in the middle of the picture"
    PERHAPS = "perhaps a face, not blurred"


@dataclass(frozen=True, slots=True)
class FaceReviewItem:
    """Frames that the user should check."""

    start: int  # first frame
    stop: int  # frame after the last
    reason: DoubtReason
    box: FaceBox  # box in the first frame
    track: int | None = None  # number of the track, or None if no track was made


BY_HAND = "by hand"
"""Value of ``Faces.method`` if the user drew all boxes and no detector ran."""


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one video."""

    video_digest: str
    n_frames: int
    tracks: tuple[FaceTrack, ...] = ()
    doubts: tuple[FaceReviewItem, ...] = ()
    method: str = BY_HAND  # name of the detector, or ``BY_HAND``

    @property
    def searched(self) -> bool:
        """True if a detector searched the video, even if the user edited the faces since."""
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

    def _with_replaced(self, number: int, replacements: Sequence[FaceTrack]) -> "Faces":
        """Return the faces with one track replaced; without replacements its doubts are removed too."""
        tracks: list[FaceTrack] = []
        for track in self.tracks:
            if track.number == number:
                tracks += replacements
            else:
                tracks.append(track)
        doubts = self.doubts
        if not replacements:
            doubts = tuple(doubt for doubt in self.doubts if doubt.track != number)
        return replace(self, tracks=tuple(tracks), doubts=doubts)

    def _next_number(self) -> int:
        return max((track.number for track in self.tracks), default=0) + 1

    def with_drawn(self, box: FaceBox, frame: int, start: int, stop: int) -> "Faces":
        """Return the faces with one more, drawn by the user.

        Args:
            box: The box.
            frame: The frame on which the user drew it.
            start: First blurred frame.
            stop: Frame after the last blurred one.

        Raises:
            ValueError: The interval does not contain the frame, or lies outside the video.
        """
        start = max(start, 0)
        stop = min(stop, self.n_frames)
        if not start <= frame < stop:
            raise ValueError(f"frame {frame} lies outside the interval {start} to {stop}")
        mark = FaceMark(frame, box, by_hand=True)
        return replace(self, tracks=(*self.tracks, FaceTrack(self._next_number(), start, stop, (mark,))))

    def without(self, number: int) -> "Faces":
        """Return the faces without a track and its doubts."""
        self._track(number)
        return self._with_replaced(number, [])

    def without_interval(self, number: int, start: int, stop: int) -> "Faces":
        """Return the faces with a track not blurred from ``start`` to before ``stop``, which may split the track."""
        track = self._track(number)
        parts: list[FaceTrack] = []
        range_before = (track.start, min(start, track.stop))
        range_after = (max(stop, track.start), track.stop)
        for part_start, part_stop in (range_before, range_after):
            if part_start < part_stop:
                part_number = self._next_number() if parts else number
                parts.append(_part(track, part_number, part_start, part_stop))
        return self._with_replaced(number, parts)

    def without_doubt(self, doubt: FaceReviewItem) -> "Faces":
        """Return the faces without a doubt that the user has settled."""
        return replace(self, doubts=tuple(other for other in self.doubts if other != doubt))


def _part(track: FaceTrack, number: int, start: int, stop: int) -> FaceTrack:
    """Return a part of a track, with marks at both ends so that the boxes stay the same."""
    marks = {mark.frame: mark for mark in track.marks if start <= mark.frame < stop}
    for frame in (start, stop - 1):
        if frame not in marks:
            box = track.box_at(frame)
            assert box is not None
            marks[frame] = FaceMark(frame, box)
    marks_in_order = sorted(marks.values(), key=lambda mark: mark.frame)
    return FaceTrack(number, start, stop, tuple(marks_in_order))


def fits(faces: Faces, digest: str) -> bool:
    """Return True if faces belong to the video with a digest."""
    return faces.video_digest == digest


def doubtful_frames(doubts: Sequence[FaceReviewItem]) -> int:
    """Return the number of distinct frames in some doubts."""
    n_frames = 0
    counted_until = 0
    for start, stop in sorted((doubt.start, doubt.stop) for doubt in doubts):
        n_frames += max(0, stop - max(start, counted_until))
        counted_until = max(counted_until, stop)
    return n_frames
