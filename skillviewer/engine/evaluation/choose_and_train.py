"""Automatic choice of a model, and its training on all people.

The accuracy of the whole procedure is measured on held-out people, and stated on the card of the trained model.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.evaluation.model_choice import CheckLevel, ModelChoice
from skillviewer.core.paths import training_folder
from skillviewer.core.ratings.fit_calibration import raters_scale, scale_prospect
from skillviewer.engine.evaluation.choice_plan import ChoicePlan
from skillviewer.engine.evaluation.choose_model import ChosenModel, choose_model
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.training.checkpoint_writing import OuterCheck
from skillviewer.engine.training.run_folder import write_json
from skillviewer.engine.training.scale_folds import align_scores
from skillviewer.engine.training.train_checkpoint import TrainingResources, TrainingResult, train_checkpoint
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.nets.checkpoint import check_destination
from skillviewer.nets.model_card import HeldOut

CHOICE_FILE = "choice.json"
"""File with the choice and its accuracies, in the folder of the checkpoint."""

_ADVICE = "Check it cross-validated: then every person is scored by a model that has not seen them."


@dataclass(frozen=True, slots=True)
class ChosenTraining:
    """Result of a training with an automatic choice."""

    training: TrainingResult
    choice: ModelChoice


def choose_and_train(
    plan: ChoicePlan,
    dataset: Dataset,
    folder: Path,
    control: TrainingControl,
    resources: TrainingResources,
    *,
    replace: bool = False,
    work_folder: Path | None = None,
) -> ChosenTraining:
    """Choose a model, train it on all people, and write its checkpoint with the accuracy of the whole procedure.

    Finished trainings are saved in ``work_folder`` (by default next to the checkpoint) until the checkpoint is written,
    so that the same call continues after a stop.

    Raises:
        DatasetError: There are too few people, or no video can be read.
        CheckpointError: The checkpoint exists already or cannot be written.
        ExportError: The folder cannot be written.
        SettingsError: The cache is too small, another training makes that checkpoint, or a training diverged.
        DeviceError: The device is not there, or ran out of memory.
    """
    check_destination(folder, replace=replace)
    if work_folder is None:
        work_folder = choice_work_folder(folder)
    with training_lock(folder.with_name(f"{folder.name}.choice")):
        chosen_model = choose_model(plan, dataset, work_folder, control, resources)
    result = train_checkpoint(
        plan.plan_for(chosen_model.choice.winner),
        dataset,
        folder,
        control,
        resources,
        replace=replace,
        outer_check=_outer_check_of(chosen_model),
    )
    shutil.rmtree(work_folder, ignore_errors=True)
    return ChosenTraining(result, chosen_model.choice)


def choice_work_folder(folder: Path) -> Path:
    """Return the folder of finished trainings until the checkpoint at ``folder`` is written."""
    return training_folder(folder.absolute().with_name(f"{folder.name}.choice"))


def _outer_check_of(chosen_model: ChosenModel) -> OuterCheck:
    """Return the check of a choice, for the card of the model that is trained on all people."""
    choice = chosen_model.choice
    check_text = "every person held out once" if choice.level is CheckLevel.CROSS_VALIDATED else "one quarter held out"
    references = [(row.title.lower(), row.accuracy.value) for row in choice.baselines]
    if choice.one_rater is not None:
        references.append(("one rater", choice.one_rater.value))
    accuracy_on_new_people = choice.accuracy if choice.on_new_people else None
    held_out = HeldOut.of(
        choice.all_pairs,
        rule=f"{check_text} by {choice.unit}, of the whole procedure: the model was chosen without the people held out",
        both_new=accuracy_on_new_people,
    )
    return OuterCheck(
        held_out=held_out,
        references=tuple(references),
        verdict=choice.verdict.sentence,
        notes="Chosen from a short list, and trained on all people.",
        calibrate=partial(_calibrate, chosen_model),
        write_files=partial(_write_choice, choice),
    )


def _write_choice(choice: ModelChoice, folder: Path) -> None:
    write_json(folder / CHOICE_FILE, msgspec.to_builtins(choice))


def _calibrate(chosen_model: ChosenModel, scores: Mapping[str, float]) -> ScoreCalibration | None:
    """Fit the calibration to the raters' scale, given the scores of all videos by the final model.

    It is fitted to out-of-fold scores, which are first aligned with those of the final model.
    """
    dataset = chosen_model.dataset
    out_of_fold = dict[str, float]()
    for fold_scores in chosen_model.outer_scores:
        scored_names = [name for name in fold_scores.fold.train_videos if name in scores]
        aligned_scores = align_scores(scores, fold_scores.scores, scored_names)
        names = [name for name in fold_scores.fold.held_out_videos if name in dataset.participants]
        out_of_fold |= {name: aligned_scores[name] for name in names}
    is_quick = chosen_model.choice.level is CheckLevel.QUICK
    advice = ""
    if is_quick and scale_prospect(dataset).is_possible:
        advice = _ADVICE
    source = "held out" if is_quick else f"{len(chosen_model.outer_scores)} folds by person"
    return raters_scale(dataset, out_of_fold, source, advice)
