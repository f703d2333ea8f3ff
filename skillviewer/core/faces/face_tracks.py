"""Linking of faces detected in single frames to tracks over time, with held gaps and doubtful frames.

Hysteresis: a track needs one certain detection or several weak ones; afterwards weak detections continue it. While a
face is not detected (turned away or covered), its box is interpolated between the detections around the gap; it is held
for a while before the first detection and after the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.faces.faces import DoubtReason, FaceBox, FaceMark, FaceReviewItem, FaceTrack

SURE = 0.6
"""Certainty from which one detection makes a track."""

WEAK = 0.3
"""Certainty from which a detection is used at all."""

ENOUGH_WEAK = 3
"""So many weak detections on one track make it a face."""

HOLD_S = 0.5
"""Time for which a box is held before a face's first detection and after its last."""

BRIDGE_S = 1.5
"""Longest gap between two detections of one face over which its box is kept."""

_NEAR = 0.1  # least overlap of two boxes of one face
_REACH = 0.9  # or: distance of their centres, in widths of the larger


@dataclass(frozen=True, slots=True)
class FrameFaces:
    """Detections in one frame."""

    frame: int
    faces: tuple[tuple[FaceBox, float], ...]


@dataclass(slots=True)
class _Trail:
    """A growing track."""

    marks: list[FaceMark] = field(default_factory=list)

    def is_face(self) -> bool:
        return max(m.certainty for m in self.marks) >= SURE or len(self.marks) >= ENOUGH_WEAK


def _likeness(mark: FaceMark, box: FaceBox) -> float:
    """Return the similarity of a box to a mark: above 0 if it may continue it."""
    overlap = mark.box.overlap(box)
    if overlap >= _NEAR:
        return 1 + overlap
    a = mark.box
    b = box
    width, height = max(a.right - a.left, b.right - b.left), max(a.bottom - a.top, b.bottom - b.top)
    dx = abs((a.left + a.right) - (b.left + b.right)) / 2 / width
    dy = abs((a.top + a.bottom) - (b.top + b.bottom)) / 2 / height
    size_ratio = min(a.area, b.area) / max(a.area, b.area)
    near = 1 - float(np.hypot(dx, dy)) / _REACH
    return near if size_ratio > 0.4 else 0.0


def link(
    faces_by_frame: Sequence[FrameFaces], times_s: FloatArray
) -> tuple[tuple[FaceTrack, ...], tuple[FaceReviewItem, ...]]:
    """Link detections to tracks.

    Returns:
        The tracks, numbered from 1 in order of their start, and the doubtful frames in order of time.
    """
    trails: list[_Trail] = []
    for frame_faces in faces_by_frame:
        now_s = float(times_s[frame_faces.frame])
        open_ = [t for t in trails if now_s - float(times_s[t.marks[-1].frame]) <= BRIDGE_S]
        ranked = sorted(
            (
                (_likeness(trail.marks[-1], box), index, with_)
                for index, (box, _) in enumerate(frame_faces.faces)
                for with_, trail in enumerate(open_)
            ),
            reverse=True,
        )
        linked_boxes: set[int] = set()
        linked_trails: set[int] = set()
        for likeness, index, with_ in ranked:
            if likeness <= 0 or index in linked_boxes or with_ in linked_trails:
                continue
            linked_boxes.add(index)
            linked_trails.add(with_)
            open_[with_].marks.append(FaceMark(frame_faces.frame, *frame_faces.faces[index]))
        trails += [
            _Trail([FaceMark(frame_faces.frame, *f)])
            for index, f in enumerate(frame_faces.faces)
            if index not in linked_boxes
        ]
    searched = [frame_faces.frame for frame_faces in faces_by_frame]
    tracks: list[FaceTrack] = []
    doubts: list[FaceReviewItem] = []
    for trail in sorted(trails, key=lambda t: t.marks[0].frame):
        if trail.is_face():
            track = _track(trail, len(tracks) + 1, times_s)
            tracks.append(track)
            doubts += _doubts(track, searched, times_s)
        else:
            doubts.append(_perhaps(trail, searched, len(times_s)))
    return tuple(tracks), tuple(sorted(doubts, key=lambda d: (d.start, d.stop)))


def _track(trail: _Trail, number: int, times_s: FloatArray) -> FaceTrack:
    first, last = trail.marks[0].frame, trail.marks[-1].frame
    start = int(np.searchsorted(times_s, times_s[first] - HOLD_S - 1e-6, side="left"))
    stop = int(np.searchsorted(times_s, times_s[last] + HOLD_S + 1e-6, side="right"))
    return FaceTrack(number, start, stop, tuple(trail.marks))


def _runs(frames: Sequence[int], searched: Sequence[int], n_frames: int) -> list[tuple[int, int]]:
    """Return searched frames as intervals (start, stop), each reaching to the next searched frame."""
    place = {frame: index for index, frame in enumerate(searched)}
    ends = [*searched[1:], n_frames]
    runs: list[tuple[int, int]] = []
    for frame in frames:
        if runs and runs[-1][1] == frame:
            runs[-1] = (runs[-1][0], ends[place[frame]])
        else:
            runs.append((frame, ends[place[frame]]))
    return runs


def _doubts(track: FaceTrack, searched: Sequence[int], times_s: FloatArray) -> list[FaceReviewItem]:
    """Return the frames of one face that the user should check."""
    n = len(times_s)
    marks = {mark.frame: mark for mark in track.marks}
    first, last = track.marks[0], track.marks[-1]
    inside = [frame for frame in searched if first.frame < frame < last.frame]
    doubts = []
    for reason, frames in (
        (DoubtReason.WEAK, [m.frame for m in track.marks if m.certainty < SURE]),
        (DoubtReason.HELD, [frame for frame in inside if frame not in marks]),
    ):
        for start, stop in _runs(frames, searched, n):
            box = track.box_at(start)
            assert box is not None
            doubts.append(FaceReviewItem(start, stop, reason, box, track.number))
    # a face that entered or left at the edge is gone; one that vanished inside the picture may still be there
    if first.frame > searched[0] and track.start > 0 and not first.box.at_edge:
        doubts.append(FaceReviewItem(track.start, first.frame, DoubtReason.APPEARED, first.box, track.number))
    if last.frame < searched[-1] and track.stop < n and not last.box.at_edge:
        doubts.append(FaceReviewItem(last.frame + 1, track.stop, DoubtReason.LOST, last.box, track.number))
    return [doubt for doubt in doubts if doubt.start < doubt.stop]


def _perhaps(trail: _Trail, searched: Sequence[int], n_frames: int) -> FaceReviewItem:
    runs = _runs([mark.frame for mark in trail.marks], searched, n_frames)
    return FaceReviewItem(runs[0][0], runs[-1][1], DoubtReason.PERHAPS, trail.marks[0].box)
