"""Placing of imported tracks on the frames and pixels of a video, with a count of used and rejected positions."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.errors import DatasetError
from skillviewer.core.tracks.hand_points import HAND_POINTS
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackMethod, TrackSet
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits

EMPTY = "no position in the file"
NO_CONFIDENCE = "confidence 0"
BEYOND = "beyond the last frame"
DOUBLED = "a second position in a frame"
FAR_OUTSIDE = "far outside the picture"

_MAX_BEYOND = 2  # number of frames by which two decoders may differ
_FAR = 1.0  # distance from the edge of the picture, in sizes of the picture, above which a position is rejected
_MAX_OUTSIDE = 0.5  # largest share of positions outside the picture


class UnitsUnknownError(DatasetError):
    """Raised if a file needs a statement of its units and axes by the user."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Units, axes and frames of a file, as the user states them."""

    scale: float | None = None  # pixels per unit of the file
    origin_px: tuple[float, float] | None = None  # pixel at the origin of the file
    up: bool | None = None  # whether the y axis of the file points upward
    first_frame: int = 0  # frame of the video at frame 0, or at time 0, of the file

    @property
    def is_stated(self) -> bool:
        """True if scale, origin and axis are all stated."""
        return None not in (self.scale, self.origin_px, self.up)


PIXELS = Placement()
"""Placement of a file in pixels and frames of the video."""


@dataclass(frozen=True, slots=True)
class TrackImport:
    """Imported tracks, and counts of positions of single points; ``n_read`` is the sum of used and rejected ones."""

    tracks: TrackSet
    n_read: int  # number of positions in the file, including empty ones
    n_used: int
    rejected_positions: tuple[tuple[str, int], ...]  # (reason, number of positions)

    @property
    def summary(self) -> str:
        """Count of the positions, in a sentence."""
        reasons = "".join(f"; {n:,} rejected ({reason})" for reason, n in self.rejected_positions)
        return f"{self.n_read:,} positions read, {self.n_used:,} used{reasons}."


def place_tracks(raw_tracks: RawTracks, video: VideoInfo, placement: Placement, source: str, tool: str) -> TrackImport:
    """Place tracks on a video.

    Args:
        raw_tracks: Content of the file.
        video: Facts about the video.
        placement: Units and axes.
        source: Name of the file, for messages.
        tool: Title of the format.

    Raises:
        DatasetError: The file has no positions, does not belong to the video, or needs a statement of its units.
    """
    if not raw_tracks.in_pixels and not placement.is_stated:
        raise UnitsUnknownError(
            f"{source} ({tool}) has lengths in a unit, and perhaps a y axis, that only you know: state --scale (pixels "
            "a unit), --origin X Y (the pixel at its zero), and --up or --down."
        )
    check_limits(
        len(raw_tracks.tracks), max((len(track.points) for track in raw_tracks.tracks), default=0), video.n_frames
    )
    if not all(np.isfinite(track.index).all() for track in raw_tracks.tracks):
        raise DatasetError(f"{source} has a frame or time that is no number.")
    size = (video.width_px, video.height_px)
    if raw_tracks.size_px is not None and raw_tracks.size_px != size:
        raise DatasetError(
            f"{source} was made in a picture of {raw_tracks.size_px[0]} × {raw_tracks.size_px[1]} pixels, and "
            f"{video.path.name} has {size[0]} × {size[1]}: choose the video that it was made in."
        )
    counts: Counter[str] = Counter(dict(raw_tracks.left_out_positions))
    n_outside = 0
    n_placed = 0
    tracks: list[Track] = []
    searched = _searched(raw_tracks, video, placement, source)
    for raw_track in raw_tracks.tracks:
        frames = _frames(raw_track.index, raw_tracks, video, placement)
        xy = _in_pixels(raw_track.xy, raw_tracks, placement)
        track, n_track_outside, n_track_placed = _place_track(raw_track, frames, xy, video, counts)
        n_outside += n_track_outside
        n_placed += n_track_placed
        if track is not None:
            states = track.states.copy()
            states[searched & (states == FrameState.UNSEARCHED)] = FrameState.ABSENT
            tracks.append(_describe_track(track, states, others=tracks, tool=tool, source=source))
    n_placed_or_rejected = sum(track.xy.shape[0] * track.xy.shape[1] for track in raw_tracks.tracks)
    n_read = n_placed_or_rejected + sum(n for _, n in raw_tracks.left_out_positions)
    if n_outside > _MAX_OUTSIDE * max(n_placed, 1):
        raise DatasetError(
            f"{n_outside:,} of {n_placed:,} positions of {source} lie outside the picture of {video.path.name} "
            f"({size[0]} × {size[1]} pixels): is it another video's file, or in another size?"
        )
    if not tracks:
        raise DatasetError(f"{source} has no position in a frame of {video.path.name}: {_reasons(counts)}.")
    rejected_positions = tuple((reason, n) for reason, n in counts.items() if n)
    n_used = n_read - sum(n for _, n in rejected_positions)
    return TrackImport(TrackSet.of_video(video, tracks=tracks), n_read, n_used, rejected_positions)


def _reasons(counts: Counter[str]) -> str:
    return ", ".join(f"{n:,} × {reason}" for reason, n in counts.items() if n) or "it has none at all"


def _searched(raw_tracks: RawTracks, video: VideoInfo, placement: Placement, source: str) -> NDArray[np.bool_]:
    """Return the frames that were searched for any object, (n,) bool.

    Raises:
        DatasetError: The file seems to belong to another video.
    """
    searched = np.zeros(video.n_frames, dtype=bool)
    stated_indices = [track.index for track in raw_tracks.tracks if len(track.index)]
    if not stated_indices:
        return searched
    indices = np.concatenate(stated_indices)
    frames = _frames(indices, raw_tracks, video, placement)
    last = int(frames.max())
    if last >= video.n_frames + _MAX_BEYOND:
        unit = f"{indices.max():g} s" if raw_tracks.by_time else f"frame {last}"
        video_length = f"{video.duration_s:.3g} s long" if raw_tracks.by_time else f"of {video.n_frames} frames"
        raise DatasetError(
            f"{source} has positions up to {unit}, and {video.path.name} is {video_length}: is it another video's file?"
        )
    step = _conflicting_step_s(raw_tracks, video) if raw_tracks.by_time else 0.0
    if step:
        raise DatasetError(
            f"{source} has a position every {step:.4f} s, and {video.path.name} has a frame every "
            f"{1 / video.rate_hz:.4f} s: is it another video's file, or is one of them in slow motion?"
        )
    if raw_tracks.every_frame_searched:
        searched[max(int(frames.min()), 0) : last + 1] = True
    return searched


def _conflicting_step_s(raw_tracks: RawTracks, video: VideoInfo) -> float:
    """Return the median time between two rows in seconds if it is much shorter than a frame of the video, else 0."""
    steps = [np.diff(track.index) for track in raw_tracks.tracks if len(track.index) > 2]
    step = float(np.median(np.concatenate(steps))) if steps else math.inf
    return step if 0 < step < 0.75 / video.rate_hz else 0.0


def _frames(index: FloatArray, raw_tracks: RawTracks, video: VideoInfo, placement: Placement) -> IntArray:
    """Return the frame of the video for every row; rows after the end of the video get ``n_frames`` or more."""
    if not raw_tracks.by_time:
        return np.rint(np.clip(index, -1e15, 1e15)).astype(np.int64) + placement.first_frame
    times_s = np.clip(index, -1e9, 1e9) + video.times_s[min(placement.first_frame, video.n_frames - 1)]
    edges = (video.times_s[1:] + video.times_s[:-1]) / 2
    frames = np.searchsorted(edges, times_s, side="right").astype(np.int64)
    late_s = times_s - video.times_s[-1]
    late = video.n_frames - 1 + np.rint(late_s * video.rate_hz)
    return np.asarray(np.where(late_s * video.rate_hz > 0.5, late, frames), dtype=np.int64)


def _in_pixels(xy: FloatArray, raw_tracks: RawTracks, placement: Placement) -> FloatArray:
    if placement.scale is not None and placement.origin_px is not None and placement.up is not None:
        y_sign = -1.0 if placement.up else 1.0
        sign = np.array([1.0, y_sign])
        with np.errstate(over="ignore"):  # an infinite position lies outside the picture
            return np.asarray(np.array(placement.origin_px) + placement.scale * sign * xy, dtype=np.float64)
    return xy - 0.5 if raw_tracks.origin_at_corner else xy


def _place_track(
    raw_track: RawTrack, frames: IntArray, xy: FloatArray, video: VideoInfo, counts: Counter[str]
) -> tuple[Track | None, int, int]:
    """Return a track over all frames, and count its rejected positions by reason in ``counts``.

    Returns:
        The track, or None if there are no usable positions; the number of stated positions outside the picture; and the
        number of stated positions in the frames of the video.
    """
    n = video.n_frames
    n_points = len(raw_track.points)
    is_stated = np.isfinite(xy).all(axis=2)
    is_sure = ~(raw_track.confidence <= 0)
    in_video = ((frames >= 0) & (frames < n))[:, None] & np.ones((1, n_points), dtype=bool)
    size = np.array([video.width_px, video.height_px])
    with np.errstate(invalid="ignore"):
        off_picture = ((xy < -0.5) | (xy > size - 0.5)).any(axis=2)
        far = ((xy < -_FAR * size) | (xy > (1 + _FAR) * size)).any(axis=2)
    is_first = np.zeros(len(frames), dtype=bool)  # whether a row is the first of its frame
    is_first[np.unique(frames, return_index=True)[1]] = True
    use = np.ones_like(is_stated)
    for reason, is_good in (
        (EMPTY, is_stated),
        (NO_CONFIDENCE, is_sure),
        (BEYOND, in_video),
        (DOUBLED, np.repeat(is_first[:, None], n_points, axis=1)),
        (FAR_OUTSIDE, ~far),
    ):
        counts[reason] += int(np.count_nonzero(use & ~is_good))
        use &= is_good
    is_tried = is_stated & is_sure & in_video
    states = np.zeros(n, dtype=np.uint8)
    rows = np.flatnonzero(in_video[:, 0] & is_first)
    is_placed = use[rows].any(axis=1)
    stated = (
        np.full(len(rows), FrameState.FOUND, dtype=np.uint8) if raw_track.states is None else raw_track.states[rows]
    )
    states[frames[rows]] = np.where(
        is_placed,
        np.where(stated >= FrameState.FOUND, stated, FrameState.FOUND),
        np.where(stated == FrameState.UNSEARCHED, FrameState.UNSEARCHED, FrameState.ABSENT),
    )
    n_outside = int(np.count_nonzero(is_tried & off_picture))
    n_tried = int(np.count_nonzero(is_tried))
    if not is_placed.any():
        return None, n_outside, n_tried
    xy_px = np.full((n, n_points, 2), np.nan, dtype=np.float32)
    presence = np.zeros((n, n_points), dtype=np.float32)
    values = np.where(use[..., None], xy, np.nan).astype(np.float32)
    confidence = np.clip(np.where(np.isfinite(raw_track.confidence), raw_track.confidence, 1.0), 1e-6, 1.0)
    xy_px[frames[rows]] = values[rows]
    presence[frames[rows]] = np.where(use, confidence, 0.0).astype(np.float32)[rows]
    return Track(raw_track.name or "track", raw_track.points, xy_px, presence, states), n_outside, n_tried


def _describe_track(track: Track, states: NDArray[np.uint8], others: list[Track], tool: str, source: str) -> Track:
    """Return a track with states, origin, kind and side, under a name that no other track has."""
    used_names = {other.name for other in others}
    name = track.name
    number = 2
    while name in used_names:
        name = f"{track.name} {number}"
        number += 1
    is_hand = set(track.points) == set(HAND_POINTS)
    kind = TrackKind.HAND if is_hand else TrackKind.TOOL
    points = HAND_POINTS if is_hand else track.points
    order = [track.points.index(point) for point in points]
    lower = name.casefold()
    side = Side.UNKNOWN
    if is_hand and ("left" in lower) != ("right" in lower):
        side = Side.LEFT if "left" in lower else Side.RIGHT
    return Track(
        name,
        tuple(track.points[index] for index in order),
        xy_px=track.xy_px[:, order],
        presence=track.presence[:, order],
        states=states,
        kind=kind,
        side=side,
        method=TrackMethod.IMPORTED,
        made_by=f"{tool}, {source}",
    )
