"""Two arms without a camera: the true colour and motion of both arms, laid into cells, through the real heads.

    python -m benchmarks.simulated two-arms peg-insert-side-v3 STUDY --no-videos
    python -m benchmarks.looking_cells STUDY [--models none,full,follow] [--seeds 1] [--epochs 16] [-o FILE]

No picture, no flow and no backbone take part: a model gets what perfect features would say. A cell of an arm (that of
the gripper and the two above it) holds the arm's colour, and the gripper's speed and change of velocity in pixels
between two frames, mean over a segment. These four numbers are mixed into ``CHANNELS`` by one random matrix, with noise
of ``NOISE`` in every cell, so that no channel is a number by itself. Losses, batches and folds are those of
``evaluate`` with the preset ``fine-detail`` and the last epoch.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.looking import Study, accuracies, along_faults, on_judged, steps_of, tables
from benchmarks.real_people import as_json
from benchmarks.simulated.faults import JUDGED, OTHER
from benchmarks.simulated.study import read_table
from skillviewer.core.analysis.map_comparison import entropy
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.dataset.folds import make_folds
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy, pooled_difference, pooled_mean
from skillviewer.core.evaluation.score_progress import SHARES, scores_at
from skillviewer.engine.training.batches import draw_batches
from skillviewer.engine.training.run_result import Maps, ScoreCurves
from skillviewer.nets.attention import AttentionModel, AttentionOutput
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import preset

SEGMENTS, GRID, REACH = 12, 10, 1
SIZE_PX = (320, 240)
CHANNELS, NOISE = 32, 0.5
UNIT_PX = 4.0
"""Motion of so many pixels a frame counts like a colour."""
Features = Mapping[str, Tensor]
Trained = tuple[FoldScores, ScoreCurves, Maps]


def arm_numbers(places: FloatArray) -> FloatArray:
    """Return (frames, 2) speed and change of velocity of (frames, 2) pixels, in ``UNIT_PX``."""
    velocity = np.diff(places, axis=0, prepend=places[:1])
    change = np.diff(velocity, axis=0, prepend=velocity[:1])
    return np.stack([np.hypot(*velocity.T), np.hypot(*change.T)], axis=1) / UNIT_PX


def true_cells(judged: FloatArray, other: FloatArray, steps: FloatArray) -> FloatArray:
    """Return (N, 4, GRID, GRID) orange, blue, speed and change of velocity in the cells of both arms.

    Args:
        judged: (frames, 2) pixels of the judged gripper.
        other: The same of the other one.
        steps: (N,) frame of every step.
    """
    cells = np.zeros((len(steps), 4, GRID, GRID))
    for colour, places in enumerate((judged, other)):
        by_segment = np.split(arm_numbers(places), steps[:-1].astype(int) + 1)
        numbers = [segment.mean(axis=0) for segment in by_segment]
        for step, frame in enumerate(steps.astype(int)):
            column, row = np.clip((places[frame] / SIZE_PX * GRID).astype(int), 0, GRID - 1)
            for up in range(3):
                cells[step, [colour, 2, 3], max(0, row - up), column] = (1.0, *numbers[step])
    return cells


def features_of(folder: Path, study: Study, seed: int = 0) -> dict[str, Tensor]:
    """Return (N, CHANNELS, GRID, GRID) for every video of a study."""
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((CHANNELS, 4))
    places: dict[str, dict[str, FloatArray]] = {}
    for file in ("regions.csv", "other.csv"):
        rows: dict[str, list[tuple[float, float]]] = {}
        for row in read_table(folder / file):
            rows.setdefault(row["video"], []).append((float(row["gripper_x"]), float(row["gripper_y"])))
        places[file] = {name: np.array(found) for name, found in rows.items()}
    features = {}
    for name in study.dataset.names:
        steps = steps_of(int(study.truth[name]["frames"]), SEGMENTS)
        cells = true_cells(places["regions.csv"][name], places["other.csv"][name], steps)
        mixed = np.einsum("cf,nfhw->nchw", mix, cells)
        features[name] = torch.tensor(mixed + NOISE * rng.standard_normal(mixed.shape), dtype=torch.float32)
    return features


def train(name: str, features: Features, fold: Fold, seed: int, epochs: int) -> AttentionModel:
    """Train a model on a fold."""
    torch.manual_seed(seed)
    chosen = preset("fine-detail")
    sizes = replace(chosen.sizes(CHANNELS, (GRID, GRID)), fusion_kernel=1, fusion_stride=1, standardise=False)
    model, settings = attention_model(name).build(sizes), chosen.default_optimiser
    steps = torch.optim.SGD(model.parameters(), settings.learning_rate, settings.momentum, 0, settings.weight_decay)
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        for names, pairs in draw_batches(fold.train_pairs, settings, rng):
            out = model.loss(torch.stack([features[n] for n in names]), PairBatch.of(pairs), chosen.loss)
            steps.zero_grad()
            out.loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
            steps.step()
    return model.eval()


def look(model: AttentionModel, features: Features, fold: Fold) -> Trained:
    """Return the scores of all videos of a fold, and curves and maps of the held-out ones."""
    names = (*fold.train_videos, *fold.held_out_videos)
    with torch.inference_mode():
        found: AttentionOutput = model(torch.stack([features[n] for n in names]))
    curves = found.score_curve.double().numpy()
    out = tuple(fold.held_out_videos)
    held_out = found.attention[-len(out) :].numpy()
    scores = dict(zip(names, curves[:, -1].tolist(), strict=True))
    return (
        FoldScores(fold, scores),
        ScoreCurves(names, curves, np.full_like(curves, np.nan)),
        Maps(out, held_out, model.map_kind, model.map_rect),
    )


def row_of(study: Study, runs: Sequence[Trained], first: Sequence[FoldScores] | None, seconds: float) -> dict[str, Any]:
    """Return the numbers of a model, as ``benchmarks.looking`` has them."""
    scored = [run[0] for run in runs]
    row: dict[str, Any] = {**accuracies(study, scored), "seconds": seconds / len(runs), "runs": len(runs)}
    if first is not None:
        row["to_first"] = as_json(pooled_difference(scored, first, study.dataset, both_held_out=True))
    row["along"] = []
    for share in SHARES:
        so_far = [
            FoldScores(one.fold, dict(zip(c.videos, scores_at(c.curves, share).tolist(), strict=True)))
            for one, c, _ in runs
        ]
        row["along"].append(as_json(pooled_accuracy(so_far, study.dataset, both_held_out=True)))
    for arm in (JUDGED, OTHER):
        found = [along_faults(study, c, one.fold.held_out_videos, arm, REACH) for one, c, _ in runs]
        row[arm] = {what: as_json(pooled_mean([f[what] for f in found], study.dataset)) for what in found[0]}
    row["on_judged"] = as_json(pooled_mean([on_judged(study, maps) for _, _, maps in runs], study.dataset))
    row["entropy"] = float(np.mean([entropy(maps.values.astype(np.float64)).mean() for _, _, maps in runs]))
    return row


def main() -> None:
    """Print the tables, a model after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--models", default="none,full,follow")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    study = Study.read(given.study)
    features = features_of(given.study, study)
    folds = make_folds(study.dataset, 4).folds
    rows: dict[str, dict[str, Any]] = {}
    first: list[FoldScores] | None = None
    for name in given.models.split(","):
        start = time.process_time()
        runs = [
            look(train(name, features, fold, seed, given.epochs), features, fold)
            for seed in range(given.seeds)
            for fold in folds
        ]
        rows[name] = row_of(study, runs, first, time.process_time() - start)
        first = first or [run[0] for run in runs]
        print(name, json.dumps(rows[name]["both_new"]), flush=True)
    known = [FoldScores(one.fold, study.ordered_by("both_qualities")) for one in first or ()]
    rows["ordered by sum of both arms"] = accuracies(study, known)
    if given.output:
        given.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(tables(rows))


if __name__ == "__main__":
    main()
