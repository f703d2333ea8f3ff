"""Which device computes, chosen in the open."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from skillviewer.core.errors import DeviceError
from skillviewer.nets.deployment import Precision

_NO_MEMORY = "The computer ran out of memory. Close other programs, or use fewer passes or smaller batches."


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
        raise DeviceError(f"“{name}” is not a device. Use auto, cpu, cuda, cuda:1 or mps.") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceError(f"This computer has no device {name}: torch sees {torch.cuda.device_count()} CUDA devices.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("This computer has no Apple GPU that torch can use. Use cpu.")
    return device


def training_precision(wanted: str, device: torch.device) -> Precision:
    """Return the precision to train in.

    Args:
        wanted: ``float32``, ``bfloat16``, or ``auto``: bfloat16 on a GPU that computes in it, else float32. On a CPU
            bfloat16 has to be asked for.
        device: Where training computes.

    Raises:
        DeviceError: The device does not compute in bfloat16.
    """
    if wanted == "float32":
        return "float32"
    on_gpu = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if wanted == "auto":
        return "bfloat16" if on_gpu else "float32"
    if not on_gpu and device.type != "cpu":
        raise DeviceError(f"{device_title(device)} does not compute in bfloat16. Use --precision float32.")
    return "bfloat16"


def device_title(device: torch.device) -> str:
    """Return a device's name for people: ``cuda:0 NVIDIA ...`` or ``cpu``."""
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
        raise DeviceError(
            "The GPU ran out of memory. Close other programs that use it, use fewer passes, or choose the device cpu."
        ) from error
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # torch's allocator on the CPU has no error of its own
            raise
        raise DeviceError(_NO_MEMORY) from error


def n_threads() -> int:
    """Return how many threads torch computes with on the CPU."""
    return torch.get_num_threads()
