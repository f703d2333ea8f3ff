"""Kinds of values on the command line, and options that mean the same in every command."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import click

Parameters: TypeAlias = Mapping[str, Any]
"""Values of the options of a command, by name."""


class _NamedPath(click.Path):
    """A path that has a name: "" would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Return the path."""
        if value == "":
            self.fail("The name is empty.", param, ctx)
        return super().convert(value, param, ctx)


PATH = _NamedPath(path_type=Path)
FOLDER = _NamedPath(path_type=Path, file_okay=False)
FILE = _NamedPath(path_type=Path, dir_okay=False)
SOURCE = _NamedPath(path_type=Path, readable=False)
"""One of several files: one that cannot be read is reported, and the others go on."""

DEVICE = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
SEED = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Same seed, same result."
)
"""Seed of the random numbers, in the range that every generator takes."""


class Finite(click.FloatRange):
    """A number within a range: "nan", which no comparison holds back, and "inf" are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number to count with.", param, ctx)
        return number
