"""A table of ratings comes into a study: its videos are those of the study, or join it with the files of a folder."""

from dataclasses import replace
from pathlib import Path

import msgspec

from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.hashing import sha256_of
from skillviewer.core.progress import CancelToken, Report, silent
from skillviewer.data.ratings.guessing import guess
from skillviewer.data.ratings.joining import StudyJoin
from skillviewer.data.ratings.rated_folder import OpenTable
from skillviewer.data.ratings.rating_table import RatingTable, read_table
from skillviewer.data.ratings.reading import RatedTable, read_ratings
from skillviewer.data.ratings.table_mapping import TableMapping
from skillviewer.data.study.exchange.exchange import Imported
from skillviewer.data.study.study import Study
from skillviewer.data.study.video_rows import NewVideo


def study_table(
    study: Study, path: Path, mapping: TableMapping | None = None, sheet: str = "", titles_row: int | None = None
) -> tuple[RatingTable, TableMapping, tuple[str, ...]]:
    """Open a table whose videos are those of a study.

    Args:
        study: The study.
        path: The table.
        mapping: What its columns mean, or None to guess.
        sheet: The sheet of a workbook, or "" for the mapping's, or to choose.
        titles_row: See ``read_table``; None for the mapping's, or to find it.

    Returns:
        The table, what its columns mean, and what was guessed and should be looked at.

    Raises:
        DatasetError: It cannot be read.
    """
    join = StudyJoin(video.name for video in study.videos.all())

    def is_video(cell: str) -> bool:
        return join.find(cell).name is not None

    if mapping is not None:
        sheet, titles_row = sheet or mapping.sheet, mapping.titles_row if titles_row is None else titles_row
    table = read_table(path, sheet, titles_row, is_video)
    if mapping is not None:
        return table, mapping, ()
    guessed = guess(table, is_video)
    return table, guessed.mapping, guessed.doubts


def read_for(study: Study, table: RatingTable, mapping: TableMapping) -> RatedTable:
    """Return the ratings of a table whose videos are those of a study.

    Raises:
        DatasetError: The mapping does not fit, or no row could be used.
    """
    rated = read_ratings(table, mapping, StudyJoin(video.name for video in study.videos.all()))
    if not rated.ratings.ratings:
        raise DatasetError(f"No row of {rated.account.name} could be used: {rated.account.reasons()[0][0]}.")
    return rated


def add_ratings(study: Study, table: RatingTable, rated: RatedTable) -> Imported:
    """Add ratings of videos of the study, and who is in them; a part of a video joins it as a video of its own.

    Raises:
        StudyError: The study cannot be written, or has another scale for an item; no rating is added then.
    """
    files = {video.name: video.path for video in study.videos.all()}
    parts = [
        NewVideo(files[rated.videos[attempt]], attempt, rated.participants.get(attempt), "", extent)
        for attempt, extent in rated.extents.items()
    ]
    return _added(study, table, rated, parts, CancelToken(), silent)


def add_with_files(
    study: Study, opened: OpenTable, mapping: TableMapping, token: CancelToken, report: Report
) -> tuple[RatedTable, Imported]:
    """Add ratings together with the files of a folder that the table names.

    Raises:
        DatasetError: The mapping does not fit, or no row could be used.
        StudyError: The study cannot be written, or has another scale for an item; no rating is added then.
        Cancelled: The person asked to stop.
    """
    rated, join = opened.read(mapping)
    videos = [
        NewVideo(join.paths.get(video), attempt, rated.participants.get(attempt), "", rated.extents.get(attempt))
        for attempt, video in rated.videos.items()
    ]
    return rated, _added(study, opened.table, rated, videos, token, report)


def _added(
    study: Study, table: RatingTable, rated: RatedTable, videos: list[NewVideo], token: CancelToken, report: Report
) -> Imported:
    added = study.videos.add(videos, token, report)
    names = {attempt: attempt for attempt in rated.videos}
    names |= {video.name: name or "" for video, name in zip(videos, added.names, strict=True)}
    here = {video.name for video in study.videos.all()}
    people, contradictions = study.videos.name_people(
        {names[attempt]: person for attempt, person in rated.participants.items() if names[attempt] in here}
    )
    own = (replace(one, video=names[one.video]) for one in rated.ratings.ratings if names[one.video] in here)
    ratings = RatingSet(tuple(own), rated.ratings.scales)
    mapping = msgspec.structs.replace(rated.mapping, table_sha256=sha256_of(table.path))
    came = study.ratings.add(ratings, table.path.name, msgspec.json.encode(mapping).decode())
    return Imported(
        videos=len([name for name in added.names if name is not None]) - len(added.known),
        votes=0,
        pairs=0,
        people=people,
        problems=(*added.problems, *contradictions, *came.problems),
        ratings=came.new + came.changed,
    )
