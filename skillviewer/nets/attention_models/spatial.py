"""The paper's model and its ablations (Li et al. 2019, equations 1 to 9 and section 4.4)."""

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.nets.attention import State, VersionsStep
from skillviewer.nets.attention_models.recurrence import Attended, RecurrentModel, cells_of, orthogonal
from skillviewer.nets.attention_models.versions import PreparedFrame, next_hidden
from skillviewer.nets.sizes import HeadSizes

Context = Literal["both", "frame", "task"]
"""Input of the attention RNN: the frame and the task state, the frame alone, the task state alone."""


class SpatialModel(RecurrentModel):
    """Attention that depends on the frame and on the task state.

    In every step, with LN only if ``sizes.layer_norm``::

        xbar    = mean over cells of X + maximum over cells of X
        h_att   = GRU([LN xbar ; LN h_task], h_att)
        a_i     = w^T tanh(W_x x_i + b_x + W_h h_att + b_h)
        alpha   = softmax over the cells of a
        v       = sum_i alpha_i x_i
        h_task  = GRU(v, h_task),   S = w^T h_task + b

    The ablations change the second line alone. All of them contain both layer norms, as in the released code, even if
    an ablation uses only one.

    Args:
        sizes: All sizes.
        context: Input of the attention RNN.
        recurrent: Whether it is an RNN; else a linear layer without memory ("No RNN_att").
    """

    def __init__(self, sizes: HeadSizes, *, context: Context = "both", recurrent: bool = True) -> None:
        super().__init__(sizes)
        self.context = context
        self.recurrent = recurrent
        frame, task, hidden = sizes.channels, sizes.task_hidden, sizes.attention_hidden
        width = {"both": frame + task, "frame": frame, "task": task}[context]
        self.norm_frame: nn.Module = nn.LayerNorm(frame) if sizes.layer_norm else nn.Identity()
        self.norm_task: nn.Module = nn.LayerNorm(task) if sizes.layer_norm else nn.Identity()
        self.attention_rnn: nn.Module = nn.GRUCell(width, hidden) if recurrent else nn.Linear(width, hidden)
        self.embed_cell = nn.Linear(frame, sizes.embed)
        self.embed_hidden = nn.Linear(hidden, sizes.embed)
        self.weigh = nn.Linear(sizes.embed, 1, bias=False)
        if isinstance(self.attention_rnn, nn.GRUCell):
            orthogonal(self.attention_rnn)

    def memory_widths(self) -> tuple[int, ...]:
        """Return the width of h_att if the attention has an RNN."""
        return (self.sizes.attention_hidden,) if self.recurrent else ()

    def scaled(self, logits: Tensor) -> Tensor:
        """Return the logits, (B, L), scaled for the softmax; the paper's model has no scale."""
        return logits

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> Attended:
        """Attend to one frame, (B, C, h, w); maps are distributions."""
        cells = cells_of(fused_t)
        inputs = []
        if self.context != "task":
            inputs.append(self.norm_frame(cells.mean(dim=1) + cells.amax(dim=1)).expand(task.shape[0], -1))
        if self.context != "frame":
            inputs.append(self.norm_task(task))
        hidden: Tensor = self.attention_rnn(torch.cat(inputs, dim=1), *memory)
        embedded = torch.tanh(self.embed_cell(cells) + self.embed_hidden(hidden)[:, None])
        attention = torch.softmax(self.scaled(self.weigh(embedded).squeeze(2)), dim=1)
        return Attended(attention.reshape(-1, *fused_t.shape[2:]), cells, (hidden,) if self.recurrent else ())

    def prepare(self, cells: Tensor) -> VersionsStep | None:
        """Return ``step_prepared`` with a frame; None for a class that does not define it: its steps may differ."""
        if "step_prepared" not in vars(type(self)):
            return None
        return partial(self.step_prepared, PreparedFrame.of(cells, self.embed_cell, self.task.cell))

    def step_prepared(self, frame: PreparedFrame, taken: Tensor, state: State) -> tuple[Tensor, State]:
        """Take a step over versions of a frame: ``step`` with the products of its cells computed before."""
        task, *memory = state
        counts = frame.counts(taken)
        rnn, n = self.attention_rnn, self.sizes.channels if self.context != "task" else 0
        weight, bias = (rnn.weight_ih, rnn.bias_ih) if isinstance(rnn, nn.GRUCell) else (rnn.weight, rnn.bias)
        gates = bias[None]
        if n:
            gates = functional.linear(self.norm_frame(frame.summary(counts)), weight[:, :n], bias)
        if self.context != "frame":
            gates = torch.addmm(gates, self.norm_task(task), weight[:, n:].T)
        hidden = [next_hidden(gates, one, rnn) for one in memory]
        logits = frame.logits(self.embed_hidden(hidden[0] if hidden else gates), self.weigh.weight)
        attention = torch.softmax(self.scaled(logits) + counts.log(), dim=1)
        task = next_hidden(attention @ frame.gates, task, self.task.cell)
        return self.task.score(task).squeeze(1), (task, *hidden)


class UniformModel(RecurrentModel):
    """No Attention: every cell has the same weight, v = mean over the cells of X."""

    map_kind = MapKind.NONE
    uses_memory = False
    uses_frame = False

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> Attended:  # noqa: ARG002
        """Average one frame, (B, C, h, w), over its cells."""
        return Attended(self.uniform_map(fused_t), cells_of(fused_t))
