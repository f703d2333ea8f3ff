"""Forecast of a training: what happens in which phase, and about how long it takes on this computer.

It decodes no video and computes no feature: cached features are counted by the digests of the videos,
the length of the others is read from their headers, and paces are those that earlier jobs recorded, or usual ones
(``engine.runtime.pace``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import fold_of, make_folds
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.choice_folds import outer_folds, tested_folds
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.core.hashing import sha256_of
from skillviewer.core.ratings.fit_calibration import checked_prospect, scale_prospect
from skillviewer.engine.evaluation.choose_model import RIVALS, ChoicePlan, n_trainings
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.decoding_pace import decoding_pace
from skillviewer.engine.features.source import FeatureSource, FlowSource, FrameSource
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.runtime.pace import IDLE, Pace, load_now, pace_of
from skillviewer.engine.training.batches import batches
from skillviewer.engine.training.epoch_pace import training_pace
from skillviewer.engine.training.inputs import TrainingInputs
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.scale_folds import n_scale_folds
from skillviewer.engine.training.track_fusion import weight_folds
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.nets.models import NUMERIC_INPUTS, InputKind, attention_model
from skillviewer.nets.presets import OptimiserSettings

_BACKBONE_S = {"efficientnet-lite0": 0.15, "efficientnet-lite0-flow": 0.15, "resnet101": 2.0}
_OTHER_BACKBONE_S = 1.0
"""Processor seconds of both streams on a frame of 448 pixels, of a backbone whose pace is not known."""

_FLOW_S = {"tvl1": 1.6, "tvl1-fast": 0.36, "dis": 0.06}
_USUAL_PX = 448
MAX_HASHED_BYTES = 300 * 2**20
"""Size of all videos up to which their digests are computed for a forecast."""
_SCORING_SHARE = 0.8
"""Part of the work of training on a video that scoring it takes, in float32, and reading it for the statistics."""
_NUMBERS_S = 0.2
"""Seconds of the training of a model on numbers."""
_SAVING_S = 4.0
"""Processor seconds in which a checkpoint is tested once more and written, with the figure of its training."""
_START_S = 5.0
"""Processor seconds in which weights are loaded and kernels compiled."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """Duration of work."""

    now: float = 0.0  # next to the programs that run now
    idle: float = 0.0  # on an idle computer

    @classmethod
    def of(cls, pace: Pace, amount: float = 1.0) -> "Seconds":
        """Return the duration of so many equal pieces of work."""
        return cls(amount * pace.seconds(load_now()), amount * pace.seconds(IDLE))

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.now + other.now, self.idle + other.idle)

    def __mul__(self, times: float) -> "Seconds":
        return Seconds(self.now * times, self.idle * times)

    def phase(self, name: str, text: str) -> PlannedPhase:
        """Return a phase that takes as long."""
        return PlannedPhase(name, self.now, text, self.idle)


def frame_pace(source: FrameSource) -> Pace:
    """Return the pace of a sampled frame once it is decoded: flow and both backbones."""
    preprocessing = source.preprocessing
    seconds = _FLOW_S.get(preprocessing.flow.algorithm, _FLOW_S["tvl1"])
    if isinstance(source, FeatureSource) and not isinstance(source, FlowSource):
        backbone_s = _BACKBONE_S.get(source.extractor.backbones.name, _OTHER_BACKBONE_S)
        seconds += backbone_s * (preprocessing.input_px / _USUAL_PX) ** 2
    return pace_of(f"frame {source.recipe}", seconds)


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
    n_uses = Counter(digests.get(video.name, "") for video in dataset.videos if video.path is not None)
    n_cached = source.cache.count(source.recipe)
    passes = sum(max(n * candidates - (n_cached[digest] if digest else 0), 0) for digest, n in n_uses.items())
    return passes * source.preprocessing.n_segments


def _n_epochs(plan: TrainingPlan) -> int:
    """Return the epochs of a training: twice as many where the epoch is chosen first."""
    epochs = plan.settings().optimiser.epochs
    inner_epochs = plan.inner_folds * epochs if plan.select is EpochSelection.INNER else 0
    return inner_epochs + (epochs if plan.refit or not inner_epochs else 0)


def training_seconds(
    pace: Pace, settings: OptimiserSettings, pairs: Sequence[Pair], n_epochs: int, n_scored: int = 0
) -> Seconds:
    """Return the duration of a training on some pairs after which some videos are scored.

    Args:
        pace: Pace of a video, each time that it is drawn.
        settings: Settings of the optimiser, which decide how often.
        pairs: Training pairs.
        n_epochs: Epochs.
        n_scored: Videos that the trained model scores.
    """
    drawn = sum(len(names) for names, _ in batches(pairs, settings, np.random.default_rng(0)))
    return Seconds.of(pace, n_epochs * drawn + n_scored * _SCORING_SHARE)


def _training(plan: TrainingPlan, fold: Fold) -> Seconds:
    """Return the duration of one training on a fold, with the scores of all its videos."""
    if plan.inputs in NUMERIC_INPUTS or not fold.train_pairs:
        return Seconds(_NUMBERS_S, _NUMBERS_S)
    settings = plan.settings_on(fold)
    pace = training_pace(plan.model, plan.sizes(), settings.precision, plan.preprocessing.n_segments)
    n_scored = len(fold.train_videos) + len(fold.held_out_videos)
    return training_seconds(pace, settings.optimiser, fold.train_pairs, _n_epochs(plan), n_scored)


def saving() -> Seconds:
    """Return the duration of the end of a training, whose checkpoint is written."""
    return Seconds.of(Pace(_SAVING_S, 1.0))


def _fused_training(plan: TrainingPlan, dataset: Dataset, fold: Fold) -> tuple[Seconds, int]:
    """Return the duration of a training with those that learn the weight of the tracks, and their number."""
    seconds = _training(plan, fold)
    if not plan.adds_tracks:
        return seconds, 0
    parts = list(weight_folds(dataset, fold, plan.seed))
    last = replace(plan, select=EpochSelection.LAST)  # for as many epochs as were chosen, at most
    for part in parts:
        seconds += _training(last, part) + Seconds(_NUMBERS_S, _NUMBERS_S)
    return seconds, len(parts)


def _all_pairs(dataset: Dataset) -> Fold:
    return fold_of("all", dataset.names, (), dataset.pairs)


def features_phase(missing: int, source: FrameSource, dataset: Dataset, candidates: int) -> PlannedPhase:
    """Return the phase that computes so many missing sampled frames of a data set."""
    n_videos = sum(video.path is not None for video in dataset.videos)
    if not missing:
        return PlannedPhase("features", 0.0, "all features are at hand", 0.0)
    n_decoded = missing / (candidates * source.preprocessing.n_segments)
    seconds = Seconds.of(frame_pace(source), missing) + Seconds.of(decoding_pace(dataset), n_decoded)
    text = f"features of {n_videos} videos, {missing:,} sampled frames"
    return (seconds + Seconds.of(Pace(_START_S, 1.0))).phase("features", text)


def _features(
    plan: TrainingPlan, dataset: Dataset, digests: Mapping[str, str], cache: FeatureCache, device_name: str
) -> tuple[PlannedPhase, int]:
    source = TrainingInputs.of(plan, choose_device(device_name), cache).source
    candidates = 1 if plan.inputs is InputKind.FLOW else plan.candidates
    missing = frames_missing(source, dataset, digests, candidates)
    return features_phase(missing, source, dataset, candidates), missing


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
    usable = dataset.usable()
    fold = _all_pairs(usable)
    with suppress(DatasetError):  # too few people to hold one out
        fold = make_folds(dataset, seed=plan.seed).folds[0]
    cost, n_weighing = _fused_training(plan, usable, fold)
    folds = n_scale_folds(dataset, 0, scale_folds)
    scale_text = f"; {folds} further trainings for the raters' scale" if folds else ""
    weighing = f", and {n_weighing} further for the weight of the tracks" if n_weighing else ""
    phases = (
        features,
        (cost + saving()).phase("training", f"training of {attention_model(plan.model).title}{weighing}"),
        (cost * folds).phase("checking", f"check on a quarter that is held out{scale_text}"),
    )
    return TrainingForecast(phases, missing, scale_prospect(dataset))


def forecast_choice(
    plan: ChoicePlan, dataset: Dataset, digests: Mapping[str, str], cache: FeatureCache, device_name: str = "auto"
) -> TrainingForecast:
    """Return the forecast of ``train_chosen``; arguments and errors as of ``forecast_training``.

    Raises:
        DatasetError: There are too few people (or videos).
    """
    usable = dataset.usable()
    folds = outer_folds(usable, plan.training.seed, plan.level)
    parts = folds.folds
    default_model = next(
        name for name in reversed(plan.candidates) if attention_model(name).inputs is InputKind.FEATURES
    )
    features, missing = _features(plan.of(default_model), dataset, digests, cache, device_name)
    if any(attention_model(name).inputs is InputKind.FLOW for name in (*plan.candidates, *RIVALS)):
        flow, missing_flow = _features(plan.of("motion"), dataset, digests, cache, device_name)
        if plan.training.candidates > 1 or missing_flow > missing:  # else they are computed with the features
            both_s = features.seconds + flow.seconds
            both_idle_s = (features.idle_s or 0) + (flow.idle_s or 0)
            features = PlannedPhase("features", both_s, (features if missing else flow).text, both_idle_s)
            missing += missing_flow
    counts = n_trainings(plan, len(parts))
    out = {*parts[0].held_out_videos, *parts[1].held_out_videos}
    without_two = fold_of("two", [name for name in usable.names if name not in out], out, usable.pairs)
    checking = Seconds()
    for planned, fold, numbers in (
        (plan.comparing, without_two, counts.without_two),
        (plan.comparing, parts[0], counts.curve),
        (plan.of, parts[0], counts.without_one),
    ):
        for name, number in numbers.items():
            checking += _training(planned(name), fold) * number
    check_text = "every person held out once" if plan.level is CheckLevel.CROSS_VALIDATED else "one quarter held out"
    phases = (
        features,
        checking.phase("checking", f"{counts.total} trainings of {len(plan.candidates)} models, {check_text}"),
        (_training(plan.of(default_model), _all_pairs(usable)) + saving()).phase(
            "training", "training of the chosen model on all people"
        ),
    )
    return TrainingForecast(phases, missing, checked_prospect(dataset, tested_folds(folds, plan.level)))
