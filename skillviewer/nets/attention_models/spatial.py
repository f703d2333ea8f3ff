"""The paper's model and its ablations (Li et al. 2019, equations 1 to 9 and section 4.4)."""

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.nets.attention import ModelNeeds, State, VersionsStep
from skillviewer.nets.attention_models.frame_versions import (
    PreparedFrame,
    exponentials_of,
    logits_of,
    next_hidden,
    summary_of,
)
from skillviewer.nets.attention_models.recurrence import (
    FrameAttention,
    RecurrentModel,
    cells_of,
    initialise_orthogonally,
)
from skillviewer.nets.sizes import HeadSizes

Context = Literal["both", "frame", "task"]
"""Input of the attention RNN: the frame and the task state, the frame alone, the task state alone."""


class SpatialModel(RecurrentModel):
    """Attention from the frame and the task state.

    Every step computes, with LN only if ``sizes.layer_norm``::

        xbar    = mean over cells of X + maximum over cells of X
        h_att   = GRU([LN xbar ; LN h_task], h_att)
        a_i     = w^T tanh(W_x x_i + b_x + W_h h_att + b_h)
        alpha   = softmax over the cells of a
        v       = sum_i alpha_i x_i
        h_task  = GRU(v, h_task),   S = w^T h_task + b

    The ablations change the second line alone. As in the released code, all of them contain both layer norms, used or
    not.

    Args:
        sizes: All sizes.
        context: Input of the attention RNN.
        recurrent: Whether the attention has an RNN instead of a linear layer without memory ("No RNN_att").
    """

    def __init__(self, sizes: HeadSizes, *, context: Context = "both", recurrent: bool = True) -> None:
        super().__init__(sizes)
        self.context = context
        self.recurrent = recurrent
        frame = sizes.channels
        task = sizes.task_hidden
        hidden = sizes.attention_hidden
        width = {"both": frame + task, "frame": frame, "task": task}[context]
        self.norm_frame: nn.Module = nn.LayerNorm(frame) if sizes.layer_norm else nn.Identity()
        self.norm_task: nn.Module = nn.LayerNorm(task) if sizes.layer_norm else nn.Identity()
        self.attention_rnn: nn.Module = nn.GRUCell(width, hidden) if recurrent else nn.Linear(width, hidden)
        self.embed_cell = nn.Linear(frame, sizes.embed)
        self.embed_hidden = nn.Linear(hidden, sizes.embed)
        self.weigh = nn.Linear(sizes.embed, 1, bias=False)
        if isinstance(self.attention_rnn, nn.GRUCell):
            initialise_orthogonally(self.attention_rnn)

    def memory_widths(self) -> tuple[int, ...]:
        """Return the width of h_att if the attention has an RNN."""
        return (self.sizes.attention_hidden,) if self.recurrent else ()

    def scale_logits(self, logits: Tensor) -> Tensor:
        """Return the logits, (B, L), times their scale, which is 1 in the paper's model."""
        return logits

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> FrameAttention:
        """Attend to one frame, (B, C, h, w); maps are distributions."""
        cells = cells_of(fused_t)
        inputs = []
        if self.context != "task":
            summary = cells.mean(dim=1) + cells.amax(dim=1)
            inputs.append(self.norm_frame(summary).expand(task.shape[0], -1))
        if self.context != "frame":
            inputs.append(self.norm_task(task))
        hidden: Tensor = self.attention_rnn(torch.cat(inputs, dim=1), *memory)
        embedded = torch.tanh(self.embed_cell(cells) + self.embed_hidden(hidden)[:, None])
        logits = self.scale_logits(self.weigh(embedded).squeeze(2))
        attention = torch.softmax(logits, dim=1)
        next_memory = (hidden,) if self.recurrent else ()
        return FrameAttention(attention.reshape(-1, *fused_t.shape[2:]), cells, next_memory)

    def prepare(self, cells: Tensor) -> VersionsStep | None:
        """Return ``step_prepared`` for a frame; None if the class does not define it, because its steps may differ."""
        if "step_prepared" not in vars(type(self)):
            return None
        gates = functional.linear(cells, self.task.cell.weight_ih, self.task.cell.bias_ih)
        exponentials = exponentials_of(self.embed_cell(cells))
        exponentials = exponentials.permute(1, 2, 0).contiguous()
        return partial(self.step_prepared, PreparedFrame(cells, exponentials, gates))

    def step_prepared(self, frame: PreparedFrame, occluded: Tensor, state: State) -> tuple[Tensor, State]:
        """Take a step over versions of a frame, from products that all versions share.

        Args:
            frame: Products of the frame.
            occluded: (B, L) or (1, L) bool, the cells that the vector replaces.
            state: State of the previous step.

        Returns:
            (B,) scores and the next state, as ``step`` computes them.
        """
        counts = torch.cat([~occluded, occluded.sum(dim=1, keepdim=True)], dim=1).to(self.dtype)
        absent = torch.zeros_like(counts).masked_fill_(counts == 0, -torch.inf)
        rnn = self.attention_rnn
        n_frame_inputs = 0 if self.context == "task" else self.sizes.channels
        suffix = "_ih" if self.recurrent else ""
        weight = rnn.get_parameter(f"weight{suffix}")
        bias = rnn.get_parameter(f"bias{suffix}")
        gates = bias[None]
        if self.context != "task":
            summary = self.norm_frame(summary_of(frame, counts, absent))
            gates = functional.linear(summary, weight[:, :n_frame_inputs], bias)
        if self.context != "frame":
            gates = torch.addmm(gates, self.norm_task(state[0]), weight[:, n_frame_inputs:].T)
        hidden = next_hidden(rnn, gates, state[1]) if isinstance(rnn, nn.GRUCell) else gates
        logits = self.scale_logits(logits_of(frame, self.embed_hidden(hidden), self.weigh.weight)) + absent
        logits[:, -1] += counts[:, -1].clamp(min=1).log()
        attention = torch.softmax(logits, dim=1)
        task = next_hidden(self.task.cell, attention @ frame.gates, state[0])
        score = self.task.score(task).squeeze(1)
        if not self.recurrent:
            return score, (task,)
        return score, (task, hidden)


class UniformModel(RecurrentModel):
    """No Attention: every cell has the same weight, v = mean over the cells of X."""

    map_kind = MapKind.NONE
    needs = ModelNeeds(memory=False, frame=False)

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> FrameAttention:  # noqa: ARG002
        """Average one frame, (B, C, h, w), over its cells."""
        return FrameAttention(self.uniform_map(fused_t), cells_of(fused_t))
