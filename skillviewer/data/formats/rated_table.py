"""A table of ratings as a data set: ``ratings.csv``, ``.tsv`` or ``.xlsx`` with any titles.

The file ``mapping.json``, which ``skillviewer data import`` writes, states the meaning of the columns and the folder of
the videos. Without this file the meaning of the columns is guessed, and the guess is reported.
"""

from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, mean_ratings
from skillviewer.core.errors import DatasetError
from skillviewer.core.hashing import sha256_of
from skillviewer.core.ratings.rating_rule import DEFAULT_RATING_RULE, RatingRule
from skillviewer.core.text import join_names
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.task_files import choose_task, file_in
from skillviewer.data.ratings import table_mapping
from skillviewer.data.ratings.mapped_table import TABLE_STEM, open_table
from skillviewer.data.ratings.parsed_ratings import ParsedRatings
from skillviewer.data.ratings.table_files import is_rating_file
from skillviewer.data.ratings.table_mapping import TableMapping, quoted, read_mapping
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.participants import occasions_from_files, participants_of
from skillviewer.data.tables.video_names import VideoNames


def _rating_table(path: Path) -> Path | None:
    """Return the table of ratings in a folder or at a path, or None.

    Raises:
        DatasetError: The folder has several tables.
    """
    if path.is_file():
        is_table = is_rating_file(path) and path.stem.casefold() == TABLE_STEM
        return path if is_table else None
    if not path.is_dir():
        return None
    tables = [file for file in sorted(path.iterdir()) if file.stem.casefold() == TABLE_STEM and is_rating_file(file)]
    if len(tables) > 1:
        names = ", ".join(file.name for file in tables)
        raise DatasetError(f"{path} holds several tables of ratings ({names}): keep one, or open one of them.")
    return tables[0] if tables else None


def tasks(path: Path) -> tuple[str, ...]:
    """Return the name of the data set, which is that of the folder.

    A folder with pairs.csv and without a mapping is in the form of ``pair_folder``.
    """
    if path.is_dir() and file_in(path, "pairs.csv").is_file() and not file_in(path, table_mapping.FILE).is_file():
        return ()
    file = _rating_table(path)
    return () if file is None else (file.absolute().parent.name,)


def load(path: Path, videos_dir: Path | None = None, choices: Choices = DEFAULT_CHOICES) -> Dataset:
    """Read the folder."""
    file = _rating_table(path)
    if file is None:
        raise DatasetError(f"{path} holds no table of ratings (ratings.csv, ratings.tsv or ratings.xlsx).")
    folder = file.absolute().parent
    choose_task(choices.task, (folder.name,), folder.name, path)
    mapping_file = file_in(folder, table_mapping.FILE)
    mapping = read_mapping(mapping_file) if mapping_file.is_file() else None
    mapped_table = open_table(file, videos_dir, mapping)
    parsed_ratings, matcher = mapped_table.read()
    ratings = parsed_ratings.ratings
    problems = [*mapped_table.ambiguities]
    if mapping is None:
        problems.insert(0, f"The columns of {file.name} were guessed: {_format_mapping(parsed_ratings.mapping)}.")
    elif mapping.table_sha256 and mapping.table_sha256 != sha256_of(file):
        problems.append(f"{file.name} is another file than the one that {table_mapping.FILE} was made for.")
    problems += parsed_ratings.import_report.problems()
    if isinstance(mapped_table.files, VideoFolder):
        problems += dict.fromkeys(mapped_table.files.problems)
    criterion = _criterion(parsed_ratings, choices.criterion)
    participants = _participants(parsed_ratings, folder, choices.participant_pattern, problems)
    participant_file = file_in(folder, "participants.csv")
    occasions = occasions_from_files([participant_file], VideoNames(parsed_ratings.videos)) | ratings.occasions()
    videos = tuple(
        DatasetVideo(
            name=attempt,
            path=matcher.paths.get(video),
            participant=participants.get(attempt),
            clip_range=parsed_ratings.clip_ranges.get(attempt),
            occasion=occasions.get(attempt, ""),
        )
        for attempt, video in parsed_ratings.videos.items()
    )
    rule = choices.rating_rule if choices.rating_rule is not None else DEFAULT_RATING_RULE
    if choices.smallest_difference:
        rule = RatingRule("points", choices.smallest_difference)
    rated_pairs = rule.pairs(ratings, criterion)
    if rated_pairs.n_between:
        problems.append(f"{rated_pairs.n_between} pairs of videos are neither ordered nor alike by the rule.")
    measures = mean_ratings(ratings)
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
        ratings=ratings,
        criterion=criterion,
    )


def _criterion(parsed_ratings: ParsedRatings, requested: str | None) -> str:
    """Return the requested item in the spelling of the table, or the first item."""
    for item in parsed_ratings.ratings.items:
        if requested is None or item.casefold() == requested.casefold():
            return item
    return parsed_ratings.ratings.scale(requested or "").item  # raises the error


def _participants(
    parsed_ratings: ParsedRatings, folder: Path, stated_pattern: str | None, problems: list[str]
) -> dict[str, str]:
    """Return the participants of attempts by a stated pattern, or else from the table, or else from a file."""
    if stated_pattern is None and parsed_ratings.participants:
        unknown = [attempt for attempt in parsed_ratings.videos if attempt not in parsed_ratings.participants]
        if unknown:
            problems.append(f"The table does not say who is in {join_names(unknown)}.")
        return parsed_ratings.participants
    participant_files = [file_in(folder, "participants.csv")]
    return participants_of(
        list(parsed_ratings.videos), participant_files, stated_pattern, problems, recordings=parsed_ratings.videos
    )


def _format_mapping(mapping: TableMapping) -> str:
    participant = mapping.participant
    if not participant:
        participant = mapping.participant_pattern
    title_by_role = {
        "video": mapping.video,
        "person": participant,
        "rater": mapping.rater,
        "occasion": mapping.occasion,
        "item": mapping.item,
    }
    phrases = [f"{role} in “{title}”" for role, title in title_by_role.items() if title]
    for item in mapping.items:
        item_text = f" of {item.name}" if item.name else ""
        phrases.append(f"ratings{item_text} in {quoted([column.title for column in item.columns])}")
    return ", ".join(phrases)
