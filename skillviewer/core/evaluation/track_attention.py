"""Attention on hands and tools: the share of a model's attention weight around tracked points, with its controls.

The region of a hand is the box of its points with a margin, and that of a single point is a box around the point. A
high share alone is no evidence, since a map that never changes may lie on hands that stay in one place. The share is
therefore compared with the controls: a uniform map, a Gaussian at the centre of the picture, the cell that is most
often on the hands in the other videos, and the maps of other videos.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.arrays import FloatArray
from skillviewer.core.evaluation.localisation import (
    CENTRE,
    CONSTANT,
    OTHER_VIDEO,
    OWN,
    UNIFORM,
    Geometry,
    Region,
    cells_near,
    centred_gaussian,
    weight_near,
)
from skillviewer.core.text import counted
from skillviewer.core.tracks.tracks import Track, TrackSet

MARGIN = 0.15
"""Margin around the box of a track's points, as a share of the box's longer side."""

MIN_SIDE = 0.06
"""Smallest side of a region, as a share of the picture's height."""

CONTROL_TITLES = MappingProxyType(
    {
        UNIFORM: "uniform",
        CENTRE: "centre",
        CONSTANT: "one constant cell, chosen in other videos",
        OTHER_VIDEO: "another video's maps",
    }
)
"""Display texts of the controls, in the order of tables."""


def track_regions(tracks: TrackSet, frames: Iterable[int], names: Iterable[str] = ()) -> dict[int, tuple[Region, ...]]:
    """Return the regions around the tracks in some frames of the file; frames without points are left out.

    Args:
        tracks: Tracks of the video.
        frames: Frames of the file.
        names: Names of the tracks that count; none for all.
    """
    requested = set(names)
    used_tracks = tracks.tracks
    if requested:
        used_tracks = tuple(track for track in tracks.tracks if track.name in requested)
    regions_by_frame = {}
    for frame in frames:
        if frame in tracks.frames:
            row = frame - tracks.start_frame
            regions = tuple(_region(track, row, tracks.height_px) for track in used_tracks if track.has_points[row])
            if regions:
                regions_by_frame[frame] = regions
    return regions_by_frame


def _region(track: Track, row: int, height_px: int) -> Region:
    points = track.xy_px[row].astype(np.float64)
    # regions count from the corner of the picture, tracks from the centre of the first pixel
    low = np.nanmin(points, axis=0) + 0.5
    high = np.nanmax(points, axis=0) + 0.5
    relative_margin = MARGIN * float((high - low).max())
    margin = np.maximum(relative_margin, (MIN_SIDE * height_px - (high - low)) / 2)
    left, top = (low - margin).tolist()
    right, bottom = (high + margin).tolist()
    return Region(left, top, right_px=right, bottom_px=bottom, name=track.name)


@dataclass(frozen=True, slots=True)
class TrackAttention:
    """Attention of a model on the tracks of one video."""

    video: str
    n_frames: int  # number of sampled frames with a map
    n_seen: int  # number of these in which a track has a point; the others are left out
    share: float  # mean share of the attention weight in the regions, 0 to 1; NaN if no frame has a region
    controls: Mapping[str, float]  # mean share of each control of ``CONTROL_TITLES``; NaN without the videos it needs

    @property
    def times_uniform(self) -> float:
        """Share divided by that of a uniform map; NaN if no frame has a region."""
        uniform_share = self.controls[UNIFORM]
        return self.share / uniform_share if uniform_share > 0 else float("nan")

    def control_times_uniform(self, control: str) -> float:
        """Return the share of a control divided by that of a uniform map; NaN if no frame has a region."""
        uniform_share = self.controls[UNIFORM]
        return self.controls[control] / uniform_share if uniform_share > 0 else float("nan")

    def sentence(self, noun: str = "the hands") -> str:
        """Return a sentence for the user, with the strongest control; "" if no sampled frame shows a track."""
        if not self.n_seen:
            return ""
        times_by_control = {name: self.control_times_uniform(name) for name in CONTROL_TITLES if name != UNIFORM}
        known_controls = [name for name, times in times_by_control.items() if np.isfinite(times)]
        strongest = max(known_controls, key=lambda name: times_by_control[name])
        control_text = f"{CONTROL_TITLES[strongest]}: {times_by_control[strongest]:.1f} times"
        if self.times_uniform <= times_by_control[strongest]:
            control_text += ", so no sign that the model looks for them"
        return (
            f"Attention lay on {noun} {self.times_uniform:.1f} times as much as evenly spread maps would "
            f"({control_text}), in {self.n_seen} of {counted(self.n_frames, 'sampled frame')}."
        )


@dataclass(frozen=True, slots=True)
class _VideoMaps:
    maps: FloatArray  # (N, h, w)
    cells: FloatArray  # (N, h w), weights from ``cells_near``
    geometry: Geometry


def _video_maps(analysis: Analysis, tracks: TrackSet) -> _VideoMaps:
    maps = analysis.attention[0].astype(np.float64)
    rows, columns = maps.shape[1:]
    geometry = Geometry(rows, columns, analysis.map_rect, analysis.video.width_px, analysis.video.height_px)
    frames = analysis.samples[0].tolist()
    cells = cells_near(frames, track_regions(tracks, frames), geometry, tolerance=0)
    return _VideoMaps(maps, cells, geometry)


def track_attention(
    videos: Mapping[str, tuple[Analysis, TrackSet]], video_names: Sequence[str] | None = None
) -> dict[str, TrackAttention]:
    """Return the attention of one model on the tracks of videos, by name of the video.

    Args:
        videos: Analysis by the model and tracks of every video; the controls of a video come from the others.
        video_names: Names of the requested videos, or None for all.

    Raises:
        VideoError: Tracks and analysis belong to different videos.
        ValueError: The model has no maps.
    """
    maps_by_video = {}
    for name, (analysis, tracks) in videos.items():
        if analysis.map_kind is MapKind.NONE:
            raise ValueError(f"the model of {name} has no maps")
        tracks.check_video(analysis.video)
        maps_by_video[name] = _video_maps(analysis, tracks)
    requested = video_names if video_names is not None else list(videos)
    return {name: _attention_of(name, maps_by_video) for name in requested}


def _attention_of(name: str, videos: Mapping[str, _VideoMaps]) -> TrackAttention:
    """Return the attention on the tracks of one video, with controls from the others."""
    video = videos[name]
    centre = centred_gaussian(video.geometry)
    cells = {other: other_video.cells for other, other_video in videos.items()}
    others = [other for other in videos if other != name and np.isfinite(cells[other]).any()]
    weights = weight_near({name: video.maps}, cells, others, centre)
    controls = {
        UNIFORM: weights[UNIFORM][name],
        CENTRE: weights[CENTRE][name],
        CONSTANT: float("nan"),
        OTHER_VIDEO: float("nan"),
    }
    if others:
        maps = {other: videos[other].maps for other in (name, *others)}
        controls[CONSTANT] = weights[CONSTANT][name]
        controls[OTHER_VIDEO] = weight_near(maps, cells, (), centre)[OTHER_VIDEO][name]
    is_seen = np.isfinite(video.cells).all(axis=1)
    n_seen = int(is_seen.sum())
    return TrackAttention(name, len(video.maps), n_seen, share=weights[OWN][name], controls=controls)
