"""Forecast of a training on a study; see ``engine.evaluation.forecast``. It opens no video and trains nothing."""

import numpy as np

from skillviewer.core.dataset.pairs import Dataset, Pair, videos_of
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.engine.evaluation.forecast import features_phase, forecast_choice, frames_missing
from skillviewer.engine.features.dataset_features import check_room
from skillviewer.engine.finetuning.automatic_choice import choice_plan
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import ChoiceJob, TrainingJob, TuningJob
from skillviewer.engine.finetuning.prior_pairs import split_for, tuned_prospect
from skillviewer.engine.finetuning.tuned_scale import n_tuning_scale_folds
from skillviewer.engine.finetuning.tuning_data import known_of
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.batches import batches
from skillviewer.engine.training.epoch_pace import epoch_s


def forecast_job(job: TrainingJob) -> TrainingForecast:
    """Return what a training on a study will do, and about how long each phase takes on this computer.

    Raises:
        DatasetError: There is nothing to train on, or there are too few people to choose a model.
        SettingsError: The cache is too small for the features.
        CheckpointError: The model cannot be read.
        DeviceError: The device is not there.
    """
    if isinstance(job, ChoiceJob):
        plan = choice_plan(job.choices, job.level)
        return forecast_choice(plan, job.study.dataset, job.study.digests, job.cache(), job.device_name)
    return _forecast_tuning(job)


def _forecast_tuning(job: TuningJob) -> TrainingForecast:
    dataset, choices = job.study.dataset, job.choices
    with device_errors():
        start = InitialModel.of(job.parent, choose_device(job.device_name), job.cache(), choices.model)
    known = known_of(start)
    parent = start.parent.name if start.parent is not None else ""
    split = split_for(job.study, choices, known, parent)
    n_videos = _n_files(dataset)
    check_room(start.source, n_videos, n_videos * choices.candidates * start.config.preprocessing.n_segments)
    missing = frames_missing(start.source, dataset, job.study.digests, choices.candidates)
    others = known.apart_from(job.study) if known is not None and choices.old_pairs else None
    if others is not None:
        digests = {name: digest for name, (digest, _) in others.shown.items()}
        missing += frames_missing(start.source, others.dataset, digests, 1)
        n_videos += _n_files(others.dataset)
    whole = _epochs_s(start, job, split.fold.train_pairs)
    one = whole + (_epochs_s(start, job, split.inner.train_pairs) if split.inner is not None else 0)
    prospect = tuned_prospect(job.study, known, parent)
    n_folds = n_tuning_scale_folds(job.study, split, prospect, choices.scale_folds)
    chosen = "; the epoch is chosen first" if split.inner is not None else ""
    more = f"; {n_folds} further trainings for the raters' scale" if n_folds else ""
    phases = (
        features_phase(missing, start.source, n_videos),
        PlannedPhase("training", one, f"training on {len(split.fold.train_pairs)} pairs{chosen}"),
        PlannedPhase("checking", n_folds * one, f"check on {len(split.fold.test_pairs)} pairs held out{more}"),
    )
    return TrainingForecast(phases, missing, prospect)


def _n_files(dataset: Dataset) -> int:
    return sum(video.path is not None for video in dataset.videos)


def _epochs_s(start: InitialModel, job: TuningJob, pairs: tuple[Pair, ...]) -> float:
    """Return the seconds of all epochs on some pairs, at most."""
    names = videos_of(pairs)
    settings = start.settings(len(pairs), len(names), job.choices.epochs, job.choices.seed)
    drawn = sum(len(some) for some, _ in batches(pairs, settings.optimiser, np.random.default_rng(job.choices.seed)))
    config = start.config
    n_segments = config.preprocessing.n_segments
    one = epoch_s(config.attention_model, config.sizes, settings.precision, n_segments, len(names), drawn)
    return settings.optimiser.epochs * one
