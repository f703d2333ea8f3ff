"""Smoothness of motion from its speed: spectral arc length and log dimensionless jerk.

Source of both: Balasubramanian et al., "On the analysis of movement smoothness", Journal of NeuroEngineering and
Rehabilitation 12:112, 2015.
"""

import math

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.motion import Motion

WINDOW_S = 2.0
"""Both measures are of single movements; longer motion is cut into windows."""

_MAX_HZ = 10.0
_MIN_AMPLITUDE = 0.05


def sparc(speed: FloatArray, rate_hz: float) -> float:
    """Return the spectral arc length of a speed profile, (n,): below 0, and nearer to 0 for smoother motion.

    NaN for fewer than 3 samples, or where nothing moves.
    """
    if len(speed) < 3 or not np.any(speed):
        return math.nan
    n_fft = 2 ** (math.ceil(math.log2(len(speed))) + 4)
    spectrum = np.abs(np.fft.rfft(speed, n_fft))
    frequencies = np.arange(len(spectrum)) * rate_hz / n_fft
    in_band = frequencies <= min(_MAX_HZ, rate_hz / 2)
    amplitudes = spectrum[in_band] / spectrum.max()
    strong = np.flatnonzero(amplitudes >= _MIN_AMPLITUDE)
    span = slice(strong[0], strong[-1] + 1)
    band = frequencies[in_band][span]
    heights = amplitudes[span]
    if len(band) < 2:
        return math.nan
    return -float(np.hypot(np.diff(band) / (band[-1] - band[0]), np.diff(heights)).sum())


def ldlj_v(speed: FloatArray, rate_hz: float) -> float:
    """Return the log dimensionless jerk of a speed profile, (n,): below 0, and nearer to 0 for smoother motion.

    It depends on the filter, on the noise and on the frame rate: compare it within one recording set-up alone. NaN for
    fewer than 3 samples, or where the speed is constant.
    """
    if len(speed) < 3 or not np.any(np.diff(speed, 2)):
        return math.nan
    step_s = 1 / rate_hz
    jerk = np.diff(speed, 2) / step_s**2
    duration_s = len(speed) * step_s
    return -math.log(duration_s**3 / float(np.max(np.abs(speed))) ** 2 * float(np.sum(jerk**2)) * step_s)


def windowed_sparc(motion: Motion) -> float:
    """Return the median spectral arc length over windows of ``WINDOW_S``; NaN if no piece is as long."""
    return _median([sparc(speed, rate_hz) for speed, rate_hz in _windows(motion)])


def windowed_ldlj(motion: Motion) -> float:
    """Return the median log dimensionless jerk over windows of ``WINDOW_S``; NaN if no piece is as long."""
    return _median([ldlj_v(speed, rate_hz) for speed, rate_hz in _windows(motion)])


def _windows(motion: Motion) -> list[tuple[FloatArray, float]]:
    windows = []
    for piece in motion.pieces:
        length = round(WINDOW_S * piece.rate_hz)
        windows += [
            (piece.speed[start : start + length], piece.rate_hz)
            for start in range(0, len(piece.speed) - length + 1, length)
        ]
    return windows


def _median(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.median(finite)) if finite else math.nan
