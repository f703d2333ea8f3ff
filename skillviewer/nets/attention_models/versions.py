"""One frame in many versions, each with other cells taken away: what does not differ is computed once.

In a version some cells give way to one vector, their replacement. So it is told by L + 1 numbers: how often each cell
occurs in it, then how often the replacement does. No version is written out.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

NUMBERS_AT_ONCE = {"cpu": 2**18, "mps": 2**23, "cuda": 2**26}
"""Numbers held at once, per thread: half of a core's second cache on a CPU, and what fills a GPU."""

LARGEST = 40.0
"""Bound of what exp(2x) is taken of: its square is finite. The tanh of sums is exact where both parts are below."""


def _growth(x: Tensor) -> Tensor:
    return x.clamp(-LARGEST, LARGEST).mul_(2).exp_()


class PreparedFrame(NamedTuple):
    """A frame's cells and their replacement, (L + 1, C), and what the steps over its versions share."""

    cells: Tensor
    falling: Tensor  # (L + 1, C), the values of each channel, the largest first
    places: Tensor  # (L + 1, C), the row of each cell's value in ``falling``
    growth: Tensor  # (E, 2, L + 1), exp(2e) of the embedding e of each cell, and ones
    gates: Tensor  # (L + 1, 3D), what each cell adds to the gates of the task RNN where it has all the attention

    @staticmethod
    def of(cells: Tensor, embed: nn.Module, rnn: nn.GRUCell) -> "PreparedFrame":
        """Prepare (L + 1, C) cells, the replacement last, for the embedding (equation 5) and the task RNN."""
        falling, order = cells.sort(dim=0, descending=True)
        kind = torch.uint8 if len(cells) < torch.iinfo(torch.uint8).max else torch.int32
        growth = _growth(embed(cells)).T
        gates = functional.linear(cells, rnn.weight_ih, rnn.bias_ih)
        growth = torch.stack([growth, torch.ones_like(growth)], dim=1)
        return PreparedFrame(cells, falling, order.argsort(dim=0).to(kind), growth, gates)

    def counts(self, taken: Tensor) -> Tensor:
        """Return how often each cell and the replacement occur, (B, L + 1), where (B, L) are taken away."""
        return torch.cat([~taken, taken.sum(dim=1, keepdim=True)], dim=1).to(self.cells.dtype)

    def summary(self, counts: Tensor) -> Tensor:
        """Return xbar, the mean over the cells plus their maximum, (B, C), of versions with (B, L + 1) counts."""
        # the largest value that occurs is that of the lowest place; a place of all ones stands behind every other
        absent = (counts == 0).to(self.places.dtype) * torch.iinfo(self.places.dtype).max
        first = [(self.places | some[:, :, None]).amin(dim=1) for some in absent.split(self._at_once(self.cells))]
        return self.falling.gather(0, torch.cat(first).long()).addmm_(counts, self.cells, alpha=1 / (len(self.cells) - 1))

    def logits(self, hidden: Tensor, weights: Tensor) -> Tensor:
        """Return w^T tanh(e_i + h), (B, L + 1), for every cell i, embedded states h, (B, E), and w, (1, E).

        tanh(e + h) = 1 - 2 / (1 + exp(2e) exp(2h)): no exponential for every cell and state.
        """
        growth = _growth(hidden).T
        both = torch.stack([growth, torch.ones_like(growth)], dim=2)
        sums = []
        for some in both.split(self._at_once(self.growth), dim=1):
            shares = torch.bmm(some, self.growth).reciprocal_()
            sums.append((weights @ shares.flatten(1)).view(-1, len(self.cells)))
        return weights.sum() - 2 * torch.cat(sums)

    @staticmethod
    def _at_once(one: Tensor) -> int:
        most = NUMBERS_AT_ONCE.get(one.device.type, 2**18) * torch.get_num_threads()
        return max(1, most // one.numel())


def next_hidden(gates: Tensor, hidden: Tensor, rnn: nn.GRUCell) -> Tensor:
    """Return the next hidden state of a GRU, (B, D), from W_ih x + b_ih, (B, 3D) or (1, 3D), and the last, (B, D)."""
    own = functional.linear(hidden, rnn.weight_hh, rnn.bias_hh)
    width = 2 * rnn.hidden_size
    reset, update = (gates[:, :width] + own[:, :width]).sigmoid_().chunk(2, dim=1)
    new = torch.addcmul(gates[:, width:], reset, own[:, width:]).tanh_()
    return torch.lerp(new, hidden, update)
