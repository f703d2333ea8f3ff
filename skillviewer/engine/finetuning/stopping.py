"""Early end of a fine-tuning with the best epoch so far."""

from collections.abc import Callable

from skillviewer.core.progress import CancelToken
from skillviewer.engine.training.trainer import FitState, Trained, TrainingStateStore


class StopTraining(Exception):  # noqa: N818 - no error: it was requested
    """A stop was requested, and there is an epoch to end with."""


class BestCheckpoint:
    """State store that holds the last state in memory, and passes every state on to another store."""

    def __init__(self, next_store: TrainingStateStore | None) -> None:
        self._next_store = next_store
        self._state: FitState | None = None

    def load(self) -> FitState | None:
        """Return the state on disk, or None."""
        self._state = self._next_store.load() if self._next_store is not None else None
        return self._state

    def save(self, state: Callable[[], FitState], *, finished: bool) -> None:
        """Save the state of an epoch."""
        current = state()
        self._state = current
        if self._next_store is not None:
            self._next_store.save(lambda: current, finished=finished)

    @property
    def exists(self) -> bool:
        """True once an epoch is finished and scored."""
        return self._state is not None and self._state.best_epoch > 0

    def trained(self) -> Trained | None:
        """Return the best epoch, or None before one is finished."""
        if self._state is None or not self.exists:
            return None
        state = self._state
        prefix = "best."
        names = [name for name in state.tensors if name.startswith(prefix)]
        weights = {name.removeprefix(prefix): state.tensors[name] for name in names}
        return Trained(weights, state.best_epoch, state.rows, state.best_unseen)


class ConditionalToken(CancelToken):
    """A cancel token that is cancelled if another token is cancelled while a condition is false."""

    __slots__ = ("_condition", "_other")

    def __init__(self, other: CancelToken, condition: Callable[[], bool]) -> None:
        super().__init__()
        self._other = other
        self._condition = condition

    @property
    def cancelled(self) -> bool:
        """True if the other token is cancelled and the condition is false."""
        return self._other.cancelled and not self._condition()


class StopToken(CancelToken):
    """A cancel token that raises StopTraining once a stop is requested and there is a result to keep."""

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
