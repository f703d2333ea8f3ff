"""Ways to damage a file, by chance that a seed fixes: bytes, words, JSON, boxes, packed files, SQL."""

import json
import random
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from copy import deepcopy
from io import BytesIO

Mutator = Callable[[bytes, random.Random], bytes]

_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (
    *("", "0", "-1", "²", "1e400", "-1e308", "nan", "inf", "9" * 5000, "\0", "\ufeff", "\n", '"', "'", ";", ",", "\t"),
    *(
        "../../../etc/passwd",
        "/etc/passwd",
        "C:\\x",
        "=1+1",
        "ä" * 300,
        "x" * 70_000,
        "1.5",
        "true",
        "null",
        "(",
        "[" * 3000,
    ),
)
_VALUES: tuple[object, ...] = (
    *(
        None,
        True,
        0,
        -1,
        2**31,
        2**53,
        2**62,
        2**70,
        1.5,
        -1e308,
        1e308,
        "",
        "x",
        "²",
        "\0",
        "x" * 10_000,
        [],
        {},
        [[]],
    ),
    *([0] * 1000, {"a": {}}, "../../x", "/etc/passwd", "2026-13-40", "a{99999999999}", float("nan"), float("inf")),
)


def bytes_mutated(data: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double, move, blow up and overwrite bytes anywhere."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if not made:
            return bytes(made)
        at, n = chance.randrange(len(made)), chance.choice((1, 2, 4, 8, 64, 1024))
        way = chance.randrange(7)
        if way == 0:
            made[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            del made[at : at + n]
        elif way == 2:
            made[at:at] = made[at : at + n]
        elif way == 3:
            made[at : at + 4] = struct.pack(chance.choice((">I", "<I")), chance.choice(_NUMBERS))
        elif way == 4:
            made[at : at + n] = chance.randbytes(n)
        elif way == 5:
            made = made[:at]
        else:
            other = chance.randrange(len(made))
            made[at : at + n] = made[other : other + n]
    return bytes(made)


def boxes_mutated(data: bytes, chance: random.Random) -> bytes:
    """Change the size, the name, a number, or the place of a box of an MP4 file."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        found = _boxes(bytes(made), 0, len(made))
        if not found:
            return bytes_mutated(bytes(made), chance)
        at, stop = chance.choice(found)
        way = chance.randrange(6)
        if way == 0:
            struct.pack_into(
                ">I", made, at, chance.choice((*_NUMBERS, stop - at + chance.randrange(-9, 9))) & 0xFFFFFFFF
            )
        elif way == 1:
            made[at + 4 : at + 8] = chance.choice((b"free", b"moov", b"trak", b"elst", b"stsz", b"cmov", b"\0\0\0\0"))
        elif way in (2, 3) and stop - at > 16:
            place = chance.randrange(at + 8, stop - 4)
            struct.pack_into(">I", made, place, chance.choice(_NUMBERS))
        elif way == 4:
            other = chance.choice(found)
            made[at:stop] = made[other[0] : other[1]]
        else:
            del made[at:stop]
    return bytes(made)


def _boxes(data: bytes, start: int, stop: int, depth: int = 0) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = start
    while at + 8 <= stop and len(found) < 500:
        size, name = struct.unpack_from(">I4s", data, at)
        end = at + size
        if size < 8 or end > stop:
            break
        found.append((at, end))
        if name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"moof", b"traf") and depth < 8:
            found += _boxes(data, at + 8, end, depth + 1)
        at = end
    return found


def words_mutated(data: bytes, chance: random.Random) -> bytes:
    """Put odd words in the place of cells, double, move and cut lines, change line ends and the encoding."""
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(lines))
        way = chance.randrange(5)
        if way <= 2:
            cells = lines[at].split(chance.choice((",", " ", ":")))
            cells[chance.randrange(len(cells))] = chance.choice(_WORDS)
            lines[at] = ",".join(cells)
        elif way == 3:
            lines.insert(chance.randrange(len(lines)), lines[at])
        else:
            lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
    text = chance.choice(("\n", "\n", "\n", "\r\n", "\r")).join(lines)
    return text.encode(chance.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig")), "replace")


def json_mutated(data: bytes, chance: random.Random) -> bytes:
    """Put odd values in the place of others, take some away, add some; or damage the text itself."""
    if chance.random() < 0.2:
        return bytes_mutated(data, chance)
    if chance.random() < 0.05:
        return b"[" * 200_000
    root = {"": json.loads(data)}
    for _ in range(chance.choice((1, 1, 2, 4))):
        inside, key = chance.choice(_places(root))
        if chance.random() < 0.2 and isinstance(inside, dict) and key != "":
            inside.pop(key, None)
        else:
            with suppress(IndexError):
                inside[key] = deepcopy(chance.choice(_VALUES))
    return json.dumps(root.get("")).encode()


def _places(inside: object) -> list[tuple[dict[object, object], object]]:
    """Return every place in JSON where a value stands: what it is in, and under which key."""
    items = inside.items() if isinstance(inside, dict) else enumerate(inside) if isinstance(inside, list) else ()
    found: list[tuple[dict[object, object], object]] = []
    for key, value in items:
        found += [(inside, key), *_places(value)]  # type: ignore[list-item]
    return found


def packed_mutated(data: bytes, chance: random.Random, inside: Callable[[str], Mutator]) -> bytes:
    """Damage one file in a zip file and pack it anew, so that its sums are right; or the zip file itself.

    Args:
        data: The zip file.
        chance: Where.
        inside: Says how a file of a name is damaged.
    """
    if chance.random() < 0.3:
        return bytes_mutated(data, chance)
    with zipfile.ZipFile(BytesIO(data)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    name = chance.choice(list(members))
    way = chance.random()
    if way < 0.7:
        members[name] = inside(name)(members[name], chance)
    elif way < 0.85:
        del members[name]
    else:
        members[chance.choice(("../x", "/x", "a\\b", "x" * 300, f"{name}/y", name.upper()))] = members[name]
    made = BytesIO()
    with zipfile.ZipFile(made, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as new:
        for name, content in members.items():
            new.writestr(name, content)
    return made.getvalue()


def sql_mutated(data: bytes, chance: random.Random) -> bytes:
    """Write odd values into a study by SQL, or change what it is made of; or damage its bytes."""
    if chance.random() < 0.25:
        return bytes_mutated(data, chance)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.deserialize(data[:18] + b"\x01\x01" + data[20:])  # a log beside it cannot be in memory
        with suppress(sqlite3.Error, OverflowError, UnicodeError):
            _acts(db, chance)
        return db.serialize()


def _acts(db: sqlite3.Connection, chance: random.Random) -> None:
    for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
        db.execute(f"PRAGMA {pragma}")
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    tables = [
        row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite*'")
    ]
    for _ in range(chance.choice((1, 1, 2, 3))):
        table = chance.choice(tables)
        column = chance.choice([row[1] for row in db.execute(f"PRAGMA table_info({table})")])
        value = chance.choice(
            (None, -1, 0, 2**62, -(2**63), 1.5, 9e300, float("inf"), "", "x", b"\xff\0", "2026-01-01", *_WORDS)
        )
        with suppress(sqlite3.Error, OverflowError):
            db.execute(f"UPDATE {table} SET {column} = ?", (value,))
    if chance.random() < 0.1:
        db.execute(
            chance.choice(
                ("CREATE TABLE more (x)", "CREATE VIEW v AS SELECT 1", "DROP TABLE note", "PRAGMA user_version = 99")
            )
        )
    for _, sql in triggers:
        with suppress(sqlite3.Error):
            db.execute(sql)
