"""Attention maps as numbers for other programs: NumPy's ``.npz``."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.export.destination import aside

MAPS_SUFFIXES = (".npz",)
MAPS_FORMAT = 1


def export_maps(analysis: Analysis, path: Path, *, overwrite: bool = False) -> Path:
    """Write the attention maps of one analysis as NumPy's ``.npz``, readable with ``numpy.load`` and without pickle.

    Arrays, for K passes of N sampled frames on a grid (h, w):

    - ``attention`` (K, N, h, w) float32, as the model computed it; row 0 is the top, column 0 the left of the picture;
    - ``frames`` (K, N) int64, sampled frames from 0; ``times_s`` (K, N) float64, their presentation times;
    - ``segment_stops`` (N,) int64, frame at which each segment ends (half open);
    - ``scores`` (K, N) float64, the score after every step;
    - ``map_kind`` string: distribution, gate, signed product or none (stored as uniform);
    - ``map_rect`` (4,) float64: left, top, right, bottom of the map as fractions of the picture;
    - ``picture_px`` (2,) int64: width and height of the picture;
    - ``about`` string: JSON with the path and digest of the video, when what was looked through begins and ends
      (``start_s``, ``stop_s``), the provenance and the number of this format.

    Raises:
        ExportError: The file is there already, or it cannot be written.
    """
    video, rect = analysis.video, analysis.map_rect
    about = {
        "format": MAPS_FORMAT,
        "path": str(video.path),
        "video_digest": video.digest,
        "start_s": round(analysis.start_s, 6),
        "stop_s": round(analysis.stop_s, 6),
        "provenance": asdict(analysis.provenance),
    }
    with aside(path, MAPS_SUFFIXES, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            attention=analysis.attention,
            frames=analysis.samples,
            times_s=analysis.times_s,
            segment_stops=analysis.segment_stops,
            scores=analysis.score_curve,
            map_kind=np.array(str(analysis.map_kind)),
            map_rect=np.array([rect.left, rect.top, rect.right, rect.bottom]),
            picture_px=np.array([video.width_px, video.height_px], np.int64),
            about=np.array(json.dumps(about)),
        )
    return path
