"""Reader and writer of DeepLabCut's CSV files: predictions and labels, of one animal or several."""

from pathlib import Path

import numpy as np

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.data.tables.csv_output import write_rows
from skillviewer.data.tracks.raw_tracks import RawTracks, csv_rows, frame_number_in, make_raw_track, parse_number

_COORDINATES = ("x", "y", "likelihood")


def read_deeplabcut(path: Path) -> RawTracks:
    """Return the tracks of a CSV file of DeepLabCut: one per individual.

    Raises:
        ValueError: The file is no such file.
    """
    rows = csv_rows(path)
    header: dict[str, list[str]] = {}
    for row in rows:
        header[row[0].strip().casefold()] = [cell.strip() for cell in row]
        if "coords" in header or len(header) > 4:
            break
    if not {"scorer", "bodyparts", "coords"} <= set(header):
        raise ValueError("its first rows are not scorer, bodyparts and coords")
    coords = header["coords"]
    body_parts = header["bodyparts"]
    individuals = header.get("individuals", [""] * len(coords))
    # labels have the name of the picture in one to three columns, predictions the frame in one
    n_index_columns = next((column for column, cell in enumerate(coords[1:], start=1) if cell), 1)
    if len(body_parts) != len(coords) or len(individuals) != len(coords):
        raise ValueError("its header rows have different lengths")
    # by individual and body part: columns of x, y and likelihood, or -1
    columns: dict[str, dict[str, list[int]]] = {}
    for column in range(n_index_columns, len(coords)):
        coordinate = coords[column]
        if coordinate not in _COORDINATES:
            raise ValueError(f"it has the coordinate “{coordinate[:40]}”, and only x, y and likelihood can be read")
        triple = columns.setdefault(individuals[column], {}).setdefault(body_parts[column], [-1, -1, -1])
        triple[_COORDINATES.index(coordinate)] = column
    frames: list[float] = []
    table: list[list[float]] = []
    for row in rows:
        label = row[n_index_columns - 1]
        is_frame = n_index_columns == 1 and label.strip().isdigit()
        frame = float(label) if is_frame else float(frame_number_in(label))
        frames.append(frame)
        numbers = [parse_number(cell) for cell in row[n_index_columns : len(coords)]]
        table.append(numbers + [float("nan")] * (len(coords) - len(row)))
    values = np.array(table, dtype=np.float64).reshape(len(frames), len(coords) - n_index_columns)
    # the last column stands for coordinates that the file does not have
    missing = np.full((len(frames), 1), np.nan)
    values = np.concatenate([values, missing], axis=1)
    tracks = []
    for individual, triples in columns.items():
        if any(min(triple[:2]) < 0 for triple in triples.values()):
            raise ValueError("a body part has no x or no y")
        file_columns = [column for triple in triples.values() for column in triple]
        value_columns = [column - n_index_columns if column >= 0 else -1 for column in file_columns]
        track_values = values[:, value_columns].tolist()
        name = individual or "points"
        tracks.append(make_raw_track(name, tuple(triples), frames, track_values))
    return RawTracks(tuple(tracks))


def write_deeplabcut(tracks: TrackSet, path: Path, *, overwrite: bool) -> None:
    """Write tracks as DeepLabCut writes predictions. Several tracks become individuals.

    Raises:
        ExportError: The file cannot be written.
    """
    points = [(track.name, point) for track in tracks.tracks for point in track.points]
    columns = [(name, point, axis) for name, point in points for axis in _COORDINATES]
    header = [["scorer", *["SkillViewer"] * len(columns)]]
    if len(tracks.tracks) > 1:
        header.append(["individuals", *(name for name, _, _ in columns)])
    header += [["bodyparts", *(point for _, point, _ in columns)], ["coords", *(axis for _, _, axis in columns)]]
    track_values = []
    for track in tracks.tracks:
        triples = np.concatenate([track.xy_px, track.presence[..., None]], axis=2)
        track_values.append(triples.reshape(track.n_frames, -1))
    values = np.concatenate(track_values, axis=1).tolist()
    rows = [[frame, *row] for frame, row in zip(tracks.frames, values, strict=True)]
    with atomic_export(path, overwrite=overwrite) as temporary:
        write_rows(temporary, [*header, *rows])
