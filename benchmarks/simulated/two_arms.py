"""Two arms at once, one of them judged: averaging over the picture cannot know which.

Each half of the picture shows an arm at the same task. The judged one is orange, the other blue; the judged one's half
is drawn by lot. The skill, the faults and the trembling of the other arm are drawn apart from those of the judged one,
from the same ranges. Clips end before the task is done, at a length that knows nothing of skill, and raters judge the
process of the orange arm alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.simulated.build import new_folder, versions
from benchmarks.simulated.clip_forms import ASPECTS, FORMS, ClipForm
from benchmarks.simulated.degrade import Ability, ability_of
from benchmarks.simulated.faults import JUDGED, OTHER, Fault, FaultyHand, draw_faults
from benchmarks.simulated.reasons import add_reasons
from benchmarks.simulated.render import fast_renderer, pictures, write_video
from benchmarks.simulated.simulate import Trial, make_environment, simulate
from benchmarks.simulated.study import SKILLS, Plan, description, judge, plan_clips, write_pairs, write_table, z_scores
from benchmarks.simulated.tasks import RATE_HZ, STEP_HZ, STEPS_PER_FRAME, Camera, Task
from skillviewer.core.arrays import FloatArray, RGBImage

TREMOR_SHARE = 0.6
"""Of the tremor of the other studies; the planted one is stronger."""
PAUSES_SHARE = 0.5
"""Of the rate of pauses there. All arms have one speed, so that all come to carry something."""
BACK_M = 0.35
"""How much further off the camera is."""
COLOURS = {JUDGED: (0.95, 0.45, 0.05), OTHER: (0.10, 0.30, 0.85)}
_USES = {JUDGED: 5, OTHER: 6, "place": 7}


@dataclass(frozen=True, slots=True)
class Arm:
    """What one arm did.

    Attributes:
        trial: The trial.
        faults: Planted faults that happened.
    """

    trial: Trial
    faults: tuple[Fault, ...]

    @property
    def aspects(self) -> dict[str, float]:
        """Return what raters see: shake in metres, and how often each fault happened."""
        kinds = [fault.kind for fault in self.faults]
        counts = {"tremors": "tremor", "approaches": "approach", "slips": "slip"}
        return {"shake": self.trial.shake_m} | {name: float(kinds.count(kind)) for name, kind in counts.items()}


@dataclass(frozen=True, slots=True)
class Scene:
    """One clip: its plan, both arms by role, and whether the judged one is on the left."""

    plan: Plan
    arms: dict[str, Arm]
    judged_left: bool

    @property
    def order(self) -> tuple[str, str]:
        """Return the roles from left to right."""
        return (JUDGED, OTHER) if self.judged_left else (OTHER, JUDGED)


def camera_of(task: Task) -> Camera:
    """Return the camera that looks at one arm."""
    return replace(task.camera, distance_m=task.camera.distance_m + BACK_M)


def _resampled(values: FloatArray, n: int, rate_hz: int) -> FloatArray:
    """Return (n, ...) values at the times of video frames, between the (m, ...) frames of the simulation."""
    at = np.arange(n) * (RATE_HZ / rate_hz)
    before = np.floor(at).astype(int)
    after = np.minimum(before + 1, len(values) - 1)
    share = (at - before)[:, None]
    return np.asarray((1.0 - share) * values[before] + share * values[after], np.float64)


def run_arm(
    task: Task,
    form: ClipForm,
    plan: Plan,
    skill: float,
    rng: np.random.Generator,
    environment: Any,  # noqa: ANN401 - no types
) -> Arm:
    """Simulate one arm until the clip ends; drawn again where the task was done by then.

    Args:
        task: What is to be done.
        form: Pace and faults.
        plan: Its length.
        skill: 0 to 1.
        rng: Source of chance.
        environment: Of the task; the arm keeps it.
    """
    slow = replace(task, speed=form.speed * task.speed)
    while True:
        drawn = ability_of(skill, rng)
        ability = replace(
            drawn,
            drops_hz=0.0,
            gain=1.0,
            start_s=0.0,
            tremor_m=TREMOR_SHARE * drawn.tremor_m,
            pauses_hz=PAUSES_SHARE * drawn.pauses_hz,
        )
        planted = draw_faults(skill, plan.n_frames * STEPS_PER_FRAME, rng, form.lengths_s)
        hands: list[FaultyHand] = []

        def make(
            given: Ability,
            speed: float,
            n_steps: int,
            chance: np.random.Generator,
            planted: Sequence[Fault] = planted,
            hands: list[FaultyHand] = hands,
        ) -> FaultyHand:
            hands.append(FaultyHand(given, speed, n_steps, chance, planted))
            return hands[-1]

        trial = simulate(slow, ability, plan.n_frames, rng, make, environment, form.press)
        if trial.success_step is None:
            n_shown = form.n_shown(plan.n_frames)
            seen = replace(
                trial,
                positions=_resampled(trial.positions, n_shown, form.rate_hz),
                gripper_m=_resampled(trial.gripper_m, n_shown, form.rate_hz),
                object_m=_resampled(trial.object_m, n_shown, form.rate_hz),
            )
            return Arm(seen, hands[0].done)


def plan_scene(task: Task, form: ClipForm, plan: Plan, seed: int, environments: Mapping[str, Any]) -> Scene:
    """Simulate a clip, each arm in its own environment: they know nothing of each other."""
    other_rng = plan.chance(seed, _USES[OTHER])
    arms = {
        JUDGED: run_arm(task, form, plan, plan.ability.skill, plan.chance(seed, _USES[JUDGED]), environments[JUDGED]),
        OTHER: run_arm(task, form, plan, float(other_rng.uniform(*SKILLS)), other_rng, environments[OTHER]),
    }
    return Scene(plan, arms, bool(plan.chance(seed, _USES["place"]).random() < 0.5))


Parts = dict[str, list[NDArray[np.uint8]]]
"""Marks (``tasks.ARM``) of frames of one half of a clip, (height, width) each, by role."""


def both(
    scene: Scene,
    camera: Camera,
    form: ClipForm,
    renderer: Any,  # noqa: ANN401 - no types
    parts: Parts | None,
) -> Iterator[RGBImage]:
    """Render a clip, the arms side by side.

    Yields:
        (height, width, 3) uint8 RGB; ``parts``, if given, then has the marks of frames.
    """
    halves = [
        pictures(
            scene.arms[role].trial,
            camera,
            None,
            form.half_px,
            COLOURS[role],
            renderer,
            None if parts is None else parts.setdefault(role, []),
            form.mask_every,
        )
        for role in scene.order
    ]
    for left, right in zip(*halves, strict=True):
        yield np.concatenate([left, right], axis=1)


def write_parts(file: Path, scene: Scene, form: ClipForm, parts: Parts) -> None:
    """Write where a clip shows the judged arm.

    ``judged``: (masks, height, width) marks, 0 in the other arm's half; ``every``: video frames for each mask.
    """
    step = form.mask_scale
    marks = [
        np.stack(parts[role])[:, step // 2 :: step, step // 2 :: step] * np.uint8(role == JUDGED)
        for role in scene.order
    ]
    file.parent.mkdir(exist_ok=True)
    np.savez_compressed(file, judged=np.concatenate(marks, axis=2), every=form.mask_every)


def qualities(scenes: Sequence[Scene], role: str, weights: Mapping[str, float]) -> FloatArray:
    """Return the quality of one arm of every clip: the weighted sum of its aspects, z over both arms of all clips."""
    total = np.zeros(len(scenes))
    for name, weight in weights.items():
        values = np.array([[scene.arms[r].aspects[name] for r in (JUDGED, OTHER)] for scene in scenes])
        total += weight * z_scores(values.ravel()).reshape(values.shape)[:, (JUDGED, OTHER).index(role)]
    return total


def _places(scene: Scene, role: str, camera: Camera, half_px: tuple[int, int]) -> FloatArray:
    """Return (frames, 4) the pixels of gripper and object of an arm in the whole picture."""
    trial = scene.arms[role].trial
    found = np.concatenate([camera.project(p, half_px) for p in (trial.gripper_m, trial.object_m)], axis=1)
    return np.asarray(found + scene.order.index(role) * half_px[0] * np.array([1.0, 0.0, 1.0, 0.0]), np.float64)


def _write(folder: Path, form: ClipForm, scenes: Sequence[Scene], camera: Camera) -> None:
    """Write truth.csv, regions.csv, other.csv and faults.csv."""
    value = {role: qualities(scenes, role, form.weights) for role in (JUDGED, OTHER)}
    faults: list[tuple[object, ...]] = []
    for role, file in ((JUDGED, "regions.csv"), (OTHER, "other.csv")):
        rows: list[tuple[object, ...]] = []
        for scene in scenes:
            places = _places(scene, role, camera, form.half_px)
            rows += [(scene.plan.video, i, *(f"{v:.1f}" for v in place)) for i, place in enumerate(places)]
            for fault in scene.arms[role].faults:
                first = fault.start * form.rate_hz // STEP_HZ
                after = max(first + 1, min(len(places), -(-fault.end * form.rate_hz // STEP_HZ)))
                x, y = places[first:after, :2].mean(axis=0)
                faults.append((scene.plan.video, role, fault.kind, first, after, f"{x:.1f}", f"{y:.1f}"))
        write_table(folder / file, "video,frame,gripper_x,gripper_y,object_x,object_y", rows)
    write_table(folder / "faults.csv", "video,arm,kind,start,end,x,y", faults)
    columns = (*ASPECTS, *(f"other_{name}" for name in ASPECTS))
    write_table(
        folder / "truth.csv",
        f"video,participant,skill,{','.join(columns)},frames,judged_left,quality,other_quality,both_qualities",
        (
            (
                scene.plan.video,
                scene.plan.participant,
                f"{scene.plan.ability.skill:.6f}",
                *(f"{scene.arms[role].aspects[name]:.6g}" for role in (JUDGED, OTHER) for name in ASPECTS),
                len(scene.arms[JUDGED].trial.positions),
                int(scene.judged_left),
                *(f"{v:.6f}" for v in (own, of_other, own + of_other)),
            )
            for scene, own, of_other in zip(scenes, value[JUDGED], value[OTHER], strict=True)
        ),
    )


def build_two_arms(
    task: Task,
    folder: Path,
    n_participants: int,
    n_trials: int,
    seed: int,
    first_participant: int = 1,
    *,
    form: ClipForm = FORMS[0],
    videos: bool = True,
    masks: bool = True,
) -> None:
    """Make a study of two arms.

    Args:
        task: What is done.
        folder: Where to; made, or empty. The tables are written when all clips are.
        n_participants: How many take part.
        n_trials: Clips of each.
        seed: From which everything is drawn.
        first_participant: Number of the first.
        form: Length, size and pace of the clips.
        videos: Whether the clips are rendered; the tables are the same without.
        masks: Whether the pixels of the judged arm are written too, which takes half of the time of rendering.

    Raises:
        DatasetError: The folder holds something.
    """
    new_folder(folder)
    camera, scenes, renderer = camera_of(task), [], None
    plans = plan_clips(n_participants, n_trials, seed, first_participant, form.frames)
    environments = {role: make_environment(task) for role in (JUDGED, OTHER)}
    for plan in tqdm(plans, desc="clips", unit="clip"):
        scene = plan_scene(task, form, plan, seed, environments)
        if videos:
            renderer = renderer or fast_renderer(scene.arms[JUDGED].trial, form.half_px)
            file = folder / "videos" / f"{plan.video}.mp4"
            parts: Parts | None = {} if masks else None
            shown = both(scene, camera, form, renderer, parts)
            write_video(file, shown, form.size_px, form.rate_hz, "veryfast", form.crf)
            if parts is not None:
                write_parts(folder / "arms" / f"{plan.video}.npz", scene, form, parts)
        bare = {role: replace(arm, trial=arm.trial.without_environment()) for role, arm in scene.arms.items()}
        scenes.append(replace(scene, arms=bare))
    panel, pairs = judge(qualities(scenes, JUDGED, form.weights), seed)
    _write(folder, form, scenes, camera)
    write_pairs(folder, [plan.video for plan in plans], panel, pairs)
    add_reasons(folder, form.rate_hz, seed)
    about: dict[str, Any] = description(task.name, task.statement, seed, plans, panel)
    about["quality"] = {name: f"{weight:+.1f} z" for name, weight in form.weights.items()}
    about["command"] = (
        f"python -m benchmarks.simulated two-arms {task.name} FOLDER --participants {n_participants}"
        f" --trials {n_trials} --seed {seed} --first-participant {first_participant} --clips {form.name}"
    )
    about["share of pairs without difference"] = round(float(np.mean([pair.label == 0 for pair in pairs])), 3)
    about["rendered with"] = versions() | {"x264 crf": str(form.crf)}
    (folder / "study.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
