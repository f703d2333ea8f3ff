"""Ratings of a study: added table by table, never changed; a corrected rating is withdrawn."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import StudyError, first_line
from skillviewer.core.ratings.rating_rule import RatedOrder, RatingRule
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.values import insert, now, read_json
from skillviewer.data.study.votes import video_id
from skillviewer.data.tables.rows import abbreviated

if TYPE_CHECKING:  # scipy takes a second
    from skillviewer.core.ranking.consensus import ConsensusPairs

_MAX_COMPARED_VIDEOS = 1000
_STANDING = """
    SELECT r.id, v.name AS video, r.rater, r.item, r.value, r.occasion
    FROM rating AS r
    JOIN video AS v ON v.id = r.video
    LEFT JOIN rating_withdrawal AS w ON w.rating = r.id
    WHERE w.rating IS NULL
"""


@dataclass(frozen=True, slots=True)
class RatingsAdded:
    """Numbers of new ratings, known ones, and changed ones that replaced others; problems, one sentence each.

    ``rows`` are the ids of the added ratings, each with that of the replaced one or None, and ``before`` the scales
    before.
    """

    new: int
    n_known: int
    changed: int
    problems: tuple[str, ...] = ()
    rows: tuple[tuple[int, int | None], ...] = ()
    before: tuple[RatingScale, ...] = ()


class StudyRatings:
    """The ratings of an open study; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def all(self) -> RatingSet:
        """Return the valid ratings of the videos in the study."""
        return self._valid("")

    def from_tables(self) -> RatingSet:
        """Return the valid ratings that came from tables, without those of rating forms."""
        return self._valid("AND r.rating_form IS NULL")

    def _valid(self, condition: str) -> RatingSet:
        rows = self._file.query(f"{_STANDING} AND v.removed_at IS NULL {condition} ORDER BY r.id")
        ratings = tuple(VideoRating(r["video"], r["rater"], r["item"], r["value"], r["occasion"]) for r in rows)
        rated_items = {rating.item for rating in ratings}
        return RatingSet(ratings, tuple(scale for scale in self._scales() if scale.item in rated_items))

    def _scales(self) -> tuple[RatingScale, ...]:
        return tuple(map(_scale, self._file.query("SELECT * FROM rating_scale ORDER BY id")))

    def check(self, scales: Sequence[RatingScale]) -> dict[str, RatingScale]:
        """Return the scales of items after an import of ratings on them; ends that are not stated grow.

        Raises:
            StudyError: An item is rated on another scale already.
        """
        present = self.all()
        scale_by_item = dict[str, RatingScale]()
        for scale in present.scales:
            values = [rating.value for rating in present.ratings if rating.item == scale.item]
            scale_by_item[scale.item] = scale if scale.stated else replace(scale, low=min(values), high=max(values))
        return {scale.item: _joined(scale_by_item.get(scale.item, scale), scale) for scale in scales}

    def mapping(self, table: str) -> str:
        """Return the mapping by which a table of this name was imported last, as JSON, or ""."""
        text = self._file.scalar("SELECT mapping FROM rating_table WHERE name = ? ORDER BY id DESC LIMIT 1", (table,))
        return str(text or "")

    def add(self, ratings: RatingSet, table: str, mapping: str = "") -> RatingsAdded:
        """Add the ratings of a table in one transaction.

        A rating that differs from one of the same video, rater, item and occasion replaces it; the old one is kept as
        withdrawn, and reported. The mapping of the table is JSON, or "".

        Raises:
            StudyError: A video is missing, an item has another scale, or the study cannot be written; nothing is added.
        """
        changed: list[str] = []
        added: list[tuple[int, int | None]] = []
        n_known = 0
        before_all = self._scales()
        with self._file.transaction() as db:
            for scale in self.check(ratings.scales).values():
                self.save_scale(db, scale)
            rows = db.execute(_STANDING).fetchall()
            stored = {(r["video"], r["rater"], r["item"], r["occasion"]): (r["id"], r["value"]) for r in rows}
            number = 0
            if ratings.ratings:
                number = insert(db, "rating_table", name=table, mapping=mapping, added_at=now())
            for rating in ratings.ratings:
                before = stored.get((rating.video, rating.rater, rating.item, rating.occasion))
                if before is not None and before[1] == rating.value:
                    n_known += 1
                    continue
                if before is not None:
                    insert(db, "rating_withdrawal", rating=before[0], withdrawn_at=now())
                    changed.append(f"{rating.item} of {rating.video} from {before[1]:g} to {rating.value:g}")
                row = asdict(rating) | {"video": video_id(db, rating.video)}
                new = insert(db, "rating", rating_table=number, **row, added_at=now())
                added.append((new, before[0] if before is not None else None))
            if not added and number:
                db.execute("DELETE FROM rating_table WHERE id = ?", (number,))
        problems = (f"Different ratings in the study were replaced: {abbreviated(changed)}.",) if changed else ()
        return RatingsAdded(len(added) - len(changed), n_known, len(changed), problems, tuple(added), before_all)

    def undo_import(self, added: RatingsAdded) -> None:
        """Withdraw the ratings of an import, and add the replaced ones again, in one transaction."""
        with self._file.transaction() as db:
            for number, replaced in added.rows:
                if db.execute("SELECT 1 FROM rating_withdrawal WHERE rating = ?", (number,)).fetchone() is not None:
                    continue  # replaced since
                insert(db, "rating_withdrawal", rating=number, withdrawn_at=now())
                if replaced is not None:
                    db.execute(
                        "INSERT INTO rating (rating_table, video, rater, item, value, occasion, added_at) "
                        "SELECT rating_table, video, rater, item, value, occasion, ? FROM rating WHERE id = ?",
                        (now(), replaced),
                    )
            for scale in added.before:
                self.save_scale(db, scale)

    @staticmethod
    def save_scale(db: sqlite3.Connection, scale: RatingScale) -> None:
        """Store the scale of an item, in the place of an earlier one."""
        row = db.execute("SELECT id FROM rating_scale WHERE item = ?", (scale.item,)).fetchone()
        db.execute("DELETE FROM rating_scale WHERE item = ?", (scale.item,))
        number = None if row is None else row["id"]
        insert(db, "rating_scale", id=number, **asdict(scale) | {"levels": json.dumps(scale.levels)})


def _scale(row: sqlite3.Row) -> RatingScale:
    try:
        levels = tuple(read_json(row["levels"], list[str]))
    except ValueError as error:
        raise StudyError(f"The study has an invalid scale of {row['item'][:40]!r}: {first_line(error)}.") from error
    flags = bool(row["less_is_better"]), bool(row["stated"])
    return RatingScale(row["item"], row["low"], row["high"], row["step"], levels, *flags)


def _format_scale(scale: RatingScale) -> str:
    ends = ", ".join(scale.levels) or f"{scale.low:g} to {scale.high:g}"
    return f"{ends}{', less is better' if scale.less_is_better else ''}"


def _joined(own: RatingScale, added: RatingScale) -> RatingScale:
    """Return the common scale of an item in two tables, or refuse two scales."""
    differ = own.levels != added.levels or own.less_is_better != added.less_is_better
    if own.stated and added.stated:
        differ = differ or (own.low, own.high) != (added.low, added.high)
    elif own.stated or added.stated:
        stated, unstated = (own, added) if own.stated else (added, own)
        differ = differ or not stated.low <= unstated.low <= unstated.high <= stated.high
    if differ:
        raise StudyError(
            f"The study rates {own.item} on a scale of {_format_scale(own)}, the table on one of "
            f"{_format_scale(added)}: give the item another name, or state its scale."
        )
    if own.stated or added.stated:
        return replace(own if own.stated else added, step=min(own.step, added.step))
    low = min(own.low, added.low)
    high = max(own.high, added.high)
    return replace(own, low=low, high=high, step=min(own.step, added.step))


@dataclass(frozen=True, slots=True)
class RatingFacts:
    """Pairs of the ratings of a study by its rule, next to its votes."""

    rule: str  # the rule, in words
    counts: tuple[int, int, int] | None  # numbers of ordered, similar and other pairs; None with too many videos
    voted: int  # number of pairs that both votes and ratings order
    # pairs as voted whose ratings say the opposite, with the mean ratings of both videos
    against: tuple[tuple[Pair, float, float], ...]


def rated_order(ratings: RatingSet, criterion: str, rule: RatingRule) -> RatedOrder | None:
    """Return the order by the ratings of a criterion ("" for the first item) and a rule; None without ratings."""
    item = criterion or next(iter(ratings.items), "")
    return rule.order(ratings, item) if item in ratings.items else None


def rating_facts(
    ratings: RatingSet, order: RatedOrder, pairs: Sequence[Pair], groups: Mapping[str, str]
) -> RatingFacts:
    """Add the pairs that ratings order to the pairs that raters agree on, within sub-tasks."""
    rated_pairs = order.pairs(groups) if len(order.means) <= _MAX_COMPARED_VIDEOS else None
    means = ratings.table(order.item).means()
    counts = (
        (len(rated_pairs.pairs), len(rated_pairs.similar), rated_pairs.between) if rated_pairs is not None else None
    )
    against = tuple((pair, means[pair.better], means[pair.worse]) for pair in order.contradicted(pairs))
    return RatingFacts(order.rule, counts, sum(bool(order.compare(p.better, p.worse)) for p in pairs), against)


def with_ratings(
    agreement: "ConsensusPairs", order: RatedOrder | None, groups: Mapping[str, str]
) -> tuple["ConsensusPairs", list[str]]:
    """Return agreed pairs with the pairs of ratings that no rater judged, and a sentence about contradictions."""
    if order is None:
        return agreement, []
    rated = order.pairs(groups)
    decided = {*(frozenset((p.better, p.worse)) for p in agreement.pairs)}
    decided |= {frozenset((p.first, p.second)) for p in agreement.similar}
    pairs = [p for p in rated.pairs if frozenset((p.better, p.worse)) not in decided]
    similar = [p for p in rated.similar if frozenset((p.first, p.second)) not in decided]
    against = order.contradicted(agreement.pairs)
    problems = []
    if against:
        opposed = abbreviated([f"{p.worse} above {p.better}" for p in against])
        pairs_of = f"Votes contradict the ratings of {order.item} on {len(against)} of {len(agreement.pairs)} pairs"
        problems.append(f"{pairs_of}, and count there; the ratings put {opposed}.")
    return replace(agreement, pairs=(*agreement.pairs, *pairs), similar=(*agreement.similar, *similar)), problems
