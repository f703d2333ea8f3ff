"""Imports of files that other programs wrote, against other people's readers of the same files.

    python -m benchmarks.foreign_files FOLDER [-o TABLE.md]

Reads every file below FOLDER whose suffix is known, by the program and by a library that has no line of it: pympi-ling
(ELAN), praatio (Praat), webvtt-py and srt (subtitles), BORIS's own tables of aggregated events next to its projects,
pandas and h5py (points of DeepLabCut and SLEAP), openpyxl and json (ratings of MTL-AQA and VIA).
It prints one row for each form, and one line for each file in which
the counts differ or which only one of the two reads. Times agree if they are the same to a millisecond.

No library knows times that ELAN does not store: here they follow the rule of its source, written anew. Rows of
workbooks and projects are compared in number alone.
"""

import argparse
import csv
import json
import logging
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import openpyxl
import pandas as pd
import pympi
import srt
import webvtt
from praatio import textgrid

from skillviewer.core.errors import SkillViewerError
from skillviewer.data.ratings.table_files import read_table
from skillviewer.data.timelines.timeline_formats import read_timeline
from skillviewer.data.tracks.deeplabcut import read_deeplabcut
from skillviewer.data.tracks.raw_tracks import RawTracks
from skillviewer.data.tracks.sleap import read_sleap_csv, read_sleap_hdf5

Position = tuple[int, float, float]
"""Frame, x and y of a point, in pixels."""
Span = tuple[int, int]
"""Start and end in milliseconds."""


@dataclass
class Comparison:
    """One file: what the program read, and what the oracle did."""

    n_read: int = 0
    n_rejected: int = 0
    n_oracle: int = 0
    n_times: int = 0  # annotations of the oracle whose times the program has too
    n_with_times: int | None = None  # annotations whose times the oracle knows; None for all
    refused: str = ""  # the program's sentence
    oracle_refused: str = ""

    @property
    def n_known(self) -> int:
        """Annotations whose times the oracle knows."""
        return self.n_oracle if self.n_with_times is None else self.n_with_times


@dataclass
class Total:
    """Sums over the files of one form."""

    files: list[tuple[Path, Comparison]] = field(default_factory=list)

    def row(self, name: str) -> str:
        """Return the row of the table."""
        both = [one for _, one in self.files if not one.refused and not one.oracle_refused]
        equal = sum(one.n_read + one.n_rejected == one.n_oracle for one in both)
        cells = [
            *(name, len(self.files), len(both), equal, sum(one.n_oracle for one in both)),
            *(sum(one.n_read for one in both), sum(one.n_rejected for one in both)),
            f"{sum(one.n_times for one in both)} of {sum(one.n_known for one in both)}",
        ]
        return "| " + " | ".join(map(str, cells)) + " |"


def _milliseconds(start_s: float, stop_s: float) -> Span:
    return round(start_s * 1000), round(stop_s * 1000)


def _common(ours: Sequence[Span], theirs: Sequence[Span]) -> int:
    """Return how many spans of the oracle the program has, each used once, to a millisecond."""
    left, found = Counter(ours), 0
    for start, stop in theirs:
        near = [(start + a, stop + b) for a in (0, -1, 1) for b in (0, -1, 1)]
        match = next((span for span in near if left[span] > 0), None)
        if match is not None:
            left[match] -= 1
            found += 1
    return found


def _timeline(path: Path, oracle: Callable[[Path], list[Span]]) -> Comparison:
    made = Comparison()
    try:
        contents = read_timeline(path)
        ours = [_milliseconds(one.start_s, one.stop_s) for one in contents.annotations]
        made.n_read, made.n_rejected = len(ours), len(contents.rejected)
    except SkillViewerError as error:
        made.refused, ours = str(error).removeprefix(str(path)).strip(), []
    try:
        theirs = oracle(path)
    except Exception as error:  # noqa: BLE001 - libraries of all kinds
        made.oracle_refused = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:100]
        return made
    made.n_oracle, made.n_times = len(theirs), _common(ours, theirs)
    return made


def _praat(path: Path) -> list[Span]:
    grid = textgrid.openTextgrid(str(path), False, reportingMode="silence", duplicateNamesMode="rename")
    found = []
    for tier in grid.tiers:
        for entry in tier.entries:
            ends = (entry.start, entry.end) if isinstance(tier, textgrid.IntervalTier) else (entry.time, entry.time)
            found.append(_milliseconds(*ends))
    return found


def _vtt(path: Path) -> list[Span]:
    return [_milliseconds(_clock(one.start), _clock(one.end)) for one in webvtt.read(str(path))]


def _clock(text: str) -> float:
    return sum(float(part) * 60.0**n for n, part in enumerate(reversed(text.split(":"))))


def _srt(path: Path) -> list[Span]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    return [_milliseconds(c.start.total_seconds(), c.end.total_seconds()) for c in srt.parse(text)]


def _elan(path: Path) -> Comparison:
    """Compare with pympi's slots and references; times that ELAN does not store follow its rule, computed anew here."""
    elan = pympi.Elan.Eaf(str(path))
    origin = int(elan.media_descriptors[0].get("TIME_ORIGIN", 0)) if elan.media_descriptors else 0
    tiers = {tier: (aligned, references) for tier, (aligned, references, *_) in elan.tiers.items()}
    before = {tier: {row[1]: row[0] for row in aligned.values()} for tier, (aligned, _) in tiers.items()}
    after = {tier: {row[0]: row[1] for row in aligned.values()} for tier, (aligned, _) in tiers.items()}

    def depth(tier: str) -> int:
        parent = elan.tiers[tier][2].get("PARENT_REF")
        return 0 if parent is None else 1 + depth(parent)

    by_depth = sorted(tiers, key=depth)

    @cache
    def slot_ms(slot: str) -> int:
        """Return a stored time, or ELAN's: the whole part of an even division between the nearest known ones."""
        if elan.timeslots[slot] is not None:
            return int(elan.timeslots[slot])
        tier = next(tier for tier in by_depth if slot in before[tier] and slot in after[tier])

        def walked(way: dict[str, str]) -> tuple[str, int]:
            at, steps = way[slot], 1
            while elan.timeslots[at] is None and at in before[tier] and at in after[tier]:
                at, steps = way[at], steps + 1
            return at, steps

        (left, n_left), (right, n_right) = walked(before[tier]), walked(after[tier])
        return slot_ms(left) + n_left * ((slot_ms(right) - slot_ms(left)) // (n_left + n_right))

    @cache
    def span_of(name: str) -> Span:
        tier = elan.annotations[name]
        aligned, references = tiers[tier]
        if name in aligned:
            return slot_ms(aligned[name][0]), slot_ms(aligned[name][1])
        parent, _, previous, _ = references[name]
        begin, end = span_of(parent)
        following = {row[2]: one for one, row in references.items() if row[2] and row[0] == parent}
        place, at = 0, name
        while (previous := references[at][2]) is not None:
            place, at = place + 1, previous
        n, at = place + 1, name
        while at in following:
            n, at = n + 1, following[at]
        return begin + int(place * (end - begin) / n), begin + int((place + 1) * (end - begin) / n)

    found = read_timeline(path)
    ours = [_milliseconds(one.start_s, one.stop_s) for one in found.annotations]
    theirs = [span_of(name) for tier in tiers for rows in tiers[tier] for name in rows]
    theirs = [(begin + origin, end + origin) for begin, end in theirs]
    return Comparison(len(ours), len(found.rejected), len(theirs), _common(ours, theirs))


def _boris(path: Path) -> Comparison:
    """Compare every observation with the tables of aggregated events that BORIS wrote from it, else with its events.

    A table that lacks events of an observation was made with a filter: it counts towards times alone.
    """
    made = Comparison(n_with_times=0)
    project = json.loads(path.read_text(encoding="utf-8"))
    tables: dict[str, set[Span]] = {}
    for file in sorted(path.parent.glob("*aggregated*.tsv")):
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines(), delimiter="\t"):
            if not row.get("Start (s)"):
                continue
            ends = _milliseconds(float(row["Start (s)"]), float(row["Stop (s)"]))
            tables.setdefault(row["Observation id"], set()).add(ends)
    for name, observation in project["observations"].items():
        contents = read_timeline(path, "", [name])
        ours = [_milliseconds(one.start_s, one.stop_s) for one in contents.annotations]
        states = {one["code"] for one in project["behaviors_conf"].values() if one["type"].startswith("State")}
        events = Counter((event[1], event[2], event[3]) for event in observation["events"])
        n_states = sum(n // 2 for (_, code, _), n in events.items() if code in states)
        n_open = sum(n % 2 for (_, code, _), n in events.items() if code in states)
        made.n_read += len(ours)
        made.n_rejected += len(contents.rejected)
        made.n_oracle += n_states + n_open + sum(n for (_, code, _), n in events.items() if code not in states)
        made.n_times += _common(ours, sorted(tables.get(name, set())))
        made.n_with_times = (made.n_with_times or 0) + len(tables.get(name, set()))
    return made


def _via(path: Path) -> Comparison:
    entries = len(json.loads(path.read_text(encoding="utf-8"))["metadata"])
    table = read_table(path)
    rejected = sum(bool(row.fault) for row in table.rows)
    return Comparison(len(table.rows) - rejected, rejected, entries, entries)


def _workbook(path: Path) -> Comparison:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    table = read_table(path)
    sheet = book[table.sheet] if table.sheet else book.worksheets[0]
    rows = [row for row in sheet.iter_rows(values_only=True) if any(cell not in (None, "") for cell in row)]
    below = len(rows) - table.titles_row
    return Comparison(len(table.rows), 0, below, below if len(table.rows) == below else 0)


def _positions(tracks: RawTracks) -> list[Position]:
    return [
        (round(at), round(float(x), 3), round(float(y), 3))
        for track in tracks.tracks
        for at, points in zip(track.index, track.xy, strict=True)
        for x, y in points
        if np.isfinite(x) and np.isfinite(y)
    ]


def _tracked(ours: list[Position], theirs: list[Position]) -> Comparison:
    return Comparison(len(ours), 0, len(theirs), (Counter(ours) & Counter(theirs)).total())


def _table_of_points(path: Path) -> Comparison | None:
    """Compare a table of DeepLabCut or SLEAP with pandas; None for another table."""
    with path.open(encoding="utf-8") as file:
        head = [next(file, "") for _ in range(4)]
    if head[0].startswith("track,frame_idx"):
        frame = pd.read_csv(path)
        columns = [(frame[f"{name[:-2]}.x"], frame[f"{name[:-2]}.y"]) for name in frame if name.endswith(".x")]
        rows = [(at, x, y) for xs, ys in columns for at, x, y in zip(frame["frame_idx"], xs, ys, strict=True)]
        ours = _positions(read_sleap_csv(path))
    elif head[0].startswith("scorer"):
        n_head = next(at for at, line in enumerate(head, start=1) if line.startswith("coords"))
        coords = head[n_head - 1].rstrip().split(",")
        first = coords.index("x")
        frame = pd.read_csv(path, header=None, skiprows=n_head)
        numbers = [int("".join(filter(str.isdigit, str(cell).rpartition("/")[2]))) for cell in frame[first - 1]]
        places = [at for at, name in enumerate(coords) if name == "x"]
        rows = [(at, x, y) for k in places for at, x, y in zip(numbers, frame[k], frame[k + 1], strict=True)]
        ours = _positions(read_deeplabcut(path))
    else:
        return None
    known = [(int(at), round(float(x), 3), round(float(y), 3)) for at, x, y in rows if x == x and y == y]
    return _tracked(ours, known)


def _sleap(path: Path) -> Comparison | None:
    """Compare SLEAP's analysis files with their arrays; None for another HDF5 file."""
    if not h5py.is_hdf5(path):
        return None
    with h5py.File(path) as file:
        if not {"tracks", "node_names", "track_names"} <= set(file):
            return None
        xy = np.asarray(file["tracks"])  # tracks, x and y, nodes, frames
    found = np.isfinite(xy).all(axis=1)
    known = [
        (int(at), round(float(xy[track, 0, node, at]), 3), round(float(xy[track, 1, node, at]), 3))
        for track, node, at in np.argwhere(found).tolist()
    ]
    return _tracked(_positions(read_sleap_hdf5(path)), known)


FORMS: dict[str, tuple[str, Callable[[Path], Comparison | None]]] = {
    ".eaf": ("ELAN (pympi-ling)", _elan),
    ".boris": ("BORIS (its own tables)", _boris),
    ".textgrid": ("Praat (praatio)", lambda path: _timeline(path, _praat)),
    ".vtt": ("WebVTT (webvtt-py)", lambda path: _timeline(path, _vtt)),
    ".srt": ("SubRip (srt)", lambda path: _timeline(path, _srt)),
    ".csv": ("DeepLabCut, SLEAP (pandas)", _table_of_points),
    ".h5": ("SLEAP (h5py)", _sleap),
    ".json": ("VIA (json)", _via),
    ".xlsx": ("workbooks (openpyxl)", _workbook),
}
HEADER = ("form (oracle)", "files", "read by both", "equal counts", "oracle", "read", "rejected", "same times")


def compare(folder: Path) -> dict[str, Total]:
    """Return the comparisons of the files below a folder by form."""
    totals: dict[str, Total] = {}
    for path in sorted(folder.rglob("*")):
        form = FORMS.get(path.suffix.lower())
        if form is None or not path.is_file():
            continue
        name, read = form
        try:
            made = read(path)
        except SkillViewerError as error:
            made = Comparison(refused=str(error).removeprefix(str(path)).strip())
        if made is None:
            continue
        totals.setdefault(name, Total()).files.append((path, made))
    return totals


def table(folder: Path, totals: dict[str, Total]) -> str:
    """Return the table, and a line for each file that differs."""
    lines = ["| " + " | ".join(HEADER) + " |", "|---|" + "---:|" * (len(HEADER) - 1)]
    lines += [total.row(name) for name, total in sorted(totals.items())]
    odd = []
    for total in totals.values():
        for path, one in total.files:
            name = path.relative_to(folder)
            if one.refused:
                odd.append(f"- `{name}`: refused: {one.refused} The oracle: {one.oracle_refused or one.n_oracle}.")
            elif one.oracle_refused:
                odd.append(f"- `{name}`: {one.n_read} read; the oracle refuses it ({one.oracle_refused}).")
            elif one.n_read + one.n_rejected != one.n_oracle:
                odd.append(f"- `{name}`: {one.n_read} read, {one.n_rejected} rejected, {one.n_oracle} by the oracle.")
    return "\n".join([*lines, "", *odd]) + "\n"


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = table(given.folder, compare(given.folder))
    print(text, end="")
    if given.output is not None:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
