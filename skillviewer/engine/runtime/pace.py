"""Pace of this computer: processor time of known pieces of work, for estimates before a job.

Jobs record their processor seconds, which hardly depend on other programs, and the number of processors that they kept
busy at once. Without a record, usual seconds are scaled by the speed of the processor, which a short computation
measures. An estimate divides the processor time by the number of processors that are free for this program now.
"""

import json
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.cores import usable_cores
from skillviewer.core.paths import cache_dir

FILE = "paces.json"
_LOAD_VALID_S = 20
"""Seconds for which a measured load is reused."""
_NEWEST_WEIGHT = 0.5
"""Weight of the newest record in the mean of a pace."""
_MAX_PACES = 500
_CHUNK_NUMBERS = 500_000
"""Numbers in one chunk of the measured computation."""
_MEASURED_S = 0.25
"""Least time of a measurement, in which every program that waits for a processor gets several turns."""
_MIN_CHUNKS = 5
"""Least number of chunks of a measurement, unless it takes longer than ``_MAX_MEASURED_S``."""
_MAX_MEASURED_S = 1.0
_USUAL_CHUNK_S = 0.0012
"""Processor seconds of a chunk on the computer on which the usual seconds were measured."""
_MIN_SHARE = 0.02
_BUSY_SHARE = 0.9
"""Share of a processor below which the computer counts as busy."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Cost of a piece of work."""

    cpu_s: float  # processor seconds of all threads
    width: float  # number of processors that the work keeps busy at once if they are free

    def seconds(self, load: "Load") -> float:
        """Return the seconds that the work takes next to the programs that run now."""
        return self.cpu_s / load.n_free_processors(self.width)


@dataclass(frozen=True, slots=True)
class Load:
    """Use of the processors, measured by a short computation."""

    share: float  # share of one processor that a single thread gets next to other programs, 0 to 1
    speed: float  # speed of an idle processor; 1 is that of the computer on which the usual seconds were measured
    n_cores: int  # number of processors that this program may use

    @property
    def is_busy(self) -> bool:
        """True if other programs use the processors noticeably."""
        return self.share < _BUSY_SHARE

    def n_free_processors(self, width: float) -> float:
        """Return the number of processors that work of a width gets, if all threads have equal priority."""
        width = min(max(width, 1.0), self.n_cores)
        if not self.is_busy:
            return width
        n_other_threads = self.n_cores / self.share - 1
        return min(width, self.n_cores * width / (width + n_other_threads))


IDLE = Load(1.0, 1.0, usable_cores())
"""Load of an idle computer."""


def _own_s() -> float:
    """Return the processor seconds of this process and of its running child processes."""
    this_process = psutil.Process()
    seconds = 0.0
    for process in (this_process, *this_process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # it may end meanwhile
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


def _busy_s() -> float:
    """Return the processor seconds of all programs since the computer was started."""
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0))


def _n_lasting_threads() -> float:
    """Return the mean number of threads of all programs that ran or waited for a processor in the last minute."""
    return float(psutil.getloadavg()[0])


def _share_next_to(n_busy: float, share: float, n_cores: int, n_lasting_threads: float = math.inf) -> float:
    """Return the share of a processor that a single thread would get if this program did nothing else.

    Args:
        n_busy: Number of processors that other programs use.
        share: Share of a processor that a single thread gets, next to other programs and the rest of this one.
        n_cores: Number of processors that this program may use.
        n_lasting_threads: Mean number of threads that needed a processor in the last minute. A burst that lasts no
            longer than the measurement slows down no job of minutes, so more threads are not expected, except one on
            every busy processor.
    """
    n_other_threads = min(n_busy / share, max(n_busy, n_lasting_threads))  # if each gets the same share
    return min(1.0, max(share, n_cores / (n_other_threads + 1)))


def _measure_load() -> Load:
    """Measure the load by a computation that releases Python's lock."""
    values = np.linspace(1.0, 2.0, _CHUNK_NUMBERS)
    power = np.zeros_like(values)
    np.power(values, 0.7, out=power)  # the first time takes twice as long
    chunks_s = list[float]()
    others_before_s = _busy_s() - _own_s()
    started_s = time.perf_counter()
    while True:
        elapsed_s = time.perf_counter() - started_s
        needs_more_chunks = len(chunks_s) < _MIN_CHUNKS and elapsed_s < _MAX_MEASURED_S
        if elapsed_s >= _MEASURED_S and not needs_more_chunks:
            break
        chunk_started_s = time.thread_time()
        np.power(values, 0.7, out=power)
        chunks_s.append(max(time.thread_time() - chunk_started_s, 1e-6))
    elapsed_s = time.perf_counter() - started_s
    n_busy = max(_busy_s() - _own_s() - others_before_s, 0.0) / elapsed_s
    share = min(max(sum(chunks_s) / elapsed_s, _MIN_SHARE), 1.0)
    # by the fastest chunk: two threads on one core slow each other down, and one of them may belong to this program
    speed = _USUAL_CHUNK_S / min(chunks_s)
    n_cores = usable_cores()
    return Load(_share_next_to(n_busy, share, n_cores, _n_lasting_threads()), speed, n_cores)


@lru_cache(maxsize=1)
def _load_in(_period: int) -> Load:
    return _measure_load()


def current_load() -> Load:
    """Return the use of the processors; a measurement takes half a second and is made at most three times a minute."""
    return _load_in(int(time.monotonic() / _LOAD_VALID_S))


def _path() -> Path:
    return cache_dir() / FILE


def _read_paces() -> dict[str, Pace]:
    """Return the recorded paces; empty if they cannot be read."""
    try:
        entries = json.loads(_path().read_text(encoding="utf-8"))
        paces = {str(name): Pace(float(cpu_s), float(width)) for name, (cpu_s, width) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {name: pace for name, pace in paces.items() if 0 < pace.cpu_s < 1e9 and 1 <= pace.width < 1e4}


class PaceTimer:
    """Measures the duration of work, and the processor time of all threads, from its creation."""

    def __init__(self) -> None:
        self._started_wall_s = time.perf_counter()
        self._started_cpu_s = time.process_time()

    def record(self, work: str, amount: float = 1.0, other_s: float = 0.0) -> None:
        """Record the pace of work since the creation of this timer.

        Args:
            work: Name of the work.
            amount: Number of equal pieces of work in that time; the pace is that of one piece.
            other_s: Processor seconds of other work in that time.
        """
        wall_s = time.perf_counter() - self._started_wall_s
        cpu_s = time.process_time() - self._started_cpu_s
        if amount > 0 and cpu_s > other_s:
            record_pace(work, (cpu_s - other_s) / amount, cpu_s / max(wall_s, 1e-6))


def record_pace(work: str, cpu_s: float, width: float) -> None:
    """Record the pace of a piece of work. In a read-only folder nothing is recorded.

    Args:
        work: Name of the work.
        cpu_s: Processor seconds.
        width: Number of processors that the work kept busy on average. It is too small on a busy computer, so the
            greatest record is used.
    """
    paces = _read_paces()
    previous = paces.pop(work, None)
    if previous is not None:
        cpu_s = _NEWEST_WEIGHT * cpu_s + (1 - _NEWEST_WEIGHT) * previous.cpu_s
        width = max(width, previous.width)
    paces[work] = Pace(cpu_s, min(max(width, 1.0), usable_cores()))
    newest = {name: (pace.cpu_s, pace.width) for name, pace in list(paces.items())[-_MAX_PACES:]}
    with suppress(OSError):
        _path().parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(_path()) as temp_path:
            temp_path.write_text(json.dumps(newest), encoding="utf-8")


def pace_of(work: str, usual_s: float, usual_width: float = 1.0) -> Pace:
    """Return the recorded pace of a piece of work on this computer, or else its usual pace scaled to this processor."""
    recorded = _read_paces().get(work)
    if recorded is not None:
        return recorded
    return Pace(usual_s / current_load().speed, min(usual_width, usable_cores()))
