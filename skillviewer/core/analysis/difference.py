"""Differences between the maps of two models, as maps to be shown, and the uniform baseline."""

from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.analysis.map_comparison import compared_frames, difference_map, maps_at, without_map
from skillviewer.core.analysis.scene import ColourLimits, MapSource, MapStyle, Scene
from skillviewer.core.arrays import Float32Array, IntArray, ReadOnly
from skillviewer.core.video.info import VideoInfo

UNIT = "× uniform"

LEAST = 1e-3
"""Smaller differences are rounding; the colour scale is never narrowed to them."""


@dataclass(frozen=True, slots=True, repr=False)
class Difference(ReadOnly):
    """The first model's normalised maps minus the second's over a video, in multiples of a uniform map."""

    video: VideoInfo
    frames: IntArray  # (M,) int64 ascending, the frame from which each map holds: those that either model sampled
    values: Float32Array  # (M, h, w) float32; 1 where the first model has more by the weight of a cell in a uniform map
    rect: MapRect
    part: range  # frames of the file that were analysed

    @property
    def limit(self) -> float:
        """Largest magnitude over the video; 1 if the maps are equal except for rounding."""
        return _limit(self.values)

    def scene(self, frame_index: int, map_style: MapStyle) -> Scene:
        """Return the scene at a frame: the last map at or before it, with colour limits of the video or of the frame.

        Under ``ColourLimits.COMMON`` the difference keeps its own scale.
        """
        at = int(np.searchsorted(self.frames, frame_index, side="right")) - 1
        time_s = float(self.video.times_s[frame_index])
        values, source, high, since = None, MapSource.NOTHING, self.limit, -1
        if at >= 0:
            values, since = self.values[at], int(self.frames[at])
            source = MapSource.OWN if since == frame_index else MapSource.HELD
            if map_style.scale is ColourLimits.FRAME:
                high = _limit(values)
        return Scene(
            frame_index=frame_index,
            time_s=time_s,
            values=values,
            low=-high,
            high=high,
            kind=MapKind.SIGNED,
            unit=UNIT,
            rect=self.rect,
            map_style=map_style,
            source=source,
            sample=at,
            n_samples=len(self.frames),
            sample_frame=since,
            age_s=time_s - float(self.video.times_s[since]) if since >= 0 else 0.0,
            step=-1,
            score=float("nan"),
        )


def _limit(values: Float32Array) -> float:
    largest = float(np.max(np.abs(values), initial=0.0))
    return largest if largest > LEAST else 1.0


def difference(first: Analysis, second: Analysis) -> Difference:
    """Return the difference of the maps that two models have over one video, on the finer of both grids."""
    frames = compared_frames(first, second)
    if without_map(first, second):
        raise ValueError("a model without a map has no difference map")
    grids = [a.attention.shape[2:] for a in (first, second)]
    shape = (max(g[0] for g in grids), max(g[1] for g in grids))
    maps = difference_map(maps_at(first, frames), maps_at(second, frames), shape)
    return Difference(first.video, frames, maps.values.astype(np.float32), maps.rect, first.frames)


def uniform_baseline(like: Analysis, name: str) -> Analysis:
    """Return the analysis of a model whose attention is uniform: a sanity baseline without a score.

    It has the sampled frames of the analysis ``like`` of the same video.
    """
    k, n = like.samples.shape
    return replace(
        like,
        attention=np.ones((k, n, 1, 1), np.float32),
        map_kind=MapKind.DISTRIBUTION,
        map_rect=MapRect(),
        task_state=np.zeros((k, n, 0), np.float32),
        score_curve=np.full((k, n), np.nan),
        provenance=replace(like.provenance, model=name, model_digest="", attention_model=""),
        warning="",
        pooled=None,
    )
