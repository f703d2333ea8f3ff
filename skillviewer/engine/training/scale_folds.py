"""Scores of people not seen, by which a model learns the raters' scale: of those held out, or of folds by person.

The model of a fold has a zero and a unit of its own. Its scores are moved to those of the kept model by mean and
standard deviation over the videos that both were trained on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.raters_scale import RatersScale
from skillviewer.core.dataset.folds import FoldsBy, make_folds
from skillviewer.core.dataset.pairs import Dataset, Fold
from skillviewer.core.progress import Progress
from skillviewer.core.ratings.scale_map import LEVEL, least_people, rated_people, raters_scale
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.runtime.distributed import ProcessGroup
from skillviewer.engine.training.division import TrainingSplit
from skillviewer.engine.training.fit_fold import FoldInputs, fit_fold
from skillviewer.engine.training.inputs import TrainingInputs
from skillviewer.engine.training.loop import Keeper, Select, TrainingControl
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.predict import predict
from skillviewer.nets.attention import AttentionModel

N_FOLDS = 4
ADVICE = f"Train with --scale-folds {N_FOLDS}, by which every person is scored by a model that has not seen them."

OPTIMISTIC = "The epoch was chosen on the people held out: train with another --select."


def n_scale_folds(dataset: Dataset, held_out: int, asked: int | None) -> int:
    """Return the number of folds to train on for the raters' scale: 0 where it needs none, or can have none.

    Args:
        dataset: The data set of the training.
        held_out: Rated people who are held out anyway.
        asked: Number that was asked for, or None for as many as are needed.
    """
    if dataset.ratings is None or asked == 0:
        return 0
    least = least_people(LEVEL) + 1
    needed = held_out < least <= rated_people(dataset, dataset.names)
    return asked if asked is not None else N_FOLDS if needed else 0


def aligned(scores: Mapping[str, float], of_fold: Mapping[str, float], shared: list[str]) -> dict[str, float]:
    """Return the scores of a fold's model with zero and unit of another's, by the videos that both were trained on.

    Args:
        scores: Scores by the kept model.
        of_fold: Scores by the fold's model.
        shared: Videos that both were trained on.
    """
    kept, own = (np.array([values[name] for name in shared]) for values in (scores, of_fold))
    unit = float(kept.std() / own.std()) if own.std() > 0 else 1.0
    return {name: float(kept.mean() + (score - own.mean()) * unit) for name, score in of_fold.items()}


@dataclass(frozen=True, slots=True)
class ScaleTraining:
    """A training whose model learns the raters' scale.

    Attributes:
        plan: Plan of the training.
        dataset: Videos that can be read.
        divided: What was held out.
        on: Features, device and backbones of the training.
        inputs: Its inputs.
        keeper: Keeps the state of a stage.
        together: The processes that train together.
    """

    plan: TrainingPlan
    dataset: Dataset
    divided: TrainingSplit
    on: FoldInputs
    inputs: TrainingInputs
    keeper: Callable[[str], Keeper]
    together: ProcessGroup

    def learn(
        self,
        head: AttentionModel,
        store: FeatureStore,
        tested: Mapping[str, float],
        asked: int | None,
        control: TrainingControl,
    ) -> RatersScale | None:
        """Return the map from the kept model's scores to the raters' scale, or a refusal; None without ratings.

        Args:
            head: Head of the kept model.
            store: Features that it takes, of the videos of the training.
            tested: Its scores of the tested data set.
            asked: Number of folds, or None for as many as are needed.
            control: Stops the trainings, and is told of them.
        """
        divided, dataset = self.divided, self.dataset
        optimistic = self.plan.select is Select.BEST_ON_TEST
        of_held_out = divided.tested if divided.tested.criterion == dataset.criterion else dataset
        held_out = {} if optimistic or of_held_out is not divided.tested else self._held_out(tested)
        n_people = rated_people(of_held_out, held_out)
        n_folds = 0 if optimistic else n_scale_folds(dataset, n_people, asked)
        if not n_folds:
            return raters_scale(of_held_out, held_out, "held out from training", OPTIMISTIC if optimistic else ADVICE)
        known = dataset.restricted(dataset.participants)
        folds = make_folds(known, n_folds, FoldsBy.PARTICIPANT, self.plan.seed).folds
        scores = tested if divided.tested is dataset else predict(head, store, dataset.names, control.token).scores
        found: dict[str, float] = {}
        for number, fold in enumerate(folds, start=1):
            stage = f"learning the raters' scale, fold {number} of {len(folds)}"
            control.report(Progress(stage, number - 1, len(folds)))
            if fold.held_out_videos == divided.fold.held_out_videos:
                found |= {name: scores[name] for name in fold.held_out_videos}
            elif fold.train_pairs:
                found |= self._scored(fold, number, scores, control)
        return raters_scale(known, found, f"{len(folds)} folds by person")

    def _held_out(self, tested: Mapping[str, float]) -> dict[str, float]:
        """Return the scores of held-out videos whose people are in no training video."""
        trained = {self.dataset.participants.get(name) for name in self.divided.fold.train_videos}
        people, held_out = self.divided.tested.participants, self.divided.tested_fold.held_out_videos
        return {name: tested[name] for name in held_out if people.get(name) not in trained}

    def _scored(
        self, fold: Fold, number: int, scores: Mapping[str, float], control: TrainingControl
    ) -> dict[str, float]:
        """Return the scores of a fold's held-out videos by a model trained on the others, as the kept model's."""
        model, _ = fit_fold(
            self.plan,
            self.dataset,
            fold,
            self.on,
            control,
            lambda stage: self.keeper(f"scale-{number}-{stage}"),
            self.together,
        )
        head, _, (store,) = self.inputs.separate(model, (self.on.store,))
        shared = sorted({*fold.train_videos} & {*self.divided.fold.train_videos})
        names = [*fold.held_out_videos, *shared]
        of_fold = aligned(scores, predict(head, store, names, control.token, maps=False).scores, shared)
        return {name: of_fold[name] for name in fold.held_out_videos}
