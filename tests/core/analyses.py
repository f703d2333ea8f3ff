"""Small analyses whose every number is known."""

from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.arrays import FloatArray
from skillviewer.core.video.info import VideoInfo

PROVENANCE = Provenance("skillviewer 0", "model", "0" * 64, "full", "dis", "resnet101", "cpu", "float32")


def video_info(times_s: FloatArray, end_s: float | None = None) -> VideoInfo:
    """Return a video of which only the times matter."""
    return VideoInfo(
        path=Path("video.mp4"),
        digest="0" * 64,
        times_s=times_s,
        width_px=640,
        height_px=480,
        duration_s=float(times_s[-1]) + 0.1 if end_s is None else end_s,
        rate_hz=10.0,
    )


def make_analysis(
    samples: list[list[int]],
    kind: MapKind = MapKind.DISTRIBUTION,
    grid: tuple[int, int] = (2, 3),
    n_frames: int = 20,
    seed: int = 0,
) -> Analysis:
    """Return an analysis at 10 frames a second; maps and scores are random numbers of the right kind."""
    rng = np.random.default_rng(seed)
    k, n = np.shape(samples)
    maps = rng.uniform(0.1, 0.9, (k, n, *grid)).astype(np.float32)
    if kind is MapKind.DISTRIBUTION:
        maps /= maps.sum(axis=(2, 3), keepdims=True)
    elif kind is MapKind.SIGNED:
        maps = (maps - 0.7) * 3
    elif kind is MapKind.NONE:
        maps[:] = 1 / (grid[0] * grid[1])
    return Analysis(
        video=video_info(np.arange(n_frames) / 10),
        samples=np.array(samples, dtype=np.int64),
        attention=maps,
        map_kind=kind,
        map_rect=MapRect(),
        task_state=rng.normal(size=(k, n, 4)).astype(np.float32),
        score_curve=rng.normal(size=(k, n)),
        segment_stops=np.array([*samples[0][:-1], n_frames - 1], dtype=np.int64) + 1,
        n_segments=n,
        provenance=PROVENANCE,
    )
