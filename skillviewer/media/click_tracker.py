"""Tracking of anything from clicks: a grid of points followed by optical flow from frame to frame.

The grid lies around the click and moves by the median of its points. A point counts if pyramidal Lucas-Kanade flow
(Bouguet 2001) brings it back to within ``MAX_RETURN_PX`` from the next frame to this one (Kalal et al. 2010). With
fewer than ``MIN_POINTS`` the object is lost, and tracking waits for the next click. Slow, textured things can be
followed so; fast or blurred hands cannot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from skillviewer.core.arrays import Float32Array, RGBImage
from skillviewer.core.tracks.tracks import FrameState, Track, TrackKind, TrackMethod

MAX_RETURN_PX = 3.0
MIN_POINTS = 5

_SIDE = 5
"""Points along a side of the grid."""

_RADIUS = 0.04
"""Half of its width, in heights of the picture."""

_MAX_CORRECTION = 2.0
"""Distance of a click from the tracked place, in radii, beyond which what was tracked is not called measured."""

_FLOW = {"winSize": (21, 21), "maxLevel": 3, "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)}


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

    A click corrects what was tracked before it, in proportion to the time since the click before. Where the object was
    lost, the way to the next click is interpolated.

    Args:
        pictures: (H, W, 3) frames from that of the first click on, in order; no more are read than needed.
        clicks: Clicks in different frames, in any order.
        n_frames: Frames of the video.
        name: Name of the track.

    Returns:
        A track of one point over all frames; frames before the first click were not searched.

    Raises:
        ValueError: There are no clicks, two in one frame, or one outside the video.
    """
    anchors = {click.frame: np.array([click.x_px, click.y_px], dtype=np.float32) for click in clicks}
    if not anchors or len(anchors) < len(clicks) or not all(0 <= frame < n_frames for frame in anchors):
        raise ValueError("clicks lie in different frames of the video, and there is at least one")
    first = min(anchors)
    last = max(anchors)
    xy = np.full((n_frames, 2), np.nan, dtype=np.float32)
    states = np.full(n_frames, FrameState.UNSEARCHED, dtype=np.uint8)
    lost_frames: list[int] = []
    previous_grey: RGBImage | None = None
    position: Float32Array | None = None
    from_frame = first
    for frame, picture in enumerate(pictures, start=first):
        if frame >= n_frames or (position is None and frame > last):
            break
        grey: RGBImage = np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        if position is not None and previous_grey is not None:
            position = _step(previous_grey, grey, position)
            if position is None and frame not in anchors:
                lost_frames.append(frame)
        states[frame] = FrameState.FOUND if position is not None else FrameState.ABSENT
        xy[frame] = np.nan if position is None else position
        if frame in anchors:
            if frame > first:
                _correct(xy, states, from_frame, frame, anchors[frame], grey.shape[0])
            position = anchors[frame]
            xy[frame] = position
            states[frame] = FrameState.ANCHORED
            from_frame = frame
        previous_grey = grey
    states[first:][states[first:] == FrameState.UNSEARCHED] = FrameState.ABSENT
    is_found = states >= FrameState.FOUND
    track = Track(
        name,
        ("point",),
        xy[:, None],
        is_found[:, None].astype(np.float32),
        states,
        TrackKind.TOOL,
        method=TrackMethod.CLICK,
        made_by="Lucas-Kanade grid",
    )
    return ClickTrack(track, tuple(lost_frames))


def _step(grey: RGBImage, next_grey: RGBImage, position: Float32Array) -> Float32Array | None:
    """Return the place in the next frame, (2,), or None if too few points of the grid come back."""
    radius = _RADIUS * grey.shape[0]
    offsets = np.linspace(-radius, radius, _SIDE, dtype=np.float32)
    grid = (position + np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 1, 2)).astype(np.float32)
    new_points, forth, _ = cv2.calcOpticalFlowPyrLK(grey, next_grey, grid, None, **_FLOW)  # type: ignore[call-overload]
    returned, home, _ = cv2.calcOpticalFlowPyrLK(next_grey, grey, new_points, None, **_FLOW)  # type: ignore[call-overload]
    gap = np.hypot(*(returned - grid)[:, 0].T)
    is_reliable = (forth[:, 0] == 1) & (home[:, 0] == 1) & (gap <= MAX_RETURN_PX)
    if np.count_nonzero(is_reliable) < MIN_POINTS:
        return None
    new_position: Float32Array = position + np.median((new_points - grid)[is_reliable, 0], axis=0).astype(np.float32)
    height, width = grey.shape[:2]
    in_picture = -0.5 <= new_position[0] < width - 0.5 and -0.5 <= new_position[1] < height - 0.5
    return new_position if in_picture else None


def _correct(xy: Float32Array, states: np.ndarray, start: int, stop: int, click: Float32Array, height: int) -> None:
    """Bring the frames between two clicks in line with the second; interpolate where the object was lost."""
    tracked = np.flatnonzero(states[start:stop] >= FrameState.FOUND)
    last = start + int(tracked[-1])
    rows = np.arange(start, stop + 1)
    if last < stop - 1 or states[stop] < FrameState.FOUND:  # lost on the way
        gap = np.arange(last + 1, stop)
        share = ((gap - last) / (stop - last))[:, None].astype(np.float32)
        xy[gap] = (1 - share) * xy[last] + share * click
        states[gap] = FrameState.INTERPOLATED
        return
    correction = click - xy[stop]
    if np.hypot(*correction) > _MAX_CORRECTION * _RADIUS * height:
        states[start + 1 : stop] = FrameState.INTERPOLATED
    xy[rows] += ((rows - start) / (stop - start))[:, None].astype(np.float32) * correction
