"""Following from clicks: a track gives its clicks back, and clicks outside are refused."""

from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.tracks.tracks import FrameState, lost_frames
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.tracking.follow_clicks import add_click, clicks_of, follow_clicks, with_click
from skillviewer.media.click_tracker import Click

N = 12
VIDEO = VideoInfo(Path("a.mp4"), "d" * 64, np.arange(N) / 25, 160, 120, N / 25, 25.0)
TEXTURE = np.random.default_rng(2).integers(0, 255, (120, 400, 3)).astype(np.uint8)


def moving(frame: int, _token: CancelToken) -> RGBImage:
    """Return a textured picture that moves 2 pixels a frame to the left."""
    return TEXTURE[:, 2 * frame : 2 * frame + 160]


def test_an_object_is_followed_and_its_clicks_can_be_read_back() -> None:
    told: list[Progress] = []
    clicks = (Click(2, 100, 60), Click(8, 88, 60))
    found = follow_clicks(moving, VIDEO, clicks, "mark", report=told.append)
    assert clicks_of(found.track) == clicks
    assert np.allclose(found.track.xy_px[2:, 0, 0], 100 - 2 * np.arange(N - 2), atol=0.5)
    assert (told[-1].done, told[-1].total) == (N - 2, N - 2)
    assert with_click(clicks, Click(8, 1, 1)) == (clicks[0], Click(8, 1, 1))


@pytest.mark.parametrize("clicks", [(), (Click(N, 5, 5),), (Click(0, 200, 5),), (Click(1, 5, 5), Click(1, 6, 6))])
def test_clicks_outside_the_video_are_refused(clicks: tuple[Click, ...]) -> None:
    with pytest.raises(VideoError, match="click"):
        follow_clicks(moving, VIDEO, clicks, "mark")


def test_a_further_click_follows_only_the_frames_between_its_neighbours() -> None:
    read: list[int] = []

    def recorded(frame: int, token: CancelToken) -> RGBImage:
        read.append(frame)
        return moving(frame, token)

    clicks = (Click(1, 100, 60), Click(9, 84, 60))
    track = follow_clicks(moving, VIDEO, clicks, "mark").track
    more = add_click(recorded, VIDEO, track, Click(5, 96, 64), "mark")
    assert read == list(range(1, 10))
    assert clicks_of(more) == (clicks[0], Click(5, 96, 64), clicks[1])
    assert np.array_equal(more.xy_px[10:], track.xy_px[10:])
    assert np.allclose(more.xy_px[3, 0], track.xy_px[3, 0] + [2, 2], atol=0.3)  # half of the correction
    first = add_click(moving, VIDEO, None, clicks[0], "mark")
    assert np.array_equal(first.xy_px, follow_clicks(moving, VIDEO, clicks[:1], "mark").track.xy_px, equal_nan=True)


def test_it_is_lost_in_frames_without_texture_until_a_click_bridges_the_gap() -> None:
    def vanishing(frame: int, token: CancelToken) -> RGBImage:
        return np.zeros((120, 160, 3), np.uint8) if frame > 5 else moving(frame, token)

    track = add_click(vanishing, VIDEO, None, Click(0, 100, 60), "mark")
    assert lost_frames(track) == (6,)
    bridged = add_click(vanishing, VIDEO, track, Click(11, 70, 60), "mark")
    assert lost_frames(bridged) == ()
    assert bridged.states[6:].tolist() == [FrameState.INTERPOLATED] * 5 + [FrameState.ANCHORED]
