"""Change of the speed of a sound without a change of pitch, by libav's filter ``atempo``."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

from skillviewer.core.arrays import Float32Array
from skillviewer.core.video.sound import SOUND_RATE_HZ

SLOW_LEAD_S = 0.0128
"""Time by which ``atempo`` is ahead of its input at speeds below 1 (measured: clicks at random times, 0.5 to 0.9)."""


class TimeStretch:
    """Filter that changes the speed of a sound.

    Args:
        speed: Seconds of the input per second of the output, 0.5 to 2.
    """

    def __init__(self, speed: float) -> None:
        self._n_fed = 0
        self._graph = Graph()
        time_base = Fraction(1, SOUND_RATE_HZ)
        source = self._graph.add_abuffer(sample_rate=SOUND_RATE_HZ, format="fltp", layout="stereo", time_base=time_base)
        tempo = self._graph.add("atempo", f"{speed:.6f}")
        planar = self._graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo")  # atempo returns packed samples
        sink = self._graph.add("abuffersink")
        source.link_to(tempo)
        tempo.link_to(planar)
        planar.link_to(sink)
        self._graph.configure()

    def feed(self, samples: Float32Array) -> Iterator[Float32Array]:
        """Add samples, (2, n) float32, to the input, and yield the output that is ready, (2, m) float32."""
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate = SOUND_RATE_HZ
        frame.pts = self._n_fed
        frame.time_base = Fraction(1, SOUND_RATE_HZ)
        self._n_fed += samples.shape[1]
        self._graph.push(frame)
        yield from self._ready()

    def flush(self) -> Iterator[Float32Array]:
        """Yield the remaining output; nothing can be fed afterwards."""
        self._graph.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[Float32Array]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, AudioFrame)
            yield frame.to_ndarray().astype(np.float32, copy=False)
