"""Validity of the faithfulness test: false alarms and hits on artificial videos with known truth.

    python -m benchmarks.faithfulness [--videos 150] [--train-steps 250]

First, models whose score depends on one smooth region while the map shows another, independent one: any video called
faithful is a false alarm. The random orders of the program (maps moved over the frame) are compared with cells shuffled
one by one. Second, small models trained on videos in which one moving place determines the score: how often the test
finds their attention faithful, with distances of the steps of the score curve, as in the program, and of the last score
alone.
"""

import argparse
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from skillviewer.core.explanation.faithfulness import (
    THRESHOLD_SDS,
    Faithfulness,
    OcclusionCurve,
    area_under,
    moved_at_random,
)
from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.inference import evidence
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes
from tests.engine.known import SIDE, Known

GRID, N_STEPS, CHANNELS = 7, 15, 16
Draw = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


def tested(model: AttentionModel, fused: torch.Tensor, seed: int) -> Faithfulness:
    """Return the test result of one video, (1, N, C, h, w)."""
    found = evidence.measure_evidence(model, fused, "", "", CancelToken(), silent, seed=seed).faithfulness
    assert found is not None
    return found


def shuffled_cells(maps: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return maps with the cells of each map shuffled independently."""
    return rng.permuted(maps.reshape(*maps.shape[:-2], -1), axis=-1).reshape(maps.shape)


def smooth(rng: np.random.Generator) -> torch.Tensor:
    """Return a smooth map that sums to 1."""
    values = np.exp(3 * ndimage.gaussian_filter(rng.normal(size=(SIDE, SIDE)), 1.0, mode="wrap"))
    return torch.tensor(values / values.sum(), dtype=torch.float32)


def false_alarms(draw: Draw, n_videos: int) -> float:
    """Return the share of videos called faithful where map and score are independent."""
    rng = np.random.default_rng(0)
    found = 0
    with patch.object(evidence, "moved_at_random", draw):
        for seed in range(n_videos):
            model = Known(smooth(rng), smooth(rng))
            video = rng.normal(size=(1, 6, 2, SIDE, SIDE)) + rng.normal(size=(1, 6, 1, 1, 1))
            found += tested(model, torch.from_numpy(video).float(), seed).faithful
    return found / n_videos


def artificial_videos(n: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features (n, N, C, 7, 7) and skills (n,): channel 0 marks a wandering place, channel 1 its skill."""
    features = 0.7 * rng.normal(size=(n, N_STEPS, CHANNELS, GRID, GRID))
    skills = rng.normal(size=n)
    near = ndimage.gaussian_filter(np.eye(2 * GRID + 1)[GRID][:, None] * np.eye(2 * GRID + 1)[GRID], 0.7)
    near /= near.max()
    for video, skill in zip(features, skills, strict=True):
        place = rng.integers(0, GRID, 2).astype(float)
        for frame in video:
            place = np.clip(place + 0.7 * rng.normal(size=2), 0, GRID - 1)
            row, column = (GRID - int(i) for i in np.round(place))
            here = near[row : row + GRID, column : column + GRID]
            frame[0] += 3 * here
            frame[1] += here * (skill + rng.normal())
    return torch.from_numpy(features).float(), torch.from_numpy(skills).float()


def trained(name: str, features: torch.Tensor, skills: torch.Tensor, steps: int) -> AttentionModel:
    """Return a small model trained to order the videos."""
    torch.manual_seed(0)
    model = attention_model(name).build(
        HeadSizes(
            feature_channels=CHANNELS,
            grid=(GRID, GRID),
            fusion_hidden=32,
            channels=16,
            task_hidden=16,
            attention_hidden=16,
            embed=8,
            fusion_kernel=1,
            fusion_stride=1,
        )
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        some = torch.randperm(len(features))[:40]
        score, skill = model(features[some]).score, skills[some]
        order = torch.sign(skill[:, None] - skill)
        loss = torch.relu(1 - (score[:, None] - score) * order)[order != 0].mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return model.eval()


def faithful_by_last_score(test: Faithfulness) -> bool:
    """Return the verdict based on distances of the last score."""

    def area(removal: OcclusionCurve) -> NDArray[np.float64]:
        return area_under(removal.fractions, np.abs(removal.scores - test.score))

    random = area(test.deletion_random) - area(test.insertion_random)
    own = area(test.deletion) - area(test.insertion)
    return bool(own > random.mean() + THRESHOLD_SDS * random.std(ddof=1))


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=150)
    parser.add_argument("--train-steps", type=int, default=250)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for title, draw in (("maps moved over the frame", moved_at_random), ("cells shuffled", shuffled_cells)):
        share = false_alarms(draw, args.videos)
        print(f"false alarms, random orders of {title:<26} {100 * share:5.1f} % of {args.videos} videos", flush=True)
    rng = np.random.default_rng(0)
    features, skills = artificial_videos(120, rng)
    unseen, unseen_skills = artificial_videos(30, rng)
    for name in ("full", "xbar", "visual"):
        model = trained(name, features, skills, args.train_steps)
        with torch.inference_mode():
            score, fused = model(unseen).score, model.fuse(unseen)
        pairs = torch.sign(score[:, None] - score) == torch.sign(unseen_skills[:, None] - unseen_skills)
        accuracy = (pairs.sum() - len(score)) / (len(score) * (len(score) - 1))
        tests = [tested(model, fused[i : i + 1], seed=i) for i in range(len(unseen))]
        by_steps, by_last = sum(t.faithful for t in tests), sum(faithful_by_last_score(t) for t in tests)
        rho = float(np.nanmean([np.nanmean(t.rank_correlation) for t in tests]))
        value = float(np.median([t.value for t in tests]))
        print(
            f"{name:<7} accuracy {accuracy:.2f}, attention and effects correlate {rho:.2f}; of {len(tests)} videos "
            f"faithful by the steps {by_steps}, by the last score {by_last}; median value {value:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
