"""Memory needed to train on a large study: features are mapped from files, not loaded.

    python -m benchmarks.memory [--videos 1000] [--model full] [--backbone efficientnet-lite0] [--batches 6]

Artificial feature files are written as in the cache, one for each of four passes of every video: with the default
backbone 25 GB, more than 8 GB of memory can hold (sparse files, with almost no disk use). The real training reads them:
statistics of all training videos, the choice of an epoch with predictions on its videos, the training on all. Each
stage is stopped after some batches, since later batches need no more. Printed is the peak of the resident memory after
each step, including torch and all mapped pages, and the part that belongs to the process alone.
"""

import argparse
import itertools
import resource
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from skillviewer.core.analysis.familiarity import learn_familiarity
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.folds import make_folds
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.engine.features.feature_statistics import mean_features
from skillviewer.engine.features.feature_store import MappedPass, MappedStore
from skillviewer.engine.training.fit_fold import FoldInputs, fit_fold
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan


def fabricated(folder: Path, names: list[str], shape: tuple[int, ...], candidates: int) -> MappedStore:
    """Write sparse feature files of videos, with a little of each frame filled, and return them as a store."""
    rng = np.random.default_rng(0)
    frame_bytes = 2 * int(np.prod(shape[1:]))
    passes = {}
    for name in names:
        paths = [folder / f"{name}-{k}" for k in range(candidates)]
        for path in paths:
            with path.open("wb") as file:
                for frame in range(shape[0]):
                    file.seek(frame * frame_bytes)
                    file.write(rng.standard_normal(32).astype(np.float16).tobytes())
                file.truncate(shape[0] * frame_bytes)
        passes[name] = [MappedPass(path, 0, shape, "float16") for path in paths]
    return MappedStore(passes)


def peak_mb() -> float:
    """Return the peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def own_mb() -> float:
    """Return the resident memory without file pages, which a smaller computer could not reclaim."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def print_memory(what: str) -> None:
    """Print the present memory use."""
    print(f"  {what:<52} peak {peak_mb():7.0f} MB   now own {own_mb():7.0f} MB", flush=True)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--model", default="full")
    parser.add_argument("--preset", default="small-study")
    parser.add_argument("--backbone", default="efficientnet-lite0")
    parser.add_argument("--batches", type=int, default=6, help="Batches of each stage.")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    plan = TrainingPlan(model=args.model, preset=args.preset, backbone=args.backbone)
    sizes = plan.sizes()
    names = [f"v{i:04}" for i in range(args.videos)]
    rng = np.random.default_rng(0)
    pairs = {tuple(sorted(two)) for two in rng.integers(0, args.videos, (20 * args.videos, 2)).tolist()}
    dataset = Dataset(
        name="fabricated",
        form="pair-folder",
        task="none",
        videos=tuple(DatasetVideo(name, None, f"p{i // 5:04}") for i, name in enumerate(names)),
        pairs=tuple(Pair(names[a], names[b]) for a, b in sorted(pairs) if a != b),
    )
    shape = (plan.preprocessing.n_segments, sizes.feature_channels, *sizes.grid)
    with tempfile.TemporaryDirectory() as folder:
        store = fabricated(Path(folder), names, shape, plan.candidates)
        total = 2 * int(np.prod(shape)) * plan.candidates * args.videos
        print(f"{args.videos} videos, {len(dataset.pairs)} pairs, {total / 1e9:.1f} GB of features, {args.model}:")
        print_memory("program and torch")
        fold = make_folds(dataset).folds[0]
        n = itertools.count(1)
        for stage, refit in (("choice of an epoch", False), ("training on all", True)):
            stop = CancelToken()
            n = itertools.count(1)

            def report(progress: Progress, stop: CancelToken = stop, n: "itertools.count[int]" = n) -> None:
                if progress.stage.startswith("epoch") and next(n) == args.batches:
                    stop.cancel()

            one = plan if not refit else replace(plan, select=type(plan.select).LAST)
            inputs = FoldInputs(store, torch.device("cpu"))
            model, _ = fit_fold(one, dataset, fold, inputs, TrainingControl(CancelToken(), report, stop))
            print_memory(stage)
        predict(model, store, fold.held_out_videos[:50], CancelToken(), maps=False)
        print_memory("held-out videos scored")
        learn_familiarity(mean_features(store, fold.train_videos))
        print_memory("statistics of the training videos")
    print(f"peak of all: {peak_mb() / 1024:.2f} GB")


if __name__ == "__main__":
    main()
