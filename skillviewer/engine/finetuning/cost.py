"""Cost of a fine-tuning before it begins: features that are not cached yet, and seconds, measured on this computer."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np
import torch

from skillviewer.core.dataset.pairs import Dataset, videos_of
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.finetuning.split import TuningSplit
from skillviewer.core.progress import CancelToken, Progress, Report, one_by_one
from skillviewer.core.video.clips import VideoClip
from skillviewer.engine.features.dataset_features import check_room, frame_seconds, sampled_frames
from skillviewer.engine.features.feature_store import averaged_once, averages
from skillviewer.engine.features.source import FeatureSource
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import TuningCost, TuningJob
from skillviewer.engine.finetuning.prior_pairs import split_for, tuned_prospect
from skillviewer.engine.finetuning.tuned_scale import n_tuning_scale_folds
from skillviewer.engine.finetuning.tuning_data import known_of
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.batches import batches, pair_batch
from skillviewer.media.reading.reader import VideoReader

TRIED_VIDEOS = 4
"""Videos of the batch that is tried."""


def cost_of(job: TuningJob, token: CancelToken, report: Report) -> TuningCost:
    """Measure what a job costs: a few sampled frames and one batch are tried, and what is kept is counted.

    The token is checked between videos.

    Raises:
        DatasetError: There is nothing to train on.
        SettingsError: The cache is too small for the features.
        CheckpointError: The model cannot be read.
    """
    device = choose_device(job.device_name)
    with device_errors():
        start = InitialModel.of(job.parent, device, job.cache(), job.choices.model)
        known = known_of(start)
        split = split_for(job.study, job.choices, known, start.parent.name if start.parent is not None else "")
        n_frames = sampled_frames(start.source, job.study.dataset, job.choices.candidates, token, report)
        check_room(start.source, len(job.study.dataset.videos), n_frames)
        wanted = [(clip, job.choices.candidates) for clip in _clips(job.study.dataset)]
        others = known.apart_from(job.study) if known is not None and job.choices.old_pairs else None
        if others is not None:
            wanted += [(clip, 1) for clip in _clips(others.dataset)]
        missing, problems = _missing(start.source, wanted, token, report)
        report(Progress("measuring a batch", 0, 0))
        untried = next((clip for clip, n in missing if n), None)
        frame_s = frame_seconds(start.source, untried, token, report) if untried is not None else 0.0
        step_s, look_s = _video_s(start, n_frames // (job.choices.candidates * len(job.study.dataset.videos)))
    frames = sum(n for _, n in missing)
    epochs, passes_s, epoch_s = _training(start, split, job, step_s, look_s)
    prospect = tuned_prospect(job.study, known, start.parent.name if start.parent is not None else "")
    n_folds = n_tuning_scale_folds(job.study, split, prospect, job.choices.scale_folds)
    n_looks = 2 * len(job.study.dataset.videos) * look_s
    return TuningCost(
        split=split,
        frames_missing=frames,
        videos_missing=sum(n > 0 for _, n in missing),
        feature_s=frames * frame_s,
        epochs=epochs,
        epoch_s=epoch_s,
        prospect=prospect,
        scale_folds=n_folds,
        total_s=frames * frame_s + (1 + n_folds) * passes_s + n_looks,
        problems=(*job.study.dataset.problems, *problems),
    )


def _clips(dataset: Dataset) -> list[VideoClip]:
    return [VideoClip(video.path, video.clip_range) for video in dataset.videos if video.path is not None]


def _missing(
    source: FeatureSource, wanted: Sequence[tuple[VideoClip, int]], token: CancelToken, report: Report
) -> tuple[list[tuple[VideoClip, int]], list[str]]:
    """Return videos and the number of sampled frames whose features are not kept, and sentences about broken ones."""
    missing, problems = [], []
    for clip, n_passes in one_by_one("looking which features are kept", wanted, report):
        token.check()
        try:
            with VideoReader(clip.path, token) as reader:
                missing.append((clip, source.n_missing(reader.describe(token), n_passes, clip.clip_range)))
        except SkillViewerError as error:
            problems.append(str(error))
    return missing, problems


def _video_s(start: InitialModel, n_steps: int) -> tuple[float, float]:
    """Return the seconds of one video in training and in a look, tried on features of zeros."""
    sizes = start.config.sizes
    grid = (1, 1) if averages(start.config.attention_model, sizes) else sizes.grid
    features = torch.zeros(TRIED_VIDEOS, max(n_steps, 1), sizes.feature_channels, *grid, device=start.device)
    store = averaged_once(start.config.attention_model, sizes, {"": [features[0].cpu().numpy()]})
    model = start.model(store, [""], 0)
    settings = start.settings(1, 2, None, 0)
    model.autocast = settings.precision == "bfloat16"
    pairs = pair_batch([(0, 1, 1), (2, 3, 1)], start.device)
    times = []
    for _ in range(2):
        model.train()
        began = perf_counter()
        model.loss(features, pairs, settings.loss, model.phases()[0].name).loss.backward()  # type: ignore[no-untyped-call]
        trained = perf_counter()
        model.eval()
        with torch.inference_mode():
            model(features)
        times.append((trained - began, perf_counter() - trained))
    step, look = times[-1]
    return step / TRIED_VIDEOS, look / TRIED_VIDEOS


def _training(
    start: InitialModel, split: TuningSplit, job: TuningJob, step_s: float, look_s: float
) -> tuple[int, float, float]:
    """Return epochs at most, seconds of all of them, and seconds of one over the training pairs."""
    fold, inner = split.fold, split.inner
    settings = start.settings(
        len(fold.train_pairs), len(videos_of(fold.train_pairs)), job.choices.epochs, job.choices.seed
    ).optimiser
    looked = len(videos_of(fold.train_pairs)) + len(videos_of(fold.test_pairs))
    times = []
    for pairs in (fold.train_pairs, *([inner.train_pairs] if inner is not None else [])):
        drawn = sum(len(names) for names, _ in batches(pairs, settings, np.random.default_rng(job.choices.seed)))
        times.append(drawn * step_s + looked * look_s / settings.look_every)
    return len(times) * settings.epochs, settings.epochs * sum(times), times[0]
