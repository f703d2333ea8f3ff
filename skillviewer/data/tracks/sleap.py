"""Readers of SLEAP's analysis files, HDF5 and CSV."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from skillviewer.core.errors import DatasetError
from skillviewer.data.tracks.raw_tracks import (
    RawTrack,
    RawTracks,
    check_limits,
    header_and_rows,
    make_raw_track,
    parse_number,
)


def read_sleap_csv(path: Path) -> RawTracks:
    """Return the tracks of a CSV file of SLEAP: columns track, frame_idx, NODE.x, NODE.y, NODE.score.

    Raises:
        ValueError: It is no such file.
    """
    header, rows = header_and_rows(path)
    columns = {title: column for column, title in enumerate(header)}
    if "frame_idx" not in columns:
        raise ValueError("it has no column frame_idx")
    frame_column = columns["frame_idx"]
    track_column = columns.get("track")
    nodes_with_x = [title.removesuffix(".x") for title in columns if title.endswith(".x")]
    nodes = [node for node in nodes_with_x if f"{node}.y" in columns]
    if not nodes:
        raise ValueError("it has no columns NODE.x and NODE.y")
    value_columns: list[int | None] = []
    for node in nodes:
        value_columns += [columns[f"{node}.x"], columns[f"{node}.y"], columns.get(f"{node}.score")]
    skeletons: dict[str, tuple[list[float], list[list[float]]]] = {}
    for row in rows:
        name = row[track_column].strip() if track_column is not None else ""
        frames, values = skeletons.setdefault(name, ([], []))
        frames.append(float(row[frame_column]))
        values.append([_number_in_column(row, column) for column in value_columns])
    check_limits(len(skeletons), len(nodes), max((len(frames) for frames, _ in skeletons.values()), default=0))
    return RawTracks(
        tuple(make_raw_track(name or "points", nodes, frames, values) for name, (frames, values) in skeletons.items()),
        every_frame_searched=True,
    )


def read_sleap_hdf5(path: Path) -> RawTracks:
    """Return the tracks of an analysis HDF5 file of SLEAP, which needs the extra ``tracks``.

    Raises:
        DatasetError: h5py is not installed.
        ValueError: The file is no such file, or refers to other files.
    """
    try:
        import h5py
    except ImportError as error:
        raise DatasetError(
            f"{path.name} is HDF5, which needs the package h5py: pip install 'skillviewer[tracks]'."
        ) from error
    with h5py.File(path, "r") as file:
        nodes = _names(_dataset(file, "node_names", h5py))
        positions = _dataset(file, "tracks", h5py)
        names = _names(_dataset(file, "track_names", h5py))
        if not names:
            names = ["points"]
        if not nodes or positions.ndim != 4:
            raise ValueError("it has no tracks of four axes with names of nodes")
        axes = _axes(positions.shape, len(names), len(nodes))
        n_frames = positions.shape[axes[3]]
        check_limits(len(names), len(nodes), n_frames)
        xy = np.asarray(positions[()], dtype=np.float64).transpose(axes)
        scores = np.full((len(names), len(nodes), n_frames), np.nan)
        if "point_scores" in file:
            point_scores = _dataset(file, "point_scores", h5py)
            other_axes = [axis for axis in axes if axis != axes[1]]
            order = [sorted(other_axes).index(axis) for axis in other_axes]
            if point_scores.ndim == 3 and tuple(point_scores.shape[axis] for axis in order) == scores.shape:
                scores = np.asarray(point_scores[()], dtype=np.float64).transpose(order)
    scores = np.where(
        np.isfinite(scores) & (scores != 0), scores, np.nan
    )  # SLEAP writes 0 or NaN for points that the user set
    index = np.arange(n_frames, dtype=np.float64)
    tracks = [
        RawTrack(name, tuple(nodes), index, xy=track_xy.transpose(2, 1, 0), confidence=track_scores.transpose(1, 0))
        for name, track_xy, track_scores in zip(names, xy, scores, strict=True)
    ]
    return RawTracks(tuple(tracks))


def _dataset(file: Any, name: str, h5py: Any) -> Any:  # noqa: ANN401 - h5py's types
    """Return a dataset that lies in the file itself; links to other files are refused."""
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"it has no dataset “{name}” of its own")  # noqa: TRY004
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise ValueError(f"its dataset “{name}” lies in another file")
    if dataset.size is None or dataset.size > 1 << 28:
        raise ValueError(f"its dataset “{name}” has {dataset.size} numbers, more than can be imported")
    return dataset


def _number_in_column(row: Sequence[str], column: int | None) -> float:
    """Return the number in a column, or NaN if the file has no such column."""
    if column is None:
        return np.nan
    return parse_number(row[column])


def _names(dataset: Any) -> list[str]:  # noqa: ANN401 - h5py's types
    if not dataset.size:
        return []
    names = []
    for name in dataset[()].ravel():
        if isinstance(name, bytes):
            names.append(name.decode("utf-8", "replace"))
        else:
            names.append(str(name))
    return names


def _axes(shape: tuple[int, ...], n_tracks: int, n_nodes: int) -> tuple[int, ...]:
    """Return the axes of tracks, coordinates, nodes and frames, by their lengths.

    Two tracks have the same length as the two coordinates. If several orders fit, SLEAP's own is taken, or else its
    reverse.
    """
    for axes in [(0, 1, 2, 3), (3, 2, 1, 0), *permutations(range(4))]:
        if (shape[axes[0]], shape[axes[1]], shape[axes[2]]) == (n_tracks, 2, n_nodes):
            return axes
    raise ValueError(f"its tracks have the shape {shape}, which fits no {n_tracks} tracks of {n_nodes} nodes")
