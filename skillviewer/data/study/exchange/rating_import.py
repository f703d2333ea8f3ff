"""Import of a table of ratings into a study, whose videos it rates, or together with the files of a folder."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.hashing import sha256_of
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.data.ratings.mapped_table import MappedTable, open_table
from skillviewer.data.ratings.parsed_ratings import ParsedRatings, RatingRemark
from skillviewer.data.ratings.remark_times import times_in_remark
from skillviewer.data.ratings.table_mapping import TableMapping
from skillviewer.data.ratings.video_matching import StudyVideoMatcher
from skillviewer.data.study.exchange.exchange import Imported
from skillviewer.data.study.study import Study
from skillviewer.data.study.study_ratings import RatingsAdded
from skillviewer.data.study.video_rows import NewVideo


@dataclass(frozen=True, slots=True)
class RatingImport:
    """Result of an import of ratings: the parsed table, its numbers, and the rows that ``undo_import`` removes."""

    rated: ParsedRatings
    added: Imported
    ratings: RatingsAdded
    videos: tuple[str, ...]
    participants: tuple[str, ...]
    occasions: tuple[str, ...]
    notes: tuple[int, ...] = ()  # numbers of new notes: remarks of the raters
    moments: tuple[int, ...] = ()  # numbers of new moments: times named in remarks


def open_study_table(
    study: Study, path: Path, mapping: TableMapping | None = None, sheet: str = "", titles_row: int | None = None
) -> MappedTable:
    """Open a table that rates the videos of a study; see ``open_table``."""
    join = StudyVideoMatcher({video.name: video.path for video in study.videos.all()})
    return open_table(path, join, mapping, sheet, titles_row)


def add_ratings(
    study: Study,
    opened: MappedTable,
    mapping: TableMapping | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> RatingImport:
    """Add the ratings of a table, by its mapping or another, the participants and the occasions.

    Files of a folder join the study if the table rates them; rated parts of the study's own videos join it as videos.

    Raises:
        DatasetError: The mapping does not fit, or no row can be used.
        StudyError: The study cannot be written, or has another scale for an item; then nothing is added.
    """
    rated, join = opened.read(mapping)
    study.ratings.check(rated.ratings.scales)
    before = {video.name for video in study.videos.all()}
    is_study_matcher = isinstance(join, StudyVideoMatcher)
    new = [
        NewVideo(join.paths.get(video), attempt, rated.participants.get(attempt), "", rated.clip_ranges.get(attempt))
        for attempt, video in rated.videos.items()
        if not is_study_matcher or attempt in rated.clip_ranges
    ]
    added = study.videos.add(new, token, report)
    names = {attempt: attempt for attempt in rated.videos}
    names |= {video.name: name or "" for video, name in zip(new, added.names, strict=True)}
    present = {video.name for video in study.videos.all()}
    participants, occasions, contradictions = study.videos.name_participants(
        *(
            {names[attempt]: fact for attempt, fact in facts.items() if names[attempt] in present}
            for facts in (rated.participants, rated.ratings.occasions())
        )
    )
    ratings = (
        replace(rating, video=names[rating.video]) for rating in rated.ratings.ratings if names[rating.video] in present
    )
    kept = msgspec.structs.replace(rated.mapping, table_sha256=sha256_of(opened.table.path))
    added_ratings = study.ratings.add(
        RatingSet(tuple(ratings), rated.ratings.scales), opened.table.path.name, msgspec.json.encode(kept).decode()
    )
    new_videos = tuple(sorted(present - before))
    notes, moments = _add_remarks(study, rated.remarks, names, present, opened.table.path.name)
    problems = (*added.problems, *contradictions, *added_ratings.problems)
    numbers = Imported(len(new_videos), 0, 0, len(participants), problems, added_ratings.new + added_ratings.changed)
    return RatingImport(rated, numbers, added_ratings, new_videos, participants, occasions, notes, moments)


MOMENT_S = 1.0
"""Length of a moment whose remark names a single time."""


def _add_remarks(
    study: Study, annotations: Sequence[RatingRemark], names: Mapping[str, str], present: Collection[str], table: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Write remarks as notes, and the times in them as moments, and return the numbers of both; known ones stay."""
    known_notes = {(note.video, note.author, note.text) for note in study.annotations.notes()}
    known_moments = {(m.video, m.author, m.start_s, m.label) for m in study.annotations.moments()}
    notes, moments = [], []
    with study.transaction():
        for remark in annotations:
            video = names[remark.attempt]
            author = "" if remark.rater == UNNAMED else remark.rater
            if video not in present:
                continue
            if (video, author, remark.text) not in known_notes:
                notes.append(study.annotations.write_note(remark.text, author=author, video=video, tier=table))
            for time in times_in_remark(remark.text):
                if (video, author, time.start_s, time.label) not in known_moments:
                    stop_s = time.stop_s if time.stop_s is not None else time.start_s + MOMENT_S
                    saved = study.annotations.save_moment(
                        video, time.start_s, stop_s, author=author, label=time.label, tier=table
                    )
                    moments.append(saved)
    return tuple(notes), tuple(moments)


def undo_import(study: Study, imported: RatingImport) -> None:
    """Take an import back: its ratings, participants, occasions and videos; what it replaced counts again.

    Errors are those of ``Study``.
    """
    with study.transaction():
        study.ratings.undo_import(imported.ratings)
        for number in imported.notes:
            study.annotations.remove("note", number)
        for number in imported.moments:
            study.annotations.remove("moment", number)
        present = {video.name for video in study.videos.all()}
        for name in present.intersection(imported.participants):
            study.videos.change(name, participant=None)
        for name in present.intersection(imported.occasions):
            study.videos.change(name, occasion="")
        for name in present.intersection(imported.videos):
            study.videos.remove(name)
