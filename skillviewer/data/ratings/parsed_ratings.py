"""Reading ratings from a table, given the columns that hold them; every row or cell left out is reported."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import TimeRange
from skillviewer.data.ratings.guessing import SKILL
from skillviewer.data.ratings.import_report import ImportReport, RowResult
from skillviewer.data.ratings.numbers import (
    GROUPED,
    is_filled,
    is_number,
    number_of_cell,
    perhaps_grouped,
    share_of_cell,
)
from skillviewer.data.ratings.rating_table import RatingRow, RawTable
from skillviewer.data.ratings.table_mapping import ItemMapping, TableMapping, fitted, quoted
from skillviewer.data.ratings.video_matching import Join, VideoMatch
from skillviewer.data.tables.pair_rows import NOT_KNOWN
from skillviewer.data.tables.participants import Spellings, by_pattern
from skillviewer.data.tables.rows import abbreviated, plain

_FAR = 5.0
"""A rating is far from the others if it is more than this many interquartile ranges outside the quartiles."""
_MAX_NUMERIC_SHARE = 0.5
_GLUED = re.compile(r"(.*?[^\W\d_].*?)[+-]?\d+(?:[.,]\d+)?")
"""A name and a number without a delimiter between them."""


@dataclass(frozen=True, slots=True)
class RatingRemark:
    """A rater's remark on an attempt."""

    attempt: str  # name of the attempt
    rater: str  # name of the rater, or ``UNNAMED``
    text: str


@dataclass(frozen=True, slots=True)
class ParsedRatings:
    """Ratings of a table, and for every rated attempt its video, its part of the video, and its participant, if stated.

    Attempts without times have the name of their video. The mapping is spelled as in the table.
    """

    mapping: TableMapping
    ratings: RatingSet
    videos: dict[str, str]
    clip_ranges: dict[str, TimeRange]
    participants: dict[str, str]
    import_report: ImportReport
    remarks: tuple[RatingRemark, ...] = ()


def read_ratings(table: RawTable, mapping: TableMapping, join: Join) -> ParsedRatings:
    """Read the ratings of a table; ``join`` finds the video that a cell names.

    Raises:
        DatasetError: The mapping does not fit the table, the order of an item's levels is not stated, or no row can be
            used.
    """
    return _Reading(table, fitted(mapping, table), join).read()


@dataclass(frozen=True, slots=True)
class _CellRating:
    """A rating, its row and its column."""

    rating: VideoRating
    row: RowResult
    title: str


class _Reading:
    """One reading of a table."""

    def __init__(self, table: RawTable, mapping: TableMapping, join: Join) -> None:
        self._table = table
        self._mapping = mapping
        self._join = join
        self._name = table.location.rstrip(",")
        self._rows = table.rows[: self._other_titles()]
        self._spellings = Spellings()
        self._raters = Spellings()
        self._items = Spellings()
        self._videos: dict[str, str] = {}
        self._clip_ranges: dict[str, TimeRange] = {}
        self._participants: dict[str, str] = {}
        # keys in order, each once:
        self._spelling_notes: dict[str, None] = {}
        self._remarks: dict[RatingRemark, None] = {}
        self._n_rows_by_rater = Counter(self._cell(row, mapping.rater) for row in table.rows)
        self._short_row_below = {above.last_line: row for above, row in pairwise(table.rows) if row.short}
        self._denominators = {item.name: self._denominator(item) for item in mapping.items}
        self._levels = {
            item.name: {plain(level): float(rank) for rank, level in enumerate(item.levels)} for item in mapping.items
        }
        self._may_have_thousands = {item.name: perhaps_grouped(self._texts(item)) for item in mapping.items}
        for item in mapping.items:
            self._check_levels(item)

    def _other_titles(self) -> int:
        """Return the index of the row at which a second table with other titles begins, or the number of rows."""
        titles = self._table.titles
        rated = [c.title for item in self._mapping.items for c in item.columns]
        for index, row in enumerate(self._table.rows):
            has_no_numbers = not row.fault and not any(is_number(self._cell(row, title)) for title in rated)
            repeats_title = plain(self._cell(row, self._mapping.video)) == plain(self._mapping.video)
            pairs = zip(row.cells, titles, strict=False)
            # the table's titles contain those of its cells: repeated ones got a number, and empty ones a name
            has_other_titles = any(plain(cell) not in plain(title) for cell, title in pairs)
            if has_no_numbers and repeats_title and has_other_titles:
                return index
        return len(self._table.rows)

    def read(self) -> ParsedRatings:
        outcomes: list[RowResult] = []
        cell_ratings: list[_CellRating] = []
        for row in self._table.rows:
            cell = self._cell(row, self._mapping.video)
            outcomes.append(RowResult(self._table.describe_row(row), row.first_line, row.last_line, cell))
            if len(outcomes) > len(self._rows):
                title_row = self._table.describe_row(self._table.rows[len(self._rows)])
                outcomes[-1].rejections.append(f"{title_row} begins another table, with other columns")
            else:
                cell_ratings += self._row(row, outcomes[-1])
        distinct = _each_once(cell_ratings)
        if not distinct:
            named_rows = [row for row in outcomes if row.video is not None] or outcomes
            reasons = [row_reason for row in named_rows for row_reason in row.rejections]
            reason, times = Counter(reasons).most_common(1)[0]
            times_text = f" ({times} rows)" if times > 1 else ""
            raise DatasetError(f"No row of {self._name} could be used: {reason}{times_text}.")
        ratings = RatingSet(tuple(cell_rating.rating for cell_rating in distinct), self._scales(distinct))
        attempts = sorted({cell_rating.rating.video for cell_rating in distinct})
        videos = {attempt: self._videos[attempt] for attempt in attempts}
        unrated = tuple(name for name in self._join.names if name not in videos.values())
        without_own_occasion = sorted(
            {rating.video for rating in ratings.ratings if rating.occasion} - ratings.occasions().keys()
        )
        notices = [*self._table.notices, *self._spelling_notices()]
        if without_own_occasion:
            notices.append(
                f"{self._name}: videos that were rated on several occasions get no occasion of their own: "
                f"{abbreviated(without_own_occasion)}."
            )
        return ParsedRatings(
            mapping=self._mapping,
            ratings=ratings,
            videos=videos,
            clip_ranges={attempt: self._clip_ranges[attempt] for attempt in attempts if attempt in self._clip_ranges},
            participants=self._participants_of(videos),
            import_report=ImportReport(self._name, tuple(outcomes), unrated, tuple(notices)),
            remarks=tuple(remark for remark in self._remarks if remark.attempt in videos),
        )

    def _cell(self, row: RatingRow, title: str) -> str:
        column_index = self._table.column(title)
        return "" if column_index is None else row.cells[column_index]

    def _spelling_notices(self) -> list[str]:
        table_name = self._table.path.name
        notices = self._spellings.joined(table_name) + self._raters.joined(table_name) + self._items.joined(table_name)
        if self._spelling_notes:
            notices.append(f"Names spelled differently from the videos: {abbreviated(list(self._spelling_notes))}.")
        return notices

    def _participants_of(self, videos: dict[str, str]) -> dict[str, str]:
        pattern = self._mapping.participant_pattern
        if not pattern or self._mapping.participant:
            return {attempt: self._participants[attempt] for attempt in videos if attempt in self._participants}
        by_name = by_pattern(list(videos.values()), pattern)
        return {
            attempt: self._spellings.canonical(by_name[video]) for attempt, video in videos.items() if video in by_name
        }

    def _row(self, row: RatingRow, result: RowResult) -> list[_CellRating]:
        """Return the ratings in a row; faults go to its outcome."""
        mapping = self._mapping
        attempt = self._attempt(row, result)
        if attempt is None:
            return []
        result.video = attempt  # with the times, if it has some
        self._note_participant(row, result, attempt)
        rater = self._raters.canonical(self._cell(row, mapping.rater))
        if mapping.rater and not rater:
            result.notes.append("it names no rater")
        if moved_reason := self._moved(row, rater):
            result.rejections.append(moved_reason)
            return []
        item_name = self._items.canonical(self._cell(row, mapping.item))
        if mapping.item and not item_name:
            result.rejections.append(f"it names no item (column “{mapping.item}” is empty)")
            return []
        occasion = self._cell(row, mapping.occasion)
        if text := self._cell(row, mapping.notes):
            self._remarks[RatingRemark(attempt, rater or UNNAMED, text)] = None
        ratings = []
        for item in mapping.items:
            name = item_name or item.name or SKILL
            for column in item.columns:
                value = self._value(row, result, item, column.title)
                if value is not None:
                    rater_name = rater or self._rater_of_column(column.rater)
                    ratings.append(
                        _CellRating(VideoRating(attempt, rater_name, name, value, occasion), result, column.title)
                    )
        if not ratings and not result.rejections:
            result.rejections.append("it holds no rating")
        return ratings

    def _rater_of_column(self, name: str) -> str:
        return self._raters.canonical(name) if name else UNNAMED

    def _moved(self, row: RatingRow, rater: str) -> str:
        """Return the reason why the cells of a row seem to be in the wrong columns, or "".

        A row with one field too many and one too few still has the right number of fields. It is taken for such a row
        if a cell of the ratings holds no number and (1) a known rater stands among the ratings, (2) the cell of the
        rater joins a known rater and a number, or (3) a rating is empty and the next row looks like the rest of it.
        """
        cells = [self._cell(row, column.title) for item in self._mapping.items for column in item.columns]
        if all(is_number(cell) for cell in cells) or self._table.unit != "line":
            return ""
        for cell in cells:
            looks_like_rater = cell and not is_number(cell) and self._n_rows_by_rater[cell] > 1
            if looks_like_rater:
                return f"the rater “{cell}” stands among the ratings: its cells seem to be moved"
        glued = _GLUED.fullmatch(rater)
        if glued is not None and self._n_rows_by_rater[rater] == 1 and self._n_rows_by_rater[glued[1].strip()] > 1:
            return f"“{rater}” seems to be a rater and a rating in one cell, and a rating is missing"
        next_row = self._short_row_below.get(row.last_line)
        if next_row is not None and "" in cells:
            return f"a rating is missing, and {self._table.describe_row(next_row)} looks like the rest of it"
        return ""

    def _attempt(self, row: RatingRow, result: RowResult) -> str | None:
        """Return the attempt of a row, or None with the reason why it has none."""
        reason = row.fault
        formula = row.formulas.get(self._table.places[self._mapping.video])
        if not reason and row.hidden and not self._mapping.hidden_rows:
            reason = "it is hidden in the spreadsheet"
        elif not reason and formula is not None:
            reason = _no_value(formula)
        video_name = self._mapping.names.get(result.cell, result.cell)
        joined = VideoMatch(None, reason) if reason else self._join.find(video_name)
        if joined.name is None:
            result.rejections.append(joined.reason)
            result.near = joined.near if result.cell and not reason else None
            return None
        note = f"“{result.cell}” is taken for “{video_name}”, as stated" if video_name != result.cell else joined.note
        if note:
            self._spelling_notes[note] = None
        result.video = joined.name
        attempt = joined.name
        start, stop = self._cell(row, self._mapping.start_s), self._cell(row, self._mapping.stop_s)
        if start or stop:
            first = number_of_cell(start, decimal_comma=True)
            last = number_of_cell(stop, decimal_comma=True)
            if first is None or last is None or not 0 <= first < last:
                result.rejections.append(f"“{start}” to “{stop}” is no valid range in seconds")
                return None
            attempt = f"{joined.name} {first:g}-{last:g} s"
            self._clip_ranges[attempt] = TimeRange(first, last)
        self._videos[attempt] = joined.name
        return attempt

    def _note_participant(self, row: RatingRow, result: RowResult, attempt: str) -> None:
        participant = self._spellings.canonical(self._cell(row, self._mapping.participant))
        if not participant:
            return
        first = self._participants.setdefault(attempt, participant)
        if first != participant:
            result.notes.append(f"it says that {attempt} shows {participant}, an earlier row {first}; the first counts")

    def _value(self, row: RatingRow, result: RowResult, item: ItemMapping, title: str) -> float | None:
        """Return the rating in a cell, or None; the reason goes to the outcome, except for empty cells."""
        column_index = self._table.places[title]
        text = row.cells[column_index]
        value: float | str
        if column_index in row.merged:
            value = "is part of a merged cell that begins in another place; its rating counts there"
        elif column_index in row.formulas:
            value = _no_value(row.formulas[column_index])
        elif text.casefold() in NOT_KNOWN:
            return None
        elif item.levels:
            level = self._levels[item.name].get(plain(text))
            value = f"“{text}” is none of the levels {quoted(item.levels)}" if level is None else level
        else:
            value = self._number(item, text)
        if isinstance(value, str):
            result.rejections.append(f"{title} {value}")
            return None
        return value

    def _number(self, item: ItemMapping, text: str) -> float | str:
        """Return the number in a cell, or the reason why it is not on the scale."""
        share = share_of_cell(text)
        whole = item.high if item.high is not None else self._denominators[item.name]
        if share is not None and share[1] != whole:
            other = "most cells state no maximum" if math.isnan(whole) else f"the scale ends at {whole:g}"
            return f"“{text}” is out of {share[1]:g}, and {other}"
        if self._may_have_thousands[item.name] and GROUPED.fullmatch(text):
            return f"“{text}” may be thousands or a decimal: write it without the separator"
        number = number_of_cell(share[0] if share else text, decimal_comma=self._table.decimal_comma)
        if number is None:
            return f"“{text}” is no number"
        low = item.low
        high = None if math.isnan(whole) else whole
        if (low is not None and number < low) or (high is not None and number > high):
            ends = [f"{word} {end:g}" for word, end in (("from", low), ("to", high)) if end is not None]
            return f"{number:g} is outside the scale {' '.join(ends)}"
        return number

    def _texts(self, item: ItemMapping) -> list[str]:
        column_indices = [self._table.places[column.title] for column in item.columns]
        cells = [row.cells[index] for row in self._rows if not row.fault for index in column_indices]
        return list(filter(is_filled, cells))

    def _denominator(self, item: ItemMapping) -> float:
        """Return the most frequent denominator of cells such as 4/5.

        NaN if there are none, or if most cells are plain numbers and one of these is greater.
        """
        texts = self._texts(item)
        denominators = Counter(share[1] for text in texts if (share := share_of_cell(text)) is not None)
        if not denominators:
            return math.nan
        denominator = denominators.most_common(1)[0][0]
        plain_numbers = [
            n for text in texts if (n := number_of_cell(text, decimal_comma=self._table.decimal_comma)) is not None
        ]
        if len(plain_numbers) > denominators.total() and max(plain_numbers) > denominator:
            return math.nan
        return denominator

    def _check_levels(self, item: ItemMapping) -> None:
        texts = self._texts(item)
        words = list(dict.fromkeys(text for text in texts if not is_number(text)))
        if not item.levels and words and sum(map(is_number, texts)) < _MAX_NUMERIC_SHARE * len(texts):
            raise DatasetError(
                f"{item.name or 'The ratings'} in {self._name} are words ({quoted(words[:6])}), and their order is not "
                "known: state them from the worst to the best (--levels)."
            )

    def _scales(self, cell_ratings: Sequence[_CellRating]) -> tuple[RatingScale, ...]:
        """Return the scale of every rated item; ratings far from all others are noted."""
        by_item: dict[str, list[_CellRating]] = {}
        for cell_rating in cell_ratings:
            by_item.setdefault(cell_rating.rating.item, []).append(cell_rating)
        stated_items = {item.name or SKILL: item for item in self._mapping.items}
        order = [*stated_items, *sorted(set(by_item) - set(stated_items))]
        default_item = self._mapping.items[0]
        return tuple(
            self._scale(name, stated_items.get(name, default_item), by_item[name]) for name in order if name in by_item
        )

    def _scale(self, name: str, item: ItemMapping, cell_ratings: Sequence[_CellRating]) -> RatingScale:
        if item.levels:
            return RatingScale(
                item=name,
                low=0.0,
                high=len(item.levels) - 1.0,
                step=1.0,
                levels=item.levels,
                less_is_better=item.less_is_better,
                stated=True,
            )
        values = np.unique([cell_rating.rating.value for cell_rating in cell_ratings])
        denominator = self._denominators[item.name]
        high = item.high
        if high is None and not math.isnan(denominator):
            high = denominator
        stated = item.low is not None and high is not None
        step = float(np.diff(values).min()) if len(values) > 1 else 1.0
        if not stated:
            self._note_outliers(cell_ratings, step)
        return RatingScale(
            item=name,
            low=float(values[0]) if item.low is None else item.low,
            high=float(values[-1]) if high is None else high,
            step=step,
            less_is_better=item.less_is_better,
            stated=stated,
        )

    def _note_outliers(self, cell_ratings: Sequence[_CellRating], step: float) -> None:
        first_quartile, third_quartile = np.quantile(
            [cell_rating.rating.value for cell_rating in cell_ratings], [0.25, 0.75]
        )
        reach = _FAR * max(float(third_quartile - first_quartile), step)
        for cell_rating in cell_ratings:
            value = cell_rating.rating.value
            if not first_quartile - reach <= value <= third_quartile + reach:
                cell_rating.row.notes.append(
                    f"{cell_rating.title}: {value:g} is kept, but is far from the others: is it a slip?"
                )


def _no_value(formula: str) -> str:
    shortened = formula if len(formula) <= 40 else f"{formula[:37]}..."
    return f"holds the formula {shortened} without a stored value: open the table in a spreadsheet program and save it"


def _each_once(cell_ratings: Sequence[_CellRating]) -> list[_CellRating]:
    """Return the ratings that count: equal ones once, and contradictory ones not at all."""
    by_key: dict[tuple[str, str, str, str], list[_CellRating]] = {}
    for cell_rating in cell_ratings:
        rating = cell_rating.rating
        by_key.setdefault((rating.video, rating.rater, rating.item, rating.occasion), []).append(cell_rating)
    distinct = []
    for several in by_key.values():
        first = several[0]
        other = next((cell_rating for cell_rating in several if cell_rating.rating.value != first.rating.value), None)
        if other is None:
            first.row.n_ratings += 1
            distinct.append(first)
            for cell_rating in several[1:]:
                cell_rating.row.rejections.append(f"{cell_rating.title} repeats {first.row.place} (doubled)")
            continue
        for cell_rating in several:
            against = other if cell_rating.rating.value != other.rating.value else first
            cell_rating.row.rejections.append(
                f"{cell_rating.title} rates {cell_rating.rating.video} with {cell_rating.rating.value:g}, and "
                f"{against.row.place} with "
                f"{against.rating.value:g}: neither counts; correct one, or state the column of rater, occasion or item"
            )
    return distinct
