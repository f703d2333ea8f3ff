"""The raters' scale of a fine-tuned model: people are scored by models that have not seen them.

Where too few people are held out, the training is repeated on folds by person, from the same initial model. People whom
the initial model was trained on take no part.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import FoldUnit
from skillviewer.core.evaluation.training_forecast import ScaleProspect
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, TuningSplit, choosing_fold
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.ratings.fit_calibration import rated_participants
from skillviewer.engine.finetuning.prior_pairs import UNKNOWN, PriorPairs
from skillviewer.engine.finetuning.stopping import StopTraining
from skillviewer.engine.finetuning.tuning_data import TuningData, known_of
from skillviewer.engine.finetuning.tuning_loop import Tuned, tune
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.scale_folds import N_FOLDS, learn_scale
from skillviewer.engine.training.training_split import TrainingSplit

STOPPED = "The training was stopped before the raters' scale was learned."


def n_tuning_scale_folds(study: StudyPairs, split: TuningSplit, prospect: ScaleProspect, requested: int | None) -> int:
    """Return the number of further trainings for the raters' scale; ``requested`` is None for as many as are needed."""
    trained = {study.dataset.participants.get(name) for name in split.fold.train_videos}
    new_people = [n for n in split.fold.held_out_videos if study.dataset.participants.get(n) not in trained]
    needed = N_FOLDS if rated_participants(study.dataset, new_people) < prospect.n_needed else 0
    if not prospect.is_possible:
        return 0
    return needed if requested is None else requested


def learn_tuned_scale(
    prepared: TuningData,
    tuned: Tuned,
    choices: TuningChoices,
    token: CancelToken,
    report: Report,
    stop: CancelToken,
    work: Path,
) -> ScoreCalibration | None:
    """Return the map from the scores of a fine-tuned model to the raters' scale, or a refusal; None without ratings.

    Arguments are those of ``tune``; the states of further trainings are saved in folders below ``work``.
    """
    study = prepared.study
    prior = known_of(prepared.start)
    if study.dataset.ratings is None or study.dataset.scores is None:
        return None

    def refused(reason: str) -> ScoreCalibration:
        return ScoreCalibration(study.dataset.criterion, study.dataset.task, refusal=reason)

    parent = prepared.start.parent.name if prepared.start.parent is not None else ""
    if prior is None and parent:
        return refused(UNKNOWN)
    new = _unseen_people(study, prior)
    split = TrainingSplit(tuned.fold, new, replace(tuned.fold, held_out_videos=prepared.split.fold.held_out_videos), "")

    def train_fold(number: int, fold: Fold) -> Mapping[str, float]:
        title = f"learning the raters' scale, fold {number}"
        folder = work / f"scale-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        trained = replace(fold, train_pairs=tuple(p for p in fold.train_pairs if not study.is_reserved(p)))
        inner = choosing_fold(study.dataset, trained, choices.seed)
        fold_data = replace(prepared, split=TuningSplit(FoldUnit.PARTICIPANT, trained, inner))

        def hear(progress: Progress) -> None:
            report(Progress(title, progress.done, progress.total))

        if stop.cancelled:
            raise StopTraining
        model = tune(fold_data, choices, token, hear, stop, folder).model
        if stop.cancelled:  # it is not trained to its end
            raise StopTraining
        return predict(model, prepared.store, sorted(prepared.store), token, maps=False).scores

    scores = predict(tuned.model, prepared.store, sorted(prepared.store), token, maps=False).scores
    try:
        return learn_scale(new, split, scores, choices.scale_folds, choices.seed, lambda: scores, train_fold)
    except StopTraining:
        return refused(STOPPED)


def _unseen_people(study: StudyPairs, prior: PriorPairs | None) -> Dataset:
    """Return the videos of the people whom the initial model has not seen."""
    trained_videos = study.sharing_frames(prior.trained_on) if prior is not None else frozenset()
    participants = {study.dataset.participants[name] for name in trained_videos if name in study.dataset.participants}
    names = [v.name for v in study.dataset.videos if v.name not in trained_videos and v.participant not in participants]
    return study.dataset.restricted(names)
