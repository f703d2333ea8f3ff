"""The command line's entry point: parses before it imports the engine or the window."""

import difflib
import importlib
import io
import logging
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from skillviewer.cli.failures import message_of, print_notices
from skillviewer.cli.output import PrintableFormatter, echo, show_error
from skillviewer.core.errors import Cancelled, SkillViewerError, os_reason
from skillviewer.core.plugins import ON_PROBLEM
from skillviewer.core.version import __version__
from skillviewer.engine.runtime.threads import configure_threads, keep_freed_memory

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("window", "skillviewer.cli.window", "Open the window (the same as skillviewer [FILES])."),
    ("score", "skillviewer.cli.score", "Score videos."),
    ("demo", "skillviewer.cli.demo", "Run the main job on the sample study."),
    ("train", "skillviewer.cli.train", "Train a model on a folder of videos and pairs."),
    ("finetune", "skillviewer.cli.finetune", "Train a model further on the votes of a study, or a new one."),
    ("study", "skillviewer.cli.study", "Make, fill, list, import, export and repair a study."),
    ("export", "skillviewer.cli.export", "Write clips, figures, tables, reports, or a whole study."),
    ("tracks", "skillviewer.cli.tracks", "Import, export and measure tracks of hands, tools and other points."),
    ("verify", "skillviewer.cli.verify", "Check an exported file: make it again, and name the first difference."),
    ("evaluate", "skillviewer.cli.evaluate", "Train and test models on the folds of a data set, in one table."),
    ("data", "skillviewer.cli.data", "Print the contents and the folds of a data set."),
    ("models", "skillviewer.cli.models", "List checkpoints and attention models."),
    ("weights", "skillviewer.cli.weights", "List or fetch backbone weights (the one command that uses the network)."),
    ("forget", "skillviewer.cli.forget", "Delete everything that is kept about a video or a rater."),
    ("doctor", "skillviewer.cli.doctor", "Check this computer for what the program needs."),
)
"""Name, module and one-line help of every command; the module has a click command of that name."""


class LazyGroup(click.Group):
    """Group of commands that are imported when they run; an argument that is no command is a file to open."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands, in the order of ``COMMANDS``."""
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        for name, module, _ in COMMANDS:
            if name == cmd_name:
                command = getattr(importlib.import_module(module), name)
                assert isinstance(command, click.Command)
                return command
        return None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Open the window when the first argument is no command: ``skillviewer a.mp4 b.mp4``."""
        if args:
            if args[0] in {*self.list_commands(ctx), "--help", "-h", "--version"}:
                return super().parse_args(ctx, args)
            self._check_spelling(ctx, args[0])
        return super().parse_args(ctx, ["window", *args])

    def _check_spelling(self, ctx: click.Context, word: str) -> None:
        """Raise an error for a misspelt command; otherwise the window would open on a missing file."""
        is_option = word.startswith("-")
        if is_option or Path(word).suffix or os.path.lexists(word):
            return
        similar_names = difflib.get_close_matches(word, self.list_commands(ctx), n=1)
        if similar_names:
            raise click.UsageError(f"There is no command and no file “{word}”. Did you mean {similar_names[0]}?", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, _, text in COMMANDS])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    options_metavar="",
    subcommand_metavar="[FILES]... | COMMAND [ARGS]...",
)
@click.version_option(__version__, prog_name="skillviewer")
def cli() -> None:
    """Assess manipulation skill from video, and see why.

    Without a command the window opens, on the FILES if any are given. Nothing leaves this computer.

    The guides that help texts name (docs/data.md and others) lie where skillviewer doctor says; the window shows them
    under Help.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        args: The arguments, or None for those of the process.

    Returns:
        The exit code: 0 done, 1 error, 2 wrong usage, 130 stopped.
    """
    ON_PROBLEM.clear()
    is_main_process = os.environ.get("RANK", "0") == "0"
    if is_main_process:
        ON_PROBLEM.append(lambda problem: print_notices([str(problem)]))
    try:
        return _run(args)
    except (BrokenPipeError, SystemExit):  # click raises SystemExit only if the reader of a pipe has ended
        _discard_output()
        return 0
    except OSError as error:
        if error.filename is not None:  # such as a folder without permission
            echo(f"skillviewer: {error.filename}: {os_reason(error)}.", err=True)
            return 1
        echo(f"skillviewer: the output could not be written: {os_reason(error)}.", err=True)
        _discard_output()
        return 1


def _run(args: Sequence[str] | None) -> int:
    arguments = None if args is None else list(args)
    try:
        result: Any = cli.main(args=arguments, prog_name="skillviewer", standalone_mode=False)
    except click.UsageError as error:
        show_error(error)
        return 2
    except click.ClickException as error:
        show_error(error)
        return 1
    except (SkillViewerError, UnicodeEncodeError, MemoryError) as error:
        echo(f"skillviewer: {message_of(error)}", err=True)
        return 1
    except (Cancelled, KeyboardInterrupt, click.Abort):
        echo("skillviewer: stopped.", err=True)
        return 130
    return result if isinstance(result, int) else 0


def _discard_output() -> None:
    """Send pending output to the null device: Python would fail to flush it on exit."""
    null_device = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null_device, sys.stdout.fileno())


def main() -> None:
    """Run the command line and exit the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            # a character that the console cannot encode is shown by its number
            stream.reconfigure(errors="backslashreplace")
    configure_threads()
    multiprocessing.freeze_support()  # a frozen program starts its workers through this entry
    commands_without_window = {name for name, _, _ in COMMANDS} - {"window"}
    if commands_without_window.intersection(sys.argv[1:2]):
        keep_freed_memory()
    exit_code = run()
    if "LOCAL_RANK" in os.environ:
        # This is one process of a distributed training. At a normal exit, gloo sometimes aborts while it closes its
        # connections, and torch's launcher would then report a finished training as failed.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)
    sys.exit(exit_code)
