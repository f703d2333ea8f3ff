"""Record of the last state of a fine-tuning, from which the best epoch is taken if it is stopped."""

from collections.abc import Callable

from skillviewer.engine.training.trainer import FitResult, FitState, TrainingStateStore


class StateRecorder:
    """State store that remembers the last state, and passes every state on to another store."""

    def __init__(self, next_store: TrainingStateStore | None) -> None:
        self._next_store = next_store
        self._state: FitState | None = None

    def load(self) -> FitState | None:
        """Return the state on disk, or None."""
        self._state = self._next_store.load() if self._next_store is not None else None
        return self._state

    def save(self, make_state: Callable[[], FitState], *, finished: bool) -> None:
        """Save the state of an epoch."""
        state = make_state()
        self._state = state
        if self._next_store is not None:
            self._next_store.save(lambda: state, finished=finished)

    @property
    def has_best_epoch(self) -> bool:
        """True once an epoch is scored, so that one is the best."""
        return self._state is not None and self._state.best_epoch > 0

    def best_epoch(self) -> FitResult | None:
        """Return the model of the best epoch, or None before an epoch is scored."""
        if self._state is None or not self.has_best_epoch:
            return None
        state = self._state
        prefix = "best."
        names = [name for name in state.tensors if name.startswith(prefix)]
        weights = {name.removeprefix(prefix): state.tensors[name] for name in names}
        return FitResult(weights, state.best_epoch, state.rows, state.best_unseen)
