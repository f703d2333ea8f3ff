"""Tables of ratings that were spoilt at random: no row is lost without a line, and no rating joined wrongly.

A table is written with known ratings, spoilt in one to four places, and read again. Every rating that is taken must be
one that was written (or one that the spoilt text itself says, where a number was changed for another on purpose), and
every line of the spoilt file must be in the report.
"""

import os
import random
from dataclasses import dataclass
from pathlib import Path

import msgspec

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.guessing import stated_items
from skillviewer.data.ratings.mapped_table import MappedTable, video_test
from skillviewer.data.ratings.table_files import read_table
from skillviewer.data.ratings.table_mapping import TableMapping
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.name_spelling import simplify_name
from tests.data.files import touch

N_TABLES = int(os.environ.get("SKILLVIEWER_MUTATED_TABLES", "300"))
VIDEOS = [f"P{person:02}_T{trial}" for person in range(1, 7) for trial in (1, 2)]
RATERS = ("Ann", "Bob")
REMARKS = ("", "fine", "slow, but sure", 'he said "ok"', "first slow\nthen quick", "größer")


@dataclass
class Written:
    """A table as text, and what it says: (video, rater, item) -> number; every number of it occurs once."""

    lines: list[str]
    delimiter: str
    says: dict[tuple[str, str, str], float]


def written(rng: random.Random) -> Written:
    delimiter = rng.choice(",;\t")
    comma = delimiter != "," and rng.random() < 0.5
    says: dict[tuple[str, str, str], float] = {}
    lines = [delimiter.join(("Clip", "Judge", "Global", "Flow", "Remark"))]
    number = 510  # without its comma a number lies outside the stated scale
    for video in VIDEOS:
        for rater in RATERS:
            cells = [video, rater]
            for item in ("Global", "Flow"):
                number += rng.randrange(3, 40)  # a number says by itself which rating it is
                says[video, rater, item] = number / 10
                cells.append(f"{number / 10:.1f}".replace(".", "," if comma else "."))
            remark = rng.choice(REMARKS)
            quoted = any(sign in remark for sign in (delimiter, '"', "\n"))
            cells.append('"' + remark.replace('"', '""') + '"' if quoted else remark)
            lines.append(delimiter.join(cells))
    return Written(lines, delimiter, says)


def spoilt(table: Written, rng: random.Random) -> str:
    """Return the table with one to four slips of a hand or a program in it."""
    lines = [*table.lines]
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(1, len(lines))
        line = lines[at]
        slip = rng.randrange(12)
        place = rng.randrange(len(line) + 1)
        if slip == 0:
            lines[at] = line[:place] + table.delimiter + line[place:]
        elif slip == 1 and table.delimiter in line:
            cut = rng.choice([i for i, sign in enumerate(line) if sign == table.delimiter])
            lines[at] = line[:cut] + line[cut + 1 :]
        elif slip == 2:
            lines[at] = line[:place] + '"' + line[place:]
        elif slip == 3:
            lines.insert(rng.randrange(1, len(lines) + 1), line)
        elif slip == 4:
            lines.insert(at, rng.choice(("", table.delimiter * 4, "Mean of all", "# checked on Monday")))
        elif slip == 5:
            cells = line.split(table.delimiter)
            cells[0] = rng.choice((cells[0].lower(), f"{cells[0]}.mp4", f"videos/{cells[0]}.MP4", f" {cells[0]} "))
            lines[at] = table.delimiter.join(cells)
        elif slip == 6:
            cells = line.split(table.delimiter)
            cells[0] = cells[0].replace("_", rng.choice(("-", "", "__")))
            lines[at] = table.delimiter.join(cells)
        elif slip == 7 and len(line.split(table.delimiter)) > 3:
            cells = line.split(table.delimiter)
            cells[rng.choice((2, 3))] = rng.choice(("", "n/a", "good", "2024-05-04", "#DIV/0!", "1e999", "nan", "--"))
            lines[at] = table.delimiter.join(cells)
        elif slip == 8:
            lines[at] = line + table.delimiter * rng.randint(1, 3)
        elif slip == 9:
            lines[at] = line[:place] + "\r\n" + line[place:]
        elif slip == 10:
            lines[at], lines[at - 1 or at] = lines[at - 1 or at], line
        else:
            lines[at] = line.replace(".", "").replace(",", "") if table.delimiter != "," else line + "x"
    return "\n".join(lines) + "\n"


def read_spoilt(path: Path, files: VideoFolder) -> MappedTable:
    table = read_table(path, titles_row=1, is_video=video_test(files))
    mapping = TableMapping(video="Clip", rater="Judge", titles_row=1)
    found = stated_items([("Global", ()), ("Flow", ())], table, mapping)
    items = tuple(msgspec.structs.replace(item, low=10, high=500) for item in found)
    return MappedTable(
        table, TableMapping(video="Clip", rater="Judge", titles_row=1, items=items), (), files, folder_is_stated=True
    )


def test_no_row_is_lost_and_none_joined_wrongly(tmp_path: Path) -> None:
    touch(tmp_path / "videos", [f"{name}.mp4" for name in VIDEOS])
    files = VideoFolder(tmp_path / "videos")
    taken = asides = refused = 0
    for seed in range(N_TABLES):
        rng = random.Random(seed)
        table = written(rng)
        text = spoilt(table, rng)
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(rng.choice(("utf-8", "utf-8-sig", "cp1252", "utf-16"))))
        try:
            rated, _ = read_spoilt(path, files).read()
        except DatasetError:
            refused += 1
            continue
        import_report = rated.import_report
        assert len(import_report.rows) == import_report.n_used + import_report.n_rejected
        covered = {line for row in import_report.rows for line in range(row.first_line, row.last_line + 1)}
        text_lines = text.replace("\r\n", "\n").split("\n")
        lost = [
            (number, line)
            for number, line in enumerate(text_lines, start=1)
            if number > 1 and line.strip(f'{table.delimiter} "') and number not in covered
        ]
        assert not lost, f"seed {seed}: {lost}"
        for rating in rated.ratings.ratings:
            key = tuple(
                map(simplify_name, (rating.video, rating.rater, rating.item))
            )  # a spoilt name is still the rater's
            whose = [known for known, number in table.says.items() if abs(number - rating.value) < 1e-9]
            assert key in {tuple(map(simplify_name, known)) for known in whose}, f"seed {seed}: {rating} was {whose}"
        taken += import_report.n_ratings
        asides += import_report.n_rejected
    assert refused < N_TABLES / 20
    assert taken > 30 * N_TABLES
    assert asides > N_TABLES / 2
