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

    Models that train their backbones are left out, since they need a GPU and days. Models on tracks or measures are
    left out, since few data sets have such inputs; to evaluate these models, name them as controls.
    """
    unusual = {InputKind.SNIPPETS, InputKind.TRACKS, InputKind.MEASURES}
    return tuple(entry.name for entry in ATTENTION_MODELS if entry.inputs not in unusual)


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """Models and settings of an evaluation.

    Attributes:
        models: Entries in ATTENTION_MODELS; every further model is compared with the first.
        controls: Further entries in ATTENTION_MODELS, each evaluated if the data set has its inputs.
        training: Plan of every training, except for model and seed.
        n_folds: Number of folds if the data set has none of its own; None for four.
        fold_unit: Unit that is held out. None takes the released folds or, without these, participants. If the
            participants are not known either, videos are held out, with a warning.
        n_seeds: Number of seeds; every model is trained on every fold with seeds 0, 1, ...
        workers: Where the runs are computed: in this process, in several processes, or on a cluster.
        tolerance: Number of cells by which a map may miss a region.
        regions_from_tracks: Whether the regions come from the tracks saved with the videos, instead of the data set's
            table of regions.
        save_checkpoints: Whether to save a checkpoint of every run.
        metrics: Names of further metrics (see ``core.ratings.predictions.metrics_named``). Their confidence intervals
            are over participants.
    """

    models: tuple[str, ...] = ("full",)
    training: TrainingPlan = field(default_factory=TrainingPlan)
    n_folds: int | None = None
    fold_unit: FoldUnit | None = None
    n_seeds: int = 1
    workers: Workers = field(default_factory=Workers)
    tolerance: int = 1
    regions_from_tracks: bool = False
    save_checkpoints: bool = False
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
        """Return the models that take a kind of inputs."""
        return tuple(name for name in self.models if attention_model(name).inputs is inputs)
