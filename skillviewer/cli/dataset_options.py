"""The options by which every command opens a data set."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from skillviewer.core.pairs import Dataset

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


@dataclass(frozen=True, slots=True)
class Reading:
    """How data sets are to be read, as the options say.

    Attributes:
        videos: Where the videos lie, or None for beside the data set.
        form: Its form, or None where it is to be recognised.
        task: Which of the tasks that lie in one folder.
        rule: How votes become pairs, by name.
        smallest_difference: Ratings nearer to each other make no pair.
        participants: Regular expression that finds the participant in the name of a video.
    """

    videos: Path | None
    form: str | None
    task: str | None
    rule: str
    smallest_difference: float
    participants: str | None

    def open(self, path: Path) -> "Dataset":
        """Open a data set.

        Raises:
            DatasetError: It cannot be opened, or a choice makes no sense.
        """
        from skillviewer.core.consensus import rule_named
        from skillviewer.data.choices import Choices
        from skillviewer.data.formats import open_dataset

        choices = Choices(self.task, rule_named(self.rule), self.smallest_difference, self.participants)
        return open_dataset(path, self.videos, self.form, choices)

    def open_other(self, path: Path) -> "Dataset":
        """Open another data set by the same choices; a folder with pairs.csv is one task, whatever it is called.

        Raises:
            DatasetError: It cannot be opened.
        """
        from skillviewer.data.formats import recognised_form

        one = recognised_form(path).name == "pair-folder"
        return replace(self, videos=None, form=None, task=None if one else self.task).open(path)


def dataset_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets a ``Reading`` as ``reading``."""

    @wraps(command)
    def read(**given: Any) -> Any:  # noqa: ANN401 - click's parameters
        reading = Reading(**{each.name: given.pop(each.name) for each in fields(Reading)})
        return command(reading=reading, **given)

    wrapped: Callable[..., Any] = read
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped
