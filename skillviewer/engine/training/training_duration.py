"""Duration of single trainings on this computer.

It is computed from recorded or usual paces, in seconds per piece of work (``engine.runtime.pace``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.training_forecast import PlannedPhase
from skillviewer.engine.runtime.pace import IDLE, Pace, current_load
from skillviewer.engine.training.batches import draw_batches
from skillviewer.engine.training.fold_progress import count_stages
from skillviewer.engine.training.training_pace import training_pace
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import NUMERIC_INPUTS
from skillviewer.nets.presets import OptimiserSettings

_SCORING_SHARE = 0.8
"""Duration of scoring a video in float32, divided by that of training on it once.

The statistics of the features that the model was trained on are included.
"""

NUMERIC_TRAINING_S = 0.2
"""Duration of the training of a model whose inputs are numbers, such as statistics of tracks (``NUMERIC_INPUTS``)."""

_SAVING_S = 4.0
"""Processor seconds in which a checkpoint is tested once more and written, with the plot of its training curves."""


@dataclass(frozen=True, slots=True)
class WorkDuration:
    """Duration of some work."""

    loaded_s: float = 0.0  # seconds at the present load of the computer
    idle_s: float = 0.0  # seconds on an idle computer

    @classmethod
    def of(cls, pace: Pace, amount: float = 1.0) -> "WorkDuration":
        """Return the duration of ``amount`` equal pieces of work."""
        loaded_s = amount * pace.seconds(current_load())
        idle_s = amount * pace.seconds(IDLE)
        return cls(loaded_s, idle_s)

    def __add__(self, other: "WorkDuration") -> "WorkDuration":
        return WorkDuration(self.loaded_s + other.loaded_s, self.idle_s + other.idle_s)

    def __mul__(self, times: float) -> "WorkDuration":
        return WorkDuration(self.loaded_s * times, self.idle_s * times)

    def phase(self, name: str, text: str) -> PlannedPhase:
        """Return a phase of this duration."""
        return PlannedPhase(name=name, seconds=self.loaded_s, text=text, idle_s=self.idle_s)


def training_duration(
    pace: Pace, settings: OptimiserSettings, pairs: Sequence[Pair], n_epochs: int, n_scored: int = 0
) -> WorkDuration:
    """Return the duration of a training on some pairs, and of scoring some videos afterwards.

    Args:
        pace: Pace of one video in one batch.
        settings: Settings of the optimiser, by which batches are drawn.
        pairs: Training pairs.
        n_epochs: Number of epochs.
        n_scored: Number of videos that the trained model scores.
    """
    batches = draw_batches(pairs, settings, np.random.default_rng(0))
    n_drawn = sum(len(names) for names, _ in batches)
    n_trained = n_epochs * n_drawn
    return WorkDuration.of(pace, n_trained + n_scored * _SCORING_SHARE)


def network_pace(plan: TrainingPlan) -> Pace:
    """Return the pace of the training of a network, for one video in one batch."""
    precision = plan.settings().precision
    return training_pace(plan.model, plan.sizes(), precision, plan.preprocessing.n_segments)


def network_duration(plan: TrainingPlan, fold: Fold, pace: Pace | None = None) -> WorkDuration:
    """Return the duration of one training on a fold, without ``with_tracks``, and of scoring all videos of the fold.

    Args:
        plan: Plan of the training.
        fold: Videos and pairs to train on.
        pace: Pace of the network, or None for that of ``network_pace``.
    """
    if plan.inputs in NUMERIC_INPUTS or not fold.train_pairs:
        return WorkDuration(NUMERIC_TRAINING_S, NUMERIC_TRAINING_S)
    n_scored = len(fold.train_videos) + len(fold.held_out_videos)
    if pace is None:
        pace = network_pace(plan)
    return training_duration(
        pace=pace,
        settings=plan.settings_on(fold).optimiser,
        pairs=fold.train_pairs,
        n_epochs=count_stages(plan.select, plan.inner_folds, refit=plan.refit) * plan.settings().optimiser.epochs,
        n_scored=n_scored,
    )


def saving_duration() -> WorkDuration:
    """Return the duration of testing and writing a checkpoint at the end of a training."""
    return WorkDuration.of(Pace(_SAVING_S, 1.0))
