"""Time that is taken, without the time in which nobody looked."""

from collections.abc import Callable


class Stopwatch:
    """Counts seconds while it runs.

    Args:
        now_s: Clock in seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._kept_s = 0.0
        self._since_s: float | None = None

    @property
    def time_s(self) -> float:
        """Seconds counted so far."""
        return self._kept_s + (0.0 if self._since_s is None else self._now_s() - self._since_s)

    @property
    def running(self) -> bool:
        """Whether it counts."""
        return self._since_s is not None

    def restart(self) -> None:
        """Count from zero."""
        self._kept_s, self._since_s = 0.0, self._now_s()

    def reset(self) -> None:
        """Stand at zero."""
        self._kept_s, self._since_s = 0.0, None

    def run(self) -> None:
        """Go on."""
        if self._since_s is None:
            self._since_s = self._now_s()

    def rest(self) -> None:
        """Stand still."""
        self._kept_s, self._since_s = self.time_s, None
