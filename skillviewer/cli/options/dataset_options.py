"""Options of all commands that read a data set."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from skillviewer.cli.options.renamed_option import RenamedOption
from skillviewer.cli.options.values import FOLDER, Finite
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.errors import DatasetError
from skillviewer.core.paths import reserve_name, safe_name

if TYPE_CHECKING:
    from skillviewer.core.dataset.dataset import Dataset

ALL = "all"
"""Value of --criterion for every rated item."""

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

ONE_CRITERION = click.option("--criterion", help="Rated item or voted criterion to use.  [default: the study's]")

LEARN_FROM = click.option(
    "--learn-from",
    type=click.Choice([str(source) for source in LabelSource]),
    default=str(LabelSource.BOTH),
    show_default=True,
    help="Source of a study's pairs: its ratings, its votes and stated pairs, or both.",
)

PARTICIPANTS = click.option(
    "--participants",
    "--participant-pattern",
    "participants",
    help="Regular expression that finds the participant in the name of a video.",
)

_OPTIONS = (
    click.option("--videos", type=FOLDER, help="Folder of the videos."),
    click.option(
        "--format",
        "--form",
        "form",
        cls=RenamedOption,
        help="Format of the data set, if it is not recognised (see docs/data.md).",
    ),
    click.option("--task", help="Task to use, if a folder holds several."),
    click.option(
        "--rule",
        help="Rule that turns votes into pairs (see docs/data.md).  [default: default; for a study, its own rule]",
    ),
    LEARN_FROM,
    click.option(
        "--smallest-difference",
        type=Finite(min=0),
        default=0.0,
        help="Smallest difference of two ratings that makes a pair (JIGSAWS, tables of ratings).",
    ),
    click.option(
        "--rating-rule",
        help="Rule that turns ratings into pairs: detectable, steps:K or points:D (see docs/ratings.md).  [default: "
        "detectable; for a study, its own rule]",
    ),
    click.option(
        "--criterion", help="Rated item to use; train and evaluate also take all: each in turn.  [default: the first]"
    ),
    PARTICIPANTS,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of the options that say how a data set is read."""

    videos: Path | None
    form: str | None
    task: str | None
    rule: str | None
    learn_from: str
    smallest_difference: float
    rating_rule: str | None
    criterion: str | None
    participants: str | None

    def open(self, path: Path, *, without_pairs: bool = False) -> "Dataset":
        """Open a data set.

        Args:
            path: File or folder of the data set.
            without_pairs: Whether to accept a data set without pairs.

        Raises:
            DatasetError: The data set cannot be opened, or an option is invalid.
        """
        from skillviewer.core.ranking.consensus import rule_named
        from skillviewer.core.ratings.rating_rule import rating_rule_named
        from skillviewer.data.formats.choices import Choices
        from skillviewer.data.study.dataset_or_study import open_dataset_or_study

        choices = Choices(
            task=self.task,
            rule=None if self.rule is None else rule_named(self.rule),
            smallest_difference=self.smallest_difference,
            participant_pattern=self.participants,
            criterion=self.criterion,
            rating_rule=None if self.rating_rule is None else rating_rule_named(self.rating_rule),
            labels=LabelSource(self.learn_from),
        )
        return open_dataset_or_study(path, self.videos, self.form, choices, without_pairs=without_pairs)

    def of_each_criterion(self, path: Path) -> "Iterator[tuple[str, Reading]]":
        """Yield a folder name and the options for every rated item of a data set.

        Raises:
            DatasetError: The data set cannot be opened, or has no ratings.
        """
        rated = replace(self, criterion=None).open(path).ratings
        if rated is None:
            raise DatasetError(f"{path} holds no ratings, so there are no criteria: leave out --criterion.")
        names_used: set[str] = set()
        for item in rated.items:
            yield reserve_name(safe_name(item), names_used), replace(self, criterion=item)

    def open_other(self, path: Path) -> "Dataset":
        """Open another data set with the same options, but in its own format and with its own videos.

        ``task`` is ignored for formats that hold a single task.

        Raises:
            DatasetError: The data set cannot be opened.
        """
        from skillviewer.data.study.dataset_or_study import recognised_form_or_study

        form = recognised_form_or_study(path).name
        task = None if form in ("pair-folder", "ratings", "study") else self.task
        return replace(self, videos=None, form=form, task=task).open(path)


_FOLDS = (
    click.option(
        "--folds", "n_folds", type=click.IntRange(2), help="Number of folds.  [default: 4, or the released ones]"
    ),
    click.option(
        "--by",
        type=click.Choice(["released", "participant", "video"]),
        help="Unit that is held out together.  [default: released folds if there are some, else participants if known, "
        "else videos]",
    ),
)


def add_options(command: CommandT, options: Sequence[Callable[[CommandT], CommandT]]) -> CommandT:
    """Add options to a command, in the order in which its help lists them."""
    for option in options if isinstance(command, click.Command) else reversed(options):
        command = option(command)
    return command


def folds_options(command: CommandT) -> CommandT:
    """Add the options of folds to a command: ``n_folds`` and ``by``, which are None by default."""
    return add_options(command, _FOLDS)


def dataset_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets a ``Reading`` as ``reading``."""

    @wraps(command)
    def run_with_reading(**values: Any) -> Any:  # noqa: ANN401 - click's parameters
        reading = Reading(**{option.name: values.pop(option.name) for option in fields(Reading)})
        if reading.criterion != ALL or "output" not in values:
            return command(reading=reading, **values)
        output = values.pop("output")  # each criterion gets a folder in it
        exit_codes = [
            command(reading=criterion_reading, output=output / folder_name, **values) or 0
            for folder_name, criterion_reading in reading.of_each_criterion(values["data"])
        ]
        return max(exit_codes)

    return add_options(run_with_reading, _OPTIONS)
