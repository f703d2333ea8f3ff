"""Ratings of a table by the meaning of its columns: row by row, and nothing is left out in silence."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.video.extents import TimeRange
from skillviewer.data.ratings.account import Account, RowOutcome
from skillviewer.data.ratings.guessing import SKILL, need_order
from skillviewer.data.ratings.joining import Join
from skillviewer.data.ratings.numbers import is_number, number_of_cell, share_of_cell
from skillviewer.data.ratings.rating_table import RatingRow, RatingTable
from skillviewer.data.ratings.table_mapping import ItemMapping, TableMapping, fitted, quoted
from skillviewer.data.tables.pair_rows import NOT_KNOWN
from skillviewer.data.tables.participants import Spellings, by_pattern
from skillviewer.data.tables.rows import plain, some

_FAR = 5.0
"""Ranges of the middle half of all ratings by which one must lie apart to be told as far from the others."""
_MOST_SHIFTED = 0.5
_GLUED = re.compile(r"(.*?[^\W\d_].*?)[+-]?\d+(?:[.,]\d+)?")
"""A name and a number, between which what parts the columns is missing."""


@dataclass(frozen=True, slots=True)
class RatedTable:
    """The ratings of a table, and what else it says.

    Attributes:
        mapping: What its columns mean, as they are spelled there.
        ratings: The ratings.
        videos: The joined video of every attempt that is rated; an attempt without times is called like its video.
        extents: The part of its video that an attempt is, where the table states one.
        participants: The person in an attempt, where the table or the pattern says.
        occasions: The occasion of an attempt, where the table gives one alone.
        account: What became of every row.
    """

    mapping: TableMapping
    ratings: RatingSet
    videos: dict[str, str]
    extents: dict[str, TimeRange]
    participants: dict[str, str]
    occasions: dict[str, str]
    account: Account


def read_ratings(table: RatingTable, mapping: TableMapping, join: Join) -> RatedTable:
    """Read the ratings of a table.

    Args:
        table: The table.
        mapping: What its columns mean.
        join: The videos.

    Raises:
        DatasetError: The mapping does not fit the table, or the order of an item's levels is not stated.
    """
    return _Reading(table, fitted(mapping, table), join).read()


@dataclass(slots=True)
class _Row:
    """A row being read."""

    row: RatingRow
    cell: str = ""
    attempt: str | None = None
    taken: int = 0
    aside: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Given:
    """A rating and where it stands."""

    rating: VideoRating
    row: _Row
    title: str


class _Reading:
    """One reading of a table."""

    def __init__(self, table: RatingTable, mapping: TableMapping, join: Join) -> None:
        self._table, self._mapping, self._join = table, mapping, join
        self._people, self._raters, self._items = Spellings(), Spellings(), Spellings()
        self._videos: dict[str, str] = {}
        self._extents: dict[str, TimeRange] = {}
        self._participants: dict[str, str] = {}
        self._taken_for: dict[str, None] = {}
        self._n_rows = Counter(self._cell(row, mapping.rater) for row in table.rows)
        self._below = {above.last_line: row for above, row in pairwise(table.rows) if row.short}
        self._wholes = {item.name: self._whole(item) for item in mapping.items}
        for item in mapping.items:
            self._check_words(item)

    def read(self) -> RatedTable:
        rows = [_Row(row, self._cell(row, self._mapping.video)) for row in self._table.rows]
        given = [one for row in rows for one in self._row(row)]
        kept = _each_once(given, self._table)
        ratings = tuple(one.rating for one in kept)
        scales = self._scales(kept)
        rated = {rating.video for rating in ratings}
        outcomes = tuple(
            RowOutcome(
                place=self._table.place(row.row),
                first_line=row.row.first_line,
                last_line=row.row.last_line,
                cell=row.cell,
                video=row.attempt,
                taken=row.taken,
                aside=tuple(row.aside),
                notes=tuple(row.notes),
            )
            for row in rows
        )
        with_rating = {self._videos[attempt] for attempt in rated}
        account = Account(
            name=self._table.where.rstrip(","),
            rows=outcomes,
            unrated=tuple(name for name in self._join.names if name not in with_rating),
            notices=(*self._table.notices, *self._joined()),
        )
        return RatedTable(
            mapping=self._mapping,
            ratings=RatingSet(ratings, scales),
            videos={attempt: self._videos[attempt] for attempt in sorted(rated)},
            extents={attempt: one for attempt, one in self._extents.items() if attempt in rated},
            participants=self._persons(sorted(rated)),
            occasions=_occasions(ratings),
            account=account,
        )

    def _cell(self, row: RatingRow, title: str) -> str:
        place = self._table.column(title)
        return "" if place is None else row.cells[place]

    def _joined(self) -> list[str]:
        where = self._table.path.name
        told = self._people.joined(where) + self._raters.joined(where) + self._items.joined(where)
        if self._taken_for:
            told.append(f"Names that are spelled otherwise than the videos: {some(list(self._taken_for))}.")
        return told

    def _persons(self, attempts: Sequence[str]) -> dict[str, str]:
        pattern = self._mapping.participant_pattern
        if pattern and not self._mapping.participant:
            found = by_pattern([self._videos[attempt] for attempt in attempts], pattern)
            return {a: self._people.one(found[self._videos[a]]) for a in attempts if self._videos[a] in found}
        return {attempt: self._participants[attempt] for attempt in attempts if attempt in self._participants}

    def _row(self, one: _Row) -> list[_Given]:
        """Return the ratings in a row; what is wrong with it is put down."""
        row, mapping = one.row, self._mapping
        if not self._named(one):
            return []
        assert one.attempt is not None
        self._person(one)
        rater = self._raters.one(self._cell(row, mapping.rater)) if mapping.rater else ""
        if mapping.rater and not rater:
            one.notes.append("it names no rater")
        if moved := self._moved(row, rater):
            one.aside.append(moved)
            return []
        item_name = self._items.one(self._cell(row, mapping.item)) if mapping.item else ""
        if mapping.item and not item_name:
            one.aside.append(f"it names no item (column “{mapping.item}” is empty)")
            return []
        occasion = self._cell(row, mapping.occasion)
        found = []
        for item in mapping.items:
            name = item_name or item.name or SKILL
            for column in item.columns:
                value = self._value(one, item, column.title)
                if value is not None:
                    by = rater or (self._raters.one(column.rater) if column.rater else UNNAMED)
                    found.append(_Given(VideoRating(one.attempt, by, name, value, occasion), one, column.title))
        if not found and not one.aside:
            one.aside.append("it holds no rating")
        return found

    def _moved(self, row: RatingRow, rater: str) -> str:
        """Return why the cells of a row seem to stand in the wrong columns, or "".

        Two slips in one row, a field too many and one too few, leave their number right. What shows them is a rating
        that lacks, and a name and a number in one cell, a rater among the ratings, or the rest of the row below it.
        """
        cells = [self._cell(row, column.title) for item in self._mapping.items for column in item.columns]
        if all(is_number(cell) for cell in cells) or self._table.unit != "line":
            return ""
        among = next((cell for cell in cells if self._n_rows[cell] > 1 and cell and not is_number(cell)), "")
        if among:
            return f"the rater “{among}” stands among the ratings: its cells seem to be moved"
        glued = _GLUED.fullmatch(rater)
        if glued is not None and self._n_rows[rater] == 1 and self._n_rows[glued[1].strip()] > 1:
            return f"“{rater}” seems to be a rater and a rating in one cell, and a rating is missing"
        below = self._below.get(row.last_line)
        if below is not None and "" in cells:
            return f"a rating is missing, and {self._table.place(below)} looks like the rest of it"
        return ""

    def _named(self, one: _Row) -> bool:
        """Put down the video of a row; return False, and put down why, where it cannot be read or names none."""
        place = self._table.titles.index(self._mapping.video)
        joined = None
        if one.row.fault:
            one.aside.append(one.row.fault)
        elif one.row.hidden and not self._mapping.hidden_rows:
            one.aside.append("it is hidden in the spreadsheet")
        elif place in one.row.formulas:
            one.aside.append(self._no_value(one.row.formulas[place]))
        else:
            joined = self._join.find(one.cell)
            if joined.name is None:
                one.aside.append(joined.reason)
            elif joined.note:
                self._taken_for[joined.note] = None
        return joined is not None and joined.name is not None and self._attempt(one, joined.name)

    def _attempt(self, one: _Row, name: str) -> bool:
        """Put down the attempt of a row; return False where its times make no sense."""
        one.attempt = name
        start, stop = self._cell(one.row, self._mapping.start_s), self._cell(one.row, self._mapping.stop_s)
        if start or stop:
            times = [number_of_cell(text, decimal_comma=True) for text in (start, stop)]
            if None in times or not 0 <= (times[0] or 0.0) < (times[1] or 0.0):
                one.aside.append(f"“{start}” to “{stop}” are no seconds from which an attempt could run")
                return False
            extent = TimeRange(times[0] or 0.0, times[1] or 0.0)
            one.attempt = f"{name} {extent.start_s:g}-{extent.stop_s:g} s"
            self._extents[one.attempt] = extent
        self._videos[one.attempt] = name
        return True

    def _person(self, one: _Row) -> None:
        person = self._people.one(self._cell(one.row, self._mapping.participant)) if self._mapping.participant else ""
        if not person or one.attempt is None:
            return
        first = self._participants.setdefault(one.attempt, person)
        if first != person:
            one.notes.append(f"it says that {one.attempt} shows {person}, an earlier row {first}; the first counts")

    def _value(self, one: _Row, item: ItemMapping, title: str) -> float | None:
        """Return the rating in a cell, or None; what is not taken is put down, unless the cell is empty."""
        place = self._table.titles.index(title)
        text = one.row.cells[place]
        if place in one.row.merged:
            one.aside.append(f"{title} is part of a merged cell that begins in another place; its rating counts there")
            return None
        if place in one.row.formulas:
            one.aside.append(f"{title} {self._no_value(one.row.formulas[place])}")
            return None
        if text.casefold() in NOT_KNOWN:
            return None
        if item.levels:
            places = {plain(level): i for i, level in enumerate(item.levels)}
            level = places.get(plain(text))
            if level is None:
                one.aside.append(f"{title} “{text}” is none of the levels {quoted(item.levels)}")
            return None if level is None else float(level)
        return self._number(one, item, title, text)

    def _number(self, one: _Row, item: ItemMapping, title: str, text: str) -> float | None:
        share = share_of_cell(text)
        whole = item.high if item.high is not None else self._wholes[item.name]
        if share is not None and share[1] != whole:
            one.aside.append(f"{title} “{text}” is out of {share[1]:g}, and the scale ends at {whole:g}")
            return None
        number = number_of_cell(share[0] if share else text, decimal_comma=self._table.decimal_comma)
        if number is None:
            one.aside.append(f"{title} “{text}” is no number")
            return None
        low, high = item.low, whole if share else item.high
        if (low is not None and number < low) or (high is not None and number > high):
            ends = f"from {low:g}" if low is not None else ""
            ends += f"{' ' if ends else ''}to {high:g}" if high is not None else ""
            one.aside.append(f"{title} {number:g} is outside the scale {ends}")
            return None
        return number

    def _no_value(self, formula: str) -> str:
        shown = formula if len(formula) <= 40 else f"{formula[:37]}..."
        return (
            f"holds the formula {shown}, and no value was kept of it: open the table in a spreadsheet program and save "
            "it"
        )

    def _texts(self, item: ItemMapping) -> list[str]:
        """Return the cells of an item in rows that can be read, but for those that say nothing."""
        places = [self._table.titles.index(column.title) for column in item.columns]
        cells = [row.cells[place] for row in self._table.rows if not row.fault for place in places]
        return [cell for cell in cells if cell.casefold() not in NOT_KNOWN]

    def _whole(self, item: ItemMapping) -> float:
        """Return the whole of which most cells such as 4/5 are a part; NaN without any."""
        wholes = Counter(share[1] for text in self._texts(item) if (share := share_of_cell(text)) is not None)
        return wholes.most_common(1)[0][0] if wholes else float("nan")

    def _check_words(self, item: ItemMapping) -> None:
        texts = self._texts(item)
        words = list(dict.fromkeys(text for text in texts if not is_number(text)))
        if not item.levels and words and sum(map(is_number, texts)) < _MOST_SHIFTED * len(texts):
            raise need_order(item, words, self._table.where.rstrip(","))

    def _scales(self, kept: Sequence[_Given]) -> tuple[RatingScale, ...]:
        """Return the scale of every item that has a rating; ratings far from all others are put down."""
        by_item: dict[str, list[_Given]] = {}
        for one in kept:
            by_item.setdefault(one.rating.item, []).append(one)
        own = {item.name or SKILL: item for item in self._mapping.items}
        order = [*own, *sorted(set(by_item) - set(own))]
        shared = self._mapping.items[0]
        return tuple(self._scale(name, own.get(name, shared), by_item[name]) for name in order if name in by_item)

    def _scale(self, name: str, item: ItemMapping, given: Sequence[_Given]) -> RatingScale:
        if item.levels:
            return RatingScale(name, 0.0, len(item.levels) - 1.0, 1.0, item.levels, item.less_is_better, True)
        values = np.unique([one.rating.value for one in given])
        whole = self._wholes[item.name]
        high = item.high if item.high is not None else (whole if whole == whole else None)  # noqa: PLR0124 - not NaN
        stated = item.low is not None and high is not None
        step = float(np.diff(values).min()) if len(values) > 1 else 1.0
        if not stated:
            self._tell_far(given, step)
        return RatingScale(
            item=name,
            low=float(values[0]) if item.low is None else item.low,
            high=float(values[-1]) if high is None else high,
            step=step,
            less_is_better=item.less_is_better,
            stated=stated,
        )

    def _tell_far(self, given: Sequence[_Given], step: float) -> None:
        values = np.array([one.rating.value for one in given])
        first, third = np.quantile(values, [0.25, 0.75])
        reach = _FAR * max(float(third - first), step)
        for one, value in zip(given, values, strict=True):
            if not first - reach <= value <= third + reach:
                one.row.notes.append(
                    f"{one.title} {value:g} counts, and is far from the other ratings: state the scale if it is a slip"
                )


def _each_once(given: Sequence[_Given], table: RatingTable) -> list[_Given]:
    """Return the ratings that count: one that is said again counts once, and of those that differ none does."""
    by_key: dict[tuple[str, str, str, str], list[_Given]] = {}
    for one in given:
        rating = one.rating
        by_key.setdefault((rating.video, rating.rater, rating.item, rating.occasion), []).append(one)
    kept = []
    for several in by_key.values():
        first = several[0]
        other = next((one for one in several if one.rating.value != first.rating.value), None)
        if other is None:
            first.row.taken += 1
            kept.append(first)
            for one in several[1:]:
                one.row.aside.append(f"{one.title} says again what {table.place(first.row.row)} says (doubled)")
            continue
        for one in several:
            against = other if one.rating.value != other.rating.value else first
            one.row.aside.append(
                f"{one.title} rates {one.rating.video} with {one.rating.value:g}, and {table.place(against.row.row)} "
                f"with {against.rating.value:g}: neither counts; correct one, or say which column tells the rater or "
                "the occasion"
            )
    return kept


def _occasions(ratings: Sequence[VideoRating]) -> dict[str, str]:
    """Return the occasion of every attempt that has one alone."""
    found: dict[str, set[str]] = {}
    for rating in ratings:
        if rating.occasion:
            found.setdefault(rating.video, set()).add(rating.occasion)
    return {video: next(iter(several)) for video, several in found.items() if len(several) == 1}
