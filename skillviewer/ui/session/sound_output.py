"""The sound device, through PortAudio."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from skillviewer.core.arrays import Float32Array
from skillviewer.core.errors import DeviceError
from skillviewer.core.video.sound import SOUND_RATE_HZ

log = logging.getLogger(__name__)

Fill = Callable[[int, float], Float32Array]
"""Returns the next (2, n) samples, given n and the time of the playhead's clock when the first sample is heard. It is
called in the device's thread."""

_LATENCY_S = 0.12  # requested buffer of the device, long enough for a thread that waits for Python's lock
_MAX_LATENCY_S = 2.0  # no device buffers more; a greater difference is an error of its clock


class SoundOutput(Protocol):
    """A sound device that pulls samples."""

    def start(self, fill: Fill) -> None:
        """Play the samples that ``fill`` returns until ``stop`` is called; a started device is left as it is.

        Raises:
            DeviceError: There is no sound device.
        """

    def stop(self) -> None:
        """Stop at once; a stopped device is left as it is."""


class DeviceOutput:
    """The default sound device of the computer.

    Args:
        clock: Returns the time of the playhead's clock, in seconds; called in the device's thread.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._stream: Any = None

    def start(self, fill: Fill) -> None:
        """Play the samples that ``fill`` returns until ``stop`` is called.

        Raises:
            DeviceError: There is no sound device, or PortAudio is missing.
        """
        if self._stream is not None:
            return
        try:
            import sounddevice  # its library may be missing: an OSError
        except (ImportError, OSError) as error:
            raise DeviceError(
                "Videos play without sound: the library PortAudio is missing (on Debian: apt install libportaudio2)."
            ) from error

        usual_latency_s = _LATENCY_S  # until the device reports its own

        def on_samples_needed(out: Any, n: int, times: Any, _status: object) -> None:  # noqa: ANN401 - types of PortAudio
            latency_s = float(times.outputBufferDacTime - times.currentTime)
            if not 0 < latency_s < _MAX_LATENCY_S:  # some systems do not report it
                latency_s = usual_latency_s
            out[:] = fill(n, self._clock() + latency_s).T

        try:
            stream = sounddevice.OutputStream(
                samplerate=SOUND_RATE_HZ, channels=2, dtype=np.float32, latency=_LATENCY_S, callback=on_samples_needed
            )
            usual_latency_s = float(stream.latency)
            stream.start()
        except (sounddevice.PortAudioError, ValueError, OSError) as error:
            log.info("no sound: %s", error)
            raise DeviceError("Videos play without sound: there is no sound device.") from error
        self._stream = stream

    def stop(self) -> None:
        """Stop at once; a stopped device is left as it is."""
        stream = self._stream
        self._stream = None
        if stream is not None:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
