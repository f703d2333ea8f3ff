"""Training of a model on a data set, from the videos to a checkpoint that was tested on held-out videos."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.errors import SettingsError
from skillviewer.core.progress import Progress
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_store import WatchedStore, features_of_first_pass
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.training.checkpoint_writing import OuterCheck, TrainedModel, write_checkpoint
from skillviewer.engine.training.fit_fold import FoldInputs, choosing_folds
from skillviewer.engine.training.predict import pad_rows, predict, segment_contributions
from skillviewer.engine.training.run_record import provenance_of, unseen_warning
from skillviewer.engine.training.scale_folds import check_scale_folds, learn_scale
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.track_fusion import fit_fused
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import EpochRow, TrainingControl
from skillviewer.engine.training.training_data import TrainingData, load_training_data
from skillviewer.engine.training.training_inputs import TrainingInputs, check_can_have_checkpoint
from skillviewer.engine.training.training_plan import TrainingPlan, describe_selection
from skillviewer.engine.training.training_split import check_split
from skillviewer.engine.training.work_folder import WorkFolder
from skillviewer.nets.checkpoint import Checkpoint, check_destination, load_checkpoint, round_as_stored


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Result of a training."""

    checkpoint: Checkpoint  # as written and read back
    rows: tuple[EpochRow, ...]  # the log: of the choice of an epoch, then of the final training
    problems: tuple[str, ...]  # videos that were left out, one sentence each


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
    outer_check: OuterCheck | None = None,
) -> TrainingResult:
    """Train a model on a data set and write its checkpoint.

    The folder of the checkpoint also gets the log and its curves, the configuration (``configuration.json``, without
    names of videos) and the provenance (``provenance.json``). During the training, its state is next to the folder, in
    ``.NAME.training``. If the training is killed or cancelled, the same call continues from that state.

    Args:
        plan: Model and settings.
        dataset: Videos and pairs.
        folder: Folder of the checkpoint.
        control: Stops the training, and receives its progress.
        resources: Cache, device and processes.
        test: Another data set of the same task to test on. By default a quarter of the participants is held out. If the
            participants are unknown, a quarter of the videos is held out, with a warning.
        replace: Whether to replace an existing checkpoint.
        scale_folds: Number of folds by person for the raters' scale; None for as many as are needed, 0 for none.
        outer_check: Earlier test of the training procedure. With it, no video is held out.

    Raises:
        DatasetError: There is too little to train on.
        CheckpointError: The checkpoint exists already or cannot be written.
        ExportError: The folder cannot be written.
        SettingsError: The cache is too small for the features, or another training writes that checkpoint.
        DeviceError: The device does not exist, or ran out of memory.
    """
    check_destination(folder, replace=replace)
    check_can_have_checkpoint(plan)
    if test is not None and plan.select is EpochSelection.BEST_ON_TEST:
        raise SettingsError(
            "The pairs of --test choose no epoch: leave out --select best-on-test, which is there to see in evaluate "
            "what papers did."
        )
    check_scale_folds(dataset, scale_folds)
    if test is None and outer_check is None:
        check_split(dataset, plan.seed)
    process_group = resources.process_group
    lock = training_lock(folder) if process_group.leads else nullcontext()
    with lock:
        work_folder = WorkFolder(plan, folder, process_group)
        device = choose_device(resources.device_name)
        inputs = TrainingInputs.of(plan, device, resources.cache)
        data = load_training_data(
            plan, dataset, test, inputs.source, control, process_group, hold_out=outer_check is None
        )
        work_folder.begin(data, inputs.backbones, control)
        with device_errors():
            model = _train(plan, data, inputs, device, control, work_folder, scale_folds, outer_check)
        control.report(Progress("writing the checkpoint", 0, 1))
        problems = [*dataset.problems, *data.problems]
        if process_group.leads:
            n_unseen_pairs = 0 if model.fit_result.n_unseen_pairs is None else model.fit_result.n_unseen_pairs
            problems += unseen_warning(n_unseen_pairs, len(data.split.fold.train_pairs))
            checkpoint = write_checkpoint(plan, dataset, data, model, folder, work_folder, outer_check, replace=replace)
            work_folder.remove()
            process_group.wait()
        else:
            process_group.wait()
            checkpoint = load_checkpoint(folder)
        return TrainingResult(checkpoint, model.fit_result.rows, tuple(problems))


def _train(
    plan: TrainingPlan,
    data: TrainingData,
    inputs: TrainingInputs,
    device: torch.device,
    control: TrainingControl,
    work_folder: WorkFolder,
    scale_folds: int | None,
    outer_check: OuterCheck | None,
) -> TrainedModel:
    """Train the model, test it on the tested videos, and learn the raters' scale."""
    dataset = data.dataset
    fold = data.split.fold
    process_group = work_folder.process_group
    is_chosen_on_test = plan.select is EpochSelection.BEST_ON_TEST

    watched_store = WatchedStore(data.store)
    fold_inputs = FoldInputs(watched_store, device, inputs.unfreezing)
    fused = fit_fused(
        plan,
        dataset,
        fold,
        fold_inputs,
        data.track_measures,
        control,
        store_of_stage=work_folder.state_file,
        process_group=process_group,
    )
    network = fused.network
    if not is_chosen_on_test:
        check_no_leak(fold, names_seen=watched_store.names_read)
    round_as_stored(network, half=plan.half)  # the tested weights are those of the checkpoint

    head, backbone_weights, head_stores = inputs.separate(network, [data.store, data.test_store])
    store, test_store = head_stores
    test_predictions = predict(head, test_store, data.split.tested_dataset.names, control.token, maps=False)
    test_scores = fused.add_tracks(test_predictions, data.test_measured).scores
    held_out_features = [features_of_first_pass(test_store, name) for name in data.split.tested_fold.held_out_videos]
    contributions = pad_rows([segment_contributions(head, features) for features in held_out_features])

    videos_seen = set().union(*process_group.collect(watched_store.names_read))
    selection = describe_selection(plan, choosing_folds(plan, dataset, fold))
    provenance = provenance_of(device, network, fused.fit_result, selection, videos_seen, fold, fused.track_weight)

    def score_all_videos() -> Mapping[str, float]:
        predictions = predict(head, store, dataset.names, control.token, maps=False)
        return fused.add_tracks(predictions, data.track_measures).scores

    def train_scale_fold(number: int, scale_fold: Fold) -> Mapping[str, float]:
        """Train another model on a fold, and return its scores of all videos."""

        def scale_state_file(stage: str) -> StateFile:
            return work_folder.state_file(f"scale-{number}-{stage}")

        control.report(Progress(f"learning the raters' scale, fold {number}"))
        fold_fused = fit_fused(
            plan,
            dataset,
            scale_fold,
            fold_inputs,
            data.track_measures,
            control,
            store_of_stage=scale_state_file,
            process_group=process_group,
        )
        fold_head, _, fold_stores = inputs.separate(fold_fused.network, [data.store])
        predictions = predict(fold_head, fold_stores[0], dataset.names, control.token, maps=False)
        return fold_fused.add_tracks(predictions, data.track_measures).scores

    if outer_check is not None:
        scale = outer_check.calibrate(score_all_videos())
    else:
        scale = learn_scale(
            dataset,
            data.split,
            test_scores,
            requested=scale_folds,
            seed=plan.seed,
            score_training=score_all_videos,
            train_fold=train_scale_fold,
            optimistic=is_chosen_on_test,
        )
    return TrainedModel(
        head=head,
        config=plan.checkpoint_config(head.sizes, inputs.backbones, fused.track_term),
        backbone_weights=backbone_weights,
        store=store,
        fit_result=fused.fit_result,
        test_scores=test_scores,
        contributions=contributions,
        provenance=provenance,
        selection=selection,
        scale=scale,
    )
