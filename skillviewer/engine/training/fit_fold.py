"""Training on a fold: a fresh model, the choice of an epoch within the training videos, the final training."""

import dataclasses
from collections.abc import Callable, Sequence
from statistics import fmean

import torch

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak, inner_folds
from skillviewer.core.dataset.pair_graph import similar_for_training
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.engine.features import snippets
from skillviewer.engine.features.dataset_features import standardise
from skillviewer.engine.features.feature_store import FeatureStore, averaged_once, match_inputs, restore_inputs
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
    """Return a model with the seed's first weights, which knows the statistics of the training videos' features."""
    torch.manual_seed(plan.seed)
    if plan.inputs is InputKind.SNIPPETS:
        whole = snippets.end_to_end(plan.sizes(), plan.trained_backbone).to(device)
        snippets.adapt_statistics(whole, store, names)
        return whole
    model = match_inputs(attention_model(plan.model).build(plan.sizes()), store)
    features = store if unfreezing is None else unfreezing.features(store)
    standardise(model, features, names)
    if unfreezing is not None:
        unfreezing.attach_blocks(model)
    return model.to(device)


def chosen_share(splits: Sequence[Sequence[EpochRow]]) -> float:
    """Return the share of the course that is best on average over inner folds: by accuracy; of equals, by loss.

    Of equals in both, the first. Where iterations say how long, courses on fewer pairs have more epochs: each log is
    looked up where it comes nearest to the share.
    """
    logs = [{row.epoch / log[-1].epoch: row for row in log} for log in splits]

    def merit(share: float) -> tuple[float, float]:
        rows = [
            log[share if share in log else min(log, key=lambda logged_share: (abs(logged_share - share), logged_share))]
            for log in logs
        ]
        return fmean(row.held_out_accuracy for row in rows), -fmean(row.held_out_loss for row in rows)

    return max(sorted({share for log in logs for share in log}), key=merit)


@dataclasses.dataclass(frozen=True, slots=True)
class FoldInputs:
    """Features that a training reads, and the device that it computes on."""

    store: FeatureStore  # features of the videos; what comes before the last blocks where these are trained
    device: torch.device
    # last blocks that are trained with the head, or None; then the model is still to be frozen
    unfreezing: LastBlockTraining | None = None


def fit_fold(
    plan: TrainingPlan,
    dataset: Dataset,
    fold: Fold,
    inputs: FoldInputs,
    control: TrainingControl,
    state_store: Callable[[str], TrainingStateStore] | None = None,
    process_group: ProcessGroup = SINGLE_PROCESS,
) -> tuple[AttentionModel, Trained]:
    """Train on a fold. Held-out videos are used only under ``EpochSelection.BEST_ON_TEST``, which says so.

    ``state_store`` returns the store of the state of a stage, ``choice`` (``choice-2``, ...) or ``final``, so that a
    killed training goes on.
    """
    store, unfreezing = inputs.store, inputs.unfreezing
    if not plan.trains_backbones:
        store = averaged_once(plan.model, plan.sizes(), store)

    def new_model(names: Sequence[str]) -> AttentionModel:
        return _new_model(plan, store, names, inputs.device, unfreezing)

    def trained(
        model: AttentionModel,
        fold_: Fold,
        choosing: Sequence[Pair],
        select: EpochSelection,
        stage: str,
        until: int | None = None,
    ) -> Trained:
        settings = dataclasses.replace(plan.settings_on(fold), select=select)
        similar = similar_for_training(dataset, fold_) if model.needs.similar_pairs else ()
        store_of_stage = state_store(stage) if state_store is not None else None
        pairs = FitPairs(fold_.train_pairs, choosing, similar)
        return fit(model, store, pairs, settings, control, store_of_stage, until, process_group)

    if plan.select is not EpochSelection.INNER:
        model = new_model(fold.train_videos)
        choosing = fold.test_pairs if plan.select is EpochSelection.BEST_ON_TEST else ()
        result = trained(model, fold, choosing, plan.select, "final")
    else:
        logs: list[tuple[EpochRow, ...]] = []
        for number, inner in enumerate(choosing_folds(plan, dataset, fold), start=1):
            check_no_leak(fold, names_seen=videos_of([*inner.train_pairs, *inner.test_pairs]))
            model = new_model(inner.train_videos)
            stage = "choice" if number == 1 else f"choice-{number}"
            result = trained(model, inner, inner.test_pairs, plan.select, stage)
            logs.append(result.rows)
            if control.stopped:
                break
        if plan.refit and not control.stopped:
            model = new_model(fold.train_videos)
            # where iterations say how long, more pairs mean fewer epochs: what was chosen is a share of the course
            share = chosen_share(logs)
            settings = plan.settings_on(fold)
            whole = n_epochs(model.phases(), settings.optimiser, dict(settings.phases), len(fold.train_pairs))
            result = trained(model, fold, (), EpochSelection.LAST, "final", max(1, round(share * whole)))
            logs.append(result.rows)
        result = dataclasses.replace(result, rows=tuple(row for log in logs for row in log))
    return restore_inputs(model, store), result


def choosing_folds(plan: TrainingPlan, dataset: Dataset, fold: Fold) -> Sequence[Fold]:
    """Return the inner folds on which the epoch is chosen, those that have pairs on both sides; none if it is not.

    Raises:
        DatasetError: It is to be chosen so, and there are none.
    """
    if plan.select is not EpochSelection.INNER:
        return ()
    unnamed = tuple(dataclasses.replace(video, participant=None) for video in dataset.videos)
    for divided in (dataset, dataclasses.replace(dataset, videos=unnamed)):  # by participant, else by video
        folds = inner_folds(divided, fold, plan.seed)
        usable = [inner for inner in folds if inner.train_pairs and inner.test_pairs]
        if usable:
            return usable[: plan.inner_folds]
    raise DatasetError(
        f"Fold {fold.name} has {len(fold.train_pairs)} training pairs: when a part of their videos is held out to "
        "choose the epoch on, none are left on one side. Choose the last epoch (--select last)."
    )
