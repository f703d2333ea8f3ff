"""Duration of the trainings of an automatic choice, before they begin."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.evaluation.choice_folds import training_without
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.engine.evaluation.choice_plan import ChoicePlan, count_trainings
from skillviewer.engine.runtime.pace import Pace
from skillviewer.engine.training.training_duration import WorkDuration, network_duration, network_pace
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import NUMERIC_INPUTS


def network_paces(plan: ChoicePlan) -> dict[TrainingPlan, Pace]:
    """Return the pace of every network of a choice, by the plan of its training."""
    names = (*plan.candidates, *plan.rivals)
    training_plans = [plan.plan_for(name) for name in names] + [plan.comparison_plan(name) for name in names]
    networks = {training_plan for training_plan in training_plans if training_plan.inputs not in NUMERIC_INPUTS}
    return {training_plan: network_pace(training_plan) for training_plan in networks}


def choice_duration(
    plan: ChoicePlan, dataset: Dataset, parts: Sequence[Fold], paces: Mapping[TrainingPlan, Pace]
) -> WorkDuration:
    """Return the duration of all trainings of a choice, the final one excepted.

    Args:
        plan: Plan of the choice.
        dataset: Videos and pairs that can be trained on.
        parts: Parts of the people; each part is held out by a fold.
        paces: Paces of ``network_paces``.
    """
    is_quick = plan.level is CheckLevel.QUICK
    pairs_of_parts = [(parts[0], part) for part in parts[1:]] if is_quick else list(combinations(parts, 2))
    without_two = [training_without(dataset, part, other_part) for part, other_part in pairs_of_parts]
    without_one = parts[:1] if is_quick else parts

    def total(n_by_plan: Mapping[TrainingPlan, int], folds: Sequence[Fold]) -> WorkDuration:
        """Return the duration of ``n_by_plan`` trainings of each plan, spread evenly over the folds."""
        duration = WorkDuration()
        for training_plan, n in n_by_plan.items():
            for fold in folds:
                duration += network_duration(training_plan, fold, paces.get(training_plan)) * (n / len(folds))
        return duration

    counts = count_trainings(plan, len(parts))
    inner_duration = total({plan.comparison_plan(name): n for name, n in counts.without_two.items()}, without_two)
    curve_duration = total({plan.comparison_plan(name): n for name, n in counts.curve.items()}, without_one)
    outer_duration = total({plan.plan_for(name): n for name, n in counts.without_one.items()}, without_one)
    return inner_duration + curve_duration + outer_duration
