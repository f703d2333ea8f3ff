"""A table of ratings as a data set: ``ratings.csv``, ``.tsv`` or ``.xlsx`` with any titles.

``mapping.json``, as ``skillviewer data import`` writes it, says what the columns mean and where the videos are; without
it the columns are guessed, and the guess is reported.
"""

from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Measure
from skillviewer.core.errors import DatasetError
from skillviewer.core.hashing import sha256_of
from skillviewer.core.ratings.rating_rule import DEFAULT_RATING_RULE, RatingRule
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.task_files import chosen_task, file_in
from skillviewer.data.ratings import table_mapping
from skillviewer.data.ratings.mapped_table import STEM, open_table
from skillviewer.data.ratings.parsed_ratings import ParsedRatings
from skillviewer.data.ratings.table_files import is_rating_file
from skillviewer.data.ratings.table_mapping import TableMapping, quoted, read_mapping
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.participants import occasions_in, participants_of
from skillviewer.data.tables.rows import abbreviated
from skillviewer.data.tables.video_names import VideoNames


def _table_of(path: Path) -> Path | None:
    """Return the table of a folder, or the file itself, or None; refuse several tables."""
    if path.is_file():
        return path if is_rating_file(path) and path.stem.casefold() == STEM else None
    if not path.is_dir():
        return None
    tables = [file for file in sorted(path.iterdir()) if file.stem.casefold() == STEM and is_rating_file(file)]
    if len(tables) > 1:
        names = ", ".join(file.name for file in tables)
        raise DatasetError(f"{path} holds several tables of ratings ({names}): keep one, or open one of them.")
    return tables[0] if tables else None


def tasks(path: Path) -> tuple[str, ...]:
    """Return the name of the one data set in such a folder: the folder's; a pairs.csv without a mapping comes first."""
    if path.is_dir() and file_in(path, "pairs.csv").is_file() and not file_in(path, table_mapping.FILE).is_file():
        return ()
    file = _table_of(path)
    return () if file is None else (file.absolute().parent.name,)


def load(path: Path, videos_dir: Path | None = None, choices: Choices = USUAL_CHOICES) -> Dataset:
    """Read the folder."""
    file = _table_of(path)
    if file is None:
        raise DatasetError(f"{path} holds no table of ratings (ratings.csv, ratings.tsv or ratings.xlsx).")
    folder = file.absolute().parent
    chosen_task(choices.task, (folder.name,), folder.name, path)
    mapping_file = file_in(folder, table_mapping.FILE)
    mapping = read_mapping(mapping_file) if mapping_file.is_file() else None
    opened = open_table(file, videos_dir, mapping)
    rated, join = opened.read()
    problems = [*opened.ambiguities]
    if mapping is None:
        problems.insert(0, f"The columns of {file.name} were guessed: {_format_mapping(rated.mapping)}.")
    elif mapping.table_sha256 and mapping.table_sha256 != sha256_of(file):
        problems.append(f"{file.name} is another file than the one that {table_mapping.FILE} was made for.")
    problems += rated.import_report.problems()
    if isinstance(opened.files, VideoFolder):
        problems += dict.fromkeys(opened.files.problems)
    criterion = _criterion(rated, choices.criterion)
    participants = _participants(rated, folder, choices.participant_pattern, problems)
    of_participants = file_in(folder, "participants.csv")
    times = occasions_in([of_participants], VideoNames(rated.videos)) | rated.ratings.occasions()
    whole = rated.clip_ranges
    videos = tuple(
        DatasetVideo(
            attempt, join.paths.get(video), participants.get(attempt), "", whole.get(attempt), times.get(attempt, "")
        )
        for attempt, video in rated.videos.items()
    )
    rule = choices.rating_rule if choices.rating_rule is not None else DEFAULT_RATING_RULE
    if choices.smallest_difference:
        rule = RatingRule("points", choices.smallest_difference)
    rated_pairs = rule.pairs(rated.ratings, criterion)
    if rated_pairs.between:
        problems.append(f"{rated_pairs.between} pairs of videos are neither ordered nor alike by the rule.")
    measures = {item: Measure(item, tuple(rated.ratings.table(item).means().items())) for item in rated.ratings.items}
    return Dataset(
        name=folder.name,
        form="ratings",
        task=folder.name,
        videos=videos,
        pairs=rated_pairs.pairs,
        similar=rated_pairs.similar,
        rule=rated_pairs.rule,
        scores=measures[criterion],
        truth=tuple(measure for item, measure in measures.items() if item != criterion),
        problems=tuple(problems),
        ratings=rated.ratings,
        criterion=criterion,
    )


def _criterion(rated: ParsedRatings, requested: str | None) -> str:
    items = rated.ratings.items
    matches = [item for item in items if requested is None or item.casefold() == requested.casefold()]
    return matches[0] if matches else rated.ratings.scale(requested or "").item  # raises the error


def _participants(rated: ParsedRatings, folder: Path, stated: str | None, problems: list[str]) -> dict[str, str]:
    """Return the participants of attempts, as stated, from the table, or from participants.csv."""
    names = [*rated.videos]
    if stated is None and rated.participants:
        unnamed = [name for name in names if name not in rated.participants]
        problems += [f"The table does not say who is in {abbreviated(unnamed)}."] if unnamed else []
        return rated.participants
    return participants_of(names, [file_in(folder, "participants.csv")], stated, problems, recordings=rated.videos)


def _format_mapping(mapping: TableMapping) -> str:
    parts = [("video", mapping.video), ("person", mapping.participant or mapping.participant_pattern)]
    parts += [("rater", mapping.rater), ("occasion", mapping.occasion), ("item", mapping.item)]
    phrases = [f"{role} in “{title}”" for role, title in parts if title]
    items = [(f" of {item.name}" if item.name else "", [c.title for c in item.columns]) for item in mapping.items]
    return ", ".join([*phrases, *(f"ratings{name} in {quoted(titles)}" for name, titles in items)])
