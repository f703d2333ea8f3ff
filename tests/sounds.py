"""Videos with a click and a flash at the same times, and every awkward kind of sound."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from skillviewer.core.arrays import Float32Array

CLICKS_S = (0.5, 1.4, 2.1)
"""Times of the clicks and flashes, in seconds from the first frame."""

LENGTH_S = 3.0
_CLICK_S = 0.02


def clicks(seconds: float, rate_hz: int, times_s: tuple[float, ...] = CLICKS_S) -> Float32Array:
    """Return (n,) faint noise with a loud tone of 20 ms at each time."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    loud = np.zeros(len(t), bool)
    for time_s in times_s:
        loud |= (t >= time_s) & (t < time_s + _CLICK_S)
    noise = 0.002 * np.random.default_rng(0).standard_normal(len(t))
    return np.where(loud, 0.7 * np.sin(2 * np.pi * 1500 * t), noise).astype(np.float32)


def write_clicks(
    path: Path,
    *,
    rate_hz: int = 48000,
    codec: str = "aac",
    picture_codec: str = "libx264",
    starts_s: float = 0.0,
    sound_start_s: float = 0.0,
    sound_stop_s: float = LENGTH_S,
    gap_s: tuple[float, float] = (0.0, 0.0),
    samples: Float32Array | None = None,
    times_s: tuple[float, ...] = CLICKS_S,
    length_s: float = LENGTH_S,
    frame_rate_hz: int = 30,
) -> Path:
    """Write a video of ``length_s`` that flashes when it clicks.

    Args:
        path: The file; its suffix selects the container.
        rate_hz: Sampling rate.
        codec: Encoder of the sound.
        picture_codec: Encoder of the pictures.
        starts_s: Start of both on the container's clock.
        sound_start_s: Start of the sound after the first frame; what comes before is left out.
        sound_stop_s: End of the sound.
        gap_s: Start and stop of a part of the sound that is left out.
        samples: (n,) sound from the first frame on, or None for clicks.
        times_s: Times of the flashes, and of the clicks.
        length_s: Length of the picture.
        frame_rate_hz: Frame rate.
    """
    sound = clicks(length_s, rate_hz, times_s) if samples is None else samples
    with av.open(str(path), "w") as container:
        video, track = (
            container.add_stream(picture_codec, rate=frame_rate_hz),
            container.add_stream(codec, rate=rate_hz),
        )
        assert isinstance(video, VideoStream)
        assert isinstance(track, AudioStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        track.codec_context.layout = "mono"
        frames = _frames(sound, rate_hz, starts_s, (sound_start_s, sound_stop_s), gap_s)
        waiting = next(frames, None)
        for number in range(round(length_s * frame_rate_hz)):
            time_s = number / frame_rate_hz
            lit = any(at <= time_s + 1e-6 < at + 1.5 / frame_rate_hz for at in times_s)
            picture = VideoFrame.from_ndarray(np.full((48, 64, 3), 235 if lit else 20, np.uint8), format="rgb24")
            picture.pts, picture.time_base = round((time_s + starts_s) * 90000), Fraction(1, 90000)
            container.mux(video.encode(picture))
            while waiting is not None and waiting.time is not None and waiting.time <= time_s + starts_s + 0.1:
                container.mux(track.encode(waiting))
                waiting = next(frames, None)
        container.mux([*video.encode(None), *track.encode(None)])
    return path


def _frames(
    sound: Float32Array, rate_hz: int, starts_s: float, within_s: tuple[float, float], gap_s: tuple[float, float]
) -> Iterator[AudioFrame]:
    size = 1024 if rate_hz > 12000 else 256
    for at in range(0, len(sound), size):
        time_s = at / rate_hz
        if not within_s[0] <= time_s < within_s[1] or gap_s[0] <= time_s < gap_s[1]:
            continue
        piece = AudioFrame.from_ndarray(sound[None, at : at + size], format="fltp", layout="mono")
        piece.sample_rate, piece.pts, piece.time_base = rate_hz, at + round(starts_s * rate_hz), Fraction(1, rate_hz)
        yield piece


def loud_s(samples: Float32Array, rate_hz: int = 48000, level: float = 0.3) -> list[float]:
    """Return the time at which each loud part of a sound begins."""
    at = np.flatnonzero(np.abs(samples) > level)
    first = at[np.insert(np.diff(at) > 0.2 * rate_hz, 0, True)] if len(at) else at
    return [float(i) / rate_hz for i in first]


def centres_s(samples: Float32Array, rate_hz: int = 48000) -> list[float]:
    """Return the time of the centre of each loud part of a sound."""
    starts = [round(at * rate_hz) for at in loud_s(samples, rate_hz)]
    spans = [np.abs(samples[max(0, at - rate_hz // 50) : at + rate_hz // 10]) > 0.1 for at in starts]
    return [
        float(max(0, at - rate_hz // 50) + np.flatnonzero(span).mean()) / rate_hz
        for at, span in zip(starts, spans, strict=True)
    ]


def damage_sound(path: Path, share: tuple[float, float], seed: int = 0) -> None:
    """Overwrite the content of the sound's packets in a part of a file, and nothing else, with random bytes."""
    data, random = bytearray(path.read_bytes()), np.random.default_rng(seed)
    with av.open(str(path)) as container:
        packets = [(p.pos or 0, bytes(p)) for p in container.demux(audio=0) if p.size]
    for pos, content in packets[round(share[0] * len(packets)) : round(share[1] * len(packets))]:
        at = data.find(content, pos)
        data[at : at + len(content)] = random.bytes(len(content))
    path.write_bytes(bytes(data))
