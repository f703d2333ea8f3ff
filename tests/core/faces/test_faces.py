"""Faces through time: held between finds, doubtful where a person should look, edited without loss."""

import numpy as np
import pytest

from skillviewer.core.faces.face_tracks import BRIDGE_S, HOLD_S, FrameFaces, link
from skillviewer.core.faces.faces import (
    DoubtReason,
    FaceBox,
    FaceMark,
    FaceReviewItem,
    Faces,
    FaceTrack,
    doubtful_frames,
    fits,
)

HERE = FaceBox(0.4, 0.4, 0.5, 0.55)
THERE = FaceBox(0.8, 0.1, 0.9, 0.25)
TIMES_S = np.arange(300) / 30


def found(frames: dict[int, list[tuple[FaceBox, float]]], every: int = 3) -> list[FrameFaces]:
    return [FrameFaces(frame, tuple(frames.get(frame, ()))) for frame in range(0, 300, every)]


def test_a_face_is_held_over_missed_frames_and_around_its_ends() -> None:
    seen = {f: [(HERE, 0.9)] for f in range(90, 150, 3)} | {f: [(HERE, 0.9)] for f in range(180, 210, 3)}
    (track,), doubts = link(found(seen), TIMES_S)
    covered = [f for f in range(300) if track.box_at(f) is not None]
    assert covered == list(range(round(90 - HOLD_S * 30), round(207 + HOLD_S * 30) + 1))
    held = [d for d in doubts if d.reason is DoubtReason.HELD]
    assert [(d.start, d.stop) for d in held] == [(150, 180)]
    # it stood in the middle of the picture: where did it come from, and where did it go?
    assert {d.reason for d in doubts} == {DoubtReason.HELD, DoubtReason.APPEARED, DoubtReason.LOST}


def test_a_longer_gap_parts_two_tracks() -> None:
    later = 90 + round(BRIDGE_S * 30) + 15
    tracks, _ = link(found({90: [(HERE, 0.9)], later: [(HERE, 0.9)]}), TIMES_S)
    assert [t.number for t in tracks] == [1, 2]


def test_a_box_between_two_finds_lies_between_them() -> None:
    moved = FaceBox(0.45, 0.4, 0.55, 0.55)
    (track,), _ = link(found({90: [(HERE, 0.9)], 96: [(moved, 0.9)]}), TIMES_S)
    middle = track.box_at(93)
    assert middle is not None
    assert (middle.left, middle.right) == pytest.approx((0.425, 0.525))


def test_two_faces_are_two_tracks_also_where_they_change_order() -> None:
    seen = {f: [(THERE, 0.7), (HERE, 0.9)] if f % 2 else [(HERE, 0.9), (THERE, 0.7)] for f in range(90, 120, 3)}
    tracks, _ = link(found(seen), TIMES_S)
    assert sorted(len(t.marks) for t in tracks) == [10, 10]
    assert all(len({m.box for m in t.marks}) == 1 for t in tracks)


def test_weak_finds_make_a_face_only_together() -> None:
    tracks, doubts = link(found({90: [(HERE, 0.4)]}), TIMES_S)
    assert not tracks
    assert [(d.reason, d.start) for d in doubts] == [(DoubtReason.PERHAPS, 90)]
    tracks, doubts = link(found({f: [(HERE, 0.4)] for f in (90, 93, 96)}), TIMES_S)
    assert len(tracks) == 1
    assert DoubtReason.WEAK in {d.reason for d in doubts}


def test_a_face_that_leaves_by_the_edge_is_no_doubt() -> None:
    edge = FaceBox(0.9, 0.4, 1.0, 0.55)
    _, doubts = link(found({f: [(edge, 0.9)] for f in range(90, 120, 3)}), TIMES_S)
    assert doubts == ()


def test_edits_return_new_values_and_the_old_one_is_the_undo() -> None:
    empty = Faces("d" * 64, 300)
    one = empty.with_drawn(HERE, 50, 20, 80)
    assert empty.tracks == ()
    assert one.boxes_at(20) == one.boxes_at(79) == (HERE,)
    assert one.boxes_at(19) == one.boxes_at(80) == ()
    assert one.n_frames_with_faces == 60
    assert one.without(1).tracks == ()
    assert one.boxes_at(70) == (HERE,)
    with pytest.raises(ValueError, match="no face 7"):
        one.without(7)
    with pytest.raises(ValueError, match="outside the interval"):
        empty.with_drawn(HERE, 10, 20, 30)


def test_a_face_that_is_none_for_a_while_stays_on_either_side() -> None:
    whole = Faces("d" * 64, 300, (FaceTrack(1, 0, 100, (FaceMark(0, HERE), FaceMark(99, THERE))),))
    parted = whole.without_interval(1, 40, 60)
    assert [bool(parted.boxes_at(f)) for f in (0, 39, 40, 59, 60, 99)] == [True, True, False, False, True, True]
    for frame in (0, 20, 39, 60, 80, 99):
        before, after = whole.boxes_at(frame)[0], parted.boxes_at(frame)[0]
        assert (after.left, after.bottom) == pytest.approx((before.left, before.bottom), abs=1e-9)
    assert len({t.number for t in parted.tracks}) == 2
    assert whole.without_interval(1, 0, 100).tracks == ()


def test_doubts_are_settled_one_by_one() -> None:
    doubts = (FaceReviewItem(0, 10, DoubtReason.WEAK, HERE, 1), FaceReviewItem(5, 20, DoubtReason.HELD, HERE, 1))
    faces = Faces("d" * 64, 300, (FaceTrack(1, 0, 30, (FaceMark(0, HERE),)),), doubts)
    assert doubtful_frames(faces.doubts) == 20
    assert faces.without_doubt(doubts[0]).doubts == doubts[1:]
    assert faces.without(1).doubts == ()
    assert fits(faces, "d" * 64)
    assert not fits(faces, "e" * 64)
