"""What long work and the one who waits for it say to each other."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from skillviewer.core.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        stage: What is being done, in a few words for a person.
        done: Steps finished.
        total: Steps in all; 0 when it is not known.
        value: Something finished on the way (a partial ``Analysis``, a training log row), or None.
    """

    stage: str
    done: int = 0
    total: int = 0
    value: object = None


Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Report to nobody."""


class CancelToken:
    """A flag that one thread raises and another checks between steps."""

    __slots__ = ("_flag",)

    def __init__(self) -> None:
        self._flag = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        self._flag.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._flag.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until somebody asks to stop, at most so long; return whether somebody did."""
        return self._flag.wait(timeout_s)

    def check(self) -> None:
        """Raise ``Cancelled`` when somebody asked to stop."""
        if self._flag.is_set():
            raise Cancelled


_OF_THREAD: ContextVar[CancelToken | None] = ContextVar("token of the job", default=None)


@contextmanager
def stoppable(token: CancelToken) -> Iterator[None]:
    """Let steps that are given no token, such as a query, look at this one while a job runs in this thread."""
    before = _OF_THREAD.set(token)
    try:
        yield
    finally:
        _OF_THREAD.reset(before)


def stop_asked() -> bool:
    """Return whether the job that this thread runs was asked to stop."""
    token = _OF_THREAD.get()
    return token is not None and token.cancelled
