"""Training a head on pairs of videos, on cached features: margin ranking loss, each distinct video of a batch once.

The best epoch is chosen on an inner split of the training videos (``Select.INNER``); ``Select.BEST_ON_TEST`` chooses it
on the test fold as the authors' released code does, and whatever it yields is labelled so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from skillviewer.core.accuracy import Count, count_pairs
from skillviewer.core.errors import DatasetError
from skillviewer.core.job import CancelToken, Progress, Report, silent
from skillviewer.core.pairs import Pair
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.losses import PairBatch, margin_ranking_loss
from skillviewer.nets.presets import LossSettings, OptimiserSettings

FeatureBank = Mapping[str, Sequence[NDArray[np.float16]]]
"""Features of every video by name: K candidate passes, each (N, 2F, h, w) float16, mapped from disk."""


class Select(StrEnum):
    """Which epoch is kept."""

    INNER = "inner"  # best on videos held out of the training videos
    LAST = "last"
    BEST_ON_TEST = "best-on-test"  # optimistic; only to reproduce the paper


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How a model is trained.

    Attributes:
        optimiser: Step size, batches, epochs.
        loss: The ranking loss.
        select: Which epoch is kept.
        seed: Same seed, same data, same machine: same weights.
    """

    optimiser: OptimiserSettings
    loss: LossSettings
    select: Select = Select.INNER
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EpochRow:
    """What one epoch did; a row of the log.

    Attributes:
        epoch: From 1.
        loss: Mean training loss.
        train_accuracy: Strict accuracy over the training pairs.
        held_out_loss: Loss over the pairs that choose the epoch; NaN without any.
        held_out_accuracy: Strict accuracy over those pairs; NaN without any.
        best: Whether it is the best so far.
        seconds: Time since the start.
    """

    epoch: int
    loss: float
    train_accuracy: float
    held_out_loss: float
    held_out_accuracy: float
    best: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model.

    Attributes:
        state: Its weights, on the CPU.
        epoch: The epoch that was kept.
        rows: One row an epoch.
    """

    state: Mapping[str, torch.Tensor]
    epoch: int
    rows: tuple[EpochRow, ...]


def first_pass(bank: FeatureBank, name: str) -> torch.Tensor:
    """Return the features of the frames that the test rule samples, (N, 2F, h, w) float32."""
    return torch.from_numpy(np.array(bank[name][0], np.float32))


def score_videos(
    model: AttentionModel, bank: FeatureBank, names: Sequence[str], token: CancelToken, at_once: int = 4
) -> dict[str, float]:
    """Return the score of every video, on the frames of the test rule.

    Args:
        model: The model; left in evaluation mode.
        bank: Features.
        names: Videos to score.
        token: Checked between batches.
        at_once: Videos a batch.
    """
    device = next(model.parameters()).device
    model.eval()
    scores: dict[str, float] = {}
    with torch.inference_mode():
        for start in range(0, len(names), at_once):
            token.check()
            some = names[start : start + at_once]
            features = torch.stack([first_pass(bank, name) for name in some]).to(device)
            scores.update(zip(some, model(features).score.double().cpu().tolist(), strict=True))
    return scores


Placed = tuple[list[str], list[tuple[int, int, int]]]
"""Names of the distinct videos of a batch, and (better, worse, 1) places in that list."""


def batches(pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator) -> Iterator[Placed]:
    """Yield the batches of one epoch, each with its distinct videos once.

    By pairs: shuffled pairs, ``batch_pairs`` at a time, as the released code does. By videos: ``batch_videos`` at once
    with every pair among them; an epoch goes over all videos ``rounds`` times.
    """
    if not settings.batch_videos:
        order = rng.permutation(len(pairs))
        for start in range(0, len(order), settings.batch_pairs):
            yield placed([pairs[i] for i in order[start : start + settings.batch_pairs]])
        return
    names = videos_of(pairs)
    n_batches = max(1, round(len(names) / settings.batch_videos))
    for _ in range(settings.rounds):
        for some in np.array_split(rng.permutation(len(names)), n_batches):
            inside = {names[i] for i in some}
            chosen = [pair for pair in pairs if pair.within(inside)]
            if chosen:
                yield placed(chosen)


def videos_of(pairs: Sequence[Pair]) -> list[str]:
    """Return the distinct videos of pairs, by name."""
    return sorted({name for pair in pairs for name in (pair.better, pair.worse)})


def placed(pairs: Sequence[Pair]) -> Placed:
    """Return the distinct videos of pairs and each pair's places among them."""
    names = videos_of(pairs)
    place = {name: i for i, name in enumerate(names)}
    return names, [(place[p.better], place[p.worse], 1) for p in pairs]


def _drawn(bank: FeatureBank, names: Sequence[str], rng: np.random.Generator) -> torch.Tensor:
    """Draw one of the candidate frames in every segment of every video, (B, N, 2F, h, w) float32."""
    videos = []
    for name in names:
        passes = bank[name]
        drawn = rng.integers(0, len(passes), len(passes[0]))
        videos.append(np.stack([passes[k][segment] for segment, k in enumerate(drawn)]))
    return torch.from_numpy(np.stack(videos)).float()


def _optimiser(parameters: list[nn.Parameter], settings: OptimiserSettings) -> torch.optim.Optimizer:
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.algorithm == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=settings.momentum, weight_decay=decay)
    return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)


def _held_out(scores: Mapping[str, float], pairs: Sequence[Pair], loss: LossSettings) -> tuple[float, Count]:
    names, places = placed(pairs)
    score = torch.tensor([scores[name] for name in names], dtype=torch.float64)
    value = float(margin_ranking_loss(score, PairBatch.of(places), LossSettings(loss.margin)))
    return value, count_pairs(pairs, scores)


def fit(
    model: AttentionModel,
    bank: FeatureBank,
    pairs: Sequence[Pair],
    choosing: Sequence[Pair],
    settings: TrainSettings,
    token: CancelToken,
    report: Report = silent,
    stop: CancelToken | None = None,
) -> Trained:
    """Train a model in place and return the weights of the chosen epoch.

    Args:
        model: A fresh or a loaded model, on its device.
        bank: Features of every video that the pairs name.
        pairs: Training pairs.
        choosing: Pairs that choose the epoch; none under ``Select.LAST``.
        settings: Optimiser, loss, which epoch is kept, seed.
        token: Raise it to stop and keep nothing.
        report: Told of every batch, and of every epoch with its ``EpochRow`` as value.
        stop: Raise it to stop after the current batch and keep the best epoch so far.

    Raises:
        DatasetError: There is nothing to train on or to choose on.
        Cancelled: The token was raised.
    """
    if not pairs:
        raise DatasetError("There are no pairs to train on: every pair is tied or touches a held-out video.")
    if settings.select is not Select.LAST and not choosing:
        raise DatasetError("There are no held-out pairs to choose the epoch on. Choose the last epoch, or add videos.")
    optimiser_settings = settings.optimiser
    device = next(model.parameters()).device
    rng = np.random.default_rng(settings.seed)
    torch.manual_seed(settings.seed)
    phases = model.phases()
    optimisers = [_optimiser(phase.parameters, optimiser_settings) for phase in phases]
    everybody = videos_of([*pairs, *choosing])
    rows: list[EpochRow] = []
    best_state, best_epoch, best_key = _copy(model), 0, (-1.0, 0.0)
    started = monotonic()
    turn = 0
    for epoch in range(1, optimiser_settings.epochs + 1):
        model.train()
        losses = []
        todo = list(batches(pairs, optimiser_settings, rng))
        for done, (names, places) in enumerate(todo, start=1):
            token.check()
            phase, optimiser = phases[turn % len(phases)], optimisers[turn % len(phases)]
            turn += 1
            features = _drawn(bank, names, rng).to(device)
            loss = model.loss(features, PairBatch.of(places, device=device), settings.loss, phase.name).loss
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            if optimiser_settings.clip_norm:
                nn.utils.clip_grad_norm_(phase.parameters, optimiser_settings.clip_norm)
            optimiser.step()
            losses.append(float(loss.detach()) / (1 if settings.loss.reduction == "mean" else len(places)))
            report(Progress(f"epoch {epoch} of {optimiser_settings.epochs}", done, len(todo)))
            if stop is not None and stop.cancelled:
                break
        scores = score_videos(model, bank, everybody, token)
        held_loss, held = (float("nan"), Count(0, 0, 0)) if not choosing else _held_out(scores, choosing, settings.loss)
        # accuracy first; of equals, the lower loss
        key = (float(epoch), 0.0) if settings.select is Select.LAST else (held.accuracy, -held_loss)
        better = key > best_key
        if better:
            best_state, best_epoch, best_key = _copy(model), epoch, key
        rows.append(
            EpochRow(
                epoch=epoch,
                loss=float(np.mean(losses)),
                train_accuracy=count_pairs(pairs, scores).accuracy,
                held_out_loss=held_loss,
                held_out_accuracy=held.accuracy,
                best=better,
                seconds=monotonic() - started,
            )
        )
        report(Progress("training", epoch, optimiser_settings.epochs, rows[-1]))
        if stop is not None and stop.cancelled:
            break
    model.load_state_dict(best_state)
    model.eval()
    return Trained(best_state, best_epoch, tuple(rows))


def _copy(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
