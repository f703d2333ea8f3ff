"""Safe output to the terminal, for all commands.

Names and texts from files may contain control sequences, which could move the cursor or forge lines.
"""

import logging

import click

from skillviewer.core.text import printable


def echo(*lines: object, err: bool = False) -> None:
    """Print each argument as one line, to stderr if ``err``; control characters and line breaks become spaces or �."""
    printable_lines = [printable(str(line)) for line in lines]
    click.echo("\n".join(printable_lines), err=err)


def show_error(error: click.ClickException) -> None:
    """Print a click error to stderr, with the control characters in its message replaced."""
    # the error is shown only once, so its message can be changed in place
    error.message = "\n".join(map(printable, error.message.split("\n")))  # type: ignore[misc]
    error.show()


class PrintableFormatter(logging.Formatter):
    """Formatter of log messages that replaces control characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record; tracebacks keep their lines."""
        text = super().format(record)
        return "\n".join(map(printable, text.split("\n")))
