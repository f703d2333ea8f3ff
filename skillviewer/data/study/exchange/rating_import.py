"""Import of a table of ratings into a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.dataset.rating_set import RatingSet, VideoRating
from skillviewer.core.hashing import sha256_of
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.text import counted, join_names
from skillviewer.data.ratings.mapped_table import MappedTable, open_table
from skillviewer.data.ratings.parsed_ratings import ParsedRatings, RatingRemark
from skillviewer.data.ratings.remark_times import times_in_remark
from skillviewer.data.ratings.table_mapping import TableMapping
from skillviewer.data.ratings.video_matching import StudyVideoMatcher
from skillviewer.data.study.exchange.study_import import ImportResult
from skillviewer.data.study.study import Study
from skillviewer.data.study.study_ratings import RatingsAdded
from skillviewer.data.study.video_rows import NewVideo


@dataclass(frozen=True, slots=True)
class RatingImport:
    """Result of an import of ratings, with all that ``undo_import`` needs."""

    parsed_ratings: ParsedRatings  # the parsed table
    import_result: ImportResult
    added_ratings: RatingsAdded
    videos: tuple[str, ...]  # names of the new videos
    videos_with_new_participant: tuple[str, ...]  # names of the videos whose participant was set
    videos_with_new_occasion: tuple[str, ...]  # names of the videos whose occasion was set
    notes: tuple[int, ...] = ()  # numbers of the new notes, which are remarks of the raters
    moments: tuple[int, ...] = ()  # numbers of the new moments, which are times in remarks


def open_study_table(
    study: Study, path: Path, mapping: TableMapping | None = None, sheet: str = "", titles_row: int | None = None
) -> MappedTable:
    """Open a table that rates the videos of a study; see ``open_table``."""
    matcher = StudyVideoMatcher({video.name: video.path for video in study.videos.all()})
    return open_table(path, matcher, mapping, sheet, titles_row)


def ratings_without_successor(study: Study, parsed_ratings: ParsedRatings, table: str) -> tuple[VideoRating, ...]:
    """Return ratings of the study that a table may be meant to correct, but does not replace.

    They include all ratings whose cell in the table is empty or rejected. A table that shares a rated cell with an
    earlier table of the same name is taken for its correction. Then the earlier ratings of the same items that the
    table no longer has are returned too.

    Args:
        study: The study; only ratings from tables are looked at.
        parsed_ratings: The parsed table.
        table: Name of the table.
    """
    new_keys = {rating.key for rating in parsed_ratings.ratings.ratings}
    keys = set(parsed_ratings.keys_without_rating)
    earlier = study.ratings.from_table(table).ratings
    if any(rating.key in new_keys for rating in earlier):
        keys |= {rating.key for rating in earlier if rating.item in parsed_ratings.ratings.items}
    keys -= new_keys
    return tuple(rating for rating in study.ratings.from_tables().ratings if rating.key in keys)


def describe_remaining_ratings(ratings: Sequence[VideoRating]) -> str:
    """Return a sentence on earlier ratings that an import does not replace, or "" if there are none."""
    if not ratings:
        return ""
    names = []
    for rating in ratings:
        rater = "" if rating.rater == UNNAMED else f" by {rating.rater}"
        occasion = f", {rating.occasion}" if rating.occasion else ""
        names.append(f"{rating.item} {rating.value:g} of {rating.video}{rater}{occasion}")
    stay = "stays" if len(ratings) == 1 else "stay"
    return (
        f"{counted(len(ratings), 'earlier rating')} {stay} in the study, since the table has no valid rating in the "
        f"same place: {join_names(names)}."
    )


def add_ratings(
    study: Study,
    mapped_table: MappedTable,
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
    parsed_ratings, matcher = mapped_table.read(mapping)
    study.ratings.check_scales(parsed_ratings.ratings.scales)
    names_before = {video.name for video in study.videos.all()}
    rates_study_videos = isinstance(matcher, StudyVideoMatcher)
    new_videos = []
    for name_in_table, video in parsed_ratings.videos.items():
        if rates_study_videos and name_in_table not in parsed_ratings.clip_ranges:
            continue
        new_video = NewVideo(
            path=matcher.paths.get(video),
            name=name_in_table,
            participant=parsed_ratings.participants.get(name_in_table),
            clip_range=parsed_ratings.clip_ranges.get(name_in_table),
        )
        new_videos.append(new_video)
    added_videos = study.videos.add(new_videos, token, report)
    study_names = {name_in_table: name_in_table for name_in_table in parsed_ratings.videos}
    for new_video, name in zip(new_videos, added_videos.names, strict=True):
        study_names[new_video.name] = "" if name is None else name
    names_after = {video.name for video in study.videos.all()}
    study_names = {name_in_table: name for name_in_table, name in study_names.items() if name in names_after}
    videos_with_new_participant, videos_with_new_occasion, contradictions = study.videos.set_participants_and_occasions(
        _by_study_name(parsed_ratings.participants, study_names),
        _by_study_name(parsed_ratings.ratings.occasions(), study_names),
    )
    ratings = tuple(
        replace(rating, video=study_names[rating.video])
        for rating in parsed_ratings.ratings.ratings
        if rating.video in study_names
    )
    saved_mapping = msgspec.structs.replace(parsed_ratings.mapping, table_sha256=sha256_of(mapped_table.table.path))
    remaining_ratings = (
        ratings_without_successor(study, parsed_ratings, mapped_table.table.path.name) if withdraw_missing else ()
    )
    added_ratings = study.ratings.add(
        RatingSet(ratings, parsed_ratings.ratings.scales),
        mapped_table.table.path.name,
        msgspec.json.encode(saved_mapping).decode(),
        withdraw=[rating.key for rating in remaining_ratings],
    )
    notes, moments = _add_remarks(study, parsed_ratings.remarks, study_names, mapped_table.table.path.name)
    new_names = tuple(sorted(names_after - names_before))
    result = ImportResult(
        n_videos=len(new_names),
        n_participants=len(videos_with_new_participant),
        n_ratings=added_ratings.n_new + added_ratings.n_changed,
        problems=(*added_videos.problems, *contradictions, *added_ratings.problems),
    )
    return RatingImport(
        parsed_ratings,
        result,
        added_ratings,
        videos=new_names,
        videos_with_new_participant=videos_with_new_participant,
        videos_with_new_occasion=videos_with_new_occasion,
        notes=notes,
        moments=moments,
    )


def _by_study_name(values: Mapping[str, str], study_names: Mapping[str, str]) -> dict[str, str]:
    """Return values with the study's names of videos as keys in place of the table's names."""
    return {
        study_names[name_in_table]: value for name_in_table, value in values.items() if name_in_table in study_names
    }


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


def undo_import(study: Study, rating_import: RatingImport) -> None:
    """Undo an import: remove its ratings, participants, occasions and videos, and restore the replaced ratings.

    Errors are those of ``Study``.
    """
    with study.transaction():
        study.ratings.undo_import(rating_import.added_ratings)
        for number in rating_import.notes:
            study.annotations.remove("note", number)
        for number in rating_import.moments:
            study.annotations.remove("moment", number)
        present_names = {video.name for video in study.videos.all()}
        for name in present_names.intersection(rating_import.videos_with_new_participant):
            study.videos.change(name, participant=None)
        for name in present_names.intersection(rating_import.videos_with_new_occasion):
            study.videos.change(name, occasion="")
        for name in present_names.intersection(rating_import.videos):
            study.videos.remove(name)
