"""Numbers of the command line."""

import math
from typing import Any

import click

SEED = click.IntRange(0, 2**32 - 1)
"""Seed of the random numbers, in the range that every generator takes."""


class Finite(click.FloatRange):
    """A number within a range: "nan", which no comparison holds back, and "inf" are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number to count with.", param, ctx)
        return number
