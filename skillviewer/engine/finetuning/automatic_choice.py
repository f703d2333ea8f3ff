"""Training of an automatically chosen model on a study."""

import shutil
from dataclasses import replace

from skillviewer.core.errors import Cancelled
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.finetuning.split import TuningChoices
from skillviewer.core.finetuning.version_accuracy import accuracy_facts
from skillviewer.core.paths import training_folder
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.preprocessing import FEATURE_EFFORTS, QUICK
from skillviewer.engine.evaluation.choice_plan import ChoicePlan
from skillviewer.engine.evaluation.choose_and_train import choose_and_train
from skillviewer.engine.finetuning.job import AutoModelJob, ChoiceResult
from skillviewer.engine.runtime.device import choose_device, training_precision
from skillviewer.engine.training.train_checkpoint import TrainingResources
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan


def plan_choice(
    choices: TuningChoices, level: CheckLevel = CheckLevel.CROSS_VALIDATED, device_name: str = "auto"
) -> ChoicePlan:
    """Return the plan of a choice on a study, with the seed and the epochs of the user's choices.

    Raises:
        DeviceError: The device is not there.
    """
    training = TrainingPlan(
        preprocessing=QUICK,
        candidates=FEATURE_EFFORTS[0].candidates,
        select=EpochSelection.LAST,
        epochs=choices.epochs,
        seed=choices.seed,
        training_precision=training_precision("auto", choose_device(device_name)),
    )
    return ChoicePlan(training, level=level)


def train_automatically(job: AutoModelJob, token: CancelToken, report: Report) -> ChoiceResult:
    """Choose a model for a study, and train it on all people.

    If the token is raised, the finished trainings stay in the job's work folder, and the same job continues from them.
    Errors are those of ``choose_and_train``.
    """
    study = job.study_pairs
    trained_pairs = tuple(pair for pair in study.dataset.pairs if not study.is_reserved(pair))
    dataset = replace(study.dataset, pairs=trained_pairs)
    resources = TrainingResources(job.cache(), job.device_name)
    plan = plan_choice(job.choices, job.level, job.device_name)
    control = TrainingControl(token, report)
    try:
        outcome = choose_and_train(plan, dataset, job.folder, control, resources, work_folder=job.work_folder())
    except (Cancelled, KeyboardInterrupt):
        shutil.rmtree(training_folder(job.folder.absolute()), ignore_errors=True)  # of a checkpoint never written
        raise
    choice = outcome.choice
    checkpoint = outcome.training.checkpoint
    scale = checkpoint.card.raters_scale
    accuracy_on_new_people = choice.accuracy if choice.on_new_people else None
    scale_text = scale.about if scale is not None else ""
    facts: dict[str, object] = {
        "model": choice.winner,
        "videos": checkpoint.card.n_videos,
        "pairs": checkpoint.card.n_pairs,
        "held_out_by": choice.unit,
        **accuracy_facts(choice.all_pairs, accuracy_on_new_people),
        "seed": job.choices.seed,
        "verdict": choice.verdict.sentence,
        "is_improvement": choice.verdict.is_improvement,
        "raters_scale": scale_text,
    }
    return ChoiceResult(job.folder, checkpoint.digest, choice, facts, outcome.training.problems)
