"""Progress reports of long jobs, and their cancellation."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
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


Report = Callable[[Progress], None]


def silent(_told: Progress | str) -> None:
    """Discard a report, or an announcement."""


def one_by_one(stage: str, items: Sequence[ItemT], report: Report) -> Iterator[ItemT]:
    """Yield items in turn, and report how many are done before each, and when the last one is."""
    for done, item in enumerate(items):
        report(Progress(stage, done, len(items)))
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
