"""Offset between two recordings of one scene, found by their sound.

The onsets of both sounds are correlated at every lag at once by FFT. One lag has to stand out from all others, and has
to be found in both halves of the common part: sounds that repeat evenly, or that are of two scenes, are refused.
"""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from skillviewer.core.arrays import Float32Array, FloatArray

OFFSET_RATE_HZ = 8000
"""Sampling rate of the sounds that are compared."""

_HOP = 40  # samples per element of the onset strength: 5 ms
_HOP_S = _HOP / OFFSET_RATE_HZ
_NEAR_S = 0.15  # lags nearer to the best one belong to its peak
_HALVES_S = 0.06  # by so much may the halves of the common part differ
_MIN_COMMON_S = 2.0  # shortest common part that is looked at
_MIN_SHARE = 0.3  # the same as a share of the shorter sound

MIN_CORRELATION = 0.5
MIN_CONFIDENCE = 0.35
"""Least correlation and confidence of an offset that is used (``python -m benchmarks.sound_offsets``)."""

_MIN_OF_HALF = 0.3  # least correlation of each half
_MIN_ONSETS = 4  # fewest onsets in the common part: one alone fits anywhere
_CLEAR = 3.0  # standard deviations of a clear onset


@dataclass(frozen=True, slots=True)
class SoundOffset:
    """Offset of one recording against another, by sound.

    Attributes:
        offset_s: Time in the other recording minus time in this one, at the same moment of the scene.
        correlation: Correlation of the onsets at that lag, -1 to 1.
        confidence: 1 minus the ratio of the second best correlation to the best, 0 to 1; 0 if there is no best one.
        reason: Why the offset is not to be used, in a sentence, or "".
    """

    offset_s: float
    correlation: float
    confidence: float
    reason: str = ""

    @property
    def is_sure(self) -> bool:
        """True if the offset may be used."""
        return not self.reason


def find_offset(own: Float32Array, other: Float32Array) -> SoundOffset:
    """Find the offset between two recordings of a scene; ``reason`` says if it is unsure.

    Args:
        own: (n,) sound of this recording at 8 kHz, from its first frame on.
        other: (m,) sound of the other recording.
    """
    first, second = onset_strength(own), onset_strength(other)
    if not first.any() or not second.any():
        return SoundOffset(0.0, 0.0, 0.0, "One of the two recordings is silent.")
    min_common_s = max(_MIN_COMMON_S, _MIN_SHARE * min(len(first), len(second)) * _HOP_S)
    correlation = _correlation(first, second, round(min_common_s / _HOP_S))
    if not np.isfinite(correlation).any():
        return SoundOffset(0.0, 0.0, 0.0, f"The recordings are too short: {_MIN_COMMON_S:g} s are needed.")
    lag_index = int(np.nanargmax(correlation))
    best = float(correlation[lag_index])
    lag = lag_index - (len(first) - 1)
    near = round(_NEAR_S / _HOP_S)
    others = correlation.copy()
    others[max(0, lag_index - near) : lag_index + near + 1] = np.nan
    second_best = float(np.nanmax(others)) if np.isfinite(others).any() else 0.0
    confidence = float(np.clip(1 - max(second_best, 0.0) / best, 0, 1)) if best > 0 else 0.0
    offset_s = (lag + _vertex(correlation, lag_index)) * _HOP_S
    reason = ""
    if best < MIN_CORRELATION or confidence < MIN_CONFIDENCE:
        reason = "The sounds do not fit together at one place alone: they repeat, or are of two scenes."
    else:
        apart_s, weaker = _halves(first, second, lag)
        if _n_onsets(first, second, lag) < _MIN_ONSETS:
            reason = f"Fewer than {_MIN_ONSETS} clear sounds are in both recordings."
        elif weaker < _MIN_OF_HALF:
            reason = "The sounds fit together in one half of their common part alone."
        elif apart_s > _HALVES_S:
            reason = (
                f"The halves of the recordings give offsets {1000 * apart_s:.0f} ms apart: a clock is wrong or cut."
            )
    return SoundOffset(offset_s, best, confidence, reason)


def onset_strength(sound: Float32Array) -> FloatArray:
    """Return the rise of the loudness of a sound, (n,) at 200 Hz, not negative; level and noise hardly change it."""
    n = len(sound) // _HOP
    power = (sound[: n * _HOP].reshape(n, _HOP).astype(np.float64) ** 2).mean(axis=1)
    if not power.any():
        return np.zeros(n)
    floor = max(float(np.percentile(power[power > 0], 20)), 1e-4 * float(np.percentile(power, 99.9)), 1e-12)
    loudness = np.log10(1 + power / floor)
    smooth = np.convolve(loudness, np.ones(4) / 4, mode="same")
    rise = np.maximum(np.diff(smooth, prepend=smooth[:1], n=1), 0)
    wide = np.convolve(rise, np.hanning(9)[1:-1] / np.hanning(9).sum(), mode="same")
    return np.asarray(wide - wide.mean())


def _correlation(first: FloatArray, second: FloatArray, min_common: int) -> FloatArray:
    """Return the correlation at lags -(n - 1) to m - 1; NaN where fewer than ``min_common`` elements are common."""
    n, m = len(first), len(second)
    size = next_fast_len(n + m - 1, real=True)

    def products(a: FloatArray, b: FloatArray) -> FloatArray:
        """Return the sum over t of a(t) b(t + lag)."""
        every = irfft(np.conj(rfft(a, size)) * rfft(b, size), size)
        return np.concatenate([every[size - (n - 1) :], every[:m]])

    lags = np.arange(-(n - 1), m)
    common = np.minimum(n, m - lags) - np.maximum(0, -lags)
    energy = products(first**2, np.ones(m)) * products(np.ones(n), second**2)
    scale = float((first**2).sum() * (second**2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = products(first, second) / np.sqrt(np.where(energy > 1e-9 * scale, energy, np.nan))
    correlation[common < min_common] = np.nan
    return correlation


def _vertex(values: FloatArray, index: int) -> float:
    """Return the place of the vertex of a parabola through a maximum and its neighbours, -0.5 to 0.5."""
    if not 0 < index < len(values) - 1 or not np.isfinite(values[index - 1 : index + 2]).all():
        return 0.0
    left, middle, right = values[index - 1 : index + 2]
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0


def _halves(first: FloatArray, second: FloatArray, lag: int) -> tuple[float, float]:
    """Return the difference between the lags of both halves of the common part, and the lesser correlation."""
    start = max(0, -lag)
    stop = min(len(first), len(second) - lag)
    middle = (start + stop) // 2
    reach = round(2 * _NEAR_S / _HOP_S)
    lags, correlations = [], []
    for begin, end in ((start, middle), (middle, stop)):
        candidate_lags = range(-reach, reach + 1)
        similarities = [_alike(first, second, begin, end, lag + step) for step in candidate_lags]
        lags.append(candidate_lags[int(np.argmax(similarities))])
        correlations.append(max(similarities))
    return abs(lags[1] - lags[0]) * _HOP_S, min(correlations)


def _n_onsets(first: FloatArray, second: FloatArray, lag: int) -> int:
    """Return the number of clear onsets in the common part, of the recording with fewer of them."""
    start = max(0, -lag)
    stop = min(len(first), len(second) - lag)
    parts = ((first, first[start:stop]), (second, second[start + lag : stop + lag]))
    clear = [part > _CLEAR * whole.std() for whole, part in parts]
    return min(int(np.count_nonzero(np.diff(is_clear.astype(np.int8)) > 0)) for is_clear in clear)


def _alike(first: FloatArray, second: FloatArray, begin: int, end: int, lag: int) -> float:
    """Return the correlation of a part of the first with the second at a lag; 0 if either is silent there."""
    begin = max(begin, -lag)
    end = min(end, len(second) - lag)
    if end <= begin:
        return 0.0
    part = first[begin:end]
    other_part = second[begin + lag : end + lag]
    scale = float(np.linalg.norm(part) * np.linalg.norm(other_part))
    return float(part @ other_part) / scale if scale > 0 else 0.0
