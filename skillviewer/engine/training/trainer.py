"""Training a head on pairs of videos, on cached features: margin ranking loss, each distinct video of a batch once.

The best epoch is chosen on an inner split of the training videos (``EpochSelection.INNER``).
``EpochSelection.BEST_ON_TEST`` chooses it on the test fold, as the authors' released code does; its results are
labelled so.
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
from skillviewer.engine.features.feature_store import FeatureStore, first_pass
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.runtime.pace import PaceTimer
from skillviewer.engine.training.batches import FrameDraws, batches, pair_batch
from skillviewer.engine.training.epoch_pace import record_training
from skillviewer.engine.training.predict import held_out_loss, predict
from skillviewer.engine.training.schedule import Schedule
from skillviewer.engine.training.solve_all_pairs import solve_all_pairs
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.features import TwoStream
from skillviewer.nets.backbones.last_block import LastBlocks


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch; a row of the log."""

    epoch: int  # from 1
    loss: float  # mean training loss
    train_accuracy: float  # strict accuracy over the training pairs, as they were scored for the steps of the epoch
    held_out_loss: float  # loss over the pairs that choose the epoch; NaN without any
    held_out_accuracy: float  # strict accuracy over those pairs; NaN without any
    best: bool  # whether it is the best so far
    seconds: float  # time since the start


@dataclass(frozen=True, slots=True)
class FitState:
    """State of a training after an epoch, enough to continue as if it had never stopped."""

    epoch: int  # epochs finished
    turns: tuple[int, ...]  # batches finished, of every phase
    best_epoch: int  # the best epoch so far
    best_key: tuple[float, float]  # its key of comparison: accuracy, then negative loss
    rows: tuple[EpochRow, ...]  # the log so far
    losses: tuple[float, ...]  # losses of the batches since the last row of the log
    hits: tuple[tuple[int, int], ...]  # (pairs ordered correctly, pairs) of these batches
    generator: Mapping[str, Any]  # state of numpy's generator, as plain values
    # ``model.*``, ``best.*``, ``optimiser.*`` and ``random.*`` (torch's generators), on the CPU
    tensors: Mapping[str, torch.Tensor]
    # places of the training pairs that were in no batch so far; None if an older program kept the state
    unseen: tuple[int, ...] | None = None
    best_unseen: int | None = None  # their number at the best epoch


@dataclass(frozen=True, slots=True)
class FitPairs:
    """Pairs of a training."""

    train: Sequence[Pair]
    choosing: Sequence[Pair] = ()  # pairs that choose the epoch; none under ``EpochSelection.LAST``
    similar: Sequence[SimilarPair] = ()  # pairs without disparity, for models that learn from them


@dataclass(frozen=True, slots=True)
class TrainingControl:
    """Flags that stop a training, and the receiver of its progress."""

    token: CancelToken  # raise it to stop and keep nothing
    # receives every batch with its mean loss of a pair, and every epoch with its ``EpochRow`` as value
    report: Report = silent
    stop: CancelToken = NEVER  # raise it to stop after the current batch and keep the best epoch so far

    @property
    def stopped(self) -> bool:
        """True once a stop was requested that keeps the best epoch so far."""
        return self.stop.cancelled


class TrainingStateStore(Protocol):
    """Storage of the state of a training that may be killed."""

    def load(self) -> FitState | None:
        """Return the state that was kept last, or None."""

    def save(self, state: Callable[[], FitState], *, finished: bool) -> None:
        """Keep the state of an epoch, which ``state`` makes; not every one must be kept unless it is finished."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model."""

    state: Mapping[str, torch.Tensor]  # its weights, on the CPU
    epoch: int
    rows: tuple[EpochRow, ...]  # one row an epoch
    # training pairs that were in no batch until that epoch: a batch of videos holds the pairs among them, and two
    # videos may never be drawn together. None if it is not known
    n_unseen: int | None


class Trainer:
    """A training under way."""

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
        self._draws = FrameDraws(store, self._rng, self._device)
        torch.manual_seed(settings.seed)
        self._process_group = process_group
        process_group.start_alike(model)
        # pretrained weights take smaller steps, unless a model was published with steps of its own for them
        begun = LastBlocks if settings.phases else LastBlocks | TwoStream
        pretrained = {id(p) for part in model.modules() if isinstance(part, begun) for p in part.parameters()}
        self._schedule = Schedule(
            model.phases(), settings.optimiser, dict(settings.phases), len(pairs.train), pretrained
        )
        self.n_epochs = self._schedule.n_epochs
        self._looked_at = videos_of(pairs.choosing)
        self._started = monotonic()
        self._losses: list[float] = []
        self._hits: list[tuple[int, int]] = []
        self._places = {pair: place for place, pair in enumerate(pairs.train)}
        self._unseen: set[int] | None = set(self._places.values())
        self._best = _copy(model)
        self._best_epoch = 0
        self._best_key = (-1.0, 0.0)
        self._best_unseen: int | None = len(self._unseen)
        self.epoch = 0
        self.n_drawn = 0  # videos in the batches of this process, each as often as it was drawn
        self.rows: list[EpochRow] = []

    def run_epoch(self, control: TrainingControl) -> None:
        """Go over all batches once, or until a stop is requested; a model that needs all pairs is solved anew."""
        settings = self._settings.optimiser
        if self._model.needs.all_pairs:
            self._solve()
            return
        self._model.train()
        todo = list(batches(self._pairs.train, settings, self._rng, self._pairs.similar))
        for n_done, (names, places) in enumerate(todo, start=1):
            control.token.check()
            self._losses.append(self.update(names, places))
            if not math.isfinite(self._losses[-1]):
                raise SettingsError(
                    f"The training diverged in epoch {self.epoch + 1}: its loss is not finite. Nothing of it is kept; "
                    "take another preset, or a lower learning rate."
                )
            stage = f"epoch {self.epoch + 1} of {self.n_epochs}"
            control.report(Progress(stage, n_done, len(todo), self._losses[-1]))
            if control.stopped:
                break
        self.epoch += 1

    def _solve(self) -> None:
        pairs = self._pairs.train
        share = self.epoch / max(1, self.n_epochs - 1)
        loss, n_right = solve_all_pairs(self._model, self._store, pairs, share, self._settings.loss.margin)
        self._losses = [loss]
        self._hits = [(n_right, len(pairs))]
        self._unseen = set()
        self.epoch += 1

    def update(self, names: Sequence[str], places: Sequence[tuple[int, int, int]]) -> float:
        """Take a step of each phase of this batch and return the mean loss of a pair."""
        schedule, settings = self._schedule, self._settings
        self.n_drawn += len(names)
        features = self._draws.draw(names, self._process_group.share(len(names)))
        self._model.gather = self._process_group.gather(len(names))
        if self._draws.lengths is not None and self._process_group.size > 1 and _normalises_batches(self._model):
            raise SettingsError(
                "This model normalises over a batch: train it in one process, or without --segments auto."
            )
        pairs = replace(pair_batch(places, self._device), lengths=self._draws.lengths)
        losses = []
        for phase in schedule.next_phases():
            loss, score = self._model.loss(features, pairs, settings.loss, schedule.name(phase))
            schedule.step(phase, loss, settings.optimiser.clip_norm, self._process_group.add_gradients)
            right = (score.detach()[pairs.better] > score.detach()[pairs.worse]).sum()
            self._hits.append((int(right), len(pairs.label)))
            losses.append(float(loss.detach()))
        self._model.gather = None  # it is of this batch
        if self._unseen:
            self._unseen -= {self._places[Pair(names[a], names[b])] for a, b, label in places if label}
        summed = settings.loss.reduction == "sum" and not self._model.needs.own_loss
        return fmean(losses) / (len(pairs.label) if summed else 1)

    def check(self, token: CancelToken) -> EpochRow:
        """Score the choosing pairs, keep the weights if they are the best so far, and return a row of the log."""
        settings = self._settings
        held_loss = float("nan")
        held_out = OrderingCounts(0, 0, 0)
        if self._pairs.choosing:
            own_names = self._looked_at[self._process_group.rank :: self._process_group.size]
            collected = self._process_group.collect(
                predict(self._model, self._store, own_names, token, maps=False).scores
            )
            scores = {name: score for part in collected for name, score in part.items()}
            held_loss = held_out_loss(self._pairs.choosing, scores, settings.loss)
            held_out = count_pairs(self._pairs.choosing, scores)
        # accuracy first; of equals, the lower loss
        key = (float(self.epoch), 0.0) if settings.select is EpochSelection.LAST else (held_out.accuracy, -held_loss)
        better = key > self._best_key
        if better:
            self._best = _copy(self._model)
            self._best_epoch = self.epoch
            self._best_key = key
            self._best_unseen = None if self._unseen is None else len(self._unseen)
        row = EpochRow(
            epoch=self.epoch,
            loss=float(np.mean(self._losses)) if self._losses else float("nan"),
            train_accuracy=sum(right for right, _ in self._hits) / max(1, sum(n for _, n in self._hits)),
            held_out_loss=held_loss,
            held_out_accuracy=held_out.accuracy,
            best=better,
            seconds=monotonic() - self._started,
        )
        self._losses.clear()
        self._hits.clear()
        self.rows.append(row)
        return row

    def finish(self) -> Trained:
        """Give the model the weights of the chosen epoch."""
        self._model.load_state_dict(self._best)
        self._model.eval()
        self._model.autocast = False
        return Trained(self._best, self._best_epoch, tuple(self.rows), self._best_unseen)

    def state(self) -> FitState:
        """Return the state of the training."""
        tensors = {f"model.{k}": v for k, v in _copy(self._model).items()}
        tensors |= {f"best.{k}": v for k, v in self._best.items()}
        tensors |= {f"optimiser.{k}": v for k, v in self._schedule.tensors().items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if self._device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self._device)
        return FitState(
            self.epoch,
            tuple(self._schedule.turns),
            self._best_epoch,
            self._best_key,
            tuple(self.rows),
            tuple(self._losses),
            tuple(self._hits),
            dict(self._rng.bit_generator.state),
            tensors,
            None if self._unseen is None else tuple(sorted(self._unseen)),
            self._best_unseen,
        )

    def restore(self, state: FitState) -> None:
        """Continue from a state."""

        def part(prefix: str) -> dict[str, torch.Tensor]:
            return {k.removeprefix(prefix): v for k, v in state.tensors.items() if k.startswith(prefix)}

        self._model.load_state_dict(part("model."))
        self._best = part("best.")
        self._best_epoch = state.best_epoch
        self._best_key = state.best_key
        self._schedule.restore(state.turns, part("optimiser."))
        self.epoch = state.epoch
        self._unseen = None if state.unseen is None else set(state.unseen)
        self._best_unseen = state.best_unseen
        self.rows = list(state.rows)
        self._losses = list(state.losses)
        self._hits = list(state.hits)
        self._rng.bit_generator.state = dict(state.generator)
        torch.set_rng_state(state.tensors["random.cpu"])
        if self._device.type == "cuda" and "random.cuda" in state.tensors:
            torch.cuda.set_rng_state(state.tensors["random.cuda"], self._device)
        self._started -= self.rows[-1].seconds if self.rows else 0.0


def fit(
    model: AttentionModel,
    store: FeatureStore,
    pairs: FitPairs,
    settings: TrainSettings,
    control: TrainingControl,
    state_store: TrainingStateStore | None = None,
    until: int | None = None,
    process_group: ProcessGroup = SINGLE_PROCESS,
) -> Trained:
    """Train a model in place and return the weights of the chosen epoch.

    Args:
        model: A fresh or a loaded model, on its device.
        store: Features of every video that the pairs name.
        pairs: Training pairs, and those that choose the epoch.
        settings: Optimiser, loss, which epoch is kept, seed.
        control: Stops the training, and receives its progress.
        state_store: Keeps the state after epochs, and has the one to go on from.
        until: Epoch after which to end, though the settings, and what follows from them, are for more.
        process_group: The processes that train it together, all with the same arguments.

    Raises:
        DatasetError: There is nothing to train on or to choose on.
        SettingsError: It diverged.
    """
    if not pairs.train:
        raise DatasetError("There are no pairs to train on: every pair is tied or touches a held-out video.")
    if settings.select is not EpochSelection.LAST and not pairs.choosing:
        raise DatasetError("There are no held-out pairs to choose the epoch on. Choose the last epoch, or add videos.")
    trainer = Trainer(model, store, pairs, settings, process_group)
    epochs = trainer.n_epochs if until is None else min(until, trainer.n_epochs)
    saved = state_store.load() if state_store is not None else None
    epochs_kept = process_group.collect(0 if saved is None else saved.epoch)
    if len(set(epochs_kept)) > 1:
        raise CheckpointError(
            f"The processes that train together find a training under way that ended after different epochs "
            f"({epochs_kept}): they need one file system. Remove what is kept of it, or choose another name."
        )
    if saved is not None:
        trainer.restore(saved)
    timer = PaceTimer()
    while trainer.epoch < epochs:
        trainer.run_epoch(control)
        stopped = control.stopped
        if stopped or trainer.epoch == epochs or trainer.epoch % settings.optimiser.look_every == 0:
            control.report(Progress("training", trainer.epoch, epochs, trainer.check(control.token)))
        if stopped:
            break
        if state_store is not None:
            state_store.save(trainer.state, finished=trainer.epoch == epochs)
    if trainer.n_drawn and process_group is SINGLE_PROCESS:
        n_segments = first_pass(store, videos_of(pairs.train)[0]).shape[0]
        record_training(timer, model, settings.precision, n_segments, trainer.n_drawn)
    return trainer.finish()


def _normalises_batches(model: nn.Module) -> bool:
    return any(isinstance(part, nn.BatchNorm2d) for part in model.modules())


def _copy(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
