"""A study: who takes part, how good each clip is, and the files that say so.

A folder of a study holds ``videos/NNN.mp4`` and

- ``truth.csv``: video, skill, success, steps, drops, shake, frames, quality, participant;
- ``ability.csv``: what was degraded in each clip, and by how much;
- ``pairs.csv``: left, right, label (1 left better, -1 right better, 0 no difference), votes in the order of the raters;
- ``votes.csv``: left, right, rater, verdict;
- ``regions.csv``: video, frame (from 0), gripper_x, gripper_y, object_x, object_y, in pixels;
- ``distractor.csv``: video, frame, distractor_x, distractor_y;
- ``study.json``: task, seed, raters and everything else with which it can be rendered again.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.simulated.degrade import Ability, ability_of
from benchmarks.simulated.raters import JudgedPair, Rater, judge_all, raters
from benchmarks.simulated.tasks import STEPS_PER_FRAME
from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import DatasetError

FRAMES = (110, 160)
"""Shortest and longest clip: the length is drawn apart from the skill, so that it tells nothing."""
LIMIT_STEPS = FRAMES[1] * STEPS_PER_FRAME
"""Steps that a clip counts whose task was not done."""
WEIGHTS = {"success": 1.0, "steps": -0.6, "drops": -0.6, "shake": -0.8}
"""Weight of each z-scored aspect in the quality."""
SKILLS = (0.06, 0.97)
"""Over which the participants are spread."""
TRIAL_DEVIATION = 0.08
"""Standard deviation of the skill between one participant's trials."""
N_RATERS = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """A clip before it is simulated.

    Attributes:
        video: Its name, "000".
        participant: Whose trial it is.
        ability: How well they do it.
        n_frames: Length of the clip.
        key: What its chance is drawn from, beside the study's seed.
    """

    video: str
    participant: str
    ability: Ability
    n_frames: int
    key: tuple[int, int]

    def chance(self, seed: int, use: int) -> np.random.Generator:
        """Return a source of chance that is this clip's alone, one for each use."""
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(use, *self.key)))


def plan_clips(
    n_participants: int, n_trials: int, seed: int, first_participant: int = 1, frames: tuple[int, int] = FRAMES
) -> tuple[Plan, ...]:
    """Draw the participants and their trials.

    Args:
        n_participants: How many take part; their skills are spread evenly, in random order.
        n_trials: Clips of each.
        seed: Of the study.
        first_participant: Number of the first, so that two studies need not share names.
        frames: Length of the shortest and the longest clip.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    low, high = SKILLS
    skills = low + (high - low) * (rng.permutation(n_participants) + 0.5) / n_participants
    plans: list[Plan] = []
    for i, skill in enumerate(skills):
        for trial in range(n_trials):
            own = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, i, trial)))
            trial_skill = float(np.clip(skill + TRIAL_DEVIATION * own.standard_normal(), 0.0, 1.0))
            plans.append(
                Plan(
                    video=f"{len(plans):03d}",
                    participant=f"P{first_participant + i:02d}",
                    ability=ability_of(trial_skill, own),
                    n_frames=int(own.integers(frames[0], frames[1] + 1)),
                    key=(i, trial),
                )
            )
    return tuple(plans)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a clip shows.

    Attributes:
        plan: The clip.
        success: Whether the task was done before the clip ended.
        steps: Steps until it was, or LIMIT_STEPS.
        drops: How often the hand let go of what it carried.
        shake_m: How much it trembled.
    """

    plan: Plan
    success: bool
    steps: int
    drops: int
    shake_m: float


def z_scores(values: FloatArray) -> FloatArray:
    """Return values less their mean, over their standard deviation; zeros where all are equal."""
    spread = float(np.std(values))
    return (values - np.mean(values)) / spread if spread > 0 else np.zeros_like(values)


def quality(outcomes: Sequence[Outcome]) -> FloatArray:
    """Return the quality of each clip of a study.

    quality = 1.0 z(success) - 0.6 z(steps) - 0.6 z(drops) - 0.8 z(shake), z over the study's clips. It is made of what
    can be seen in the clip; the skill, of which that follows, has no part of its own.

    Returns:
        (videos,) float64.
    """
    aspects = {
        "success": np.array([float(o.success) for o in outcomes]),
        "steps": np.array([float(o.steps) for o in outcomes]),
        "drops": np.array([float(o.drops) for o in outcomes]),
        "shake": np.array([o.shake_m for o in outcomes]),
    }
    weighted = np.stack([WEIGHTS[name] * z_scores(values) for name, values in aspects.items()])
    return np.asarray(weighted.sum(axis=0), dtype=np.float64)


def judge(qualities: FloatArray, seed: int) -> tuple[tuple[Rater, ...], tuple[JudgedPair, ...]]:
    """Draw the study's raters and let them judge all pairs."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    panel = raters(N_RATERS, qualities, rng)
    return panel, judge_all(qualities, panel, rng)


def write_table(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file aside, then rename it."""
    temp_path = path.with_name(path.name + ".part")
    with temp_path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
    temp_path.replace(path)


def write_truth(folder: Path, outcomes: Sequence[Outcome], qualities: FloatArray) -> None:
    """Write truth.csv and ability.csv."""
    write_table(
        folder / "truth.csv",
        "video,skill,success,steps,drops,shake,frames,quality,participant",
        (
            (
                o.plan.video,
                f"{o.plan.ability.skill:.6f}",
                int(o.success),
                o.steps,
                o.drops,
                f"{o.shake_m:.6f}",
                o.plan.n_frames,
                f"{value:.6f}",
                o.plan.participant,
            )
            for o, value in zip(outcomes, qualities, strict=True)
        ),
    )
    aspects = ("tremor_m", "pauses_hz", "pause_s", "start_s", "drops_hz", "stunned_s", "gain")
    write_table(
        folder / "ability.csv",
        "video,skill," + ",".join(aspects),
        (
            (
                o.plan.video,
                f"{o.plan.ability.skill:.6f}",
                *(f"{getattr(o.plan.ability, aspect):.6f}" for aspect in aspects),
            )
            for o in outcomes
        ),
    )


def write_pairs(folder: Path, videos: Sequence[str], panel: Sequence[Rater], pairs: Sequence[JudgedPair]) -> None:
    """Write pairs.csv and votes.csv."""
    write_table(
        folder / "pairs.csv",
        "left,right,label,votes",
        ((videos[p.left], videos[p.right], p.label, " ".join(map(str, p.verdicts))) for p in pairs),
    )
    write_table(
        folder / "votes.csv",
        "left,right,rater,verdict",
        (
            (videos[p.left], videos[p.right], rater.name, verdict)
            for p in pairs
            for rater, verdict in zip(panel, p.verdicts, strict=True)
        ),
    )


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header.

    Raises:
        DatasetError: There is no such file.
    """
    if not path.is_file():
        raise DatasetError(f"{path} is missing: this is not the folder of a simulated study.")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def description(task: str, statement: str, seed: int, plans: Sequence[Plan], panel: Sequence[Rater]) -> dict[str, Any]:
    """Return what study.json says of a study, but for the versions of what rendered it."""
    return {
        "task": task,
        "statement": statement,
        "seed": seed,
        "participants": sorted({plan.participant for plan in plans}),
        "n_videos": len(plans),
        "quality": {name: f"{weight:+.1f} z" for name, weight in WEIGHTS.items()},
        "raters": [{"name": r.name, "noise": round(r.noise, 6), "threshold": round(r.threshold, 6)} for r in panel],
    }
