"""Tracking of an object from clicks, by a grid of points that optical flow moves from frame to frame.

The grid lies around the click and moves by the median of its points. A point is reliable if pyramidal Lucas-Kanade flow
(Bouguet 2001), to the next frame and back again, returns it to within ``MAX_RETURN_PX`` (Kalal et al. 2010). With fewer
than ``MIN_POINTS`` reliable points the object is lost until the next click. The method follows slow objects with
texture, but not fast or blurred hands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from skillviewer.core.arrays import Float32Array, RGBImage
from skillviewer.core.tracks.tracks import FrameState, Track, TrackKind, TrackMethod

MAX_RETURN_PX = 3.0
MIN_POINTS = 5

_N_SIDE_POINTS = 5
"""Number of points along a side of the grid."""

_RADIUS = 0.04
"""Half of the width of the grid, in heights of the picture."""

_MAX_CORRECTION = 2.0
"""Greatest distance of a click from the tracked position, in radii, at which the frames before it count as measured."""

_FLOW_OPTIONS = {
    "winSize": (21, 21),
    "maxLevel": 3,
    "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01),
}


@dataclass(frozen=True, slots=True)
class Click:
    """Position of an object that the user clicked in a frame."""

    frame: int
    x_px: float  # (0, 0) is the centre of the top left pixel
    y_px: float


@dataclass(frozen=True, slots=True)
class ClickTrack:
    """A track from clicks."""

    track: Track
    lost_frames: tuple[int, ...]  # frames at which the object was lost, by time


def track_clicks(
    pictures: Iterable[RGBImage], clicks: Sequence[Click], n_frames: int, name: str = "tool"
) -> ClickTrack:
    """Follow an object forward from each click, up to the next click or until it is lost.

    A click corrects the positions since the previous click, in proportion to the time since then. If the object was
    lost, positions up to the next click are interpolated.

    Args:
        pictures: (H, W, 3) frames in order, beginning with the frame of the first click; no more are read than needed.
        clicks: Clicks in different frames, in any order.
        n_frames: Number of frames of the video.
        name: Name of the track.

    Returns:
        A track of one point over all frames; frames before the first click were not searched.

    Raises:
        ValueError: There are no clicks, two in one frame, or one outside the video.
    """
    click_by_frame = {click.frame: np.array([click.x_px, click.y_px], dtype=np.float32) for click in clicks}
    if not clicks or len(click_by_frame) < len(clicks) or not all(0 <= frame < n_frames for frame in click_by_frame):
        raise ValueError("clicks lie in different frames of the video, and there is at least one")
    first_click_frame = min(click_by_frame)
    last_click_frame = max(click_by_frame)
    xy_px = np.full((n_frames, 2), np.nan, dtype=np.float32)
    states = np.full(n_frames, FrameState.UNSEARCHED, dtype=np.uint8)
    lost_frames: list[int] = []
    previous_grey: RGBImage | None = None
    position: Float32Array | None = None
    previous_click_frame = first_click_frame
    for frame, picture in enumerate(pictures, start=first_click_frame):
        is_lost_for_good = position is None and frame > last_click_frame
        if is_lost_for_good or frame >= n_frames:
            break
        grey: RGBImage = np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        if position is not None and previous_grey is not None:
            position = _next_position(previous_grey, grey, position)
            if position is None and frame not in click_by_frame:
                lost_frames.append(frame)
        states[frame] = FrameState.FOUND if position is not None else FrameState.ABSENT
        xy_px[frame] = np.nan if position is None else position
        if frame in click_by_frame:
            position = click_by_frame[frame]
            if frame > first_click_frame:
                _correct(xy_px, states, start=previous_click_frame, stop=frame, click=position, height=grey.shape[0])
            xy_px[frame] = position
            states[frame] = FrameState.ANCHORED
            previous_click_frame = frame
        previous_grey = grey
    searched_states = states[first_click_frame:]
    searched_states[searched_states == FrameState.UNSEARCHED] = FrameState.ABSENT
    is_found = states >= FrameState.FOUND
    track = Track(
        name,
        ("point",),
        xy_px=xy_px[:, None],
        presence=is_found[:, None].astype(np.float32),
        states=states,
        kind=TrackKind.TOOL,
        method=TrackMethod.CLICK,
        made_by="Lucas-Kanade grid",
    )
    return ClickTrack(track, tuple(lost_frames))


def _next_position(grey: RGBImage, next_grey: RGBImage, position: Float32Array) -> Float32Array | None:
    """Return the position in the next frame, (2,), or None if too few points of the grid are reliable."""
    radius = _RADIUS * grey.shape[0]
    offsets = np.linspace(-radius, radius, _N_SIDE_POINTS, dtype=np.float32)
    grid_offsets = np.stack(np.meshgrid(offsets, offsets), axis=-1)
    grid = (position + grid_offsets.reshape(-1, 1, 2)).astype(np.float32)
    moved_points, forward_status, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        grey, next_grey, grid, None, **_FLOW_OPTIONS
    )
    returned, backward_status, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        next_grey, grey, moved_points, None, **_FLOW_OPTIONS
    )
    return_distance_px = np.hypot(*(returned - grid)[:, 0].T)
    has_flow = (forward_status[:, 0] == 1) & (backward_status[:, 0] == 1)
    is_reliable = has_flow & (return_distance_px <= MAX_RETURN_PX)
    if np.count_nonzero(is_reliable) < MIN_POINTS:
        return None
    displacement = np.median((moved_points - grid)[is_reliable, 0], axis=0).astype(np.float32)
    new_position: Float32Array = position + displacement
    height, width = grey.shape[:2]
    in_picture = -0.5 <= new_position[0] < width - 0.5 and -0.5 <= new_position[1] < height - 0.5
    return new_position if in_picture else None


def _correct(xy_px: Float32Array, states: np.ndarray, start: int, stop: int, click: Float32Array, height: int) -> None:
    """Correct the positions between two clicks by the second click, or interpolate them from the loss of the object on.

    Args:
        xy_px: Positions of all frames, (n, 2); changed in place.
        states: States of all frames; changed in place.
        start: Frame of the first click.
        stop: Frame of the second click.
        click: Position of the second click, (2,).
        height: Height of the picture in pixels.
    """
    tracked = np.flatnonzero(states[start:stop] >= FrameState.FOUND)
    last_tracked = start + int(tracked[-1])
    if last_tracked < stop - 1 or states[stop] < FrameState.FOUND:  # the object was lost
        gap = np.arange(last_tracked + 1, stop)
        share = ((gap - last_tracked) / (stop - last_tracked))[:, None].astype(np.float32)
        xy_px[gap] = (1 - share) * xy_px[last_tracked] + share * click
        states[gap] = FrameState.INTERPOLATED
        return
    correction = click - xy_px[stop]
    if np.hypot(*correction) > _MAX_CORRECTION * _RADIUS * height:
        states[start + 1 : stop] = FrameState.INTERPOLATED
    frames = np.arange(start, stop + 1)
    xy_px[frames] += ((frames - start) / (stop - start))[:, None].astype(np.float32) * correction
