"""Result of one run: scores, maps and score curves of the held-out videos."""

from collections.abc import Mapping
from dataclasses import dataclass

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.engine.training.run_record import RunConfiguration, RunProvenance


@dataclass(frozen=True, slots=True)
class Maps:
    """Maps of a model for held-out videos, at the frames of the test rule."""

    videos: tuple[str, ...]  # V names
    values: Float32Array  # (V, N, h, w) float32; 0 after the last step of a shorter video
    kind: MapKind
    rect: MapRect  # part of the picture that the maps cover

    def of(self, name: str, n_steps: int) -> FloatArray:
        """Return the maps of a video, (n_steps, h, w) float64."""
        return self.values[self.videos.index(name), :n_steps].astype("float64")


@dataclass(frozen=True, slots=True)
class ScoreCurves:
    """Score curves of a model and contributions of the steps, at the frames of the test rule."""

    videos: tuple[str, ...]  # V names: the videos of the test pairs and the held-out videos
    curves: FloatArray  # (V, N) float64, score after every step; NaN after the last step of a shorter video
    # (V, N) float64, contribution of each step (``core.explanation.evidence``); NaN as in ``curves``, and for videos
    # that are not held out
    contributions: FloatArray


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run."""

    configuration: RunConfiguration
    provenance: RunProvenance
    scores: Mapping[str, float]  # score of every video of the test pairs
    maps: Maps | None  # maps of the held-out videos; None for a model without maps
    curves: ScoreCurves | None = None  # score curves; None for runs of an earlier version
