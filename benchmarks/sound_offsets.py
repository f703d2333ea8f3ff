"""Offsets of cameras found by sound: error, refusals, and mistakes, on simulated rooms.

    python -m benchmarks.sound_offsets [--seeds 1000 200]

A scene is a series of sounds at random times. Each camera hears it with its own gain, filter, echo and noise, and its
own start. Refused and wrong offsets are counted for cameras of one room with more and with less than half of the
shorter recording in common, for cameras of two rooms (every accepted offset is wrong), and for a metronome (several
offsets fit). The thresholds of ``core.video.sound_offset`` were chosen on seeds 0 to 149.
"""

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np

from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.core.video.sound_offset import OFFSET_RATE_HZ, SoundOffset, find_offset

WRONG_S = 0.034  # beyond a frame at 30 Hz


def scene(random: np.random.Generator, seconds: float, *, even: bool = False) -> FloatArray:
    """Return the sound of a scene, (n,): bursts of filtered noise and tones at random, or at even, times."""
    n = round(seconds * OFFSET_RATE_HZ)
    out = np.zeros(n)
    rate = random.uniform(0.5, 4.0)
    times = np.arange(0.1, seconds, 0.5) if even else np.cumsum(random.exponential(1 / rate, round(3 * rate * seconds)))
    for time_s in times[times < seconds]:
        length = 800 if even else random.integers(100, 3000)
        t = np.arange(length) / OFFSET_RATE_HZ
        tone = np.sin(2 * np.pi * (900 if even else random.uniform(150, 2500)) * t)
        burst = (tone if even or random.random() < 0.5 else random.standard_normal(length)) * np.exp(-5 * t / t[-1])
        at = round(time_s * OFFSET_RATE_HZ)
        out[at : at + length] += burst[: n - at] * (1 if even else random.lognormal(0, 0.7))
    return out


def recorded(random: np.random.Generator, sound: FloatArray, start_s: float, seconds: float) -> Float32Array:
    """Return what a camera records from a time on: with its gain, filter, echo and noise."""
    echo = random.standard_normal(1600) * np.exp(-np.arange(1600) / random.uniform(100, 400)) * random.uniform(0, 0.3)
    echo[0] = 1.0
    heard = np.convolve(sound, echo)[: len(sound)]
    heard = np.convolve(heard, random.standard_normal(6) * 0.3 + np.eye(6)[0])[: len(sound)]
    start = round(start_s * OFFSET_RATE_HZ)
    cut = heard[start : start + round(seconds * OFFSET_RATE_HZ)]
    noise = random.uniform(0.01, 0.3) * float(np.sqrt((cut**2).mean()))
    return ((cut + noise * random.standard_normal(len(cut))) * random.uniform(0.05, 1)).astype(np.float32)


Trial = tuple[SoundOffset, float | None]
"""An offset that was found, and the true one, or None if there is none."""


def one_room(random: np.random.Generator, *, mostly: bool) -> Trial | None:
    """Return a trial in one room, or None if the common part is not ``mostly`` of the shorter recording."""
    sound = scene(random, 40.0)
    starts, lengths = random.uniform(0, 15, 2), random.uniform(6, 20, 2)
    common_s = float(min(starts + lengths) - max(starts))
    if bool(common_s > 0.5 * lengths.min()) is not mostly:
        return None
    first, second = (recorded(random, sound, at, long) for at, long in zip(starts, lengths, strict=True))
    return find_offset(first, second), float(starts[0] - starts[1]) if common_s > 0 else None


def two_rooms(random: np.random.Generator) -> Trial:
    """Return a trial with sounds that have nothing in common."""
    sounds = [recorded(random, scene(random, 20.0), 0.0, random.uniform(6, 20)) for _ in range(2)]
    return find_offset(*sounds), None


def metronome(random: np.random.Generator) -> Trial:
    """Return a trial with an evenly repeating sound."""
    sound = scene(random, 40.0, even=True)
    sounds = [recorded(random, sound, random.uniform(0, 15), random.uniform(6, 20)) for _ in range(2)]
    return find_offset(*sounds), None


ROOMS: dict[str, Callable[[np.random.Generator], Trial | None]] = {
    "one room, half or more in common": partial(one_room, mostly=True),
    "one room, less in common": partial(one_room, mostly=False),
    "two rooms": two_rooms,
    "metronome": metronome,
}


def count(make: Callable[[np.random.Generator], Trial | None], seeds: range) -> str:
    """Return in a line how many offsets were right, wrong and refused."""
    trials = [trial for seed in seeds if (trial := make(np.random.default_rng(seed))) is not None]
    used = [(found.offset_s, truth) for found, truth in trials if found.is_sure]
    errors_s = [abs(offset_s - truth) for offset_s, truth in used if truth is not None]
    right = [error_s for error_s in errors_s if error_s <= WRONG_S]
    p95 = f"{1000 * float(np.percentile(right, 95)):.1f} ms" if right else "–"
    return f"{len(trials):>7}{len(right):>7}{len(used) - len(right):>7}{len(trials) - len(used):>9}{p95:>11}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs=2, default=(1000, 200), help="first, and how many")
    first, n = parser.parse_args().seeds
    print(f"{'':34}{'trials':>7}{'right':>7}{'wrong':>7}{'refused':>9}{'p95 error':>11}")
    for name, make in ROOMS.items():
        print(f"{name:34}{count(make, range(first, first + n))}")


if __name__ == "__main__":
    main()
