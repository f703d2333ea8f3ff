"""Distance of a video from a model's training videos.

The distance is the root mean square over the channels of a standardised mean feature, with the mean and the standard
deviation of the training videos. The limit is calibrated by leave-one-out, since a video that contributed to the mean
lies nearer to it than a new one.
"""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import Float32Array, FloatArray, ReadOnly

MIN_VIDEOS = 8
"""Fewest training videos for these statistics."""

_MIN_SCALE = 1e-4


@dataclass(frozen=True, slots=True, repr=False)
class TrainingFeatureStats(ReadOnly):
    """Statistics of the mean features of the training videos."""

    mean: Float32Array  # (2F,) float32, mean over the training videos
    scale: Float32Array  # (2F,) float32, standard deviation over the training videos, positive
    held_out: FloatArray  # (n,) float64, distance of each training video from the others, ascending

    @property
    def limit(self) -> float:
        """Largest distance of a held-out training video, beyond which a video is unfamiliar."""
        return float(self.held_out[-1])

    def distance(self, mean_feature: Float32Array) -> float:
        """Return the distance of a video with a mean feature, (2F,)."""
        return _distance(mean_feature, self.mean, self.scale)

    def novelty(self, mean_feature: Float32Array) -> float:
        """Return the distance of a video with a mean feature, (2F,), as a multiple of ``limit``."""
        return self.distance(mean_feature) / self.limit

    def warning(self, mean_feature: Float32Array) -> str:
        """Return a warning if a video with a mean feature, (2F,), is unlike the training videos, or ""."""
        novelty = self.novelty(mean_feature)
        if novelty <= 1:
            return ""
        return (
            f"This video looks unlike those the model was trained on: {novelty:.1f} times as far from them as the most "
            f"unusual of the {len(self.held_out)} training videos. Its score may mean little."
        )


def _distance(mean_feature: Float32Array, mean: Float32Array, scale: Float32Array) -> float:
    standardised = (mean_feature.astype(np.float64) - mean) / scale
    return float(np.sqrt(np.mean(standardised**2)))


def _mean_and_scale(mean_features: Float32Array) -> tuple[Float32Array, Float32Array]:
    scale = np.maximum(mean_features.std(axis=0, ddof=1), _MIN_SCALE)
    return mean_features.mean(axis=0).astype(np.float32), scale.astype(np.float32)


def learn_familiarity(mean_features: Float32Array) -> TrainingFeatureStats | None:
    """Compute the statistics of the training videos and calibrate them by leave-one-out.

    Args:
        mean_features: (n, 2F) mean features of the training videos. Copies of a video count once.

    Returns:
        The statistics, or None if there are fewer than ``MIN_VIDEOS`` different videos.
    """
    _, first_indices = np.unique(mean_features, axis=0, return_index=True)
    distinct_features = mean_features[np.sort(first_indices)]
    n = len(distinct_features)
    if n < MIN_VIDEOS:
        return None
    held_out = []
    for index in range(n):
        mean, scale = _mean_and_scale(np.delete(distinct_features, index, axis=0))
        held_out.append(_distance(distinct_features[index], mean, scale))
    mean, scale = _mean_and_scale(distinct_features)
    return TrainingFeatureStats(mean, scale, np.sort(held_out))
