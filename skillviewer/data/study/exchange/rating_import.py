"""Import into a study of a table that rates its videos, or the video files of a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.dataset.rating_set import RatingSet, VideoRating
from skillviewer.core.hashing import sha256_of
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.text import counted
from skillviewer.data.ratings.mapped_table import MappedTable, open_table
from skillviewer.data.ratings.parsed_ratings import ParsedRatings, RatingRemark
from skillviewer.data.ratings.remark_times import times_in_remark
from skillviewer.data.ratings.table_mapping import TableMapping
from skillviewer.data.ratings.video_matching import StudyVideoMatcher
from skillviewer.data.study.exchange.study_import import ImportResult
from skillviewer.data.study.study import Study
from skillviewer.data.study.study_ratings import RatingsAdded
from skillviewer.data.study.video_rows import NewVideo
from skillviewer.data.tables.rows import abbreviated


@dataclass(frozen=True, slots=True)
class RatingImport:
    """Result of an import of ratings, with all that ``undo_import`` needs."""

    parsed: ParsedRatings  # the parsed table
    import_result: ImportResult
    added_ratings: RatingsAdded
    videos: tuple[str, ...]  # names of the new videos
    participants: tuple[str, ...]  # names of the videos whose participant was set
    occasions: tuple[str, ...]  # names of the videos whose occasion was set
    notes: tuple[int, ...] = ()  # numbers of the new notes, which are remarks of the raters
    moments: tuple[int, ...] = ()  # numbers of the new moments, which are times in remarks


def open_study_table(
    study: Study, path: Path, mapping: TableMapping | None = None, sheet: str = "", titles_row: int | None = None
) -> MappedTable:
    """Open a table that rates the videos of a study; see ``open_table``."""
    matcher = StudyVideoMatcher({video.name: video.path for video in study.videos.all()})
    return open_table(path, matcher, mapping, sheet, titles_row)


def ratings_without_successor(study: Study, parsed: ParsedRatings, table: str) -> tuple[VideoRating, ...]:
    """Return the study's ratings that the import of a table would leave, although it may be meant to correct them.

    These are ratings whose cell in the table is empty or rejected. If an earlier table of the same name shares a rated
    cell with the table, its ratings of the same items that the table no longer has are among them.

    Args:
        study: The study; only ratings from tables are looked at.
        parsed: The parsed table.
        table: Name of the table.
    """
    new_keys = {rating.key for rating in parsed.ratings.ratings}
    keys = set(parsed.keys_without_rating)
    earlier = study.ratings.from_table(table).ratings
    if any(rating.key in new_keys for rating in earlier):
        keys |= {rating.key for rating in earlier if rating.item in parsed.ratings.items}
    keys -= new_keys
    return tuple(rating for rating in study.ratings.from_tables().ratings if rating.key in keys)


def describe_left_ratings(left: Sequence[VideoRating]) -> str:
    """Return a sentence on earlier ratings that an import leaves, or "" without any."""
    if not left:
        return ""
    names = []
    for rating in left:
        rater = "" if rating.rater == UNNAMED else f" by {rating.rater}"
        occasion = f", {rating.occasion}" if rating.occasion else ""
        names.append(f"{rating.item} {rating.value:g} of {rating.video}{rater}{occasion}")
    stay = "stays" if len(left) == 1 else "stay"
    return (
        f"{counted(len(left), 'earlier rating')} {stay} in the study, since the table has no valid rating in the same "
        f"place: {abbreviated(names)}."
    )


def add_ratings(
    study: Study,
    opened: MappedTable,
    mapping: TableMapping | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
    *,
    withdraw_missing: bool = False,
) -> RatingImport:
    """Add the ratings, participants and occasions of a table, by ``mapping`` or else by the mapping of the table.

    Rated files of a folder become videos of the study, and so do rated parts of the study's videos. With
    ``withdraw_missing`` the ratings that ``ratings_without_successor`` lists are withdrawn.

    Raises:
        DatasetError: The mapping does not fit, or no row can be used.
        StudyError: The study cannot be written, or has another scale for an item; nothing is added then.
    """
    parsed, matcher = opened.read(mapping)
    study.ratings.merged_scales(parsed.ratings.scales)  # refuses other scales
    names_before = {video.name for video in study.videos.all()}
    rates_study_videos = isinstance(matcher, StudyVideoMatcher)
    new_videos = [
        NewVideo(
            path=matcher.paths.get(video),
            name=attempt,
            participant=parsed.participants.get(attempt),
            clip_range=parsed.clip_ranges.get(attempt),
        )
        for attempt, video in parsed.videos.items()
        if not rates_study_videos or attempt in parsed.clip_ranges
    ]
    added = study.videos.add(new_videos, token, report)
    study_names = {attempt: attempt for attempt in parsed.videos}
    for video, name in zip(new_videos, added.names, strict=True):
        study_names[video.name] = "" if name is None else name
    present = {video.name for video in study.videos.all()}
    study_names = {attempt: name for attempt, name in study_names.items() if name in present}
    participants, occasions, contradictions = study.videos.set_participants(
        _by_study_name(parsed.participants, study_names), _by_study_name(parsed.ratings.occasions(), study_names)
    )
    ratings = tuple(
        replace(rating, video=study_names[rating.video])
        for rating in parsed.ratings.ratings
        if rating.video in study_names
    )
    saved_mapping = msgspec.structs.replace(parsed.mapping, table_sha256=sha256_of(opened.table.path))
    left = ratings_without_successor(study, parsed, opened.table.path.name) if withdraw_missing else ()
    added_ratings = study.ratings.add(
        RatingSet(ratings, parsed.ratings.scales),
        opened.table.path.name,
        msgspec.json.encode(saved_mapping).decode(),
        withdraw=[rating.key for rating in left],
    )
    notes, moments = _add_remarks(study, parsed.remarks, study_names, opened.table.path.name)
    new_names = tuple(sorted(present - names_before))
    result = ImportResult(
        n_videos=len(new_names),
        n_participants=len(participants),
        n_ratings=added_ratings.n_new + added_ratings.n_changed,
        problems=(*added.problems, *contradictions, *added_ratings.problems),
    )
    return RatingImport(
        parsed,
        result,
        added_ratings,
        videos=new_names,
        participants=participants,
        occasions=occasions,
        notes=notes,
        moments=moments,
    )


def _by_study_name(values: Mapping[str, str], study_names: Mapping[str, str]) -> dict[str, str]:
    """Return values by the study's names of videos, given values by the table's names."""
    return {study_names[attempt]: value for attempt, value in values.items() if attempt in study_names}


MOMENT_S = 1.0
"""Length of a moment whose remark names a single time."""


def _add_remarks(
    study: Study, remarks: Sequence[RatingRemark], study_names: Mapping[str, str], table: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Write remarks as notes, and the times in them as moments; return the numbers of the new notes and moments.

    Notes and moments that the study has already are not written again.
    """
    known_notes = {(note.video, note.author, note.text) for note in study.annotations.notes()}
    known_moments = {
        (moment.video, moment.author, moment.start_s, moment.label) for moment in study.annotations.moments()
    }
    notes = []
    moments = []
    with study.transaction():
        for remark in remarks:
            video = study_names.get(remark.attempt)
            author = "" if remark.rater == UNNAMED else remark.rater
            if video is None:
                continue
            if (video, author, remark.text) not in known_notes:
                notes.append(study.annotations.write_note(remark.text, author=author, video=video, tier=table))
            for time in times_in_remark(remark.text):
                if (video, author, time.start_s, time.label) not in known_moments:
                    stop_s = time.stop_s if time.stop_s is not None else time.start_s + MOMENT_S
                    number = study.annotations.save_moment(
                        video, time.start_s, stop_s, author=author, label=time.label, tier=table
                    )
                    moments.append(number)
    return tuple(notes), tuple(moments)


def undo_import(study: Study, imported: RatingImport) -> None:
    """Undo an import: remove its ratings, participants, occasions and videos, and restore the replaced ratings.

    Errors are those of ``Study``.
    """
    with study.transaction():
        study.ratings.undo_import(imported.added_ratings)
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
