"""Smoothness of motion from its speed: spectral arc length and log dimensionless jerk.

Both measures follow Balasubramanian et al., "On the analysis of movement smoothness", Journal of NeuroEngineering and
Rehabilitation 12:112, 2015.
"""

import math

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.motion import Motion

WINDOW_S = 2.0
"""Duration of the windows into which motion is cut, since both measures are defined for single movements."""

_MAX_HZ = 10.0
_MIN_AMPLITUDE = 0.05


def sparc(speed: FloatArray, rate_hz: float) -> float:
    """Return the spectral arc length of a speed profile, (n,), which is negative and closer to 0 for smoother motion.

    It is NaN for fewer than 3 samples or without motion.
    """
    return float(_arc_lengths(speed[None], rate_hz)[0])


def _arc_lengths(speeds: FloatArray, rate_hz: float) -> FloatArray:
    """Return the spectral arc lengths, (k,), of (k, n) speed profiles."""
    n_profiles, n = speeds.shape
    lengths = np.full(n_profiles, np.nan)
    is_moving = speeds.any(axis=1)
    if n < 3 or not is_moving.any():
        return lengths
    n_fft = 2 ** (math.ceil(math.log2(n)) + 4)
    spectra = np.abs(np.fft.rfft(speeds[is_moving], n_fft))
    frequencies_hz = np.arange(spectra.shape[1]) * rate_hz / n_fft
    in_band = frequencies_hz <= min(_MAX_HZ, rate_hz / 2)
    amplitudes = spectra[:, in_band] / spectra.max(axis=1, keepdims=True)
    is_strong = amplitudes >= _MIN_AMPLITUDE
    first = is_strong.argmax(axis=1)
    last = is_strong.shape[1] - 1 - is_strong[:, ::-1].argmax(axis=1)
    steps = np.arange(is_strong.shape[1] - 1)
    is_inside = (steps >= first[:, None]) & (steps < last[:, None]) & is_strong.any(axis=1)[:, None]
    step_width = 1 / np.maximum(last - first, 1)[:, None]  # relative to the band, so that its width in Hz is irrelevant
    step_lengths = np.hypot(step_width, np.diff(amplitudes, axis=1))
    arc_lengths = np.where(is_inside, step_lengths, 0.0).sum(axis=1)
    lengths[is_moving] = np.where(is_inside.any(axis=1), -arc_lengths, np.nan)
    return lengths


def ldlj_v(speed: FloatArray, rate_hz: float) -> float:
    """Return the log dimensionless jerk of a speed profile, (n,), which is larger for smoother motion.

    It depends on the filter, the noise and the frame rate, and should be compared within one recording set-up only. It
    is NaN for fewer than 3 samples, or if the speed changes linearly.
    """
    if len(speed) < 3 or not np.any(np.diff(speed, 2)):
        return math.nan
    step_s = 1 / rate_hz
    jerk = np.diff(speed, 2) / step_s**2
    duration_s = len(speed) * step_s
    peak = float(np.max(np.abs(speed)))
    squared_jerk_integral = float(np.sum(jerk**2)) * step_s
    return -math.log(duration_s**3 / peak**2 * squared_jerk_integral)


def windowed_sparc(motion: Motion) -> float:
    """Return the median spectral arc length over windows of ``WINDOW_S``; NaN if all pieces are shorter."""
    values: list[float] = []
    for speeds, rate_hz in _windows(motion):
        values += _arc_lengths(speeds, rate_hz).tolist()
    return _finite_median(values)


def windowed_ldlj(motion: Motion) -> float:
    """Return the median log dimensionless jerk over windows of ``WINDOW_S``; NaN if all pieces are shorter."""
    return _finite_median([ldlj_v(speed, rate_hz) for speeds, rate_hz in _windows(motion) for speed in speeds])


def _windows(motion: Motion) -> list[tuple[FloatArray, float]]:
    """Return the speeds in the windows of every piece, (k, n), and the rate of the piece."""
    windows = []
    for piece in motion.pieces:
        length = round(WINDOW_S * piece.rate_hz)
        n_windows = len(piece.speed) // length if length else 0
        if n_windows:
            windows.append((piece.speed[: n_windows * length].reshape(n_windows, length), piece.rate_hz))
    return windows


def _finite_median(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.median(finite)) if finite else math.nan
