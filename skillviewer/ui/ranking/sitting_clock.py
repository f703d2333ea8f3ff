"""Clock of a rater's sitting: time of the turn on screen, since the last pause, and of the whole sitting."""

from collections.abc import Callable


class Stopwatch:
    """Counts seconds while it runs, by a clock in seconds."""

    def __init__(self, read_clock_s: Callable[[], float]) -> None:
        self._read_clock_s = read_clock_s
        self._counted_s = 0.0
        self._resumed_s: float | None = None  # reading of the clock at which it began to run; None: paused

    @property
    def time_s(self) -> float:
        if self._resumed_s is None:
            return self._counted_s
        return self._counted_s + self._read_clock_s() - self._resumed_s

    def restart(self) -> None:
        self._counted_s = 0.0
        self._resumed_s = self._read_clock_s()

    def reset(self) -> None:
        self._counted_s = 0.0
        self._resumed_s = None

    def resume(self) -> None:
        if self._resumed_s is None:
            self._resumed_s = self._read_clock_s()

    def pause(self) -> None:
        self._counted_s = self.time_s
        self._resumed_s = None


class SittingClock:
    """Measures the times of a sitting; it stops while the screen is hidden and while the rater has no turn.

    Args:
        read_clock_s: Clock in seconds.
    """

    def __init__(self, read_clock_s: Callable[[], float]) -> None:
        self._turn_watch = Stopwatch(read_clock_s)
        self._since_rest = Stopwatch(read_clock_s)
        self._sitting_watch = Stopwatch(read_clock_s)
        self._is_hidden = False

    @property
    def turn_s(self) -> float:
        """Time since the turn on screen was first seen, in seconds."""
        return self._turn_watch.time_s

    @property
    def since_rest_s(self) -> float:
        """Time since the sitting began or the last pause ended, in seconds."""
        return self._since_rest.time_s

    @property
    def whole_s(self) -> float:
        """Time since the sitting began, in seconds."""
        return self._sitting_watch.time_s

    def begin(self) -> None:
        """Begin a sitting."""
        self._since_rest.restart()
        self._sitting_watch.restart()

    def end(self) -> None:
        """Forget the sitting."""
        self._since_rest.reset()
        self._sitting_watch.reset()

    def end_rest(self) -> None:
        """Count the time to the next pause anew."""
        self._since_rest.restart()

    def prepare_turn(self) -> None:
        """Forget the time of the last turn."""
        self._turn_watch.reset()

    def start_turn(self) -> None:
        """Count the time of a turn from now, or from when the screen is shown again."""
        if self._is_hidden:
            self._turn_watch.reset()
        else:
            self._turn_watch.restart()

    def set_running(self, *, running: bool) -> None:
        """Resume or pause the time of the sitting; it is paused while the rater has no turn."""
        for stopwatch in (self._since_rest, self._sitting_watch):
            if not running:
                stopwatch.pause()
            elif not self._is_hidden:
                stopwatch.resume()

    def on_hidden(self) -> None:
        """Stop all times."""
        self._is_hidden = True
        for stopwatch in (self._turn_watch, self._since_rest, self._sitting_watch):
            stopwatch.pause()

    def on_shown(self, *, in_turn: bool, running: bool) -> None:
        """Resume the time of the turn if ``in_turn``, and the time of the sitting if ``running``."""
        self._is_hidden = False
        if in_turn:
            self._turn_watch.resume()
        if running:
            self.set_running(running=True)
