"""What the features of the star-tracing clips allow: ridge regressions chosen on training people alone.

    python -m benchmarks.real_probes DATA [--runs FOLDER]

A variant is a choice of numbers of the features of ``fine-detail`` (means over the cells: ``BLOCKS``), of a penalty,
and of the people's other sides: ratings are regressed on one side alone, or on all three with a common and an own part
for each. For every test fold, variants are compared on ``INNER`` folds of its training people; the best of them, by the
mean over the three sides, is trained on all training people and orders the test pairs in which both are new. So no test
fold takes part in a choice.

With the FOLDER of ``benchmarks.real_people``, its No Attention is tested together with the chosen ones (the mean of
their scores, standardised within the held-out people). Printed is also which pairs it and the ridge on the true motion
get wrong: those one or two levels apart, and those that both do.
"""

import argparse
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.real_people import averaged, percent, row_of_scores, training
from benchmarks.real_sides import SIDES, Side, motion_numbers, references
from skillviewer.core.arrays import FloatArray
from skillviewer.core.evaluation.accuracy import FoldScores
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.features.build_store import build_store
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_sources import feature_source
from skillviewer.engine.training.run_folder import RUNS, RunFolder

INNER = 3
"""Inner folds by person."""

BLOCKS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "mean": lambda f: f.mean((0, 2, 3)),
    "change": lambda f: np.abs(f[-1] - f[0]).mean((1, 2)),
    "signed change": lambda f: np.concatenate([np.clip(s * (f[-1] - f[0]), 0, None).mean((1, 2)) for s in (1, -1)]),
    "spread over cells": lambda f: f.std((2, 3)).mean(0),
    "spread over time": lambda f: f.std(0).mean((1, 2)),
    "maximum": lambda f: f.max((2, 3)).mean(0),
}
"""Numbers of one video, from (N, F, h, w) appearance features."""

CHOICES: tuple[tuple[str, ...], ...] = (
    *((name,) for name in BLOCKS),
    ("mean", "change", "spread over cells", "maximum"),
    ("change", "signed change", "spread over cells", "spread over time"),
    ("motion stream",),
    ("true motion",),
    ("change", "signed change", "spread over cells", "spread over time", "true motion"),
)
PENALTIES = (1.0, 3.0, 10.0)
SHARED = (0.0, 0.5, 1.0)
"""Weight of the part that all sides have in common; 0 for sides alone."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Variant:
    """One regression."""

    blocks: tuple[str, ...]
    penalty: float
    shared: float

    @property
    def sees_truth(self) -> bool:
        """Whether it uses the recorded pointer."""
        return "true motion" in self.blocks


@dataclass(frozen=True)
class Numbers:
    """A side with the numbers of its videos, (videos, numbers) each, in the order of ``names``."""

    side: Side
    names: tuple[str, ...]
    blocks: dict[str, FloatArray]
    participants: NDArray[np.str_] = field(init=False)
    ratings: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        participants = np.array([self.side.dataset.participants[name] for name in self.names])
        object.__setattr__(self, "participants", participants)
        object.__setattr__(self, "ratings", np.array([self.side.ratings[name] for name in self.names]))

    @classmethod
    def of(cls, folder: Path) -> "Numbers":
        """Open a side and compute, or find in the cache, its features."""
        side, plan = Side.open(folder), training()
        cache = FeatureCache(cache_dir() / "features", 60 * 2**30)
        source, _ = feature_source(plan.backbone, plan.preprocessing, torch.device("cpu"), "float32", cache)
        videos = [(video.name, video.path) for video in side.dataset.videos if video.path is not None]
        store, problems = build_store(videos, source, 1, CancelToken(), silent)
        assert not problems, problems
        rows: dict[str, list[FloatArray]] = {}
        for name, _ in videos:
            appearance, motion = np.split(np.asarray(store[name][0], np.float64), 2, axis=1)
            for block, numbers in BLOCKS.items():
                rows.setdefault(block, []).append(numbers(appearance))
            rows.setdefault("motion stream", []).append(motion.mean((0, 2, 3)))
            moved = np.clip(motion_numbers(side.paths[name], side.name), 0, None)
            rows.setdefault("true motion", []).append(np.log(0.1 + moved))
        return cls(side, tuple(name for name, _ in videos), {block: np.array(row) for block, row in rows.items()})


def regress(sides: Sequence[Numbers], seen: Sequence[Mask], variant: Variant) -> list[FloatArray]:
    """Return scores of all videos of every side, after a ridge regression on the seen ones; no test is looked at."""
    own, places, targets = [], [], []
    for at, (one, mask) in enumerate(zip(sides, seen, strict=True)):
        parts = []
        for block in variant.blocks:
            x = one.blocks[block]
            x = (x - x[mask].mean(0)) / (x[mask].std(0) + 1e-6)
            parts.append(x / np.sqrt(x.shape[1] * len(variant.blocks)))
        own.append(np.concatenate(parts, axis=1))
        places += int(mask.sum()) * [at]
        targets.append(one.ratings[mask] - one.ratings[mask].mean())
    known = np.concatenate([x[mask] for x, mask in zip(own, seen, strict=True)])

    def near(at: int) -> FloatArray:
        return np.where(np.array(places) == at, 1.0, variant.shared)

    kernel = known @ known.T * np.stack([near(at) for at in places])
    dual = np.linalg.solve(kernel + variant.penalty * np.eye(len(known)), np.concatenate(targets))
    return [x @ known.T * near(at) @ dual for at, x in enumerate(own)]


def ordered(scores: FloatArray, ratings: FloatArray) -> tuple[int, int]:
    """Return how many pairs of different ratings the scores order, and how many there are."""
    better, worse = np.nonzero(ratings[:, None] > ratings)
    return int((scores[better] > scores[worse]).sum()), len(better)


def held_out(sides: Sequence[Numbers], fold: int) -> list[Mask]:
    """Return which videos of every side a test fold holds out: those of the same people."""
    masks = [np.isin(one.names, list(one.side.folds[fold].held_out_videos)) for one in sides]
    assert len({frozenset(one.participants[mask]) for one, mask in zip(sides, masks, strict=True)}) == 1
    return masks


def inner_accuracy(sides: Sequence[Numbers], variants: Sequence[Variant], fold: int) -> FloatArray:
    """Return the accuracy on inner folds of the training people of a test fold, (variants, sides)."""
    tests = held_out(sides, fold)
    participants = sorted(set(sides[0].participants[~tests[0]]))
    np.random.default_rng(fold).shuffle(participants)
    counts = np.zeros((len(variants), len(sides), 2))
    for part in range(INNER):
        asked = [np.isin(one.participants, participants[part::INNER]) for one in sides]
        seen = [~test & ~ask for test, ask in zip(tests, asked, strict=True)]
        for row, variant in enumerate(variants):
            found = regress(sides, seen, variant)
            for at, (one, scores) in enumerate(zip(sides, found, strict=True)):
                counts[row, at] += ordered(scores[asked[at]], one.ratings[asked[at]])
    share: FloatArray = counts[..., 0] / counts[..., 1]
    return share


def tested(sides: Sequence[Numbers], chosen: Sequence[Variant]) -> list[list[FoldScores]]:
    """Return, for every side, the scores of the chosen variant of every test fold."""
    results: list[list[FoldScores]] = [[] for _ in sides]
    for fold, variant in enumerate(chosen):
        scores = regress(sides, [~mask for mask in held_out(sides, fold)], variant)
        for one, values, into in zip(sides, scores, results, strict=True):
            into.append(FoldScores(one.side.folds[fold], dict(zip(one.names, values.tolist(), strict=True))))
    return results


def kept_scores(side: Side, folder: Path, model: str) -> list[FoldScores]:
    """Return the mean scores over the seeds of a model that was trained by ``benchmarks.real_people``."""
    folds = {frozenset(fold.held_out_videos): fold for fold in side.folds}
    results = [RunFolder(path).result for path in sorted((folder / side.name / RUNS).glob(f"{model}-s*-f*"))]
    return averaged([FoldScores(folds[frozenset(r.configuration.held_out)], r.scores) for r in results if r])


def together(several: Sequence[Sequence[FoldScores]]) -> list[FoldScores]:
    """Return the mean of scores after those of the held-out videos of each fold have mean 0 and deviation 1."""
    of_fold = [{one.fold.name: one for one in results} for results in several]
    means = []
    for name, first in of_fold[0].items():
        total = np.zeros(len(first.scores))
        for results in of_fold:
            new = np.array([results[name].scores[video] for video in first.fold.held_out_videos])
            total += (np.array([results[name].scores[video] for video in first.scores]) - new.mean()) / new.std()
        means.append(FoldScores(first.fold, dict(zip(first.scores, total.tolist(), strict=True))))
    return means


def missed(side: Side, ours: Sequence[FoldScores], truth: Sequence[FoldScores]) -> list[str]:
    """Return, in percent of pairs in which both are new: right one and two levels apart, each; and wrong in both."""
    right: list[Mapping[tuple[str, str], bool]] = [
        {(p.better, p.worse): r.scores[p.better] > r.scores[p.worse] for r in rs for p in r.fold.both_held_out}
        for rs in (ours, truth)
    ]
    a, b = (np.array([found[pair] for pair in right[0]]) for found in right)
    apart = np.array([side.ratings[better] - side.ratings[worse] for better, worse in right[0]])
    found = [a[apart == 1], a[apart == 2], b[apart == 1], b[apart == 2], ~a & ~b]
    cells = [*(float(one.mean()) for one in found), float((1 - a.mean()) * (1 - b.mean()))]
    return [f"{100 * cell:.1f}" for cell in cells]


def line(title: str, sides: Sequence[Numbers], results: Sequence[Sequence[FoldScores]]) -> str:
    """Return a row of the table of tests."""
    rows = [row_of_scores(one.side, of_side) for one, of_side in zip(sides, results, strict=True)]
    cells = [percent(row["both_new"]) for row in rows]
    return f"| {title} | {' | '.join(cells)} |"


def inner_table(variants: Sequence[Variant], inner: FloatArray) -> str:
    """Return the best penalty of every choice of numbers, (folds, variants, sides) inner accuracies, in Markdown."""
    mean = inner.mean(axis=0)
    lines = [f"| numbers | in common | penalty | {' | '.join(SIDES)} | mean |", "|---|--:|--:|--:|--:|--:|--:|"]
    for blocks, shared in itertools.product(CHOICES, SHARED):
        rows = [row for row, one in enumerate(variants) if (one.blocks, one.shared) == (blocks, shared)]
        best = max(rows, key=lambda row: mean[row].mean())
        cells = [f"{100 * value:.1f}" for value in (*mean[best], mean[best].mean())]
        lines.append(f"| {', '.join(blocks)} | {shared:g} | {variants[best].penalty:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Choose, test and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=Path)
    args = parser.parse_args()
    sides = [Numbers.of(args.data / name) for name in SIDES]
    variants = [Variant(*choice) for choice in itertools.product(CHOICES, PENALTIES, SHARED)]
    inner = np.stack([inner_accuracy(sides, variants, fold) for fold in range(len(sides[0].side.folds))])
    print(inner_table(variants, inner), flush=True)
    kinds: Mapping[str, Callable[[Variant], bool]] = {
        "one side alone": lambda one: one.shared == 0 and not one.sees_truth,
        "all sides": lambda one: not one.sees_truth,
        "all sides, with the true motion": lambda one: one.penalty > 0,
    }
    lines = [f"| chosen among | {' | '.join(f'{name}: both new (95 %)' for name in SIDES)} |", "|---|--:|--:|--:|"]
    network = [kept_scores(one.side, args.runs, "none") for one in sides] if args.runs else []
    for kind, keep in kinds.items():
        some = [row for row, one in enumerate(variants) if keep(one)]
        chosen = [variants[max(some, key=lambda row: of_fold[row].mean())] for of_fold in inner]
        results = tested(sides, chosen)
        lines.append(line(f"{len(some)} ridges, {kind}", sides, results))
        if network:
            both = [together(pair) for pair in zip(results, network, strict=True)]
            lines.append(line(f"the same and none (mean of seeds), {kind}", sides, both))
        print(f"{kind}: {'; '.join(str(one) for one in chosen)}", flush=True)
    print("\n".join(lines))
    if network:
        heads = ("none, one level apart", "two", "true motion, one level apart", "two", "both wrong", "if independent")
        print(f"| side | {' | '.join(heads)} |\n|---|{len(heads) * '--:|'}")
        for one, scores in zip(sides, network, strict=True):
            truth = dict(references(one.side))["ridge, true motion"]
            print(f"| {one.side.name} | {' | '.join(missed(one.side, scores, truth))} |")


if __name__ == "__main__":
    main()
