"""Tracks as values: named points of one object over the frames of a video, and all tracks of one video.

A track says for every frame whether its points were found there, and how. What was not found is a gap: its coordinates
are NaN, and no measure may bridge it silently.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import Float32Array, FloatArray, ReadOnly
from skillviewer.core.errors import VideoError
from skillviewer.core.text import clock
from skillviewer.core.tracks.known_length import KnownLength
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.video.info import VideoInfo


class TrackKind(StrEnum):
    """Kind of a tracked object."""

    HAND = "hand"  # the 21 points of ``hand_points.HAND_POINTS``
    TOOL = "tool"  # an instrument, or any other thing that moves
    BODY = "body"  # points of a person other than a single hand


class TrackMethod(StrEnum):
    """Origin of a track."""

    HAND_NETWORK = "hand network"  # found by the program's networks
    CLICK = "click"  # followed from points that the user set
    IMPORTED = "imported"  # read from a file of another program
    REGIONS = "regions"  # points of a table of regions (``regions.csv``)


class Side(StrEnum):
    """The participant's own left or right, not that of the picture."""

    LEFT = "left"
    RIGHT = "right"
    UNKNOWN = ""


class FrameState(IntEnum):
    """State of a track in one frame."""

    UNSEARCHED = 0  # the frame was not looked at: nothing is known
    ABSENT = 1  # the frame was looked at, and the object was not found
    FOUND = 2  # the points were measured in this frame
    INTERPOLATED = 3  # the points lie between measured ones; not measured
    ANCHORED = 4  # the user set the points in this frame

    @property
    def has_points(self) -> bool:
        """True if the points of such a frame have coordinates."""
        return self >= FrameState.FOUND


@dataclass(frozen=True, slots=True, repr=False)
class Track(ReadOnly):
    """Named points of one object over n frames of a video: those of its set's range.

    Attributes:
        name: Name, unique in the set, such as "left hand".
        points: P names of the points, unique, at least one.
        xy_px: (n, P, 2) float32, x and y in pixels of the displayed picture; (0, 0) is the centre of the top left
            pixel. NaN in frames without points, and for single points that were not found.
        presence: (n, P) float32, confidence of each point, 0 to 1; 0 exactly where ``xy_px`` is NaN. 1 if the method
            gives none.
        states: (n,) uint8, a ``FrameState`` per frame.
        kind: Kind of the object.
        side: The participant's left or right hand.
        method: Origin.
        made_by: Networks, program or file that made the track, in a few words.
    """

    name: str
    points: tuple[str, ...]
    xy_px: Float32Array
    presence: Float32Array
    states: NDArray[np.uint8]
    kind: TrackKind = TrackKind.TOOL
    side: Side = Side.UNKNOWN
    method: TrackMethod = TrackMethod.IMPORTED
    made_by: str = ""

    def __post_init__(self) -> None:
        """Check the shapes and that gaps are gaps.

        Raises:
            ValueError: They contradict each other.
        """
        ReadOnly.__post_init__(self)
        n = len(self.states)
        n_points = len(self.points)
        if not n_points or len(set(self.points)) != n_points or not self.name:
            raise ValueError(f"a track needs a name and points with different names, not {self.name!r}: {self.points}")
        if self.xy_px.shape != (n, n_points, 2) or self.presence.shape != (n, n_points) or self.states.ndim != 1:
            raise ValueError(
                f"{self.name} has coordinates {self.xy_px.shape}, presences {self.presence.shape} and "
                f"states {self.states.shape} for {n_points} points"
            )
        if self.xy_px.dtype != np.float32 or self.presence.dtype != np.float32 or self.states.dtype != np.uint8:
            raise ValueError(
                f"{self.name} has arrays of {self.xy_px.dtype}, {self.presence.dtype}, {self.states.dtype}"
            )
        if n and int(self.states.max()) > max(FrameState):
            raise ValueError(f"{self.name} has the state {int(self.states.max())}, which is unknown")
        is_finite = np.isfinite(self.xy_px)
        if np.isinf(self.xy_px).any() or (is_finite[..., 0] != is_finite[..., 1]).any():
            raise ValueError(f"{self.name} has coordinates that are infinite, or half missing")
        if not ((self.presence >= 0) & (self.presence <= 1)).all() or ((self.presence > 0) != is_finite[..., 0]).any():
            raise ValueError(f"{self.name} has presences outside 0 to 1, or that contradict its coordinates")
        if (is_finite[..., 0].any(axis=1) != self.has_points).any():
            raise ValueError(f"{self.name} has frames with points in a gap, or a found frame without points")

    @classmethod
    def empty(
        cls,
        name: str,
        points: tuple[str, ...],
        states: NDArray[np.uint8],
        *,
        kind: TrackKind,
        side: Side,
        method: TrackMethod,
        made_by: str,
    ) -> "Track":
        """Return a track without any point, for states that are all UNSEARCHED or ABSENT."""
        xy_px = np.full((len(states), len(points), 2), np.nan, dtype=np.float32)
        presence = np.zeros((len(states), len(points)), dtype=np.float32)
        return cls(name, points, xy_px, presence, states, kind, side, method, made_by)

    @property
    def n_frames(self) -> int:
        """n, frames of the range, looked at or not."""
        return len(self.states)

    @property
    def has_points(self) -> NDArray[np.bool_]:
        """(n,) bool, True for frames with at least one point."""
        return np.asarray(self.states >= FrameState.FOUND)

    @property
    def is_measured(self) -> NDArray[np.bool_]:
        """(n,) bool, True for frames whose points were measured or set by the user, not interpolated."""
        return np.asarray((self.states == FrameState.FOUND) | (self.states == FrameState.ANCHORED))

    @property
    def is_searched(self) -> NDArray[np.bool_]:
        """(n,) bool, True for frames that were looked at."""
        return np.asarray((self.states == FrameState.ABSENT) | self.is_measured)

    @property
    def is_empty(self) -> bool:
        """True if no frame has a point."""
        return not self.has_points.any()

    @property
    def share_seen(self) -> float:
        """Share of the searched frames in which the object was found, 0 to 1; NaN if no frame was searched."""
        searched = int(self.is_searched.sum())
        return int(self.is_measured.sum()) / searched if searched else float("nan")

    def point_index(self, point: str) -> int:
        """Return the place of a point by its name, or raise a KeyError."""
        try:
            return self.points.index(point)
        except ValueError:
            raise KeyError(point) from None

    def path_px(self, point: str) -> FloatArray:
        """Return (n, 2) float64, x and y of one point in pixels; NaN where it was not found."""
        return self.xy_px[:, self.point_index(point)].astype(np.float64)

    def replaced(self, rows: slice, other: "Track") -> "Track":
        """Return the track with the points of another one, of the same names, in some rows."""
        arrays = {}
        for name in ("xy_px", "presence", "states"):
            values = getattr(self, name).copy()
            values[rows] = getattr(other, name)[rows]
            arrays[name] = values
        return replace(self, **arrays)

    def cleared(self, rows: slice) -> "Track":
        """Return the track without its points in some rows: they count as searched in vain."""
        xy_px = self.xy_px.copy()
        presence = self.presence.copy()
        states = self.states.copy()
        xy_px[rows] = np.nan
        presence[rows] = 0
        states[rows] = np.where(states[rows] == FrameState.UNSEARCHED, FrameState.UNSEARCHED, FrameState.ABSENT)
        return replace(self, xy_px=xy_px, presence=presence, states=states)

    def within(self, start: int, stop: int) -> "Track":
        """Return the track over rows ``start`` to ``stop - 1`` of its own frames."""
        rows = slice(start, stop)
        return replace(self, xy_px=self.xy_px[rows], presence=self.presence[rows], states=self.states[rows])


@dataclass(frozen=True, slots=True, repr=False)
class TrackSet(ReadOnly):
    """All tracks of one video, or of one clip of it.

    Attributes:
        digest: Hexadecimal SHA-256 of the video file's bytes.
        width_px: Width of the displayed picture.
        height_px: Its height.
        n_frames: Frames of the whole file.
        start_frame: First frame of the range that the tracks cover; 0 for a whole file.
        times_s: (n,) float64, presentation times of the n frames of the range, in seconds from the file's first frame.
        tracks: Tracks of n frames each, with different names.
        known_length: Length that the user marked, for measures in millimetres, or None.
        reference: Target or line to follow, in pixels, or None.
    """

    digest: str
    width_px: int
    height_px: int
    n_frames: int
    start_frame: int
    times_s: FloatArray
    tracks: tuple[Track, ...] = ()
    known_length: KnownLength | None = None
    reference: ReferencePath | None = None

    def __post_init__(self) -> None:
        """Check that all tracks fit the range.

        Raises:
            ValueError: They do not.
        """
        ReadOnly.__post_init__(self)
        n = len(self.times_s)
        if self.times_s.ndim != 1 or not n or not np.isfinite(self.times_s).all() or (np.diff(self.times_s) <= 0).any():
            raise ValueError("the times of the frames do not ascend")
        if self.start_frame < 0 or self.start_frame + n > self.n_frames or min(self.width_px, self.height_px) < 1:
            raise ValueError(
                f"frames {self.start_frame} to {self.start_frame + n} of {self.n_frames}, "
                f"{self.width_px} × {self.height_px} pixels"
            )
        names = [track.name for track in self.tracks]
        if len(set(names)) != len(names):
            raise ValueError(f"two tracks have one name: {', '.join(sorted(names))}")
        for track in self.tracks:
            if track.n_frames != n:
                raise ValueError(f"{track.name} has {track.n_frames} frames, and the range has {n}")

    @classmethod
    def of_video(cls, video: VideoInfo, frames: range | None = None, tracks: Iterable[Track] = ()) -> "TrackSet":
        """Return a set for a video, or for a range of its frames."""
        frames = range(video.n_frames) if frames is None else frames
        times_s = video.times_s[frames.start : frames.stop]
        size = (video.width_px, video.height_px)
        return cls(video.digest, *size, video.n_frames, frames.start, times_s, tuple(tracks))

    @property
    def frames(self) -> range:
        """Frames of the file that the tracks cover."""
        return range(self.start_frame, self.start_frame + len(self.times_s))

    @property
    def rate_hz(self) -> float:
        """Frames per second, from the median distance of two frames; NaN for a single frame."""
        return 1 / float(np.median(np.diff(self.times_s))) if len(self.times_s) > 1 else float("nan")

    @property
    def is_bare(self) -> bool:
        """True if there is nothing to keep: no track, no marked length and no reference."""
        return not self.tracks and self.known_length is None and self.reference is None

    @property
    def hands(self) -> tuple[Track, ...]:
        """The tracks of hands."""
        return tuple(track for track in self.tracks if track.kind == TrackKind.HAND)

    def track(self, name: str) -> Track | None:
        """Return a track by its name, or None."""
        return next((track for track in self.tracks if track.name == name), None)

    def points_at(self, frame: int) -> dict[str, Float32Array]:
        """Return (P, 2) x and y in pixels of every track with points in a frame of the file, by name of the track."""
        if frame not in self.frames:
            return {}
        row = frame - self.start_frame
        return {t.name: t.xy_px[row] for t in self.tracks if FrameState(int(t.states[row])).has_points}

    def with_tracks(self, tracks: Iterable[Track]) -> "TrackSet":
        """Return the set with further tracks. A track of the same name is replaced in its place."""
        by_name = {track.name: track for track in self.tracks} | {track.name: track for track in tracks}
        return replace(self, tracks=tuple(by_name.values()))

    def without(self, names: Iterable[str]) -> "TrackSet":
        """Return the set without some tracks."""
        names_removed = set(names)
        return replace(self, tracks=tuple(track for track in self.tracks if track.name not in names_removed))

    def within(self, frames: range) -> "TrackSet":
        """Return the set over a range of the file's frames that lies in its own.

        Raises:
            ValueError: The range is empty, or not part of its own.
        """
        if not frames or frames.start < self.frames.start or frames.stop > self.frames.stop:
            raise ValueError(f"frames {frames.start} to {frames.stop} are not part of {self.frames}")
        start = frames.start - self.start_frame
        stop = frames.stop - self.start_frame
        tracks = tuple(track.within(start, stop) for track in self.tracks)
        return replace(self, start_frame=frames.start, times_s=self.times_s[start:stop], tracks=tracks)

    def fits(self, video: VideoInfo) -> bool:
        """Return True if the tracks were made for a video."""
        try:
            self.check_video(video)
        except VideoError:
            return False
        return True

    def check_video(self, video: VideoInfo) -> None:
        """Refuse a video that the tracks were not made for.

        Raises:
            VideoError: Its content, size or number of frames differs.
        """
        if (self.width_px, self.height_px) != (video.width_px, video.height_px):
            raise VideoError(
                f"The tracks were made in a picture of {self.width_px} × {self.height_px} pixels, and "
                f"{video.path.name} has {video.width_px} × {video.height_px}: choose the video they were made in."
            )
        if self.n_frames != video.n_frames:
            raise VideoError(
                f"The tracks were made in a video of {self.n_frames} frames, and {video.path.name} has "
                f"{video.n_frames}: choose the video they were made in."
            )
        if self.digest != video.digest:
            raise VideoError(f"The tracks were made in another video than {video.path.name}, with other content.")


def gaps(track: Track) -> tuple[range, ...]:
    """Return the runs of searched frames, as rows of the track, in which nothing was found.

    Frames that were not searched belong to the run around them if the object is absent on both sides.
    """
    rows = np.flatnonzero(track.states != FrameState.UNSEARCHED)
    absent = track.states[rows] == FrameState.ABSENT
    ranges: list[range] = []
    start: int | None = None
    last = 0
    for row, is_absent in zip(rows.tolist(), absent.tolist(), strict=True):
        if is_absent:
            start = row if start is None else start
            last = row
        elif start is not None:
            ranges.append(range(start, last + 1))
            start = None
    return (*ranges, range(start, last + 1)) if start is not None else tuple(ranges)


def lost_frames(track: Track) -> tuple[int, ...]:
    """Return the rows at which a followed object was lost, and no later click has bridged the gap."""
    if track.method is not TrackMethod.CLICK:
        return ()
    absent = track.states == FrameState.ABSENT
    return tuple(int(row) + 1 for row in np.flatnonzero(absent[1:] & track.has_points[:-1]))


def nothing_found(tracks: TrackSet, description: str = "hand") -> str:
    """Return a sentence if no track of a set has a point: "No hand was found in 00:00.000 to 00:12.000.", or ""."""
    if any(not track.is_empty for track in tracks.tracks):
        return ""
    return f"No {description} was found in {clock(tracks.times_s[0])} to {clock(tracks.times_s[-1])}."
