"""What is known of the star-tracing clips without looking at them: orderings that need no picture, and rater noise.

``python -m benchmarks.real_people`` prints them below the models.
"""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.blame import read_comments
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import make_folds
from skillviewer.core.evaluation.accuracy import FoldScores
from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.tables.regions import read_regions

SIDES: dict[str, tuple[tuple[float, float], ...]] = {
    "Side1": ((50.0, 86.0), (158.0, 162.0), (273.0, 86.0)),
    "Side2": ((50.0, 85.5), (160.3, 170.3), (272.5, 85.0)),
    "Side3": ((50.0, 85.5), (163.2, 161.5), (273.0, 86.0)),
}
"""Pixels of the corners of the traced side, read off the first frame: begin, middle, end."""

RIDGE = 30.0
"""Penalty of the ridge regressions, on standardised numbers; not tuned."""


@dataclass(frozen=True)
class Side:
    """One side: the data set, and what is known of its videos by name."""

    name: str
    dataset: Dataset
    folds: tuple[Fold, ...]
    ratings: dict[str, float]
    comments: dict[str, str]
    paths: dict[str, FloatArray]

    @classmethod
    def open(cls, folder: Path) -> "Side":
        """Open a folder of DATA."""
        dataset = open_dataset(folder)
        with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
            ratings = {row["video"]: float(row["rating"]) for row in csv.DictReader(file)}
        assert dataset.regions_path is not None
        regions = read_regions(dataset.regions_path)
        paths = {}
        for name in dataset.names:
            found = regions.of(name)
            paths[name] = np.array([(found[i][0].left_px, found[i][0].top_px) for i in sorted(found)])
        return cls(folder.name, dataset, make_folds(dataset).folds, ratings, read_comments(folder), paths)


def from_line(path: FloatArray, side: str) -> tuple[FloatArray, FloatArray]:
    """Return distances of a path from the traced line, and the same signed, positive towards the inside, in pixels."""
    found = []
    begin, middle, end = (np.array(corner) for corner in SIDES[side])
    for a, b in ((begin, middle), (middle, end)):
        along = b - a
        at = np.clip((path - a) @ along / (along @ along), 0, 1)
        inside = np.array([-along[1], along[0]]) / np.linalg.norm(along)
        found.append((np.linalg.norm(path - a - at[:, None] * along, axis=1), (path - a) @ inside))
    nearer = found[0][0] < found[1][0]
    return np.where(nearer, found[0][0], found[1][0]), np.where(nearer, found[0][1], found[1][1])


def motion_numbers(path: FloatArray, side: str) -> list[float]:
    """Return numbers of the true motion; the mean distance from the line is the first."""
    begin, middle, end = (np.linalg.norm(path - np.array(corner), axis=1) for corner in SIDES[side])
    first = int(begin[: len(path) // 2].argmin()) if side == "Side1" else 0
    last = max(int(end.argmin()) if end.min() < 25 else len(path) - 1, first + 10)
    way = path[first : last + 1]
    speed = 25 * np.linalg.norm(np.diff(way, axis=0), axis=1)
    length = np.concatenate([[0], np.cumsum(speed / 25)])
    evenly = np.linspace(0, length[-1], 200)
    distance, signed = (np.interp(evenly, length, values) for values in from_line(way, side))
    inward, smooth = np.clip(signed, 0, None), np.convolve(signed, np.ones(21) / 21, "same")
    numbers = [
        distance.mean(), np.sqrt((distance**2).mean()), distance.max(), np.percentile(distance, 90), inward.mean(),
        np.clip(-signed, 0, None).mean(), np.percentile(signed, 98), distance[:100].mean(), distance[100:].mean(),
        (signed - smooth)[10:-10].std(), middle.min(), end.min(), length[-1], len(way) / 25, speed.mean(),
        speed.std() / max(speed.mean(), 1), (speed < 5).mean(), np.abs(np.diff(signed, 2)).mean(),
    ]  # fmt: skip
    return [float(number) for number in numbers]


def word_counts(comments: Mapping[str, str]) -> dict[str, list[float]]:
    """Return which words and pairs of words, of those in three comments or more, every comment has."""
    found = {}
    for name, comment in comments.items():
        words = re.findall("[a-z]+", comment.lower())
        found[name] = {*words, *itertools.pairwise(words)}
    often = [word for word, n in Counter(w for words in found.values() for w in words).items() if n >= 3]
    return {name: [float(word in words) for word in often] for name, words in found.items()}


def ridge_scores(side: Side, numbers: Mapping[str, Sequence[float]], penalty: float) -> list[FoldScores]:
    """Return scores of ridge regression of ratings on numbers, of every fold for all videos."""
    results = []
    table = np.array([numbers[name] for name in side.dataset.names])
    ratings = np.array([side.ratings[name] for name in side.dataset.names])
    for fold in side.folds:
        seen = np.array([name in set(fold.train_videos) for name in side.dataset.names])
        x = (table - table[seen].mean(0)) / (table[seen].std(0) + 1e-9)
        y = ratings[seen] - ratings[seen].mean()
        dual = np.linalg.solve(x[seen] @ x[seen].T + penalty * np.eye(int(seen.sum())), y)
        results.append(FoldScores(fold, dict(zip(side.dataset.names, (x @ x[seen].T @ dual).tolist(), strict=True))))
    return results


def references(side: Side) -> Iterator[tuple[str, list[FoldScores]]]:
    """Yield orderings that need no picture."""
    numbers = {name: motion_numbers(path, side.name) for name, path in side.paths.items()}
    yield "distance from the line", [FoldScores(f, {n: -v[0] for n, v in numbers.items()}) for f in side.folds]
    logs = {name: np.log(0.1 + np.clip(values, 0, None)).tolist() for name, values in numbers.items()}
    yield "ridge, true motion", ridge_scores(side, logs, RIDGE)
    yield "ridge, words of the comment", ridge_scores(side, word_counts(side.comments), 10 * RIDGE)


def rater_noise(shares: Sequence[float], n: int = 4_000) -> list[tuple[float, float, float, float]]:
    """Simulate a consensus of two raters, and of a third where they differ, on three levels.

    The ratings of the data are the consensus alone, so the noise of a single rater cannot be measured. This says what
    any noise would mean. Quality and noise are normal; levels have the shares of the data.

    Args:
        shares: Share of every level.
        n: Attempts.

    Returns:
        For several noises: the share of attempts to which two raters give the same level, Cohen's kappa, and the
        accuracy on pairs that differ in the consensus, of the true quality and of one further rater (ties as half).
    """
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, n, (2, 100 * n))
    rows = []
    for noise in (0.3, 0.5, 0.8, 1.0, 1.3):
        quality = rng.normal(size=n)
        limits = stats.norm.ppf(np.cumsum(shares)[:-1]) * np.hypot(1, noise)
        levels = np.array([np.digitize(quality + noise * rng.normal(size=n), limits) for _ in range(4)])
        consensus = np.where(levels[0] == levels[1], levels[0], np.median(levels[:3], axis=0))
        same, chance = float((levels[0] == levels[1]).mean()), float(np.square(shares).sum())
        better = consensus[first] > consensus[second]
        by_quality = float((quality[first] > quality[second])[better].mean())
        by_rater = float((np.sign(levels[3][first] - levels[3][second])[better] + 1).mean() / 2)
        rows.append((same, (same - chance) / (1 - chance), by_quality, by_rater))
    return rows
