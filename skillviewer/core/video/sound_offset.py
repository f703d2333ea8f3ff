"""Offset between two recordings of one scene, found by their sound.

The onsets of both sounds are correlated at every lag by FFT. One lag has to stand out from all others and to recur in
both halves of the common part. Sounds that repeat evenly, or that belong to two scenes, are therefore rejected.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from skillviewer.core.arrays import Float32Array, FloatArray

OFFSET_RATE_HZ = 8000
"""Sampling rate of the sounds that are compared."""

_HOP = 40  # samples per element of the onset strength: 5 ms
_HOP_S = _HOP / OFFSET_RATE_HZ
_PEAK_WIDTH_S = 0.15  # lags closer to the best one belong to its peak
_MAX_HALF_DIFFERENCE_S = 0.06  # greatest difference between the lags of both halves of the common part
_MIN_COMMON_S = 2.0  # shortest common part
_MIN_COMMON_SHARE = 0.3  # shortest common part, as a share of the shorter sound

MIN_CORRELATION = 0.5
MIN_CONFIDENCE = 0.35
"""Least correlation and confidence of an offset that is used (``python -m benchmarks.sound_offsets``)."""

_MIN_HALF_CORRELATION = 0.3  # least correlation of each half
_MIN_ONSETS = 4  # fewest onsets in the common part; a single one fits anywhere
_CLEAR_ONSET_SDS = 3.0  # least strength of a clear onset, in standard deviations


@dataclass(frozen=True, slots=True)
class SoundOffset:
    """Offset of one recording against another, by sound.

    Attributes:
        offset_s: Time in the other recording minus time in this one, at the same moment of the scene.
        correlation: Correlation of the onsets at that lag, -1 to 1.
        confidence: 1 minus the ratio of the second best correlation to the best, 0 to 1; 0 if there is no best one.
        reason: Sentence that says why the offset is rejected, or "".
    """

    offset_s: float
    correlation: float
    confidence: float
    reason: str = ""

    @property
    def is_sure(self) -> bool:
        """True if the offset may be used."""
        return not self.reason


def find_offset(sound: Float32Array, other_sound: Float32Array) -> SoundOffset:
    """Return the offset between two recordings of a scene; its ``reason`` is set if it is rejected.

    Args:
        sound: (n,) sound of this recording at 8 kHz, from its first frame on.
        other_sound: (m,) sound of the other recording at 8 kHz, from its first frame on.
    """
    first = onset_strength(sound)
    second = onset_strength(other_sound)
    if not first.any() or not second.any():
        return SoundOffset(0.0, 0.0, 0.0, "One of the two recordings is silent.")
    min_common_s = max(_MIN_COMMON_S, _MIN_COMMON_SHARE * min(len(first), len(second)) * _HOP_S)
    correlation = _correlation(first, second, round(min_common_s / _HOP_S))
    if not np.isfinite(correlation).any():
        return SoundOffset(0.0, 0.0, 0.0, f"The recordings are too short: {_MIN_COMMON_S:g} s are needed.")
    lag_index = int(np.nanargmax(correlation))
    best = float(correlation[lag_index])
    lag = lag_index - (len(first) - 1)
    peak_width = round(_PEAK_WIDTH_S / _HOP_S)
    outside_peak = correlation.copy()
    outside_peak[max(0, lag_index - peak_width) : lag_index + peak_width + 1] = np.nan
    second_best = float(np.nanmax(outside_peak)) if np.isfinite(outside_peak).any() else 0.0
    confidence = float(np.clip(1 - max(second_best, 0.0) / best, 0, 1)) if best > 0 else 0.0
    offset_s = (lag + _vertex(correlation, lag_index)) * _HOP_S
    if best < MIN_CORRELATION or confidence < MIN_CONFIDENCE:
        reason = "The sounds do not fit together at one place alone: they repeat, or are of two scenes."
    else:
        reason = _rejection(first, second, lag)
    return SoundOffset(offset_s, best, confidence, reason)


def _rejection(first: FloatArray, second: FloatArray, lag: int) -> str:
    """Return a sentence that says why a lag with a high correlation is rejected, or ""."""
    if _n_onsets(first, second, lag) < _MIN_ONSETS:
        return f"Fewer than {_MIN_ONSETS} clear sounds are in both recordings."
    difference_s, weaker_correlation = _compare_halves(first, second, lag)
    if weaker_correlation < _MIN_HALF_CORRELATION:
        return "The sounds fit together in one half of their common part alone."
    if difference_s > _MAX_HALF_DIFFERENCE_S:
        return f"The halves of the recordings give offsets {1000 * difference_s:.0f} ms apart: a clock is wrong or cut."
    return ""


def onset_strength(sound: Float32Array) -> FloatArray:
    """Return the rise of a sound's loudness minus its mean, (n,) at 200 Hz; level and noise hardly change it."""
    n = len(sound) // _HOP
    power = (sound[: n * _HOP].reshape(n, _HOP).astype(np.float64) ** 2).mean(axis=1)
    if not power.any():
        return np.zeros(n)
    noise_power = max(float(np.percentile(power[power > 0], 20)), 1e-4 * float(np.percentile(power, 99.9)), 1e-12)
    loudness = np.log10(1 + power / noise_power)
    smoothed_loudness = np.convolve(loudness, np.ones(4) / 4, mode="same")
    rise = np.maximum(np.diff(smoothed_loudness, prepend=smoothed_loudness[:1], n=1), 0)
    smoothed_rise = np.convolve(rise, np.hanning(9)[1:-1] / np.hanning(9).sum(), mode="same")
    return np.asarray(smoothed_rise - smoothed_rise.mean())


def _correlation(first: FloatArray, second: FloatArray, min_common: int) -> FloatArray:
    """Return the correlation at lags -(n - 1) to m - 1; NaN where fewer than ``min_common`` elements are common."""
    n = len(first)
    m = len(second)
    size = next_fast_len(n + m - 1, real=True)

    def products(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the sum over t of a(t) b(t + lag) for every lag."""
        circular = irfft(np.conj(rfft(a, size)) * rfft(b, size), size)
        return np.concatenate([circular[size - (n - 1) :], circular[:m]])

    lags = np.arange(-(n - 1), m)
    n_common = np.minimum(n, m - lags) - np.maximum(0, -lags)
    energy = products(first**2, np.ones(m)) * products(np.ones(n), second**2)
    scale = float((first**2).sum() * (second**2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = products(first, second) / np.sqrt(np.where(energy > 1e-9 * scale, energy, np.nan))
    correlation[n_common < min_common] = np.nan
    return correlation


def _vertex(values: FloatArray, index: int) -> float:
    """Return the vertex of a parabola through a maximum and its neighbours, -0.5 to 0.5 from the maximum."""
    if not 0 < index < len(values) - 1 or not np.isfinite(values[index - 1 : index + 2]).all():
        return 0.0
    left, middle, right = values[index - 1 : index + 2]
    curvature = left - 2 * middle + right
    if curvature >= 0:
        return 0.0
    return float(np.clip((left - right) / (2 * curvature), -0.5, 0.5))


def _compare_halves(first: FloatArray, second: FloatArray, lag: int) -> tuple[float, float]:
    """Return the difference in seconds between the lags of both halves of the common part, and the lesser correlation.

    Lags within twice the width of a peak around ``lag`` are tried.
    """
    start = max(0, -lag)
    stop = min(len(first), len(second) - lag)
    middle = (start + stop) // 2
    max_shift = round(2 * _PEAK_WIDTH_S / _HOP_S)
    shifts = range(-max_shift, max_shift + 1)
    best_shifts = []
    best_correlations = []
    for half_start, half_stop in ((start, middle), (middle, stop)):
        correlations = [_part_correlation(first, second, half_start, half_stop, lag=lag + shift) for shift in shifts]
        best_shifts.append(shifts[int(np.argmax(correlations))])
        best_correlations.append(max(correlations))
    return abs(best_shifts[1] - best_shifts[0]) * _HOP_S, min(best_correlations)


def _n_onsets(first: FloatArray, second: FloatArray, lag: int) -> int:
    """Return the number of clear onsets in the common part, for the recording with fewer of them."""
    start = max(0, -lag)
    stop = min(len(first), len(second) - lag)
    first_is_clear = first[start:stop] > _CLEAR_ONSET_SDS * first.std()
    second_is_clear = second[start + lag : stop + lag] > _CLEAR_ONSET_SDS * second.std()
    return min(_n_rises(first_is_clear), _n_rises(second_is_clear))


def _n_rises(values: NDArray[np.bool_]) -> int:
    steps = np.diff(values.astype(np.int8))
    return int(np.count_nonzero(steps > 0))


def _part_correlation(first: FloatArray, second: FloatArray, start: int, stop: int, lag: int) -> float:
    """Return the correlation of a part of the first sound with the second at a lag; 0 if either is silent there."""
    start = max(start, -lag)
    stop = min(stop, len(second) - lag)
    if stop <= start:
        return 0.0
    part = first[start:stop]
    other_part = second[start + lag : stop + lag]
    scale = float(np.linalg.norm(part) * np.linalg.norm(other_part))
    return float(part @ other_part) / scale if scale > 0 else 0.0
