"""Options of all commands that read a data set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.add_options import CommandT, add_options
from skillviewer.cli.options.renamed_option import RenamedOption
from skillviewer.cli.options.values import FOLDER, Finite
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.errors import DatasetError
from skillviewer.core.paths import reserve_name, safe_name

if TYPE_CHECKING:
    from skillviewer.core.dataset.dataset import Dataset

ALL = "all"
"""Value of --criterion that stands for every rated item in turn."""

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
class DataOptions:
    """Values of the options for reading a data set; None if not given."""

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

        rule = None if self.rule is None else rule_named(self.rule)
        rating_rule = None if self.rating_rule is None else rating_rule_named(self.rating_rule)
        choices = Choices(
            task=self.task,
            rule=rule,
            smallest_difference=self.smallest_difference,
            participant_pattern=self.participants,
            criterion=self.criterion,
            rating_rule=rating_rule,
            labels=LabelSource(self.learn_from),
        )
        return open_dataset_or_study(path, self.videos, self.form, choices, without_pairs=without_pairs)

    def for_each_criterion(self, path: Path) -> "Iterator[tuple[str, DataOptions]]":
        """Yield a folder name and the options for every rated item of a data set.

        Raises:
            DatasetError: The data set cannot be opened, or has no ratings.
        """
        ratings = replace(self, criterion=None).open(path).ratings
        if ratings is None:
            raise DatasetError(f"{path} holds no ratings, so there are no criteria: leave out --criterion.")
        used_names: set[str] = set()
        for item in ratings.items:
            folder_name = reserve_name(safe_name(item), used_names)
            yield folder_name, replace(self, criterion=item)

    def open_other(self, path: Path) -> "Dataset":
        """Open a second data set, such as the one to test on.

        The options are the same, except that the format and the folder of the videos are found anew, and that ``task``
        is ignored for formats with a single task.

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


def folds_options(command: CommandT) -> CommandT:
    """Add the options ``n_folds`` and ``by`` to a command; both are None by default."""
    return add_options(command, _FOLDS)


def dataset_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for reading a data set to a command, which gets their values as ``data_options``.

    A command with ``output`` runs once for every criterion if ``--criterion all`` is given, each time with a subfolder
    of ``output``.
    """

    @wraps(command)
    def run_command(**parameters: Any) -> Any:  # noqa: ANN401 - click's parameters
        data_options = DataOptions(**{field.name: parameters.pop(field.name) for field in fields(DataOptions)})
        if data_options.criterion != ALL or "output" not in parameters:
            return command(data_options=data_options, **parameters)
        output = parameters.pop("output")
        exit_code = 0
        for folder_name, criterion_options in data_options.for_each_criterion(parameters["data"]):
            code = command(data_options=criterion_options, output=output / folder_name, **parameters)
            if code:  # None stands for success
                exit_code = max(exit_code, code)
        return exit_code

    return add_options(run_command, _OPTIONS)
