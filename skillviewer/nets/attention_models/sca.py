"""SCA-CNN (Chen et al. 2017): channel gates from memory, then attention over cells."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from skillviewer.nets.attention import State
from skillviewer.nets.attention_models.recurrence import FrameAttention, RecurrentModel, cells_of
from skillviewer.nets.sizes import HeadSizes


def weigh_tanh(layer: nn.Linear, x: Tensor, y: Tensor) -> Tensor:
    """Return w^T tanh(x + y) + b, (...), for a layer with weight w, bias b and one output.

    ``x`` and ``y`` are (..., K); ``y`` should be the smaller tensor. The identity tanh(z) = 2 sigmoid(2z) - 1
    is used because torch's sigmoid takes a fifth of the time of its tanh on a CPU.
    """
    sigmoid = torch.add(2 * y, x, alpha=2).sigmoid_()
    bias = layer.bias - layer.weight.sum(dim=1)
    return functional.linear(sigmoid, 2 * layer.weight, bias).squeeze(-1)


class ScaModel(RecurrentModel):
    """Attention over channels, then over cells, both from the task state h of the previous step.

    ::

        u     = mean over cells of x
        beta  = sigmoid(w_b^T tanh(W_u u_c + b_u + U_b h))  for every channel c      (as released)
        beta  = C softmax over channels of the same                                  (original)
        x'    = beta * x
        alpha = softmax over cells of w_a^T tanh(W_x x'_i + b_x + U_a h)
        v     = sum_i alpha_i x'_i

    Args:
        sizes: All sizes.
        original: Whether to weigh channels and initialise weights as the code of Chen et al. does (N(0, 0.01),
            orthogonal if square, biases 0), instead of that of Li et al.
    """

    def __init__(self, sizes: HeadSizes, *, original: bool = False) -> None:
        super().__init__(sizes)
        self.original = original
        k = sizes.sca_embed
        task = sizes.task_hidden
        self.embed_mean = nn.Linear(1, k)
        self.channel_memory = nn.Linear(task, k, bias=False)
        self.weigh_channel = nn.Linear(k, 1)
        self.embed_cell = nn.Linear(sizes.channels, k)
        self.cell_memory = nn.Linear(task, k, bias=False)
        self.weigh_cell = nn.Linear(k, 1)
        if original:
            self._initialise_as_original()

    def _initialise_as_original(self) -> None:
        for layer in self.children():
            if not isinstance(layer, nn.Linear):
                continue
            if layer.in_features == layer.out_features:
                nn.init.orthogonal_(layer.weight)
            else:
                nn.init.normal_(layer.weight, std=0.01)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def channel_weights(self, fused_t: Tensor, task: Tensor) -> Tensor:
        """Return beta of one frame, (B, C): between 0 and 1 as released, with mean 1 in the original."""
        mean = fused_t.mean(dim=(2, 3))
        logits = weigh_tanh(self.weigh_channel, self.embed_mean(mean[:, :, None]), self.channel_memory(task)[:, None])
        if self.original:
            return torch.softmax(logits, dim=1) * logits.shape[1]
        return torch.sigmoid(logits)

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> FrameAttention:  # noqa: ARG002
        """Attend to one frame, (B, C, h, w); maps are distributions.

        W_x (beta * x_i) is computed as (W_x * beta) x_i, so that a frame is never copied for each of B states.
        """
        cells = cells_of(fused_t)
        gate = self.channel_weights(fused_t, task)
        gated_embedding = gate[:, None] * self.embed_cell.weight
        context = self.embed_cell.bias + self.cell_memory(task)
        embedded = cells @ gated_embedding.transpose(1, 2)
        attention = torch.softmax(weigh_tanh(self.weigh_cell, embedded, context[:, None]), dim=1)
        return FrameAttention(attention.reshape(-1, *fused_t.shape[2:]), cells, gate=gate)
