"""Types of option values, and options that mean the same in every command."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import click

Parameters: TypeAlias = Mapping[str, Any]
"""Values of the options of a command, by name."""


class _NamedPath(click.Path):
    """Path type that refuses "", which pathlib would take for the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Return the path."""
        if value == "":
            self.fail("The name is empty.", param, ctx)
        return super().convert(value, param, ctx)


PATH = _NamedPath(path_type=Path)
FOLDER = _NamedPath(path_type=Path, file_okay=False)
FILE = _NamedPath(path_type=Path, dir_okay=False)
SOURCE = _NamedPath(path_type=Path, readable=False)
"""One of several files. The type accepts unreadable ones: the command reports them, and goes on with the others."""

DEVICE = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
SEED = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Same seed, same result."
)
"""Seed of the random numbers, in a range that all generators accept."""


class Finite(click.FloatRange):
    """Type of a finite number in a range: nan, which passes every comparison of ``FloatRange``, and inf are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number
