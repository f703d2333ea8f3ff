"""The state of a training on disk, so that a killed one goes on: a safetensors file with the numbers in its header."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic

import msgspec
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from skillviewer.core.errors import CheckpointError
from skillviewer.engine.training.trainer import FitState

EVERY_S = 10.0
"""A state is kept no more often: short epochs are not spent on writing."""


class StateFile:
    """Keeps the state of one training in a file; what cannot be read there is as good as nothing.

    Args:
        path: The file; its folder is there.
        every_s: Seconds that pass at least between two states that are kept; more where keeping one takes longer than
            half a second, as on a busy computer or a slow disk.
        writes: Whether anything is kept: of several processes one keeps the state, and all go on from it.
    """

    def __init__(self, path: Path, every_s: float = EVERY_S, *, writes: bool = True) -> None:
        self._path = path
        self._writes = writes
        self._every_s = every_s
        self._next_at = monotonic() + every_s

    def load(self) -> FitState | None:
        """Return the state that was kept last, or None."""
        try:
            with safe_open(self._path, framework="pt") as file:
                numbers = json.loads(file.metadata()["numbers"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
            return replace(msgspec.convert(numbers | {"tensors": {}}, FitState), tensors=tensors)
        except (OSError, SafetensorError, msgspec.MsgspecError, KeyError, TypeError, ValueError):
            return None

    def save(self, state: Callable[[], FitState], *, finished: bool) -> None:
        """Keep a state, or raise a CheckpointError; unless training goes on, and one was kept a moment ago."""
        started = monotonic()
        if not self._writes or (not finished and started < self._next_at):
            return
        current = state()
        numbers = asdict(replace(current, tensors={}))
        temp_path = self._path.with_name(self._path.name + ".part")
        try:
            temp_path.parent.mkdir(parents=True, exist_ok=True)  # the cache may have been emptied
            save_file(
                {k: v.contiguous() for k, v in current.tensors.items()},
                temp_path,
                metadata={"numbers": json.dumps(numbers)},
            )
            temp_path.replace(self._path)
        except (OSError, SafetensorError) as error:
            with suppress(OSError):
                temp_path.unlink()
            raise CheckpointError(f"The state of the training could not be kept at {self._path}: {error}.") from error
        ended = monotonic()
        self._next_at = ended + self._every_s * max(1, 2 * (ended - started))  # a twentieth of the time by default
