"""Part of the picture around the tracks of a video, to which a model crops its input."""

import numpy as np

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.core.errors import VideoError
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.preprocessing import Crop

_MARGIN = 0.15
"""Margin on each side of the box of the points, as a share of the box's longer side."""

_MIN_SIDE = 0.3
"""Smallest side of a crop, as a share of the picture's side."""

_OUTLIER_PERCENT = 1.0
"""Percentage of the positions at each end of an axis that are left out as wrong detections."""

_WINDOW_S = 0.5
"""Duration of the running median that smooths the positions, in seconds."""


def crop_rect(tracks: TrackSet, crop: Crop) -> MapRect:
    """Return the part of the picture around the tracks of a video, with a margin.

    The part is the same for all frames, since a moving crop would hide the motion of the hands. It has the aspect ratio
    of the picture and consists of whole pixels. Positions are smoothed by a running median, and outliers at each end
    are left out.

    Raises:
        VideoError: The video has no such track, or no points.
    """
    used_tracks = tracks.hands if crop == "hands" else tracks.tracks
    points = np.concatenate([np.zeros((0, 2)), *(_smoothed(tracks.rate_hz, track.xy_px) for track in used_tracks)])
    if not len(points):
        raise VideoError(missing_tracks_text(crop))
    picture_size = np.array([tracks.width_px, tracks.height_px], np.float64)
    # tracks count from the centre of the first pixel, the crop from the corner of the picture
    low, high = np.percentile(points + 0.5, (_OUTLIER_PERCENT, 100 - _OUTLIER_PERCENT), axis=0)
    margin = _MARGIN * float((high - low).max())
    relative_side = float(np.clip(((high - low + 2 * margin) / picture_size).max(), _MIN_SIDE, 1.0))
    crop_size = np.rint(relative_side * picture_size)
    start = np.clip(np.rint((low + high - crop_size) / 2), 0, picture_size - crop_size)
    left, top = (start / picture_size).tolist()
    right, bottom = ((start + crop_size) / picture_size).tolist()
    return MapRect(left, top, right, bottom)


def missing_tracks_text(crop: Crop = "tracks") -> str:
    """Return the error message for a video without the tracks that a model needs."""
    noun = "hands" if crop == "hands" else "tracks"
    return (
        f"It has no {noun}, and the model needs them: find hands (skillviewer tracks hands) or import tracks "
        "(skillviewer tracks import)."
    )


def _smoothed(rate_hz: float, xy_px: Float32Array) -> FloatArray:
    """Return the known positions of all points, (m, 2), smoothed by a running median over time."""
    is_known = np.isfinite(xy_px[..., 0])
    half_window = int(_WINDOW_S * rate_hz / 2) if np.isfinite(rate_hz) else 0
    paths = [np.zeros((0, 2))]
    for point in np.flatnonzero(is_known.any(axis=0)):
        rows = np.flatnonzero(is_known[:, point])
        starts = np.searchsorted(rows, rows - half_window)
        stops = np.searchsorted(rows, rows + half_window, side="right")
        path = xy_px[rows, point].astype(np.float64)
        medians = [np.median(path[start:stop], axis=0) for start, stop in zip(starts, stops, strict=True)]
        paths.append(np.array(medians))
    return np.concatenate(paths)
