"""One training by several processes, each on a device of its own, started by torch's launcher.

    torchrun --nproc-per-node 2 -m skillviewer train DATA -o MODEL

Every process computes its share of the distinct videos of a batch. The results are gathered, so that each process
computes the loss of the whole batch, and gradients are summed. The steps are those of one process, up to rounding and
to random numbers that a model draws for each video in training (dropout, random first states).
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

_TIMEOUT = timedelta(days=7)
"""Time that processes wait for one that computes features. If one fails, the launcher ends all at once."""


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """Rank of this process among the processes of a training; by default a single process."""

    rank: int = 0  # from 0; process 0 reports and writes
    size: int = 1  # number of processes

    @property
    def leads(self) -> bool:
        """True for the process that reports and writes."""
        return self.rank == 0

    def shares(self, n: int) -> list[int]:
        """Return the number of videos that each process computes of n, by rank."""
        return [n // self.size + (rank < n % self.size) for rank in range(self.size)]

    def share(self, n: int) -> range:
        """Return the indices of the videos that this process computes of n >= 1.

        They are at least one; with fewer videos than processes, its result may be ignored.
        """
        shares = self.shares(n)
        start = min(sum(shares[: self.rank]), n - 1)
        return range(start, start + max(1, shares[self.rank]))

    def gather(self, n: int) -> "Gathering | None":
        """Return a function that gathers the shares of n videos, or None for a single process."""
        if self.size == 1:
            return None
        return Gathering(tuple(self.shares(n)), self.rank, self.share(n).start)

    def add_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace gradients by their sums over all processes."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self.size == 1 or not gradients:
            return
        flat_gradient = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat_gradient)
        sums = torch.split(flat_gradient, [gradient.numel() for gradient in gradients])
        for gradient, summed in zip(gradients, sums, strict=True):
            gradient.copy_(summed.view_as(gradient))

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

    shares: tuple[int, ...]  # number of videos that each process computes, by rank
    rank: int  # rank of this process
    start: int  # index of the first video that this process computes

    def __call__(self, share: Tensor) -> Tensor:
        """Return (n, ...) from the (share, ...) of each process; gradients flow to the share of this process only."""
        return _Gather.apply(share, self.shares, self.rank, False)  # type: ignore[no-untyped-call,no-any-return]

    def over_batch(self, function: Callable[[Tensor], Tensor], share: Tensor) -> Tensor:
        """Apply a function to the whole batch and return the rows of this process.

        The gradient of the share is summed over the results of all processes.
        """
        batch = _Gather.apply(share, self.shares, self.rank, True)  # type: ignore[no-untyped-call]
        return function(batch)[self.start : self.start + len(share)]


class _Gather(torch.autograd.Function):
    """Concatenation of the shares of all processes.

    Backward returns the gradient of the share of this process, after a sum over the processes if ``sums_gradients``.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, share: Tensor, shares: Sequence[int], rank: int, sums_gradients: bool
    ) -> Tensor:
        ctx.rows = (sum(shares[:rank]), shares[rank], share.shape)  # type: ignore[attr-defined]
        ctx.sums_gradients = sums_gradients  # type: ignore[attr-defined]
        padded_share = share.new_zeros((max(shares), *share.shape[1:]))
        padded_share[: shares[rank]] = share[: shares[rank]]
        padded_shares = [torch.empty_like(padded_share) for _ in shares]
        dist.all_gather(padded_shares, padded_share)
        return torch.cat([padded[:n] for padded, n in zip(padded_shares, shares, strict=True)])

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        start, n, shape = ctx.rows  # type: ignore[attr-defined]
        batch_gradient = gradients[0]
        if ctx.sums_gradients:  # type: ignore[attr-defined]
            batch_gradient = batch_gradient.contiguous().clone()
            dist.all_reduce(batch_gradient)
        gradient = batch_gradient.new_zeros(shape)
        gradient[:n] = batch_gradient[start : start + n]
        return gradient, None, None, None


def n_launched() -> int:
    """Return the number of processes that torch's launcher started with this one; 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "LOCAL_RANK" in os.environ else 1


@contextmanager
def launched(device_name: str) -> Iterator[tuple[ProcessGroup, str]]:
    """Join the processes that torch's launcher has started, and yield the process group and the device of this one.

    A process that was launched should end by ``os._exit``, as the command line does.

    Args:
        device_name: ``auto``, ``cpu`` or ``cuda``; every process takes the GPU of its number. Without the launcher any
            device, which is yielded unchanged.

    Raises:
        DeviceError: There are fewer GPUs than processes, or the device cannot be shared.
    """
    if n_launched() == 1:
        yield SINGLE_PROCESS, device_name
        return
    device_type = choose_device(device_name).type
    can_share = device_type in {"cpu", "cuda"} and device_name in {"auto", device_type} and dist.is_available()
    if not can_share:
        raise DeviceError(
            f"{n_launched()} processes cannot share the device {device_name}. Say --device cuda, and each takes the "
            "GPU of its number, or --device cpu."
        )
    if device_type == "cuda":
        backend = "nccl"
        device_name = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(choose_device(device_name))
    else:
        backend = "gloo"
        device_name = "cpu"
    dist.init_process_group(backend, timeout=_TIMEOUT)
    try:
        process_group = ProcessGroup(dist.get_rank(), dist.get_world_size())
        yield process_group, device_name
        process_group.wait()  # a process that ends while another still sends to it would make that one fail
    finally:
        if device_type == "cuda":  # destroying a gloo group may abort the process, so that group ends with the process
            dist.destroy_process_group()
