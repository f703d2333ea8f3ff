"""Following of an object through an open video, from clicks of the user."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.tracks.tracks import FrameState, Track, TrackMethod
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.click_tracker import Click, ClickTrack, track_clicks


def clicks_of(track: Track) -> tuple[Click, ...]:
    """Return the clicks from which a track was followed; none for a track that was made in another way."""
    if track.method is not TrackMethod.CLICK:
        return ()
    clicks = []
    for frame in np.flatnonzero(track.states == FrameState.ANCHORED):
        x_px, y_px = track.xy_px[frame, 0]
        clicks.append(Click(int(frame), float(x_px), float(y_px)))
    return tuple(clicks)


def with_click(clicks: Sequence[Click], click: Click) -> tuple[Click, ...]:
    """Return clicks with one added, which replaces another click in its frame."""
    other_clicks = [other for other in clicks if other.frame != click.frame]
    return (*other_clicks, click)


def check_clicks(clicks: Sequence[Click], video: VideoInfo) -> None:
    """Check that there are clicks, in different frames and inside the video.

    Raises:
        VideoError: A click is outside the video, two are in one frame, or there is none.
    """
    for click in clicks:
        if not 0 <= click.frame < video.n_frames:
            raise VideoError(f"{click.frame} is no frame of 0 to {video.n_frames - 1}: click in the video.")
        is_inside_x = -0.5 <= click.x_px < video.width_px - 0.5
        is_inside_y = -0.5 <= click.y_px < video.height_px - 0.5
        if not (is_inside_x and is_inside_y):
            raise VideoError(
                f"{click.x_px:g}, {click.y_px:g} lies outside {video.width_px} × {video.height_px} pixels: click in "
                "the picture."
            )
    n_clicked_frames = len({click.frame for click in clicks})
    if not clicks or n_clicked_frames < len(clicks):
        raise VideoError("An object is followed from one click or more, in different frames.")


def follow_clicks(
    read_frame: Callable[[int, CancelToken], RGBImage],
    video: VideoInfo,
    clicks: Sequence[Click],
    name: str,
    token: CancelToken = NEVER,
    report: Report = silent,
    last_frame: int | None = None,
) -> ClickTrack:
    """Follow an object from clicks.

    Args:
        read_frame: Returns a frame of the video, (H, W, 3) uint8 RGB; called in order of the frames.
        video: The video.
        clicks: One click or more, in different frames.
        name: Name of the track.
        token: Cancelled to stop without a track.
        report: Receives every frame.
        last_frame: Last frame that is followed, or None for the last of the video.

    Raises:
        VideoError: A click is outside the video, two are in one frame, or a frame cannot be decoded.
    """
    check_clicks(clicks, video)
    first_frame = min(click.frame for click in clicks)
    stop_frame = video.n_frames if last_frame is None else last_frame + 1

    def pictures() -> Iterator[RGBImage]:
        for frame in range(first_frame, stop_frame):
            token.check()
            yield read_frame(frame, token)
            report(Progress("following", frame - first_frame + 1, stop_frame - first_frame))

    return track_clicks(pictures(), clicks, video.n_frames, name)


def add_click(
    read_frame: Callable[[int, CancelToken], RGBImage],
    video: VideoInfo,
    track: Track | None,
    click: Click,
    name: str,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> Track:
    """Return a track with one more click; only frames between the neighbouring clicks are followed again.

    Args:
        read_frame: Returns a frame of the video, as in ``follow_clicks``.
        video: The video.
        track: The track so far, from clicks, over all frames of the video; None for the first click.
        click: The click, which replaces another click in its frame.
        name: Name of the track.
        token: Cancelled to stop without a track.
        report: Receives every frame.

    Raises:
        VideoError: The click is outside the video, or a frame cannot be decoded.
    """
    earlier_clicks = clicks_of(track) if track is not None else ()
    clicks = with_click(earlier_clicks, click)
    check_clicks(clicks, video)
    earlier_frames = [other.frame for other in clicks if other.frame < click.frame]
    later_frames = [other.frame for other in clicks if other.frame > click.frame]
    first_frame = max(earlier_frames, default=click.frame)
    last_frame = min(later_frames, default=video.n_frames - 1)
    near_clicks = [other for other in clicks if first_frame <= other.frame <= last_frame]
    followed = follow_clicks(read_frame, video, near_clicks, name, token, report, last_frame).track
    if track is None:
        return followed
    return replace(track, name=name).replaced(slice(first_frame, last_frame + 1), followed)
