"""Training of a head on pairs of videos: batches on cached features, the loss, the log, and the best epoch.

The best epoch is chosen on an inner split of the training videos (``EpochSelection.INNER_FOLDS``).
``EpochSelection.BEST_ON_TEST`` chooses it on the test fold, as the authors' released code does, and results say so.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from time import monotonic
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from skillviewer.core.dataset.pairs import Pair, SimilarPair, videos_of
from skillviewer.core.errors import CheckpointError, DatasetError, SettingsError
from skillviewer.core.evaluation.accuracy import OrderingCounts, count_pairs
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.engine.features.feature_store import FeatureStore, features_of_first_pass
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.runtime.pace import PaceTimer
from skillviewer.engine.training.batches import FrameSampler, draw_batches, make_pair_batch
from skillviewer.engine.training.predict import held_out_loss, predict
from skillviewer.engine.training.schedule import Schedule
from skillviewer.engine.training.solve_all_pairs import solve_all_pairs
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.engine.training.training_pace import record_training_pace
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.last_block import LastBlocks
from skillviewer.nets.backbones.two_stream import TwoStream


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch; a row of the log."""

    epoch: int  # from 1
    loss: float  # mean training loss
    train_accuracy: float  # strict accuracy over the training pairs, by their scores in the batches of the epoch
    held_out_loss: float  # loss over the pairs that choose the epoch; NaN if there are none
    held_out_accuracy: float  # strict accuracy over the pairs that choose the epoch; NaN if there are none
    best: bool  # whether it is the best epoch so far
    seconds: float  # time since the start of the training


@dataclass(frozen=True, slots=True)
class FitState:
    """State of a training after an epoch, from which the training continues as if it had never stopped."""

    epoch: int  # number of finished epochs
    turns: tuple[int, ...]  # number of optimiser steps of every phase
    best_epoch: int  # the best epoch so far
    best_key: tuple[float, float]  # accuracy and negative loss of the best epoch, by which epochs are compared
    rows: tuple[EpochRow, ...]  # the log so far
    losses: tuple[float, ...]  # losses of the batches since the last row of the log
    hits: tuple[tuple[int, int], ...]  # (correctly ordered pairs, all pairs) of these batches
    generator: Mapping[str, Any]  # state of numpy's generator, as plain values
    # ``model.*``, ``best.*``, ``optimiser.*`` and ``random.*`` (torch's generators), on the CPU
    tensors: Mapping[str, torch.Tensor]
    # indices of the training pairs that were in no batch so far; None if an older version saved the state
    unseen: tuple[int, ...] | None = None
    best_unseen: int | None = None  # number of these pairs at the best epoch


@dataclass(frozen=True, slots=True)
class FitPairs:
    """Pairs of a training."""

    train: Sequence[Pair]
    choosing: Sequence[Pair] = ()  # pairs that choose the epoch; none under ``EpochSelection.LAST``
    similar: Sequence[SimilarPair] = ()  # pairs without disparity, for models that learn from them


@dataclass(frozen=True, slots=True)
class TrainingControl:
    """Flags that stop a training, and the receiver of its progress."""

    token: CancelToken  # cancelled to end the training without a result
    # receives every batch with its mean loss of a pair as value, and every epoch with its ``EpochRow`` as value
    report: Report = silent
    stop: CancelToken = NEVER  # cancelled to end the training after the current batch with the best epoch so far

    @property
    def stopped(self) -> bool:
        """True once the user asked the training to end with the best epoch so far."""
        return self.stop.cancelled


class TrainingStateStore(Protocol):
    """Storage of the state of a training that may be killed."""

    def load(self) -> FitState | None:
        """Return the last saved state, or None."""

    def save(self, make_state: Callable[[], FitState], *, finished: bool) -> None:
        """Save the state that ``make_state`` returns; that of an unfinished training may be skipped."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """A trained model."""

    weights: Mapping[str, torch.Tensor]  # weights of the model, on the CPU
    epoch: int  # the chosen epoch
    rows: tuple[EpochRow, ...]  # one row for each epoch
    # number of training pairs that were in no batch until the chosen epoch, since their videos were never drawn
    # together; None if it is not known
    n_unseen_pairs: int | None


class Trainer:
    """A training in progress."""

    def __init__(
        self,
        model: AttentionModel,
        store: FeatureStore,
        pairs: FitPairs,
        settings: TrainSettings,
        process_group: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        self._model = model
        self._store = store
        self._settings = settings
        self._pairs = pairs
        self._device = next(model.parameters()).device
        model.autocast = settings.precision == "bfloat16"
        self._rng = np.random.default_rng(settings.seed)
        self._frame_sampler = FrameSampler(store, self._rng, self._device)
        torch.manual_seed(settings.seed)
        self._process_group = process_group
        process_group.start_alike(model)
        # pretrained weights take smaller steps, unless the model was published with settings by phase
        pretrained_types = LastBlocks if settings.phases else LastBlocks | TwoStream
        pretrained: set[int] = set()  # identities of the parameters
        for module in model.modules():
            if isinstance(module, pretrained_types):
                pretrained |= {id(parameter) for parameter in module.parameters()}
        self._schedule = Schedule(
            model.phases(),
            settings.optimiser,
            phase_settings=dict(settings.phases),
            n_pairs=len(pairs.train),
            pretrained=pretrained,
        )
        self.n_epochs = self._schedule.n_epochs
        self._choosing_names = videos_of(pairs.choosing)
        self._started_s = monotonic()
        self._losses: list[float] = []
        self._batch_counts: list[tuple[int, int]] = []  # (correctly ordered pairs, all pairs) of each batch
        self._pair_indices = {pair: index for index, pair in enumerate(pairs.train)}
        self._unseen_pairs: set[int] | None = set(self._pair_indices.values())
        self._best_weights = _copy_weights(model)
        self._best_epoch = 0
        self._best_key = (-1.0, 0.0)
        self._n_unseen_at_best: int | None = len(self._unseen_pairs)
        self.epoch = 0
        self.n_drawn = 0  # videos in the batches of this process, each as often as it was drawn
        self.rows: list[EpochRow] = []

    def run_epoch(self, control: TrainingControl) -> None:
        """Train on all batches once, or until a stop is requested.

        A model that needs all pairs at once is solved instead.
        """
        settings = self._settings.optimiser
        if self._model.needs.all_pairs:
            self._solve()
            return
        self._model.train()
        stage = f"epoch {self.epoch + 1} of {self.n_epochs}"
        batches = list(draw_batches(self._pairs.train, settings, self._rng, self._pairs.similar))
        for n_done, (names, indices) in enumerate(batches, start=1):
            control.token.check()
            loss = self.train_batch(names, indices)
            self._losses.append(loss)
            if not math.isfinite(loss):
                raise SettingsError(
                    f"The training diverged in epoch {self.epoch + 1}: its loss is not finite. Nothing of it is kept; "
                    "take another preset, or a lower learning rate."
                )
            control.report(Progress(stage, n_done, len(batches), loss))
            if control.stopped:
                break
        self.epoch += 1

    def _solve(self) -> None:
        pairs = self._pairs.train
        progress = self.epoch / max(1, self.n_epochs - 1)
        loss, n_right = solve_all_pairs(self._model, self._store, pairs, progress, self._settings.loss.margin)
        self._losses = [loss]
        self._batch_counts = [(n_right, len(pairs))]
        self._unseen_pairs = set()
        self.epoch += 1

    def train_batch(self, names: Sequence[str], indices: Sequence[tuple[int, int, int]]) -> float:
        """Take an optimiser step of each phase of a batch, and return the mean loss of a pair.

        The arguments are a batch of ``batches``.
        """
        schedule = self._schedule
        settings = self._settings
        self.n_drawn += len(names)
        features = self._frame_sampler.draw(names, self._process_group.share(len(names)))
        lengths = self._frame_sampler.lengths
        self._model.gather = self._process_group.gather(len(names))
        is_divided = self._process_group.size > 1
        if lengths is not None and is_divided and _has_batch_norm(self._model):
            raise SettingsError(
                "This model normalises over a batch: train it in one process, or without --segments auto."
            )
        pairs = replace(make_pair_batch(indices, self._device), lengths=lengths)
        losses = []
        for phase in schedule.next_phases():
            loss, scores = self._model.loss(features, pairs, settings.loss, schedule.phase_name(phase))
            schedule.step(phase, loss, settings.optimiser.clip_norm, self._process_group.add_gradients)
            scores = scores.detach()
            n_right = (scores[pairs.better] > scores[pairs.worse]).sum()
            self._batch_counts.append((int(n_right), len(pairs.label)))
            losses.append(float(loss.detach()))
        self._model.gather = None  # it belongs to this batch
        if self._unseen_pairs:
            ordered_pairs = [Pair(names[better], names[worse]) for better, worse, label in indices if label]
            self._unseen_pairs -= {self._pair_indices[pair] for pair in ordered_pairs}
        is_summed = settings.loss.reduction == "sum" and not self._model.needs.own_loss
        mean_loss = fmean(losses)
        return mean_loss / len(pairs.label) if is_summed else mean_loss

    def log_epoch(self, token: CancelToken) -> EpochRow:
        """Score the choosing pairs, keep the weights if they are the best so far, and return a new row of the log."""
        settings = self._settings
        loss = math.nan
        counts = OrderingCounts(0, 0, 0)
        if self._pairs.choosing:
            scores = self._score_choosing(token)
            loss = held_out_loss(self._pairs.choosing, scores, settings.loss)
            counts = count_pairs(self._pairs.choosing, scores)
        by_epoch = (float(self.epoch), 0.0)
        by_accuracy = (counts.accuracy, -loss)
        key = by_epoch if settings.select is EpochSelection.LAST else by_accuracy
        is_best = key > self._best_key
        if is_best:
            self._best_weights = _copy_weights(self._model)
            self._best_epoch = self.epoch
            self._best_key = key
            self._n_unseen_at_best = None if self._unseen_pairs is None else len(self._unseen_pairs)
        n_right = sum(right for right, _ in self._batch_counts)
        n_pairs = sum(n for _, n in self._batch_counts)
        mean_loss = float(np.mean(self._losses)) if self._losses else math.nan
        row = EpochRow(
            epoch=self.epoch,
            loss=mean_loss,
            train_accuracy=n_right / max(1, n_pairs),
            held_out_loss=loss,
            held_out_accuracy=counts.accuracy,
            best=is_best,
            seconds=monotonic() - self._started_s,
        )
        self._losses.clear()
        self._batch_counts.clear()
        self.rows.append(row)
        return row

    def _score_choosing(self, token: CancelToken) -> dict[str, float]:
        """Return the scores of the videos of the choosing pairs; each process scores its share of the videos."""
        names = self._choosing_names[self._process_group.rank :: self._process_group.size]
        scores_of_process = predict(self._model, self._store, names, token, maps=False).scores
        all_scores: dict[str, float] = {}
        for scores in self._process_group.collect(scores_of_process):
            all_scores |= scores
        return all_scores

    def finish(self) -> FitResult:
        """Load the weights of the chosen epoch into the model, and return the trained model."""
        self._model.load_state_dict(self._best_weights)
        self._model.eval()
        self._model.autocast = False
        return FitResult(self._best_weights, self._best_epoch, tuple(self.rows), self._n_unseen_at_best)

    def state(self) -> FitState:
        """Return the state of the training."""
        tensors = _with_prefix("model.", _copy_weights(self._model))
        tensors |= _with_prefix("best.", self._best_weights)
        tensors |= _with_prefix("optimiser.", self._schedule.tensors())
        tensors["random.cpu"] = torch.get_rng_state()
        if self._device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self._device)
        unseen_pairs = None if self._unseen_pairs is None else tuple(sorted(self._unseen_pairs))
        return FitState(
            epoch=self.epoch,
            turns=tuple(self._schedule.n_steps),
            best_epoch=self._best_epoch,
            best_key=self._best_key,
            rows=tuple(self.rows),
            losses=tuple(self._losses),
            hits=tuple(self._batch_counts),
            generator=dict(self._rng.bit_generator.state),
            tensors=tensors,
            unseen=unseen_pairs,
            best_unseen=self._n_unseen_at_best,
        )

    def restore(self, state: FitState) -> None:
        """Continue from a state."""

        def tensors_of(prefix: str) -> dict[str, torch.Tensor]:
            names = [name for name in state.tensors if name.startswith(prefix)]
            return {name.removeprefix(prefix): state.tensors[name] for name in names}

        self._model.load_state_dict(tensors_of("model."))
        self._best_weights = tensors_of("best.")
        self._best_epoch = state.best_epoch
        self._best_key = state.best_key
        self._schedule.restore(state.turns, tensors_of("optimiser."))
        self.epoch = state.epoch
        self._unseen_pairs = None if state.unseen is None else set(state.unseen)
        self._n_unseen_at_best = state.best_unseen
        self.rows = list(state.rows)
        self._losses = list(state.losses)
        self._batch_counts = list(state.hits)
        self._rng.bit_generator.state = dict(state.generator)
        torch.set_rng_state(state.tensors["random.cpu"])
        if self._device.type == "cuda" and "random.cuda" in state.tensors:
            torch.cuda.set_rng_state(state.tensors["random.cuda"], self._device)
        if self.rows:
            self._started_s -= self.rows[-1].seconds


def fit(
    model: AttentionModel,
    store: FeatureStore,
    pairs: FitPairs,
    settings: TrainSettings,
    control: TrainingControl,
    state_store: TrainingStateStore | None = None,
    last_epoch: int | None = None,
    process_group: ProcessGroup = SINGLE_PROCESS,
) -> FitResult:
    """Train a model in place and return the weights of the chosen epoch.

    Args:
        model: A new or a loaded model, on its device.
        store: Features of every video of the pairs.
        pairs: Training pairs, and pairs that choose the epoch.
        settings: Optimiser, loss, which epoch is kept, seed.
        control: Stops the training, and receives its progress.
        state_store: Storage of the state, from which a killed training continues; None to save no state.
        last_epoch: Epoch after which to end early; the schedule stays that of all epochs of the settings.
        process_group: The processes that train the model together, all with the same arguments.

    Raises:
        DatasetError: There are no pairs to train on, or to choose the epoch on.
        SettingsError: The training diverged.
        CheckpointError: The processes found states of different epochs.
    """
    if not pairs.train:
        raise DatasetError("There are no pairs to train on: every pair is tied or touches a held-out video.")
    if settings.select is not EpochSelection.LAST and not pairs.choosing:
        raise DatasetError("There are no held-out pairs to choose the epoch on. Choose the last epoch, or add videos.")
    trainer = Trainer(model, store, pairs, settings, process_group)
    n_epochs = trainer.n_epochs if last_epoch is None else min(last_epoch, trainer.n_epochs)
    saved_state = state_store.load() if state_store is not None else None
    saved_epoch = 0 if saved_state is None else saved_state.epoch
    saved_epochs = process_group.collect(saved_epoch)
    if len(set(saved_epochs)) > 1:
        raise CheckpointError(
            f"The processes that train together find saved states of different epochs ({saved_epochs}): they need one "
            "file system. Remove the folder of the unfinished training, or choose another name."
        )
    if saved_state is not None:
        trainer.restore(saved_state)
    timer = PaceTimer()
    while trainer.epoch < n_epochs:
        trainer.run_epoch(control)
        is_stopped = control.stopped
        is_finished = trainer.epoch == n_epochs
        is_due = trainer.epoch % settings.optimiser.look_every == 0
        if is_stopped or is_finished or is_due:
            row = trainer.log_epoch(control.token)
            control.report(Progress("training", trainer.epoch, n_epochs, row))
        if is_stopped:
            break
        if state_store is not None:
            state_store.save(trainer.state, finished=is_finished)
    if trainer.n_drawn and process_group is SINGLE_PROCESS:
        example = videos_of(pairs.train)[0]
        n_segments = features_of_first_pass(store, example).shape[0]
        record_training_pace(timer, model, settings.precision, n_segments, trainer.n_drawn)
    return trainer.finish()


def _with_prefix(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _has_batch_norm(model: nn.Module) -> bool:
    return any(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def _copy_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
