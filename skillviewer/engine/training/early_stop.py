"""Stopping a training in the middle of a batch, with the best of the epochs that are finished."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import nn

from skillviewer.core.progress import CancelToken
from skillviewer.engine.training.loop import FitState, Keeper, Trained


class StopTraining(Exception):  # noqa: N818 - no error: it was requested
    """A stop was requested, and a result is there already."""


class BestCheckpoint:
    """Keeps the best epoch of a training in memory, and passes every state to another keeper."""

    def __init__(self, then: Keeper | None) -> None:
        self._then = then
        self._state: FitState | None = None

    def load(self) -> FitState | None:
        """Return the state that was kept on disk, or None."""
        self._state = self._then.load() if self._then is not None else None
        return self._state

    def keep(self, state: Callable[[], FitState], *, finished: bool) -> None:
        """Keep the state of an epoch."""
        now = self._state = state()
        if self._then is not None:
            self._then.keep(lambda: now, finished=finished)

    @property
    def there(self) -> bool:
        """True once an epoch is finished and scored."""
        return self._state is not None and self._state.best_epoch > 0

    def trained(self) -> Trained | None:
        """Return the best epoch, or None before one is finished."""
        if self._state is None or not self.there:
            return None
        kept, mark = self._state, "best."
        weights = {k.removeprefix(mark): v for k, v in kept.tensors.items() if k.startswith(mark)}
        return Trained(weights, kept.best_epoch, kept.rows, kept.best_unseen)


class ConditionalToken(CancelToken):
    """A cancel token that forwards ``other`` while ``so()`` is false."""

    __slots__ = ("_other", "_so")

    def __init__(self, other: CancelToken | None, so: Callable[[], bool]) -> None:
        super().__init__()
        self._other, self._so = other, so

    @property
    def cancelled(self) -> bool:
        """True while ``other`` is cancelled and ``so()`` is false."""
        return self._other is not None and self._other.cancelled and not self._so()


@contextmanager
def halting(model: nn.Module, stop: CancelToken | None, enough: Callable[[], bool]) -> Iterator[None]:
    """Interrupt a model between two of its layers once a stop is requested and there is a result to keep.

    Args:
        model: The model; as it was before when the block is left.
        stop: Asks to stop, or None.
        enough: Whether there is something to keep.

    Raises:
        StopTraining: A stop was requested, and there is a result.
    """

    def check(*_: object) -> None:
        if stop is not None and stop.cancelled and enough():
            raise StopTraining

    hooks = [part.register_forward_pre_hook(check) for part in model.modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
