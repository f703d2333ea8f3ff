"""Forecast of a training on a study, as of others in ``engine.evaluation.forecast``."""

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.engine.evaluation.forecast import (
    count_missing_frames,
    features_phase,
    forecast_choice,
    join_feature_phases,
)
from skillviewer.engine.features.decoding_pace import opening_pace
from skillviewer.engine.features.feature_cost import check_cache_room
from skillviewer.engine.finetuning.automatic_choice import plan_choice
from skillviewer.engine.finetuning.first_forecast import remember_forecast
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import AutoModelJob, TrainingJob, TuningJob
from skillviewer.engine.finetuning.split_study import split_study
from skillviewer.engine.finetuning.tuned_scale import n_tuning_scale_folds
from skillviewer.engine.finetuning.tuned_scale_prospect import tuned_scale_prospect
from skillviewer.engine.finetuning.tuning_data import prior_pairs_of
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.training_duration import (
    NUMERIC_TRAINING_S,
    WorkDuration,
    saving_duration,
    training_duration,
)
from skillviewer.engine.training.training_pace import training_pace


def forecast_job(job: TrainingJob) -> TrainingForecast:
    """Return the forecast of a training on a study on this computer, and remember it for ``first_forecast``.

    Raises:
        DatasetError: There is nothing to train on, or there are too few people to choose a model.
        SettingsError: The cache is too small for the features.
        CheckpointError: The model cannot be read.
        DeviceError: The device is not there.
    """
    if isinstance(job, AutoModelJob):
        plan = plan_choice(job.choices, job.level, job.device_name)
        forecast = forecast_choice(plan, job.study_pairs.dataset, job.study_pairs.digests, job.cache(), job.device_name)
    else:
        forecast = _forecast_tuning(job)
    remember_forecast(job, forecast)
    return forecast


def _forecast_tuning(job: TuningJob) -> TrainingForecast:
    dataset = job.study_pairs.dataset
    choices = job.choices
    with device_errors():
        initial_model = InitialModel.of(job.parent, choose_device(job.device_name), job.cache(), choices.model)
    prior = prior_pairs_of(initial_model)
    parent = initial_model.parent.name if initial_model.parent is not None else ""
    split = split_study(job.study_pairs, choices, prior, parent)
    n_videos = _n_files(dataset)
    check_cache_room(
        initial_model.source, n_videos, n_videos * choices.candidates * initial_model.config.preprocessing.n_segments
    )
    n_missing = count_missing_frames(initial_model.source, dataset, job.study_pairs.digests, choices.candidates)
    features = features_phase(n_missing, initial_model.source, dataset, choices.candidates)
    prior_videos = None
    if prior is not None and choices.old_pairs:
        prior_videos = prior.without_study(job.study_pairs)
    if prior_videos is not None:
        digests = {name: digest for name, (digest, _) in prior_videos.clips.items()}
        n_missing_prior = count_missing_frames(initial_model.source, prior_videos.dataset, digests, 1)
        prior_features = features_phase(n_missing_prior, initial_model.source, prior_videos.dataset, 1)
        n_missing += n_missing_prior
        text = features.text if features.seconds else prior_features.text
        features = join_feature_phases(features, prior_features, text)
    duration = _tuning_duration(initial_model, job, split.fold.train_pairs)
    if split.inner_fold is not None:
        duration += _tuning_duration(initial_model, job, split.inner_fold.train_pairs)
    prospect = tuned_scale_prospect(job.study_pairs, prior, parent)
    n_folds = n_tuning_scale_folds(job.study_pairs, split, prospect, choices.scale_folds)
    choice_text = "; the epoch is chosen first" if split.inner_fold is not None else ""
    scale_text = f"; {n_folds} further trainings for the raters' scale" if n_folds else ""
    n_train = len(split.fold.train_pairs)
    n_test = len(split.fold.test_pairs)
    training = (duration + saving_duration()).phase("training", f"training on {n_train} pairs{choice_text}")
    baselines = WorkDuration.of(opening_pace(dataset)) + WorkDuration(NUMERIC_TRAINING_S, NUMERIC_TRAINING_S) * 2
    checking_text = f"check on {n_test} pairs held out, also of two baselines{scale_text}"
    checking = (duration * n_folds + baselines).phase("checking", checking_text)
    return TrainingForecast((features, training, checking), n_missing, prospect)


def _n_files(dataset: Dataset) -> int:
    return sum(video.path is not None for video in dataset.videos)


def _tuning_duration(initial_model: InitialModel, job: TuningJob, pairs: tuple[Pair, ...]) -> WorkDuration:
    """Return the duration of all epochs on some pairs, and of scoring their videos; early stopping makes it shorter."""
    names = videos_of(pairs)
    config = initial_model.config
    settings = initial_model.settings(len(pairs), len(names), job.choices.epochs, job.choices.seed)
    n_segments = config.preprocessing.n_segments
    pace = training_pace(config.attention_model, config.sizes, settings.precision, n_segments)
    return training_duration(pace, settings.optimiser, pairs, settings.optimiser.epochs, n_scored=len(names))
