"""First mapping of the columns of a table of ratings, guessed from titles and cells, to be checked and changed."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from skillviewer.data.ratings.numbers import is_filled, is_number, number_of_cell
from skillviewer.data.ratings.rating_table import IsVideo, RawTable
from skillviewer.data.ratings.table_mapping import ItemMapping, RatingColumn, TableMapping, quoted
from skillviewer.data.tables.participants import PARTICIPANT_COLUMNS, VIDEO_COLUMNS
from skillviewer.data.tables.rows import plain

SKILL = "skill"
"""Name of an item without one in the table."""


def _word_set(text: str, *phrases: str) -> frozenset[str]:
    return frozenset([*text.split(), *phrases])


_VIDEO = _word_set("videos recording trial attempt movie footage clipname clipid", *VIDEO_COLUMNS)
_PARTICIPANT = _word_set(
    "trainee resident student learner candidate athlete diver operator performer who teilnehmer proband",
    *PARTICIPANT_COLUMNS,
)
_NOTES = _word_set(
    "remark remarks comment comments note notes feedback reason reasons observation observations justification why "
    "explanation bemerkung bemerkungen kommentar kommentare"
)
_RATER = _word_set(
    "rater judge assessor annotator examiner evaluator reviewer grader scorer observer emailaddress prüfer bewerter"
)
_OCCASION = _word_set(
    "occasion date session timepoint visit phase prepost week day ratedon ratedat when redcapeventname"
)
_ITEM = _word_set("item criterion criteria aspect domain dimension category question attribute")
_VALUE = _word_set("rating score value points level grade mark")
_START = _word_set("start starts begin begins startseconds starttime")
_STOP = _word_set("stop stops end ends endseconds endtime stopseconds")
_NO_RATING = _word_set(
    "id no nr number index row duration durations length seconds minutes time age year frame frames nframes fps rate "
    "experience years cases sex gender hand handedness width height size take repetition order fold split instance "
    "attempt attempts trial trials try run round "
    "complete completed timestamp lfd nummer fallnummer alter jahre âge edad semester wiek yaş pgy n 番号 年齢"
)
_ITEMS = _word_set("timeand timemanagement handmotion")
"""Beginnings of items, although their first word alone is none."""
_FIRST = ("global", "overall", "total", "grs", "sum", SKILL, "rating", "score")
"""Words in the name of the first item, the strongest first."""
_ORDERS = (
    ("novice", "beginner", "advanced beginner", "early expert", "intermediate", "intermediate expert", "competent",
     "proficient", "advanced", "late expert", "expert", "master"),
    ("unacceptable", "very poor", "poor", "bad", "fair", "acceptable", "average", "satisfactory", "ok", "good",
     "very good", "excellent", "outstanding"),
    ("very low", "low", "medium", "moderate", "high", "very high"),
    ("fail", "failed", "borderline", "pass", "passed", "merit", "distinction"),
    ("n", "i", "e"),
    ("strongly disagree", "disagree", "somewhat disagree", "neutral", "neither agree nor disagree", "undecided",
     "somewhat agree", "agree", "strongly agree"),
    ("no", "partly", "yes"),
    ("false", "true"),
)  # fmt: skip
"""Words of scales, from the worst to the best."""
_ATTEMPTS = _word_set("attempt attempts trial trials try run round")
_MAX_ATTEMPTS = 100
_TITLED = re.compile(r"(?:dr|prof)[\s._]", re.IGNORECASE)
_MIN_NUMBERS = 4
_MIN_OVERLAP = 0.25
"""Smallest common part of the ranges of two raters, as a share of the wider one."""
_MAX_LEVELS = 12
_MAX_DIGITS = 15
"""Longer numbers count no rows, and Python refuses those of thousands of digits."""
_KNOWN_WORDS = 0.75
"""Smallest proportion of the words in a column that belong to a known scale."""
_ERROR_WORDS = {"error", "errors", "fault", "faults", "deductions"}
_WHO = "|".join(sorted(_RATER))
_RATER_IN_TITLE = re.compile(
    rf"(?<![a-z])(?P<who>(?:{_WHO}|expert|[rj])[\s_.#-]*(?:\d+|[a-z](?![a-z]))|(?:dr|prof)[\s._]+[^\W\d_]+)(?![a-z0-9])",
    re.IGNORECASE,
)
_PERSON_CELL = re.compile(
    r"(?:subject|participant|person|trainee|surgeon|operator|student|resident|novice|expert|proband|teilnehmer)"
    r"[\s_#.-]*\d+",
    re.IGNORECASE,
)
"""Cells such as "Subject 01", by which a column names people whatever its title."""
_PEOPLE_SHARE = 0.8
_SCALE_IN_TITLE = re.compile(r"[\[(]\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|to|bis|à|:|\.\.)\s*(-?\d+(?:\.\d+)?)\s*[\])]")


def guess(table: RawTable, is_video: IsVideo | None = None) -> tuple[TableMapping, tuple[str, ...]]:
    """Guess the meaning of the columns from their titles and cells.

    Returns:
        The mapping, empty where nothing was found, and doubts to be checked, one sentence each.
    """
    columns = _Columns(table)
    ambiguities: list[str] = []
    video = columns.video(is_video)
    participant = columns.titled_like(_PARTICIPANT) or columns.people()
    rater = columns.titled_like(_RATER)
    occasion = columns.titled(_OCCASION)
    start, stop = columns.titled(_START), columns.titled(_STOP)
    if not (start and stop and all(columns.numeric(title) for title in (start, stop))):
        columns.free(start, stop)
        start = stop = ""
    notes = columns.remarks()
    item = columns.titled(_ITEM)
    value = columns.titled(_VALUE) if item else ""
    if item and not (value and columns.words(item)):
        columns.free(item, value)
        item = value = ""
    if item:
        items = [_item("", [RatingColumn(title=value)], table, ambiguities)]
    else:
        items = _items(columns.ratings(), table, rater, ambiguities)
    ambiguities += columns.lacking(video, participant, rater, items)
    mapping = TableMapping(
        sheet=table.sheet, titles_row=table.titles_row, video=video, participant=participant, rater=rater,
        occasion=occasion, item=item, start_s=start, stop_s=stop, notes=notes, items=tuple(items),
    )  # fmt: skip
    return mapping, tuple(ambiguities)


class _Columns:
    """The columns of a table, each with one meaning at most."""

    def __init__(self, table: RawTable) -> None:
        self._table = table
        self._free = list(table.titles)
        self._cells = {
            title: [row.cells[place] for row in table.rows if not row.fault and is_filled(row.cells[place])]
            for place, title in enumerate(table.titles)
        }
        self._ambiguities: list[str] = []

    def take(self, title: str) -> str:
        """Return a column that is no longer free."""
        self._free.remove(title)
        return title

    def free(self, *titles: str) -> None:
        """Make columns free again."""
        self._free += [title for title in titles if title]

    def titled(self, words: frozenset[str]) -> str:
        """Return the first free column titled by one of some words, or ""."""
        return next((self.take(title) for title in self._free if plain(title) in words), "")

    def titled_like(self, words: frozenset[str]) -> str:
        """Return the first free column whose title is a word, or a word and "name", "id" or "code"."""
        spellings = {f"{word}{suffix}" for word in words for suffix in ("", "s", "name", "id", "code", "uid")}
        return next((self.take(title) for title in self._free if plain(title) in spellings), "")

    def people(self) -> str:
        """Return the first free column whose cells are people by number, such as "Subject 01", or ""."""
        for title in self._free:
            cells = self._cells[title]
            n_names = sum(_PERSON_CELL.fullmatch(cell.strip()) is not None for cell in cells)
            if len(cells) > 1 and n_names >= _PEOPLE_SHARE * len(cells) and len(set(cells)) > 1:
                return self.take(title)
        return ""

    def remarks(self) -> str:
        """Return the first free column titled as remarks whose cells are words, or ""."""
        for title in self._free:
            if plain(title) in _NOTES and self._cells[title] and not self.numeric(title):
                return self.take(title)
        return ""

    def lacking(self, video: str, participant: str, rater: str, items: Sequence[ItemMapping]) -> list[str]:
        """Return sentences about missing columns that most tables have."""
        ambiguities = self._ambiguities
        if not participant:
            ambiguities.append(
                "No column seems to name the participant: state it (--participant-column, or --participants with a "
                "pattern), or no person can be held out."
            )
        cells = self._cells.get(video, [])
        wide = any(column.rater for item in items for column in item.columns)
        if not rater and not wide and len(cells) > 1.2 * len(set(cells)):
            ambiguities.append(
                "Videos are in several rows, and no column seems to name the rater: state it (--rater-column)."
            )
        for title in self._free:
            place = self._table.places[title]
            if not self._cells[title] and any(place in row.formulas for row in self._table.rows):
                ambiguities.append(
                    f"“{title}” holds formulas without a stored value, and is not used: save the table in a "
                    "spreadsheet program."
                )
        return ambiguities

    def numeric(self, title: str) -> bool:
        """Return True if at least two thirds of the cells of a column are numbers."""
        cells = self._cells[title]
        return bool(cells) and 3 * sum(map(is_number, cells)) >= 2 * len(cells)

    def words(self, title: str) -> bool:
        """Return True if a column repeats a few words: levels, or items."""
        cells = [plain(cell) for cell in self._cells[title] if not is_number(cell)]
        distinct = set(cells)
        return 2 <= len(distinct) <= _MAX_LEVELS and len(cells) > len(distinct) and max(map(len, cells)) <= 25

    def video(self, is_video: IsVideo | None) -> str:
        """Return the column that names the video: by known videos, else by title."""
        if is_video is not None:
            n_videos = {title: sum(map(is_video, dict.fromkeys(self._cells[title]))) for title in self._free}
            best = max(self._free, key=lambda t: (n_videos[t], plain(t) in _VIDEO, not _is_rated(t)))
            if n_videos[best] and not self._counts_attempts(best):
                self._leave_others(best, [t for t in self._free if self._names_videos(t, best, n_videos)])
                return self.take(best)
        counts = [title for title in self._free if self._counts_attempts(title)]
        self._free = [title for title in self._free if title not in counts]
        titled_video = self.titled(_VIDEO)
        self._free += counts
        return titled_video or self.titled(_VIDEO)

    def _names_videos(self, title: str, best: str, n_videos: Mapping[str, int]) -> bool:
        """Return True if a column names videos as the best one does; ratings of 1 to 3 name clips called 1 to 3 too."""
        if not all(map(is_number, self._cells[title])) or plain(title) in _VIDEO:
            return 2 * n_videos[title] > n_videos[best]
        return title == best or (n_videos[title] == n_videos[best] and not _is_rated(title))

    def _counts_attempts(self, title: str) -> bool:
        """Return True if a column titled as attempts holds small numbers that repeat: 1, 2, 3, 1, 2, 3."""
        cells = self._cells[title]
        numbers = [
            cell for cell in cells if cell.isdecimal() and len(cell) <= _MAX_DIGITS and int(cell) < _MAX_ATTEMPTS
        ]
        return plain(title) in _ATTEMPTS and len(numbers) == len(cells) > len(set(cells))

    def _leave_others(self, video: str, naming: Sequence[str]) -> None:
        """Leave out what may be another table at the right: after an empty column, or another that names videos."""
        titles, places = self._table.titles, self._table.places
        after = titles[places[video] + 1 :]
        other = next((title for title in after if title in naming), None)
        empty = unnamed(self._table) & {title for title in after if not self._cells[title]}
        gap = next((title for title in after if title in empty), None)
        if gap is not None and not any(self.numeric(title) for title in titles[: places[gap]]):
            gap = None
        for title, reason in (
            (other, "names videos too: import the table once more with it as the video"),
            (gap, "is empty"),
        ):
            if title is not None:
                self._ambiguities.append(
                    f"“{title}” {reason}; the columns after it may be another table, and are not used."
                )
                self._free = [column for column in self._free if places[column] < places[title]]

    def ratings(self) -> list[str]:
        """Return the free columns with numbers or levels, except for titles with another meaning, and without one."""
        titles = []
        without_title = unnamed(self._table)
        for title in self._free:
            if title in without_title:
                continue
            words = [plain(word) for word in re.split(r"[\W_]+", title)]
            edge_words = words[-1:] + (words[:1] if "".join(words[:2]) not in _ITEMS and words[0] != "rate" else [])
            numbered = bool({*edge_words, plain(title)} & _NO_RATING) or not plain(title)
            if numbered and _RATER_IN_TITLE.search(title) is None:
                continue
            numbers = [int(cell) for cell in self._cells[title] if cell.isdecimal() and len(cell) <= _MAX_DIGITS]
            counted = len(numbers) > 7 and numbers == [*range(numbers[0], numbers[0] + len(self._table.rows))]
            words = [cell for cell in self._cells[title] if not is_number(cell)]
            rated = self.numeric(title) or (self.words(title) and _ordered(words) is not None)
            if rated and not counted:  # the numbers of the rows
                titles.append(title)
        return titles


def _is_rated(title: str) -> bool:
    """Return True if a title has the word of a rating."""
    return any(word in plain(title) for word in (*_FIRST, *_VALUE))


def unnamed(table: RawTable) -> frozenset[str]:
    """Return the columns without a title in a table with titles."""
    return frozenset(title for title in table.titles if table.titles_row and _UNNAMED.fullmatch(title))


def _items(titles: Sequence[str], table: RawTable, rater: str, ambiguities: list[str]) -> list[ItemMapping]:
    """Return the items of some columns; columns that differ only in the rater are one item."""
    parts: dict[str, list[RatingColumn]] = {}
    names: dict[str, str] = {}
    bracketed = _bracketed(titles)
    for title in titles:
        name, rater_name = ("", "") if rater else _parted(title, bracketed)
        name = name or title
        names.setdefault(plain(name), name)
        parts.setdefault(plain(name), []).append(RatingColumn(title=title, rater=rater_name))
    for key in [key for key, columns in parts.items() if not _one_scale(columns, table)]:
        titles_of = [column.title for column in parts.pop(key)]
        ambiguities.append(f"{quoted(titles_of)} have different scales, so they count as items and not as raters.")
        for title in titles_of:
            names[plain(title)] = title
            parts[plain(title)] = [RatingColumn(title=title)]
    for key, columns in parts.items():
        unnamed = [column.title for column in columns if not column.rater]
        if unnamed and len(columns) > 1:  # a mean of the raters, say
            ambiguities.append(f"{quoted(unnamed)} is not used: other columns have {names[key]} by rater.")
            columns[:] = [column for column in columns if column.rater]
    items = [_item(names[key], columns, table, ambiguities) for key, columns in parts.items()]
    order = sorted(items, key=lambda item: _rank(item.name))
    if len(order) > 1:
        ambiguities.append(
            f"“{order[0].name}” counts first of {len(order)} items: {quoted([item.name for item in order])}."
        )
    return order


def _one_scale(columns: Sequence[RatingColumn], table: RawTable) -> bool:
    """Return True if columns named after people ("Dr A", "Dr B") may be of one scale: their ranges overlap."""
    ranges = []
    for column in columns:
        if _TITLED.match(column.rater) is None:
            return True  # the title says "rater"
        place = table.places[column.title]
        cells = [row.cells[place] for row in table.rows if not row.fault]
        numbers = [n for cell in cells if (n := number_of_cell(cell, decimal_comma=True)) is not None]
        if len(numbers) >= _MIN_NUMBERS:
            ranges.append((min(numbers), max(numbers)))
    if len(ranges) < 2:
        return True
    widest = max(high - low for low, high in ranges)
    overlap = min(high for _, high in ranges) - max(low for low, _ in ranges)
    return overlap >= _MIN_OVERLAP * widest


def _bracketed(titles: Sequence[str]) -> Counter[str]:
    """Return the number of titles such as "Flow (Ann)", by what stands before the brackets."""
    return Counter(match[1] for title in titles if (match := _IN_BRACKETS.fullmatch(title)))


def _parted(title: str, bracketed: Mapping[str, int]) -> tuple[str, str]:
    """Return the item and the rater that a title names: "Flow R2", "Rater 2 Flow", "Flow (Ann)" with "Flow (Bob)".

    Both are "" without a rater. ``bracketed`` is that of all titles.
    """
    match = _RATER_IN_TITLE.search(title)
    if match is not None:
        item_name = _EMPTY_BRACKETS.sub("", " ".join((title[: match.start()] + " " + title[match.end() :]).split()))
        item_name = item_name.strip(" _.-:")
        if item_name.count("(") != item_name.count(")"):
            item_name = item_name.strip("()")
        return item_name or SKILL, " ".join(match["who"].split())
    match = _IN_BRACKETS.fullmatch(title)
    if match is None or _SCALE_IN_TITLE.search(title) is not None:
        return "", ""
    if bracketed[match[1]] > 1 and not match[2].isdigit():  # a repeated title has a number there
        return match[1].strip(), match[2].strip()
    return "", ""


_EMPTY_BRACKETS = re.compile(r"[(\[]\s*[)\]]")
_UNNAMED = re.compile("column [A-Z]+")
_NUMBERED = re.compile(r"(\d{1,9})\s*[-–=:.)]\s*\D.*")
_IN_BRACKETS = re.compile(r"(.*?\S)\s*[(\[]([^()\[\]]+)[)\]]")


def stated_items(
    stated: Sequence[tuple[str, Sequence[str]]], table: RawTable, mapping: TableMapping
) -> tuple[ItemMapping, ...]:
    """Return items by wanted name and columns.

    Without columns, it is the item of that name in the mapping so far, else the column with that title. Several columns
    have one rater each, named by the title.
    """
    by_name = {plain(item.name): item for item in mapping.items}
    items = []
    for name, titles in stated:
        if not titles and plain(name) in by_name:
            items.append(by_name[plain(name)])
            continue
        raters = titles if len(titles) > 1 else ("",)
        columns = tuple(RatingColumn(title=a, rater=b) for a, b in zip(titles or (name,), raters, strict=True))
        if all(column.title in table.places for column in columns):
            items.append(_item(name, columns, table, []))
        else:  # an error when the mapping is fitted to the table
            items.append(ItemMapping(name=name, columns=columns))
    return tuple(items)


def with_rating(mapping: TableMapping, table: RawTable, title: str, name: str = "", rater: str = "") -> TableMapping:
    """Return the mapping with the column of that title, which holds ratings.

    ``name`` is its item, new or known, or "" for the one in the title. ``rater`` is "" if the rows name the rater, or
    none is known.
    """
    before = mapping.item_of(title)
    if not name and before is None and not mapping.rater:
        name, rater = _parted(title, _bracketed(table.titles))
    name = name or title
    column = RatingColumn(title=title, rater=rater)
    if before is not None and (before.name == name or (len(before.columns) == 1 and not _named(mapping, name))):
        columns = tuple(column if item_column.title == title else item_column for item_column in before.columns)
        return mapping.with_item(before.name, name="" if mapping.item else name, columns=columns)
    mapping = mapping.assigned("", title)
    if mapping.item:
        return replace(mapping, items=(_item("", [column], table, []),))
    present = _named(mapping, name)
    if present is not None:
        return mapping.with_item(present.name, columns=(*present.columns, column))
    return replace(mapping, items=(*mapping.items, _item(name, [column], table, [])))


def _named(mapping: TableMapping, name: str) -> ItemMapping | None:
    return next((item for item in mapping.items if plain(item.name) == plain(name)), None)


def _rank(name: str) -> int:
    return next((place for place, word in enumerate(_FIRST) if word in plain(name)), len(_FIRST))


def _item(name: str, columns: Sequence[RatingColumn], table: RawTable, ambiguities: list[str]) -> ItemMapping:
    low = high = None
    stated = next((m for column in columns if (m := _SCALE_IN_TITLE.search(column.title))), None)
    if stated is not None and float(stated[1]) < float(stated[2]):
        low, high = float(stated[1]), float(stated[2])
        name = name.replace(stated[0], "").strip() or name
    places = [table.places[column.title] for column in columns]
    cells = [row.cells[place] for row in table.rows if not row.fault for place in places]
    words = [cell for cell in cells if cell and not is_number(cell)]
    numbers = sum(map(is_number, cells))
    levels: tuple[str, ...] = ()
    if len(cells) - cells.count("") > 2 * numbers and words:
        levels = _ordered(words) or ()
        if levels:
            ambiguities.append(f"The levels of {name or 'the ratings'} run from worst to best: {quoted(levels)}.")
    error_words = {plain(word) for word in re.split(r"[\W_]+", name)} & _ERROR_WORDS
    if error_words:
        ambiguities.append(f"Lower is better for “{name}”, by its name.")
    return ItemMapping(
        name=name, columns=tuple(columns), levels=levels, low=low, high=high, less_is_better=bool(error_words)
    )


def _ordered(cells: Sequence[str]) -> tuple[str, ...] | None:
    """Return the levels of a known scale, from worst to best, in the most frequent spelling; None for other words."""
    spelled: dict[str, Counter[str]] = {}
    for cell in cells:
        spelled.setdefault(plain(cell), Counter())[cell] += 1
    numbered = {word: int(m[1]) for word, times in spelled.items() if (m := _NUMBERED.fullmatch(next(iter(times))))}
    if 1 < len(numbered) == len(spelled) == len(set(numbered.values())):  # "1 - novice", "2 - expert"
        return tuple(spelled[word].most_common(1)[0][0] for word in sorted(numbered, key=lambda word: numbered[word]))
    for scale in _ORDERS:
        ordered_words = [word for word in map(plain, scale) if word in spelled]
        if len(ordered_words) > 1 and sum(spelled[word].total() for word in ordered_words) >= _KNOWN_WORDS * len(cells):
            return tuple(spelled[word].most_common(1)[0][0] for word in ordered_words)
    return None
