"""Reader and writer of the program's own CSV of tracks: one row per frame, for any spreadsheet.

Columns: ``frame`` (from 0), ``time_s``, ``width_px`` and ``height_px`` of the picture; then for every track
``TRACK:state`` (found, absent, interpolated, anchored, unsearched) and for every point ``TRACK:POINT_x``,
``TRACK:POINT_y`` and ``TRACK:POINT_presence`` (0 to 1). (0, 0) is the centre of the top left pixel.
"""

from pathlib import Path

import numpy as np

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.tracks.tracks import FrameState, TrackSet
from skillviewer.data.tables.csv_output import write_rows
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, check_limits, header_and_rows, parse_number

_FIRST_COLUMNS = ["frame", "time_s", "width_px", "height_px"]
_POINT_SUFFIXES = ("x", "y", "presence")
_STATES = {state.name.casefold(): state for state in FrameState}


def write_skillviewer_csv(tracks: TrackSet, path: Path, *, overwrite: bool) -> None:
    """Write tracks as CSV.

    Raises:
        ExportError: The file cannot be written.
    """
    header = list(_FIRST_COLUMNS)
    columns = []
    for track in tracks.tracks:
        header.append(f"{track.name}:state")
        states = [FrameState(int(state)) for state in track.states]
        columns.append([state.name.casefold() for state in states])
        for index, point in enumerate(track.points):
            header += [f"{track.name}:{point}_{suffix}" for suffix in _POINT_SUFFIXES]
            columns.append(track.xy_px[:, index, 0].tolist())
            columns.append(track.xy_px[:, index, 1].tolist())
            columns.append(track.presence[:, index].tolist())
    size = (tracks.width_px, tracks.height_px)
    rows = (
        [frame, time_s, *size, *cells]
        for frame, time_s, *cells in zip(tracks.frames, tracks.times_s.tolist(), *columns, strict=True)
    )
    with atomic_export(path, overwrite=overwrite) as temporary:
        write_rows(temporary, [header, *rows])


def read_skillviewer_csv(path: Path) -> RawTracks:
    """Return the tracks of the program's own CSV.

    Raises:
        ValueError: The file is no such file.
    """
    header, rows = header_and_rows(path)
    if header[: len(_FIRST_COLUMNS)] != _FIRST_COLUMNS:
        raise ValueError(f"its first columns are not {', '.join(_FIRST_COLUMNS)}")
    names = [title.removesuffix(":state") for title in header if title.endswith(":state")]
    check_limits(len(names), 1, 1)
    points: dict[str, list[str]] = {name: [] for name in names}
    current_name = ""
    for title in header[len(_FIRST_COLUMNS) :]:  # the columns of a track follow its state
        if title.endswith(":state"):
            current_name = title.removesuffix(":state")
        elif title.startswith(f"{current_name}:") and title.endswith("_x"):
            points[current_name].append(title[len(current_name) + 1 : -2])
    table = list(rows)
    n_points = max(map(len, points.values()), default=0)
    check_limits(max(len(names), 1), n_points, len(table))
    frames = np.array([float(row[0]) for row in table])
    sizes = {(row[2], row[3]) for row in table}
    if len(sizes) != 1:
        raise ValueError("its rows state different sizes of the picture")
    width, height = next(iter(sizes))
    columns = {title: column for column, title in enumerate(header)}
    tracks = []
    for name in names:
        points_of_track = points[name]
        titles = [f"{name}:{point}_{suffix}" for point in points_of_track for suffix in _POINT_SUFFIXES]
        if not points_of_track or any(title not in columns for title in titles):
            raise ValueError(f"the track “{name}” has no points, or one without x, y or presence")
        value_columns = [columns[title] for title in titles]
        flat_values = [parse_number(row[column]) for row in table for column in value_columns]
        values = np.array(flat_values).reshape(len(table), len(points_of_track), 3)
        state_names = [row[columns[f"{name}:state"]].strip() for row in table]
        unknown = sorted(set(state_names) - set(_STATES))
        if unknown:
            raise ValueError(f"“{unknown[0][:40]}” is no state of a frame")
        states = np.array([_STATES[state_name] for state_name in state_names], dtype=np.uint8)
        confidence = np.where(np.isfinite(values[..., 0]), values[..., 2], np.nan)
        tracks.append(
            RawTrack(
                name, tuple(points_of_track), index=frames, xy=values[..., :2], confidence=confidence, states=states
            )
        )
    return RawTracks(tuple(tracks), size_px=(int(float(width)), int(float(height))))
