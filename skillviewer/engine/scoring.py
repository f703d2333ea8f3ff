"""What a model says of videos, from a bank of their features: scores, and the loss of pairs by them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skillviewer.core.job import CancelToken
from skillviewer.core.pairs import Pair
from skillviewer.engine.batches import pair_batch, placed
from skillviewer.nets.attention import AttentionModel, AttentionOutput
from skillviewer.nets.losses import margin_ranking_loss
from skillviewer.nets.presets import LossSettings

FeatureBank = Mapping[str, Sequence[NDArray[Any]]]
"""Features of every video by name: K candidate passes, each (N, 2F, h, w); float16, mapped from disk, as a rule.

Snippets for a network that is trained end to end are uint8; everything else is computed with as float32.
"""


def first_pass(bank: FeatureBank, name: str) -> torch.Tensor:
    """Return the features of the frames that the test rule samples, (N, 2F, h, w) float32, or uint8 snippets."""
    features = bank[name][0]
    return torch.from_numpy(np.array(features, _computed(features)))


def _computed(features: NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(np.uint8 if features.dtype == np.uint8 else np.float32)


def outputs(
    model: AttentionModel, bank: FeatureBank, names: Sequence[str], token: CancelToken, at_once: int = 4
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
    model: AttentionModel, bank: FeatureBank, names: Sequence[str], token: CancelToken, at_once: int = 4
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
