"""Fine-tuning a head on the pairs of a study: a copy of a model, on cached features, tested on held-out pairs.

The epoch is chosen on a part of the training videos, then a fresh copy is trained on all of them for as many epochs;
where the pairs are too few for that, the last epoch is taken. Held-out pairs choose nothing.
"""

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
from skillviewer.core.finetuning.split import TuningChoices
from skillviewer.core.finetuning.tuning_report import SMOOTHING, BatchRow, ForgettingMethod, TuningRow, drift_of
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report
from skillviewer.engine.features.feature_store import averaged_once, restore_inputs
from skillviewer.engine.finetuning.stopping import BestCheckpoint, ConditionalToken, StopToken, StopTraining
from skillviewer.engine.finetuning.tuning_data import TuningData
from skillviewer.engine.training.batches import batches
from skillviewer.engine.training.plan import held_out_part
from skillviewer.engine.training.predict import Snapshot, held_out_loss, predict
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.engine.training.trainer import EpochRow, FitPairs, FitState, Trained, TrainingControl, fit
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.deployment import Precision

STATE_OF = {False: "state-choice.safetensors", True: "state-final.safetensors"}
"""File of the state in the work folder: of the stage that chooses the epoch, and of the final stage."""


class _Watch:
    """Tests a model after every epoch on held-out pairs, and turns reports into rows."""

    def __init__(self, prepared: TuningData, settings: TrainSettings, report: Report, n_batches: int) -> None:
        self._prepared = prepared
        self._settings = settings
        self._report = report
        self._test = prepared.split.fold.test_pairs
        self._names = videos_of(self._test)
        self._started = monotonic()
        self._n_batches = n_batches
        self.batch = self._epoch = self._epochs_before = self._done_before = 0
        self._begun = False
        self._smoothed = float("nan")
        self._before: Mapping[str, float] = {}
        self._best: dict[bool, Snapshot] = {}

    def predictions_at(self, epoch: int, *, final: bool) -> Snapshot | None:
        """Return the predictions after an epoch that was the best of its stage, or None if they are not known."""
        best = self._best.get(final)
        return best if best is not None and best.epoch == epoch else None

    def left_s(self) -> float:
        """Return the seconds left at the pace so far, tests included; NaN before the first batch."""
        n_batches_done = self.batch - self._done_before
        if not n_batches_done:
            return float("nan")
        pace = (monotonic() - self._started) / n_batches_done
        return pace * max(self._n_batches - self.batch, 0)

    def expect(self, n_batches: int) -> None:
        """Set the number of all batches, once it is known better."""
        self._n_batches = n_batches

    def go_on(self, state: FitState | None, batches_each: int) -> None:
        """Begin a stage, from the state in which it was killed, if it was."""
        n_epochs_done = state.epoch if state is not None else 0
        self._epochs_before = self._epoch
        self._epoch += n_epochs_done
        self.batch += n_epochs_done * batches_each
        self._done_before += n_epochs_done * batches_each

    def begin(self, model: AttentionModel, token: CancelToken) -> None:
        """Test the parent model, if there is one."""
        old = self._prepared.old
        if self._prepared.start.parent is None or self._begun:
            return
        self._begun = True
        self._before = predict(model, old.store, old.names, token, maps=False).scores
        nan = float("nan")
        as_it_was = EpochRow(0, nan, nan, nan, nan, best=True, seconds=0.0)
        self._tell(model, as_it_was, token, final=False)

    def listen(self, model: AttentionModel, token: CancelToken, *, final: bool, until: int) -> Report:
        """Return the report function of a stage of the training."""

        def hear(progress: Progress) -> None:
            if isinstance(progress.value, EpochRow):
                self._epoch = self._epochs_before + progress.value.epoch
                self._tell(model, progress.value, token, final=final, until=until)
            elif isinstance(progress.value, float):
                self.batch += 1
                loss = progress.value
                smoothing = SMOOTHING if self._smoothed == self._smoothed else 0.0
                self._smoothed = (smoothing * self._smoothed if smoothing else 0.0) + (1 - smoothing) * loss
                row = BatchRow(self.batch, loss, self._smoothed, self.left_s())
                self._report(Progress(_stage(final=final), self.batch, self._n_batches, row))

        return hear

    def _tell(self, model: AttentionModel, row: EpochRow, token: CancelToken, *, final: bool, until: int = 0) -> None:
        prepared = self._prepared
        old = self._prepared.old
        watched = predict(model, prepared.store, self._names, token)
        old_scores = predict(model, old.store, old.names, token, maps=False).scores
        scores = watched.scores
        if row.best and row.epoch:
            self._best[final] = Snapshot(row.epoch, watched, old_scores)
        reported = TuningRow(
            epoch=self._epoch,
            batch=self.batch,
            final=final,
            loss=row.loss,
            choosing_accuracy=row.held_out_accuracy,
            held_out_loss=held_out_loss(self._test, scores, self._settings.loss),
            held_out=pooled_accuracy([FoldScores(prepared.split.fold, scores)], prepared.study.dataset),
            old=self._old(old_scores),
            old_kind=old.kind,
            best=row.epoch == until if final and prepared.split.inner is not None else row.best,
            seconds=monotonic() - self._started,
            seconds_left=self.left_s(),
        )
        self._report(Progress(_stage(final=final), self.batch, self._n_batches, reported))

    def _old(self, scores: Mapping[str, float]) -> float:
        old = self._prepared.old
        if old.kind is ForgettingMethod.DRIFT:
            return drift_of(self._before, scores)
        if old.pairs is None:
            return float("nan")
        return sum(scores[p.better] > scores[p.worse] for p in old.pairs.pairs) / len(old.pairs.pairs)


def _stage(*, final: bool) -> str:
    return "training on all training pairs" if final else "choosing the epoch"


@dataclass(frozen=True, slots=True)
class Tuned:
    """A trained head."""

    model: AttentionModel  # the model, in evaluation mode
    epoch: int  # the epoch that was kept, of the last stage
    selection: str  # its choice, in words
    rows: tuple[EpochRow, ...]  # the log of both stages
    seconds: float
    fold: Fold  # on whose training side: less than the split's where it was stopped while the epoch was being chosen
    stopped: bool = False  # whether the user stopped it before its end
    predictions: Snapshot | None = None  # predictions after that epoch; None if they are not known any more
    precision: Precision = "float32"  # number type of the training


def tune(
    prepared: TuningData,
    choices: TuningChoices,
    token: CancelToken,
    report: Report,
    stop: CancelToken = NEVER,
    work: Path | None = None,
) -> Tuned:
    """Fine-tune a head.

    Args:
        prepared: Features, and how the pairs are used.
        choices: Choices of the user.
        token: Raise it to stop and keep nothing.
        report: Receives every batch with a ``BatchRow``, and every epoch with a ``TuningRow``, as value.
        stop: Raise it to stop at once, after the current batch in the first epoch, and keep the best epoch so far.
        work: Folder in which the state is kept, so that a training that was killed goes on; None to keep none.

    Raises:
        DatasetError: There is nothing to train on.
        SettingsError: The training diverged.
        CheckpointError: The state cannot be kept: the disk is full, say.
    """
    prepared = _averaged_once(prepared)
    fold, inner = prepared.split.fold, prepared.split.inner
    stages = _Stages(prepared, choices, token, report, stop, work)
    started = monotonic()
    if inner is None:
        model, fitted = stages.run(FitPairs(fold.train_pairs), EpochSelection.LAST, stages.epochs)
        selection = "last epoch"
    else:
        check_no_leak(fold, names_seen=videos_of([*inner.train_pairs, *inner.test_pairs]))
        model, fitted = stages.run(FitPairs(inner.train_pairs, inner.test_pairs), EpochSelection.INNER, stages.epochs)
        selection = f"epoch chosen on {held_out_part([inner])[0]}"
    assert fitted is not None  # only a second stage ends with nothing
    selected = fitted
    rows = fitted.rows
    final = inner is None
    if inner is not None and not stop.cancelled:
        refitted, last = stages.run(FitPairs(fold.train_pairs), EpochSelection.LAST, selected.epoch)
        rows = (*rows, *(last.rows if last is not None else ()))
        if last is not None and last.epoch == selected.epoch:
            model = refitted
            selected = last
            final = True
            selection += ", then trained afresh on all training videos for as many epochs"
    stopped = stop.cancelled
    if stopped:
        selection += "; stopped before its end by the user"
    fold_used = inner if inner is not None and not final else fold
    seconds = monotonic() - started
    model = restore_inputs(model, prepared.store)
    predictions = stages.watch.predictions_at(selected.epoch, final=final)
    return Tuned(
        model, selected.epoch, selection, rows, seconds, fold_used, stopped, predictions, stages.settings.precision
    )


class _Stages:
    """The one or two trainings of a fine-tuning; arguments are those of ``tune``."""

    def __init__(
        self,
        prepared: TuningData,
        choices: TuningChoices,
        token: CancelToken,
        report: Report,
        stop: CancelToken,
        work: Path | None,
    ) -> None:
        fold, inner = prepared.split.fold, prepared.split.inner
        n_pairs = len(fold.train_pairs)
        n_videos = len(videos_of(fold.train_pairs))
        self.settings = prepared.start.settings(n_pairs, n_videos, choices.epochs, choices.seed)
        self.epochs = self.settings.optimiser.epochs
        self._each = {
            used_fold is fold: n_batches(used_fold.train_pairs, self.settings)
            for used_fold in (inner, fold)
            if used_fold is not None
        }
        self.watch = _Watch(prepared, self.settings, report, self.epochs * sum(self._each.values()))
        self._prepared = prepared
        self._seed = choices.seed
        self._token = token
        self._stop = stop
        self._work = work

    def run(self, pairs: FitPairs, select: EpochSelection, until: int) -> tuple[AttentionModel, Trained | None]:
        """Return the trained model and its log; no log if a stop left the first stage with the better result."""
        start = self._prepared.start
        split = self._prepared.split
        watch = self.watch
        final = select is EpochSelection.LAST
        two = split.inner is not None
        if final:
            watch.expect(watch.batch + until * self._each[True])
        model = start.model(self._prepared.store, sorted(videos_of(pairs.train)), self._seed)
        watch.begin(model, self._token)
        used_fold = split.inner if split.inner is not None and not final else split.fold
        if model.needs.similar_pairs:
            study = self._prepared.study
            pairs = replace(pairs, similar=similar_for_training(study.dataset, used_fold, study.reserved))
        best = BestCheckpoint(StateFile(self._work / STATE_OF[final]) if self._work is not None else None)
        watch.go_on(best.load(), self._each[used_fold is split.fold])

        def has_result() -> bool:
            return best.exists or (final and two)

        token = StopToken(self._token, self._stop, has_result)
        hear = watch.listen(model, token, final=final, until=until)
        control = TrainingControl(token, hear, ConditionalToken(self._stop, has_result))
        settings = replace(self.settings, select=select)
        try:
            return model, fit(model, self._prepared.store, pairs, settings, control, best, until)
        except StopTraining:
            best_state = best.trained()
            if best_state is not None:
                model.load_state_dict(best_state.state)
            return model, best_state


def _averaged_once(prepared: TuningData) -> TuningData:
    """Return the same with features averaged for training, if the model averages them."""
    config = prepared.start.config
    old = prepared.old
    store = averaged_once(config.attention_model, config.sizes, prepared.store)
    other = store if old.store is prepared.store else averaged_once(config.attention_model, config.sizes, old.store)
    return replace(prepared, store=store, old=replace(old, store=other))


def n_batches(pairs: Sequence[Pair], settings: TrainSettings) -> int:
    """Return about how many batches an epoch has; a batch of videos without a pair is left out."""
    return len(list(batches(pairs, settings.optimiser, np.random.default_rng(0))))
