"""Predictions of a model for videos: scores, score curves, maps, contributions, and the loss of pairs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.progress import CancelToken, Progress, Report, silent
from skillviewer.engine.features.feature_store import FeatureStore, features_of_first_pass
from skillviewer.engine.training.batches import index_pairs, make_pair_batch
from skillviewer.nets.attention import AttentionModel, AttentionOutput
from skillviewer.nets.losses import margin_ranking_loss
from skillviewer.nets.presets import LossSettings

BATCH_VIDEOS = 4
"""Number of videos that are predicted at once."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of a model for some videos."""

    scores: Mapping[str, float]  # score by name of video
    maps: Mapping[str, Float32Array]  # (N, h, w) float32 by name of video; empty if no maps were requested
    # (N,) float64 score after every step, by name of video
    curves: Mapping[str, FloatArray] = field(default_factory=dict)


def predict(
    model: AttentionModel,
    store: FeatureStore,
    names: Sequence[str],
    token: CancelToken,
    report: Report = silent,
    stage: str = "",
    *,
    maps: bool = True,
) -> Predictions:
    """Return the predictions of a model for videos, on the first pass of each.

    The model is in evaluation mode afterwards.

    Args:
        model: Trained model.
        store: Features of the videos.
        names: Videos.
        token: Checked before every few videos.
        report: Receives the number of predicted videos.
        stage: Stage of the reported progress.
        maps: Whether to return the maps.
    """
    device = next(model.parameters()).device
    model.eval()
    scores: dict[str, float] = {}
    maps_by_name: dict[str, Float32Array] = {}
    curves: dict[str, FloatArray] = {}
    for start in range(0, len(names), BATCH_VIDEOS):
        token.check()
        batch_names = names[start : start + BATCH_VIDEOS]
        with torch.inference_mode():
            videos = [features_of_first_pass(store, name) for name in batch_names]
            features, lengths = pad_videos(videos)
            output: AttentionOutput = model(features.to(device), lengths=lengths)
        for index, name in enumerate(batch_names):
            n_steps = len(videos[index])
            scores[name] = float(output.score[index].double())
            curves[name] = output.score_curve[index, :n_steps].double().cpu().numpy()
            if maps:
                maps_by_name[name] = output.attention[index, :n_steps].float().cpu().numpy()
        report(Progress(stage, len(scores), len(names)))
    return Predictions(scores, maps_by_name, curves)


def pad_videos(videos: Sequence[Tensor]) -> tuple[Tensor, list[int] | None]:
    """Return (B, N, ...) videos padded to the longest, and their numbers of steps, or None if the numbers are equal."""
    lengths = [len(video) for video in videos]
    padded_videos = pad_sequence(list(videos), batch_first=True)
    if len(set(lengths)) > 1:
        return padded_videos, lengths
    return padded_videos, None


def pad_rows(rows: Sequence[NDArray[Any]], fill: float = math.nan) -> NDArray[Any]:
    """Return (V, ...) rows padded to the longest with ``fill``; (0, 0) if there are none."""
    if not rows:
        return np.empty((0, 0))
    tensors = [torch.from_numpy(row) for row in rows]
    return pad_sequence(tensors, batch_first=True, padding_value=fill).numpy()


def segment_contributions(model: AttentionModel, features: Tensor) -> FloatArray:
    """Return (N,) the contributions of the segments of one pass: its score minus the score without each segment.

    Args:
        model: Model in evaluation mode.
        features: (N, 2F, rows, columns) features, or another input of the model's ``fuse``.
    """
    device = next(model.parameters()).device
    with torch.inference_mode():
        fused = model.fuse(features[None].to(device))
        n_steps = fused.shape[1]
        steps = torch.arange(n_steps)
        occluded = fused.repeat(n_steps, 1, 1, 1, 1)  # copy n has segment n occluded
        mean_feature = fused.mean(dim=(0, 1, 3, 4))
        occluded[steps, steps] = mean_feature[:, None, None]
        score = model.unroll(fused).score
        occluded_scores = model.unroll(occluded).score
        contributions = (score - occluded_scores).double()
    return np.asarray(contributions.cpu().numpy())


def held_out_loss(pairs: Sequence[Pair], scores: Mapping[str, float], loss: LossSettings) -> float:
    """Return the mean margin ranking loss of pairs in float64, also for models that were trained with another loss."""
    names, indices = index_pairs(pairs)
    score = torch.tensor([scores[name] for name in names], dtype=torch.float64)
    margin_loss = margin_ranking_loss(score, make_pair_batch(indices), LossSettings(loss.margin))
    return float(margin_loss)
