"""Choice of the device, explicit or automatic, and of the number type."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from skillviewer.core.errors import DeviceError
from skillviewer.nets.backbones.deployment import Precision

log = logging.getLogger(__name__)

_KINDS = {"cpu", "cuda", "mps"}
_NO_MEMORY = "The computer ran out of memory. Close other programs, or use fewer passes or smaller batches."
_NO_GPU_MEMORY = (
    "The GPU ran out of memory. Close other programs that use it, use fewer passes, or choose the device cpu."
)
_GPU_IS_FULL = ("out of memory", "ALLOC_FAILED")
"""Phrases in the untyped errors of CUDA, its libraries and Apple's GPU."""


def choose_device(name: str = "auto") -> torch.device:
    """Return the device to compute on.

    Args:
        name: ``auto`` (CUDA, else Apple's MPS, else the CPU), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        DeviceError: That device is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise _no_device(name) from error
    if device.type not in _KINDS:  # torch knows many more, and on none of them would anything be computed
        raise _no_device(name)
    if device.type == "cuda":
        _check_cuda(name, device.index or 0)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("This computer has no Apple GPU that torch can use. Use cpu.")
    return device


def _no_device(name: str) -> DeviceError:
    return DeviceError(f"“{name}” is not a device. Use auto, cpu, cuda, cuda:1 or mps.")


def _check_cuda(name: str, index: int) -> None:
    n = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if n == 0:
        raise DeviceError(f"This computer has no device {name}: torch sees no CUDA GPU. Use auto or cpu.")
    if index >= n:
        devices = "cuda:0 only" if n == 1 else f"cuda:0 to cuda:{n - 1}"
        raise DeviceError(f"This computer has no device {name}: torch sees {devices}. Use one of these, auto or cpu.")


CPU_FACTS = Path("/proc/cpuinfo")
"""The file of Linux that lists the features of the processor."""


@functools.cache
def _cpu_has_bfloat16(facts: Path) -> bool:
    """Return True if the processor multiplies in bfloat16; only Linux tells."""
    try:
        flags = facts.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def training_precision(requested: str, device: torch.device) -> Precision:
    """Return the precision to train in.

    Args:
        requested: ``float32``, ``bfloat16``, or ``auto``: bfloat16 where the device computes in it, else float32.
        device: Device of the training.

    Raises:
        DeviceError: The device does not compute in bfloat16.
    """
    if requested == "float32":
        return "float32"
    on_gpu = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if requested == "auto":
        on_cpu = device.type == "cpu" and _cpu_has_bfloat16(CPU_FACTS)
        return "bfloat16" if on_gpu or on_cpu else "float32"
    if not on_gpu and device.type != "cpu":
        raise DeviceError(f"{device_title(device)} does not compute in bfloat16. Use --precision float32.")
    return "bfloat16"


def device_title(device: torch.device) -> str:
    """Return a device's name for the user: ``cuda:0 NVIDIA ...`` or ``cpu``."""
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    return str(device)


def memory_text(device: torch.device) -> str:
    """Return used and total memory of a GPU as ``2.1/8 GB``, or "" where there is none to tell."""
    if device.type != "cuda":
        return ""
    free, total = torch.cuda.mem_get_info(device)
    return f"{(total - free) / 1e9:.1f}/{total / 1e9:.0f} GB"


@contextmanager
def device_errors() -> Iterator[None]:
    """Turn running out of memory into one sentence."""
    try:
        yield
    except MemoryError as error:
        raise DeviceError(_NO_MEMORY) from error
    except torch.OutOfMemoryError as error:
        raise DeviceError(_NO_GPU_MEMORY) from error
    except RuntimeError as error:
        if "allocate memory" in str(error):  # torch's allocator on the CPU has no error of its own
            raise DeviceError(_NO_MEMORY) from error
        if any(text in str(error) for text in _GPU_IS_FULL):
            raise DeviceError(_NO_GPU_MEMORY) from error
        raise


class DeviceBatches:
    """Work in batches of ``n`` on a device: they are halved when its memory runs out, and at last the CPU goes on."""

    def __init__(self, device: torch.device, n: int = 64) -> None:
        self._device = device
        self._n = n

    def run(self, work: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        """Return the results of work on (B, ...) inputs, on the CPU; the log tells once that the CPU goes on."""
        outputs: list[Tensor] = []
        while len(inputs):
            batch = inputs[: self._n]
            try:
                outputs.append(work(batch.to(self._device)).cpu())
                inputs = inputs[len(batch) :]
            except torch.OutOfMemoryError:
                if len(batch) == 1 and self._device.type == "cpu":
                    raise
                if len(batch) == 1:
                    log.warning("%s ran out of memory: the CPU goes on, more slowly.", device_title(self._device))
                    self._device = torch.device("cpu")
                self._n = max(1, len(batch) // 2)
        return torch.cat(outputs)


def n_threads() -> int:
    """Return the number of threads that torch uses on the CPU."""
    return torch.get_num_threads()
