"""Storage of the state of a training, from which a killed training continues.

It is a safetensors file; numbers that are not tensors are in the header of the file.
"""

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

INTERVAL_S = 10.0
"""Least time between two saved states, so that short epochs do not spend their time on writing."""


class StateFile:
    """File with the state of one training. An unreadable file counts as no file.

    Args:
        path: The file.
        interval_s: Least number of seconds between two saved states. The interval is longer if saving takes more than
            half a second, as on a busy computer or a slow disk.
        can_write: Whether this process saves states. Of several processes one does, and all of them continue from the
            saved state.
    """

    def __init__(self, path: Path, interval_s: float = INTERVAL_S, *, can_write: bool = True) -> None:
        self._path = path
        self._can_write = can_write
        self._interval_s = interval_s
        self._next_save_s = monotonic() + interval_s

    def load(self) -> FitState | None:
        """Return the last saved state, or None."""
        try:
            with safe_open(self._path, framework="pt") as file:
                numbers = json.loads(file.metadata()["numbers"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
            state_without_tensors = msgspec.convert(numbers | {"tensors": {}}, FitState)
            return replace(state_without_tensors, tensors=tensors)
        except (OSError, SafetensorError, msgspec.MsgspecError, KeyError, TypeError, ValueError):
            return None

    def save(self, make_state: Callable[[], FitState], *, finished: bool) -> None:
        """Save a state, or raise a CheckpointError; an unfinished training saves one only after the interval."""
        started_s = monotonic()
        is_early = not finished and started_s < self._next_save_s
        if not self._can_write or is_early:
            return
        state = make_state()
        numbers = asdict(replace(state, tensors={}))
        tensors = {name: tensor.contiguous() for name, tensor in state.tensors.items()}
        temp_path = self._path.with_name(self._path.name + ".part")
        try:
            temp_path.parent.mkdir(parents=True, exist_ok=True)  # the cache may have been emptied
            save_file(tensors, temp_path, metadata={"numbers": json.dumps(numbers)})
            temp_path.replace(self._path)
        except (OSError, SafetensorError) as error:
            with suppress(OSError):
                temp_path.unlink()
            raise CheckpointError(f"The state of the training could not be kept at {self._path}: {error}.") from error
        ended_s = monotonic()
        duration_s = ended_s - started_s
        # with the default interval, the next save is at least 20 times the duration of this one away
        interval_factor = max(1, 2 * duration_s)
        self._next_save_s = ended_s + self._interval_s * interval_factor
