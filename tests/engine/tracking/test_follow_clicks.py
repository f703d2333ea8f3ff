"""Following from clicks: a track gives its clicks back, and clicks outside are refused."""

from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.tracking.follow_clicks import clicks_of, follow_clicks, with_click
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
