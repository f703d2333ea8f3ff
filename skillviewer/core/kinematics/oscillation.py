"""Repeated motion: tremor, and tapping of thumb and index finger."""

import math
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.motion import Motion

_WINDOW_S = 4.0
_BAND_HZ = (3.0, 12.0)
_HALT_MEDIANS = 2.0  # least length of a halt, in median intervals


def band_rms(points: FloatArray, rate_hz: float, band_hz: tuple[float, float] = _BAND_HZ) -> float:
    """Return the root mean square of the motion in a band of frequencies, in the unit of the positions.

    The power of all axes is added from Welch's power spectra, with Hann windows of 4 s and half overlap, after the
    linear trend is removed. The result is NaN if the motion is shorter than one window.

    Args:
        points: (n, d) unfiltered positions, evenly sampled.
        rate_hz: Samples a second.
        band_hz: Lowest and highest frequency.
    """
    from scipy.signal import detrend, welch

    window_length = round(_WINDOW_S * rate_hz)
    if len(points) < window_length:
        return math.nan
    frequencies_hz, power = welch(detrend(points, axis=0), rate_hz, "hann", window_length, axis=0)
    in_band = (frequencies_hz >= band_hz[0]) & (frequencies_hz <= band_hz[1])
    resolution_hz = frequencies_hz[1] - frequencies_hz[0]
    return math.sqrt(float(power[in_band].sum()) * resolution_hz)


def tremor(motion: Motion) -> float:
    """Return the median over the pieces of the tremor from 3 to 12 Hz; NaN if all pieces are shorter than 4 s."""
    values = [band_rms(piece.raw_points, piece.rate_hz) for piece in motion.pieces]
    finite = [value for value in values if math.isfinite(value)]
    return float(np.median(finite)) if finite else math.nan


@dataclass(frozen=True, slots=True)
class Tapping:
    """Tapping of thumb and index finger (MDS-UPDRS 3.4)."""

    n_taps: int
    frequency_hz: float  # 1 over the median interval between two peaks of the opening
    mean_amplitude: float  # mean height of a peak above the next trough
    slope_per_s: float  # change of the amplitude a second, by least squares
    relative_slope_per_s: float  # slope over the amplitude of the fitted line at time 0
    n_halts: int  # number of intervals of more than two median intervals


def tapping(opening: FloatArray, rate_hz: float, prominence: float) -> Tapping | None:
    """Return measures of tapping, or None for fewer than 3 taps.

    Args:
        opening: (n,) distance of the tips of thumb and index finger, evenly sampled, without gaps.
        rate_hz: Samples a second.
        prominence: Least rise of a peak, in the unit of ``opening``.
    """
    from scipy.signal import find_peaks

    peaks = find_peaks(opening, prominence=prominence)[0]
    troughs = find_peaks(-opening, prominence=prominence)[0]
    next_trough = np.searchsorted(troughs, peaks)
    has_trough = next_trough < len(troughs)
    if np.count_nonzero(has_trough) < 3:
        return None
    amplitudes = opening[peaks[has_trough]] - opening[troughs[next_trough[has_trough]]]
    times_s = peaks[has_trough] / rate_hz
    slope, intercept = np.polyfit(times_s, amplitudes, 1)
    intervals_s = np.diff(peaks) / rate_hz
    median_interval_s = float(np.median(intervals_s))
    relative_slope_per_s = float(slope / intercept) if intercept else math.nan
    return Tapping(
        n_taps=len(peaks),
        frequency_hz=1 / median_interval_s,
        mean_amplitude=float(amplitudes.mean()),
        slope_per_s=float(slope),
        relative_slope_per_s=relative_slope_per_s,
        n_halts=int(np.count_nonzero(intervals_s > _HALT_MEDIANS * median_interval_s)),
    )
