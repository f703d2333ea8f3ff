"""Part of the picture in which the tracks of a video move: what a model sees that crops its input."""

import numpy as np

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.core.errors import VideoError
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.preprocessing import Crop

_MARGIN = 0.15
"""Margin on each side of the box of the points, as a share of the box's longer side."""

_MIN_SIDE = 0.3
"""Smallest side of a crop, as a share of the picture's."""

_OUTLIERS = 1.0
"""Percentage of the positions at each end of an axis that are left out: single wrong detections."""

_WINDOW_S = 0.5
"""Length of the running median that smooths the positions, in seconds."""


def crop_rect(tracks: TrackSet, crop: Crop) -> MapRect:
    """Return the part of the picture around the tracks of a video, with a margin.

    There is one part a video: one that moved with the hands would hide their motion, and give the rest a motion that is
    none. It has the aspect ratio of the picture, so that every video is squashed alike, and consists of whole pixels.
    Positions are smoothed by a running median of half a second; the outermost per cent at each end is left out.

    Raises:
        VideoError: There is no such track, or it has no points.
    """
    tracks_used = tracks.hands if crop == "hands" else tracks.tracks
    points = np.concatenate([np.zeros((0, 2)), *(_smoothed(tracks.rate_hz, track.xy_px) for track in tracks_used)])
    if not len(points):
        raise VideoError(no_tracks(crop))
    size = np.array([tracks.width_px, tracks.height_px], np.float64)
    # the centre of the first pixel lies half a pixel from the corner of the picture
    low, high = np.percentile(points + 0.5, (_OUTLIERS, 100 - _OUTLIERS), axis=0)
    margin = _MARGIN * float((high - low).max())
    side = float(np.clip(((high - low + 2 * margin) / size).max(), _MIN_SIDE, 1.0))
    extent = np.rint(side * size)
    start = np.clip(np.rint((low + high - extent) / 2), 0, size - extent)
    left, top = (start / size).tolist()
    right, bottom = ((start + extent) / size).tolist()
    return MapRect(left, top, right, bottom)


def no_tracks(crop: Crop = "tracks") -> str:
    """Return the error message for a video without the tracks that a model needs."""
    noun = "hands" if crop == "hands" else "tracks"
    return (
        f"It has no {noun}, and the model needs them: find hands (skillviewer tracks hands) or import tracks "
        "(skillviewer tracks import)."
    )


def _smoothed(rate_hz: float, xy_px: Float32Array) -> FloatArray:
    """Return (m, 2) known positions of all points, each the median of the known ones around it."""
    is_finite = np.isfinite(xy_px[..., 0])
    half = int(_WINDOW_S * rate_hz / 2) if np.isfinite(rate_hz) else 0
    paths = []
    for point in np.flatnonzero(is_finite.any(axis=0)):
        rows = np.flatnonzero(is_finite[:, point])
        starts, stops = np.searchsorted(rows, rows - half), np.searchsorted(rows, rows + half, side="right")
        path = xy_px[rows, point].astype(np.float64)
        paths.append([np.median(path[a:b], axis=0) for a, b in zip(starts, stops, strict=True)])
    return np.concatenate([np.zeros((0, 2)), *map(np.array, paths)])
