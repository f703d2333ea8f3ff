"""One training by several processes, each on a device of its own, started by torch's launcher.

    torchrun --nproc-per-node 2 -m skillviewer train DATA -o MODEL

Every process computes its share of a batch's distinct videos. What is computed of them is brought together, so that
each knows the loss of the whole batch, and gradients are added up: the steps are those of one process, up to rounding.
Where a model draws at random for each video in training (dropout, random first states), the draws are others.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from skillviewer.core.errors import DeviceError
from skillviewer.engine.runtime.device import choose_device

T = TypeVar("T")

_PATIENCE = timedelta(days=7)
"""Time that processes wait for one that computes features; the launcher ends all when one fails."""


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """Rank of this process among the processes of a training; alone by default."""

    rank: int = 0  # from 0; the first one speaks and writes
    size: int = 1  # number of processes

    @property
    def leads(self) -> bool:
        """True for the process that reports and writes."""
        return self.rank == 0

    def shares(self, n: int) -> list[int]:
        """Return the number of the n videos that each process computes, by rank."""
        return [n // self.size + (rank < n % self.size) for rank in range(self.size)]

    def share(self, n: int) -> range:
        """Return the indices of n >= 1 videos that this process computes; at least one, which may not count."""
        shares = self.shares(n)
        start = min(sum(shares[: self.rank]), n - 1)
        return range(start, start + max(1, shares[self.rank]))

    def gather(self, n: int) -> "Gathering | None":
        """Return a function that gathers the shares of n videos, or None for a single process."""
        return Gathering(tuple(self.shares(n)), self.rank, self.share(n).start) if self.size > 1 else None

    def add_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace gradients by their sums over all processes."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.size == 1 or not gradients:
            return
        whole = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(whole)
        parts = torch.split(whole, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def start_alike(self, model: nn.Module) -> None:
        """Set the weights of a model to those of the first process."""
        if self.size > 1:
            for tensor in model.state_dict().values():
                dist.broadcast(tensor, 0)

    def collect(self, value: T) -> list[T]:
        """Return the values of all processes, in order of rank."""
        if self.size == 1:
            return [value]
        values: list[T | None] = [None] * self.size
        dist.all_gather_object(values, value)
        return values  # type: ignore[return-value]

    def wait(self) -> None:
        """Wait until all processes have called this."""
        self.collect(None)


SINGLE_PROCESS = ProcessGroup()


@dataclass(frozen=True, slots=True)
class Gathering:
    """Gathers the shares of one batch; a ``nets.attention.Gather``."""

    shares: tuple[int, ...]  # number of its videos that each process computes, in order of rank
    rank: int  # rank of this process
    start: int  # place of the first video that this process computes

    def __call__(self, share: Tensor) -> Tensor:
        """Return (n, ...) from (share, ...); gradients reach the own share alone."""
        return _Gather.apply(share, self.shares, self.rank, False)  # type: ignore[no-untyped-call,no-any-return]

    def over_batch(self, function: Callable[[Tensor], Tensor], share: Tensor) -> Tensor:
        """Apply a function of the whole batch and return the share's part; gradients of all parts are added up."""
        whole = _Gather.apply(share, self.shares, self.rank, True)  # type: ignore[no-untyped-call]
        return function(whole)[self.start : self.start + len(share)]


class _Gather(torch.autograd.Function):
    """Concatenation of the shares of all processes; backward keeps the own share, also of the sum over processes."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, rows: Tensor, shares: Sequence[int], rank: int, summed: bool
    ) -> Tensor:
        ctx.place = (sum(shares[:rank]), shares[rank], rows.shape)  # type: ignore[attr-defined]
        ctx.summed = summed  # type: ignore[attr-defined]
        padded = rows.new_zeros((max(shares), *rows.shape[1:]))
        padded[: shares[rank]] = rows[: shares[rank]]
        parts = [torch.empty_like(padded) for _ in shares]
        dist.all_gather(parts, padded)
        return torch.cat([part[:n] for part, n in zip(parts, shares, strict=True)])

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        start, n, shape = ctx.place  # type: ignore[attr-defined]
        whole = gradients[0]
        if ctx.summed:  # type: ignore[attr-defined]
            whole = whole.contiguous().clone()
            dist.all_reduce(whole)
        gradient = whole.new_zeros(shape)
        gradient[:n] = whole[start : start + n]
        return gradient, None, None, None


def n_launched() -> int:
    """Return the number of processes that torch's launcher started with this one; 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "LOCAL_RANK" in os.environ else 1


@contextmanager
def launched(device_name: str) -> Iterator[tuple[ProcessGroup, str]]:
    """Join the processes that torch's launcher has started, and yield which one this is and its device.

    Args:
        device_name: ``auto``, ``cpu`` or ``cuda``; every process takes the GPU of its number. Without the launcher it
            is yielded as it is.

    Raises:
        DeviceError: There are fewer GPUs than processes, or a device that cannot be shared out.

    A process that was launched should end by ``os._exit``, as the command line does.
    """
    if n_launched() == 1:
        yield SINGLE_PROCESS, device_name
        return
    kind = choose_device(device_name).type
    if kind not in {"cpu", "cuda"} or device_name not in {"auto", kind} or not dist.is_available():
        raise DeviceError(
            f"{n_launched()} processes cannot share the device {device_name}. Say --device cuda, and each takes the "
            "GPU of its number, or --device cpu."
        )
    if kind == "cuda":
        device_name = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(choose_device(device_name))
    else:
        device_name = "cpu"
    dist.init_process_group("nccl" if kind == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        process_group = ProcessGroup(dist.get_rank(), dist.get_world_size())
        yield process_group, device_name
        process_group.wait()  # one that leaves while another still sends to it ends that one with an error
    finally:
        if kind == "cuda":  # threads of gloo abort now and then while they are taken down: they end with the process
            dist.destroy_process_group()
