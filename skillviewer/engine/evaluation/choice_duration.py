"""Duration of the trainings of an automatic choice, before they begin."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.evaluation.choice_folds import training_without
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.engine.evaluation.choice_plan import ChoicePlan, TrainingCounts
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.training_duration import WorkDuration, network_duration


def choice_duration(plan: ChoicePlan, usable: Dataset, parts: Sequence[Fold], counts: TrainingCounts) -> WorkDuration:
    """Return the duration of all trainings of a choice, the final one excepted.

    Args:
        plan: Plan of the choice.
        usable: Videos and pairs that can be trained on.
        parts: Parts of the people; each part is held out by a fold.
        counts: Numbers of trainings by model.
    """
    is_quick = plan.level is CheckLevel.QUICK
    pairs_of_parts = [(parts[0], part) for part in parts[1:]] if is_quick else list(combinations(parts, 2))
    without_two = [training_without(usable, one, other) for one, other in pairs_of_parts]
    without_one = parts[:1] if is_quick else parts
    comparison_plans = {name: plan.comparison_plan(name) for name in plan.candidates}
    full_plans = {name: plan.plan_for(name) for name in (*plan.candidates, *plan.rivals)}
    inner = _total(counts.without_two, comparison_plans, without_two)
    curve = _total(counts.curve, comparison_plans, without_one)
    outer = _total(counts.without_one, full_plans, without_one)
    return inner + curve + outer


def _total(counts: Mapping[str, int], plans: Mapping[str, TrainingPlan], folds: Sequence[Fold]) -> WorkDuration:
    """Return the duration of so many trainings of each model, which are spread evenly over some folds."""
    duration = WorkDuration()
    for name, n in counts.items():
        for fold in folds:
            duration += network_duration(plans[name], fold) * (n / len(folds))
    return duration
