"""Plan of an evaluation: models and settings."""

import dataclasses
from dataclasses import dataclass, field

from skillviewer.core.dataset.folds import FoldUnit
from skillviewer.core.errors import SettingsError
from skillviewer.engine.runtime.workers import Workers
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import ATTENTION_MODELS, InputKind, attention_model


def usual_models() -> tuple[str, ...]:
    """Return the names of the models that can be evaluated on any data set and any computer.

    Models that train their backbones are left out: they need a GPU and days. Models on tracks and measures, which few
    data sets have, are left out too; they are among the controls.
    """
    unusual = {InputKind.SNIPPETS, InputKind.TRACKS, InputKind.MEASURES}
    return tuple(entry.name for entry in ATTENTION_MODELS if entry.inputs not in unusual)


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """Models and settings of an evaluation.

    Attributes:
        models: Entries in ATTENTION_MODELS; the others are compared with the first.
        controls: Further entries in ATTENTION_MODELS, each evaluated if the data set has its inputs.
        training: Plan of every training, except for model and seed.
        n_folds: Number of folds if the data set has none of its own; None for four.
        by: Unit that is held out. None takes the released folds or, without these, participants. If the participants
            are not known either, videos are held out, with a warning.
        n_seeds: Number of seeds; every model is trained on every fold with seeds 0, 1, ...
        workers: Engine of the runs: this process, several, or a cluster.
        tolerance: Number of cells by which a map may miss a region.
        on_tracks: Whether to take the tracks saved with the videos as regions, instead of the data set's table.
        checkpoints: Whether to save a checkpoint of every run.
        metrics: Metrics with intervals over people (``core.ratings.predictions.metrics_named``).
    """

    models: tuple[str, ...] = ("full",)
    training: TrainingPlan = field(default_factory=TrainingPlan)
    n_folds: int | None = None
    by: FoldUnit | None = None
    n_seeds: int = 1
    workers: Workers = field(default_factory=Workers)
    tolerance: int = 1
    on_tracks: bool = False
    checkpoints: bool = False
    metrics: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()

    def check(self) -> None:
        """Check models and settings.

        Raises:
            CheckpointError: A model, preset or backbone is unknown, or a model cannot be evaluated.
            SettingsError: A model is named twice, or settings contradict each other.
        """
        repeated_names = sorted(name for name in self.models if self.models.count(name) > 1)
        if repeated_names:
            raise SettingsError(f"The model {repeated_names[0]} is named twice.")
        if not self.models:
            raise SettingsError("Name at least one model to evaluate.")
        for name in (*self.models, *self.controls):
            self.plan_for(name, 0).check()

    def plan_for(self, model: str, seed: int) -> TrainingPlan:
        """Return the training plan of a model with a seed."""
        return dataclasses.replace(self.training, model=model, seed=seed)

    def models_on(self, inputs: InputKind) -> tuple[str, ...]:
        """Return the models that take some kind of inputs."""
        return tuple(name for name in self.models if attention_model(name).inputs is inputs)
