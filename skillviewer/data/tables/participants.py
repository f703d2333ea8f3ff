"""Participants and occasions of videos, by tables such as participants.csv or by patterns of the names of videos."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import regex

from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.rater_names import match_key, normalize
from skillviewer.core.text import join_names
from skillviewer.data.tables.csv_tables import is_csv_with_columns, read_csv_table
from skillviewer.data.tables.find_videos import strip_extension
from skillviewer.data.tables.video_names import VideoNames

VIDEO_COLUMNS = ("video", "name", "clip", "file", "videoname", "filename", "videoid")
PARTICIPANT_COLUMNS = (
    *("participant", "subject", "person", "surgeon", "patient"),
    *("participantid", "subjectid", "personid", "surgeonid", "patientid"),
)
OCCASION_COLUMNS = ("occasion", "date")
FILE = "participants.csv"
_MAX_SECONDS = 5.0
"""Time limit for all names together, since the search with some patterns, such as (a|a)*, would never end."""
_MAX_REPEATS = 10_000
"""Greatest product of all counts in a pattern, with which the compiled pattern grows."""


def participants_by_pattern(names: Sequence[str], pattern: str) -> dict[str, str]:
    """Return the participants of videos by the first group of a regular expression, or else by its whole match.

    Raises:
        DatasetError: The pattern is no regular expression, or takes too long.
    """
    try:
        re.compile(pattern)  # refuses the extensions of regex: recursion can take all memory
        counts = [int(count) for count in re.findall(r"[{,](\d+)(?=[,}])", pattern)]
        if math.prod(max(count, 1) for count in counts) > _MAX_REPEATS:
            raise DatasetError(f"{pattern[:100]!r} repeats its parts too often: write + or * instead of the numbers.")
        compiled = regex.compile(pattern)
    except (re.error, regex.error, OverflowError, RecursionError, MemoryError, ValueError) as error:
        reason = str(error) or "too deep"
        raise DatasetError(f"{pattern[:100]!r} is not a regular expression: {reason}.") from error
    participant_by_name = {}
    end_s = time.monotonic() + _MAX_SECONDS
    for name in names:
        try:
            match = compiled.search(name, timeout=max(end_s - time.monotonic(), 0.01), concurrent=True)
        except TimeoutError as error:
            raise DatasetError(
                f"{pattern[:100]!r} takes too long on “{name[:100]}”: repeats inside repeats, such as (a+)+, do. Write "
                "it with fewer of them."
            ) from error
        participant = None
        if match:
            participant = match.group(1) if compiled.groups else match.group()
        if participant:
            participant_by_name[name] = participant
    return participant_by_name


class Spellings:
    """Names of people; spellings that differ only in case and blanks are merged."""

    def __init__(self) -> None:
        self._first_spelling: dict[str, str] = {}  # by key for comparison
        self._other_spellings: dict[str, list[str]] = {}  # by first spelling

    def canonical(self, name: str) -> str:
        """Return the first spelling of a name, without surrounding and double blanks."""
        name = normalize(name)
        first = self._first_spelling.setdefault(match_key(name), name)
        others = self._other_spellings.setdefault(first, [])
        if name not in (first, *others):
            others.append(name)
        return first

    def merged_notice(self, source: str) -> list[str]:
        """Return a sentence about people with several spellings, or an empty list."""
        merged_spellings = [
            f"{first} ({', '.join(others)})" for first, others in self._other_spellings.items() if others
        ]
        if not merged_spellings:
            return []
        return [f"{source}: people who are spelled in several ways are one each: {join_names(merged_spellings)}."]


def participants_from_file(
    path: Path, problems: list[str], names: VideoNames | None = None, columns: tuple[str, ...] = PARTICIPANT_COLUMNS
) -> dict[str, str]:
    """Return participants by video from a CSV file with a column ``video`` and a column ``participant``.

    Args:
        path: The file.
        problems: Receives sentences about rows that cannot be read, contradictions, and merged spellings.
        names: Known names of videos; other names are taken as written, without extension.
        columns: Names of the second column, to read other facts than participants.

    Returns:
        Participants, or an empty dictionary if the file or one of the columns is missing.
    """
    if not is_csv_with_columns(path, VIDEO_COLUMNS, columns):
        if path.is_file() and path.name.casefold() == FILE:
            problems.append(f"{path.name} has no columns “video” and “participant”: it is not used.")
        return {}
    table = read_csv_table(path)
    video_column = table.column(*VIDEO_COLUMNS)
    participant_column = table.column(*columns)
    participant_by_name: dict[str, str] = {}
    spellings = Spellings()
    video_names = VideoNames(()) if names is None else names
    for row in table.rows:
        cell = row.cell(video_column)
        participant = spellings.canonical(row.cell(participant_column))
        name = video_names.find(cell)
        if not name:
            name = strip_extension(cell)
        place = table.describe_row(row)
        if not name or not participant:
            problems.append(f"{place} does not name a video and its participant; it is left out.")
            continue
        first = participant_by_name.setdefault(name, participant)
        if first != participant:
            problems.append(f"{place} says {name} is {participant}, an earlier line {first}; the first counts.")
    problems += spellings.merged_notice(path.name) + video_names.number_match_notices(path.name)
    return participant_by_name


def occasions_from_files(files: Sequence[Path], names: VideoNames) -> dict[str, str]:
    """Return the occasions of videos by the columns ``video`` and ``occasion`` (or ``date``); the first file counts."""
    occasions: dict[str, str] = {}
    for path in reversed(files):
        occasions |= participants_from_file(path, [], names, OCCASION_COLUMNS)
    return occasions


def participants_of(
    names: Sequence[str],
    files: Sequence[Path],
    stated_pattern: str | None,
    problems: list[str],
    pattern: str | None = None,
    recordings: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Return the known participants of videos.

    Args:
        names: Names of videos.
        files: CSV files with participants; the first file with participants counts.
        stated_pattern: Pattern given by the user, which has priority over files and the other pattern.
        problems: Receives a sentence for each problem.
        pattern: Pattern that fits the names of the data set, if no file has participants.
        recordings: Recording of each video, which a file may name instead of the video.
    """
    if stated_pattern is not None:
        participants = _participants_by_names(names, stated_pattern, problems)
        unknown = [name for name in names if name not in participants]
        if unknown:
            problems.append(f"The pattern “{stated_pattern}” finds no participant in {join_names(unknown)}.")
        return participants
    for path in files:
        participants_in_file = participants_from_file(path, problems, VideoNames([*names, *recordings.values()]))
        if not participants_in_file:
            continue
        participants = {}
        unknown = []
        for name in names:
            participant = participants_in_file.get(name)
            if participant is None:
                participant = participants_in_file.get(recordings.get(name, ""))
            if participant is None:
                unknown.append(name)
            else:
                participants[name] = participant
        if unknown:
            problems.append(f"{path.name} does not say who is in {join_names(unknown)}.")
        return participants
    return {} if pattern is None else _participants_by_names(names, pattern, problems)


def _participants_by_names(names: Sequence[str], pattern: str, problems: list[str]) -> dict[str, str]:
    spellings = Spellings()
    participants = {
        name: spellings.canonical(participant) for name, participant in participants_by_pattern(names, pattern).items()
    }
    problems += spellings.merged_notice("The names of the videos")
    return participants
