"""CPU seconds per picture of one backbone, by every way to run it, in one run.

    python -m benchmarks.backbone [--name resnet101] [--side 448] [--rounds 5] [--compile]
    python -m benchmarks.backbone --train [--name efficientnet-lite0] [--side 224] [--pictures 25]
    python -m benchmarks.backbone --study [--videos 24]

Printed are CPU seconds per picture on one thread (least of the rounds), the error relative to eager float32, and the
ratio to the best way of the same precision. "deployed" is the program's way. ``--compile`` adds torch.compile with
freezing, the fastest alternative known; it needs a C++ compiler and some time. A network of a library
(``timm/NAME``, ``torchvision/NAME``) is only eager and deployed. With the packages of the extra "onnx" ONNX Runtime
takes part, in float32 and in 8 bits (static, calibrated on the pictures, per channel), and OpenVINO where it is
installed. ``--train`` measures the forward and backward pass of a training instead, before and after the process keeps
the memory that it frees. ``--study`` scores the videos of the sample study by the default model with the features of
every way: their error on real frames and flow, and the pairs of videos whose order changes.
"""

import argparse
import importlib.util
import itertools
import resource
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skillviewer.core.paths import models_dir, resources_dir
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.extractor import trained_streams
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.runtime.threads import keep_freed_memory
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.deployment import Precision, deploy_trunk, fold_batch_norm
from skillviewer.nets.backbones.library_backbones import LibraryTrunk
from skillviewer.nets.backbones.two_stream import appearance_input, motion_input
from skillviewer.nets.checkpoint import load_checkpoint

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


def runtimes(trunk: nn.Module, pictures: list[Tensor]) -> dict[tuple[str, str], Way]:
    """Return the ways of other runtimes that are installed; ``pictures`` calibrate the 8 bits."""
    if any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")):
        print("without the extra “onnx” no other runtime takes part")
        return {}
    folder = Path(tempfile.mkdtemp())  # the sessions read the files again
    path, prepared, small = (folder / name for name in ("trunk.onnx", "prepared.onnx", "int8.onnx"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.onnx.export(fold_batch_norm(trunk), (pictures[0],), dynamo=True, verbose=False)
        assert made is not None
        made.save(path, external_data=False)
        _quantise(path, prepared, small, pictures)
    found = {("float32", "ONNX Runtime"): _onnx_runtime(path), ("int8", "ONNX Runtime, static"): _onnx_runtime(small)}
    if importlib.util.find_spec("openvino") is None:
        return found
    return found | {
        ("float32", "OpenVINO"): _openvino(path, "f32"),
        ("bfloat16", "OpenVINO"): _openvino(path, "bf16"),
        ("int8", "OpenVINO, the same file"): _openvino(small, "f32"),
    }


def _quantise(path: Path, prepared: Path, small: Path, pictures: list[Tensor]) -> None:
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left: Iterator[Tensor] = iter(pictures)

        def get_next(self) -> dict[str, Any] | None:
            picture = next(self._left, None)
            return None if picture is None else {name: picture.numpy()}

    import onnxruntime

    name = onnxruntime.InferenceSession(path).get_inputs()[0].name
    quant_pre_process(path, prepared)
    quantization.quantize_static(prepared, small, Reader(), per_channel=True)


def _onnx_runtime(path: Path) -> Way:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda inputs: torch.from_numpy(session.run(None, {name: inputs.numpy()})[0])


def _openvino(path: Path, precision: str) -> Way:
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1}
    model = openvino.Core().compile_model(path, "CPU", settings)
    return lambda inputs: torch.from_numpy(np.array(model(inputs.numpy())[0]))


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
    return found if library else found | runtimes(trunk, [pictures])


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


def _frames_of_study(how: Preprocessing, n_videos: int) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Yield (1, S, S, 3) frame and (1, 2L, h, w) flow stack of the sampled frames of each video of the sample study."""
    for path in sorted((resources_dir() / "sample_study" / "videos").glob("*.mp4"))[:: 36 // n_videos]:
        with VideoReader(path) as reader:
            sampling = sampling_of(reader.info, how, 1)
            items = stream_inputs(reader, how, sampling.timeline, np.unique(sampling.positions))
            yield [(torch.from_numpy(np.array(i.rgb))[None], torch.from_numpy(np.array(i.flow))[None]) for i in items]


def measure_study(n_videos: int) -> None:
    """Print time, error of the features and changed order of the sample study's videos for every way."""
    torch.set_num_threads(1)
    keep_freed_memory()  # as every command of the program does
    checkpoint = load_checkpoint(models_dir() / "sample-full")
    streams, model, cpu = trained_streams(checkpoint), checkpoint.build(), torch.device("cpu")
    side, videos = streams.input_px, list(_frames_of_study(checkpoint.config.preprocessing, n_videos))

    def inputs(frames: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
        pictures = [appearance_input(rgb, streams.appearance_normalisation) for rgb, _ in frames]
        return pictures, [motion_input(stack, streams.motion_normalisation, side) for _, stack in frames]

    both: list[dict[tuple[str, str], Way]] = []
    with torch.no_grad():
        for at, trunk in enumerate((streams.appearance, streams.motion)):
            channels = (3, 2 * checkpoint.config.n_fields)[at]
            found: dict[tuple[str, str], Way] = {
                (precision, "deployed"): deploy_trunk(trunk, channels, side, cpu, precision)
                for precision in DTYPE_NAMES.values()
            }
            both.append(found | runtimes(trunk, inputs([frame for video in videos for frame in video[::12]])[at]))
        seconds = dict.fromkeys(both[0], 0.0)
        errors: dict[tuple[str, str], list[float]] = {way: [] for way in seconds}
        scores: dict[tuple[str, str], list[float]] = {way: [] for way in seconds}
        for video in videos:  # every way in turn, so that other load affects all of them
            exact: Tensor | None = None
            given = inputs(video)
            for way in seconds:
                started = time.process_time()
                parts = [torch.cat([both[at][way](values) for values in given[at]]) for at in (0, 1)]
                seconds[way] += time.process_time() - started
                features = torch.cat(parts, dim=1).half().float()
                exact = features if exact is None else exact
                errors[way].append(float((features - exact).norm() / exact.norm()))
                scores[way].append(float(model(features[None]).score))
    n_frames, first = sum(map(len, videos)), next(iter(seconds))
    span = max(scores[first]) - min(scores[first])
    print(f"sample-full on {len(videos)} videos, {n_frames} frames with their flow, one thread")
    print(f"{'precision':<10} {'way':<24} {'ms a frame':>10} {'to first':>9} {'error':>8} {'score':>8}  pairs changed")
    for way, taken in seconds.items():
        pairs = list(itertools.combinations(range(len(videos)), 2))
        own, exact_scores = scores[way], scores[first]
        changed = sum((own[a] < own[b]) != (exact_scores[a] < exact_scores[b]) for a, b in pairs)
        moved = max(abs(a - b) for a, b in zip(own, exact_scores, strict=True)) / span
        print(
            f"{way[0]:<10} {way[1]:<24} {1e3 * taken / n_frames:>10.1f} {taken / seconds[first]:>8.2f}x "
            f"{statistics.mean(errors[way]):>8.1e} {moved:>8.1e} {changed:>6} of {len(pairs)}"
        )


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
    parser.add_argument("--study", action="store_true", help="the videos of the sample study by the default model")
    parser.add_argument("--videos", type=int, default=24, help="videos of --study")
    given = parser.parse_args()
    if given.study:
        measure_study(given.videos)
    elif given.train:
        measure_training(given.name, given.side, given.rounds, given.pictures)
    else:
        measure(given.name, given.side, given.rounds, with_compiler=given.compile)
