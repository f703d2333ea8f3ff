"""Visual Attention (Sharma, Kiros & Salakhutdinov 2015): attention from memory alone.

The map of frame t follows from the hidden state before frame t; it does not depend on that frame's pixels.
"""

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import AttentionModel, LossOutput, ModelNeeds, State, StepOutput
from skillviewer.nets.attention_models.recurrence import cells_of, initialise_orthogonally, weighted_sum
from skillviewer.nets.fusion import Fusion
from skillviewer.nets.losses import PairBatch, doubly_stochastic_penalty, margin_ranking_loss
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes


class VisualModel(AttentionModel):
    """Attention from the hidden state of the previous step.

    ::

        alpha_t = softmax(W h_{t-1})
        v_t     = sum_i alpha_i x_i
        h_t     = LSTM(v_t, h_{t-1})
        S_t     = w^T h_t + b

    The initial states are linear in the mean of the fused features over all frames and cells, so the whole video must
    be available before the first step. The fused features pass a ReLU. W has one row per cell: the size of the map is
    part of the model.

    Args:
        sizes: All sizes.
        gru: Whether the recurrence is a GRU, as in the paper's text, instead of the released LSTM.
    """

    needs = ModelNeeds(frame=False, whole_video=True)

    def __init__(self, sizes: HeadSizes, *, gru: bool = False) -> None:
        super().__init__(sizes, Fusion(sizes, rectified=True))
        rows, columns = self.grid
        self.first_hidden = nn.Linear(sizes.channels, sizes.task_hidden)
        self.first_cell = None if gru else nn.Linear(sizes.channels, sizes.task_hidden)
        self.look = nn.Linear(sizes.task_hidden, rows * columns, bias=False)
        cell_type = nn.GRUCell if gru else nn.LSTMCell
        self.cell: nn.GRUCell | nn.LSTMCell = cell_type(sizes.channels, sizes.task_hidden)
        self.score = nn.Linear(sizes.task_hidden, 1)
        if gru:  # the released code leaves the LSTM as torch initialises it
            initialise_orthogonally(self.cell)

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return h_0 and, for an LSTM, c_0, from all frames."""
        if fused is None or len(fused) != batch:
            raise ValueError("Visual Attention starts from the mean of all frames: pass all fused frames")
        mean = fused.mean(dim=(1, 3, 4))
        layers = (self.first_hidden,) if self.first_cell is None else (self.first_hidden, self.first_cell)
        return tuple(layer(mean) for layer in layers)

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        """Compute the map of one frame, (B, C, h, w), from the hidden state; maps are distributions."""
        if attention is None:
            attention = torch.softmax(self.look(state[0]), dim=1).reshape(-1, *fused_t.shape[2:])
        vector = weighted_sum(attention, cells_of(fused_t)).expand(state[0].shape[0], -1)
        if isinstance(self.cell, nn.LSTMCell):
            next_state: State = self.cell(vector, (state[0], state[1]))
        else:
            next_state = (self.cell(vector, state[0]),)
        hidden = next_state[0]
        return StepOutput(attention, hidden, self.score(hidden).squeeze(1), next_state)

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:  # noqa: ARG002
        """Return the ranking loss, plus the doubly stochastic penalty if the settings give it a weight."""
        outputs = self(features, lengths=pairs.lengths)
        score = self.gather_processes(outputs.score)
        loss = margin_ranking_loss(score, pairs, settings)
        if settings.attention_penalty:
            loss = loss + settings.attention_penalty * doubly_stochastic_penalty(
                self.gather_processes(outputs.attention)
            )
        return LossOutput(loss, score)
