"""Simulate, judge and render a whole study into a folder."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy as np
from tqdm import tqdm

from benchmarks.simulated.ceilings import ceilings
from benchmarks.simulated.distractor import Distractor, draw_distractor
from benchmarks.simulated.render import pictures, write_video
from benchmarks.simulated.simulate import Trial, simulate
from benchmarks.simulated.study import (
    LIMIT_STEPS,
    Outcome,
    Plan,
    description,
    judge,
    plan_clips,
    quality,
    write_pairs,
    write_table,
    write_truth,
)
from benchmarks.simulated.tasks import CRF, Camera, Task
from skillviewer.core.errors import DatasetError

_LAYOUT_AND_HAND, _DISTRACTOR = 3, 4
"""Uses of a clip's chance: what happens in it, and what drifts behind, know nothing of each other."""


def _outcome(plan: Plan, trial: Trial) -> Outcome:
    """Return what a trial amounts to."""
    done = trial.success_step is not None
    return Outcome(plan, done, trial.success_step or LIMIT_STEPS, trial.drops, trial.shake_m)


def _write_regions(folder: Path, camera: Camera, shown: Sequence[tuple[Plan, Trial, Distractor]]) -> None:
    """Write regions.csv and distractor.csv."""
    regions: list[tuple[object, ...]] = []
    distractors: list[tuple[object, ...]] = []
    for plan, trial, distractor in shown:
        hand, thing, other = (camera.project(p) for p in (trial.gripper_m, trial.object_m, distractor.path_m))
        for frame in range(plan.n_frames):
            places = (f"{value:.1f}" for value in (*hand[frame], *thing[frame]))
            regions.append((plan.video, frame, *places))
            distractors.append((plan.video, frame, *(f"{value:.1f}" for value in other[frame])))
    write_table(folder / "regions.csv", "video,frame,gripper_x,gripper_y,object_x,object_y", regions)
    write_table(folder / "distractor.csv", "video,frame,distractor_x,distractor_y", distractors)


def versions() -> dict[str, str]:
    """Return the versions on which the pictures depend."""
    libraries = {name: version(name) for name in ("metaworld", "mujoco", "numpy", "scipy", "av")}
    return {**libraries, "libavcodec": ".".join(map(str, av.library_versions["libavcodec"])), "x264 crf": str(CRF)}


def new_folder(folder: Path) -> Path:
    """Make the folder of a study, and return that of its videos.

    Raises:
        DatasetError: The folder holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DatasetError(f"{folder} is not empty. Name a new folder for the study.")
    videos = folder / "videos"
    videos.mkdir(parents=True)
    return videos


def build(task: Task, folder: Path, n_participants: int, n_trials: int, seed: int, first_participant: int = 1) -> None:
    """Make a study.

    Args:
        task: What is done.
        folder: Where to; made, or empty. The tables are written when all clips are.
        n_participants: How many take part.
        n_trials: Clips of each.
        seed: From which everything is drawn.
        first_participant: Number of the first.

    Raises:
        DatasetError: The folder holds something.
    """
    videos = new_folder(folder)
    plans = plan_clips(n_participants, n_trials, seed, first_participant)
    shown, outcomes = [], []
    for plan in tqdm(plans, desc="rendering", unit="clip"):
        trial = simulate(task, plan.ability, plan.n_frames, plan.chance(seed, _LAYOUT_AND_HAND))
        distractor = draw_distractor(task, plan.n_frames, plan.chance(seed, _DISTRACTOR))
        write_video(videos / f"{plan.video}.mp4", pictures(trial, task.camera, distractor))
        shown.append((plan, trial.without_environment(), distractor))
        outcomes.append(_outcome(plan, trial))
    qualities = quality(outcomes)
    panel, pairs = judge(qualities, seed)
    _write_regions(folder, task.camera, shown)
    write_truth(folder, outcomes, qualities)
    write_pairs(folder, [plan.video for plan in plans], panel, pairs)
    about: dict[str, Any] = description(task.name, task.statement, seed, plans, panel)
    about["command"] = (
        f"python -m benchmarks.simulated render {task.name} FOLDER --participants {n_participants}"
        f" --trials {n_trials} --seed {seed} --first-participant {first_participant}"
    )
    about["share of successes"] = round(float(np.mean([outcome.success for outcome in outcomes])), 3)
    about["share of pairs without difference"] = round(float(np.mean([pair.label == 0 for pair in pairs])), 3)
    about["pairwise accuracy"] = {
        c.name: {"all pairs": round(c.all_pairs, 3), "a participant held out": round(c.held_out, 3)}
        for c in ceilings(folder)
    }
    about["rendered with"] = versions()
    (folder / "study.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
