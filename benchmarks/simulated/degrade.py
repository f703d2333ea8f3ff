"""What lack of skill does to an expert's hand: tremor, hesitation, drops, slowness.

The expert is a policy that answers an observation with an action: three displacements of the hand (1 is a centimetre
a step) and the effort of the gripper (negative opens). ``Hand`` stands between the two and spoils the action by known
amounts.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import savgol_filter

from benchmarks.simulated.tasks import STEP_HZ
from skillviewer.core.arrays import FloatArray

METRES_PER_ACTION = 0.01
TREMOR_BAND_HZ = (3.0, 7.0)
TREMOR_M = (0.0004, 0.0065)
"""Root mean square displacement by tremor, for each axis: of full skill, of none."""
PAUSES_HZ = (0.0, 0.9)
PAUSE_S = (0.10, 0.40)
START_S = (0.0, 0.5)
DROPS_HZ = (0.0, 0.9)
"""Rate of drops while something is carried."""
DROP_S = 0.15
"""How long the gripper stays open in a drop."""
STUNNED_S = (0.0, 0.3)
"""How long the hand stays still after a drop."""
GAIN = (1.0, 0.6)
"""Share of the expert's speed."""
SMOOTH_S = 0.3


@dataclass(frozen=True, slots=True)
class Ability:
    """How a hand departs from the expert's in one trial.

    Attributes:
        skill: 0 (none) to 1 (full), of which the others follow, each with a deviation of its own.
        tremor_m: Root mean square displacement by tremor for each axis, metres.
        pauses_hz: Rate of pauses.
        pause_s: Mean length of a pause.
        start_s: Wait before the first movement.
        drops_hz: Rate of drops while something is carried.
        stunned_s: Stillness after a drop.
        gain: Share of the expert's speed, 0 to 1.
    """

    skill: float
    tremor_m: float
    pauses_hz: float
    pause_s: float
    start_s: float
    drops_hz: float
    stunned_s: float
    gain: float


def ability_of(skill: float, rng: np.random.Generator, deviation: float = 0.07) -> Ability:
    """Draw the ability of a trial.

    Args:
        skill: 0 to 1.
        rng: Source of chance.
        deviation: Standard deviation of each aspect about the skill: two hands of the same skill differ in style.
    """

    def between(full_and_none: tuple[float, float]) -> float:
        full, none = full_and_none
        aspect = float(np.clip(skill + deviation * rng.standard_normal(), 0.0, 1.0))
        return full + (none - full) * (1.0 - aspect)

    return Ability(
        skill=skill,
        tremor_m=between(TREMOR_M),
        pauses_hz=between(PAUSES_HZ),
        pause_s=between(PAUSE_S),
        start_s=between(START_S),
        drops_hz=between(DROPS_HZ),
        stunned_s=between(STUNNED_S),
        gain=between(GAIN),
    )


def band_noise(n: int, band_hz: tuple[float, float], rate_hz: float, rng: np.random.Generator) -> FloatArray:
    """Return noise of unit variance within a band.

    Args:
        n: Length, samples.
        band_hz: Lowest and highest frequency.
        rate_hz: Samples a second.
        rng: Source of chance.

    Returns:
        (n, 3) float64, each column with mean 0 and root mean square 1.
    """
    # a whole number of seconds at least, so that the band holds several frequencies however short the trial
    length = max(n, int(4 * rate_hz))
    frequencies_hz = np.fft.rfftfreq(length, 1.0 / rate_hz)
    inside = (frequencies_hz >= band_hz[0]) & (frequencies_hz <= band_hz[1])
    spectrum = rng.standard_normal((len(frequencies_hz), 3)) + 1j * rng.standard_normal((len(frequencies_hz), 3))
    noise = np.fft.irfft(np.where(inside[:, None], spectrum, 0.0), length, axis=0)
    noise /= np.sqrt(np.mean(noise**2, axis=0))
    return np.asarray(noise[:n], dtype=np.float64)


class Hand:
    """Spoils an expert's actions as an ability says.

    Attributes:
        drops: How often the hand has let go so far.
    """

    def __init__(self, ability: Ability, speed: float, n_steps: int, rng: np.random.Generator) -> None:
        """Draw all chance but the moments of pauses and drops beforehand.

        Args:
            ability: The amounts.
            speed: Share of the highest speed at which the expert moves.
            n_steps: Steps of the trial.
            rng: Source of chance.
        """
        self.drops = 0
        self._speed = speed * ability.gain
        self._ability = ability
        self._rng = rng
        place_m = ability.tremor_m * band_noise(n_steps + 1, TREMOR_BAND_HZ, STEP_HZ, rng)
        self._tremor = np.diff(place_m, axis=0) / METRES_PER_ACTION
        self._still_until = round(ability.start_s * STEP_HZ)
        self._open_until = 0

    def act(self, wanted: FloatArray, step: int, carrying: bool) -> FloatArray:
        """Return what the hand does where the expert wants something.

        Args:
            wanted: (4,) the expert's action.
            step: Number of the step, from 0.
            carrying: Whether something is in the gripper, off the table.

        Returns:
            (4,) float64, displacements in -1 to 1 and effort.
        """
        ability = self._ability
        if carrying and step >= self._open_until and self._rng.random() < ability.drops_hz / STEP_HZ:
            self.drops += 1
            self._open_until = step + round(DROP_S * STEP_HZ)
            self._still_until = max(self._still_until, self._open_until + round(ability.stunned_s * STEP_HZ))
        elif step >= self._still_until and self._rng.random() < ability.pauses_hz / STEP_HZ:
            self._still_until = step + max(1, round(self._rng.exponential(ability.pause_s) * STEP_HZ))
        moving = 0.0 if step < self._still_until else self._speed
        displacement = moving * np.clip(wanted[:3], -1.0, 1.0) + self._tremor[step]
        effort = -1.0 if step < self._open_until else float(np.clip(wanted[3], -1.0, 1.0))
        return np.append(np.clip(displacement, -1.0, 1.0), effort)


def shake(path_m: FloatArray, rate_hz: float) -> float:
    """Return how much a path trembles.

    The path less its local parabola (Savitzky and Golay) over three tenths of a second; of the squared length of that,
    the median over time, so that a few brisk starts and stops count little.

    Args:
        path_m: (n, 3) positions in metres, of at least three tenths of a second.
        rate_hz: Positions a second.

    Returns:
        Metres.
    """
    window = round(SMOOTH_S * rate_hz) // 2 * 2 + 1
    fast = path_m - savgol_filter(path_m, window, 2, axis=0)
    power = uniform_filter1d(np.sum(fast**2, axis=1), window, mode="nearest")
    return float(np.sqrt(np.median(power)))
