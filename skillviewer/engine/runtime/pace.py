"""Pace of this computer: processor time of known pieces of work, for estimates before a job.

What a job took is recorded in processor seconds, which other programs hardly change, with the number of processors that
it kept busy at once. Before any record a table of usual seconds serves, scaled by a short computation. An estimate
divides the processor time by the processors that are free for this program now.
"""

import json
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
_SAME_S = 20
"""Seconds for which a measured load holds."""
_NEWEST = 0.5
"""Weight of the newest record of a pace."""
_MAX_PACES = 500
_CHUNK = 500_000
_MEASURED_S = 0.25
"""Seconds of a measurement: several turns of every program that waits for a processor."""
_MIN_CHUNKS = 5
"""Chunks of a measurement at least, since one alone says little on a busy computer."""
_MAX_MEASURED_S = 1.0
"""Seconds after which a measurement ends with fewer chunks."""
_USUAL_CHUNK_S = 0.0012
"""Processor seconds of a chunk on the computer on which the usual seconds were measured."""
_MIN_SHARE = 0.02
_BUSY_SHARE = 0.9
"""Share of a processor below which other programs are said to use it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Cost of a piece of work."""

    cpu_s: float  # processor seconds, of all threads together
    width: float  # processors that it keeps busy at once if they are free

    def seconds(self, load: "Load") -> float:
        """Return the seconds that the work takes next to the programs that run now."""
        return self.cpu_s / load.free(self.width)


@dataclass(frozen=True, slots=True)
class Load:
    """Use of the processors, measured by a short computation."""

    share: float  # share of one processor that a single thread gets next to other programs, 0 to 1
    speed: float  # speed of an idle processor; 1 is that of the computer on which the usual seconds were measured
    n_cores: int  # processors of this program

    @property
    def is_busy(self) -> bool:
        """True if other programs use the processors noticeably."""
        return self.share < _BUSY_SHARE

    def free(self, width: float) -> float:
        """Return the processors that work of a width gets: its share among threads of equal priority."""
        width = min(max(width, 1.0), self.n_cores)
        if not self.is_busy:
            return width
        others = self.n_cores / self.share - 1  # threads of other programs that a single thread shares with
        return min(width, self.n_cores * width / (width + others))


IDLE = Load(1.0, 1.0, usable_cores())
"""The processors as they are on an idle computer."""


def _own_s() -> float:
    """Return the processor seconds of this process and of those that it started and that still run."""
    process = psutil.Process()
    seconds = 0.0
    for one_process in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # it has ended meanwhile
            times = one_process.cpu_times()
            seconds += times.user + times.system
    return seconds


def _busy_s() -> float:
    """Return the processor seconds of all programs since the computer was started."""
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0))


def _share_next_to(others: float, share: float, n_cores: int) -> float:
    """Return the share of a processor that a single thread would get if this program did nothing else.

    Args:
        others: Processors that other programs use.
        share: Share of a processor that a single thread gets, next to other programs and the rest of this one.
        n_cores: Processors of this program.
    """
    n_threads = others / share  # threads of other programs, each with the share of this one
    return min(1.0, max(share, n_cores / (n_threads + 1)))


def _measured_load() -> Load:
    """Measure the load by a computation that releases Python's lock."""
    values = np.linspace(1.0, 2.0, _CHUNK)
    power = np.zeros_like(values)
    np.power(values, 0.7, out=power)  # the first time costs twice as much
    cpu = list[float]()
    others_before_s = _busy_s() - _own_s()
    began_s = time.perf_counter()
    while (elapsed_s := time.perf_counter() - began_s) < _MEASURED_S or (
        len(cpu) < _MIN_CHUNKS and elapsed_s < _MAX_MEASURED_S
    ):
        started_s = time.thread_time()
        np.power(values, 0.7, out=power)
        cpu.append(max(time.thread_time() - started_s, 1e-6))
    elapsed_s = time.perf_counter() - began_s
    others = max(_busy_s() - _own_s() - others_before_s, 0.0) / elapsed_s
    share = min(max(sum(cpu) / elapsed_s, _MIN_SHARE), 1.0)
    n_cores = usable_cores()
    # the fastest chunk: two threads on one core slow each other down, and one of them may be the window's own
    return Load(_share_next_to(others, share, n_cores), _USUAL_CHUNK_S / min(cpu), n_cores)


@lru_cache(maxsize=1)
def _load_at(_moment: int) -> Load:
    return _measured_load()


def load_now() -> Load:
    """Return the use of the processors; measured at most three times a minute, in half a second."""
    return _load_at(int(time.monotonic() / _SAME_S))


def _path() -> Path:
    return cache_dir() / FILE


def _paces() -> dict[str, Pace]:
    try:
        entries = json.loads(_path().read_text(encoding="utf-8"))
        paces = {str(name): Pace(float(cpu_s), float(width)) for name, (cpu_s, width) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {name: pace for name, pace in paces.items() if 0 < pace.cpu_s < 1e9 and 1 <= pace.width < 1e4}


class PaceTimer:
    """Measures work from its creation: its processor time, of all threads of this process, and its duration."""

    def __init__(self) -> None:
        self._began_wall_s = time.perf_counter()
        self._began_cpu_s = time.process_time()

    def record(self, work: str, amount: float = 1.0, other_s: float = 0.0) -> None:
        """Record the pace of one of ``amount`` equal pieces of work since the creation of this timer.

        ``other_s`` are processor seconds of other work in that time.
        """
        wall_s = time.perf_counter() - self._began_wall_s
        cpu_s = time.process_time() - self._began_cpu_s
        if amount > 0 and cpu_s > other_s:
            record_pace(work, (cpu_s - other_s) / amount, cpu_s / max(wall_s, 1e-6))


def record_pace(work: str, cpu_s: float, width: float) -> None:
    """Record the pace of a piece of work. A read-only folder is ignored.

    Args:
        work: Name of the work.
        cpu_s: Processor seconds.
        width: Processors that it kept busy on average. On a busy computer these are too few, so the largest record
            counts.
    """
    paces = _paces()
    previous = paces.pop(work, None)
    if previous is not None:
        cpu_s = _NEWEST * cpu_s + (1 - _NEWEST) * previous.cpu_s
        width = max(width, previous.width)
    paces[work] = Pace(cpu_s, min(max(width, 1.0), usable_cores()))
    newest = {name: (pace.cpu_s, pace.width) for name, pace in list(paces.items())[-_MAX_PACES:]}
    with suppress(OSError):
        _path().parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(_path()) as temp_path:
            temp_path.write_text(json.dumps(newest), encoding="utf-8")


def pace_of(work: str, usual_s: float, usual_width: float = 1.0) -> Pace:
    """Return the recorded pace of a piece of work on this computer, or else its usual processor seconds."""
    pace = _paces().get(work)
    return pace if pace is not None else Pace(usual_s / load_now().speed, min(usual_width, usable_cores()))
