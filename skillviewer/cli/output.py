"""The one way to the terminal: names and texts of files can hold sequences that move its cursor, or forge lines."""

import logging

import click

from skillviewer.core.text import printable


def echo(*lines: object, err: bool = False) -> None:
    """Print lines, each as one line: control characters become spaces or �.

    Args:
        *lines: The lines; none of them holds a line break that counts.
        err: Whether to print to stderr.
    """
    click.echo("\n".join(printable(str(line)) for line in lines), err=err)


def show(error: click.ClickException) -> None:
    """Print an error of the command line, whose sentence may hold names of files."""
    error.message = "\n".join(map(printable, error.message.split("\n")))  # type: ignore[misc]  # shown once, by this
    error.show()


class PrintableFormatter(logging.Formatter):
    """Formatter of log messages whose lines are printable."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record; tracebacks keep their lines."""
        return "\n".join(printable(line) for line in super().format(record).split("\n"))
