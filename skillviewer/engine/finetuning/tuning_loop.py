"""Stages of a fine-tuning: a head is trained on cached features and tested on held-out pairs after every epoch.

In the first stage the epoch is chosen on a part of the training videos. In the second, a new copy of the initial model
is trained on all training videos for as many epochs. With too few pairs there is one stage, and the last epoch is
taken. Held-out pairs choose nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import numpy as np

from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.dataset.pair_graph import similar_for_training
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy
from skillviewer.core.finetuning.forgetting import ForgettingMethod, drift_of
from skillviewer.core.finetuning.split import TuningChoices
from skillviewer.core.finetuning.tuning_report import SMOOTHING, BatchRow, TuningRow
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report
from skillviewer.engine.features.feature_store import average_inputs, restore_inputs
from skillviewer.engine.finetuning.state_recorder import StateRecorder
from skillviewer.engine.finetuning.stopping import BlockableToken, StopToken, StopTraining
from skillviewer.engine.finetuning.tuning_data import TuningData
from skillviewer.engine.training.batches import draw_batches
from skillviewer.engine.training.predict import Predictions, held_out_loss, predict
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.engine.training.trainer import EpochRow, FitPairs, FitResult, FitState, TrainingControl, fit
from skillviewer.engine.training.training_plan import held_out_part
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.deployment import Precision

STATE_FILES = {False: "state-choice.safetensors", True: "state-final.safetensors"}
"""File of the state in the work folder: of the stage that chooses the epoch (False), and of the final stage (True)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Predictions after an epoch."""

    epoch: int  # epoch of its stage, from 1
    held_out: Predictions  # predictions for the videos of the held-out pairs
    forgetting_scores: Mapping[str, float]  # scores of the videos of the forgetting check


class _EpochMonitor:
    """Tests a model on held-out pairs after every epoch, and reports batches and epochs of all stages."""

    def __init__(self, tuning_data: TuningData, settings: TrainSettings, report: Report, n_batches: int) -> None:
        self._tuning_data = tuning_data
        self._settings = settings
        self._report = report
        self._test_pairs = tuning_data.split.fold.test_pairs
        self._test_names = videos_of(self._test_pairs)
        self._started_s = monotonic()
        self._n_batches = n_batches  # batches of all stages
        self.batch = 0  # batches so far, also of earlier stages and of a killed training
        self._epoch = 0  # epochs so far, likewise
        self._earlier_epochs = 0  # epochs of earlier stages
        self._skipped_batches = 0  # batches of a killed training that were not repeated
        self._is_parent_tested = False
        self._smoothed_loss = float("nan")
        self._forgetting_scores_before: Mapping[str, float] = {}
        self._best: dict[bool, Snapshot] = {}  # best epoch of each stage, by whether the stage is final

    def predictions_at(self, epoch: int, *, is_final: bool) -> Snapshot | None:
        """Return the predictions after an epoch if it was the best of its stage, or else None."""
        best = self._best.get(is_final)
        if best is None or best.epoch != epoch:
            return None
        return best

    def seconds_left(self) -> float:
        """Return the seconds left at the pace so far, with those of the tests; NaN before the first batch."""
        n_batches_done = self.batch - self._skipped_batches
        if not n_batches_done:
            return float("nan")
        batch_s = (monotonic() - self._started_s) / n_batches_done
        return batch_s * max(self._n_batches - self.batch, 0)

    def set_n_batches(self, n_batches: int) -> None:
        """Set the number of batches of all stages."""
        self._n_batches = n_batches

    def begin_stage(self, state: FitState | None, batches_per_epoch: int) -> None:
        """Begin a stage, at the epoch of its saved state if there is one."""
        n_skipped_epochs = state.epoch if state is not None else 0
        self._earlier_epochs = self._epoch
        self._epoch += n_skipped_epochs
        self.batch += n_skipped_epochs * batches_per_epoch
        self._skipped_batches += n_skipped_epochs * batches_per_epoch

    def test_parent(self, model: AttentionModel, token: CancelToken) -> None:
        """Test the parent model once, if there is one, and report the test as epoch 0."""
        if self._tuning_data.initial.parent is None or self._is_parent_tested:
            return
        self._is_parent_tested = True
        forgetting_set = self._tuning_data.forgetting_set
        self._forgetting_scores_before = predict(
            model, forgetting_set.store, forgetting_set.names, token, maps=False
        ).scores
        nan = float("nan")
        row = EpochRow(0, nan, train_accuracy=nan, held_out_loss=nan, held_out_accuracy=nan, best=True, seconds=0.0)
        self._report_epoch(model, row, token, is_final=False)

    def stage_report(self, model: AttentionModel, token: CancelToken, *, is_final: bool, last_epoch: int) -> Report:
        """Return the function that receives the progress of ``fit`` in a stage."""

        def report(progress: Progress) -> None:
            if isinstance(progress.value, EpochRow):
                self._epoch = self._earlier_epochs + progress.value.epoch
                self._report_epoch(model, progress.value, token, is_final=is_final, last_epoch=last_epoch)
            elif isinstance(progress.value, float):
                self._report_batch(progress.value, is_final=is_final)

        return report

    def _report_batch(self, loss: float, *, is_final: bool) -> None:
        self.batch += 1
        if math.isnan(self._smoothed_loss):
            self._smoothed_loss = loss
        else:
            self._smoothed_loss = SMOOTHING * self._smoothed_loss + (1 - SMOOTHING) * loss
        row = BatchRow(self.batch, loss, self._smoothed_loss, self.seconds_left())
        self._report(Progress(_stage_title(is_final=is_final), self.batch, self._n_batches, row))

    def _report_epoch(
        self, model: AttentionModel, row: EpochRow, token: CancelToken, *, is_final: bool, last_epoch: int = 0
    ) -> None:
        tuning_data = self._tuning_data
        forgetting_set = self._tuning_data.forgetting_set
        held_out = predict(model, tuning_data.store, self._test_names, token)
        forgetting_scores = predict(model, forgetting_set.store, forgetting_set.names, token, maps=False).scores
        if row.best and row.epoch:
            self._best[is_final] = Snapshot(row.epoch, held_out, forgetting_scores)
        has_fixed_epoch = is_final and tuning_data.split.inner_fold is not None
        is_best = row.epoch == last_epoch if has_fixed_epoch else row.best
        fold_scores = FoldScores(tuning_data.split.fold, held_out.scores)
        tuning_row = TuningRow(
            epoch=self._epoch,
            batch=self.batch,
            is_final=is_final,
            loss=row.loss,
            choosing_accuracy=row.held_out_accuracy,
            held_out_loss=held_out_loss(self._test_pairs, held_out.scores, self._settings.loss),
            held_out=pooled_accuracy([fold_scores], tuning_data.study_pairs.dataset),
            forgetting_value=self._forgetting_value(forgetting_scores),
            forgetting_method=forgetting_set.method,
            is_best=is_best,
            seconds=monotonic() - self._started_s,
            seconds_left=self.seconds_left(),
        )
        self._report(Progress(_stage_title(is_final=is_final), self.batch, self._n_batches, tuning_row))

    def _forgetting_value(self, scores: Mapping[str, float]) -> float:
        """Return the drift of the scores, or the accuracy on the prior pairs; NaN without a forgetting check."""
        forgetting_set = self._tuning_data.forgetting_set
        if forgetting_set.method is ForgettingMethod.DRIFT:
            return drift_of(self._forgetting_scores_before, scores)
        if forgetting_set.dataset is None:
            return float("nan")
        pairs = forgetting_set.dataset.pairs
        n_right = sum(scores[pair.better] > scores[pair.worse] for pair in pairs)
        return n_right / len(pairs)


def _stage_title(*, is_final: bool) -> str:
    return "training on all training pairs" if is_final else "choosing the epoch"


@dataclass(frozen=True, slots=True)
class TunedModel:
    """A fine-tuned model."""

    model: AttentionModel  # the model, in evaluation mode
    epoch: int  # the chosen epoch of the last stage
    selection: str  # choice of the epoch, as text
    rows: tuple[EpochRow, ...]  # the log of both stages
    seconds: float  # duration of the training
    # fold whose training videos were used: that of the split, or the inner fold after a stop in the first stage
    fold: Fold
    stopped: bool = False  # whether the user stopped the training before its end
    predictions: Snapshot | None = None  # predictions after the chosen epoch, or None if they were not stored
    precision: Precision = "float32"  # number type of the training


def tune(
    tuning_data: TuningData,
    choices: TuningChoices,
    token: CancelToken,
    report: Report,
    stop: CancelToken = NEVER,
    work: Path | None = None,
) -> TunedModel:
    """Fine-tune a head.

    Args:
        tuning_data: Features, and the split of the pairs.
        choices: Choices of the user.
        token: Cancelled to end without a result.
        report: Receives every batch with a ``BatchRow``, and every epoch with a ``TuningRow``, as value.
        stop: Cancelled to end with the best epoch so far: at once, or after the current batch of the first epoch.
        work: Folder of the state, from which a killed training continues; None to save no state.

    Raises:
        DatasetError: There is nothing to train on.
        SettingsError: The training diverged.
        CheckpointError: The state cannot be saved, for instance on a full disk.
    """
    tuning_data = _with_averaged_features(tuning_data)
    fold = tuning_data.split.fold
    inner_fold = tuning_data.split.inner_fold
    stages = _Stages(tuning_data, choices, token, report, stop, work)
    started_s = monotonic()
    if inner_fold is None:
        model, fit_result = stages.run(FitPairs(fold.train_pairs), EpochSelection.LAST, stages.n_epochs)
        selection = "last epoch"
    else:
        inner_pairs = [*inner_fold.train_pairs, *inner_fold.test_pairs]
        check_no_leak(fold, names_seen=videos_of(inner_pairs))
        pairs = FitPairs(inner_fold.train_pairs, inner_fold.test_pairs)
        model, fit_result = stages.run(pairs, EpochSelection.INNER_FOLDS, stages.n_epochs)
        part, _ = held_out_part([inner_fold])
        selection = f"epoch chosen on {part}"
    assert fit_result is not None  # only a second stage may end without a result
    rows = fit_result.rows
    is_final = inner_fold is None
    if inner_fold is not None and not stop.cancelled:
        refitted_model, refitted = stages.run(FitPairs(fold.train_pairs), EpochSelection.LAST, fit_result.epoch)
        if refitted is not None:
            rows = (*rows, *refitted.rows)
        if refitted is not None and refitted.epoch == fit_result.epoch:
            model = refitted_model
            fit_result = refitted
            is_final = True
            selection += ", then trained afresh on all training videos for as many epochs"
    is_stopped = stop.cancelled
    if is_stopped:
        selection += "; stopped before its end by the user"
    trained_fold = fold
    if inner_fold is not None and not is_final:
        trained_fold = inner_fold
    return TunedModel(
        model=restore_inputs(model, tuning_data.store),
        epoch=fit_result.epoch,
        selection=selection,
        rows=rows,
        seconds=monotonic() - started_s,
        fold=trained_fold,
        stopped=is_stopped,
        predictions=stages.monitor.predictions_at(fit_result.epoch, is_final=is_final),
        precision=stages.settings.precision,
    )


class _Stages:
    """Runs the one or two trainings of a fine-tuning; arguments are those of ``tune``."""

    def __init__(
        self,
        tuning_data: TuningData,
        choices: TuningChoices,
        token: CancelToken,
        report: Report,
        stop: CancelToken,
        work: Path | None,
    ) -> None:
        fold = tuning_data.split.fold
        inner_fold = tuning_data.split.inner_fold
        n_pairs = len(fold.train_pairs)
        n_videos = len(videos_of(fold.train_pairs))
        self.settings = tuning_data.initial.settings(n_pairs, n_videos, choices.epochs, choices.seed)
        self.n_epochs = self.settings.optimiser.epochs
        self._final_batches = _count_batches(fold.train_pairs, self.settings)  # batches of an epoch, by stage
        self._choice_batches = _count_batches(inner_fold.train_pairs, self.settings) if inner_fold is not None else 0
        n_batches = self.n_epochs * (self._final_batches + self._choice_batches)
        self.monitor = _EpochMonitor(tuning_data, self.settings, report, n_batches)
        self._tuning_data = tuning_data
        self._seed = choices.seed
        self._token = token
        self._stop = stop
        self._work = work

    def run(self, pairs: FitPairs, select: EpochSelection, last_epoch: int) -> tuple[AttentionModel, FitResult | None]:
        """Run a stage and return its model and log, or None instead of the log if it was stopped without a result."""
        tuning_data = self._tuning_data
        split = tuning_data.split
        monitor = self.monitor
        is_final = select is EpochSelection.LAST
        if is_final:
            monitor.set_n_batches(monitor.batch + last_epoch * self._final_batches)
        model = tuning_data.initial.model(tuning_data.store, sorted(videos_of(pairs.train)), self._seed)
        monitor.test_parent(model, self._token)
        if model.needs.similar_pairs:
            study_pairs = tuning_data.study_pairs
            fold = split.fold
            if split.inner_fold is not None and not is_final:
                fold = split.inner_fold
            pairs = replace(pairs, similar=similar_for_training(study_pairs.dataset, fold, study_pairs.reserved))
        state_file = StateFile(self._work / STATE_FILES[is_final]) if self._work is not None else None
        recorder = StateRecorder(state_file)
        n_batches = self._final_batches if is_final else self._choice_batches
        monitor.begin_stage(recorder.load(), n_batches)

        def has_result() -> bool:
            # without a result of its own, the second stage ends with that of the first
            is_second_stage = is_final and split.inner_fold is not None
            return recorder.has_best_epoch or is_second_stage

        token = StopToken(self._token, self._stop, has_result)
        report = monitor.stage_report(model, token, is_final=is_final, last_epoch=last_epoch)
        control = TrainingControl(token, report, BlockableToken(self._stop, is_blocked=has_result))
        settings = replace(self.settings, select=select)
        try:
            return model, fit(
                model, tuning_data.store, pairs, settings, control, state_store=recorder, last_epoch=last_epoch
            )
        except StopTraining:
            fit_result = recorder.best_epoch()
            if fit_result is not None:
                model.load_state_dict(fit_result.weights)
            return model, fit_result


def _with_averaged_features(tuning_data: TuningData) -> TuningData:
    """Return data with features averaged over the cells, if the model averages them."""
    config = tuning_data.initial.config
    forgetting_set = tuning_data.forgetting_set
    store = average_inputs(config.attention_model, config.sizes, tuning_data.store)
    if forgetting_set.store is tuning_data.store:
        forgetting_store = store
    else:
        forgetting_store = average_inputs(config.attention_model, config.sizes, forgetting_set.store)
    return replace(tuning_data, store=store, forgetting_set=replace(forgetting_set, store=forgetting_store))


def _count_batches(pairs: Sequence[Pair], settings: TrainSettings) -> int:
    """Return the approximate number of batches of an epoch; batches of videos without a pair are not counted."""
    batches = draw_batches(pairs, settings.optimiser, np.random.default_rng(0))
    return len(list(batches))
