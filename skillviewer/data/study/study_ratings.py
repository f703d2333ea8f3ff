"""Ratings of a study: added table by table, never changed; a corrected rating is withdrawn."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, replace
from typing import TYPE_CHECKING

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import StudyError
from skillviewer.core.ratings.rating_rule import RatedPairs, rating_rule_named
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.values import now, read_json
from skillviewer.data.study.votes import video_id
from skillviewer.data.tables.rows import some

if TYPE_CHECKING:  # scipy takes a second
    from skillviewer.core.ranking.consensus import ConsensusPairs

_STANDING = """
    SELECT r.id, v.name AS video, r.rater, r.item, r.value, r.occasion
    FROM rating AS r
    JOIN video AS v ON v.id = r.video
    LEFT JOIN rating_withdrawal AS w ON w.rating = r.id
    WHERE w.rating IS NULL
"""


@dataclass(frozen=True, slots=True)
class RatingsAdded:
    """Numbers of new ratings, known ones, and changed ones that replaced others; problems, one sentence each."""

    new: int
    known: int
    changed: int
    problems: tuple[str, ...] = ()


class StudyRatings:
    """The ratings of an open study.

    Args:
        file: The study.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def all(self) -> RatingSet:
        """Return the valid ratings of the videos in the study."""
        rows = self._file.query(f"{_STANDING} AND v.removed_at IS NULL ORDER BY r.id")
        ratings = tuple(VideoRating(r["video"], r["rater"], r["item"], r["value"], r["occasion"]) for r in rows)
        given = {rating.item for rating in ratings}
        scales = tuple(map(_scale, self._file.query("SELECT * FROM rating_scale ORDER BY id")))
        return RatingSet(ratings, tuple(scale for scale in scales if scale.item in given))

    def add(self, ratings: RatingSet, table: str, mapping: str = "") -> RatingsAdded:
        """Add the ratings of a table in one transaction.

        A rating that differs from one of the same video, rater, item and occasion replaces it; the old one is kept as
        withdrawn, and reported.

        Args:
            ratings: The ratings, of videos of the study.
            table: Name of the table.
            mapping: Its mapping as JSON, or "".

        Raises:
            StudyError: A video is missing, an item has another scale, or the study cannot be written; nothing is added.
        """
        changed: list[str] = []
        new = known = 0
        with self._file.transaction() as db:
            for scale in ratings.scales:
                self._keep_scale(db, scale)
            rows = db.execute(_STANDING).fetchall()
            there = {(r["video"], r["rater"], r["item"], r["occasion"]): (r["id"], r["value"]) for r in rows}
            number = 0
            if ratings.ratings:
                insert = "INSERT INTO rating_table (name, mapping, added_at) VALUES (?, ?, ?)"
                number = int(db.execute(insert, (table, mapping, now())).lastrowid or 0)
            for rating in ratings.ratings:
                before = there.get((rating.video, rating.rater, rating.item, rating.occasion))
                if before is not None and before[1] == rating.value:
                    known += 1
                    continue
                if before is not None:
                    db.execute("INSERT INTO rating_withdrawal (rating, withdrawn_at) VALUES (?, ?)", (before[0], now()))
                    changed.append(f"{rating.item} of {rating.video} from {before[1]:g} to {rating.value:g}")
                db.execute(
                    "INSERT INTO rating (rating_table, video, rater, item, value, occasion, added_at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (number, video_id(db, rating.video), *astuple(rating)[1:], now()),
                )
                new += before is None
            if not new and not changed and number:
                db.execute("DELETE FROM rating_table WHERE id = ?", (number,))
        problems = (f"Different ratings in the study were replaced: {some(changed)}.",) if changed else ()
        return RatingsAdded(new, known, len(changed), problems)

    @staticmethod
    def _keep_scale(db: sqlite3.Connection, scale: RatingScale) -> None:
        """Store the scale of an item; ends that are not stated grow with the ratings.

        Raises:
            StudyError: The study has another one.
        """
        row = db.execute("SELECT * FROM rating_scale WHERE item = ?", (scale.item,)).fetchone()
        kept = scale if row is None else _joined(_scale(row), scale)
        db.execute("DELETE FROM rating_scale WHERE item = ?", (scale.item,))
        db.execute(
            "INSERT INTO rating_scale (id, item, low, high, step, levels, less_is_better, stated) "
            "VALUES (:id, :item, :low, :high, :step, :levels, :less_is_better, :stated)",
            asdict(kept) | {"id": None if row is None else row["id"], "levels": json.dumps(kept.levels)},
        )


def _scale(row: sqlite3.Row) -> RatingScale:
    try:
        levels = tuple(read_json(row["levels"], list[str]))
    except ValueError as error:
        raise StudyError(f"The study has an invalid scale of {row['item'][:40]!r}: {error}.") from error
    flags = bool(row["less_is_better"]), bool(row["stated"])
    return RatingScale(row["item"], row["low"], row["high"], row["step"], levels, *flags)


def _words(scale: RatingScale) -> str:
    ends = ", ".join(scale.levels) or f"{scale.low:g} to {scale.high:g}"
    return f"{ends}{', less is better' if scale.less_is_better else ''}"


def _joined(here: RatingScale, other: RatingScale) -> RatingScale:
    """Return the common scale of an item in two tables.

    Raises:
        StudyError: The scales differ.
    """
    differ = here.levels != other.levels or here.less_is_better != other.less_is_better
    if here.stated and other.stated:
        differ = differ or (here.low, here.high) != (other.low, other.high)
    elif here.stated or other.stated:
        stated, given = (here, other) if here.stated else (other, here)
        differ = differ or not stated.low <= given.low <= given.high <= stated.high
    if differ:
        raise StudyError(
            f"The study rates {here.item} on a scale of {_words(here)}, the table on one of {_words(other)}: give the "
            "item another name, or state its scale."
        )
    if here.stated or other.stated:
        return replace(here if here.stated else other, step=min(here.step, other.step))
    low, high = min(here.low, other.low), max(here.high, other.high)
    return replace(here, low=low, high=high, step=min(here.step, other.step))


def rated_pairs(ratings: RatingSet, criterion: str, rule: str, groups: Mapping[str, str]) -> RatedPairs | None:
    """Return the pairs of a criterion ("" for the first item) by a named rule, within tasks; None without ratings."""
    item = criterion or next(iter(ratings.items), "")
    return rating_rule_named(rule).pairs(ratings, item, groups) if item in ratings.items else None


def with_ratings(agreement: "ConsensusPairs", rated: RatedPairs | None) -> tuple["ConsensusPairs", list[str]]:
    """Return agreed pairs with the pairs of ratings that no rater judged, and a sentence about contradictions."""
    if rated is None:
        return agreement, []
    ordered = {frozenset((p.better, p.worse)): p for p in agreement.pairs}
    known = {*ordered, *(frozenset((p.first, p.second)) for p in agreement.similar)}
    pairs = [p for p in rated.pairs if frozenset((p.better, p.worse)) not in known]
    similar = [p for p in rated.similar if frozenset((p.first, p.second)) not in known]
    against = [p for p in rated.pairs if ordered.get(frozenset((p.better, p.worse)), p) != p]
    problems = []
    if against:
        shown = some([f"{p.better} above {p.worse}" for p in against])
        pairs_of = f"Votes contradict the ratings of {rated.item} on {len(against)} of {len(ordered)} pairs"
        problems.append(f"{pairs_of}, and count there; the ratings put {shown}.")
    return replace(agreement, pairs=(*agreement.pairs, *pairs), similar=(*agreement.similar, *similar)), problems
