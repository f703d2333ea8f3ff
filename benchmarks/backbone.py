"""CPU seconds per picture of one backbone, by every way to run it, in one run.

    python -m benchmarks.backbone [--name resnet101] [--side 448] [--rounds 5] [--compile]
    python -m benchmarks.backbone --train [--name efficientnet-lite0] [--side 224] [--pictures 25]

Printed are CPU seconds per picture on one thread (least of the rounds), the error relative to eager float32, and the
ratio to the best way of the same precision. "deployed" is the program's way. ``--compile`` adds torch.compile with
freezing, the fastest alternative known; it needs a C++ compiler and some time. A network of a library
(``timm/NAME``, ``torchvision/NAME``) is only eager and deployed. ``--train`` measures the forward
and backward pass of a training instead, before and after the process keeps the memory that it frees.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from skillviewer.engine.runtime.threads import keep_freed_memory
from skillviewer.nets.backbones.deployment import Precision, deploy_trunk, fold_batch_norm
from skillviewer.nets.backbones.features import backbone
from skillviewer.nets.backbones.library_backbones import LibraryTrunk

Way = Callable[[Tensor], Tensor]

DTYPE_NAMES: dict[torch.dtype, Precision] = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


def as_type(trunk: nn.Module, dtype: torch.dtype, *, channels_last: bool) -> Way:
    """Return a trunk that computes in a number type and memory layout."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    ready = trunk.to(dtype).to(memory_format=layout)  # type: ignore[call-overload]

    def run(pictures: Tensor) -> Tensor:
        features: Tensor = ready(pictures.to(dtype, memory_format=layout))
        return features.float()

    return run


def compiled(trunk: nn.Module, dtype: torch.dtype, pictures: Tensor) -> Way:
    """Return a trunk compiled with frozen weights, and print the compile time."""
    import torch._inductor.config as inductor

    inductor.freezing = True
    started = time.perf_counter()
    ready = torch.compile(trunk.to(dtype))
    ready(pictures.to(dtype))
    print(f"compiled for {dtype} in {time.perf_counter() - started:.0f} s")

    def run(inputs: Tensor) -> Tensor:
        features: Tensor = ready(inputs.to(dtype))
        return features.float()

    return run


def ways(name: str, pictures: Tensor, *, with_compiler: bool) -> dict[tuple[str, str], Way]:
    """Return every way to run a backbone, by precision and name."""
    torch.manual_seed(0)
    trunk = backbone(name).make(3).eval().requires_grad_(requires_grad=False)
    side, cpu = pictures.shape[-1], torch.device("cpu")
    found: dict[tuple[str, str], Way] = {("float32", "eager"): trunk}
    library = isinstance(trunk, LibraryTrunk)
    for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        if library:
            found[precision, "deployed"] = deploy_trunk(trunk, 3, side, cpu, DTYPE_NAMES[dtype])
            continue
        found[precision, "folded"] = as_type(fold_batch_norm(trunk), dtype, channels_last=False)
        found[precision, "folded, channels last"] = as_type(fold_batch_norm(trunk), dtype, channels_last=True)
        started = time.process_time()
        found[precision, "deployed"] = deploy_trunk(trunk, 3, side, cpu, DTYPE_NAMES[dtype])
        print(f"deployed for {dtype} in {time.process_time() - started:.1f} CPU s")
        if with_compiler:
            found[precision, "compiled, frozen"] = compiled(fold_batch_norm(trunk), dtype, pictures)
    return found


def measure(name: str, side: int, rounds: int, *, with_compiler: bool) -> None:
    """Run every way in turn, several times, and print the table."""
    torch.set_num_threads(1)
    clip = backbone(name).clip
    frames = [] if clip is None else [clip.n_frames]
    pictures = torch.randn(1, 3, *frames, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = ways(name, pictures, with_compiler=with_compiler)
        exact = found["float32", "eager"](pictures)
        errors = {key: float((way(pictures) - exact).norm() / exact.norm()) for key, way in found.items()}
        seconds: dict[tuple[str, str], list[float]] = {key: [] for key in found}
        for _ in range(rounds):
            for key, way in found.items():
                started = time.process_time()
                way(pictures)
                seconds[key].append(time.process_time() - started)
    print(f"{name} at {side} pixels, torch {torch.__version__}, one thread")
    print(f"{'precision':<10} {'way':<24} {'CPU s':>7} {'to best':>8} {'error':>8}")
    for (precision, way_name), times in seconds.items():
        best = min(min(t) for (p, _), t in seconds.items() if p == precision)
        error = errors[precision, way_name]
        print(f"{precision:<10} {way_name:<24} {min(times):>7.3f} {min(times) / best:>7.2f}x {error:>8.1e}")
    print(f"greatest memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def measure_training(name: str, side: int, rounds: int, n_pictures: int) -> None:
    """Time forward and backward passes, first with the system's memory allocation, then with kept memory."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    trunk = backbone(name).make(3).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures = torch.randn(n_pictures, 3, side, side).contiguous(memory_format=torch.channels_last)

    def seconds() -> float:
        times = []
        for _ in range(rounds):
            trunk.zero_grad()
            started = time.process_time()
            trunk(pictures).sum().backward()
            times.append(time.process_time() - started)
        return statistics.median(times)

    before = seconds()
    print(f"{name}, {n_pictures} pictures of {side} pixels forward and backward, one thread, median of {rounds}")
    print(f"memory given back   {before:6.2f} CPU s")
    if keep_freed_memory():
        after = seconds()
        print(f"memory kept         {after:6.2f} CPU s   {after / before:.2f} of it")
    else:
        print("this C library cannot be set to keep memory")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="CPU seconds per picture of one backbone.")
    parser.add_argument("--name", default="resnet101")
    parser.add_argument("--side", type=int, default=448)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="also torch.compile")
    parser.add_argument("--train", action="store_true", help="the passes of a training instead")
    parser.add_argument("--pictures", type=int, default=25, help="pictures in one pass of --train")
    given = parser.parse_args()
    if given.train:
        measure_training(given.name, given.side, given.rounds, given.pictures)
    else:
        measure(given.name, given.side, given.rounds, with_compiler=given.compile)
