"""Cost of a training epoch on cached features, compared with the forward and backward passes of its videos alone.

    python -m benchmarks.training [--model full] [--preset paper] [--precision bfloat16] [--unfreeze] [--threads 1]

Features are random, written to files and mapped as in the cache: 40 videos, four candidate passes of 25 frames (1 GB on
the disk while it runs; ``--videos`` for fewer). Every batch is drawn, computed and stepped; then its distinct videos
are passed forward and backward once more alone, in turns, so that other load affects both. The epoch ends with
predictions on the videos that choose it, a third as many as the training videos. CPU seconds are of all threads.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.progress import CancelToken
from skillviewer.engine.features.feature_statistics import channel_statistics
from skillviewer.engine.features.feature_store import MappedPass, MappedStore
from skillviewer.engine.features.last_block_training import LastBlockTraining
from skillviewer.engine.training.batches import draw_batches, make_pair_batch
from skillviewer.engine.training.trainer import FitPairs, Trainer
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.fusion import StandardisingModule
from skillviewer.nets.models import attention_model

N_SEGMENTS, CANDIDATES = 25, 4


def random_store(
    folder: Path, names: list[str], shape: tuple[int, int, int], candidates: int = CANDIDATES
) -> MappedStore:
    """Write random features of videos to files and return them as a store."""
    rng = np.random.default_rng(0)
    whole = (N_SEGMENTS, *shape)
    passes = {}
    for name in names:
        paths = [folder / f"{name}-{k}" for k in range(candidates)]
        for path in paths:
            rng.standard_normal(whole, np.float32).astype(np.float16).tofile(path)
        passes[name] = [MappedPass(path, 0, whole, "float16") for path in paths]
    return MappedStore(passes)


class Clock:
    """CPU and wall seconds, added up."""

    def __init__(self) -> None:
        self.cpu_s = self.wall_s = 0.0

    def time(self, work: Callable[[], object]) -> None:
        """Run a function and add its time."""
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        self.cpu_s += time.process_time() - cpu
        self.wall_s += time.perf_counter() - wall

    def add(self, other: "Clock") -> None:
        """Add another clock's time."""
        self.cpu_s += other.cpu_s
        self.wall_s += other.wall_s

    def __str__(self) -> str:
        return f"{self.cpu_s:7.2f} s CPU {self.wall_s:7.2f} s wall"


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="full")
    parser.add_argument("--preset", default="small-study")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--unfreeze", action="store_true", help="Train the last block of both backbones too.")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    plan = TrainingPlan(model=args.model, preset=args.preset, training_precision=args.precision)
    settings, sizes = plan.settings(), plan.sizes()
    cpu = torch.device("cpu")
    unfreezing = LastBlockTraining.of(plan.backbone, plan.preprocessing, cpu) if args.unfreeze else None
    shape = (2 * unfreezing.blocks.n_channels if unfreezing else sizes.feature_channels, *sizes.grid)
    others = [f"c{i:04}" for i in range(max(2, args.videos // 3))]
    choosing = [Pair(a, b) for a, b in itertools.combinations(others, 2)]
    names = [f"v{i:04}" for i in range(args.videos)]
    rng = np.random.default_rng(0)
    every = [Pair(a, b) for a, b in itertools.combinations(names, 2)]
    pairs = [every[i] for i in sorted(rng.permutation(len(every))[: args.pairs])]
    with tempfile.TemporaryDirectory() as folder:
        store = random_store(Path(folder), names + others, shape)
        torch.manual_seed(0)
        model = attention_model(args.model).build(sizes)
        for part in model.modules():
            if isinstance(part, StandardisingModule) and part.standardise:
                part.set_statistics(*channel_statistics(unfreezing.features(store) if unfreezing else store, names[:2]))
        if unfreezing:
            unfreezing.attach_blocks(model)
        token = CancelToken()
        fitting = Trainer(model, store, FitPairs(pairs, choosing), settings)
        model.train()
        whole, alone = Clock(), Clock()
        n_passes = 0
        for number, (some, places) in enumerate(draw_batches(pairs, settings.optimiser, rng)):
            features = torch.randn(len(some), N_SEGMENTS, *shape)
            in_batch = make_pair_batch(places)

            def passes(features: torch.Tensor = features, in_batch: object = in_batch) -> None:
                model.zero_grad()
                model.loss(features, in_batch, settings.loss, model.phases()[0].name).loss.backward()  # type: ignore[arg-type, no-untyped-call]

            def step(some: list[str] = some, places: list[tuple[int, int, int]] = places) -> None:
                fitting.train_batch(some, places)

            if number == 0:  # memory and kernels are set up once
                step()
                passes()
            for work, clock in ((step, whole), (passes, alone))[:: 1 if number % 2 else -1]:
                clock.time(work)
            n_passes += len(some)
        look = Clock()
        look.time(lambda: fitting.log_epoch(token))
        whole.add(look)
    what = f"{args.model} and the last block" if unfreezing else args.model
    print(
        f"{what}, {args.preset}, {args.precision}, {args.threads} threads: an epoch over {len(pairs)} pairs of "
        f"{len(names)} videos, {number + 1} batches, {n_passes} passes of {N_SEGMENTS} frames"
    )
    print(f"  epoch, from cached features to new weights {whole}")
    print(f"  of it predictions on {len(others)} other videos        {look}")
    print(f"  forward and backward of its videos alone  {alone}")
    print(f"  ratio {whole.cpu_s / alone.cpu_s:.2f} (CPU)   {1e3 * whole.cpu_s / n_passes:.1f} ms CPU per video")


if __name__ == "__main__":
    main()
