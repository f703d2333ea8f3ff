"""Calibration of a fine-tuned model to the raters' scale, by scores of people that the scoring model has not seen.

If too few people are held out, the training is repeated on folds by person, from the same initial model. People that
the initial model was trained on are left out.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import FoldUnit
from skillviewer.core.evaluation.training_forecast import ScaleProspect
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, TuningSplit, selection_fold
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.ratings.fit_calibration import rated_participants
from skillviewer.engine.finetuning.prior_pairs import PriorPairs
from skillviewer.engine.finetuning.stopping import StopTraining
from skillviewer.engine.finetuning.tuned_scale_prospect import TRAINING_DATA_UNKNOWN
from skillviewer.engine.finetuning.tuning_data import TuningData, prior_pairs_of
from skillviewer.engine.finetuning.tuning_loop import TunedModel, tune
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.scale_folds import N_FOLDS, learn_scale
from skillviewer.engine.training.training_split import TrainingSplit

STOPPED = "The training was stopped before the raters' scale was learned."


def n_tuning_scale_folds(study: StudyPairs, split: TuningSplit, prospect: ScaleProspect, requested: int | None) -> int:
    """Return the number of further trainings for the raters' scale; ``requested`` is None for as many as are needed."""
    if not prospect.is_possible:
        return 0
    if requested is not None:
        return requested
    participants = study.dataset.participants
    trained_people = {participants.get(name) for name in split.fold.train_videos}
    new_videos = [name for name in split.fold.held_out_videos if participants.get(name) not in trained_people]
    return N_FOLDS if rated_participants(study.dataset, new_videos) < prospect.n_needed else 0


def learn_tuned_scale(
    tuning_data: TuningData,
    tuned: TunedModel,
    choices: TuningChoices,
    token: CancelToken,
    report: Report,
    stop: CancelToken,
    work: Path,
) -> ScoreCalibration | None:
    """Return the map from the scores of a fine-tuned model to the raters' scale, or a refusal to map them.

    It is None if the study has no ratings.
    Arguments are those of ``tune``; the states of further trainings are saved in folders below ``work``.
    """
    study_pairs = tuning_data.study_pairs
    prior = prior_pairs_of(tuning_data.initial)
    if study_pairs.dataset.ratings is None or study_pairs.dataset.scores is None:
        return None

    def refused(reason: str) -> ScoreCalibration:
        return ScoreCalibration(study_pairs.dataset.criterion, study_pairs.dataset.task, refusal=reason)

    parent = tuning_data.initial.parent.name if tuning_data.initial.parent is not None else ""
    if prior is None and parent:
        return refused(TRAINING_DATA_UNKNOWN)
    unseen_people = _unseen_people(study_pairs, prior)
    tested_fold = replace(tuned.fold, held_out_videos=tuning_data.split.fold.held_out_videos)
    split = TrainingSplit(tuned.fold, unseen_people, tested_fold, "")

    def train_fold(number: int, fold: Fold) -> Mapping[str, float]:
        stage = f"learning the raters' scale, fold {number}"
        folder = work / f"scale-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        trained_pairs = tuple(pair for pair in fold.train_pairs if not study_pairs.is_reserved(pair))
        trained_fold = replace(fold, train_pairs=trained_pairs)
        inner_fold = selection_fold(study_pairs.dataset, trained_fold, choices.seed)
        fold_data = replace(tuning_data, split=TuningSplit(FoldUnit.PARTICIPANT, trained_fold, inner_fold))

        def report_fold(progress: Progress) -> None:
            report(Progress(stage, progress.done, progress.total))

        if stop.cancelled:
            raise StopTraining
        model = tune(fold_data, choices, token, report_fold, stop, work=folder).model
        if stop.cancelled:  # the training ended early
            raise StopTraining
        return predict(model, tuning_data.store, sorted(tuning_data.store), token, maps=False).scores

    scores = predict(tuned.model, tuning_data.store, sorted(tuning_data.store), token, maps=False).scores
    try:
        return learn_scale(
            unseen_people,
            split,
            scores,
            requested=choices.scale_folds,
            seed=choices.seed,
            score_training=lambda: scores,
            train_fold=train_fold,
        )
    except StopTraining:
        return refused(STOPPED)


def _unseen_people(study: StudyPairs, prior: PriorPairs | None) -> Dataset:
    """Return the videos of the people that the initial model was not trained on."""
    participants = study.dataset.participants
    trained_videos = study.videos_sharing_frames(prior.trained_on) if prior is not None else frozenset()
    trained_people = {participants[name] for name in trained_videos if name in participants}
    new_names = []
    for video in study.dataset.videos:
        is_trained = video.name in trained_videos or video.participant in trained_people
        if not is_trained:
            new_names.append(video.name)
    return study.dataset.restricted(new_names)
