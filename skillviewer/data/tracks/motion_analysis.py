"""Trajectories of Kinovea (CSV, text, KVA) and of Tracker: times, units of the user, often with y upward."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.data.tables.rows import read_text
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits, csv_rows, number, raw_track
from skillviewer.data.tracks.safe_xml import read_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def seconds(text: str) -> float:
    """Return a time in seconds: 12.5, 12,5, or h:mm:ss:cc with hundredths.

    Raises:
        ValueError: It is no time.
    """
    parts = text.strip().replace(",", ".").split(":")
    if len(parts) == 4:
        parts = [*parts[:2], f"{parts[2]}.{parts[3]}"]
    if len(parts) > 3:
        raise ValueError(f"“{text[:40]}” is no time")
    return sum(float(part) * 60.0**place for place, part in enumerate(reversed(parts)))


def _decimal(text: str) -> float:
    return number(text.replace(",", "."))


def _world(tracks: dict[str, tuple[list[float], list[list[float]]]]) -> RawTracks:
    if not tracks:
        raise ValueError("it has no trajectory")
    check_limits(len(tracks), 1, max(len(times) for times, _ in tracks.values()))
    raw_tracks: list[RawTrack] = [raw_track(name, ["point"], times, values) for name, (times, values) in tracks.items()]
    return RawTracks(tuple(raw_tracks), by_time=True, in_pixels=False)


def read_kinovea_csv(path: Path) -> RawTracks:
    """Return the trajectories of Kinovea's CSV: Time, then NAME/POINT/X and NAME/POINT/Y.

    Raises:
        ValueError: It is no such file.
    """
    first = next(iter(csv_rows(path, "\n")), [""])[0]
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    rows = csv_rows(path, delimiter)
    header = [cell.strip() for cell in next(rows)]
    columns = {title: column for column, title in enumerate(header)}
    pairs = [
        (title[:-2], times, columns[f"{title[:-2]}/Y"])
        for title, times in columns.items()
        if title.endswith("/X") and f"{title[:-2]}/Y" in columns
    ]
    if not pairs or header[0].casefold() != "time":
        raise ValueError("its columns are not Time, NAME/X and NAME/Y")
    tracks: dict[str, tuple[list[float], list[list[float]]]] = {name: ([], []) for name, _, _ in pairs}
    for row in rows:
        time_s = seconds(row[0])
        for name, x, y in pairs:
            column, values = tracks[name]
            column.append(time_s)
            cells = [row[place] if place < len(row) else "" for place in (x, y)]
            values.append([*map(_decimal, cells), float("nan")])
    return _world(tracks)


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
    begins = True
    for place, line in enumerate(lines[1:], start=2):
        text = line.strip()
        if not text:
            begins = True
        elif text.startswith("#"):
            name = text.lstrip("# ") if text != "#T X Y" else name
        else:
            if begins:
                name = _free(name or "point", tracks)
                tracks[name] = ([], [])
                begins = False
            cells = text.split()
            if len(cells) != 3:
                raise ValueError(f"line {place} has {len(cells)} numbers, not time, x and y")
            times, values = tracks[name]
            times.append(seconds(cells[0]))
            values.append([_decimal(cells[1]), _decimal(cells[2]), float("nan")])
    return _world(tracks)


def read_kva(path: Path) -> RawTracks:
    """Return the trajectories of a Kinovea annotation file (KVA) in the user's units.

    Raises:
        ValueError: It is no such file.
    """
    tracks: dict[str, tuple[list[float], list[list[float]]]] = {}
    for track in read_xml(path).iter("Track"):
        name = _free(track.get("name") or track.findtext("Label/Text") or track.findtext("Name") or "point", tracks)
        times, values = tracks.setdefault(name, ([], []))
        for point in track.iter("TrackPoint"):
            times.append(_attribute(point, "UserTime", seconds))
            values.append([_attribute(point, axis, _decimal) for axis in ("UserX", "UserY")] + [float("nan")])
    return _world({name: track for name, track in tracks.items() if track[0]})


def _attribute(point: "Element", name: str, convert: Callable[[str], float]) -> float:
    text = point.get(name) or point.findtext(name)
    if text is None:
        raise ValueError(f"a point of its tracks has no {name}: export it with user units")
    return convert(text)


def read_tracker(path: Path) -> RawTracks:
    """Return the points of a text of Tracker (Open Source Physics): names, then t, x and y, calibrated.

    Raises:
        ValueError: It is no such file.
    """
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    if lines and lines[0].startswith("#multi:"):
        lines = lines[1:]
    if len(lines) < 3:
        raise ValueError("it has no data under the names of its columns")
    split = next((sign for sign in "\t;" if sign in lines[1]), None)
    titles = [cell.strip().casefold() for cell in lines[1].split(split)]
    names = [cell.strip() for cell in lines[0].split(split if split == "\t" else None)]
    if titles[:1] != ["t"] or not {"x", "y"} <= set(titles):
        raise ValueError("its second line is not t, x and y")
    places = [times for times, title in enumerate(titles) if title == "x" and titles[times + 1 : times + 2] == ["y"]]
    named = [name for name in names if name]
    tracks: dict[str, tuple[list[float], list[list[float]]]] = {}
    keys = []
    for column in range(len(places)):
        keys.append(_free(named[column] if column < len(named) else "mass", tracks))
        tracks[keys[-1]] = ([], [])
    for line in lines[2:]:
        cells = line.split(split)
        for key, place in zip(keys, places, strict=True):
            at, values = tracks[key]
            at.append(_decimal(cells[0]))
            pair = [_decimal(cells[times]) if times < len(cells) else float("nan") for times in (place, place + 1)]
            values.append([*pair, float("nan")])
    return _world(tracks)


def _free(name: str, names_used: Mapping[str, object]) -> str:
    """Return a name that is not among those that are taken.

    Raises:
        ValueError: There are too many.
    """
    check_limits(len(names_used) + 1, 1, 1)
    free = name
    number_ = 2
    while free in names_used:
        free = f"{name} {number_}"
        number_ = number_ + 1
    return free
