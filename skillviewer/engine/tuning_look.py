"""What a model says of videos while it is fine-tuned: scores and maps, kept for the best epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.arrays import Float32Array
from skillviewer.core.job import CancelToken, Progress, Report, silent
from skillviewer.engine.scoring import FeatureBank, outputs
from skillviewer.nets.attention import AttentionModel


@dataclass(frozen=True, slots=True)
class Looked:
    """What a model says of some videos.

    Attributes:
        scores: By name of video.
        maps: Likewise, (N, h, w).
    """

    scores: Mapping[str, float]
    maps: Mapping[str, Float32Array]


def look(
    model: AttentionModel,
    bank: FeatureBank,
    names: Sequence[str],
    token: CancelToken,
    report: Report = silent,
    stage: str = "",
) -> Looked:
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
    return Looked(scores, maps)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model said after an epoch.

    Attributes:
        epoch: Of its stage, from 1.
        watched: Of the videos of the held-out pairs.
        old: Scores of the videos of the forgetting check.
    """

    epoch: int
    watched: Looked
    old: Mapping[str, float]
