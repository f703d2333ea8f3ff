"""Cost of a whole analysis, compared with its unavoidable parts measured alone in the same run.

    python -m benchmarks.analysis [VIDEO] [--backbone resnet101] [--flow tvl1]

The parts: decoding the needed frames and small grey pictures, the flow fields, the two backbones on the sampled
frames, the head. A backbone without weights on this computer gets random ones: the time is the same.
Without VIDEO a 10 s clip of 1280 x 720 is made.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from benchmarks.clips import write_textured_clip
from skillviewer.core.analysis.analysis import Provenance
from skillviewer.core.progress import CancelToken, Progress, silent
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_inputs import MAX_FLOW_THREADS, sampling_of, stream_inputs
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.features.weight_store import find_weights
from skillviewer.engine.inference.assess import ScoringModel, assess
from skillviewer.media.flow.flow import FlowStacks, grey_size, warm_up
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.backbone_weights import random_backbone_weights
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.weight_files import load_backbone_weights
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import preset


class Clock:
    """Wall and CPU seconds of named parts."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[float, float]] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure the body of a ``with`` statement."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.parts[name] = (time.perf_counter() - wall, time.process_time() - cpu)

    def print(self, name: str) -> None:
        """Print a part's times."""
        wall, cpu = self.parts[name]
        print(f"  {name:<34} {wall:8.2f} s wall {cpu:8.2f} s CPU")


def extractor_for(name: str, preprocessing: Preprocessing) -> FeatureExtractor:
    """Return both streams, with their own weights where available, else with random ones."""
    path = find_weights(name)
    weights = load_backbone_weights(path, name) if path else random_backbone_weights(name, 0)
    print(f"{name}: {'its ImageNet weights' if path else 'random weights'}")
    return FeatureExtractor.frozen(weights, preprocessing, torch.device("cpu"), "float32")


def measure(video: Path, name: str, algorithm: str, folder: Path) -> None:
    """Print the table of one video."""
    preprocessing = Preprocessing(flow=FlowSettings(algorithm=algorithm))
    extractor = extractor_for(name, preprocessing)
    entry = attention_model("full")
    sizes = preset("official-code").sizes(2 * extractor.n_channels, backbone(name).grid(preprocessing.input_px))
    model = entry.build(sizes).eval()
    source = FeatureSource(FeatureCache(folder / "features"), preprocessing, extractor)
    provenance = Provenance("benchmark", "random", "", "full", algorithm, name, "cpu", "float32")
    clock = Clock()
    if algorithm.startswith("tvl1"):
        warm_up(print)

    def whole(report: Callable[[Progress], None] = silent) -> None:
        with VideoReader(video) as reader:
            assess(reader, ScoringModel(model, source, model.map_rect, provenance), 1, CancelToken(), report)

    # one small run of everything first, so that no part includes the start-up
    with VideoReader(video) as reader:
        sampling = sampling_of(reader.info, preprocessing, 1)
        positions = sampling.positions[0]
        first = next(stream_inputs(reader, preprocessing, sampling.timeline, positions[:1]))
        extractor.features(first.rgb, first.flow)
        info = reader.info
    print(f"{info.n_frames} frames, {info.width_px} x {info.height_px}, {algorithm}, {torch.get_num_threads()} threads")

    stacks = FlowStacks(preprocessing.flow, len(sampling.timeline), threads=min(os.cpu_count() or 1, MAX_FLOW_THREADS))
    grey_positions = stacks.positions_needed(positions)
    size = grey_size(info.width_px, info.height_px, preprocessing.flow.short_side_px)
    every = np.union1d(positions, grey_positions)
    greys, pictures = {}, {}
    with clock.part("decoding"), VideoReader(video) as reader:
        for position, frame in zip(every.tolist(), reader.stream(sampling.timeline[every]), strict=True):
            if position in grey_positions:
                greys[position] = frame.grey(size)
            if position in positions:
                pictures[position] = frame.rgb((preprocessing.input_px, preprocessing.input_px))
    with clock.part("flow"):
        flows = {p: stacks.stack(p, greys.__getitem__) for p in positions.tolist()}
    with clock.part("backbones"):
        features = [extractor.features(pictures[p], flows[p]) for p in positions.tolist()]
    with clock.part("head"), torch.inference_mode():
        state = model.initial_state(1, None, torch.zeros(1))
        for row in features:
            out = model.step(model.fuse(torch.from_numpy(row)[None, None].float())[:, 0], state)
            state = out.state

    shown: list[float] = []
    begun = time.perf_counter()
    with clock.part("whole analysis"):
        whole(lambda progress: shown.append(time.perf_counter() - begun) if progress.value is not None else None)
    with clock.part("second analysis (cached features)"):
        whole()
    parts = ("decoding", "flow", "backbones", "head")
    for part in (*parts, "whole analysis", "second analysis (cached features)"):
        clock.print(part)
    total_wall, total_cpu = (sum(clock.parts[p][i] for p in parts) for i in (0, 1))
    wall, cpu = clock.parts["whole analysis"]
    print(f"  whole / sum of parts: {wall / total_wall:.2f} wall, {cpu / total_cpu:.2f} CPU")
    print(f"  first map after {shown[0]:.2f} s")


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--backbone", default="efficientnet-lite0")
    parser.add_argument("--flow", default="tvl1-fast")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = args.video or write_textured_clip(folder / "clip.mp4", n_frames=300, size=(1280, 720))
        measure(video, args.backbone, args.flow, folder)


if __name__ == "__main__":
    main()
