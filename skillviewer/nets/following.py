"""Variants of the paper's model whose score so far is trained to be one, and whose attention begins with a weight.

Three changes, each by itself or together. What is measured of each is in docs/benchmark.md.
"""

import math

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import LossOutput, State, StepOutput
from skillviewer.nets.attention_models.spatial import SpatialModel
from skillviewer.nets.losses import PairBatch, margin_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

FIRST_SCALE = 3.0
"""What the scale of the logits begins with: their standard deviation over the cells is 0.06 as they are made.

With 10, a third of the trainings stay with the cells at which the map happens to point as it is made.
"""


class FollowingModel(SpatialModel):
    """The paper's model with some of three changes.

    ``sharp``: alpha = softmax over the cells of exp(theta) a, theta learned, exp(theta) = 3 at first. As they are made
    the logits of 169 cells hardly differ, all weights are 1/169, and so is what each passes back to its logit: the
    attention is the last part to learn. ``averaged``: the score is the mean of what the readout says of every state so
    far, S_t = 1/t sum_{s <= t} (w^T h_s + b), so that no part of a video can be forgotten. ``every_step``: the loss is
    that of the last score and the mean of those after every step, half each, so that the score so far ranks.

    Args:
        sizes: Every size.
        sharp: Whether the logits have a scale.
        averaged: Whether the score is a mean over the steps.
        every_step: Whether scores are ranked after every step.
    """

    def __init__(
        self, sizes: HeadSizes, *, sharp: bool = False, averaged: bool = False, every_step: bool = False
    ) -> None:
        super().__init__(sizes)
        self.averaged = averaged
        self.every_step = every_step
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE))) if sharp else None

    def scaled(self, logits: Tensor) -> Tensor:
        """Return the logits times their scale."""
        return logits if self.log_scale is None else logits * self.log_scale.exp()

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:
        """Return the state of the paper's model, and the sum of the scores and the number of steps so far, both 0."""
        state = super().initial_state(batch, fused, like, seed)
        if not self.averaged:
            return state
        zero = torch.zeros(batch, dtype=self.dtype, device=like.device)
        return (*state, zero, zero)

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        """Attend to one frame, (B, C, h, w), update the task state and score it."""
        if not self.averaged:
            return super().step(fused_t, state, attention)
        out = super().step(fused_t, state[:-2], attention)
        total, count = state[-2] + out.score, state[-1] + 1
        return out._replace(score=total / count, state=(*out.state, total, count))

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:
        """Return the ranking loss of the last score, or of it and of those after every step, half each."""
        if not self.every_step:
            return super().loss(features, pairs, settings, phase)
        curve = self.gathered(self(features).score_curve)
        so_far = [margin_ranking_loss(score, pairs, settings) for score in curve.unbind(1)]
        return LossOutput((so_far[-1] + torch.stack(so_far).mean()) / 2, curve[:, -1])
