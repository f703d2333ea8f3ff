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
    return float(_arc_lengths(speed[None], rate_hz)[0])


def _arc_lengths(speeds: FloatArray, rate_hz: float) -> FloatArray:
    """Return the spectral arc lengths of profiles of one length, (k, n) -> (k,)."""
    n_windows, n = speeds.shape
    lengths = np.full(n_windows, np.nan)
    moving = speeds.any(axis=1)
    if n < 3 or not moving.any():
        return lengths
    n_fft = 2 ** (math.ceil(math.log2(n)) + 4)
    spectra = np.abs(np.fft.rfft(speeds[moving], n_fft))
    in_band = np.arange(spectra.shape[1]) * rate_hz / n_fft <= min(_MAX_HZ, rate_hz / 2)
    amplitudes = spectra[:, in_band] / spectra.max(axis=1, keepdims=True)
    strong = amplitudes >= _MIN_AMPLITUDE
    first = strong.argmax(axis=1)
    last = strong.shape[1] - 1 - strong[:, ::-1].argmax(axis=1)
    steps = np.arange(strong.shape[1] - 1)
    inside = (steps >= first[:, None]) & (steps < last[:, None]) & strong.any(axis=1)[:, None]
    widths = np.maximum(last - first, 1)[:, None]  # the band counts as 1, whatever its width in Hz
    arcs = np.where(inside, np.hypot(1 / widths, np.diff(amplitudes, axis=1)), 0.0).sum(axis=1)
    lengths[moving] = np.where(inside.any(axis=1), -arcs, np.nan)
    return lengths


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
    return _median([float(value) for speeds, rate_hz in _windows(motion) for value in _arc_lengths(speeds, rate_hz)])


def windowed_ldlj(motion: Motion) -> float:
    """Return the median log dimensionless jerk over windows of ``WINDOW_S``; NaN if no piece is as long."""
    return _median([ldlj_v(speed, rate_hz) for speeds, rate_hz in _windows(motion) for speed in speeds])


def _windows(motion: Motion) -> list[tuple[FloatArray, float]]:
    """Return the speeds in all windows of every piece, (k, n), and the rate."""
    windows = []
    for piece in motion.pieces:
        length = round(WINDOW_S * piece.rate_hz)
        n_windows = len(piece.speed) // length if length else 0
        if n_windows:
            windows.append((piece.speed[: n_windows * length].reshape(n_windows, length), piece.rate_hz))
    return windows


def _median(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.median(finite)) if finite else math.nan
