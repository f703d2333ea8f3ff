"""Guess of the meaning of a table's columns from titles and cells, which the user checks and changes."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from skillviewer.data.ratings.numbers import is_filled, is_number, number_of_cell
from skillviewer.data.ratings.rating_table import IsVideo, RawTable
from skillviewer.data.ratings.table_mapping import ItemMapping, RatingColumn, TableMapping, quoted
from skillviewer.data.tables.name_spelling import simplify_name
from skillviewer.data.tables.participants import PARTICIPANT_COLUMNS, VIDEO_COLUMNS

SKILL = "skill"
"""Name of an item that the table does not name."""


def _word_set(text: str, *phrases: str) -> frozenset[str]:
    return frozenset([*text.split(), *phrases])


_VIDEO_TITLES = _word_set("videos recording trial attempt movie footage clipname clipid", *VIDEO_COLUMNS)
_PARTICIPANT_TITLES = _word_set(
    "trainee resident student learner candidate athlete diver operator performer who teilnehmer proband",
    *PARTICIPANT_COLUMNS,
)
_REMARK_TITLES = _word_set(
    "remark remarks comment comments note notes feedback reason reasons observation observations justification why "
    "explanation bemerkung bemerkungen kommentar kommentare"
)
_RATER_TITLES = _word_set(
    "rater judge assessor annotator examiner evaluator reviewer grader scorer observer emailaddress prüfer bewerter"
)
_OCCASION_TITLES = _word_set(
    "occasion date session timepoint visit phase prepost week day ratedon ratedat when redcapeventname"
)
_ITEM_TITLES = _word_set("item criterion criteria aspect domain dimension category question attribute")
_VALUE_TITLES = _word_set("rating score value points level grade mark")
_START_TITLES = _word_set("start starts begin begins startseconds starttime")
_STOP_TITLES = _word_set("stop stops end ends endseconds endtime stopseconds")
_OTHER_MEANINGS = _word_set(
    "id no nr number index row duration durations length seconds minutes time age year frame frames nframes fps rate "
    "experience years cases sex gender hand handedness width height size take repetition order fold split instance "
    "attempt attempts trial trials try run round "
    "complete completed timestamp lfd nummer fallnummer alter jahre âge edad semester wiek yaş pgy n 番号 年齢"
)
_ITEM_BEGINNINGS = _word_set("timeand timemanagement handmotion")
"""First two words of titles of items whose first word alone has another meaning."""
_FIRST_ITEM_WORDS = ("global", "overall", "total", "grs", "sum", SKILL, "rating", "score")
"""Words by which an item comes first, the strongest word first."""
_KNOWN_SCALES = (
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
_ATTEMPT_TITLES = _word_set("attempt attempts trial trials try run round")
_MAX_ATTEMPTS = 100
_DOCTOR = re.compile(r"(?:dr|prof)[\s._]", re.IGNORECASE)
_MIN_NUMBERS = 4
_MIN_OVERLAP = 0.25
"""Smallest overlap of the ranges of two raters, as a share of the wider range."""
_MAX_LEVELS = 12
_MAX_LEVEL_LENGTH = 25
_MIN_COUNTED_ROWS = 8
_MAX_COUNT_DIGITS = 15
"""Greatest length of numbers that may count rows; Python refuses to convert thousands of digits."""
_MIN_KNOWN_SHARE = 0.75
"""Smallest proportion of the words in a column that belong to a known scale."""
_ERROR_WORDS = {"error", "errors", "fault", "faults", "deductions"}
_RATER_WORDS = "|".join(sorted(_RATER_TITLES))
_RATER_IN_TITLE = re.compile(
    rf"(?<![a-z])(?P<who>(?:{_RATER_WORDS}|expert|[rj])[\s_.#-]*(?:\d+|[a-z](?![a-z]))|(?:dr|prof)[\s._]+[^\W\d_]+)(?![a-z0-9])",
    re.IGNORECASE,
)
_PERSON_CELL = re.compile(
    r"(?:subject|participant|person|trainee|surgeon|operator|student|resident|novice|expert|proband|teilnehmer)"
    r"[\s_#.-]*\d+",
    re.IGNORECASE,
)
"""A cell that names a participant by a number, such as "Subject 01"."""
_MIN_PEOPLE_SHARE = 0.8
_SCALE_IN_TITLE = re.compile(r"[\[(]\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|to|bis|à|:|\.\.)\s*(-?\d+(?:\.\d+)?)\s*[\])]")


def guess_mapping(table: RawTable, is_video: IsVideo | None = None) -> tuple[TableMapping, tuple[str, ...]]:
    """Guess the meaning of the columns from their titles and cells.

    Returns:
        The mapping, without the columns of unknown meaning, and the guesses that the user should check, one sentence
        each.
    """
    columns = _FreeColumns(table)
    ambiguities: list[str] = []
    video = columns.take_video(is_video)
    participant = columns.take_titled_like(_PARTICIPANT_TITLES)
    if not participant:
        participant = columns.take_people()
    rater = columns.take_titled_like(_RATER_TITLES)
    occasion = columns.take_titled(_OCCASION_TITLES)
    start = columns.take_titled(_START_TITLES)
    stop = columns.take_titled(_STOP_TITLES)
    if not all(title and columns.is_numeric(title) for title in (start, stop)):
        columns.give_back(start, stop)
        start = ""
        stop = ""
    notes = columns.take_remarks()
    item = columns.take_titled(_ITEM_TITLES)
    value = columns.take_titled(_VALUE_TITLES) if item else ""
    if item and not (value and columns.repeats_words(item)):
        columns.give_back(item, value)
        item = ""
    if item:
        items = [_guess_item("", [RatingColumn(title=value)], table, ambiguities)]
    else:
        items = _guess_items(columns.rating_titles(), table, rater, ambiguities)
    ambiguities += columns.missing_columns(video, participant, rater, items)
    mapping = TableMapping(
        sheet=table.sheet, titles_row=table.titles_row, video=video, participant=participant, rater=rater,
        occasion=occasion, item=item, start_s=start, stop_s=stop, notes=notes, items=tuple(items),
    )  # fmt: skip
    return mapping, tuple(ambiguities)


class _FreeColumns:
    """Columns of a table without a meaning so far; a column that is taken is not free any more."""

    def __init__(self, table: RawTable) -> None:
        self._table = table
        self._free = list(table.titles)
        self._cells: dict[str, list[str]] = {}
        for index, title in enumerate(table.titles):
            cells = [row.cells[index] for row in table.rows if not row.fault]
            self._cells[title] = list(filter(is_filled, cells))
        self._ambiguities: list[str] = []

    def _take(self, title: str) -> str:
        self._free.remove(title)
        return title

    def give_back(self, *titles: str) -> None:
        """Make columns free again; "" is no column."""
        self._free += [title for title in titles if title]

    def take_titled(self, words: Collection[str]) -> str:
        """Take the first column whose title is one of some words, or return ""."""
        for title in self._free:
            if simplify_name(title) in words:
                return self._take(title)
        return ""

    def take_titled_like(self, words: Collection[str]) -> str:
        """Take the first column whose title is a word, its plural, or the word with "name", "id", "code" or "uid"."""
        return self.take_titled({f"{word}{end}" for word in words for end in ("", "s", "name", "id", "code", "uid")})

    def take_people(self) -> str:
        """Take the first column whose cells name people by numbers, such as "Subject 01", or return ""."""
        for title in self._free:
            cells = self._cells[title]
            n_names = sum(_PERSON_CELL.fullmatch(cell.strip()) is not None for cell in cells)
            if len(cells) > 1 and n_names >= _MIN_PEOPLE_SHARE * len(cells) and len(set(cells)) > 1:
                return self._take(title)
        return ""

    def take_remarks(self) -> str:
        """Take the first column titled as remarks whose cells are words, or return ""."""
        for title in self._free:
            if simplify_name(title) in _REMARK_TITLES and self._cells[title] and not self.is_numeric(title):
                return self._take(title)
        return ""

    def missing_columns(self, video: str, participant: str, rater: str, items: Sequence[ItemMapping]) -> list[str]:
        """Return sentences about doubtful columns, and about missing columns that most tables have."""
        ambiguities = self._ambiguities
        if not participant:
            ambiguities.append(
                "No column seems to name the participant: state it (--participant-column, or --participants with a "
                "pattern), or no person can be held out."
            )
        cells = self._cells.get(video, [])
        has_columns_by_rater = any(column.rater for item in items for column in item.columns)
        if not rater and not has_columns_by_rater and len(cells) > 1.2 * len(set(cells)):
            ambiguities.append(
                "Videos are in several rows, and no column seems to name the rater: state it (--rater-column)."
            )
        for title in self._free:
            index = self._table.index_by_title[title]
            if not self._cells[title] and any(index in row.formulas for row in self._table.rows):
                ambiguities.append(
                    f"“{title}” holds formulas without a stored value, and is not used: save the table in a "
                    "spreadsheet program."
                )
        return ambiguities

    def is_numeric(self, title: str) -> bool:
        """Return True if at least two thirds of the cells of a column are numbers."""
        cells = self._cells[title]
        return bool(cells) and 3 * sum(map(is_number, cells)) >= 2 * len(cells)

    def repeats_words(self, title: str) -> bool:
        """Return True if a column repeats a few short words, such as levels or items."""
        cells = [simplify_name(cell) for cell in self._cells[title] if not is_number(cell)]
        n_distinct = len(set(cells))
        if not 2 <= n_distinct <= _MAX_LEVELS or n_distinct == len(cells):
            return False
        return max(map(len, cells)) <= _MAX_LEVEL_LENGTH

    def take_video(self, is_video: IsVideo | None) -> str:
        """Take the column that names the video, by known videos or else by its title, or return ""."""
        if is_video is not None:
            n_videos = {title: sum(map(is_video, dict.fromkeys(self._cells[title]))) for title in self._free}

            def likelihood(title: str) -> tuple[int, bool, bool]:
                return n_videos[title], simplify_name(title) in _VIDEO_TITLES, not _is_rating_title(title)

            best = max(self._free, key=likelihood)
            if n_videos[best] and not self._counts_attempts(best):
                video_columns = [title for title in self._free if self._names_videos(title, best, n_videos)]
                self._drop_other_table(best, video_columns)
                return self._take(best)
        attempt_counts = [title for title in self._free if self._counts_attempts(title)]
        self._free = [title for title in self._free if title not in attempt_counts]
        video = self.take_titled(_VIDEO_TITLES)
        self._free += attempt_counts
        return video or self.take_titled(_VIDEO_TITLES)

    def _names_videos(self, title: str, best: str, n_videos: Mapping[str, int]) -> bool:
        """Return True if a column names videos like the best column.

        A column of numbers must name as many videos: ratings of 1 to 3 can name clips called 1 to 3 by chance.
        """
        if not all(map(is_number, self._cells[title])) or simplify_name(title) in _VIDEO_TITLES:
            return 2 * n_videos[title] > n_videos[best]
        if title == best:
            return True
        return n_videos[title] == n_videos[best] and not _is_rating_title(title)

    def _counts_attempts(self, title: str) -> bool:
        """Return True if a column titled as attempts holds small numbers that repeat: 1, 2, 3, 1, 2, 3."""
        cells = self._cells[title]
        if simplify_name(title) not in _ATTEMPT_TITLES or len(cells) == len(set(cells)):
            return False
        return all(cell.isdecimal() and len(cell) <= _MAX_COUNT_DIGITS and int(cell) < _MAX_ATTEMPTS for cell in cells)

    def _drop_other_table(self, video: str, video_columns: Sequence[str]) -> None:
        """Drop the columns at the right that may belong to another table.

        The other table may begin with another column that names videos, or after an empty column.
        """
        titles = self._table.titles
        index_by_title = self._table.index_by_title
        following_titles = titles[index_by_title[video] + 1 :]
        other_video = next((title for title in following_titles if title in video_columns), None)
        untitled = untitled_columns(self._table)
        gap = next((title for title in following_titles if title in untitled and not self._cells[title]), None)
        if gap is not None:
            titles_before_gap = titles[: index_by_title[gap]]
            if not any(self.is_numeric(title) for title in titles_before_gap):
                gap = None  # no ratings are before it
        for title, reason in (
            (other_video, "names videos too: import the table once more with it as the video"),
            (gap, "is empty"),
        ):
            if title is not None:
                self._ambiguities.append(
                    f"“{title}” {reason}; the columns after it may be another table, and are not used."
                )
                self._free = [column for column in self._free if index_by_title[column] < index_by_title[title]]

    def rating_titles(self) -> list[str]:
        """Return the free columns with numbers or levels.

        Columns without a title, with a title of another meaning, and with the numbers of the rows are left out.
        """
        titles = []
        untitled = untitled_columns(self._table)
        for title in self._free:
            has_other_meaning = _has_other_meaning(title) and _RATER_IN_TITLE.search(title) is None
            if title in untitled or has_other_meaning:
                continue
            if self._has_ratings(title) and not self._numbers_rows(title):
                titles.append(title)
        return titles

    def _has_ratings(self, title: str) -> bool:
        """Return True if a column holds numbers, or words that are known levels."""
        if self.is_numeric(title):
            return True
        words = [cell for cell in self._cells[title] if not is_number(cell)]
        return self.repeats_words(title) and _known_levels(words) is not None

    def _numbers_rows(self, title: str) -> bool:
        """Return True if a column counts the rows: 1, 2, 3, ..."""
        numbers = [int(cell) for cell in self._cells[title] if cell.isdecimal() and len(cell) <= _MAX_COUNT_DIGITS]
        if len(numbers) < _MIN_COUNTED_ROWS:
            return False
        return numbers == list(range(numbers[0], numbers[0] + len(self._table.rows)))


def _has_other_meaning(title: str) -> bool:
    """Return True if a title, its last word or its first word has another meaning than a rating."""
    if not simplify_name(title):
        return True
    words = [simplify_name(word) for word in re.split(r"[\W_]+", title)]
    telling_words = {simplify_name(title), words[-1]}
    if "".join(words[:2]) not in _ITEM_BEGINNINGS and words[0] != "rate":
        telling_words.add(words[0])
    return not telling_words.isdisjoint(_OTHER_MEANINGS)


def _is_rating_title(title: str) -> bool:
    """Return True if a title contains a word for a rating."""
    return any(word in simplify_name(title) for word in (*_FIRST_ITEM_WORDS, *_VALUE_TITLES))


def untitled_columns(table: RawTable) -> frozenset[str]:
    """Return the columns without a title in a table with titles."""
    return frozenset(title for title in table.titles if table.titles_row and _UNTITLED.fullmatch(title))


def _guess_items(titles: Sequence[str], table: RawTable, rater: str, ambiguities: list[str]) -> list[ItemMapping]:
    """Return the items of some columns; columns that differ only in the rater are one item."""
    columns_by_item: dict[str, list[RatingColumn]] = {}
    names: dict[str, str] = {}
    n_bracketed = _count_bracketed(titles)
    for title in titles:
        name, rater_name = ("", "") if rater else _split_title(title, n_bracketed)
        if not name:
            name = title
        names.setdefault(simplify_name(name), name)
        columns_by_item.setdefault(simplify_name(name), []).append(RatingColumn(title=title, rater=rater_name))
    for key, columns in list(columns_by_item.items()):
        if _may_share_scale(columns, table):
            continue
        titles_of_item = [column.title for column in columns_by_item.pop(key)]
        ambiguities.append(f"{quoted(titles_of_item)} have different scales, so they count as items and not as raters.")
        for title in titles_of_item:
            names[simplify_name(title)] = title
            columns_by_item[simplify_name(title)] = [RatingColumn(title=title)]
    for key, columns in columns_by_item.items():
        without_rater = [column.title for column in columns if not column.rater]
        if without_rater and len(columns) > 1:  # a mean of the raters, say
            ambiguities.append(f"{quoted(without_rater)} is not used: other columns have {names[key]} by rater.")
            columns_by_item[key] = [column for column in columns if column.rater]
    items = [_guess_item(names[key], columns, table, ambiguities) for key, columns in columns_by_item.items()]
    items.sort(key=lambda item: _first_rank(item.name))
    if len(items) > 1:
        ambiguities.append(
            f"“{items[0].name}” counts first of {len(items)} items: {quoted([item.name for item in items])}."
        )
    return items


def _may_share_scale(columns: Sequence[RatingColumn], table: RawTable) -> bool:
    """Return False if columns named after people ("Dr A", "Dr B") have ranges that do not overlap."""
    ranges = []
    for column in columns:
        if _DOCTOR.match(column.rater) is None:
            return True  # the title says "rater"
        index = table.index_by_title[column.title]
        cells = [row.cells[index] for row in table.rows if not row.fault]
        numbers_of_cells = [number_of_cell(cell, decimal_comma=True) for cell in cells]
        numbers = [number for number in numbers_of_cells if number is not None]
        if len(numbers) >= _MIN_NUMBERS:
            ranges.append((min(numbers), max(numbers)))
    if len(ranges) < 2:
        return True
    widest = max(high - low for low, high in ranges)
    overlap = min(high for _, high in ranges) - max(low for low, _ in ranges)
    return overlap >= _MIN_OVERLAP * widest


def _count_bracketed(titles: Sequence[str]) -> Counter[str]:
    """Return the number of titles such as "Flow (Ann)", by the text before the brackets."""
    matches = (_IN_BRACKETS.fullmatch(title) for title in titles)
    return Counter(match[1] for match in matches if match is not None)


def _split_title(title: str, n_bracketed: Mapping[str, int]) -> tuple[str, str]:
    """Return the item and the rater that a title names, or "" and "" if it names no rater.

    Such titles are "Flow R2", "Rater 2 Flow", and "Flow (Ann)" next to "Flow (Bob)". ``n_bracketed`` is the result of
    ``_count_bracketed`` for all titles.
    """
    match = _RATER_IN_TITLE.search(title)
    if match is not None:
        without_rater = f"{title[: match.start()]} {title[match.end() :]}"
        item_name = _EMPTY_BRACKETS.sub("", " ".join(without_rater.split()))
        item_name = item_name.strip(" _.-:")
        if item_name.count("(") != item_name.count(")"):
            item_name = item_name.strip("()")
        return item_name or SKILL, " ".join(match["who"].split())
    match = _IN_BRACKETS.fullmatch(title)
    if match is None or _SCALE_IN_TITLE.search(title) is not None:
        return "", ""
    if n_bracketed[match[1]] > 1 and not match[2].isdigit():  # the brackets of a repeated title hold a number
        return match[1].strip(), match[2].strip()
    return "", ""


_EMPTY_BRACKETS = re.compile(r"[(\[]\s*[)\]]")
_UNTITLED = re.compile("column [A-Z]+")
_NUMBERED_LEVEL = re.compile(r"(\d{1,9})\s*[-–=:.)]\s*\D.*")
_IN_BRACKETS = re.compile(r"(.*?\S)\s*[(\[]([^()\[\]]+)[)\]]")


def stated_items(
    titles_by_item: Sequence[tuple[str, Sequence[str]]], table: RawTable, mapping: TableMapping
) -> tuple[ItemMapping, ...]:
    """Return items that the user stated by name and titles of columns.

    An item without columns is the item of that name in the mapping, or else the column with that title. The columns of
    an item with several columns are those of different raters, who get the titles as names.
    """
    item_by_name = {simplify_name(item.name): item for item in mapping.items}
    items = []
    for name, titles in titles_by_item:
        if not titles and simplify_name(name) in item_by_name:
            items.append(item_by_name[simplify_name(name)])
            continue
        if len(titles) > 1:
            columns = tuple(RatingColumn(title=title, rater=title) for title in titles)
        elif titles:
            columns = (RatingColumn(title=titles[0]),)
        else:
            columns = (RatingColumn(title=name),)
        if all(column.title in table.index_by_title for column in columns):
            items.append(_guess_item(name, columns, table, []))
        else:  # ``fit_mapping`` reports the missing column
            items.append(ItemMapping(name=name, columns=columns))
    return tuple(items)


def with_rating_column(
    mapping: TableMapping, table: RawTable, title: str, name: str = "", rater: str = ""
) -> TableMapping:
    """Return a mapping in which a column holds ratings.

    Args:
        mapping: The mapping so far.
        table: The table.
        title: Title of the column.
        name: Name of its item, new or known, or "" for the item that the title names.
        rater: Rater of the column, or "" if the rows name the rater or no rater is known.
    """
    old_item = mapping.item_of(title)
    if not name and old_item is None and not mapping.rater:
        name, rater = _split_title(title, _count_bracketed(table.titles))
    if not name:
        name = title
    column = RatingColumn(title=title, rater=rater)
    if old_item is not None:
        can_rename = len(old_item.columns) == 1 and not _item_named(mapping, name)
        if old_item.name == name or can_rename:
            columns = tuple(column if old_column.title == title else old_column for old_column in old_item.columns)
            new_name = "" if mapping.item else name
            return mapping.with_item(old_item.name, name=new_name, columns=columns)
    mapping = mapping.assigned("", title)
    if mapping.item:
        return replace(mapping, items=(_guess_item("", [column], table, []),))
    known_item = _item_named(mapping, name)
    if known_item is not None:
        return mapping.with_item(known_item.name, columns=(*known_item.columns, column))
    return replace(mapping, items=(*mapping.items, _guess_item(name, [column], table, [])))


def _item_named(mapping: TableMapping, name: str) -> ItemMapping | None:
    return next((item for item in mapping.items if simplify_name(item.name) == simplify_name(name)), None)


def _first_rank(name: str) -> int:
    """Return the rank by which items are sorted, 0 for the most likely first item."""
    for rank, word in enumerate(_FIRST_ITEM_WORDS):
        if word in simplify_name(name):
            return rank
    return len(_FIRST_ITEM_WORDS)


def _guess_item(name: str, columns: Sequence[RatingColumn], table: RawTable, ambiguities: list[str]) -> ItemMapping:
    """Return an item with the scale that titles and cells of its columns suggest."""
    low = None
    high = None
    scales = (_SCALE_IN_TITLE.search(column.title) for column in columns)
    scale = next((match for match in scales if match is not None), None)
    if scale is not None and float(scale[1]) < float(scale[2]):
        low = float(scale[1])
        high = float(scale[2])
        name_without_scale = name.replace(scale[0], "").strip()
        if name_without_scale:
            name = name_without_scale
    indices = [table.index_by_title[column.title] for column in columns]
    readable_rows = [row for row in table.rows if not row.fault]
    cells = [row.cells[index] for row in readable_rows for index in indices]
    words = [cell for cell in cells if cell and not is_number(cell)]
    n_numbers = sum(map(is_number, cells))
    levels: tuple[str, ...] = ()
    if len(cells) - cells.count("") > 2 * n_numbers and words:
        known_levels = _known_levels(words)
        if known_levels:
            levels = known_levels
            item_text = name or "the ratings"
            ambiguities.append(f"The levels of {item_text} run from worst to best: {quoted(levels)}.")
    error_words = {simplify_name(word) for word in re.split(r"[\W_]+", name)} & _ERROR_WORDS
    if error_words:
        ambiguities.append(f"Lower is better for “{name}”, by its name.")
    return ItemMapping(
        name=name, columns=tuple(columns), levels=levels, low=low, high=high, less_is_better=bool(error_words)
    )


def _known_levels(cells: Sequence[str]) -> tuple[str, ...] | None:
    """Return the levels of a known or numbered scale, from worst to best, in the most frequent spelling, or None."""
    spellings: dict[str, Counter[str]] = {}
    for cell in cells:
        spellings.setdefault(simplify_name(cell), Counter())[cell] += 1
    most_frequent = {word: counter.most_common(1)[0][0] for word, counter in spellings.items()}
    numbers: dict[str, int] = {}  # of levels such as "1 - novice" and "2 - expert"
    for word, counter in spellings.items():
        match = _NUMBERED_LEVEL.fullmatch(next(iter(counter)))
        if match is not None:
            numbers[word] = int(match[1])
    if 1 < len(numbers) == len(spellings) == len(set(numbers.values())):
        return tuple(most_frequent[word] for word in sorted(numbers, key=lambda word: numbers[word]))
    for scale in _KNOWN_SCALES:
        known_words = [word for word in map(simplify_name, scale) if word in spellings]
        n_known_cells = sum(spellings[word].total() for word in known_words)
        if len(known_words) > 1 and n_known_cells >= _MIN_KNOWN_SHARE * len(cells):
            return tuple(most_frequent[word] for word in known_words)
    return None
