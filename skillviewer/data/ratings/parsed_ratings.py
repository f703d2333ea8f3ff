"""Parsing of the ratings in a table by the meaning of its columns; every row or cell that is left out is reported."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.dataset.rating_set import RatingKey, RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.text import join_names
from skillviewer.core.video.clips import TimeRange
from skillviewer.data.ratings.guessing import SKILL
from skillviewer.data.ratings.import_report import ImportReport, RowResult
from skillviewer.data.ratings.numbers import (
    GROUPED,
    is_filled,
    is_number,
    may_have_thousands,
    number_of_cell,
    share_of_cell,
)
from skillviewer.data.ratings.rating_table import RatingRow, RawTable
from skillviewer.data.ratings.table_mapping import ItemMapping, TableMapping, fit_mapping, quoted
from skillviewer.data.ratings.video_matching import VideoMatch, VideoMatcher
from skillviewer.data.tables.name_spelling import simplify_name
from skillviewer.data.tables.pair_rows import EMPTY_WORDS
from skillviewer.data.tables.participants import Spellings, participants_by_pattern

_OUTLIER_RANGES = 5.0
"""Number of interquartile ranges outside the quartiles from which on a rating is far from the others."""
_MAX_NUMERIC_SHARE = 0.5
"""Share of numbers from which on the cells of an item need no order of levels."""
_NAME_AND_NUMBER = re.compile(r"(.*?[^\W\d_].*?)[+-]?\d+(?:[.,]\d+)?")
"""A name and a number without a delimiter between them."""


@dataclass(frozen=True, slots=True)
class RatingRemark:
    """Remark of a rater on an attempt."""

    attempt: str  # name of the attempt
    rater: str  # name of the rater, or ``UNNAMED``
    text: str


@dataclass(frozen=True, slots=True)
class ParsedRatings:
    """Ratings of a table, with facts about the rated attempts.

    An attempt is a part of a video if the table states times, or else a whole video with the name of the video.
    """

    mapping: TableMapping  # with titles as the table spells them
    ratings: RatingSet
    videos: dict[str, str]  # name of the video of each attempt
    clip_ranges: dict[str, TimeRange]  # part of the video that shows the attempt, for attempts with times
    participants: dict[str, str]  # participant of each attempt, if stated
    import_report: ImportReport
    remarks: tuple[RatingRemark, ...] = ()
    keys_without_rating: frozenset[RatingKey] = frozenset()  # of cells that are empty or whose rating is rejected


def read_ratings(table: RawTable, mapping: TableMapping, matcher: VideoMatcher) -> ParsedRatings:
    """Parse the ratings of a table; ``matcher`` finds the video that a cell names.

    Raises:
        DatasetError: The mapping does not fit the table, the order of an item's levels is not stated, or no row can be
            used.
    """
    return _RatingParser(table, fit_mapping(mapping, table), matcher).read()


@dataclass(frozen=True, slots=True)
class _CellRating:
    """A rating with its row and the title of its column."""

    rating: VideoRating
    row: RowResult
    title: str


class _RatingParser:
    """Parser of the ratings of one table."""

    def __init__(self, table: RawTable, mapping: TableMapping, matcher: VideoMatcher) -> None:
        self._table = table
        self._mapping = mapping
        self._matcher = matcher
        self._name = table.location.rstrip(",")
        self._rows = table.rows[: self._start_of_other_table()]
        self._spellings = Spellings()
        self._raters = Spellings()
        self._items = Spellings()
        self._videos: dict[str, str] = {}
        self._clip_ranges: dict[str, TimeRange] = {}
        self._participants: dict[str, str] = {}
        self._spelling_notes: dict[str, None] = {}  # an ordered set
        self._remarks: dict[RatingRemark, None] = {}  # an ordered set
        self._cell_keys: set[RatingKey] = set()  # of all cells of ratings, also of empty ones
        self._n_rows_by_rater = Counter(self._cell(row, mapping.rater) for row in table.rows)
        self._short_row_below = {row_above.last_line: row for row_above, row in pairwise(table.rows) if row.is_short}
        self._denominators = {item.name: self._denominator(item) for item in mapping.items}
        self._ranks_by_level = {item.name: _ranks_of_levels(item) for item in mapping.items}
        self._may_have_thousands = {item.name: may_have_thousands(self._texts(item)) for item in mapping.items}
        for item in mapping.items:
            self._check_levels(item)

    def _start_of_other_table(self) -> int:
        """Return the index of the row at which a second table with other titles begins, or the number of rows."""
        titles = self._table.titles
        rating_titles = [column.title for item in self._mapping.items for column in item.columns]
        for index, row in enumerate(self._table.rows):
            has_no_numbers = not row.fault and not any(is_number(self._cell(row, title)) for title in rating_titles)
            repeats_title = simplify_name(self._cell(row, self._mapping.video)) == simplify_name(self._mapping.video)
            # titles contain the cells that they were made of: repeated titles got a number, and empty titles a name
            has_other_titles = any(
                simplify_name(cell) not in simplify_name(title) for cell, title in zip(row.cells, titles, strict=False)
            )
            if has_no_numbers and repeats_title and has_other_titles:
                return index
        return len(self._table.rows)

    def read(self) -> ParsedRatings:
        row_results: list[RowResult] = []
        cell_ratings: list[_CellRating] = []
        for index, row in enumerate(self._table.rows):
            cell = self._cell(row, self._mapping.video)
            result = RowResult(self._table.describe_row(row), row.first_line, row.last_line, cell)
            result.rater = self._cell(row, self._mapping.rater)
            row_results.append(result)
            if index < len(self._rows):
                cell_ratings += self._row(row, result)
            else:
                title_row = self._table.describe_row(self._table.rows[len(self._rows)])
                result.rejections.append(f"{title_row} begins another table, with other columns")
        distinct = _distinct_ratings(cell_ratings)
        if not distinct:
            raise self._no_rating_error(row_results)
        ratings = RatingSet(tuple(cell_rating.rating for cell_rating in distinct), self._scales(distinct))
        attempts = sorted({cell_rating.rating.video for cell_rating in distinct})
        videos = {attempt: self._videos[attempt] for attempt in attempts}
        unrated = tuple(name for name in self._matcher.names if name not in videos.values())
        rated_on_occasions = {rating.video for rating in ratings.ratings if rating.occasion}
        without_own_occasion = sorted(rated_on_occasions - ratings.occasions().keys())
        notices = [*self._table.notices, *self._spelling_notices()]
        if without_own_occasion:
            notices.append(
                f"{self._name}: videos that were rated on several occasions get no occasion of their own: "
                f"{join_names(without_own_occasion)}."
            )
        return ParsedRatings(
            mapping=self._mapping,
            ratings=ratings,
            videos=videos,
            clip_ranges={attempt: self._clip_ranges[attempt] for attempt in attempts if attempt in self._clip_ranges},
            participants=self._participants_of(videos),
            import_report=ImportReport(self._name, tuple(row_results), unrated, tuple(notices)),
            remarks=tuple(remark for remark in self._remarks if remark.attempt in videos),
            keys_without_rating=frozenset(self._cell_keys - {rating.key for rating in ratings.ratings}),
        )

    def _no_rating_error(self, row_results: Sequence[RowResult]) -> DatasetError:
        """Return the error for a table without a usable row, with the most frequent reason."""
        results_with_reason: Sequence[RowResult] = [result for result in row_results if result.video is not None]
        if not results_with_reason:
            results_with_reason = row_results
        reasons = Counter(reason for result in results_with_reason for reason in result.rejections)
        reason, n_rows = reasons.most_common(1)[0]
        n_rows_text = f" ({n_rows} rows)" if n_rows > 1 else ""
        return DatasetError(f"No row of {self._name} could be used: {reason}{n_rows_text}.")

    def _cell(self, row: RatingRow, title: str) -> str:
        column_index = self._table.column(title)
        return "" if column_index is None else row.cells[column_index]

    def _spelling_notices(self) -> list[str]:
        table_name = self._table.path.name
        notices = (
            self._spellings.merged_notice(table_name)
            + self._raters.merged_notice(table_name)
            + self._items.merged_notice(table_name)
        )
        if self._spelling_notes:
            notices.append(f"Names spelled differently from the videos: {join_names(list(self._spelling_notes))}.")
        return notices

    def _participants_of(self, videos: dict[str, str]) -> dict[str, str]:
        pattern = self._mapping.participant_pattern
        if not pattern or self._mapping.participant:
            return {attempt: self._participants[attempt] for attempt in videos if attempt in self._participants}
        participant_by_video = participants_by_pattern(list(videos.values()), pattern)
        return {
            attempt: self._spellings.canonical(participant_by_video[video])
            for attempt, video in videos.items()
            if video in participant_by_video
        }

    def _row(self, row: RatingRow, result: RowResult) -> list[_CellRating]:
        """Return the ratings of a row, and add rejections and notes to its result."""
        mapping = self._mapping
        attempt = self._attempt(row, result)
        if attempt is None:
            return []
        result.video = attempt
        self._add_participant(row, result, attempt)
        rater = self._raters.canonical(self._cell(row, mapping.rater))
        if mapping.rater and not rater:
            result.notes.append("it names no rater")
        shift_reason = self._shift_reason(row, rater)
        if shift_reason:
            result.rejections.append(shift_reason)
            return []
        item_name = self._items.canonical(self._cell(row, mapping.item))
        if mapping.item and not item_name:
            result.rejections.append(f"it names no item (column “{mapping.item}” is empty)")
            return []
        occasion = self._cell(row, mapping.occasion)
        remark = self._cell(row, mapping.notes)
        if remark:
            author = rater or UNNAMED
            self._remarks[RatingRemark(attempt, author, remark)] = None
        ratings = []
        for item in mapping.items:
            name = item_name or _criterion_of(item)
            for column in item.columns:
                rater_name = rater or self._rater_of_column(column.rater)
                self._cell_keys.add((attempt, rater_name, name, occasion))
                value = self._value(row, result, item, column.title)
                if value is not None:
                    rating = VideoRating(attempt, rater_name, item=name, value=value, occasion=occasion)
                    ratings.append(_CellRating(rating, result, column.title))
        if not ratings and not result.rejections:
            result.rejections.append("it holds no rating")
        return ratings

    def _rater_of_column(self, name: str) -> str:
        return self._raters.canonical(name) if name else UNNAMED

    def _shift_reason(self, row: RatingRow, rater: str) -> str:
        """Return the reason why the cells of a row seem to be shifted into other columns, or "".

        A row with a surplus and a missing field has the right number of fields. A row is taken for such a row if a cell
        of the ratings holds no number and (1) another cell of the ratings holds the name of a known rater, (2) the cell
        of the rater holds the name of a known rater and a number, or (3) a rating is empty and the next row looks like
        a part of the row.
        """
        cells = [self._cell(row, column.title) for item in self._mapping.items for column in item.columns]
        if all(is_number(cell) for cell in cells) or self._table.unit != "line":
            return ""
        for cell in cells:
            looks_like_rater = cell and not is_number(cell) and self._n_rows_by_rater[cell] > 1
            if looks_like_rater:
                return f"the rater “{cell}” stands among the ratings: its cells seem to be moved"
        match = _NAME_AND_NUMBER.fullmatch(rater)
        if match is not None and self._n_rows_by_rater[rater] == 1 and self._n_rows_by_rater[match[1].strip()] > 1:
            return f"“{rater}” seems to be a rater and a rating in one cell, and a rating is missing"
        next_row = self._short_row_below.get(row.last_line)
        if next_row is not None and "" in cells:
            return f"a rating is missing, and {self._table.describe_row(next_row)} looks like the rest of it"
        return ""

    def _attempt(self, row: RatingRow, result: RowResult) -> str | None:
        """Return the attempt that a row rates, or add a rejection and return None."""
        reason = row.fault
        formula = row.formulas.get(self._table.index_by_title[self._mapping.video])
        if not reason and row.is_hidden and not self._mapping.hidden_rows:
            reason = "it is hidden in the spreadsheet"
        elif not reason and formula is not None:
            reason = _no_value_reason(formula)
        stated_name = self._mapping.names.get(result.cell, result.cell)
        match = VideoMatch(None, reason) if reason else self._matcher.find(stated_name)
        if match.name is None:
            result.rejections.append(match.reason)
            result.similar_names = None
            if result.cell and not reason:
                result.similar_names = match.similar_names
            return None
        note = f"“{result.cell}” is taken for “{stated_name}”, as stated" if stated_name != result.cell else match.note
        if note:
            self._spelling_notes[note] = None
        result.video = match.name
        attempt = match.name
        start_text = self._cell(row, self._mapping.start_s)
        stop_text = self._cell(row, self._mapping.stop_s)
        if start_text or stop_text:
            start_s = number_of_cell(start_text, decimal_comma=True)
            stop_s = number_of_cell(stop_text, decimal_comma=True)
            if start_s is None or stop_s is None or not 0 <= start_s < stop_s:
                result.rejections.append(f"“{start_text}” to “{stop_text}” is no valid range in seconds")
                return None
            attempt = f"{match.name} {start_s:g}-{stop_s:g} s"
            self._clip_ranges[attempt] = TimeRange(start_s, stop_s)
        self._videos[attempt] = match.name
        return attempt

    def _add_participant(self, row: RatingRow, result: RowResult, attempt: str) -> None:
        participant = self._spellings.canonical(self._cell(row, self._mapping.participant))
        if not participant:
            return
        first = self._participants.setdefault(attempt, participant)
        if first != participant:
            result.notes.append(f"it says that {attempt} shows {participant}, an earlier row {first}; the first counts")

    def _value(self, row: RatingRow, result: RowResult, item: ItemMapping, title: str) -> float | None:
        """Return the rating in a cell, or None; add a rejection unless the cell is empty."""
        index = self._table.index_by_title[title]
        text = row.cells[index]
        value: float | str  # a rating, or the reason of a rejection
        if index in row.merged_columns:
            value = "is part of a merged cell that begins in another place; its rating counts there"
        elif index in row.formulas:
            value = _no_value_reason(row.formulas[index])
        elif text.casefold() in EMPTY_WORDS:
            return None
        elif item.levels:
            rank = self._ranks_by_level[item.name].get(simplify_name(text))
            value = f"“{text}” is none of the levels {quoted(item.levels)}" if rank is None else rank
        else:
            value = self._number(item, text)
        if isinstance(value, str):
            result.reject_cell(title, value)
            return None
        return value

    def _number(self, item: ItemMapping, text: str) -> float | str:
        """Return the number in a cell, or the reason why it is not on the scale."""
        number_text = text
        low = item.low
        high = item.high
        if high is None and not math.isnan(self._denominators[item.name]):
            high = self._denominators[item.name]
        share = share_of_cell(text)
        if share is not None:
            number_text, denominator = share
            if denominator != high:
                scale_text = "most cells state no maximum" if high is None else f"the scale ends at {high:g}"
                return f"“{text}” is out of {denominator:g}, and {scale_text}"
        if self._may_have_thousands[item.name] and GROUPED.fullmatch(text):
            return f"“{text}” may be thousands or a decimal: write it without the separator"
        number = number_of_cell(number_text, decimal_comma=self._table.decimal_comma)
        if number is None:
            return f"“{text}” is no number"
        is_below = low is not None and number < low
        is_above = high is not None and number > high
        if is_below or is_above:
            ends = [f"{word} {end:g}" for word, end in (("from", low), ("to", high)) if end is not None]
            return f"{number:g} is outside the scale {' '.join(ends)}"
        return number

    def _texts(self, item: ItemMapping) -> list[str]:
        """Return the filled cells of an item."""
        indices = [self._table.index_by_title[column.title] for column in item.columns]
        readable_rows = [row for row in self._rows if not row.fault]
        cells = [row.cells[index] for row in readable_rows for index in indices]
        return list(filter(is_filled, cells))

    def _denominator(self, item: ItemMapping) -> float:
        """Return the most frequent denominator of cells such as 4/5.

        It is NaN if there are no such cells, or if most cells are plain numbers and one of these is greater.
        """
        denominators = Counter[float]()
        plain_numbers = []
        for text in self._texts(item):
            share = share_of_cell(text)
            if share is not None:
                denominators[share[1]] += 1
            number = number_of_cell(text, decimal_comma=self._table.decimal_comma)
            if number is not None:
                plain_numbers.append(number)
        if not denominators:
            return math.nan
        denominator, _ = denominators.most_common(1)[0]
        if len(plain_numbers) > denominators.total() and max(plain_numbers) > denominator:
            return math.nan
        return denominator

    def _check_levels(self, item: ItemMapping) -> None:
        """Raise a DatasetError if most cells are words and their order is not stated."""
        texts = self._texts(item)
        words = list(dict.fromkeys(text for text in texts if not is_number(text)))
        if not item.levels and words and sum(map(is_number, texts)) < _MAX_NUMERIC_SHARE * len(texts):
            item_text = item.name or "The ratings"
            raise DatasetError(
                f"{item_text} in {self._name} are words ({quoted(words[:6])}), and their order is not "
                "known: state them from the worst to the best (--levels)."
            )

    def _scales(self, cell_ratings: Sequence[_CellRating]) -> tuple[RatingScale, ...]:
        """Return the scale of every rated item, and add notes on outliers."""
        ratings_by_item: dict[str, list[_CellRating]] = {}
        for cell_rating in cell_ratings:
            ratings_by_item.setdefault(cell_rating.rating.item, []).append(cell_rating)
        mapped_items = {}
        for item in self._mapping.items:
            mapped_items[_criterion_of(item)] = item
        names = [*mapped_items, *sorted(set(ratings_by_item) - set(mapped_items))]
        default_item = self._mapping.items[0]  # if rows name the items
        return tuple(
            self._scale(name, mapped_items.get(name, default_item), ratings_by_item[name])
            for name in names
            if name in ratings_by_item
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
        low = item.low
        high = item.high
        if high is None and not math.isnan(denominator):
            high = denominator
        is_stated = low is not None and high is not None
        if low is None:
            low = float(values[0])
        if high is None:
            high = float(values[-1])
        step = float(np.diff(values).min()) if len(values) > 1 else 1.0
        if not is_stated:
            self._note_outliers(cell_ratings, step)
        return RatingScale(
            item=name, low=low, high=high, step=step, less_is_better=item.less_is_better, stated=is_stated
        )

    def _note_outliers(self, cell_ratings: Sequence[_CellRating], step: float) -> None:
        first_quartile, third_quartile = np.quantile(
            [cell_rating.rating.value for cell_rating in cell_ratings], [0.25, 0.75]
        )
        margin = _OUTLIER_RANGES * max(float(third_quartile - first_quartile), step)
        for cell_rating in cell_ratings:
            value = cell_rating.rating.value
            if not first_quartile - margin <= value <= third_quartile + margin:
                cell_rating.row.notes.append(
                    f"{cell_rating.title}: {value:g} is kept, but is far from the others: is it a slip?"
                )


def _criterion_of(item: ItemMapping) -> str:
    return item.name or SKILL


def _ranks_of_levels(item: ItemMapping) -> dict[str, float]:
    return {simplify_name(level): float(rank) for rank, level in enumerate(item.levels)}


def _no_value_reason(formula: str) -> str:
    shortened = formula if len(formula) <= 40 else f"{formula[:37]}..."
    return f"holds the formula {shortened} without a stored value: open the table in a spreadsheet program and save it"


def _distinct_ratings(cell_ratings: Sequence[_CellRating]) -> list[_CellRating]:
    """Return the ratings that count, and add rejections for the others.

    Of equal ratings of the same video, rater, item and occasion the first counts. Contradictory ratings do not count.
    """
    ratings_by_key: dict[tuple[str, str, str, str], list[_CellRating]] = {}
    for cell_rating in cell_ratings:
        rating = cell_rating.rating
        key = (rating.video, rating.rater, rating.item, rating.occasion)
        ratings_by_key.setdefault(key, []).append(cell_rating)
    distinct = []
    for same_key in ratings_by_key.values():
        first = same_key[0]
        other_ratings = [cell_rating for cell_rating in same_key if cell_rating.rating.value != first.rating.value]
        if not other_ratings:
            first.row.n_ratings += 1
            distinct.append(first)
            for cell_rating in same_key[1:]:
                cell_rating.row.reject_cell(cell_rating.title, f"repeats {first.row.place} (doubled)")
            continue
        for cell_rating in same_key:
            rating = cell_rating.rating
            contradiction = first if rating.value == other_ratings[0].rating.value else other_ratings[0]
            cell_rating.row.reject_cell(
                cell_rating.title,
                f"rates {rating.video} with {rating.value:g}, and {contradiction.row.place} with "
                f"{contradiction.rating.value:g}: neither counts; correct one, or state the column of rater, occasion "
                "or item",
            )
    return distinct
