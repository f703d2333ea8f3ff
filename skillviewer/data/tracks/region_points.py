"""Reader and writer of tracks as tables of regions (``regions.csv``)."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.evaluation.localisation import Region
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.data.tables.csv_output import write_rows
from skillviewer.data.tables.regions import read_regions
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, make_raw_track


def read_region_points(path: Path, video: str = "") -> RawTracks:
    """Return the regions of a video in a table: one track of one point for each name. The point of a box is its centre.

    Args:
        path: The table.
        video: Name of the video; "" for the only one.

    Raises:
        DatasetError: The table cannot be read.
        ValueError: The table has no rows of the video.
    """
    names = [video] if video else []
    by_video = read_regions(path, names).by_video
    if not video and len(by_video) != 1:
        raise ValueError(f"it has the regions of {len(by_video)} videos")
    frames = by_video.get(video) if video else next(iter(by_video.values()))
    if not frames:
        raise ValueError(f"it has no regions of “{video}”")
    return RawTracks(tuple(region_tracks(frames)))


def region_tracks(frames: Mapping[int, Sequence[Region]]) -> list[RawTrack]:
    """Return the regions of a video, by frame, as tracks of one point each."""
    rows: dict[str, tuple[list[float], list[list[float]]]] = {}
    for frame in sorted(frames):
        for region in frames[frame]:
            name = region.name or "region"
            frames_of_region, values = rows.setdefault(name, ([], []))
            x = (region.left_px + region.right_px) / 2
            y = (region.top_px + region.bottom_px) / 2
            frames_of_region.append(frame)
            values.append([x - 0.5, y - 0.5, 1.0])  # regions count from the corner of the top left pixel
    return [make_raw_track(name, ["point"], index, values) for name, (index, values) in rows.items()]


def write_region_points(tracks: TrackSet, path: Path, *, overwrite: bool) -> None:
    """Write the points of tracks as a table of regions, under the name of the file.

    Raises:
        ExportError: The file cannot be written.
    """
    regions = []  # name, track, index of the point
    for track in tracks.tracks:
        for index, point in enumerate(track.points):
            name = f"{track.name} {point}" if len(track.points) > 1 else track.name
            regions.append((name, track, index))
    header = ["video", "frame", *(f"{name}_{axis}" for name, _, _ in regions for axis in "xy")]
    rows = []
    for row, frame in enumerate(tracks.frames):
        cells = [float(value) for _, track, index in regions for value in track.xy_px[row, index]]
        if any(map(math.isfinite, cells)):
            rows.append([path.stem, frame, *cells])
    with atomic_export(path, overwrite=overwrite) as temporary:
        write_rows(temporary, [header, *rows])
