"""Difference maps between two models, and the uniform baseline."""

from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.analysis.map_comparison import compared_frames, difference_map, maps_at, without_map
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import MapSource, Scene
from skillviewer.core.arrays import Float32Array, IntArray, ReadOnly
from skillviewer.core.video.info import VideoInfo

UNIT = "× uniform"

MIN_DIFFERENCE = 1e-3
"""Smallest difference that exceeds rounding errors; the colour scale is never narrower."""


@dataclass(frozen=True, slots=True, repr=False)
class Difference(ReadOnly):
    """Normalised maps of a first model minus those of a second over a video, in multiples of a uniform map."""

    video: VideoInfo
    frames: IntArray  # (M,) int64, frames that either model sampled, ascending; each map holds until the next one
    values: Float32Array  # (M, h, w) float32, differences; 1 is the weight of a cell in a uniform map
    rect: MapRect
    part: range  # frames of the file that were analysed

    @property
    def limit(self) -> float:
        """Largest magnitude over the video; 1 if the maps are equal up to rounding errors."""
        return _limit(self.values)

    def scene(self, frame_index: int, map_style: MapStyle) -> Scene:
        """Return the scene at a frame, with the latest map.

        The colour limits are those of the frame under ``ColourLimits.FRAME``, else those of the video.
        """
        sample = int(np.searchsorted(self.frames, frame_index, side="right")) - 1
        time_s = float(self.video.times_s[frame_index])
        values = None
        source = MapSource.NOTHING
        limit = self.limit
        sample_frame = -1
        age_s = 0.0
        if sample >= 0:
            values = self.values[sample]
            sample_frame = int(self.frames[sample])
            age_s = time_s - float(self.video.times_s[sample_frame])
            source = MapSource.OWN if sample_frame == frame_index else MapSource.HELD
            if map_style.scale is ColourLimits.FRAME:
                limit = _limit(values)
        return Scene(
            frame_index=frame_index,
            time_s=time_s,
            values=values,
            low=-limit,
            high=limit,
            kind=MapKind.SIGNED,
            unit=UNIT,
            rect=self.rect,
            map_style=map_style,
            source=source,
            sample=sample,
            n_samples=len(self.frames),
            sample_frame=sample_frame,
            age_s=age_s,
            step=-1,
            score=float("nan"),
        )


def _limit(values: Float32Array) -> float:
    largest_magnitude = float(np.max(np.abs(values), initial=0.0))
    return largest_magnitude if largest_magnitude > MIN_DIFFERENCE else 1.0


def difference(first: Analysis, second: Analysis) -> Difference:
    """Return the difference of two models' maps over one video, on the finer of both grids.

    Raises:
        ValueError: A model has no map, or the videos differ.
    """
    frames = compared_frames(first, second)
    if without_map(first, second):
        raise ValueError("a model without a map has no difference map")
    first_rows, first_columns = first.attention.shape[2:]
    second_rows, second_columns = second.attention.shape[2:]
    shape = (max(first_rows, second_rows), max(first_columns, second_columns))
    maps = difference_map(maps_at(first, frames), maps_at(second, frames), shape)
    return Difference(first.video, frames, values=maps.values.astype(np.float32), rect=maps.rect, part=first.frames)


def uniform_baseline(analysis: Analysis, name: str) -> Analysis:
    """Return the analysis of a baseline with uniform attention and no score.

    Args:
        analysis: Analysis of the same video, from which the sampled frames are taken.
        name: Name of the baseline.
    """
    n_passes, n_samples = analysis.samples.shape
    return replace(
        analysis,
        attention=np.ones((n_passes, n_samples, 1, 1), np.float32),
        map_kind=MapKind.DISTRIBUTION,
        map_rect=MapRect(),
        task_state=np.zeros((n_passes, n_samples, 0), np.float32),
        score_curve=np.full((n_passes, n_samples), np.nan),
        provenance=replace(analysis.provenance, model=name, model_digest="", attention_model=""),
        warning="",
        mean_feature=None,
    )
