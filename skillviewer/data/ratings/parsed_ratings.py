"""Ratings of a table by the mapping of its columns, row by row; nothing is left out in silence."""

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
from skillviewer.data.ratings.numbers import GROUPED, is_number, number_of_cell, perhaps_grouped, says, share_of_cell
from skillviewer.data.ratings.rating_table import RatingRow, RawTable
from skillviewer.data.ratings.table_mapping import ItemMapping, TableMapping, fitted, quoted
from skillviewer.data.ratings.video_matching import Join, VideoMatch
from skillviewer.data.tables.pair_rows import NOT_KNOWN
from skillviewer.data.tables.participants import Spellings, by_pattern
from skillviewer.data.tables.rows import abbreviated, plain

_FAR = 5.0
"""Distance of a far rating from the middle half of all ratings, in widths of that half."""
_MAX_NUMERIC_SHARE = 0.5
_GLUED = re.compile(r"(.*?[^\W\d_].*?)[+-]?\d+(?:[.,]\d+)?")
"""A name and a number without a delimiter between them."""


@dataclass(frozen=True, slots=True)
class RatingRemark:
    """A rater's remark on an attempt."""

    video: str  # name of the attempt
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
    """Read the ratings of a table, whose cells refer to the videos of a join.

    Raises:
        DatasetError: The mapping does not fit the table, the order of an item's levels is not stated, or no row can be
            used.
    """
    return _Reading(table, fitted(mapping, table), join).read()


@dataclass(frozen=True, slots=True)
class _Given:
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
        self._taken_for: dict[str, None] = {}
        self._remarks: dict[RatingRemark, None] = {}
        self._n_rows = Counter(self._cell(row, mapping.rater) for row in table.rows)
        self._below = {above.last_line: row for above, row in pairwise(table.rows) if row.short}
        self._wholes = {item.name: self._whole(item) for item in mapping.items}
        self._levels = {
            item.name: {plain(level): float(place) for place, level in enumerate(item.levels)} for item in mapping.items
        }
        self._grouped = {item.name: perhaps_grouped(self._texts(item)) for item in mapping.items}
        for item in mapping.items:
            self._check_levels(item)

    def _other_titles(self) -> int:
        """Return the index of the first row with titles that are not those of the table, or the number of rows."""
        titles = self._table.titles
        rated = [c.title for item in self._mapping.items for c in item.columns]
        for place, row in enumerate(self._table.rows):
            words = not row.fault and not any(is_number(self._cell(row, title)) for title in rated)
            repeats_title = plain(self._cell(row, self._mapping.video)) == plain(self._mapping.video)
            pairs = zip(row.cells, titles, strict=False)
            if words and repeats_title and any(plain(cell) not in plain(title) for cell, title in pairs):
                return place
        return len(self._table.rows)

    def read(self) -> ParsedRatings:
        outcomes: list[RowResult] = []
        read_ratings: list[_Given] = []
        for row in self._table.rows:
            cell = self._cell(row, self._mapping.video)
            outcomes.append(RowResult(self._table.place(row), row.first_line, row.last_line, cell))
            if len(outcomes) > len(self._rows):
                titles = self._table.place(self._table.rows[len(self._rows)])
                outcomes[-1].rejections.append(f"{titles} begins another table, with other columns")
            else:
                read_ratings += self._row(row, outcomes[-1])
        distinct = _each_once(read_ratings)
        if not distinct:
            named_rows = [row for row in outcomes if row.video is not None] or outcomes
            reason, times = Counter(row_reason for row in named_rows for row_reason in row.rejections).most_common(1)[0]
            times_text = f" ({times} rows)" if times > 1 else ""
            raise DatasetError(f"No row of {self._name} could be used: {reason}{times_text}.")
        ratings = RatingSet(tuple(kept.rating for kept in distinct), self._scales(distinct))
        attempts = sorted({kept.rating.video for kept in distinct})
        videos = {attempt: self._videos[attempt] for attempt in attempts}
        unrated = tuple(name for name in self._join.names if name not in videos.values())
        several = sorted({rating.video for rating in ratings.ratings if rating.occasion} - ratings.occasions().keys())
        notices = [*self._table.notices, *self._joined()]
        if several:
            notices.append(
                f"{self._name}: videos rated on several occasions have none of their own: {abbreviated(several)}."
            )
        return ParsedRatings(
            mapping=self._mapping,
            ratings=ratings,
            videos=videos,
            clip_ranges={attempt: self._clip_ranges[attempt] for attempt in attempts if attempt in self._clip_ranges},
            participants=self._participant_cells(videos),
            import_report=ImportReport(self._name, tuple(outcomes), unrated, tuple(notices)),
            remarks=tuple(remark for remark in self._remarks if remark.video in videos),
        )

    def _cell(self, row: RatingRow, title: str) -> str:
        place = self._table.column(title)
        return "" if place is None else row.cells[place]

    def _joined(self) -> list[str]:
        table_name = self._table.path.name
        notices = self._spellings.joined(table_name) + self._raters.joined(table_name) + self._items.joined(table_name)
        if self._taken_for:
            notices.append(f"Names spelled differently from the videos: {abbreviated(list(self._taken_for))}.")
        return notices

    def _participant_cells(self, videos: dict[str, str]) -> dict[str, str]:
        pattern = self._mapping.participant_pattern
        if not pattern or self._mapping.participant:
            return {attempt: self._participants[attempt] for attempt in videos if attempt in self._participants}
        by_name = by_pattern(list(videos.values()), pattern)
        return {
            attempt: self._spellings.canonical(by_name[video]) for attempt, video in videos.items() if video in by_name
        }

    def _row(self, row: RatingRow, out: RowResult) -> list[_Given]:
        """Return the ratings in a row; faults go to its outcome."""
        mapping = self._mapping
        attempt = self._attempt(row, out)
        if attempt is None:
            return []
        out.video = attempt
        self._participant_cell(row, out, attempt)
        rater = self._raters.canonical(self._cell(row, mapping.rater))
        if mapping.rater and not rater:
            out.notes.append("it names no rater")
        if moved := self._moved(row, rater):
            out.rejections.append(moved)
            return []
        item_name = self._items.canonical(self._cell(row, mapping.item))
        if mapping.item and not item_name:
            out.rejections.append(f"it names no item (column “{mapping.item}” is empty)")
            return []
        occasion = self._cell(row, mapping.occasion)
        if text := self._cell(row, mapping.notes):
            self._remarks[RatingRemark(attempt, rater or UNNAMED, text)] = None
        ratings = []
        for item in mapping.items:
            name = item_name or item.name or SKILL
            for column in item.columns:
                value = self._value(row, out, item, column.title)
                if value is not None:
                    rater_name = rater or (self._raters.canonical(column.rater) if column.rater else UNNAMED)
                    ratings.append(_Given(VideoRating(attempt, rater_name, name, value, occasion), out, column.title))
        if not ratings and not out.rejections:
            out.rejections.append("it holds no rating")
        return ratings

    def _moved(self, row: RatingRow, rater: str) -> str:
        """Return the reason why the cells of a row seem to be in the wrong columns, or "".

        Two slips in one row, a surplus and a missing field, cancel out in its number of fields. Signs of them: a rating
        is missing, and a name and a number share a cell, a rater is among the ratings, or the rest of the row follows.
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

    def _attempt(self, row: RatingRow, out: RowResult) -> str | None:
        """Return the attempt of a row, or None with the reason why it has none."""
        reason = row.fault
        formula = row.formulas.get(self._table.places[self._mapping.video])
        if not reason and row.hidden and not self._mapping.hidden_rows:
            reason = "it is hidden in the spreadsheet"
        elif not reason and formula is not None:
            reason = _no_value(formula)
        video_name = self._mapping.names.get(out.cell, out.cell)
        joined = VideoMatch(None, reason) if reason else self._join.find(video_name)
        if joined.name is None:
            out.rejections.append(joined.reason)
            out.near = joined.near if out.cell and not reason else None
            return None
        note = f"“{out.cell}” is taken for “{video_name}”, as stated" if video_name != out.cell else joined.note
        if note:
            self._taken_for[note] = None
        out.video = attempt = joined.name
        start, stop = self._cell(row, self._mapping.start_s), self._cell(row, self._mapping.stop_s)
        if start or stop:
            first = number_of_cell(start, decimal_comma=True)
            last = number_of_cell(stop, decimal_comma=True)
            if first is None or last is None or not 0 <= first < last:
                out.rejections.append(f"“{start}” to “{stop}” are no seconds of an attempt")
                return None
            attempt = f"{joined.name} {first:g}-{last:g} s"
            self._clip_ranges[attempt] = TimeRange(first, last)
        self._videos[attempt] = joined.name
        return attempt

    def _participant_cell(self, row: RatingRow, out: RowResult, attempt: str) -> None:
        participant = self._spellings.canonical(self._cell(row, self._mapping.participant))
        if participant and (first := self._participants.setdefault(attempt, participant)) != participant:
            out.notes.append(f"it says that {attempt} shows {participant}, an earlier row {first}; the first counts")

    def _value(self, row: RatingRow, out: RowResult, item: ItemMapping, title: str) -> float | None:
        """Return the rating in a cell, or None; the reason goes to the outcome, except for empty cells."""
        place = self._table.places[title]
        text = row.cells[place]
        value: float | str
        if place in row.merged:
            value = "is part of a merged cell that begins in another place; its rating counts there"
        elif place in row.formulas:
            value = _no_value(row.formulas[place])
        elif text.casefold() in NOT_KNOWN:
            return None
        elif item.levels:
            level = self._levels[item.name].get(plain(text))
            value = f"“{text}” is none of the levels {quoted(item.levels)}" if level is None else level
        else:
            value = self._number(item, text)
        if isinstance(value, str):
            out.rejections.append(f"{title} {value}")
            return None
        return value

    def _number(self, item: ItemMapping, text: str) -> float | str:
        """Return the number in a cell, or the reason why it is none of the scale."""
        share = share_of_cell(text)
        whole = item.high if item.high is not None else self._wholes[item.name]
        if share is not None and share[1] != whole:
            other = "most cells name no end" if math.isnan(whole) else f"the scale ends at {whole:g}"
            return f"“{text}” is out of {share[1]:g}, and {other}"
        if self._grouped[item.name] and GROUPED.fullmatch(text):
            return f"“{text}” may be thousands or a decimal: write it without the sign between"
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
        places = [self._table.places[column.title] for column in item.columns]
        cells = [row.cells[place] for row in self._rows if not row.fault for place in places]
        return list(filter(says, cells))

    def _whole(self, item: ItemMapping) -> float:
        """Return the most frequent whole of cells such as 4/5; NaN without, or if most have none and one exceeds it."""
        texts = self._texts(item)
        wholes = Counter(share[1] for text in texts if (share := share_of_cell(text)) is not None)
        if not wholes:
            return math.nan
        whole = wholes.most_common(1)[0][0]
        strip_extension = [
            n for text in texts if (n := number_of_cell(text, decimal_comma=self._table.decimal_comma)) is not None
        ]
        return math.nan if len(strip_extension) > wholes.total() and max(strip_extension) > whole else whole

    def _check_levels(self, item: ItemMapping) -> None:
        texts = self._texts(item)
        words = list(dict.fromkeys(text for text in texts if not is_number(text)))
        if not item.levels and words and sum(map(is_number, texts)) < _MAX_NUMERIC_SHARE * len(texts):
            raise DatasetError(
                f"{item.name or 'The ratings'} in {self._name} are words ({quoted(words[:6])}), and their order is not "
                "known: state them from the worst to the best (--levels)."
            )

    def _scales(self, read_ratings: Sequence[_Given]) -> tuple[RatingScale, ...]:
        """Return the scale of every rated item; ratings far from all others are noted."""
        by_item: dict[str, list[_Given]] = {}
        for read_rating in read_ratings:
            by_item.setdefault(read_rating.rating.item, []).append(read_rating)
        stated_items = {item.name or SKILL: item for item in self._mapping.items}
        order = [*stated_items, *sorted(set(by_item) - set(stated_items))]
        default_item = self._mapping.items[0]
        return tuple(
            self._scale(name, stated_items.get(name, default_item), by_item[name]) for name in order if name in by_item
        )

    def _scale(self, name: str, item: ItemMapping, read_ratings: Sequence[_Given]) -> RatingScale:
        if item.levels:
            return RatingScale(name, 0.0, len(item.levels) - 1.0, 1.0, item.levels, item.less_is_better, True)
        values = np.unique([read_rating.rating.value for read_rating in read_ratings])
        whole = self._wholes[item.name]
        high = item.high
        if high is None and not math.isnan(whole):
            high = whole
        stated = item.low is not None and high is not None
        step = float(np.diff(values).min()) if len(values) > 1 else 1.0
        if not stated:
            self._tell_far(read_ratings, step)
        low, high = (float(values[0]) if item.low is None else item.low), (float(values[-1]) if high is None else high)
        return RatingScale(name, low, high, step, (), item.less_is_better, stated)

    def _tell_far(self, read_ratings: Sequence[_Given], step: float) -> None:
        first, third_quartile = np.quantile([read_rating.rating.value for read_rating in read_ratings], [0.25, 0.75])
        reach = _FAR * max(float(third_quartile - first), step)
        for read_rating in read_ratings:
            value = read_rating.rating.value
            if not first - reach <= value <= third_quartile + reach:
                read_rating.row.notes.append(
                    f"{read_rating.title} {value:g} counts, but is far from the others: is it a slip?"
                )


def _no_value(formula: str) -> str:
    shortened = formula if len(formula) <= 40 else f"{formula[:37]}..."
    return f"holds the formula {shortened} without a stored value: open the table in a spreadsheet program and save it"


def _each_once(read_ratings: Sequence[_Given]) -> list[_Given]:
    """Return the ratings that count: equal ones once, and contradictory ones not at all."""
    by_key: dict[tuple[str, str, str, str], list[_Given]] = {}
    for read_rating in read_ratings:
        rating = read_rating.rating
        by_key.setdefault((rating.video, rating.rater, rating.item, rating.occasion), []).append(read_rating)
    distinct = []
    for several in by_key.values():
        first = several[0]
        other = next((read_rating for read_rating in several if read_rating.rating.value != first.rating.value), None)
        if other is None:
            first.row.n_ratings += 1
            distinct.append(first)
            for read_rating in several[1:]:
                read_rating.row.rejections.append(f"{read_rating.title} repeats {first.row.place} (doubled)")
            continue
        for read_rating in several:
            against = other if read_rating.rating.value != other.rating.value else first
            read_rating.row.rejections.append(
                f"{read_rating.title} rates {read_rating.rating.video} with {read_rating.rating.value:g}, and "
                f"{against.row.place} with "
                f"{against.rating.value:g}: neither counts; correct one, or state the column of rater, occasion or item"
            )
    return distinct
