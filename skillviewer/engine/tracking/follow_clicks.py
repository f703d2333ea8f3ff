"""Following of an object from clicks through an open video."""

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
    """Return the clicks from which a track was followed; none for a track that was made otherwise."""
    if track.method is not TrackMethod.CLICK:
        return ()
    rows = np.flatnonzero(track.states == FrameState.ANCHORED)
    return tuple(Click(int(row), *(float(value) for value in track.xy_px[row, 0])) for row in rows)


def with_click(clicks: Sequence[Click], click: Click) -> tuple[Click, ...]:
    """Return clicks with one added; it replaces an earlier one in its frame."""
    return (*(earlier for earlier in clicks if earlier.frame != click.frame), click)


def check_clicks(clicks: Sequence[Click], video: VideoInfo) -> None:
    """Refuse clicks outside a video, or two in a frame.

    Raises:
        VideoError: A click is outside, or there are two in a frame, or none.
    """
    for click in clicks:
        if not 0 <= click.frame < video.n_frames:
            raise VideoError(f"{click.frame} is no frame of 0 to {video.n_frames - 1}: click in the video.")
        if not (-0.5 <= click.x_px < video.width_px - 0.5 and -0.5 <= click.y_px < video.height_px - 0.5):
            raise VideoError(
                f"{click.x_px:g}, {click.y_px:g} lies outside {video.width_px} × {video.height_px} pixels: click in "
                "the picture."
            )
    if not clicks or len({click.frame for click in clicks}) < len(clicks):
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
        read_frame: Returns a frame of the video, (H, W, 3) uint8 RGB; frames are asked for in order.
        video: The video.
        clicks: At least one, in different frames.
        name: Name of the track.
        token: Raise it to stop; nothing is kept.
        report: Receives every frame.
        last_frame: Frame after which nothing is read, or None for the last of the video.

    Raises:
        VideoError: A click is outside, two are in a frame, or a frame cannot be decoded.
    """
    check_clicks(clicks, video)
    first = min(click.frame for click in clicks)
    stop = video.n_frames if last_frame is None else last_frame + 1

    def pictures() -> Iterator[RGBImage]:
        for frame in range(first, stop):
            token.check()
            yield read_frame(frame, token)
            report(Progress("following", frame - first + 1, stop - first))

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
    """Return a track with one click more; only frames between the neighbouring clicks are followed again.

    Args:
        read_frame: Returns a frame of the video, as of ``follow_clicks``.
        video: The video.
        track: The track so far, over all frames of the video, from clicks; None for the first click.
        click: The click; it replaces one in its frame.
        name: Name of the track.
        token: Raise it to stop; nothing is kept.
        report: Receives every frame.

    Raises:
        VideoError: The click is outside, or a frame cannot be decoded.
    """
    clicks = with_click(clicks_of(track) if track is not None else (), click)
    check_clicks(clicks, video)
    start = max((other.frame for other in clicks if other.frame < click.frame), default=click.frame)
    stop = min((other.frame for other in clicks if other.frame > click.frame), default=video.n_frames - 1)
    part = [other for other in clicks if start <= other.frame <= stop]
    followed = follow_clicks(read_frame, video, part, name, token, report, stop).track
    if track is None:
        return followed
    return replace(track, name=name).replaced(slice(start, stop + 1), followed)
