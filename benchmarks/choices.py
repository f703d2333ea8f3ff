"""Effect of settings on a small study, judged on inner folds only: no test pair is scored.

    python -m benchmarks.choices STUDY OUT [--choices usual,decay,...] [--model full] [--epochs 16] [--candidates 2]
        [--stride 2] [--precision bfloat16]

Only the training videos of every outer fold are used. A quarter of them, whole participants, is held out (the inner
fold, on which ``skillviewer evaluate`` chooses an epoch), a model is trained on the rest, and after every epoch it
orders the pairs that touch the quarter. Printed are these accuracies, pooled over the outer folds, after some of the
epochs, and the difference of each choice from ``usual`` on the same pairs. If the study has regions of skill, also
printed is how often the maps of the best epoch point at a region in the videos of the quarter, within one cell and at
the cell itself, and the ratio to chance. Finished runs are kept in OUT, and the same command continues.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.arrays import FloatArray
from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import inner_fold, make_folds
from skillviewer.core.evaluation.localisation import Localisation, localise, merge_localisations
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, silent
from skillviewer.core.video.preprocessing import TRAINED_ON, FlowSettings
from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.tables.regions import read_regions
from skillviewer.engine.features.build_store import build_dataset_store
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.frame_sources import feature_source
from skillviewer.engine.features.video_facts import facts_of
from skillviewer.engine.training.fit_fold import FoldInputs, fit_fold
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.attention import AttentionModel

USUAL = "usual"
SMALL_PX = 224
AS_RELEASED = replace(TRAINED_ON, sampling="paper")

CHOICES: dict[str, tuple[str, dict[str, Any]]] = {
    USUAL: ("the preset small-study", {}),
    "slow": ("learning rate 1e-2 in place of 3e-2", {"learning_rate": 1e-2}),
    "slower": ("learning rate 3e-3", {"learning_rate": 3e-3}),
    "fast": ("learning rate 1e-1", {"learning_rate": 1e-1}),
    "no-decay": ("no weight decay in place of 1e-3", {"weight_decay": 0.0}),
    "decay": ("weight decay 1e-2", {"weight_decay": 1e-2}),
    "strong-decay": ("weight decay 3e-2", {"weight_decay": 3e-2}),
    "fine": ("fusion stride 1: maps of 13 x 13 cells", {"fusion_stride": 1}),
    "released": ("fusion stride 2: maps of 7 x 7 cells", {"fusion_stride": 2}),
    "coarse": ("pictures of 224 pixels in place of 448", {"preprocessing": replace(TRAINED_ON, input_px=SMALL_PX)}),
    "dis": (
        "DIS flow in place of tvl1-fast",
        {"preprocessing": replace(TRAINED_ON, flow=FlowSettings(algorithm="dis"))},
    ),
    "released-frames": ("frames as the released code samples them", {"preprocessing": AS_RELEASED}),
    "code": ("the preset official-code", {"preset": "official-code", "preprocessing": AS_RELEASED}),
    "paper": ("the preset paper", {"preset": "paper", "preprocessing": AS_RELEASED}),
}


class Log(msgspec.Struct, frozen=True):
    """Results on the inner fold of one outer fold.

    Attributes:
        pairs: Number of pairs that touch the inner quarter.
        right: Number of these in the right order, after every epoch.
        trained: Accuracy on the training pairs, in every epoch.
        cpu_s: CPU seconds.
        frames: Number of sampled frames of the inner quarter with a visible region.
        hits: Number of these with a map that points at the region: within one cell, and at the cell itself.
        chance: Expected number for a uniform map.
    """

    pairs: int
    right: tuple[int, ...]
    trained: tuple[float, ...]
    cpu_s: float
    frames: int = 0
    hits: tuple[float, float] = (0.0, 0.0)
    chance: tuple[float, float] = (0.0, 0.0)


def features_of(plan: TrainingPlan, dataset: Dataset, token: CancelToken) -> FeatureStore:
    """Return the features of a data set for a plan."""
    cache = FeatureCache(cache_dir() / "features", 40 * 2**30)
    source, _ = feature_source(plan.backbone, plan.preprocessing, torch.device("cpu"), plan.precision, cache)
    store, problems = build_dataset_store(dataset, source, plan.candidates, token, silent)
    print("\n".join(problems), end="")
    return store


def trained(plan: TrainingPlan, dataset: Dataset, fold: Fold, store: FeatureStore) -> Log:
    """Train on the inner fold of an outer one."""
    before = time.process_time()
    model, result = fit_fold(
        plan, dataset, fold, FoldInputs(store, torch.device("cpu")), TrainingControl(CancelToken())
    )
    inner = inner_fold(dataset, fold, plan.seed)
    n = len(inner.test_pairs)
    right = tuple(round(row.held_out_accuracy * n) for row in result.rows)
    took_s = time.process_time() - before
    frames, hits, chance = pointing(plan, model, dataset, inner, store)
    return Log(n, right, tuple(row.train_accuracy for row in result.rows), took_s, frames, hits, chance)


def pointing(
    plan: TrainingPlan, model: AttentionModel, dataset: Dataset, fold: Fold, store: FeatureStore
) -> tuple[int, tuple[float, float], tuple[float, float]]:
    """Return the frames with a region in held-out videos, and the hits of the maps and of a uniform map."""
    if dataset.regions_path is None or model.map_kind is MapKind.NONE:
        return 0, (0.0, 0.0), (0.0, 0.0)
    regions = read_regions(dataset.regions_path)
    held_out = dataset.restricted(fold.held_out_videos)
    facts, _ = facts_of(held_out, plan.preprocessing, CancelToken(), silent)
    found: tuple[list[Localisation], list[Localisation]] = ([], [])
    for name, values in predict(model, store, held_out.names, CancelToken()).maps.items():
        video, exact_values = facts[name], values.astype(np.float64)
        for tolerance, parts in zip((1, 0), found, strict=True):
            where = (regions.of(name), model.map_rect, video.size_px, tolerance)
            parts.append(localise(exact_values, video.frames, *where))
    near, exact = (merge_localisations(parts) for parts in found)
    hits = float(near.hits.sum()), float(exact.hits.sum())
    return near.n_frames, hits, (float(near.hits_uniform.sum()), float(exact.hits_uniform.sum()))


def main() -> None:
    """Train the missing runs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--choices", default=",".join(CHOICES))
    parser.add_argument("--model", default="full")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--candidates", type=int, default=2)
    parser.add_argument("--stride", type=int, choices=[1, 2], help="Fusion stride of choices that set none.")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    token = CancelToken()
    dataset = open_dataset(args.study)
    usual = TrainingPlan(
        model=args.model,
        epochs=args.epochs,
        candidates=args.candidates,
        fusion_stride=args.stride,
        refit=False,
        training_precision=args.precision,
    )
    logs: dict[str, list[Log]] = {}
    for name in args.choices.split(","):
        plan = replace(usual, **CHOICES[name][1])
        folds = make_folds(dataset).folds
        places = [args.out / f"{args.model}-{name}-f{number}.json" for number in range(1, len(folds) + 1)]
        store = None if all(place.is_file() for place in places) else features_of(plan, dataset, token)
        for place, fold in zip(places, folds, strict=True):
            if store is not None and not place.is_file():
                log = trained(plan, dataset, fold, store)
                with atomic_path(place) as temp_path:
                    temp_path.write_bytes(msgspec.json.encode(log))
        logs[name] = [msgspec.json.decode(place.read_bytes(), type=Log) for place in places]
        print(line(name, logs), flush=True)


def line(name: str, logs: dict[str, list[Log]]) -> str:
    """Return a row of the table: accuracy (%) on the inner pairs after some epochs, the best, the CPU seconds."""
    found = curve(logs[name])
    at = [epoch for epoch in (2, 4, 8, 12, 16, 24, 32) if epoch <= len(found)]
    accuracies = "  ".join(f"{epoch}: {found[epoch - 1]:5.1f}" for epoch in at)
    folds = ", ".join(f"{100 * max(log.right) / log.pairs:.1f}" for log in logs[name])
    apart = f"  {found.max() - curve(logs[USUAL]).max():+5.1f}" if USUAL in logs else ""
    best = int(found.argmax())
    text = f"best {found[best]:5.1f} at {best + 1}{apart}  (of each fold {folds})"
    seconds = sum(log.cpu_s for log in logs[name])
    return f"{name:13s} {accuracies}  {text}{_pointed(logs[name])}  {seconds:.0f} CPU s  {CHOICES[name][0]}"


def _pointed(logs: list[Log]) -> str:
    frames = sum(log.frames for log in logs)
    if not frames:
        return ""
    near, exact = (
        f"{100 * sum(log.hits[at] for log in logs) / frames:.1f} % "
        f"({sum(log.hits[at] for log in logs) / sum(log.chance[at] for log in logs):.1f} x)"
        for at in (0, 1)
    )
    return f"  pointing {near}, at the cell itself {exact}"


def curve(logs: list[Log]) -> FloatArray:
    """Return the accuracy pooled over folds after every epoch, in percent."""
    right = np.array([log.right for log in logs], np.float64).sum(axis=0)
    return np.asarray(100 * right / sum(log.pairs for log in logs))


if __name__ == "__main__":
    main()
