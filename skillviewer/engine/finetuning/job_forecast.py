"""Forecast of a training on a study; see ``engine.evaluation.forecast``. It opens no video and trains nothing."""

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.engine.evaluation.forecast import (
    Seconds,
    features_phase,
    forecast_choice,
    frames_missing,
    saving,
    training_seconds,
)
from skillviewer.engine.features.dataset_features import check_room
from skillviewer.engine.finetuning.automatic_choice import choice_plan
from skillviewer.engine.finetuning.first_forecast import remember_forecast
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import ChoiceJob, TrainingJob, TuningJob
from skillviewer.engine.finetuning.prior_pairs import split_for, tuned_prospect
from skillviewer.engine.finetuning.tuned_scale import n_tuning_scale_folds
from skillviewer.engine.finetuning.tuning_data import known_of
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.epoch_pace import training_pace


def forecast_job(job: TrainingJob) -> TrainingForecast:
    """Return the phases of a training on a study, with the time of each on this computer.

    Raises:
        DatasetError: There is nothing to train on, or there are too few people to choose a model.
        SettingsError: The cache is too small for the features.
        CheckpointError: The model cannot be read.
        DeviceError: The device is not there.
    """
    if isinstance(job, ChoiceJob):
        plan = choice_plan(job.choices, job.level, job.device_name)
        forecast = forecast_choice(plan, job.study.dataset, job.study.digests, job.cache(), job.device_name)
    else:
        forecast = _forecast_tuning(job)
    remember_forecast(job, forecast)
    return forecast


def _forecast_tuning(job: TuningJob) -> TrainingForecast:
    dataset = job.study.dataset
    choices = job.choices
    with device_errors():
        start = InitialModel.of(job.parent, choose_device(job.device_name), job.cache(), choices.model)
    prior = known_of(start)
    parent = start.parent.name if start.parent is not None else ""
    split = split_for(job.study, choices, prior, parent)
    n_videos = _n_files(dataset)
    check_room(start.source, n_videos, n_videos * choices.candidates * start.config.preprocessing.n_segments)
    missing = frames_missing(start.source, dataset, job.study.digests, choices.candidates)
    features = features_phase(missing, start.source, dataset, choices.candidates)
    others = prior.apart_from(job.study) if prior is not None and choices.old_pairs else None
    if others is not None:
        digests = {name: digest for name, (digest, _) in others.clips.items()}
        missing_old = frames_missing(start.source, others.dataset, digests, 1)
        old = features_phase(missing_old, start.source, others.dataset, 1)
        missing += missing_old
        seconds = features.seconds + old.seconds
        idle_s = (features.idle_s or 0) + (old.idle_s or 0)
        features = PlannedPhase("features", seconds, features.text if features.seconds else old.text, idle_s)
    cost = _training(start, job, split.fold.train_pairs)
    if split.inner is not None:
        cost += _training(start, job, split.inner.train_pairs)
    prospect = tuned_prospect(job.study, prior, parent)
    n_folds = n_tuning_scale_folds(job.study, split, prospect, choices.scale_folds)
    choice_text = "; the epoch is chosen first" if split.inner is not None else ""
    more_text = f"; {n_folds} further trainings for the raters' scale" if n_folds else ""
    phases = (
        features,
        (cost + saving()).phase("training", f"training on {len(split.fold.train_pairs)} pairs{choice_text}"),
        (cost * n_folds).phase("checking", f"check on {len(split.fold.test_pairs)} pairs held out{more_text}"),
    )
    return TrainingForecast(phases, missing, prospect)


def _n_files(dataset: Dataset) -> int:
    return sum(video.path is not None for video in dataset.videos)


def _training(start: InitialModel, job: TuningJob, pairs: tuple[Pair, ...]) -> Seconds:
    """Return the duration of all epochs on some pairs, at most, with the scores of their videos."""
    names = videos_of(pairs)
    config = start.config
    settings = start.settings(len(pairs), len(names), job.choices.epochs, job.choices.seed)
    n_segments = config.preprocessing.n_segments
    pace = training_pace(config.attention_model, config.sizes, settings.precision, n_segments)
    return training_seconds(pace, settings.optimiser, pairs, settings.optimiser.epochs, len(names))
