"""Training on a fold: a fresh model, the choice of an epoch within the training videos, the final training."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import torch

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak, inner_folds
from skillviewer.core.dataset.pair_graph import similar_for_training
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.engine.features import snippets
from skillviewer.engine.features.feature_statistics import standardise
from skillviewer.engine.features.feature_store import FeatureStore, average_inputs, match_inputs, restore_inputs
from skillviewer.engine.features.last_block_training import LastBlockTraining
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.training.schedule import count_epochs
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import EpochRow, FitPairs, FitResult, TrainingControl, TrainingStateStore, fit
from skillviewer.engine.training.training_plan import TrainingPlan
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


def best_training_share(logs: Sequence[Sequence[EpochRow]]) -> float:
    """Return the share of the training, 0 to 1, with the best mean accuracy over the logs of inner folds.

    Ties go to the lower mean loss, then to the smaller share. If the length of a training is given in iterations,
    trainings on fewer pairs have more epochs. Therefore the row with the nearest share is taken from each log.
    """
    logs_by_share = [_rows_by_share(log) for log in logs]

    def accuracy_and_negative_loss(share: float) -> tuple[float, float]:
        rows = [_nearest_row(rows_by_share, share) for rows_by_share in logs_by_share]
        mean_accuracy = fmean(row.held_out_accuracy for row in rows)
        mean_loss = fmean(row.held_out_loss for row in rows)
        return mean_accuracy, -mean_loss

    all_shares = set[float]().union(*logs_by_share)
    return max(sorted(all_shares), key=accuracy_and_negative_loss)


def _rows_by_share(log: Sequence[EpochRow]) -> dict[float, EpochRow]:
    """Return the rows of a log by the share of the training after which they were written."""
    n_epochs = log[-1].epoch
    return {row.epoch / n_epochs: row for row in log}


def _nearest_row(rows_by_share: Mapping[float, EpochRow], share: float) -> EpochRow:
    """Return the row with the nearest share; of two that are equally near, that with the smaller share."""
    nearest_share = min(sorted(rows_by_share), key=lambda row_share: abs(row_share - share))
    return rows_by_share[nearest_share]


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
    store_of_stage: Callable[[str], TrainingStateStore] | None = None,
    process_group: ProcessGroup = SINGLE_PROCESS,
) -> tuple[AttentionModel, FitResult]:
    """Train a model on a fold, and return it with the log of the training.

    Held-out videos are used only under ``EpochSelection.BEST_ON_TEST``.

    Args:
        plan: Model and settings.
        dataset: Videos and pairs.
        fold: Training and held-out videos.
        inputs: Features and device.
        control: Stops the training, and receives its progress.
        store_of_stage: Returns the storage of the state of a stage, ``choice`` (``choice-2``, ...) or ``final``, from
            which a killed training continues; None to save no state.
        process_group: The processes that train together.
    """
    store = inputs.store
    if not plan.trains_backbones:
        store = average_inputs(plan.model, plan.sizes(), store)

    def new_model(names: Sequence[str]) -> AttentionModel:
        return _new_model(plan, store, names, inputs.device, inputs.unfreezing)

    def fit_stage(
        model: AttentionModel,
        stage_fold: Fold,
        choosing_pairs: Sequence[Pair],
        select: EpochSelection,
        stage: str,
        last_epoch: int | None = None,
    ) -> FitResult:
        settings = dataclasses.replace(plan.settings_on(fold), select=select)
        similar_pairs = similar_for_training(dataset, stage_fold) if model.needs.similar_pairs else ()
        state_store = store_of_stage(stage) if store_of_stage is not None else None
        pairs = FitPairs(stage_fold.train_pairs, choosing_pairs, similar_pairs)
        return fit(model, store, pairs, settings, control, state_store, last_epoch, process_group)

    if plan.select is not EpochSelection.INNER_FOLDS:
        model = new_model(fold.train_videos)
        choosing_pairs = fold.test_pairs if plan.select is EpochSelection.BEST_ON_TEST else ()
        fit_result = fit_stage(model, fold, choosing_pairs, plan.select, stage="final")
        return restore_inputs(model, store), fit_result

    logs: list[tuple[EpochRow, ...]] = []
    for number, inner_fold in enumerate(choosing_folds(plan, dataset, fold), start=1):
        inner_pairs = [*inner_fold.train_pairs, *inner_fold.test_pairs]
        check_no_leak(fold, names_seen=videos_of(inner_pairs))
        model = new_model(inner_fold.train_videos)
        stage = "choice" if number == 1 else f"choice-{number}"
        fit_result = fit_stage(model, inner_fold, choosing_pairs=inner_fold.test_pairs, select=plan.select, stage=stage)
        logs.append(fit_result.rows)
        if control.stopped:
            break
    if plan.refit and not control.stopped:
        model = new_model(fold.train_videos)
        # a share of the training is chosen, not an epoch: if the length is given in iterations, more pairs mean fewer
        # epochs
        share = best_training_share(logs)
        settings = plan.settings_on(fold)
        n_pairs = len(fold.train_pairs)
        n_epochs = count_epochs(model.phases(), settings.optimiser, dict(settings.phases), n_pairs)
        last_epoch = max(1, round(share * n_epochs))
        fit_result = fit_stage(
            model, fold, choosing_pairs=(), select=EpochSelection.LAST, stage="final", last_epoch=last_epoch
        )
        logs.append(fit_result.rows)
    all_rows = tuple(itertools.chain.from_iterable(logs))
    fit_result = dataclasses.replace(fit_result, rows=all_rows)
    return restore_inputs(model, store), fit_result


def choosing_folds(plan: TrainingPlan, dataset: Dataset, fold: Fold) -> Sequence[Fold]:
    """Return the inner folds on which the epoch is chosen; none unless the selection is ``EpochSelection.INNER_FOLDS``.

    The folds are made by participant. If no such fold has pairs on both sides, the folds are made by video.

    Raises:
        DatasetError: No inner fold has pairs on both sides.
    """
    if plan.select is not EpochSelection.INNER_FOLDS:
        return ()
    videos_without_participant = tuple(dataclasses.replace(video, participant=None) for video in dataset.videos)
    by_video = dataclasses.replace(dataset, videos=videos_without_participant)
    for dataset_to_divide in (dataset, by_video):
        folds = inner_folds(dataset_to_divide, fold, plan.seed)
        usable_folds = [inner_fold for inner_fold in folds if inner_fold.train_pairs and inner_fold.test_pairs]
        if usable_folds:
            return usable_folds[: plan.inner_folds]
    raise DatasetError(
        f"Fold {fold.name} has {len(fold.train_pairs)} training pairs: when a part of their videos is held out to "
        "choose the epoch on, none are left on one side. Choose the last epoch (--select last)."
    )
