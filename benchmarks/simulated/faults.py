"""Faults planted at known times: tremor of one hand, a slip, a wrong approach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.simulated.degrade import DROP_S, METRES_PER_ACTION, TREMOR_BAND_HZ, Ability, Hand, band_noise
from benchmarks.simulated.tasks import STEP_HZ
from skillviewer.core.arrays import FloatArray

JUDGED, OTHER = "judged", "other"
"""The two arms of a clip."""
KINDS = ("tremor", "slip", "approach")
CHANCE = (0.1, 0.85)
"""Chance that a fault of a kind is planted: of full skill, of none."""
EARLIEST, LATEST = 0.15, 0.75
"""Shares of the clip between which a fault begins; an approach begins in the first half."""
LENGTH_S = {"tremor": (0.35, 0.6), "slip": (0.25, 0.4), "approach": (0.25, 0.45)}
TREMOR_M = 0.010
"""Root mean square displacement on each axis in a tremor."""
ASTRAY = 0.5
"""Speed of the hand in a wrong approach, as a share of the highest."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a hand.

    Attributes:
        kind: One of ``KINDS``.
        start: First step of the simulation; a slip waits from there until something is carried.
        end: First step after it.
        angle: Direction of a wrong approach on the table, radians.
    """

    kind: str
    start: int
    end: int
    angle: float


def draw_faults(
    skill: float, n_steps: int, rng: np.random.Generator, lengths_s: Mapping[str, tuple[float, float]] = LENGTH_S
) -> tuple[Fault, ...]:
    """Draw the faults of a trial, each kind at most once.

    Args:
        skill: 0 to 1; sets how likely each kind is.
        n_steps: Steps of the trial.
        rng: Source of chance.
        lengths_s: Shortest and longest fault of each kind.
    """
    full, none = CHANCE
    chance = full + (none - full) * (1.0 - skill)
    drawn = []
    for kind in KINDS:
        # drawn whether it is planted or not, so that one fault does not move the others
        planted, share, length_s, angle = rng.random(), rng.random(), rng.uniform(*lengths_s[kind]), rng.random()
        latest = 0.5 if kind == "approach" else LATEST
        start = round((EARLIEST + (latest - EARLIEST) * share) * n_steps)
        if planted < chance:
            drawn.append(Fault(kind, start, start + round(length_s * STEP_HZ), 2 * np.pi * angle))
    return tuple(drawn)


class FaultyHand(Hand):
    """A hand with planted faults.

    Attributes:
        done: The faults that happened, with the steps at which they did.
    """

    def __init__(
        self, ability: Ability, speed: float, n_steps: int, rng: np.random.Generator, planted: Sequence[Fault]
    ) -> None:
        """Draw the trembling of planted tremors beforehand."""
        super().__init__(ability, speed, n_steps, rng)
        self._n_steps = n_steps
        self._planted = {fault.kind: fault for fault in planted}
        self._slip: Fault | None = None
        burst_m = TREMOR_M * band_noise(n_steps + 1, TREMOR_BAND_HZ, STEP_HZ, rng)
        self._burst = np.diff(burst_m, axis=0) / METRES_PER_ACTION

    @property
    def done(self) -> tuple[Fault, ...]:
        """Return the faults that happened, cut at the end of the trial."""
        found = [fault for kind, fault in self._planted.items() if kind != "slip"] + [self._slip]
        return tuple(
            Fault(f.kind, f.start, min(f.end, self._n_steps), f.angle)
            for f in found
            if f is not None and f.start < self._n_steps
        )

    def _during(self, kind: str, step: int) -> Fault | None:
        fault = self._planted.get(kind)
        return fault if fault is not None and fault.start <= step < fault.end else None

    def act(self, wanted: FloatArray, step: int, carrying: bool) -> FloatArray:
        """Return what the hand does, faults included; see ``Hand.act``."""
        action = super().act(wanted, step, carrying)
        astray = self._during("approach", step)
        if astray is not None:
            action[:2] = ASTRAY * np.cos(astray.angle), ASTRAY * np.sin(astray.angle)
            action[2] = max(action[2], 0.0)
        if self._during("tremor", step):
            action[:3] = np.clip(action[:3] + self._burst[step], -1.0, 1.0)
        slip = self._planted.get("slip")
        if slip is not None and self._slip is None and carrying and step >= slip.start:
            self.drops += 1
            self._slip = Fault("slip", step, step + slip.end - slip.start, 0.0)
        if self._slip is not None and step < self._slip.end:
            action[:3] = 0.0
            if step < self._slip.start + round(DROP_S * STEP_HZ):
                action[3] = -1.0
        return action
