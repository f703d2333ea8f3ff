"""Linking of faces detected in single frames to tracks over time, and the frames that are doubtful.

A track needs one certain detection or several weak ones (hysteresis). In gaps, such as when the face is turned away or
covered, the box is interpolated between the detections around the gap. Before the first detection and after the last,
the box is held for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.faces.faces import DoubtReason, FaceBox, FaceMark, FaceReviewItem, FaceTrack

SURE = 0.6
"""Certainty at which a single detection is enough for a track."""

WEAK = 0.3
"""Least certainty of a detection that is used."""

ENOUGH_WEAK = 3
"""Number of weak detections that are enough for a track."""

HOLD_S = 0.5
"""Time for which a box is held before the first detection of a face and after the last."""

BRIDGE_S = 1.5
"""Longest gap between two detections of one track."""

_MIN_OVERLAP = 0.1  # least intersection over union of two boxes of one face, unless their centres are close
_MAX_DISTANCE = 0.9  # greatest distance of the centres of two boxes of one face, in sizes of the larger box
_MIN_SIZE_RATIO = 0.4  # least ratio of the areas of two boxes whose centres are close


@dataclass(frozen=True, slots=True)
class FrameFaces:
    """Detections in one frame."""

    frame: int
    faces: tuple[tuple[FaceBox, float], ...]


@dataclass(slots=True)
class _Candidate:
    """Linked detections that may become a track."""

    marks: list[FaceMark] = field(default_factory=list)

    def is_face(self) -> bool:
        return max(mark.certainty for mark in self.marks) >= SURE or len(self.marks) >= ENOUGH_WEAK


def _similarity(mark: FaceMark, box: FaceBox) -> float:
    """Return the similarity of a box to a mark; it is above 0 if the box may continue the mark's track."""
    overlap = mark.box.overlap(box)
    if overlap >= _MIN_OVERLAP:
        return 1 + overlap
    a = mark.box
    b = box
    size_ratio = min(a.area, b.area) / max(a.area, b.area)
    if size_ratio <= _MIN_SIZE_RATIO:
        return 0.0
    width = max(a.right - a.left, b.right - b.left)
    height = max(a.bottom - a.top, b.bottom - b.top)
    dx = abs((a.left + a.right) - (b.left + b.right)) / 2 / width
    dy = abs((a.top + a.bottom) - (b.top + b.bottom)) / 2 / height
    return 1 - float(np.hypot(dx, dy)) / _MAX_DISTANCE


def link(
    faces_by_frame: Sequence[FrameFaces], times_s: FloatArray
) -> tuple[tuple[FaceTrack, ...], tuple[FaceReviewItem, ...]]:
    """Link detections to tracks.

    Args:
        faces_by_frame: Detections in every searched frame, in order of time.
        times_s: (n,) presentation times of all frames.

    Returns:
        The tracks, numbered from 1 in order of their start, and the doubtful frames in order of time.
    """
    candidates: list[_Candidate] = []
    for frame_faces in faces_by_frame:
        now_s = float(times_s[frame_faces.frame])
        recent = [c for c in candidates if now_s - float(times_s[c.marks[-1].frame]) <= BRIDGE_S]
        candidates += _continue_candidates(recent, frame_faces)
    searched = [frame_faces.frame for frame_faces in faces_by_frame]
    tracks: list[FaceTrack] = []
    doubts: list[FaceReviewItem] = []
    for candidate in sorted(candidates, key=lambda c: c.marks[0].frame):
        if candidate.is_face():
            track = _track(candidate, len(tracks) + 1, times_s)
            tracks.append(track)
            doubts += _doubts(track, searched, times_s)
        else:
            doubts.append(_possible_face(candidate, searched, len(times_s)))
    doubts.sort(key=attrgetter("start", "stop"))
    return tuple(tracks), tuple(doubts)


def _continue_candidates(candidates: Sequence[_Candidate], frame_faces: FrameFaces) -> list[_Candidate]:
    """Add the boxes of a frame to the most similar candidates, and return new candidates for the other boxes."""
    similarities = [
        (_similarity(candidate.marks[-1], box), box_index, candidate_index)
        for box_index, (box, _) in enumerate(frame_faces.faces)
        for candidate_index, candidate in enumerate(candidates)
    ]
    linked_boxes: set[int] = set()
    linked_candidates: set[int] = set()
    for similarity, box_index, candidate_index in sorted(similarities, reverse=True):
        if similarity <= 0 or box_index in linked_boxes or candidate_index in linked_candidates:
            continue
        linked_boxes.add(box_index)
        linked_candidates.add(candidate_index)
        box, certainty = frame_faces.faces[box_index]
        candidates[candidate_index].marks.append(FaceMark(frame_faces.frame, box, certainty))
    return [
        _Candidate([FaceMark(frame_faces.frame, box, certainty)])
        for box_index, (box, certainty) in enumerate(frame_faces.faces)
        if box_index not in linked_boxes
    ]


def _track(candidate: _Candidate, number: int, times_s: FloatArray) -> FaceTrack:
    first_frame = candidate.marks[0].frame
    last_frame = candidate.marks[-1].frame
    start = int(np.searchsorted(times_s, times_s[first_frame] - HOLD_S - 1e-6, side="left"))
    stop = int(np.searchsorted(times_s, times_s[last_frame] + HOLD_S + 1e-6, side="right"))
    return FaceTrack(number, start, stop, tuple(candidate.marks))


def _intervals(frames: Sequence[int], searched: Sequence[int], n_frames: int) -> list[tuple[int, int]]:
    """Join some of the searched frames to intervals (start, stop); each frame lasts until the next searched one."""
    stops = dict(zip(searched, [*searched[1:], n_frames], strict=True))
    intervals: list[tuple[int, int]] = []
    for frame in frames:
        if intervals and intervals[-1][1] == frame:
            start, _ = intervals.pop()
        else:
            start = frame
        intervals.append((start, stops[frame]))
    return intervals


def _doubts(track: FaceTrack, searched: Sequence[int], times_s: FloatArray) -> list[FaceReviewItem]:
    """Return the frames of one face that the user should check."""
    n_frames = len(times_s)
    first = track.marks[0]
    last = track.marks[-1]
    weak_frames = [mark.frame for mark in track.marks if mark.certainty < SURE]
    marked_frames = {mark.frame for mark in track.marks}
    held_frames = [frame for frame in searched if first.frame < frame < last.frame and frame not in marked_frames]
    doubts = []
    for reason, frames in ((DoubtReason.WEAK, weak_frames), (DoubtReason.HELD, held_frames)):
        for start, stop in _intervals(frames, searched, n_frames):
            box = track.box_at(start)
            assert box is not None
            doubts.append(FaceReviewItem(start, stop, reason, box, track=track.number))
    # a face that entered or left at the edge is gone; one that vanished inside the picture may still be there
    if first.frame > searched[0] and track.start > 0 and not first.box.at_edge:
        doubts.append(
            FaceReviewItem(track.start, first.frame, reason=DoubtReason.APPEARED, box=first.box, track=track.number)
        )
    if last.frame < searched[-1] and track.stop < n_frames and not last.box.at_edge:
        doubts.append(
            FaceReviewItem(last.frame + 1, track.stop, reason=DoubtReason.LOST, box=last.box, track=track.number)
        )
    return [doubt for doubt in doubts if doubt.start < doubt.stop]


def _possible_face(candidate: _Candidate, searched: Sequence[int], n_frames: int) -> FaceReviewItem:
    intervals = _intervals([mark.frame for mark in candidate.marks], searched, n_frames)
    return FaceReviewItem(intervals[0][0], intervals[-1][1], DoubtReason.PERHAPS, candidate.marks[0].box)
