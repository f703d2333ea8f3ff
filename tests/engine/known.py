"""Models whose truth is known: small enough to say what each cell does to the score."""

import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.inference.evidence import measure_evidence
from skillviewer.nets.attention import AttentionModel, State, StepOutput
from skillviewer.nets.sizes import HeadSizes


def evidence_of(model: AttentionModel, fused: Tensor, seed: int = 0) -> Evidence:
    return measure_evidence(model, fused, "video", "model", CancelToken(), silent, seed=seed)


SIDE = 5
KNOWN = HeadSizes(feature_channels=2, channels=2, grid=(SIDE, SIDE), fusion_kernel=1, fusion_stride=1)


class Known(AttentionModel):
    """S = sum over steps and cells of a weight times channel 0; the map is a given one and does nothing.

    Args:
        reading: (5, 5) weights of the cells.
        looking: (5, 5) map.
    """

    def __init__(self, reading: Tensor, looking: Tensor, kind: MapKind = MapKind.DISTRIBUTION) -> None:
        super().__init__(KNOWN, nn.Identity())
        self.reading = nn.Parameter(reading)
        self.looking = looking
        self.map_kind = kind

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        return (torch.zeros(batch, dtype=like.dtype),)

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        total = state[0] + (fused_t[:, 0] * self.reading).sum(dim=(1, 2))
        return StepOutput(self.looking.expand(len(fused_t), -1, -1), total[:, None], total, (total,))


class Pooling(Known):
    """S = sum over steps and cells of the map times channel 0."""

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        used = self.looking[None] if attention is None else attention
        total = state[0] + (fused_t[:, 0] * used).sum(dim=(1, 2))
        return StepOutput(used, total[:, None], total, (total,))


def only(*cells: tuple[int, int], value: float = 1.0) -> Tensor:
    weights = torch.zeros(SIDE, SIDE)
    for row, column in cells:
        weights[row, column] = value
    return weights


def random_video(n: int = 6, passes: int = 1, seed: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(passes, n, 2, SIDE, SIDE, generator=generator)
