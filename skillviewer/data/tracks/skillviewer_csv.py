"""The program's own CSV of tracks: one row a frame, readable by any spreadsheet.

Columns: ``frame`` (from 0), ``time_s``, ``width_px`` and ``height_px`` of the picture; then for every track
``TRACK:state`` (found, absent, interpolated, anchored, unsearched) and for every point ``TRACK:POINT_x``,
``TRACK:POINT_y`` and ``TRACK:POINT_presence`` (0 to 1). (0, 0) is the centre of the top left pixel.
"""

from pathlib import Path

import numpy as np

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.tracks.tracks import FrameState, TrackSet
from skillviewer.data.tables.csv_output import write_rows
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits, header_and_rows, number

_FIRST = ["frame", "time_s", "width_px", "height_px"]
_STATES = {state.name.casefold(): state for state in FrameState}


def write_skillviewer_csv(tracks: TrackSet, path: Path, *, overwrite: bool) -> None:
    """Write tracks as CSV.

    Raises:
        ExportError: The file cannot be written.
    """
    header = list(_FIRST)
    columns = []
    for track in tracks.tracks:
        header.append(f"{track.name}:state")
        columns.append([FrameState(int(state)).name.casefold() for state in track.states])
        for place, point in enumerate(track.points):
            header += [f"{track.name}:{point}_{end}" for end in ("x", "y", "presence")]
            columns += [track.xy_px[:, place, 0].tolist(), track.xy_px[:, place, 1].tolist()]
            columns.append(track.presence[:, place].tolist())
    size = (tracks.width_px, tracks.height_px)
    rows = (
        [frame, time_s, *size, *cells]
        for frame, time_s, *cells in zip(tracks.frames, tracks.times_s.tolist(), *columns, strict=True)
    )
    with atomic_export(path, overwrite=overwrite) as temporary:
        write_rows(temporary, [header, *rows])


def read_skillviewer_csv(path: Path) -> RawTracks:
    """Return the tracks of such a file.

    Raises:
        ValueError: It is no such file.
    """
    header, rows = header_and_rows(path)
    if header[: len(_FIRST)] != _FIRST:
        raise ValueError(f"its first columns are not {', '.join(_FIRST)}")
    names = [title.removesuffix(":state") for title in header if title.endswith(":state")]
    check_limits(len(names), 1, 1)
    points: dict[str, list[str]] = {name: [] for name in names}
    current = ""
    for title in header[len(_FIRST) :]:  # the columns of a track follow its state
        if title.endswith(":state"):
            current = title.removesuffix(":state")
        elif title.startswith(f"{current}:") and title.endswith("_x"):
            points[current].append(title[len(current) + 1 : -2])
    cells = list(rows)
    check_limits(max(len(names), 1), max(map(len, points.values()), default=0), len(cells))
    times = np.array([float(row[0]) for row in cells])
    sizes = {(row[2], row[3]) for row in cells}
    if len(sizes) != 1:
        raise ValueError("its rows state different sizes of the picture")
    width, height = next(iter(sizes))
    place = {title: index for index, title in enumerate(header)}
    tracks = []
    for name in names:
        points_of_track = points[name]
        needed = [f"{name}:{point}_{end}" for point in points_of_track for end in ("x", "y", "presence")]
        if not points_of_track or any(title not in place for title in needed):
            raise ValueError(f"the track “{name}” has no points, or one without x, y or presence")
        columns = [place[title] for title in needed]
        values = np.array([[number(row[index]) for index in columns] for row in cells]).reshape(
            len(cells), len(points_of_track), 3
        )
        stated = [row[place[f"{name}:state"]].strip() for row in cells]
        unknown = sorted(set(stated) - set(_STATES))
        if unknown:
            raise ValueError(f"“{unknown[0][:40]}” is no state of a frame")
        states = np.array([_STATES[state] for state in stated], dtype=np.uint8)
        confidence = np.where(np.isfinite(values[..., 0]), values[..., 2], np.nan)
        tracks.append(RawTrack(name, tuple(points_of_track), times, values[..., :2], confidence, states))
    return RawTracks(tuple(tracks), size_px=(int(float(width)), int(float(height))))
