"""Attention on hands and tools: the share of a model's attention weight around tracked points, with its controls.

A hand is the box of its points with a margin; a single point is a box around it. A share says little by itself: a map
that never moves can lie on hands that stay in one place. It is therefore compared with a uniform map, a Gaussian at the
middle of the picture, the one cell that is most often on the hands in the other videos, and the maps of other videos.
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
"""Smallest side of a region, as a share of the picture's height: a single point has none."""

CONTROL_TITLES = MappingProxyType(
    {
        UNIFORM: "uniform",
        CENTRE: "centre",
        CONSTANT: "one constant cell, chosen in other videos",
        OTHER_VIDEO: "another video's maps",
    }
)
"""Names of the controls, in the order of tables."""


def track_regions(tracks: TrackSet, frames: Iterable[int], names: Iterable[str] = ()) -> dict[int, tuple[Region, ...]]:
    """Return the regions around the tracks in some frames of the file; frames without points are left out.

    Args:
        tracks: Tracks of the video.
        frames: Frames of the file.
        names: Tracks that count, or none for all.
    """
    requested = set(names)
    tracks_used = [track for track in tracks.tracks if not requested or track.name in requested]
    by_track = {}
    for frame in frames:
        if frame in tracks.frames:
            row = frame - tracks.start_frame
            regions = tuple(_region(track, row, tracks.height_px) for track in tracks_used if track.has_points[row])
            if regions:
                by_track[frame] = regions
    return by_track


def _region(track: Track, row: int, height_px: int) -> Region:
    points = track.xy_px[row].astype(np.float64)
    # a region counts from the corner of the picture, a track from the centre of its first pixel
    low, high = np.nanmin(points, axis=0) + 0.5, np.nanmax(points, axis=0) + 0.5
    margin = MARGIN * float((high - low).max())
    grown = np.maximum(margin, (MIN_SIDE * height_px - (high - low)) / 2)
    left, top = (low - grown).tolist()
    right, bottom = (high + grown).tolist()
    return Region(left, top, right, bottom, track.name)


@dataclass(frozen=True, slots=True)
class TrackAttention:
    """Attention of a model on the tracks of one video."""

    video: str
    n_frames: int  # sampled frames with a map
    n_seen: int  # of these, frames in which a track has a point; the others are left out
    share: float  # mean share of the attention weight in the regions, 0 to 1; NaN if no frame has any
    controls: Mapping[str, float]  # the same for each control of ``CONTROL_TITLES``; NaN where it needs other videos

    @property
    def times_uniform(self) -> float:
        """Share divided by that of a uniform map, which is the share of the picture; NaN if no frame has a region."""
        uniform_share = self.controls[UNIFORM]
        return self.share / uniform_share if uniform_share > 0 else float("nan")

    def times(self, control: str) -> float:
        """Return the share of a control divided by that of a uniform map."""
        uniform_share = self.controls[UNIFORM]
        return self.controls[control] / uniform_share if uniform_share > 0 else float("nan")

    def sentence(self, noun: str = "the hands") -> str:
        """Return a sentence for the user, with the strongest control; "" if no sampled frame shows a track."""
        if not self.n_seen:
            return ""
        times_by_control = {
            name: self.times(name) for name in CONTROL_TITLES if name != UNIFORM and np.isfinite(self.times(name))
        }
        best = max(times_by_control, key=lambda name: times_by_control[name])
        closest_text = f"{CONTROL_TITLES[best]}: {times_by_control[best]:.1f} times"
        verdict = "" if self.times_uniform > times_by_control[best] else ", so no sign that the model looks for them"
        return (
            f"Attention lay on {noun} {self.times_uniform:.1f} times as much as evenly spread maps would "
            f"({closest_text}{verdict}), in {self.n_seen} of {counted(self.n_frames, 'sampled frame')}."
        )


@dataclass(frozen=True, slots=True)
class _Video:
    maps: FloatArray  # (N, h, w)
    cells: FloatArray  # (N, h w)
    geometry: Geometry


def _prepared(analysis: Analysis, tracks: TrackSet) -> _Video:
    maps = analysis.attention[0].astype(np.float64)
    rows, columns = maps.shape[1:]
    geometry = Geometry(rows, columns, analysis.map_rect, analysis.video.width_px, analysis.video.height_px)
    frames = analysis.samples[0].tolist()
    cells = cells_near(frames, track_regions(tracks, frames), geometry, tolerance=0)
    return _Video(maps, cells, geometry)


def track_attention(
    videos: Mapping[str, tuple[Analysis, TrackSet]], track_names: Sequence[str] | None = None
) -> dict[str, TrackAttention]:
    """Return the attention of one model on the tracks of videos, by name.

    Args:
        videos: Analysis by the model, and tracks, of every video; the controls of a video come from the others.
        track_names: Videos that are wanted, or None for all.

    Raises:
        VideoError: Tracks and analysis belong to different videos.
        ValueError: The model has no maps.
    """
    prepared = {}
    for name, (analysis, tracks) in videos.items():
        if analysis.map_kind is MapKind.NONE:
            raise ValueError(f"the model of {name} has no maps")
        tracks.check_video(analysis.video)
        prepared[name] = _prepared(analysis, tracks)
    cells = {name: prepared_video.cells for name, prepared_video in prepared.items()}
    maps = {name: prepared_video.maps for name, prepared_video in prepared.items()}
    by_track = {}
    for name in track_names if track_names is not None else videos:
        prepared_video = prepared[name]
        centre = centred_gaussian(prepared_video.geometry)
        others = [other for other in prepared if other != name and np.isfinite(cells[other]).any()]
        weights = weight_near({name: maps[name]}, cells, others, centre)
        among = weight_near({name: maps[name]} | {other: maps[other] for other in others}, cells, (), centre)
        controls = {control: weights[control][name] for control in (UNIFORM, CENTRE)}
        controls[CONSTANT] = weights[CONSTANT][name] if others else float("nan")
        controls[OTHER_VIDEO] = among[OTHER_VIDEO][name] if others else float("nan")
        n_seen = int(np.isfinite(prepared_video.cells).all(axis=1).sum())
        by_track[name] = TrackAttention(name, len(prepared_video.maps), n_seen, weights[OWN][name], controls)
    return by_track
