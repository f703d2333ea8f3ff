"""Fast steps over versions of one frame, each with some cells replaced by the same vector.

Counts, (B, L + 1), state a version: how often each cell occurs, and last how often the vector does. The cells of a
version are never copied.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

NUMBERS_AT_ONCE = 2**18
"""Numbers in memory at once per thread of a CPU, so that they fit its L2 cache; 64 times as many on a GPU."""


class PreparedFrame(NamedTuple):
    """Products of one frame, shared by the steps over all its versions."""

    cells: Tensor  # (L + 1, C), the cells and the vector
    exponentials: Tensor  # (E, 2, L + 1), exp(2e) of their embeddings e, and ones
    gates: Tensor  # (L + 1, 3D), W_ih x + b_ih in the task RNN


def _split_versions(versions: Tensor, numbers_per_version: int) -> tuple[Tensor, ...]:
    n_threads = torch.get_num_threads() if versions.device.type == "cpu" else 64
    max_numbers = NUMBERS_AT_ONCE * n_threads
    return torch.split(versions, max(1, max_numbers // numbers_per_version))


def exponentials_of(embedded: Tensor) -> Tensor:
    """Return exp(2x) and ones, (B, E, 2), of embeddings x, (B, E), clamped to -40 to 40 so that products are finite."""
    exponentials = embedded.clamp(-40, 40).mul_(2).exp_()
    return torch.stack([exponentials, torch.ones_like(exponentials)], dim=2)


def logits_of(frame: PreparedFrame, embedded: Tensor, weights: Tensor) -> Tensor:
    """Return w^T tanh(e_i + h), (B, L + 1), for embedded states h, (B, E), and weights w, (1, E)."""
    # tanh(e + h) = 1 - 2 / (1 + exp(2e) exp(2h)): no exponential of every cell and state
    parts = _split_versions(exponentials_of(embedded), frame.exponentials[:, 0].numel())
    reciprocals = (torch.bmm(part.transpose(0, 1), frame.exponentials).reciprocal_() for part in parts)
    sums = torch.cat([weights @ reciprocal.flatten(1) for reciprocal in reciprocals], dim=1)
    return (weights.sum() - 2 * sums).view(-1, len(frame.cells))


def summary_of(frame: PreparedFrame, counts: Tensor, absent: Tensor) -> Tensor:
    """Return xbar, mean plus maximum over cells, (B, C); ``absent`` is -inf for cells that do not occur, else 0."""
    parts = _split_versions(absent[:, :, None], frame.cells.numel())
    largest = torch.cat([(frame.cells + part).amax(dim=1) for part in parts])
    return largest.addmm_(counts, frame.cells, alpha=1 / (len(frame.cells) - 1))


def next_hidden(rnn: nn.GRUCell, gates: Tensor, hidden: Tensor) -> Tensor:
    """Return the hidden state after a step of a GRU, (B, D), from W_ih x + b_ih, (B, 3D) or (1, 3D)."""
    hidden_gates = functional.linear(hidden, rnn.weight_hh, rnn.bias_hh)
    width = 2 * rnn.hidden_size
    reset, update = hidden_gates[:, :width].add_(gates[:, :width]).sigmoid_().chunk(2, dim=1)
    return torch.lerp(torch.addcmul(gates[:, width:], reset, hidden_gates[:, width:]).tanh_(), hidden, update)
