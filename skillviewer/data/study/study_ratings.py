"""Ratings of a study. Rows of ratings are never changed: a corrected rating is withdrawn, and a new one added."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.dataset.rating_set import RatingKey, RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import StudyError, first_line
from skillviewer.core.ratings.rating_rule import RatedOrder, RatingRule
from skillviewer.core.text import join_names
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.values import insert, now, read_json
from skillviewer.data.study.votes import video_id

if TYPE_CHECKING:  # scipy takes a second
    from skillviewer.core.ranking.consensus import ConsensusPairs

_MAX_COMPARED_VIDEOS = 1000
_SELECT_VALID = """
    SELECT r.id, v.name AS video, r.rater, r.item, r.value, r.occasion
    FROM rating AS r
    JOIN video AS v ON v.id = r.video
    LEFT JOIN rating_withdrawal AS w ON w.rating = r.id
    WHERE w.rating IS NULL
"""

_SELECT_ONE = """
    SELECT v.name, r.rater, r.item, r.occasion FROM rating AS r JOIN video AS v ON v.id = r.video WHERE r.id = ?
"""


@dataclass(frozen=True, slots=True)
class RatingsAdded:
    """Result of adding ratings."""

    n_new: int
    n_known: int  # number of ratings that the study had already
    n_changed: int  # number of ratings that replaced a different one
    problems: tuple[str, ...] = ()  # one sentence each
    added_ids: tuple[tuple[int, int | None], ...] = ()  # number of each added rating, and of the replaced one or None
    scales_before: tuple[RatingScale, ...] = ()  # all scales of the study before the ratings were added
    withdrawn_ids: tuple[int, ...] = ()  # numbers of the ratings that were withdrawn without a new one in their place


class StudyRatings:
    """The ratings of an open study; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def all(self) -> RatingSet:
        """Return the valid ratings of the videos in the study."""
        return self._valid("")

    def from_tables(self) -> RatingSet:
        """Return the valid ratings that were imported from tables, without those of rating forms."""
        return self._valid("AND r.rating_form IS NULL")

    def from_table(self, table: str) -> RatingSet:
        """Return the valid ratings that were imported from tables of a name."""
        return self._valid("AND r.rating_table IN (SELECT id FROM rating_table WHERE name = ?)", (table,))

    def _valid(self, condition: str, parameters: tuple[object, ...] = ()) -> RatingSet:
        query = f"{_SELECT_VALID} AND v.removed_at IS NULL {condition} ORDER BY r.id"
        rows = self._file.query(query, parameters)
        ratings = tuple(
            VideoRating(r["video"], r["rater"], item=r["item"], value=r["value"], occasion=r["occasion"]) for r in rows
        )
        rated_items = {rating.item for rating in ratings}
        return RatingSet(ratings, tuple(scale for scale in self._scales() if scale.item in rated_items))

    def _scales(self) -> tuple[RatingScale, ...]:
        return tuple(map(_scale, self._file.query("SELECT * FROM rating_scale ORDER BY id")))

    def merged_scales(self, scales: Sequence[RatingScale]) -> dict[str, RatingScale]:
        """Return scales merged with those of the study, by item; the ends of a scale that is not stated are extended.

        Raises:
            StudyError: The study rates an item on a different scale.
        """
        rating_set = self.all()
        study_scales = dict[str, RatingScale]()
        for scale in rating_set.scales:
            study_scales[scale.item] = scale
            if not scale.stated:
                values = [rating.value for rating in rating_set.ratings if rating.item == scale.item]
                study_scales[scale.item] = replace(scale, low=min(values), high=max(values))
        return {scale.item: _merge_scales(study_scales.get(scale.item, scale), scale) for scale in scales}

    def check_scales(self, scales: Sequence[RatingScale]) -> None:
        """Raise a StudyError if the study rates an item on a different scale."""
        self.merged_scales(scales)

    def mapping(self, table: str) -> str:
        """Return the mapping of the last imported table of a name as JSON, or ""."""
        text = self._file.scalar("SELECT mapping FROM rating_table WHERE name = ? ORDER BY id DESC LIMIT 1", (table,))
        return str(text or "")

    def add(
        self, ratings: RatingSet, table: str, mapping: str = "", withdraw: Collection[RatingKey] = ()
    ) -> RatingsAdded:
        """Add the ratings of a table in one transaction.

        A rating replaces a different rating of the same video, rater, item and occasion, which is withdrawn and
        reported.

        Args:
            ratings: The ratings, of videos by their names in the study.
            table: Name of the table.
            mapping: Mapping of the table as JSON, or "".
            withdraw: Keys of ratings to withdraw that get no new one; keys that the study does not have are ignored.

        Raises:
            StudyError: A video is missing, an item has another scale, or the study cannot be written; nothing is added.
        """
        changes: list[str] = []
        added_ids: list[tuple[int, int | None]] = []
        n_known = 0
        scales_before = self._scales()
        with self._file.transaction() as db:
            for scale in self.merged_scales(ratings.scales).values():
                self.save_scale(db, scale)
            rows = db.execute(_SELECT_VALID).fetchall()
            row_by_key = {(row["video"], row["rater"], row["item"], row["occasion"]): row for row in rows}
            table_id = 0
            if ratings.ratings:
                table_id = insert(db, "rating_table", name=table, mapping=mapping, added_at=now())
            for rating in ratings.ratings:
                old_row = row_by_key.get((rating.video, rating.rater, rating.item, rating.occasion))
                if old_row is not None and old_row["value"] == rating.value:
                    n_known += 1
                    continue
                if old_row is not None:
                    insert(db, "rating_withdrawal", rating=old_row["id"], withdrawn_at=now())
                    changes.append(f"{rating.item} of {rating.video} from {old_row['value']:g} to {rating.value:g}")
                values = asdict(rating) | {"video": video_id(db, rating.video)}
                new_id = insert(db, "rating", rating_table=table_id, **values, added_at=now())
                old_id = old_row["id"] if old_row is not None else None
                added_ids.append((new_id, old_id))
            old_rows = [row_by_key[key] for key in withdraw if key in row_by_key]
            withdrawn_ids = tuple(row["id"] for row in old_rows)
            for withdrawn_id in withdrawn_ids:
                insert(db, "rating_withdrawal", rating=withdrawn_id, withdrawn_at=now())
            if not added_ids and table_id:
                db.execute("DELETE FROM rating_table WHERE id = ?", (table_id,))
        problems = (f"Different ratings in the study were replaced: {join_names(changes)}.",) if changes else ()
        return RatingsAdded(
            n_new=len(added_ids) - len(changes),
            n_known=n_known,
            n_changed=len(changes),
            problems=problems,
            added_ids=tuple(added_ids),
            scales_before=scales_before,
            withdrawn_ids=withdrawn_ids,
        )

    def undo_import(self, ratings_added: RatingsAdded) -> None:
        """Withdraw the ratings of an import, and add the replaced and withdrawn ones again, in one transaction."""
        with self._file.transaction() as db:
            for added_id, replaced_id in ratings_added.added_ids:
                withdrawal = db.execute("SELECT 1 FROM rating_withdrawal WHERE rating = ?", (added_id,)).fetchone()
                if withdrawal is not None:
                    continue  # replaced or withdrawn since
                insert(db, "rating_withdrawal", rating=added_id, withdrawn_at=now())
                if replaced_id is not None:
                    _add_again(db, replaced_id)
            rows = db.execute(_SELECT_VALID).fetchall()
            valid_keys = {(row["video"], row["rater"], row["item"], row["occasion"]) for row in rows}
            for withdrawn_id in ratings_added.withdrawn_ids:
                row = db.execute(_SELECT_ONE, (withdrawn_id,)).fetchone()
                # the video may have been removed, or rated again
                if row is not None and tuple(row) not in valid_keys:
                    _add_again(db, withdrawn_id)
            for scale in ratings_added.scales_before:
                self.save_scale(db, scale)

    @staticmethod
    def save_scale(db: sqlite3.Connection, scale: RatingScale) -> None:
        """Save the scale of an item; it replaces an earlier scale, and the item keeps its place in the order."""
        row = db.execute("SELECT id FROM rating_scale WHERE item = ?", (scale.item,)).fetchone()
        db.execute("DELETE FROM rating_scale WHERE item = ?", (scale.item,))
        number = None if row is None else row["id"]
        values = asdict(scale) | {"levels": json.dumps(scale.levels)}
        insert(db, "rating_scale", id=number, **values)


def _add_again(db: sqlite3.Connection, rating_id: int) -> None:
    """Add a copy of a withdrawn rating."""
    db.execute(
        "INSERT INTO rating (rating_table, video, rater, item, value, occasion, added_at) "
        "SELECT rating_table, video, rater, item, value, occasion, ? FROM rating WHERE id = ?",
        (now(), rating_id),
    )


def _scale(row: sqlite3.Row) -> RatingScale:
    try:
        levels = tuple(read_json(row["levels"], list[str]))
    except ValueError as error:
        raise StudyError(f"The study has an invalid scale of {row['item'][:40]!r}: {first_line(error)}.") from error
    return RatingScale(
        item=row["item"],
        low=row["low"],
        high=row["high"],
        step=row["step"],
        levels=levels,
        less_is_better=bool(row["less_is_better"]),
        stated=bool(row["stated"]),
    )


def _format_scale(scale: RatingScale) -> str:
    ends = ", ".join(scale.levels) if scale.levels else f"{scale.low:g} to {scale.high:g}"
    direction = ", less is better" if scale.less_is_better else ""
    return ends + direction


def _merge_scales(study_scale: RatingScale, added_scale: RatingScale) -> RatingScale:
    """Return the common scale of an item in the study and in a table, or raise a StudyError if they differ."""
    if not _are_compatible(study_scale, added_scale):
        raise StudyError(
            f"The study rates {study_scale.item} on a scale of {_format_scale(study_scale)}, the table on one of "
            f"{_format_scale(added_scale)}: give the item another name, or state its scale."
        )
    step = min(study_scale.step, added_scale.step)
    if study_scale.stated:
        return replace(study_scale, step=step)
    if added_scale.stated:
        return replace(added_scale, step=step)
    low = min(study_scale.low, added_scale.low)
    high = max(study_scale.high, added_scale.high)
    return replace(study_scale, low=low, high=high, step=step)


def _are_compatible(first: RatingScale, second: RatingScale) -> bool:
    if first.levels != second.levels or first.less_is_better != second.less_is_better:
        return False
    if first.stated and second.stated:
        return (first.low, first.high) == (second.low, second.high)
    if first.stated:
        return first.low <= second.low <= second.high <= first.high
    if second.stated:
        return second.low <= first.low <= first.high <= second.high
    return True


@dataclass(frozen=True, slots=True)
class RatingFacts:
    """Comparison of the ratings of a study, by its rule, with its votes."""

    rule: str  # description of the rule
    # numbers of pairs that the ratings order, find similar, and leave undecided; None with too many videos
    n_by_outcome: tuple[int, int, int] | None
    n_ordered_by_both: int  # number of pairs that both votes and ratings order
    # pairs by votes that the ratings order the other way, with the mean ratings of both videos
    contradicted: tuple[tuple[Pair, float, float], ...]


def rated_order(ratings: RatingSet, criterion: str, rule: RatingRule) -> RatedOrder | None:
    """Return the order of videos by their ratings of a criterion ("" for the first item), or None without ratings."""
    item = criterion
    if not item:
        item = next(iter(ratings.items), "")
    return rule.order(ratings, item) if item in ratings.items else None


def rating_facts(
    ratings: RatingSet, order: RatedOrder, pairs: Sequence[Pair], groups: Mapping[str, str]
) -> RatingFacts:
    """Compare the order of the ratings with the pairs by votes.

    Args:
        ratings: Ratings of the study.
        order: Order of the videos by the ratings.
        pairs: Pairs on which the raters agree.
        groups: Task of each video; videos of different tasks are not compared.
    """
    n_by_outcome = None
    if len(order.means) <= _MAX_COMPARED_VIDEOS:
        rated_pairs = order.pairs(groups)
        n_by_outcome = (len(rated_pairs.pairs), len(rated_pairs.similar), rated_pairs.n_between)
    means = ratings.table(order.item).means()
    contradicted = tuple((pair, means[pair.better], means[pair.worse]) for pair in order.contradicted(pairs))
    n_ordered_by_both = sum(bool(order.compare(pair.better, pair.worse)) for pair in pairs)
    return RatingFacts(order.rule, n_by_outcome, n_ordered_by_both, contradicted)


def add_rating_pairs(
    consensus: "ConsensusPairs", order: RatedOrder, groups: Mapping[str, str]
) -> tuple["ConsensusPairs", list[str]]:
    """Add the pairs by ratings of videos without a pair by votes; return also a sentence about contradictions.

    ``groups`` is the task of each video; videos of different tasks are not compared.
    """
    rating_pairs = order.pairs(groups)
    judged_pairs = {frozenset((pair.better, pair.worse)) for pair in consensus.pairs}
    judged_pairs |= {frozenset((pair.first, pair.second)) for pair in consensus.similar}
    pairs = [pair for pair in rating_pairs.pairs if frozenset((pair.better, pair.worse)) not in judged_pairs]
    similar_pairs = [pair for pair in rating_pairs.similar if frozenset((pair.first, pair.second)) not in judged_pairs]
    contradicted = order.contradicted(consensus.pairs)
    problems = []
    if contradicted:
        n_pairs = f"{len(contradicted)} of {len(consensus.pairs)} pairs"
        opposite = join_names([f"{pair.worse} above {pair.better}" for pair in contradicted])
        problems.append(
            f"Votes contradict the ratings of {order.item} on {n_pairs}, and count there; the ratings put {opposite}."
        )
    together = replace(consensus, pairs=(*consensus.pairs, *pairs), similar=(*consensus.similar, *similar_pairs))
    return together, problems
