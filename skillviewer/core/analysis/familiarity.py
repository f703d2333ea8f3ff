"""Similarity of a video to a model's training videos.

A video's mean feature is compared with those of the training videos: root mean square over the channels of the
distance to their mean, in their standard deviations. The limit is calibrated by leave-one-out, since a video that
contributed to the mean lies nearer to it than a new one.
"""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import Float32Array, FloatArray, ReadOnly

MIN_VIDEOS = 8
"""Fewer training videos do not show what is usual."""

_MIN_SCALE = 1e-4


@dataclass(frozen=True, slots=True, repr=False)
class TrainingFeatureStats(ReadOnly):
    """Feature statistics of the training videos."""

    mean: Float32Array  # (2F,) float32, mean over the training videos of their mean features
    scale: Float32Array  # (2F,) float32, their standard deviations, positive
    held_out: FloatArray  # (n,) float64, ascending: distance of each training video from all the others

    @property
    def limit(self) -> float:
        """Largest distance of a held-out training video; a video beyond it is called unlike them."""
        return float(self.held_out[-1])

    def distance(self, pooled: Float32Array) -> float:
        """Return the distance of a video, from its mean feature, (2F,)."""
        return _distance(pooled, self.mean, self.scale)

    def novelty(self, pooled: Float32Array) -> float:
        """Return the distance of a video, (2F,), as a multiple of ``limit``."""
        return self.distance(pooled) / self.limit

    def warning(self, pooled: Float32Array) -> str:
        """Return a warning for a video unlike the training videos, or "".

        The mean over sampled frames and cells is (2F,).
        """
        times = self.novelty(pooled)
        if times <= 1:
            return ""
        return (
            f"This video looks unlike those the model was trained on: {times:.1f} times as far from them as the most "
            f"unusual of the {len(self.held_out)} training videos. Its score may mean little."
        )


def _distance(pooled: Float32Array, mean: Float32Array, scale: Float32Array) -> float:
    return float(np.sqrt(np.mean(((pooled.astype(np.float64) - mean) / scale) ** 2)))


def _mean_and_scale(pooled: Float32Array) -> tuple[Float32Array, Float32Array]:
    scale = np.maximum(pooled.std(axis=0, ddof=1), _MIN_SCALE)
    return pooled.mean(axis=0).astype(np.float32), scale.astype(np.float32)


def learn_familiarity(pooled: Float32Array) -> TrainingFeatureStats | None:
    """Compute the statistics of the training videos and calibrate them by leave-one-out.

    It is None with fewer than ``MIN_VIDEOS`` different videos: copies add no information.
    """
    pooled = pooled[np.sort(np.unique(pooled, axis=0, return_index=True)[1])]
    n = len(pooled)
    if n < MIN_VIDEOS:
        return None
    held_out = [_distance(pooled[i], *_mean_and_scale(np.delete(pooled, i, axis=0))) for i in range(n)]
    mean, scale = _mean_and_scale(pooled)
    return TrainingFeatureStats(mean, scale, np.sort(held_out))
