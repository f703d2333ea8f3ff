"""Plan of an automatic choice of a model, and the number of trainings that the choice takes."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from skillviewer.core.evaluation.choice_folds import CANDIDATES, N_FOLDS
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import NUMERIC_INPUTS, InputKind, attention_model

RIVALS = ("duration", "motion")
"""Baselines that are trained and tested on the same people.

If the data set has tracks or a laboratory's measures, the models on them become baselines and candidates too.
"""

COMPARISON_STRIDE = 2
"""Fusion stride of trainings that only compare candidates.

Maps have 7 x 7 cells instead of 13 x 13. The training takes a quarter of the time, and the accuracy is the same
(benchmarks/notebook/finer-maps.md).
"""


@dataclass(frozen=True, slots=True)
class ChoicePlan:
    """Settings of an automatic choice."""

    training: TrainingPlan = field(default_factory=TrainingPlan)  # plan of every training, except for its model
    candidates: tuple[str, ...] = CANDIDATES
    level: CheckLevel = CheckLevel.CROSS_VALIDATED
    rivals: tuple[str, ...] = RIVALS

    def plan_for(self, model: str) -> TrainingPlan:
        """Return the training plan of a model."""
        return dataclasses.replace(self.training, model=model)

    def comparison_plan(self, model: str) -> TrainingPlan:
        """Return the plan of a training that only compares candidates: with coarser maps, if the model has maps."""
        plan = self.plan_for(model)
        if plan.inputs is not InputKind.FEATURES or plan.sizes().fusion_stride >= COMPARISON_STRIDE:
            return plan
        return dataclasses.replace(plan, fusion_stride=COMPARISON_STRIDE)

    def check(self) -> None:
        """Check the plan of every model; raises the errors of ``TrainingPlan.check``."""
        for name in (*self.candidates, *self.rivals):
            self.plan_for(name).check()


def can_have_checkpoint(model: str) -> bool:
    """Return True if a checkpoint of a model can be made."""
    return attention_model(model).inputs not in NUMERIC_INPUTS


@dataclass(frozen=True, slots=True)
class TrainingCounts:
    """Numbers of trainings by model, without the final training on all people."""

    without_two: Mapping[str, int]  # trainings without two parts of the people: the inner cross-validation
    without_one: Mapping[str, int]  # trainings without one part
    curve: Mapping[str, int]  # trainings without one part, with coarser maps: the last point of the learning curve

    @property
    def total(self) -> int:
        """Number of all these trainings."""
        return sum(sum(counts.values()) for counts in (self.without_two, self.without_one, self.curve))


def count_trainings(plan: ChoicePlan, n_folds: int = N_FOLDS) -> TrainingCounts:
    """Return the numbers of trainings without the final one on all people.

    The winner of an outer fold is not known in advance. Its trainings are counted for the last candidate that can have
    a checkpoint.
    """
    is_quick = plan.level is CheckLevel.QUICK
    n_two = n_folds - 1 if is_quick else n_folds * (n_folds - 1) // 2
    n_outer = 1 if is_quick else n_folds
    savable = [name for name in plan.candidates if can_have_checkpoint(name)]
    assumed_winner = savable[-1] if savable else plan.candidates[0]
    outer_counts = Counter(dict.fromkeys(plan.rivals, n_outer))
    outer_counts[assumed_winner] += n_outer
    has_coarse_plan = plan.comparison_plan(assumed_winner) != plan.plan_for(assumed_winner)
    curve = {assumed_winner: n_outer} if has_coarse_plan else {}
    return TrainingCounts(dict.fromkeys(plan.candidates, n_two), outer_counts, curve)
