"""Modules built for their structure and shapes alone, on torch's meta device."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_INITIALISERS = frozenset(
    {"normal_", "uniform_", "trunc_normal_", "kaiming_normal_", "kaiming_uniform_", "orthogonal_"}
)


class _WithoutInitialisation(TorchFunctionMode):
    """Leaves out random initialisation: on the meta device, torch loads its compiler for it, which takes seconds."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        if kwargs is None:
            kwargs = {}
        if getattr(func, "__name__", "") in _INITIALISERS:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


@contextmanager
def shapes_only() -> Iterator[None]:
    """Give every module and tensor made inside a shape and a type, but no memory and no values."""
    with torch.device("meta"), _WithoutInitialisation():
        yield
