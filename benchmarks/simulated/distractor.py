"""A bright thing that drifts behind the work: salient, often next to the gripper, and it tells nothing of skill.

Its shape, colour, path and trembling are drawn from a source of chance of their own, which knows neither the ability
nor what happens in the clip. Since it may tremble as a hand does, movement as such tells less than movement at the
right place.
"""

import colorsys
from dataclasses import dataclass

import numpy as np

from benchmarks.simulated.degrade import TREMOR_BAND_HZ, band_noise
from benchmarks.simulated.tasks import RATE_HZ, Task
from skillviewer.core.arrays import FloatArray

SHAPES = ("ball", "cube", "disc")
DRIFT_HZ = (0.08, 0.30)
TREMBLE_M = (0.0, 0.008)
SIZE_M = (0.028, 0.042)


@dataclass(frozen=True, slots=True)
class Distractor:
    """The thing of one clip.

    Attributes:
        shape: One of SHAPES.
        size_m: Half its width.
        rgb: Colour, 0 to 1.
        path_m: (n, 3) float64 where it is in each frame.
    """

    shape: str
    size_m: float
    rgb: tuple[float, float, float]
    path_m: FloatArray


def draw_distractor(task: Task, n_frames: int, rng: np.random.Generator) -> Distractor:
    """Draw the distractor of a clip.

    Args:
        task: Says in which box it drifts.
        n_frames: Length of the clip.
        rng: Source of chance, used for nothing else.
    """
    low, high = np.array(task.distractor_low_m), np.array(task.distractor_high_m)
    time_s = np.arange(n_frames)[:, None] / RATE_HZ
    rate_hz, phase = rng.uniform(*DRIFT_HZ, size=3), rng.uniform(0.0, 2 * np.pi, size=3)
    drift = (low + high) / 2 + (high - low) / 2 * np.sin(2 * np.pi * rate_hz * time_s + phase)
    tremble = rng.uniform(*TREMBLE_M) * band_noise(n_frames, TREMOR_BAND_HZ, RATE_HZ, rng)
    return Distractor(
        shape=str(rng.choice(SHAPES)),
        size_m=float(rng.uniform(*SIZE_M)),
        rgb=colorsys.hsv_to_rgb(float(rng.uniform()), 0.8, 0.95),
        path_m=drift + tremble,
    )
