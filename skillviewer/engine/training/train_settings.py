"""Settings of a training, and the rule for the epoch that is kept."""

from dataclasses import dataclass
from enum import StrEnum

from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.presets import LossSettings, OptimiserSettings


class EpochSelection(StrEnum):
    """Rule for the epoch that is kept."""

    INNER_FOLDS = "inner"  # best on inner folds, which are held out within the training videos
    LAST = "last"
    BEST_ON_TEST = "best-on-test"  # optimistic; only to reproduce the paper


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of a training."""

    optimiser: OptimiserSettings  # step size, batches, epochs
    loss: LossSettings  # the ranking loss
    select: EpochSelection = EpochSelection.INNER_FOLDS  # rule for the epoch that is kept
    seed: int = 0  # the same seed gives the same weights on the same data and the same computer
    # (phase, settings) of phases with their own step sizes; batches and epochs in these settings are ignored
    phases: tuple[tuple[str, OptimiserSettings], ...] = ()
    precision: Precision = "float32"  # number type of the layers that process single frames; other layers are float32
