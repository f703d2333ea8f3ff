"""One trial: Meta-World's expert at a task, its hand spoiled."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from metaworld.env_dict import ALL_V3_ENVIRONMENTS
from metaworld.policies import ENV_POLICY_MAP

from benchmarks.simulated.degrade import Ability, Hand, shake
from benchmarks.simulated.tasks import STEP_HZ, STEPS_PER_FRAME, Task
from skillviewer.core.arrays import FloatArray

LIFTED_M = 0.02
IN_HAND_M = 0.06
"""The object is carried when it is this far off its first height, and this close to the gripper."""
REACH_M = 0.045
"""The gripper may close when the object is this close."""
GRASP_S = 0.25
"""How long it takes to close."""
MOST_STEPS = 2_000
"""Longest trial; Meta-World's own limit is 500 steps."""
FIRM_M = 0.008
"""The policies take what they hold for lost when it slips by a millimetre; so much higher they are told that it is."""


class Expert:
    """Meta-World's policy for a task, made patient.

    The policies begin to close the gripper in the air, timed to the one speed that they know. So that a slow hand can
    grasp as well, this one closes when it has arrived, and waits for the gripper before it carries on.
    """

    def __init__(self, task: Task) -> None:
        """Take the policy of a task."""
        self._policy = ENV_POLICY_MAP[task.name]()
        self._closing_for = 0

    def act(self, observation: FloatArray, tip_to_object_m: float) -> FloatArray:
        """Return the wanted action, (4,) float64.

        Args:
            observation: Meta-World's, (39,).
            tip_to_object_m: Distance from the finger tips to where the object is to be held.
        """
        observation = observation.copy()
        if self._closing_for >= GRASP_S * STEP_HZ:
            observation[6] += FIRM_M
        with warnings.catch_warnings():
            # the policies ask for more than the highest speed; it is cut off
            warnings.simplefilter("ignore")
            action = np.clip(np.asarray(self._policy.get_action(observation), dtype=np.float64), -1.0, 1.0)
        if action[3] <= 0.0 or tip_to_object_m > REACH_M * (2.0 if self._closing_for else 1.0):
            self._closing_for = 0
            action[3] = -1.0
            return action
        self._closing_for += 1
        sinking = action[2] < -0.1
        if self._closing_for < GRASP_S * STEP_HZ and not sinking:
            action[:3] = 0.0
        return action


@dataclass(frozen=True, slots=True)
class Trial:
    """What happened, for each recorded frame and in total.

    Attributes:
        environment: Meta-World's environment, with the scene as it was laid out, or None.
        positions: (n, q) float64 generalised positions.
        gripper_m: (n, 3) middle of the finger tips.
        object_m: (n, 3) where the object is to be held.
        success_step: First step at which the task was done, or None.
        drops: How often the hand let go of what it carried.
        shake_m: How much the gripper trembled, see ``shake``.
    """

    environment: Any
    positions: FloatArray
    gripper_m: FloatArray
    object_m: FloatArray
    success_step: int | None
    drops: int
    shake_m: float

    def without_environment(self) -> "Trial":
        """Return the same without Meta-World's environment, which weighs tens of megabytes."""
        return replace(self, environment=None)


def make_environment(task: Task) -> Any:  # noqa: ANN401 - Meta-World's environment has no types
    """Return the environment of a task; ``seed`` draws the layout of the next reset."""
    environment = ALL_V3_ENVIRONMENTS[task.name]()
    # the expert must see where the goal is: drop the cached space of observations without it
    environment._partially_observable = False  # noqa: SLF001 - Meta-World offers no other way
    environment.__dict__.pop("sawyer_observation_space", None)
    environment._freeze_rand_vec = False  # noqa: SLF001
    environment.seeded_rand_vec = True
    environment._set_task_called = True  # noqa: SLF001
    environment.max_path_length = MOST_STEPS
    return environment


def simulate(
    task: Task,
    ability: Ability,
    n_frames: int,
    rng: np.random.Generator,
    make_hand: Callable[..., Hand] = Hand,
    environment: Any = None,  # noqa: ANN401 - as above
    press: float = 0.0,
) -> Trial:
    """Run one trial.

    Args:
        task: What is to be done.
        ability: How well.
        n_frames: Recorded frames: the trial ends then, done or not.
        rng: Source of chance.
        make_hand: Returns what spoils the expert's actions, from the arguments of ``Hand``.
        environment: One of the task that no trial needs any longer; else one is made, which takes half a second.
        press: Added to the downward action near the object, as a share of the wanted one: the hand follows its target
            so softly that a slow one does not get down to the object.
    """
    environment = make_environment(task) if environment is None else environment
    environment.seed(int(rng.integers(2**31)))
    expert = Expert(task)
    observation, _ = environment.reset()
    n_steps = n_frames * STEPS_PER_FRAME
    hand = make_hand(ability, task.speed, n_steps, rng)
    first_height_m = environment._get_pos_objects()[2]  # noqa: SLF001
    positions, gripper, thing = [], [], []
    path = np.empty((n_steps, 3))
    success_step = None
    for step in range(n_steps):
        tip_m = environment.tcp_center
        object_m = environment._get_pos_objects()[:3]  # noqa: SLF001
        if step % STEPS_PER_FRAME == 0:
            positions.append(environment.data.qpos.copy())
            gripper.append(tip_m.copy())
            thing.append(object_m.copy())
        path[step] = tip_m
        distance_m = float(np.linalg.norm(object_m - tip_m))
        lifted = object_m[2] - first_height_m > LIFTED_M
        carrying = success_step is None and lifted and distance_m < IN_HAND_M
        wanted = expert.act(observation, distance_m)
        action = hand.act(wanted, step, carrying)
        if press and distance_m < REACH_M:
            action[2] = max(-1.0, action[2] + press * min(0.0, wanted[2]))
        observation, _, _, _, info = environment.step(action.astype(np.float32))
        if success_step is None and info["success"]:
            success_step = step + 1
    return Trial(
        environment,
        np.array(positions),
        np.array(gripper),
        np.array(thing),
        success_step,
        hand.drops,
        shake(path, STEP_HZ),
    )
