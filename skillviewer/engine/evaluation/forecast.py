"""Forecast of a training: what happens in which phase, and about how long it takes on this computer.

It opens no video and computes no feature: features at hand are counted in the cache by the digests of the videos, and
paces are those that earlier jobs recorded, or usual ones (``engine.runtime.pace``).
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from skillviewer.core.dataset.pairs import Dataset, Pair, videos_of
from skillviewer.core.evaluation.choice_folds import outer_folds
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.core.hashing import sha256_of
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.evaluation.choose_model import RIVALS, ChoicePlan, n_trainings
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.source import FeatureSource, FlowSource, FrameSource
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.runtime.pace import pace_s
from skillviewer.engine.training.batches import batches
from skillviewer.engine.training.epoch_pace import epoch_s
from skillviewer.engine.training.inputs import TrainingInputs
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.scale_folds import n_scale_folds
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.nets.models import NUMBERS, InputKind, attention_model

_BACKBONE_UNITS = {"efficientnet-lite0": 6.0, "efficientnet-lite0-flow": 6.0, "resnet101": 80.0}
_OTHER_BACKBONE = 40.0
"""Units of work of both streams on a frame of 448 pixels, of a backbone whose pace is not known."""

_FLOW_UNITS = {"tvl1": 18.0, "tvl1-fast": 4.0, "dis": 1.0}
_USUAL_PX = 448
MAX_HASHED_BYTES = 300 * 2**20
"""Size of all videos up to which their digests are computed for a forecast."""
_START_S = 5.0
"""Seconds in which weights are loaded and kernels compiled."""


def frame_s(source: FrameSource) -> float:
    """Return the seconds of a sampled frame: decoding, flow and both backbones."""
    preprocessing = source.preprocessing
    units = _FLOW_UNITS.get(preprocessing.flow.algorithm, _FLOW_UNITS["tvl1"])
    if isinstance(source, FeatureSource) and not isinstance(source, FlowSource):
        backbone = _BACKBONE_UNITS.get(source.extractor.backbones.name, _OTHER_BACKBONE)
        units += backbone * (preprocessing.input_px / _USUAL_PX) ** 2
    return pace_s(f"frame {source.recipe}", units)


def file_digests(dataset: Dataset, max_bytes: int = MAX_HASHED_BYTES) -> dict[str, str]:
    """Return the SHA-256 of the videos' files by name; none if they are larger than a second of reading allows."""
    paths = {video.path for video in dataset.videos if video.path is not None}
    with suppress(OSError):
        if sum(path.stat().st_size for path in paths) <= max_bytes:
            digests = {path: sha256_of(path) for path in paths}
            return {video.name: digests[video.path] for video in dataset.videos if video.path is not None}
    return {}


def frames_missing(source: FrameSource, dataset: Dataset, digests: Mapping[str, str], candidates: int) -> int:
    """Return about how many sampled frames are not cached.

    A video without a digest counts as not cached. Where the number of segments follows the duration, the least counts.
    """
    wanted = Counter(digests.get(video.name, "") for video in dataset.videos if video.path is not None)
    there = source.cache.count(source.recipe)
    passes = sum(max(n * candidates - (there[digest] if digest else 0), 0) for digest, n in wanted.items())
    return passes * source.preprocessing.n_segments


def _n_epochs(plan: TrainingPlan) -> int:
    """Return the epochs of a training: twice as many where the epoch is chosen first."""
    epochs = plan.settings().optimiser.epochs
    chosen = plan.inner_folds * epochs if plan.select is EpochSelection.INNER else 0
    return chosen + (epochs if plan.refit or not chosen else 0)


def _training_s(plan: TrainingPlan, pairs: tuple[Pair, ...], preprocessing: Preprocessing) -> float:
    """Return the seconds of one training on some pairs."""
    if plan.inputs in NUMBERS or not pairs:
        return 0.2
    settings = plan.settings()
    drawn = sum(len(names) for names, _ in batches(pairs, settings.optimiser, np.random.default_rng(0)))
    n_videos = len(videos_of(pairs))
    one = epoch_s(plan.model, plan.sizes(), settings.precision, preprocessing.n_segments, n_videos, drawn)
    return _n_epochs(plan) * one


def features_phase(missing: int, source: FrameSource, n_videos: int) -> PlannedPhase:
    """Return the phase that computes so many missing sampled frames of videos."""
    seconds = missing * frame_s(source) + (_START_S if missing else 0)
    text = f"features of {n_videos} videos, {missing:,} sampled frames" if missing else "all features are at hand"
    return PlannedPhase("features", seconds, text)


def _features(
    plan: TrainingPlan, dataset: Dataset, digests: Mapping[str, str], cache: FeatureCache, device_name: str
) -> tuple[PlannedPhase, int]:
    source = TrainingInputs.of(plan, choose_device(device_name), cache).source
    candidates = 1 if plan.inputs is InputKind.FLOW else plan.candidates
    missing = frames_missing(source, dataset, digests, candidates)
    return features_phase(missing, source, sum(video.path is not None for video in dataset.videos)), missing


def forecast_training(
    plan: TrainingPlan,
    dataset: Dataset,
    digests: Mapping[str, str],
    cache: FeatureCache,
    device_name: str = "auto",
    scale_folds: int | None = None,
) -> TrainingForecast:
    """Return the forecast of ``train_checkpoint``; ``digests`` are the SHA-256 of the videos' files, if known.

    Raises:
        CheckpointError: A name is unknown, or the weights of the backbone are not here.
        DeviceError: The device is not there.
    """
    features, missing = _features(plan, dataset, digests, cache, device_name)
    three_quarters = dataset.pairs[: max(len(dataset.pairs) * 9 // 16, 1)]
    one = _training_s(plan, three_quarters, plan.preprocessing)
    folds = n_scale_folds(dataset, 0, scale_folds)
    more = f"; {folds} further trainings for the raters' scale" if folds else ""
    phases = (
        features,
        PlannedPhase("training", one, f"training of {attention_model(plan.model).title}"),
        PlannedPhase("checking", folds * one, f"check on a quarter that is held out{more}"),
    )
    return TrainingForecast(phases, missing, scale_prospect(dataset))


def forecast_choice(
    plan: ChoicePlan, dataset: Dataset, digests: Mapping[str, str], cache: FeatureCache, device_name: str = "auto"
) -> TrainingForecast:
    """Return the forecast of ``train_chosen``; arguments and errors as of ``forecast_training``.

    Raises:
        DatasetError: There are too few people (or videos).
    """
    folds = outer_folds(dataset.usable(), plan.training.seed)
    n_parts = len(folds.folds)
    kept = next(name for name in reversed(plan.candidates) if attention_model(name).inputs is InputKind.FEATURES)
    features, missing = _features(plan.of(kept), dataset, digests, cache, device_name)
    if any(attention_model(name).inputs is InputKind.FLOW for name in (*plan.candidates, *RIVALS)):
        flow, more = _features(plan.of("motion"), dataset, digests, cache, device_name)
        features = PlannedPhase("features", features.seconds + flow.seconds, features.text)
        missing += more
    outer = folds.folds[0].train_pairs
    inner = dataset.pairs[: max(len(outer) * (n_parts - 2) ** 2 // (n_parts - 1) ** 2, 1)]
    counts, preprocessing = n_trainings(plan, n_parts), plan.training.preprocessing
    checking = sum(n * _training_s(plan.of(name), inner, preprocessing) for name, n in counts.items())
    last = _training_s(plan.of(kept), dataset.pairs, preprocessing)
    how = "every person held out once" if plan.level is CheckLevel.CROSS_VALIDATED else "one quarter held out"
    phases = (
        features,
        PlannedPhase("checking", checking, f"{sum(counts.values())} trainings of {len(plan.candidates)} models, {how}"),
        PlannedPhase("training", last, "training of the chosen model on all people"),
    )
    return TrainingForecast(phases, missing, scale_prospect(dataset))
