"""Adding of several options to a command."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def add_options(command: CommandT, options: Sequence[Callable[[CommandT], CommandT]]) -> CommandT:
    """Add options to a command, in the order in which its help lists them."""
    # click appends an option to a command, but collects those of a function from the last to the first
    ordered_options = options if isinstance(command, click.Command) else reversed(options)
    for option in ordered_options:
        command = option(command)
    return command
