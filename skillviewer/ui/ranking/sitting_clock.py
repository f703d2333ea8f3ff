"""Times of one rater's sitting: of the turn on screen, since the last pause, and of the whole sitting."""

from collections.abc import Callable

from skillviewer.ui.ranking.judging_session import Stopwatch


class SittingClock:
    """Stands still while the screen is hidden, and between turns unless a turn is being prepared or stored.

    Args:
        now_s: Clock in seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._turn, self._since_rest, self._whole = (Stopwatch(now_s) for _ in range(3))
        self._hidden = False

    @property
    def turn_s(self) -> float:
        """Time since the turn on screen was first seen, in seconds."""
        return self._turn.time_s

    @property
    def since_rest_s(self) -> float:
        """Time since the sitting began or the last pause ended, in seconds."""
        return self._since_rest.time_s

    @property
    def whole_s(self) -> float:
        """Time since the sitting began, in seconds."""
        return self._whole.time_s

    def begin(self) -> None:
        """Begin a sitting."""
        self._since_rest.restart()
        self._whole.restart()

    def end(self) -> None:
        """Forget the sitting."""
        self._since_rest.reset()
        self._whole.reset()

    def end_rest(self) -> None:
        """Count the time to the next pause anew."""
        self._since_rest.restart()

    def prepare_turn(self) -> None:
        """Forget the time of the last turn."""
        self._turn.reset()

    def start_turn(self) -> None:
        """Count the time of a turn from now, or from when the screen is shown again."""
        if self._hidden:
            self._turn.reset()
        else:
            self._turn.restart()

    def set_running(self, running: bool) -> None:
        """Let the sitting go on, or stop its time while no turn is before the rater."""
        for watch in (self._since_rest, self._whole):
            if not running:
                watch.pause()
            elif not self._hidden:
                watch.resume()

    def on_hidden(self) -> None:
        """Stop all times."""
        self._hidden = True
        for watch in (self._turn, self._since_rest, self._whole):
            watch.pause()

    def on_shown(self, *, in_turn: bool, running: bool) -> None:
        """Go on: with the turn if one is being answered, with the sitting if a turn is before the rater."""
        self._hidden = False
        if in_turn:
            self._turn.resume()
        if running:
            self.set_running(True)
