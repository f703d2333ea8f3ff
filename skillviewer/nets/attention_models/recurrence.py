"""The task recurrence, and the base of the models that differ only in their attention to a frame."""

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import AttentionModel, State, StepOutput
from skillviewer.nets.fusion import Fusion
from skillviewer.nets.sizes import HeadSizes


class FrameAttention(NamedTuple):
    """Result of attending to a frame."""

    attention: Tensor  # (B, h, w) map
    cells: Tensor  # (B, L, C), cells that the map weighs: those of the frame, or what a model computes of them
    memory: State = ()  # memory of the attention itself, (B, width) each
    # (B, C), factors of the channels, the same for every cell, or None. They are applied to the weighted sum, which is
    # cheaper than applying them to every cell and gives the same
    gate: Tensor | None = None


def initialise_orthogonally(cell: nn.RNNCellBase) -> None:
    """Initialise the weight matrices of a recurrent cell orthogonally, each as a whole; biases keep torch's default."""
    nn.init.orthogonal_(cell.weight_ih)
    nn.init.orthogonal_(cell.weight_hh)


def cells_of(fused_t: Tensor) -> Tensor:
    """Return the cells of one frame as rows: (B, C, h, w) to (B, L, C)."""
    return fused_t.flatten(2).transpose(1, 2)


def weighted_sum(attention: Tensor, cells: Tensor) -> Tensor:
    """Return v = sum over cells of attention_i x_i, (B, C).

    ``attention`` is (B, h, w), ``cells`` (B, L, C). A first axis of length 1 is broadcast over B.
    """
    weights = attention.flatten(1)
    if cells.shape[0] == 1:
        return weights @ cells[0]
    return torch.bmm(weights.expand(cells.shape[0], -1)[:, None], cells).squeeze(1)


class TaskRecurrence(nn.Module):
    """h_t = GRU(v_t, h_{t-1}); S_t = w^T h_t + b (Li et al. 2019, equations 7 to 9)."""

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__()
        self.cell = nn.GRUCell(sizes.channels, sizes.task_hidden)
        self.score = nn.Linear(sizes.task_hidden, 1)
        initialise_orthogonally(self.cell)

    def forward(self, attended: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step.

        Args:
            attended: (B, C), the attended vector v_t.
            hidden: (B, D), h_{t-1}.

        Returns:
            (B, D) h_t and (B,) S_t.
        """
        hidden = self.cell(attended, hidden)
        return hidden, self.score(hidden).squeeze(1)


class RecurrentModel(AttentionModel):
    """Fusion, attention, task recurrence and score. Subclasses define the attention.

    Args:
        sizes: All sizes.
        rectified: Whether the fused features pass a ReLU.
    """

    divides_by_cells: bool = (
        False  # whether the weighted cells are averaged instead of summed: for maps that do not sum to 1
    )

    def __init__(self, sizes: HeadSizes, *, rectified: bool = False) -> None:
        super().__init__(sizes, Fusion(sizes, rectified=rectified))
        self.task = TaskRecurrence(sizes)

    @abstractmethod
    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> FrameAttention:
        """Attend to one frame.

        Args:
            fused_t: (B, C, h, w) or (1, C, h, w).
            task: (B, D), the task state h_{t-1}.
            memory: Memory that ``attend`` returned at the previous step.
        """

    def memory_widths(self) -> tuple[int, ...]:
        """Return the widths of the attention's own memory."""
        return ()

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return the task state, then the attention's memory: zeros, or draws from N(0, 1)."""
        widths = (self.sizes.task_hidden, *self.memory_widths())
        distribution = self.sizes.initial_state
        dtype = self.dtype
        device = like.device
        is_drawn = {"zeros": False, "randn-train": self.training}.get(distribution, True)
        if not is_drawn:
            return tuple(torch.zeros(batch, width, dtype=dtype, device=device) for width in widths)
        if self.training:
            return tuple(torch.randn(batch, width, dtype=dtype, device=device) for width in widths)
        generator = torch.Generator().manual_seed(seed)
        draws = [torch.randn(width, generator=generator) for width in widths]
        return tuple(draw.to(device, dtype).expand(batch, -1) for draw in draws)

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        """Attend to one frame, (B, C, h, w), then update the task state."""
        task_state, *memory = state
        frame_attention = self.attend(fused_t, task_state, tuple(memory))
        attention_used = frame_attention.attention if attention is None else attention
        vector = weighted_sum(attention_used, frame_attention.cells)
        if frame_attention.gate is not None:
            vector = vector * frame_attention.gate
        if self.divides_by_cells:
            vector = vector / frame_attention.cells.shape[1]
        new_task_state, score = self.task(vector.expand(task_state.shape[0], -1), task_state)
        return StepOutput(attention_used, new_task_state, score, (new_task_state, *frame_attention.memory))
