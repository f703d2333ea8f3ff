"""Forecast of a training: its phases, and the seconds that each takes on this computer.

A forecast decodes no video and computes no feature. Cached features are counted by the digests of the videos, and the
lengths of other videos are read from their headers. Paces are those that earlier jobs recorded, or else usual ones
(``engine.runtime.pace``).
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import fold_of, make_folds
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.choice_folds import outer_folds, tested_folds
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.core.hashing import sha256_of
from skillviewer.core.ratings.fit_calibration import checked_prospect, scale_prospect
from skillviewer.engine.evaluation.choice_duration import choice_duration, network_paces
from skillviewer.engine.evaluation.choice_plan import RIVALS, ChoicePlan, count_trainings
from skillviewer.engine.features.decoding_pace import decoding_pace
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_sources import FeatureSource, FlowSource, FrameSource
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.runtime.pace import Pace, pace_of
from skillviewer.engine.training.scale_folds import n_scale_folds
from skillviewer.engine.training.track_fusion import weight_folds
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.training_duration import (
    NUMERIC_TRAINING_S,
    WorkDuration,
    network_duration,
    saving_duration,
)
from skillviewer.engine.training.training_inputs import TrainingInputs
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import InputKind, attention_model

_BACKBONE_S = {"efficientnet-lite0": 0.15, "efficientnet-lite0-flow": 0.15, "resnet101": 2.0}
"""Processor seconds of both streams on a frame of 448 pixels, by backbone."""
_OTHER_BACKBONE_S = 1.0
"""The same of any other backbone."""
_FLOW_S = {"tvl1": 1.6, "tvl1-fast": 0.36, "dis": 0.06}
"""Processor seconds of the optical flow around a frame, by algorithm."""
_USUAL_PX = 448
MAX_HASHED_BYTES = 300 * 2**20
"""Total size of the videos up to which a forecast computes their digests."""
_START_S = 5.0
"""Processor seconds in which weights are loaded and kernels compiled."""


def frame_pace(source: FrameSource) -> Pace:
    """Return the pace of flow and both backbones on one decoded frame."""
    preprocessing = source.preprocessing
    seconds = _FLOW_S.get(preprocessing.flow.algorithm, _FLOW_S["tvl1"])
    if isinstance(source, FeatureSource) and not isinstance(source, FlowSource):
        backbone_s = _BACKBONE_S.get(source.extractor.backbones.name, _OTHER_BACKBONE_S)
        seconds += backbone_s * (preprocessing.input_px / _USUAL_PX) ** 2
    return pace_of(f"frame {source.recipe}", seconds)


def file_digests(dataset: Dataset, max_bytes: int = MAX_HASHED_BYTES) -> dict[str, str]:
    """Return the SHA-256 of each video's file by name of video; empty if the files exceed ``max_bytes`` in total."""
    paths = {video.path for video in dataset.videos if video.path is not None}
    with suppress(OSError):
        if sum(path.stat().st_size for path in paths) <= max_bytes:
            digests = {path: sha256_of(path) for path in paths}
            return {video.name: digests[video.path] for video in dataset.videos if video.path is not None}
    return {}


def count_missing_frames(source: FrameSource, dataset: Dataset, digests: Mapping[str, str], candidates: int) -> int:
    """Return the approximate number of sampled frames whose features are not cached.

    A video without a digest counts as not cached. If the number of segments depends on the duration, each video counts
    with the least number.
    """
    n_uses = Counter(digests.get(video.name, "") for video in dataset.videos if video.path is not None)
    cached = source.cache.count(source.recipe)
    n_passes = 0
    for digest, n_videos in n_uses.items():
        n_cached = cached[digest] if digest else 0
        n_passes += max(n_videos * candidates - n_cached, 0)
    return n_passes * source.preprocessing.n_segments


def _fused_duration(plan: TrainingPlan, dataset: Dataset, fold: Fold) -> tuple[WorkDuration, int]:
    """Return the duration of a training, and the number of further trainings that learn the weight of the tracks."""
    duration = network_duration(plan, fold)
    if not plan.adds_tracks:
        return duration, 0
    inner_folds = list(weight_folds(dataset, fold, plan.seed))
    inner_plan = replace(plan, select=EpochSelection.LAST)  # an upper limit: the chosen epoch may be an earlier one
    for inner_fold in inner_folds:
        duration += network_duration(inner_plan, inner_fold) + WorkDuration(NUMERIC_TRAINING_S, NUMERIC_TRAINING_S)
    return duration, len(inner_folds)


def _all_pairs(dataset: Dataset) -> Fold:
    return fold_of("all", dataset.names, (), dataset.pairs)


def features_phase(n_missing: int, source: FrameSource, dataset: Dataset, candidates: int) -> PlannedPhase:
    """Return the phase that computes the features of ``n_missing`` sampled frames of a data set."""
    n_videos = sum(video.path is not None for video in dataset.videos)
    if not n_missing:
        return PlannedPhase("features", 0.0, "all features are at hand", 0.0)
    n_decoded = n_missing / (candidates * source.preprocessing.n_segments)
    computing = WorkDuration.of(frame_pace(source), n_missing)
    decoding = WorkDuration.of(decoding_pace(dataset), n_decoded)
    starting = WorkDuration.of(Pace(_START_S, 1.0))
    text = f"features of {n_videos} videos, {n_missing:,} sampled frames"
    return (computing + decoding + starting).phase("features", text)


def join_feature_phases(first: PlannedPhase, second: PlannedPhase, text: str) -> PlannedPhase:
    """Return one phase for the features of two phases, with a title. An unknown idle duration counts as 0."""
    first_idle_s = 0 if first.idle_s is None else first.idle_s
    second_idle_s = 0 if second.idle_s is None else second.idle_s
    return PlannedPhase("features", first.seconds + second.seconds, text, first_idle_s + second_idle_s)


def _features_phase_of(
    plan: TrainingPlan, dataset: Dataset, digests: Mapping[str, str], cache: FeatureCache, device_name: str
) -> tuple[PlannedPhase, int]:
    """Return the phase that computes the features of a plan, and the number of missing sampled frames."""
    source = TrainingInputs.of(plan, choose_device(device_name), cache).source
    candidates = 1 if plan.inputs is InputKind.FLOW else plan.candidates
    n_missing = count_missing_frames(source, dataset, digests, candidates)
    return features_phase(n_missing, source, dataset, candidates), n_missing


def forecast_training(
    plan: TrainingPlan,
    dataset: Dataset,
    digests: Mapping[str, str],
    cache: FeatureCache,
    device_name: str = "auto",
    scale_folds: int | None = None,
) -> TrainingForecast:
    """Return the forecast of ``train_checkpoint``.

    Args:
        plan: Plan of the training.
        dataset: Videos and pairs.
        digests: SHA-256 of each video's file, by name of video; a video without one counts as not cached.
        cache: Cache of features.
        device_name: Name of the device.
        scale_folds: Folds by person for the raters' scale; None for as many as are needed.

    Raises:
        CheckpointError: A name is unknown, or the weights of the backbone are not here.
        DeviceError: The device is not there.
    """
    features, n_missing = _features_phase_of(plan, dataset, digests, cache, device_name)
    usable_dataset = dataset.usable()
    fold = _all_pairs(usable_dataset)
    with suppress(DatasetError):  # too few people to hold one out
        fold = make_folds(dataset, seed=plan.seed).folds[0]
    duration, n_weight_trainings = _fused_duration(plan, usable_dataset, fold)
    n_folds = n_scale_folds(dataset, 0, scale_folds)
    scale_text = f"; {n_folds} further trainings for the raters' scale" if n_folds else ""
    weight_text = f", and {n_weight_trainings} further for the weight of the tracks" if n_weight_trainings else ""
    title = attention_model(plan.model).title
    training = (duration + saving_duration()).phase("training", f"training of {title}{weight_text}")
    checking = (duration * n_folds).phase("checking", f"check on a quarter that is held out{scale_text}")
    return TrainingForecast((features, training, checking), n_missing, scale_prospect(dataset))


def forecast_choice(
    plan: ChoicePlan, dataset: Dataset, digests: Mapping[str, str], cache: FeatureCache, device_name: str = "auto"
) -> TrainingForecast:
    """Return the forecast of ``choose_and_train``.

    Arguments and further errors are those of ``forecast_training``.

    Raises:
        DatasetError: There are too few people (or videos).
    """
    usable_dataset = dataset.usable()
    folds = outer_folds(usable_dataset, plan.training.seed, plan.level)
    network = next(name for name in reversed(plan.candidates) if attention_model(name).inputs is InputKind.FEATURES)
    network_plan = plan.plan_for(network)
    features, n_missing = _features_phase_of(network_plan, dataset, digests, cache, device_name)
    if any(attention_model(name).inputs is InputKind.FLOW for name in (*plan.candidates, *RIVALS)):
        flow, n_missing_flow = _features_phase_of(plan.plan_for("motion"), dataset, digests, cache, device_name)
        if plan.training.candidates > 1 or n_missing_flow > n_missing:  # else the flow is computed with the features
            text = features.text if n_missing else flow.text
            features = join_feature_phases(features, flow, text)
            n_missing += n_missing_flow
    counts = count_trainings(plan, len(folds.folds))
    check_text = "every person held out once" if plan.level is CheckLevel.CROSS_VALIDATED else "one quarter held out"
    check_title = f"{counts.total} trainings of {len(plan.candidates)} models, {check_text}"
    paces = network_paces(plan)
    checking = choice_duration(plan, usable_dataset, folds.folds, paces).phase("checking", check_title)
    other_plan = replace(plan, level=plan.level.other)
    other_checking = choice_duration(other_plan, usable_dataset, folds.folds, paces)
    final_duration = network_duration(network_plan, _all_pairs(usable_dataset)) + saving_duration()
    training = final_duration.phase("training", "training of the chosen model on all people")
    prospect = checked_prospect(dataset, tested_folds(folds, plan.level))
    other_check_s = features.seconds + other_checking.loaded_s + training.seconds
    return TrainingForecast((features, checking, training), n_missing, prospect, other_check_s)
