"""Choice of the device and the number type, and handling of full memory."""

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

_SUPPORTED_TYPES = {"cpu", "cuda", "mps"}
_NO_MEMORY = "The computer ran out of memory. Close other programs, or use fewer passes or smaller batches."
_NO_GPU_MEMORY = (
    "The GPU ran out of memory. Close other programs that use it, use fewer passes, or choose the device cpu."
)
_GPU_MEMORY_PHRASES = ("out of memory", "ALLOC_FAILED")
"""Phrases of full memory in the untyped errors of CUDA, its libraries and Apple's GPU."""


def choose_device(name: str = "auto") -> torch.device:
    """Return the device to compute on.

    Args:
        name: ``auto`` (CUDA, else Apple's MPS, else the CPU), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        DeviceError: The device is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        if torch.backends.mps.is_available():
            return torch.device("mps")
        return torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise _no_device(name) from error
    if device.type not in _SUPPORTED_TYPES:
        raise _no_device(name)
    if device.type == "cuda":
        index = 0 if device.index is None else device.index
        _check_cuda(name, index)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("This computer has no Apple GPU that torch can use. Use cpu.")
    return device


def _no_device(name: str) -> DeviceError:
    return DeviceError(f"“{name}” is not a device. Use auto, cpu, cuda, cuda:1 or mps.")


def _check_cuda(name: str, index: int) -> None:
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if n_gpus == 0:
        raise DeviceError(f"This computer has no device {name}: torch sees no CUDA GPU. Use auto or cpu.")
    if index >= n_gpus:
        devices = "cuda:0 only" if n_gpus == 1 else f"cuda:0 to cuda:{n_gpus - 1}"
        raise DeviceError(f"This computer has no device {name}: torch sees {devices}. Use one of these, auto or cpu.")


CPU_FACTS = Path("/proc/cpuinfo")
"""The file of Linux that lists the features of the processor."""


@functools.cache
def _cpu_has_bfloat16(facts: Path) -> bool:
    """Return True if the processor multiplies in bfloat16, by the features that Linux lists; False elsewhere."""
    try:
        flags = facts.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def training_precision(requested: str, device: torch.device) -> Precision:
    """Return the precision to train in.

    Args:
        requested: ``float32``, ``bfloat16``, or ``auto``: bfloat16 if the device computes in it, else float32.
        device: Device of the training.

    Raises:
        DeviceError: The device does not compute in bfloat16.
    """
    if requested == "float32":
        return "float32"
    on_gpu = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if requested == "auto":
        on_cpu = device.type == "cpu" and _cpu_has_bfloat16(CPU_FACTS)
        if on_gpu or on_cpu:
            return "bfloat16"
        return "float32"
    if not on_gpu and device.type != "cpu":
        raise DeviceError(f"{device_title(device)} does not compute in bfloat16. Use --precision float32.")
    return "bfloat16"


def device_title(device: torch.device) -> str:
    """Return the name of a device for the user: ``cuda:0 NVIDIA ...`` or ``cpu``."""
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    return str(device)


def memory_text(device: torch.device) -> str:
    """Return used and total memory of a CUDA GPU as ``2.1/8 GB``, or "" for another device."""
    if device.type != "cuda":
        return ""
    free_bytes, total_bytes = torch.cuda.mem_get_info(device)
    return f"{(total_bytes - free_bytes) / 1e9:.1f}/{total_bytes / 1e9:.0f} GB"


@contextmanager
def device_errors() -> Iterator[None]:
    """Raise errors of full memory as a DeviceError with advice."""
    try:
        yield
    except MemoryError as error:
        raise DeviceError(_NO_MEMORY) from error
    except torch.OutOfMemoryError as error:
        raise DeviceError(_NO_GPU_MEMORY) from error
    except RuntimeError as error:
        if "allocate memory" in str(error):  # torch's allocator on the CPU has no error of its own
            raise DeviceError(_NO_MEMORY) from error
        if any(phrase in str(error) for phrase in _GPU_MEMORY_PHRASES):
            raise DeviceError(_NO_GPU_MEMORY) from error
        raise


class DeviceBatches:
    """Work in batches on a device.

    If the memory of the device is full, batches are halved. If it is too small for one input, the work continues on the
    CPU, and the log says so once.
    """

    def __init__(self, device: torch.device, batch_size: int = 64) -> None:
        self._device = device
        self._batch_size = batch_size

    def run(self, work: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        """Return the results of work on (B, ...) inputs, on the CPU."""
        outputs: list[Tensor] = []
        while len(inputs):
            batch = inputs[: self._batch_size]
            try:
                output = work(batch.to(self._device))
                outputs.append(output.cpu())
                inputs = inputs[len(batch) :]
            except torch.OutOfMemoryError:
                if len(batch) == 1 and self._device.type == "cpu":
                    raise
                if len(batch) == 1:
                    log.warning("%s ran out of memory: the CPU goes on, more slowly.", device_title(self._device))
                    self._device = torch.device("cpu")
                self._batch_size = max(1, len(batch) // 2)
        return torch.cat(outputs)


def n_threads() -> int:
    """Return the number of threads that torch uses on the CPU."""
    return torch.get_num_threads()
