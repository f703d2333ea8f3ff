"""Stopping of a fine-tuning: at once if there is no result yet, else with the best epoch so far."""

from collections.abc import Callable

from skillviewer.core.progress import CancelToken


class StopTraining(Exception):  # noqa: N818 - no error: it was requested
    """A stop was requested, and the best epoch so far is the result."""


class BlockableToken(CancelToken):
    """A copy of another cancel token that ignores its cancellation while ``is_blocked`` returns True."""

    __slots__ = ("_is_blocked", "_other")

    def __init__(self, other: CancelToken, is_blocked: Callable[[], bool]) -> None:
        super().__init__()
        self._other = other
        self._is_blocked = is_blocked

    @property
    def cancelled(self) -> bool:
        """True if the other token is cancelled and its cancellation is not blocked."""
        return self._other.cancelled and not self._is_blocked()


class StopToken(CancelToken):
    """A cancel token that raises StopTraining once a stop is requested and there is a result."""

    __slots__ = ("_has_result", "_stop", "_token")

    def __init__(self, token: CancelToken, stop: CancelToken, has_result: Callable[[], bool]) -> None:
        super().__init__()
        self._token = token
        self._stop = stop
        self._has_result = has_result

    @property
    def cancelled(self) -> bool:
        """True if the training is to end without a result."""
        return self._token.cancelled

    def check(self) -> None:
        """Raise Cancelled or StopTraining, if one of them was requested."""
        if self._stop.cancelled and self._has_result():
            raise StopTraining
        self._token.check()
