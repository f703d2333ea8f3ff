"""Variants of the paper's model with a trained score curve and sharper attention."""

import math

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import LossOutput, State, StepOutput
from skillviewer.nets.attention_models.frame_versions import PreparedFrame
from skillviewer.nets.attention_models.spatial import SpatialModel
from skillviewer.nets.losses import PairBatch, margin_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

FIRST_SCALE = 3.0
"""Initial scale of the logits, whose initial standard deviation over the cells is 0.06.

With a scale of 10, the map stayed at the cells of its random start in a third of the trainings.
"""


class SpatialVariant(SpatialModel):
    """The paper's model with up to three changes.

    Args:
        sizes: All sizes.
        sharp: Whether the logits have a learned scale: alpha = softmax over the cells of exp(theta) a, where exp(theta)
            is 3 at first. Without a scale the initial logits of 169 cells hardly differ: every weight, and with it
            every gradient, is about 1/169, so the attention learns last.
        averaged: Whether the score is the mean over the steps, S_t = 1/t sum_{s <= t} (w^T h_s + b), so that every part
            of a video counts.
        every_step: Whether the loss is the mean of the loss of the last score and the mean loss over all steps, so that
            the score curve orders the videos at every step.
    """

    def __init__(
        self, sizes: HeadSizes, *, sharp: bool = False, averaged: bool = False, every_step: bool = False
    ) -> None:
        super().__init__(sizes)
        self.averaged = averaged
        self.every_step = every_step
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE))) if sharp else None

    def scale_logits(self, logits: Tensor) -> Tensor:
        """Return the logits times their scale."""
        return logits if self.log_scale is None else logits * self.log_scale.exp()

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:
        """Return the state of the paper's model; if ``averaged``, the sum of scores and the number of steps follow."""
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
        total = state[-2] + out.score
        count = state[-1] + 1
        return out._replace(score=total / count, state=(*out.state, total, count))

    def step_prepared(self, frame: PreparedFrame, occluded: Tensor, state: State) -> tuple[Tensor, State]:
        """Take a step over versions of a frame."""
        if not self.averaged:
            return super().step_prepared(frame, occluded, state)
        score, next_state = super().step_prepared(frame, occluded, state[:-2])
        total = state[-2] + score
        count = state[-1] + 1
        return total / count, (*next_state, total, count)

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:
        """Return the ranking loss of the last score; if ``every_step``, its mean with the mean loss over all steps."""
        if not self.every_step:
            return super().loss(features, pairs, settings, phase)
        curve = self.gather_processes(self(features, lengths=pairs.lengths).score_curve)
        losses = [margin_ranking_loss(score, pairs, settings) for score in curve.unbind(1)]
        return LossOutput((losses[-1] + torch.stack(losses).mean()) / 2, curve[:, -1])
