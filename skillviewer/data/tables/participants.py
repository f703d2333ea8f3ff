"""Participants of videos: by a pattern of the user, by participants.csv, or by the data set's own names; occasions."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import regex

from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.rater_names import match_key, normalize
from skillviewer.data.tables.find_videos import strip_extension
from skillviewer.data.tables.rows import abbreviated, looks_like, read_sheet
from skillviewer.data.tables.video_names import VideoNames

VIDEO_COLUMNS = ("video", "name", "clip", "file", "videoname", "filename", "videoid")
PARTICIPANT_COLUMNS = (
    *("participant", "subject", "person", "surgeon", "patient"),
    *("participantid", "subjectid", "personid", "surgeonid", "patientid"),
)
OCCASION_COLUMNS = ("occasion", "date")
FILE = "participants.csv"
_MAX_SECONDS = 5.0
"""Seconds for all names: some patterns, such as (a|a)*, try more ways through a name than can ever be tried."""
_MAX_REPEATS = 10_000
"""Greatest product of all counts in a pattern: the compiled pattern grows with it."""


def by_pattern(names: Sequence[str], pattern: str) -> dict[str, str]:
    """Return the participants of videos by the first group of a regular expression, or else by its whole match.

    Raises:
        DatasetError: The pattern is no regular expression, or takes too long.
    """
    try:
        re.compile(pattern)  # regex takes more signs, and recursion among them needs all memory
        if math.prod(max(int(count), 1) for count in re.findall(r"[{,](\d+)(?=[,}])", pattern)) > _MAX_REPEATS:
            raise DatasetError(f"{pattern[:100]!r} repeats its parts too often: write + or * instead of the numbers.")
        compiled = regex.compile(pattern)
    except (re.error, regex.error, OverflowError, RecursionError, MemoryError, ValueError) as error:
        raise DatasetError(f"{pattern[:100]!r} is not a regular expression: {error or 'too deep'}.") from error
    by_name = {}
    end_s = time.monotonic() + _MAX_SECONDS
    for name in names:
        try:
            match = compiled.search(name, timeout=max(end_s - time.monotonic(), 0.01), concurrent=True)
        except TimeoutError as error:
            raise DatasetError(
                f"{pattern[:100]!r} takes too long on “{name[:100]}”: repeats inside repeats, such as (a+)+, do. Write "
                "it with fewer of them."
            ) from error
        if match:
            by_name[name] = (match.group(1) if compiled.groups else match.group(0)) or ""
    return {name: participant for name, participant in by_name.items() if participant}


class Spellings:
    """Names of people: spellings that differ only in case and blanks are one name, in its first spelling."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: dict[str, list[str]] = {}

    def canonical(self, name: str) -> str:
        """Return the first spelling of a name, without surrounding and double blanks."""
        name = normalize(name)
        first = self._first.setdefault(match_key(name), name)
        others = self._others.setdefault(first, [])
        if name not in (first, *others):
            others.append(name)
        return first

    def joined(self, source: str) -> list[str]:
        """Return a sentence about people with several spellings; empty if there are none."""
        several = [f"{first} ({', '.join(others)})" for first, others in self._others.items() if others]
        return (
            [f"{source}: people who are spelled in several ways are one each: {abbreviated(several)}."]
            if several
            else []
        )


def by_file(
    path: Path, problems: list[str], names: VideoNames | None = None, columns: tuple[str, ...] = PARTICIPANT_COLUMNS
) -> dict[str, str]:
    """Return participants by video from a CSV file with a column ``video`` and a column ``participant``.

    ``problems`` receives unreadable rows, contradictions, and joined spellings. Names that are not in ``names`` are
    kept as written, without extension. ``columns`` are other names of the second column.

    Returns:
        Participants; none if the file or one of the columns is missing.
    """
    if not looks_like(path, VIDEO_COLUMNS, columns):
        if path.is_file() and path.name.casefold() == FILE:
            problems.append(f"{path.name} has no columns “video” and “participant”: it is not used.")
        return {}
    sheet = read_sheet(path)
    video, participant = sheet.column(*VIDEO_COLUMNS), sheet.column(*columns)
    by_name: dict[str, str] = {}
    participants = Spellings()
    video_names = names or VideoNames(())
    for row in sheet.rows:
        cell = row.cell(video)
        name_in_cell = participants.canonical(row.cell(participant))
        name = video_names.find(cell) or strip_extension(cell)
        if not name or not name_in_cell:
            problems.append(f"{sheet.place(row)} does not name a video and its participant; it is left out.")
        elif by_name.setdefault(name, name_in_cell) != name_in_cell:
            problems.append(
                f"{sheet.place(row)} says {name} is {name_in_cell}, an earlier line {by_name[name]}; the first counts."
            )
    problems += participants.joined(path.name) + video_names.renumbered(path.name)
    return by_name


def occasions_in(files: Sequence[Path], names: VideoNames) -> dict[str, str]:
    """Return the occasions of videos by the columns ``video`` and ``occasion`` (or ``date``); the first file counts."""
    return {
        name: occasion
        for path in reversed(files)
        for name, occasion in by_file(path, [], names, OCCASION_COLUMNS).items()
    }


def participants_of(
    names: Sequence[str],
    files: Sequence[Path],
    stated: str | None,
    problems: list[str],
    pattern: str | None = None,
    recordings: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Return the known participants of videos.

    Args:
        names: Names of videos.
        files: CSV files with participants; the first that has some counts.
        stated: Pattern given by the user; it comes before everything else.
        problems: Receives a sentence for each problem.
        pattern: Pattern of the data set's own names.
        recordings: Recording of each video; a file may name that instead.
    """
    if stated is not None:
        by_name = _by_names(names, stated, problems)
        unnamed = [name for name in names if name not in by_name]
        if unnamed:
            problems.append(f"The pattern “{stated}” finds no participant in {abbreviated(unnamed)}.")
        return by_name
    for path in files:
        stated_people = by_file(path, problems, VideoNames([*names, *recordings.values()]))
        if stated_people:
            person_by_name = {
                name: stated_people.get(name) or stated_people.get(recordings.get(name, "")) for name in names
            }
            unnamed = [name for name, participant in person_by_name.items() if participant is None]
            if unnamed:
                problems.append(f"{path.name} does not say who is in {abbreviated(unnamed)}.")
            return {name: participant for name, participant in person_by_name.items() if participant is not None}
    return {} if pattern is None else _by_names(names, pattern, problems)


def _by_names(names: Sequence[str], pattern: str, problems: list[str]) -> dict[str, str]:
    participants = Spellings()
    by_name = {name: participants.canonical(participant) for name, participant in by_pattern(names, pattern).items()}
    problems += participants.joined("The names of the videos")
    return by_name
