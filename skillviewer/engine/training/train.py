"""Training of a checkpoint on a data set: features, the split, the training, and the card."""

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.analysis.familiarity import learn_familiarity
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy
from skillviewer.core.evaluation.ceilings import ceilings
from skillviewer.core.evaluation.outcome import outcome_check
from skillviewer.core.evaluation.score_progress import contribution_shares
from skillviewer.core.progress import Progress
from skillviewer.core.text import counted, defined
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.dataset_features import mean_features
from skillviewer.engine.features.feature_store import FeatureStore, WatchedStore, first_pass
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.training.fit_fold import FoldInputs, choosing_folds
from skillviewer.engine.training.inputs import TrainingInputs, check_can_have_checkpoint
from skillviewer.engine.training.plan import TrainingPlan, describe_selection
from skillviewer.engine.training.predict import pad_rows, predict, segment_contributions
from skillviewer.engine.training.run_folder import write_log
from skillviewer.engine.training.run_record import RunProvenance, card_of, provenance_of, unseen_warning
from skillviewer.engine.training.scale_folds import check_scale_folds, learn_scale
from skillviewer.engine.training.track_fusion import fit_fused
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import EpochRow, Trained, TrainingControl
from skillviewer.engine.training.training_data import TrainingData, load_training_data
from skillviewer.engine.training.training_split import TrainingSplit, check_split
from skillviewer.engine.training.work_folder import WorkFolder
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.checkpoint import (
    Checkpoint,
    CheckpointExtras,
    check_destination,
    load_checkpoint,
    round_as_stored,
    save_checkpoint,
)
from skillviewer.nets.configuration import CheckpointConfig
from skillviewer.nets.model_card import HeldOut, ModelCard


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Result of a training."""

    checkpoint: Checkpoint  # as written and read back
    rows: tuple[EpochRow, ...]  # the log: of the choice of an epoch, then of the final training
    problems: tuple[str, ...]  # videos that were left out, one sentence each


@dataclass(frozen=True, slots=True)
class OuterCheck:
    """Test of a training procedure on held-out people, made before the training on all people."""

    held_out: HeldOut  # accuracy of the procedure
    ceilings: tuple[tuple[str, float], ...]  # (name, accuracy) of baselines and ceilings on the same pairs
    notes: str  # further notes for the card
    # returns the map to the raters' scale, given the scores of all videos by the trained model; None without ratings
    calibrate: Callable[[Mapping[str, float]], ScoreCalibration | None]
    write: Callable[[Path], None]  # writes further files into the folder of the checkpoint


@dataclass(frozen=True, slots=True)
class TrainingResources:
    """Cache, device and processes of a training."""

    cache: FeatureCache
    device_name: str = "auto"
    # processes that train together with one cache; the first writes the checkpoint
    process_group: ProcessGroup = SINGLE_PROCESS


def train_checkpoint(
    plan: TrainingPlan,
    dataset: Dataset,
    folder: Path,
    control: TrainingControl,
    resources: TrainingResources,
    *,
    test: Dataset | None = None,
    replace: bool = False,
    scale_folds: int | None = None,
    outer: OuterCheck | None = None,
) -> TrainingResult:
    """Train a model on a data set and write its checkpoint.

    The folder of the checkpoint also gets the log and its curves, the configuration (``configuration.json``, without
    names of videos) and the provenance (``provenance.json``). Until then the state of the training is next to the
    folder, in ``.NAME.training``. If the training is killed or cancelled, the same call continues from that state.

    Args:
        plan: Model and settings.
        dataset: Videos and pairs.
        folder: Folder of the checkpoint.
        control: Stops the training, and receives its progress.
        resources: Cache, device and processes.
        test: Another data set of the same task to test on. Without it, a quarter of the participants is held out; if
            these are not known, a quarter of the videos, with a warning.
        replace: Whether to replace an existing checkpoint.
        scale_folds: Number of folds by person for the raters' scale; None for as many as are needed, 0 for none.
        outer: Test of the procedure that was made before; then no video is held out.

    Raises:
        DatasetError: There is too little to train on.
        CheckpointError: The checkpoint exists already or cannot be written.
        ExportError: The folder cannot be written.
        SettingsError: The cache is too small for the features, or another training makes that checkpoint.
        DeviceError: The device is not there, or ran out of memory.
    """
    check_destination(folder, replace=replace)
    check_can_have_checkpoint(plan)
    if test is not None and plan.select is EpochSelection.BEST_ON_TEST:
        raise SettingsError(
            "The pairs of --test choose no epoch: leave out --select best-on-test, which is there to see in evaluate "
            "what papers did."
        )
    check_scale_folds(dataset, scale_folds)
    if test is None and outer is None:
        check_split(dataset, plan.seed)
    process_group = resources.process_group
    with training_lock(folder) if process_group.leads else nullcontext():
        work_folder = WorkFolder(plan, folder, process_group)
        device = choose_device(resources.device_name)
        inputs = TrainingInputs.of(plan, device, resources.cache)
        data = load_training_data(plan, dataset, test, inputs.source, control, process_group, hold_out=outer is None)
        work_folder.begin(data, inputs.backbones, control)
        with device_errors():
            model = _train(plan, data, inputs, device, control, work_folder, scale_folds, outer)
        control.report(Progress("writing the checkpoint", 0, 1))
        problems = (*dataset.problems, *data.problems)
        if process_group.leads:
            problems += tuple(unseen_warning(model.trained.n_unseen or 0, len(data.split.fold.train_pairs)))
            checkpoint = _write(plan, dataset, data, model, folder, work_folder, outer, replace=replace)
            work_folder.remove()
            process_group.wait()
        else:
            process_group.wait()
            checkpoint = load_checkpoint(folder)
        return TrainingResult(checkpoint, model.trained.rows, problems)


@dataclass(frozen=True, slots=True)
class _TrainedModel:
    """A trained model with its test."""

    head: AttentionModel
    config: CheckpointConfig
    backbone_weights: dict[str, Tensor] | None  # weights of trained backbones, or None
    store: FeatureStore  # features that the head takes
    trained: Trained
    scores: Mapping[str, float]  # scores of the tested videos
    contributions: FloatArray  # (V, N) contributions of the steps of the held-out videos
    provenance: RunProvenance
    selection: str  # choice of the epoch, in words
    scale: ScoreCalibration | None  # map to the raters' scale


def _train(
    plan: TrainingPlan,
    data: TrainingData,
    inputs: TrainingInputs,
    device: torch.device,
    control: TrainingControl,
    work_folder: WorkFolder,
    scale_folds: int | None,
    outer: OuterCheck | None = None,
) -> _TrainedModel:
    fold, tested = data.split.fold, data.split.tested
    process_group = work_folder.process_group
    watched = WatchedStore(data.store)
    fold_inputs = FoldInputs(watched, device, inputs.unfreezing)
    fitted = fit_fused(plan, data.dataset, fold, fold_inputs, data.measured, control, work_folder.state, process_group)
    model, trained = fitted.network, fitted.trained
    if plan.select is not EpochSelection.BEST_ON_TEST:
        check_no_leak(fold, names_seen=watched.seen)
    round_as_stored(model, half=plan.half)  # the tested weights are those of the checkpoint
    head, backbone_weights, (store, test_store) = inputs.separate(model, (data.store, data.test_store))
    predictions = predict(head, test_store, tested.names, control.token, maps=False)
    scores = fitted.add_tracks(predictions, data.test_measured).scores
    held_out_features = [first_pass(test_store, name) for name in data.split.tested_fold.held_out_videos]
    contributions = pad_rows([segment_contributions(head, features) for features in held_out_features])
    videos_seen = set().union(*process_group.collect(watched.seen))
    selection = describe_selection(plan, choosing_folds(plan, data.dataset, fold))
    provenance = provenance_of(device, model, trained, selection, videos_seen, fold, fitted.weight)
    config = plan.checkpoint_config(head.sizes, inputs.backbones, fitted.term)

    def train_fold(number: int, scale_fold: Fold) -> Mapping[str, float]:
        control.report(Progress(f"learning the raters' scale, fold {number}"))
        fold_fitted = fit_fused(
            plan,
            data.dataset,
            scale_fold,
            fold_inputs,
            data.measured,
            control,
            lambda stage: work_folder.state(f"scale-{number}-{stage}"),
            process_group,
        )
        fold_head, _, (fold_store,) = inputs.separate(fold_fitted.network, (data.store,))
        predictions = predict(fold_head, fold_store, data.dataset.names, control.token, maps=False)
        return fold_fitted.add_tracks(predictions, data.measured).scores

    def score_all() -> Mapping[str, float]:
        predictions = predict(head, store, data.dataset.names, control.token, maps=False)
        return fitted.add_tracks(predictions, data.measured).scores

    if outer is not None:
        scale = outer.calibrate(score_all())
    else:
        scale = learn_scale(
            data.dataset,
            data.split,
            scores,
            scale_folds,
            plan.seed,
            score_all,
            train_fold,
            optimistic=plan.select is EpochSelection.BEST_ON_TEST,
        )
    return _TrainedModel(
        head, config, backbone_weights, store, trained, scores, contributions, provenance, selection, scale
    )


def _write(
    plan: TrainingPlan,
    dataset: Dataset,
    data: TrainingData,
    model: _TrainedModel,
    folder: Path,
    work_folder: WorkFolder,
    outer: OuterCheck | None,
    *,
    replace: bool,
) -> Checkpoint:
    """Write the checkpoint, with the files that describe the training."""

    def write_extras(temp_path: Path) -> None:
        write_log(temp_path, model.trained.rows, folder.name)
        work_folder.describe(temp_path, model.provenance)
        if outer is not None:
            outer.write(temp_path)

    if outer is not None:
        card = _card_after_outer_check(plan, dataset, data.split, model, folder.name, outer)
    else:
        card = _card(plan, dataset, data.split, model, folder.name)
    familiarity = learn_familiarity(mean_features(model.store, data.split.fold.train_videos))
    return save_checkpoint(
        folder,
        model.config,
        model.head,
        card,
        CheckpointExtras(model.backbone_weights, familiarity, write_extras),
        half=plan.half,
        replace=replace,
    )


def _untested_card(plan: TrainingPlan, dataset: Dataset, fold: Fold, name: str) -> ModelCard:
    training_data = f"{dataset.name}: {len(fold.train_videos)} videos. {dataset.rule}"
    return card_of(name, dataset, fold, training_data, plan.seed, plan.preset)


def _card_after_outer_check(
    plan: TrainingPlan, dataset: Dataset, split: TrainingSplit, model: _TrainedModel, name: str, outer: OuterCheck
) -> ModelCard:
    return msgspec.structs.replace(
        _untested_card(plan, dataset, split.fold, name),
        held_out=outer.held_out,
        ceilings=outer.ceilings,
        notes=" ".join(filter(None, (outer.notes, _notes(plan, model)))),
        raters_scale=model.scale,
    )


def _card(plan: TrainingPlan, dataset: Dataset, split: TrainingSplit, model: _TrainedModel, name: str) -> ModelCard:
    fold_scores = FoldScores(split.tested_fold, model.scores)
    pairs = split.tested_fold.test_pairs
    last_fifth = float(contribution_shares(model.contributions)[-1]) if len(model.contributions) else math.nan
    new_pairs_accuracy = pooled_accuracy([fold_scores], split.tested, both_held_out=True)
    held_out = None
    if pairs:
        all_pairs_accuracy = pooled_accuracy([fold_scores], split.tested)
        held_out = HeldOut.of(all_pairs_accuracy, f"{split.rule}; {model.selection}", new_pairs_accuracy)
    ceiling_accuracies = []
    for ordering in ceilings(split.tested, [split.tested_fold]):
        accuracy = ordering.both_new if new_pairs_accuracy.n_pairs else ordering.pooled
        ceiling_accuracies.append((ordering.name, accuracy.value))
    return msgspec.structs.replace(
        _untested_card(plan, dataset, split.fold, name),
        held_out=held_out,
        ceilings=tuple(ceiling_accuracies),
        outcome=outcome_check(split.tested, pairs, model.scores),
        last_fifth=defined(last_fifth),
        notes=_notes(plan, model),
        raters_scale=model.scale,
    )


def _notes(plan: TrainingPlan, model: _TrainedModel) -> str:
    sentences = []
    if plan.unfreeze:
        sentences.append("The last block of both backbones was trained too.")
    elif plan.trains_backbones:
        sentences.append(
            f"Both backbones were trained too, from the weights of {backbone(plan.trained_backbone).title}."
        )
    if plan.preprocessing.crop:
        sentences.append(f"It sees the part of the picture around the {plan.preprocessing.crop} alone.")
    term = model.config.tracks
    if term is not None:
        weight = model.provenance.track_weight or 0
        sentences.append(
            f"The standardised score of a ridge on {counted(len(term.measures), 'measure')} of tracks is added, with "
            f"{weight:.2f} times the weight of the network, learned inside the training people. A video without "
            "tracks gets no score."
        )
    precision = plan.settings().precision
    if precision != "float32":
        sentences.append(f"Trained in {precision}.")
    return " ".join(sentences)
