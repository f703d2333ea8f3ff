"""A click is followed over frames with known motion; loss is reported, and clicks correct."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from skillviewer.core.arrays import FloatArray, RGBImage
from skillviewer.core.tracks.tracks import FrameState
from skillviewer.media.click_tracker import Click, track_clicks

N = 30
RNG = np.random.default_rng(0)
BACKGROUND = cv2.GaussianBlur(RNG.integers(0, 256, (200, 300)).astype(np.uint8), (5, 5), 1)
OBJECT = cv2.GaussianBlur(RNG.integers(0, 256, (50, 50)).astype(np.uint8), (5, 5), 1)


def path() -> FloatArray:
    """Return (N, 2) the centre of the object: a slow curve."""
    t = np.arange(N)
    return np.stack([80 + 3.0 * t, 100 + 20 * np.sin(t / 8)], axis=1)


def picture(centre: FloatArray) -> RGBImage:
    shift = np.array([[1, 0, centre[0] - 24.5], [0, 1, centre[1] - 24.5]])
    size = (300, 200)
    mask = cv2.warpAffine(np.ones((50, 50), np.float32), shift, size)
    moved = cv2.warpAffine(OBJECT.astype(np.float32), shift, size)
    grey = (moved + (1 - mask) * BACKGROUND).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def pictures(start: int = 0, hidden: range = range(0), stop: int = N) -> Iterator[RGBImage]:
    """Yield the frames; in hidden ones the picture is of one colour."""
    for frame in range(start, stop):
        yield np.full((200, 300, 3), 90, np.uint8) if frame in hidden else picture(path()[frame])


def test_an_object_is_followed_from_one_click() -> None:
    found = track_clicks(pictures(3), [Click(3, *path()[3])], N)
    states = found.track.states
    assert states[:3].tolist() == [FrameState.UNSEARCHED] * 3
    assert states[3] == FrameState.ANCHORED
    assert (states[4:] == FrameState.FOUND).all()
    assert found.lost_frames == ()
    assert np.hypot(*(found.track.path_px("point")[3:] - path()[3:]).T).max() < 1


def test_where_the_object_is_lost_nothing_is_invented() -> None:
    found = track_clicks(pictures(hidden=range(12, 15)), [Click(0, *path()[0])], N)
    assert found.lost_frames == (12,)
    assert (found.track.states[12:] == FrameState.ABSENT).all()


def test_a_later_click_goes_on_and_the_way_to_it_is_interpolated() -> None:
    clicks = [Click(20, *path()[20]), Click(0, *path()[0])]
    found = track_clicks(pictures(hidden=range(12, 15)), clicks, N)
    states, places = found.track.states, found.track.path_px("point")
    assert (states[12:20] == FrameState.INTERPOLATED).all()
    assert (states[21:] == FrameState.FOUND).all()
    expected = np.linspace(places[11], path()[20], 10)
    assert places[11:21] == pytest.approx(expected, abs=1e-3)
    assert not found.track.is_measured[12:20].any()


def test_a_click_corrects_the_frames_before_it_in_proportion_to_time() -> None:
    first = path()[0] + [2, 0]
    corrected = track_clicks(pictures(), [Click(0, *first), Click(20, *path()[20])], N).track
    errors = np.hypot(*(corrected.path_px("point") - path()).T)
    assert errors[0] == pytest.approx(2)
    assert errors[10] == pytest.approx(1, abs=0.3)
    assert errors[20:].max() < 1
    assert (corrected.states[1:20] == FrameState.FOUND).all()


def test_a_click_far_from_the_tracked_place_makes_the_way_interpolated() -> None:
    found = track_clicks(pictures(), [Click(0, *path()[0]), Click(20, 30, 30)], N).track
    assert (found.states[1:20] == FrameState.INTERPOLATED).all()


def test_the_video_is_read_no_further_than_needed() -> None:
    read = []

    def counted() -> Iterator[RGBImage]:
        for frame, shown in enumerate(pictures(hidden=range(5, N))):
            read.append(frame)
            yield shown

    track_clicks(counted(), [Click(0, *path()[0])], N)
    assert len(read) <= 7


@pytest.mark.parametrize("frames", [[], [3, 3], [N]])
def test_impossible_clicks_are_refused(frames: list[int]) -> None:
    with pytest.raises(ValueError, match="clicks"):
        track_clicks(iter([]), [Click(frame, 1, 1) for frame in frames], N)
