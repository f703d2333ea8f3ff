"""Readers of trajectories of Kinovea (CSV, text, KVA) and Tracker, in units of the user, often with y upward."""

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.data.safe_xml import read_xml
from skillviewer.data.tables.text_files import read_text
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits, csv_rows, make_raw_track, parse_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def _parse_seconds(text: str) -> float:
    """Return a time in seconds: 12.5, 12,5, or h:mm:ss:cc with hundredths.

    Raises:
        ValueError: The text is no time.
    """
    parts = text.strip().replace(",", ".").split(":")
    if len(parts) == 4:
        parts = [*parts[:2], f"{parts[2]}.{parts[3]}"]
    if len(parts) > 3:
        raise ValueError(f"“{text[:40]}” is no time")
    return sum(float(part) * 60.0**power for power, part in enumerate(reversed(parts)))


def _parse_decimal(text: str) -> float:
    return parse_number(text.replace(",", "."))


def _raw_tracks(tracks: dict[str, tuple[list[float], list[list[float]]]]) -> RawTracks:
    if not tracks:
        raise ValueError("it has no trajectory")
    check_limits(len(tracks), 1, max(len(times) for times, _ in tracks.values()))
    raw_tracks: list[RawTrack] = [
        make_raw_track(name, ["point"], times, values) for name, (times, values) in tracks.items()
    ]
    return RawTracks(tuple(raw_tracks), by_time=True, in_pixels=False)


def read_kinovea_csv(path: Path) -> RawTracks:
    """Return the trajectories of Kinovea's CSV: Time, then NAME/POINT/X and NAME/POINT/Y.

    Raises:
        ValueError: It is no such file.
    """
    first_line = next(iter(csv_rows(path, "\n")), [""])[0]
    delimiter = ";" if first_line.count(";") >= first_line.count(",") else ","
    rows = csv_rows(path, delimiter)
    header = [cell.strip() for cell in next(rows)]
    columns = {title: column for column, title in enumerate(header)}
    points = []  # name, column of x, column of y
    for title, x_column in columns.items():
        name = title[:-2]
        if title.endswith("/X") and f"{name}/Y" in columns:
            points.append((name, x_column, columns[f"{name}/Y"]))
    if not points or header[0].casefold() != "time":
        raise ValueError("its columns are not Time, NAME/X and NAME/Y")
    tracks: dict[str, tuple[list[float], list[list[float]]]] = {name: ([], []) for name, _, _ in points}
    for row in rows:
        time_s = _parse_seconds(row[0])
        for name, x_column, y_column in points:
            times_s, values = tracks[name]
            times_s.append(time_s)
            x = _parse_decimal(_cell(row, x_column))
            y = _parse_decimal(_cell(row, y_column))
            values.append([x, y, float("nan")])
    return _raw_tracks(tracks)


def read_kinovea_text(path: Path) -> RawTracks:
    """Return the trajectories of Kinovea's text: lines "T X Y" in blocks, each after "# NAME".

    Raises:
        ValueError: It is no such file.
    """
    lines = read_text(path).split("\n")
    if not lines[0].startswith("#Kinovea"):
        raise ValueError("its first line is not “#Kinovea Trajectory data export”")
    tracks: dict[str, tuple[list[float], list[list[float]]]] = {}
    name = ""
    block_begins = True
    for line_number, line in enumerate(lines[1:], start=2):
        text = line.strip()
        if not text:
            block_begins = True
        elif text == "#T X Y":
            continue
        elif text.startswith("#"):
            name = text.lstrip("# ")
        else:
            if block_begins:
                if not name:
                    name = "point"
                name = _unused_name(name, tracks)
                tracks[name] = ([], [])
                block_begins = False
            cells = text.split()
            if len(cells) != 3:
                raise ValueError(f"line {line_number} has {len(cells)} numbers, not time, x and y")
            times_s, values = tracks[name]
            times_s.append(_parse_seconds(cells[0]))
            values.append([_parse_decimal(cells[1]), _parse_decimal(cells[2]), float("nan")])
    return _raw_tracks(tracks)


def read_kva(path: Path) -> RawTracks:
    """Return the trajectories of a Kinovea annotation file (KVA) in the user's units.

    Raises:
        ValueError: It is no such file.
    """
    tracks: dict[str, tuple[list[float], list[list[float]]]] = {}
    for track in read_xml(path).iter("Track"):
        possible_names = (track.get("name"), track.findtext("Label/Text"), track.findtext("Name"))
        name = next(filter(None, possible_names), "point")
        times_s: list[float] = []
        values: list[list[float]] = []
        for point in track.iter("TrackPoint"):
            times_s.append(_attribute(point, "UserTime", _parse_seconds))
            x = _attribute(point, "UserX", _parse_decimal)
            y = _attribute(point, "UserY", _parse_decimal)
            values.append([x, y, float("nan")])
        tracks[_unused_name(name, tracks)] = (times_s, values)
    return _raw_tracks({name: track for name, track in tracks.items() if track[0]})


def _attribute(point: "Element", name: str, convert: Callable[[str], float]) -> float:
    text = point.get(name)
    if not text:
        text = point.findtext(name)
    if text is None:
        raise ValueError(f"a point of its tracks has no {name}: export it with user units")
    return convert(text)


def read_tracker(path: Path) -> RawTracks:
    """Return the points of a text of Tracker (Open Source Physics): a line of names, one of titles, then t, x and y.

    Raises:
        ValueError: It is no such file.
    """
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    if lines and lines[0].startswith("#multi:"):
        lines = lines[1:]
    if len(lines) < 3:
        raise ValueError("it has no data under the names of its columns")
    delimiter = next((sign for sign in "\t;" if sign in lines[1]), None)  # None for any white space
    titles = [cell.strip().casefold() for cell in lines[1].split(delimiter)]
    name_delimiter = "\t" if delimiter == "\t" else None
    name_cells = [cell.strip() for cell in lines[0].split(name_delimiter)]
    names = [name for name in name_cells if name]
    if titles[:1] != ["t"] or not {"x", "y"} <= set(titles):
        raise ValueError("its second line is not t, x and y")
    x_columns = [column for column, title_pair in enumerate(pairwise(titles)) if title_pair == ("x", "y")]
    tracks: dict[str, tuple[list[float], list[list[float]]]] = {}
    for index in range(len(x_columns)):
        name = names[index] if index < len(names) else "mass"
        tracks[_unused_name(name, tracks)] = ([], [])
    for line in lines[2:]:
        cells = line.split(delimiter)
        for (times_s, values), x_column in zip(tracks.values(), x_columns, strict=True):
            times_s.append(_parse_decimal(cells[0]))
            cells_of_point = cells[x_column : x_column + 2]
            xy = [_parse_decimal(cell) for cell in cells_of_point]
            missing = [float("nan")] * (2 - len(xy))
            values.append([*xy, *missing, float("nan")])
    return _raw_tracks(tracks)


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _unused_name(name: str, used_names: Collection[str]) -> str:
    """Return a name, with a number if it is in use.

    Raises:
        ValueError: Too many names are in use.
    """
    check_limits(len(used_names) + 1, 1, 1)
    unused_name = name
    suffix = 2
    while unused_name in used_names:
        unused_name = f"{name} {suffix}"
        suffix += 1
    return unused_name
