"""DeepLabCut's CSV files: predictions and labels, of one animal or several."""

from pathlib import Path

import numpy as np

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.data.tables.csv_output import write_rows
from skillviewer.data.tracks.raw_tracks import RawTracks, csv_rows, frame_in, number, raw_track

_COORDINATES = ("x", "y", "likelihood")


def read_deeplabcut(path: Path) -> RawTracks:
    """Return the tracks of a CSV file of DeepLabCut: one per individual.

    Raises:
        ValueError: It is no such file.
    """
    rows = csv_rows(path)
    header: dict[str, list[str]] = {}
    for row in rows:
        header[row[0].strip().casefold()] = [cell.strip() for cell in row]
        if "coords" in header or len(header) > 4:
            break
    if not {"scorer", "bodyparts", "coords"} <= set(header):
        raise ValueError("its first rows are not scorer, bodyparts and coords")
    coords, parts = header["coords"], header["bodyparts"]
    people = header.get("individuals", [""] * len(coords))
    n_index = next((column for column, cell in enumerate(coords[1:], start=1) if cell), 1)
    if {len(parts), len(people)} != {len(coords)}:
        raise ValueError("its header rows have different lengths")
    columns: dict[str, dict[str, list[int]]] = {}
    for index in range(n_index, len(coords)):
        if coords[index] not in _COORDINATES:
            raise ValueError(f"it has the coordinate “{coords[index][:40]}”, and only x, y and likelihood can be read")
        triple = columns.setdefault(people[index], {}).setdefault(parts[index], [-1, -1, -1])
        triple[_COORDINATES.index(coords[index])] = index
    frames: list[float] = []
    table: list[list[float]] = []
    for row in rows:
        label = row[n_index - 1]
        frames.append(float(label) if n_index == 1 and label.strip().isdigit() else float(frame_in(label)))
        table.append([number(cell) for cell in row[n_index : len(coords)]] + [float("nan")] * (len(coords) - len(row)))
    values = np.array(table, dtype=np.float64).reshape(len(frames), len(coords) - n_index)
    missing = np.full((len(frames), 1), np.nan)
    values = np.concatenate([values, missing], axis=1)
    tracks = []
    for person, named in columns.items():
        if any(min(triple[:2]) < 0 for triple in named.values()):
            raise ValueError("a body part has no x or no y")
        places = [[place - n_index if place >= 0 else -1 for place in triple] for triple in named.values()]
        picked = values[:, np.array(places).ravel()]
        tracks.append(raw_track(person or "points", tuple(named), frames, picked.tolist()))
    return RawTracks(tuple(tracks))


def write_deeplabcut(tracks: TrackSet, path: Path, *, overwrite: bool) -> None:
    """Write tracks as DeepLabCut writes predictions: several tracks as individuals.

    Raises:
        ExportError: The file cannot be written.
    """
    several = len(tracks.tracks) > 1
    columns = [(track.name, point, axis) for track in tracks.tracks for point in track.points for axis in _COORDINATES]
    header = [["scorer", *["SkillViewer"] * len(columns)]]
    if several:
        header.append(["individuals", *(name for name, _, _ in columns)])
    header += [["bodyparts", *(point for _, point, _ in columns)], ["coords", *(axis for _, _, axis in columns)]]
    values = np.concatenate(
        [
            np.concatenate([track.xy_px, track.presence[..., None]], axis=2).reshape(track.n_frames, -1)
            for track in tracks.tracks
        ],
        axis=1,
    )
    with atomic_export(path, overwrite=overwrite) as temporary:
        write_rows(
            temporary, [*header, *([frame, *row] for frame, row in zip(tracks.frames, values.tolist(), strict=True))]
        )
