"""Training on a fold: a fresh model, the choice of an epoch within the training videos, the final training."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import torch

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak, inner_folds
from skillviewer.core.dataset.pair_graph import similar_for_training
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.engine.features import snippets
from skillviewer.engine.features.dataset_features import standardise
from skillviewer.engine.features.feature_store import FeatureStore, average_inputs, match_inputs, restore_inputs
from skillviewer.engine.features.last_block_training import LastBlockTraining
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.schedule import n_epochs
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import EpochRow, FitPairs, Trained, TrainingControl, TrainingStateStore, fit
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.models import InputKind, attention_model


def _new_model(
    plan: TrainingPlan,
    store: FeatureStore,
    names: Sequence[str],
    device: torch.device,
    unfreezing: LastBlockTraining | None,
) -> AttentionModel:
    """Return a model with initial weights by the seed, and with the statistics of the training videos' features."""
    torch.manual_seed(plan.seed)
    if plan.inputs is InputKind.SNIPPETS:
        end_to_end_model = snippets.end_to_end(plan.sizes(), plan.trained_backbone).to(device)
        snippets.adapt_statistics(end_to_end_model, store, names)
        return end_to_end_model
    model = match_inputs(attention_model(plan.model).build(plan.sizes()), store)
    features = store if unfreezing is None else unfreezing.features(store)
    standardise(model, features, names)
    if unfreezing is not None:
        unfreezing.attach_blocks(model)
    return model.to(device)


def best_share(logs: Sequence[Sequence[EpochRow]]) -> float:
    """Return the share of the training, 0 to 1, with the best mean accuracy over the logs of inner folds.

    Ties go to the lower mean loss, then to the smaller share. If the length is given in iterations, trainings on fewer
    pairs have more epochs; the row with the nearest share is taken from each log.
    """
    rows_by_share = [{row.epoch / log[-1].epoch: row for row in log} for log in logs]

    def nearest_row(rows: Mapping[float, EpochRow], share: float) -> EpochRow:
        nearest = min(rows, key=lambda logged_share: (abs(logged_share - share), logged_share))
        return rows[nearest]

    def accuracy_and_loss(share: float) -> tuple[float, float]:
        rows = [nearest_row(log, share) for log in rows_by_share]
        return fmean(row.held_out_accuracy for row in rows), -fmean(row.held_out_loss for row in rows)

    all_shares = sorted({share for rows in rows_by_share for share in rows})
    return max(all_shares, key=accuracy_and_loss)


@dataclasses.dataclass(frozen=True, slots=True)
class FoldInputs:
    """Features and device of a training."""

    store: FeatureStore  # features of the videos; inputs of the last blocks if these are trained
    device: torch.device
    unfreezing: LastBlockTraining | None = None  # last blocks of the backbones that are trained with the head, or None


def fit_fold(
    plan: TrainingPlan,
    dataset: Dataset,
    fold: Fold,
    inputs: FoldInputs,
    control: TrainingControl,
    state_store: Callable[[str], TrainingStateStore] | None = None,
    process_group: ProcessGroup = SINGLE_PROCESS,
) -> tuple[AttentionModel, Trained]:
    """Train a model on a fold, and return it with the log of the training.

    Held-out videos are used only under ``EpochSelection.BEST_ON_TEST``.

    Args:
        plan: Model and settings.
        dataset: Videos and pairs.
        fold: Training and held-out videos.
        inputs: Features and device.
        control: Stops the training, and receives its progress.
        state_store: Returns the storage of the state of a stage, ``choice`` (``choice-2``, ...) or ``final``, from
            which a killed training continues; None to save no state.
        process_group: The processes that train together.
    """
    store, unfreezing = inputs.store, inputs.unfreezing
    if not plan.trains_backbones:
        store = average_inputs(plan.model, plan.sizes(), store)

    def new_model(names: Sequence[str]) -> AttentionModel:
        return _new_model(plan, store, names, inputs.device, unfreezing)

    def fit_stage(
        model: AttentionModel,
        stage_fold: Fold,
        choosing_pairs: Sequence[Pair],
        select: EpochSelection,
        stage: str,
        last_epoch: int | None = None,
    ) -> Trained:
        settings = dataclasses.replace(plan.settings_on(fold), select=select)
        similar = similar_for_training(dataset, stage_fold) if model.needs.similar_pairs else ()
        stage_store = state_store(stage) if state_store is not None else None
        pairs = FitPairs(stage_fold.train_pairs, choosing_pairs, similar)
        return fit(model, store, pairs, settings, control, stage_store, last_epoch, process_group)

    if plan.select is not EpochSelection.INNER:
        model = new_model(fold.train_videos)
        choosing_pairs = fold.test_pairs if plan.select is EpochSelection.BEST_ON_TEST else ()
        trained = fit_stage(model, fold, choosing_pairs, plan.select, "final")
        return restore_inputs(model, store), trained

    logs: list[tuple[EpochRow, ...]] = []
    for number, inner in enumerate(choosing_folds(plan, dataset, fold), start=1):
        check_no_leak(fold, names_seen=videos_of([*inner.train_pairs, *inner.test_pairs]))
        model = new_model(inner.train_videos)
        stage = "choice" if number == 1 else f"choice-{number}"
        trained = fit_stage(model, inner, inner.test_pairs, plan.select, stage)
        logs.append(trained.rows)
        if control.stopped:
            break
    if plan.refit and not control.stopped:
        model = new_model(fold.train_videos)
        # if the length is given in iterations, more pairs mean fewer epochs: the choice is a share, not an epoch
        share = best_share(logs)
        settings = plan.settings_on(fold)
        all_epochs = n_epochs(model.phases(), settings.optimiser, dict(settings.phases), len(fold.train_pairs))
        last_epoch = max(1, round(share * all_epochs))
        trained = fit_stage(model, fold, (), EpochSelection.LAST, "final", last_epoch)
        logs.append(trained.rows)
    trained = dataclasses.replace(trained, rows=tuple(row for log in logs for row in log))
    return restore_inputs(model, store), trained


def choosing_folds(plan: TrainingPlan, dataset: Dataset, fold: Fold) -> Sequence[Fold]:
    """Return the inner folds on which the epoch is chosen, or nothing under another ``EpochSelection``.

    They are made by participant; if none then has pairs on both sides, by video.

    Raises:
        DatasetError: No inner fold has pairs on both sides.
    """
    if plan.select is not EpochSelection.INNER:
        return ()
    videos_without_participant = tuple(dataclasses.replace(video, participant=None) for video in dataset.videos)
    by_video = dataclasses.replace(dataset, videos=videos_without_participant)
    for divided in (dataset, by_video):
        folds = inner_folds(divided, fold, plan.seed)
        usable = [inner for inner in folds if inner.train_pairs and inner.test_pairs]
        if usable:
            return usable[: plan.inner_folds]
    raise DatasetError(
        f"Fold {fold.name} has {len(fold.train_pairs)} training pairs: when a part of their videos is held out to "
        "choose the epoch on, none are left on one side. Choose the last epoch (--select last)."
    )
