"""Reader and writer of tracks as tables of regions (``regions.csv``)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.evaluation.localisation import Region
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.data.tables.csv_output import write_rows
from skillviewer.data.tables.regions import read_regions
from skillviewer.data.tracks.raw_tracks import RawTrack, RawTracks, make_raw_track


def read_region_points(path: Path, video: str = "") -> RawTracks:
    """Return the regions of a video in a table as tracks.

    Each name becomes a track with one point, which is the centre of its box.

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
    regions_by_frame = by_video.get(video) if video else next(iter(by_video.values()))
    if not regions_by_frame:
        raise ValueError(f"it has no regions of “{video}”")
    return RawTracks(tuple(region_tracks(regions_by_frame)))


@dataclass(slots=True)
class _PointRows:
    """Frames and values of one point."""

    frame_numbers: list[float] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)  # x, y and presence


def region_tracks(regions_by_frame: Mapping[int, Sequence[Region]]) -> list[RawTrack]:
    """Return the regions of a video, by frame, as tracks of one point each."""
    rows_by_name: dict[str, _PointRows] = {}
    for frame in sorted(regions_by_frame):
        for region in regions_by_frame[frame]:
            rows = rows_by_name.setdefault(region.name or "region", _PointRows())
            # regions count from the corner of the top left pixel, tracks from its centre
            x = (region.left_px + region.right_px) / 2 - 0.5
            y = (region.top_px + region.bottom_px) / 2 - 0.5
            rows.frame_numbers.append(frame)
            rows.values.append([x, y, 1.0])
    return [make_raw_track(name, ["point"], rows.frame_numbers, rows.values) for name, rows in rows_by_name.items()]


def write_region_points(tracks: TrackSet, path: Path, *, overwrite: bool) -> None:
    """Write the points of tracks as a table of regions; the column "video" has the name of the file.

    Raises:
        ExportError: The file cannot be written.
    """
    header = ["video", "frame"]
    points_xy_px = []  # (frames, 2) of each point
    for track in tracks.tracks:
        for index, point in enumerate(track.points):
            name = f"{track.name} {point}" if len(track.points) > 1 else track.name
            header += [f"{name}_x", f"{name}_y"]
            points_xy_px.append(track.xy_px[:, index])
    rows = []
    for row, frame in enumerate(tracks.frames):
        cells = []
        for xy_px in points_xy_px:
            cells += [float(xy_px[row, 0]), float(xy_px[row, 1])]
        if any(map(math.isfinite, cells)):
            rows.append([path.stem, frame, *cells])
    with atomic_export(path, overwrite=overwrite) as temporary:
        write_rows(temporary, [header, *rows])
