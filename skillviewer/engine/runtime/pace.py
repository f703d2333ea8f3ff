"""Pace of this computer: seconds of known pieces of work, for estimates before a job.

Paces are kept in units of a short computation of a tenth of a second, both in time of the processor, so that a job on a
busy computer records the pace of an idle one. An estimate is multiplied by how much longer that computation takes now.
What a job took is recorded; before, a table of typical paces serves.
"""

import json
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.paths import cache_dir

FILE = "pace.json"
_SIDE, _ROUNDS = 512, 5
_SAME_S = 60
"""Seconds for which a measured unit holds."""
_MIX = 0.5
"""Weight of the newest measurement of a pace."""
_MAX_PACES = 500
_LEAST_S = 1e-5
_MOST_BUSY = 20.0


def _measured_unit() -> tuple[float, float]:
    """Return the processor seconds of one unit, and the seconds for each of them.

    A unit is a product of two matrices, and a pass over memory; the median of a few is returned.
    """
    rng = np.random.default_rng(0)
    first, second = rng.random((2, _SIDE, _SIDE), np.float32)
    memory = rng.random(1 << 20, np.float32)
    times, began = [], (time.perf_counter(), time.thread_time())
    for _ in range(_ROUNDS):
        started = time.thread_time()
        for _ in range(4):
            first @ second
        np.sqrt(memory).sum()
        times.append(time.thread_time() - started)
    wall_s, cpu_s = time.perf_counter() - began[0], time.thread_time() - began[1]
    return max(float(np.median(times)), _LEAST_S), min(max(wall_s / max(cpu_s, _LEAST_S), 1.0), _MOST_BUSY)


@lru_cache(maxsize=1)
def _unit_at(_minute: int) -> tuple[float, float]:
    return _measured_unit()


def unit_s() -> float:
    """Return the processor seconds of a unit of work on this computer; measured once a minute."""
    return _unit_at(int(time.monotonic() / _SAME_S))[0]


def busy_factor() -> float:
    """Return the seconds for each processor second now: 1 on an idle computer; measured once a minute."""
    return _unit_at(int(time.monotonic() / _SAME_S))[1]


def _path() -> Path:
    return cache_dir() / FILE


def _paces() -> dict[str, float]:
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
        return {str(name): float(pace) for name, pace in found.items() if 0 < float(pace) < 1e9}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


class PaceTimer:
    """Measures work from its creation, in seconds of an idle computer.

    On a busy one the process waits for its turn: then the time of the processor counts, of all threads.
    """

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def idle_s(self) -> float:
        """Return the seconds so far that the work takes on an idle computer."""
        return min(time.perf_counter() - self._began[0], time.process_time() - self._began[1])


def record_pace(work: str, seconds: float) -> None:
    """Record the seconds that a piece of work takes on an idle computer (see ``PaceTimer``).

    A folder that cannot be written changes nothing.
    """
    if seconds <= 0:
        return
    paces = _paces()
    units, before = seconds / unit_s(), paces.pop(work, None)
    paces[work] = units if before is None else _MIX * units + (1 - _MIX) * before
    newest = dict(list(paces.items())[-_MAX_PACES:])
    with suppress(OSError):
        _path().parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(_path()) as temp_path:
            temp_path.write_text(json.dumps(newest), encoding="utf-8")


def pace_s(work: str, usual_units: float) -> float:
    """Return the seconds of a piece of work now: as it was recorded on this computer, else by its usual units."""
    return _paces().get(work, usual_units) * unit_s() * busy_factor()
