"""The options by which every command opens a data set."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from skillviewer.core.pairs import Dataset

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--videos", type=click.Path(path_type=Path, file_okay=False), help="Where the videos lie."),
    click.option("--form", help="Form of the data set, if it is not recognised (see docs/data.md)."),
    click.option("--task", help="Which of the tasks that lie in one folder."),
    click.option("--rule", default="default", show_default=True, help="How votes become pairs (see docs/data.md)."),
    click.option(
        "--smallest-difference",
        type=click.FloatRange(min=0),
        default=0.0,
        help="Ratings nearer to each other make no pair (JIGSAWS).",
    ),
    click.option("--participants", help="Regular expression that finds the participant in the name of a video."),
)


def dataset_options(command: CommandT) -> CommandT:
    """Add the options to a command, which gets a parameter for each, by the name of the option."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def opened(
    path: Path,
    videos: Path | None,
    form: str | None,
    task: str | None,
    rule: str,
    smallest_difference: float,
    participants: str | None,
) -> "Dataset":
    """Open a data set as the options say.

    Raises:
        DatasetError: It cannot be opened, or a choice makes no sense.
    """
    from skillviewer.core.consensus import rule_named
    from skillviewer.data.choices import Choices
    from skillviewer.data.formats import open_dataset

    choices = Choices(task, rule_named(rule), smallest_difference, participants)
    return open_dataset(path, videos, form, choices)
