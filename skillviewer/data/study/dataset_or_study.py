"""Data sets for training: a folder or file in a known form, or a study with its own rules."""

from dataclasses import replace
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import DatasetError, StudyError
from skillviewer.core.ratings.rating_rule import RatingRule
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.formats import DatasetFormat, check_dataset, recognised_form
from skillviewer.data.formats.task_files import choose_task
from skillviewer.data.study.schema import SUFFIX
from skillviewer.data.study.study import Study
from skillviewer.data.study.study_dataset import study_dataset
from skillviewer.data.tables.participants import participants_of


def _is_study(path: Path) -> bool:
    return path.suffix.casefold() == SUFFIX and path.is_file()


def _tasks(path: Path) -> tuple[str, ...]:
    return (_load(path, None, DEFAULT_CHOICES).task,) if _is_study(path) else ()


def _load(path: Path, videos_dir: Path | None, choices: Choices) -> Dataset:
    if not _is_study(path):
        raise DatasetError(f"{path} is no study ({SUFFIX}).")
    if videos_dir is not None:
        raise DatasetError(f"{path.name} is a study and knows where its videos lie: leave out --videos.")
    rating_rule = choices.rating_rule
    if choices.smallest_difference:
        rating_rule = RatingRule("points", choices.smallest_difference)
    try:
        with Study.open(path, read_only=True) as study:
            dataset = study_dataset(study, choices.labels, choices.criterion, choices.rule, rating_rule)
            notices = study.notices
    except StudyError as error:
        raise DatasetError(str(error)) from error
    choose_task(choices.task, (dataset.task,), dataset.task, path)  # refuses another task
    problems = [*notices, *dataset.problems]
    videos = dataset.videos
    if choices.participant_pattern is not None:
        participants = participants_of(list(dataset.names), [], choices.participant_pattern, problems)
        videos = tuple(replace(video, participant=participants.get(video.name)) for video in videos)
    return replace(dataset, videos=videos, problems=tuple(problems))


STUDY_FORM = DatasetFormat("study", "Study", _tasks, _load)
"""A study file as a form of a data set, opened for reading only; rules default to those of the study."""


def recognised_form_or_study(path: Path, form: str | None = None) -> DatasetFormat:
    """Return the form of a data set or a study; see ``recognised_form``."""
    is_study = _is_study(path) if form is None else form == STUDY_FORM.name
    if is_study:
        return STUDY_FORM
    return recognised_form(path, form)


def open_dataset_or_study(
    path: Path,
    videos_dir: Path | None = None,
    form: str | None = None,
    choices: Choices | None = None,
    *,
    without_pairs: bool = False,
) -> Dataset:
    """Open a data set in any form, or a study; see ``open_dataset`` for arguments and errors."""
    entry = recognised_form_or_study(path, form)
    return check_dataset(entry.load(path, videos_dir, choices or DEFAULT_CHOICES), without_pairs=without_pairs)
