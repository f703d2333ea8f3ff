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
    left_s: float | None = None  # estimated seconds until the stage ends, or None if unknown


Report = Callable[[Progress], None]


class TimeLeft:
    """Estimator of the seconds left of each stage of a job, at its pace since its first report.

    Steps that were done before the first report of a stage, for example from a cache, do not count for the pace.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage = ""
        self._stage_start_s = 0.0
        self._first_done = 0
        self._last_done = 0

    def estimate(self, progress: Progress) -> float | None:
        """Return the seconds left of the stage; None before its second step, or if its total is unknown."""
        now_s = self._clock()
        if progress.stage != self._stage or progress.done < self._last_done:  # another stage, or a new run of the same
            self._stage = progress.stage
            self._stage_start_s = now_s
            self._first_done = progress.done
        self._last_done = progress.done
        n_steps = progress.done - self._first_done
        if n_steps <= 0 or not progress.total:
            return None
        step_s = (now_s - self._stage_start_s) / n_steps
        return step_s * max(progress.total - progress.done, 0)


def with_time_left(report: Report, clock: Callable[[], float] = time.monotonic) -> Report:
    """Return a report function that adds the seconds left of the stage to every report and passes it on."""
    time_left = TimeLeft(clock)

    def report_with_time(progress: Progress) -> None:
        report(replace(progress, left_s=time_left.estimate(progress)))

    return report_with_time


def silent(_message: Progress | str) -> None:
    """Discard a progress report or a message."""


def one_by_one(stage: str, items: Sequence[ItemT], report: Report) -> Iterator[ItemT]:
    """Yield items in turn, and report the number of finished ones before each and at the end."""
    for n_done, item in enumerate(items):
        report(Progress(stage, n_done, len(items)))
        yield item
    report(Progress(stage, len(items), len(items)))


class CancelToken:
    """A flag that one thread sets and another checks between steps.

    Functions that take a token raise ``Cancelled`` soon after it is set. Their docstrings do not repeat this.
    """

    __slots__ = ("_flag",)

    def __init__(self) -> None:
        self._flag = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        self._flag.set()

    @property
    def cancelled(self) -> bool:
        """True after ``cancel`` was called."""
        return self._flag.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait at most this long for ``cancel``, and return True if it was called."""
        return self._flag.wait(timeout_s)

    def check(self) -> None:
        """Raise ``Cancelled`` if ``cancel`` was called."""
        if self._flag.is_set():
            raise Cancelled


NEVER = CancelToken()
"""Token of jobs that cannot be cancelled; it is never set."""

_CURRENT_TOKEN: ContextVar[CancelToken | None] = ContextVar("token of the job", default=None)


@contextmanager
def cancellable(token: CancelToken) -> Iterator[None]:
    """Make the token of this thread's job available to ``cancel_requested``.

    Steps that take no token, such as database queries, can check it there.
    """
    reset_token = _CURRENT_TOKEN.set(token)
    try:
        yield
    finally:
        _CURRENT_TOKEN.reset(reset_token)


def cancel_requested() -> bool:
    """Return True if the job of this thread was cancelled (see ``cancellable``)."""
    token = _CURRENT_TOKEN.get()
    return token is not None and token.cancelled
