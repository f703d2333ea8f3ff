"""Progress reports of long jobs, and their cancellation."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TypeVar

from skillviewer.core.errors import Cancelled

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a job."""

    stage: str  # current activity, in a few words for the user
    done: int = 0  # number of finished steps
    total: int = 0  # number of steps in all; 0 if unknown
    value: object = None  # an intermediate result (a partial ``Analysis``, a row of a training log), or None
    left_s: float | None = None  # seconds left of the stage at its pace so far, or None if unknown


Report = Callable[[Progress], None]


class TimeLeft:
    """Estimate of the seconds left of each stage of a job, at its pace since its first report.

    Steps that were done before the first report of a stage, from a cache say, do not count for the pace.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage = ""
        self._began_s = 0.0
        self._first = self._last = 0

    def of(self, progress: Progress) -> float | None:
        """Return the seconds left of the stage of a report, or None before a second step or for an unknown total."""
        now_s = self._clock()
        if progress.stage != self._stage or progress.done < self._last:  # another stage, or the same again
            self._stage = progress.stage
            self._began_s = now_s
            self._first = progress.done
        self._last = progress.done
        steps = progress.done - self._first
        if steps <= 0 or not progress.total:
            return None
        return (now_s - self._began_s) / steps * max(progress.total - progress.done, 0)


def with_time_left(report: Report, clock: Callable[[], float] = time.monotonic) -> Report:
    """Return a report function that hands on every report with the seconds left of its stage."""
    left = TimeLeft(clock)

    def timed(progress: Progress) -> None:
        report(replace(progress, left_s=left.of(progress)))

    return timed


def silent(_told: Progress | str) -> None:
    """Discard a report, or an announcement."""


def one_by_one(stage: str, items: Sequence[ItemT], report: Report) -> Iterator[ItemT]:
    """Yield items in turn, and report how many are done before each, and when the last one is."""
    for n_done, item in enumerate(items):
        report(Progress(stage, n_done, len(items)))
        yield item
    report(Progress(stage, len(items), len(items)))


class CancelToken:
    """A flag that one thread raises and another checks between steps.

    Whatever is given one raises ``Cancelled`` soon after it was raised; docstrings do not repeat this.
    """

    __slots__ = ("_flag",)

    def __init__(self) -> None:
        self._flag = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        self._flag.set()

    @property
    def cancelled(self) -> bool:
        """True once ``cancel`` was called."""
        return self._flag.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for ``cancel`` for at most this time; return True if it was called."""
        return self._flag.wait(timeout_s)

    def check(self) -> None:
        """Raise ``Cancelled`` if ``cancel`` was called."""
        if self._flag.is_set():
            raise Cancelled


NEVER = CancelToken()
"""The token of jobs that are never stopped; it is never raised."""

_OF_THREAD: ContextVar[CancelToken | None] = ContextVar("token of the job", default=None)


@contextmanager
def cancellable(token: CancelToken) -> Iterator[None]:
    """Expose the token of this thread's job to steps that get none as an argument, such as database queries."""
    before = _OF_THREAD.set(token)
    try:
        yield
    finally:
        _OF_THREAD.reset(before)


def cancel_requested() -> bool:
    """Return True if the job of this thread was cancelled."""
    token = _OF_THREAD.get()
    return token is not None and token.cancelled
