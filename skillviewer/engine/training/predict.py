"""What a model says of videos, from a bank of their features: scores, and the loss of pairs by them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from skillviewer.core.arrays import Float32Array
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.progress import CancelToken, Progress, Report, silent
from skillviewer.engine.features.feature_store import FeatureStore, first_pass
from skillviewer.engine.training.batches import pair_batch, placed
from skillviewer.nets.attention import AttentionModel, AttentionOutput
from skillviewer.nets.losses import margin_ranking_loss
from skillviewer.nets.presets import LossSettings


def outputs(
    model: AttentionModel, bank: FeatureStore, names: Sequence[str], token: CancelToken, at_once: int = 4
) -> Iterator[tuple[Sequence[str], AttentionOutput]]:
    """Yield names of a few videos and what the model says of them, on the frames of the test rule.

    Args:
        model: The model; left in evaluation mode.
        bank: Features.
        names: Videos.
        token: Checked between batches.
        at_once: Videos a batch.
    """
    device = next(model.parameters()).device
    model.eval()
    for start in range(0, len(names), at_once):
        token.check()
        some = names[start : start + at_once]
        with torch.inference_mode():
            output: AttentionOutput = model(torch.stack([first_pass(bank, name) for name in some]).to(device))
        yield some, output


def score_videos(
    model: AttentionModel, bank: FeatureStore, names: Sequence[str], token: CancelToken, at_once: int = 4
) -> dict[str, float]:
    """Return the score of every video, on the frames of the test rule. Arguments are those of ``outputs``."""
    scores: dict[str, float] = {}
    for some, output in outputs(model, bank, names, token, at_once):
        scores.update(zip(some, output.score.double().cpu().tolist(), strict=True))
    return scores


def held_out_loss(pairs: Sequence[Pair], scores: Mapping[str, float], loss: LossSettings) -> float:
    """Return the mean margin ranking loss of pairs, in float64, whatever a model was trained with."""
    names, places = placed(pairs)
    score = torch.tensor([scores[name] for name in names], dtype=torch.float64)
    return float(margin_ranking_loss(score, pair_batch(places), LossSettings(loss.margin)))


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says of some videos.

    Attributes:
        scores: By name of video.
        maps: Likewise, (N, h, w).
    """

    scores: Mapping[str, float]
    maps: Mapping[str, Float32Array]


def look(
    model: AttentionModel,
    bank: FeatureStore,
    names: Sequence[str],
    token: CancelToken,
    report: Report = silent,
    stage: str = "",
) -> Predictions:
    """Return what a model says of videos, on the frames of the test rule.

    Args:
        model: The model; left in evaluation mode.
        bank: Features.
        names: Videos.
        token: Raise it to stop; checked after every few videos.
        report: Told of progress.
        stage: What it is told.

    Raises:
        Cancelled: The token was raised.
    """
    scores: dict[str, float] = {}
    maps: dict[str, Float32Array] = {}
    for some, output in outputs(model, bank, names, token):
        scores.update(zip(some, output.score.double().cpu().tolist(), strict=True))
        maps.update(zip(some, output.attention.float().cpu().numpy(), strict=True))
        report(Progress(stage, len(scores), len(names)))
    return Predictions(scores, maps)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a model said after an epoch.

    Attributes:
        epoch: Of its stage, from 1.
        watched: Of the videos of the held-out pairs.
        old: Scores of the videos of the forgetting check.
    """

    epoch: int
    watched: Predictions
    old: Mapping[str, float]
