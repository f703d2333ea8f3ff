"""A stopwatch that can be paused."""

from collections.abc import Callable


class Stopwatch:
    """Counts seconds while it runs.

    Args:
        now_s: Clock in seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._counted_s = 0.0
        self._since_s: float | None = None

    @property
    def time_s(self) -> float:
        """Seconds counted so far."""
        return self._counted_s + (0.0 if self._since_s is None else self._now_s() - self._since_s)

    @property
    def running(self) -> bool:
        return self._since_s is not None

    def restart(self) -> None:
        """Count from zero."""
        self._counted_s, self._since_s = 0.0, self._now_s()

    def reset(self) -> None:
        """Set to zero, and pause."""
        self._counted_s, self._since_s = 0.0, None

    def resume(self) -> None:
        if self._since_s is None:
            self._since_s = self._now_s()

    def pause(self) -> None:
        self._counted_s, self._since_s = self.time_s, None
