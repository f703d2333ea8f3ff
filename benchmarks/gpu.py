"""Correctness and speed of a GPU, against the CPU of the same computer, in at most eight minutes.

    python -m benchmarks.gpu [--device cuda] [--seconds 20] [--out gpu.json]

It checks that the device computes what the CPU computes, in float32: flow to a level of 8 bits, features, maps and
scores to 1e-3. Then it measures flow fields a second at 340 x 256, frames a second through both backbones, a whole
analysis at the paper's size (ResNet101 at 448 pixels, TV-L1), an epoch of training, the evidence of one video, and
the device's memory. Weights are random: the work is the same. It writes one JSON and prints the table of
benchmarks/notebook/gpu.md.
``--tiny`` does all of it with small inputs, which a CPU manages in seconds.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.clips import write_textured_clip
from benchmarks.known_flow import known_pairs
from benchmarks.training import random_store
from skillviewer.core.analysis.analysis import Analysis, Provenance
from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, silent
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.inference.assess import ScoringModel, assess
from skillviewer.engine.inference.evidence import fused_passes, measure_evidence
from skillviewer.engine.runtime.device import choose_device, device_title
from skillviewer.engine.training.trainer import FitPairs, Trainer
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.media.flow.flow import quantise, tvl1
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.backbone_weights import random_backbone_weights
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.flow_tvl1 import BatchedTVL1
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import preset

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-3
GOAL_FIELDS_HZ = 1000


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of the inputs."""

    flow: tuple[int, int] = (256, 340)
    batch: int = 128
    backbone: str = "resnet101"
    input_px: int = 448
    n_segments: int = 25
    flow_length: int = 10
    clip: tuple[int, tuple[int, int]] = (300, (1280, 720))
    videos: int = 20


TINY = Size((48, 64), 4, "efficientnet-lite0", 64, 3, 2, (24, (96, 72)), 4)


class Device:
    """A device, and the waiting for it."""

    def __init__(self, device: torch.device, seconds: float) -> None:
        self.device, self._seconds = device, seconds

    def wait(self) -> None:
        """Wait until the device has done all work."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, work: Callable[[], object], times: int | None = None) -> float:
        """Return the seconds of one piece of work, after a first one that is not measured."""
        work()
        self.wait()
        begun, n = time.perf_counter(), 0
        while n < (times or 1) or (times is None and time.perf_counter() - begun < self._seconds):
            work()
            self.wait()
            n += 1
        return (time.perf_counter() - begun) / n


def scoring(size: Size, device: torch.device, folder: Path) -> tuple[ScoringModel, AttentionModel]:
    """Return the full model over random backbones; the same numbers on every device."""
    flow = FlowSettings(algorithm="tvl1", length=size.flow_length)
    preprocessing = Preprocessing(flow=flow, input_px=size.input_px, n_segments=size.n_segments)
    weights = random_backbone_weights(size.backbone, 0)
    extractor = FeatureExtractor.frozen(weights, preprocessing, device, "float32")
    torch.manual_seed(0)
    sizes = preset("official-code").sizes(2 * extractor.n_channels, backbone(size.backbone).grid(size.input_px))
    model = attention_model("full").build(sizes).eval().to(device)
    source = FeatureSource(FeatureCache(folder / str(device).replace(":", "")), preprocessing, extractor)
    provenance = Provenance("benchmark", "random", "", "full", "tvl1", size.backbone, str(device), "float32")
    return ScoringModel(model, source, model.map_rect, provenance), model


def analysed(model: ScoringModel, video: Path) -> Analysis:
    """Return the analysis of a video."""
    with VideoReader(video) as reader:
        return assess(reader, model, 1, CancelToken(), silent)


def check(size: Size, on: Device, folder: Path) -> dict[str, float]:
    """Return the greatest differences between the device and the CPU.

    Features and maps are compared on the same flow, since a last bit of a field decides now and then whether a value
    of 8 bits is rounded up or down.
    """
    pair = known_pairs(*size.flow)[0]
    pictures = [torch.from_numpy(picture)[None].to(on.device) for picture in (pair.first, pair.second)]
    flow = BatchedTVL1()(*pictures)[0].permute(1, 2, 0).cpu().numpy()
    levels = np.abs(quantise(flow, 20).astype(np.int64) - quantise(tvl1(pair.first, pair.second), 20))
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (size.input_px, size.input_px, 3), dtype=np.uint8)
    stack = rng.integers(0, 256, (2 * size.flow_length, *size.flow), dtype=np.uint8)
    features: list[NDArray[np.float16]] = []
    maps, scores = [], []
    for device in (torch.device("cpu"), on.device):
        ready, model = scoring(size, device, folder / "check")
        found = ready.source.extractor.features(rgb, stack)
        same = torch.from_numpy(features[0] if features else found).to(device).float()[None]
        with torch.inference_mode():
            out = model.step(model.fuse(same[:, None])[:, 0], model.initial_state(1, None, same[:, None]))
        features.append(found)
        maps.append(out.attention.float().cpu().numpy())
        scores.append(float(out.score[0]))
    one, other = (np.asarray(found, np.float32) for found in features)
    return {
        "flow, share of values more than a level of 8 bits apart": float(np.mean(levels > 1)),
        "features, difference over their standard deviation": float(np.abs(one - other).max() / one.std()),
        "maps, greatest difference in times uniform": float(np.abs(maps[0] - maps[1]).max() * maps[0][0].size),
        "score, difference": abs(scores[0] - scores[1]),
    }


def speed(size: Size, on: Device, folder: Path, video: Path) -> dict[str, float]:
    """Return the figures of the table."""
    found: dict[str, float] = {}
    pairs = known_pairs(*size.flow)[:2]
    first, second = (
        torch.from_numpy(np.stack([getattr(pairs[k % 2], side) for k in range(size.batch)])).to(on.device)
        for side in ("first", "second")
    )
    for algorithm in ("tvl1", "tvl1-fast"):
        solver = BatchedTVL1(algorithm)
        found[f"{algorithm}, fields a second"] = size.batch / on.timed(partial(solver, first, second))
    ready, model = scoring(size, on.device, folder / "speed")
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (size.input_px, size.input_px, 3), dtype=np.uint8)
    stack = rng.integers(0, 256, (2 * size.flow_length, *size.flow), dtype=np.uint8)
    extractor = ready.source.extractor
    found["features, sampled frames a second"] = 1 / on.timed(lambda: extractor.features(rgb, stack))
    begun = time.perf_counter()
    analysis = analysed(ready, video)
    found["whole analysis, s"] = time.perf_counter() - begun
    found["the same with kept features, s"] = on.timed(lambda: analysed(ready, video), 1)
    with VideoReader(video) as reader:
        fused = fused_passes(reader, model, ready.source, 1, CancelToken(), silent)
    digests = analysis.video.digest, "0" * 64
    found["evidence, s"] = on.timed(lambda: measure_evidence(model, fused, *digests, CancelToken(), silent), 1)
    found["epoch of training, s a video"] = epoch(size, on, folder)
    if on.device.type == "cuda":
        found["greatest memory of the device, GB"] = torch.cuda.max_memory_allocated(on.device) / 1e9
    return found


def epoch(size: Size, on: Device, folder: Path) -> float:
    """Return the seconds of a batch's videos in training (bfloat16 where the device has it), for one video."""
    bfloat16 = on.device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    plan = TrainingPlan(
        model="full",
        preset="small-study",
        backbone=size.backbone,
        training_precision="bfloat16" if bfloat16 else "float32",
    )
    sizes = preset("small-study").sizes(
        2 * backbone(size.backbone).n_channels, backbone(size.backbone).grid(size.input_px)
    )
    names = [f"v{k:02}" for k in range(size.videos)]
    (folder / "training").mkdir()
    store = random_store(folder / "training", names, (sizes.feature_channels, *sizes.grid), candidates=1)
    model = attention_model("full").build(sizes).to(on.device).train()
    pairs = [Pair(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    fitting = Trainer(model, store, FitPairs(pairs, pairs[:1]), plan.settings())
    place = {name: k for k, name in enumerate(names)}
    batch = [(place[pair.better], place[pair.worse], 1) for pair in pairs[: 10 * size.videos]]
    return on.timed(lambda: fitting.train_batch(names, batch), 1) / len(names)


def main(arguments: list[str] | None = None) -> int:
    """Check, measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=20, help="Of each repeated measurement.")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--tiny", action="store_true", help="Small inputs, for a test of this program.")
    given = parser.parse_args(arguments)
    try:
        device = choose_device(given.device)
    except SkillViewerError as error:
        print(error, file=sys.stderr)
        return 1
    size, on = TINY if given.tiny else Size(), Device(device, given.seconds)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n_frames, shown = size.clip
        video = write_textured_clip(folder / "clip.mp4", n_frames, shown)
        differences = check(size, on, folder)
        figures = speed(size, on, folder, video)
    wrong = [what for what, value in differences.items() if value > (0.01 if "share" in what else TOLERANCE)]
    record = {
        "device": device_title(device),
        "torch": torch.__version__,
        "tiny": given.tiny,
        "differences": differences,
    }
    with atomic_path(given.out) as path:
        path.write_text(json.dumps(record | {"figures": figures, "wrong": wrong}, indent=1), encoding="utf-8")
    print(f"{device_title(device)}, {time.perf_counter() - begun:.0f} s in all; written to {given.out}\n")
    print(f"| against the CPU, at most {TOLERANCE:g} | |\n|---|--:|")
    print(*(f"| {what} | {value:.2g} |" for what, value in differences.items()), sep="\n")
    print("\n| measured | |\n|---|--:|")
    print(*(f"| {what} | {value:.4g} |" for what, value in figures.items()), sep="\n")
    if wrong:
        print(f"The device does not compute what the CPU computes: {'; '.join(wrong)}.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
