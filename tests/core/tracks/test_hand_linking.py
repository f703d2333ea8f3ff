"""Linking of hands: sides by all frames together, gaps as gaps, one hand found twice counted once."""

from collections.abc import Sequence

import numpy as np
import pytest

from skillviewer.core.errors import VideoError
from skillviewer.core.tracks.hand_detections import DetectedHand, FrameHands
from skillviewer.core.tracks.hand_linking import hand_tracks, swap_hands, without_twins
from skillviewer.core.tracks.hand_points import HAND_POINTS
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackSet

SHAPE = np.random.default_rng(3).uniform(-20, 20, (21, 2))
SHAPE[0], SHAPE[9] = (0, 20), (0, -20)  # a palm of 40 pixels


def hand(x: float, right: float, presence: float = 0.9, y: float = 100) -> DetectedHand:
    """Return a hand with its centre at x."""
    return DetectedHand((SHAPE + np.array([x, y])).astype(np.float32), presence, right)


def empty(n: int, rate_hz: float = 30) -> TrackSet:
    """Return a set of n frames."""
    return TrackSet("d" * 64, 640, 480, n, 0, np.arange(n) / rate_hz)


def linked(frames: Sequence[tuple[DetectedHand, ...]], **options: int) -> tuple[Track, ...]:
    """Return the tracks of hands in frames that follow each other."""
    found = [FrameHands(k, hands) for k, hands in enumerate(frames)]
    return hand_tracks(found, empty(len(frames)), "test", **options)


def x_of(track: Track) -> list[float]:
    """Return the x of the middle knuckle in every frame, NaN in gaps."""
    return [round(float(x), 3) for x in track.path_px("middle_finger_mcp")[:, 0]]


def test_single_contrary_votes_do_not_switch_a_hand() -> None:
    left, right = linked([(hand(100 + k, 0.1 if k in {3, 4} else 0.95),) for k in range(10)])
    assert left.is_empty
    assert right.share_seen == 1
    assert (left.side, right.side) == (Side.LEFT, Side.RIGHT)
    assert right.points == HAND_POINTS


def test_two_hands_with_one_label_get_different_sides() -> None:
    left, right = linked([(hand(100, 0.9), hand(400, 0.99)) for _ in range(5)])
    assert x_of(left) == [100] * 5
    assert x_of(right) == [400] * 5


def test_a_hand_that_comes_back_near_by_keeps_its_side() -> None:
    frames = [(hand(100, 0.95),)] * 20 + [()] * 6 + [(hand(110, 0.3),)] * 3
    left, right = linked(frames)
    assert left.is_empty
    assert right.states.tolist() == [FrameState.FOUND] * 20 + [FrameState.ABSENT] * 6 + [FrameState.FOUND] * 3
    assert np.isnan(right.xy_px[20:26]).all()


def test_clear_votes_outweigh_a_distant_place() -> None:
    left, right = linked([(hand(100, 0.99),)] * 10 + [()] * 60 + [(hand(110, 0.01),)] * 15)
    assert np.flatnonzero(right.has_points).tolist() == list(range(10))
    assert np.flatnonzero(left.has_points).tolist() == list(range(70, 85))


def test_a_hand_found_twice_is_one_hand() -> None:
    twins = (hand(100, 0.9, presence=0.7), hand(105, 0.2, presence=0.95))
    assert [one.presence for one in without_twins(twins)] == [0.95]
    left, right = linked([(hand(100, 0.9),), twins, (hand(100, 0.9),)])
    assert left.is_empty
    assert x_of(right) == [100, 105, 100]


def test_frames_that_were_not_searched_say_so() -> None:
    found = [FrameHands(k, (hand(100, 0.9),)) for k in (0, 2, 4)] + [FrameHands(6, ())]
    _, right = hand_tracks(found, empty(8), "test")
    assert right.states.tolist() == [2, 0, 2, 0, 2, 0, 1, 0]


def test_a_third_hand_is_left_out_unless_asked_for() -> None:
    frames = [(hand(100, 0.1), hand(300, 0.9))] * 4 + [(hand(100, 0.1), hand(300, 0.9), hand(500, 0.9))] * 2
    assert len(linked(frames)) == 2
    third = linked(frames, max_hands=3)[2]
    assert (third.name, third.side) == ("hand 3", Side.UNKNOWN)
    assert np.flatnonzero(third.has_points).tolist() == [4, 5]


def test_no_hand_gives_two_empty_tracks() -> None:
    tracks = linked([()] * 4)
    assert [track.name for track in tracks] == ["left hand", "right hand"]
    assert all(track.is_empty and track.is_searched.all() for track in tracks)


@pytest.mark.parametrize("seed", range(3))
def test_no_side_switches_where_frames_and_votes_are_lost_at_random(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = []
    for k in range(200):
        swing = 60 * np.sin(k / 15)
        hands = (hand(150 + swing, rng.beta(2, 4)), hand(420 - swing, rng.beta(4, 2)))  # a third of the votes is wrong
        frames.append(tuple(one for one in hands if rng.random() > 0.3))
    left, right = linked(frames)
    assert np.nanmax(x_of(left)) < 250
    assert np.nanmin(x_of(right)) > 320


def test_the_user_swaps_sides_in_some_frames() -> None:
    tracks = empty(4).with_tracks(linked([(hand(100, 0.1),)] * 4))
    swapped = swap_hands(tracks, range(2, 4))
    assert [t.has_points.tolist() for t in swapped.hands] == [[True, True, False, False], [False, False, True, True]]
    with pytest.raises(ValueError, match="not part"):
        swap_hands(tracks, range(2, 5))
    with pytest.raises(VideoError, match="no left and right"):
        swap_hands(tracks.without(["left hand"]), range(2, 4))


def test_frames_are_cleared_as_searched_in_vain() -> None:
    _, right = linked([(hand(100, 0.9),)] * 3)
    assert right.cleared(slice(1, 2)).states.tolist() == [FrameState.FOUND, FrameState.ABSENT, FrameState.FOUND]
