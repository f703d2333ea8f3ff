"""Pace of this computer: seconds of known pieces of work, for estimates before a job.

Paces are kept in units of a short computation that takes a tenth of a second and is measured anew for each estimate,
so that they hold on a busy computer too. What a job took is recorded; before, a table of typical paces serves.
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


def _measured_unit_s() -> float:
    """Return the seconds of one unit: a product of two matrices, and a pass over memory; the median of a few."""
    rng = np.random.default_rng(0)
    first, second = rng.random((2, _SIDE, _SIDE), np.float32)
    memory = rng.random(1 << 20, np.float32)
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for _ in range(4):
            first @ second
        np.sqrt(memory).sum()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


@lru_cache(maxsize=1)
def _unit_at(_minute: int) -> float:
    return _measured_unit_s()


def unit_s() -> float:
    """Return the seconds that a unit of work takes now, on this computer; measured once a minute."""
    return _unit_at(int(time.monotonic() / _SAME_S))


def _path() -> Path:
    return cache_dir() / FILE


def _paces() -> dict[str, float]:
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
        return {str(name): float(pace) for name, pace in found.items() if 0 < float(pace) < 1e9}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def record_pace(work: str, seconds: float) -> None:
    """Record that a piece of work took some seconds; a folder that cannot be written changes nothing."""
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
    return _paces().get(work, usual_units) * unit_s()
