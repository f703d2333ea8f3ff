"""``skillviewer tracks``: search, following, import, export and measures of tracks of hands, tools and other points."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.options.values import FILE, PATH, Finite
from skillviewer.cli.output import echo
from skillviewer.cli.tracks_hands import hands, swap
from skillviewer.cli.tracks_measure import measure
from skillviewer.core.errors import SettingsError, VideoError
from skillviewer.core.progress import CancelToken

if TYPE_CHECKING:
    from skillviewer.core.video.info import VideoInfo
    from skillviewer.data.tracks.track_formats import TrackFormat

_MAX_LISTED_POINTS = 5


@click.group()
def tracks() -> None:
    """Find hands, follow clicks, import, export and measure tracks: named points over a video (docs/tracks.md)."""


tracks.add_command(hands)
tracks.add_command(swap)
tracks.add_command(measure)


@tracks.command("import")
@click.argument("source", metavar="FILE", type=PATH)
@click.option("--video", required=True, type=FILE, help="Video of the tracks.")
@click.option("-o", "--output", type=PATH, help="Also write the placed tracks as CSV.")
@click.option("--format", "format_name", help="Format of FILE.  [default: recognised by its content]")
@click.option("--scale", type=Finite(0, min_open=True), help="Pixels of one unit of FILE.")
@click.option("--origin", nargs=2, type=Finite(), help="Pixel, x and y, of the origin of FILE.")
@click.option("--up/--down", default=None, help="Direction of the y axis of FILE.")
@click.option("--first-frame", type=click.IntRange(0), default=0, help="Frame of the video at frame or time 0 of FILE.")
@click.option("--force", is_flag=True, help="Replace an existing output.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def import_tracks(source: Path, video: Path, output: Path | None, **parameters: Any) -> int:  # noqa: ANN401 - click's parameters
    """Read the tracks in FILE, place them on a video, and save them with the video.

    FILE is of DeepLabCut (CSV), SLEAP (analysis HDF5, CSV), OpenPose (folder), COCO key points, Kinovea, Tracker, CVAT,
    X-AnyLabeling (folder), a regions.csv, or this program. Lengths in other units than pixels need --scale, --origin
    and --up or --down.
    """
    from skillviewer.core.atomic_write import check_free
    from skillviewer.data.tracks.placing import Placement
    from skillviewer.data.tracks.skillviewer_csv import write_skillviewer_csv
    from skillviewer.data.tracks.track_formats import read_tracks
    from skillviewer.data.tracks_file import TrackStore

    if output is not None:
        check_free(output, overwrite=parameters["force"])
    placement = Placement(parameters["scale"], parameters["origin"], parameters["up"], parameters["first_frame"])
    video_info = _describe(video)
    track_import = read_tracks(source, video_info, placement, parameters["format_name"])
    new_tracks = track_import.tracks.tracks
    store = TrackStore()
    saved_tracks = store.get(video_info.digest)
    if saved_tracks is None:
        store.put(track_import.tracks)
    else:
        store.put(saved_tracks.with_tracks(new_tracks))
    if output is not None:
        write_skillviewer_csv(track_import.tracks, output, overwrite=parameters["force"])
    if parameters["as_json"]:
        record = {
            "video": str(video),
            "read": track_import.n_read,
            "used": track_import.n_used,
            "rejected": dict(track_import.rejected_positions),
            "tracks": [
                {"name": track.name, "points": list(track.points), "share_seen": track.share_seen}
                for track in new_tracks
            ],
        }
        echo(json.dumps(record))
        return 0
    echo(track_import.summary)
    for track in new_tracks:
        ellipsis = " ..." if len(track.points) > _MAX_LISTED_POINTS else ""
        echo(f"{track.name}: {', '.join(track.points[:_MAX_LISTED_POINTS])}{ellipsis}")
    return 0


@tracks.command()
@click.argument("video", type=FILE)
@click.option("--click", "clicks", nargs=3, type=Finite(), multiple=True, required=True, help="FRAME X Y; repeatable.")
@click.option("--name", default="tool", show_default=True, help="Name of the track.")
@click.option("--json", "as_json", is_flag=True, help="Print the frames as one JSON object.")
def follow(video: Path, clicks: tuple[tuple[float, float, float], ...], name: str, as_json: bool) -> int:
    """Follow an object in VIDEO from clicks (frame from 0, and a pixel), and save its track with the video.

    A later click corrects the track, or continues it after the object was lost. Slow objects with texture can be
    followed; fast or blurred hands cannot.
    """
    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.data.tracks_file import TrackStore
    from skillviewer.engine.tracking.follow_clicks import follow_clicks
    from skillviewer.media.click_tracker import Click
    from skillviewer.media.reading.reader import VideoReader

    with VideoReader(video) as reader:
        info = reader.info
        _check_clicks(clicks, info)
        whole_clicks = [Click(int(frame), x_px, y_px) for frame, x_px, y_px in clicks]
        click_track = follow_clicks(reader.frame, info, whole_clicks, name)
    store = TrackStore()
    saved_tracks = store.get(info.digest)
    if saved_tracks is None:
        saved_tracks = TrackSet.of_video(info)
    store.put(saved_tracks.with_tracks([click_track.track]))
    n_measured = int(click_track.track.is_measured.sum())
    if as_json:
        echo(json.dumps({"video": str(video), "name": name, "measured": n_measured, "lost": click_track.lost_frames}))
    else:
        echo(f"{name}: followed in {n_measured} of {info.n_frames} frames")
        for frame in click_track.lost_frames:
            echo(f"lost in frame {frame}: give a click there, or later, to continue")
    return 0


def _check_clicks(clicks: tuple[tuple[float, float, float], ...], info: "VideoInfo") -> None:
    """Raise BadParameter for a click outside the frames or the picture, or a second one in a frame."""
    for frame, x_px, y_px in clicks:
        if not (frame.is_integer() and 0 <= frame < info.n_frames):
            raise click.BadParameter(f"{frame:g} is no frame of 0 to {info.n_frames - 1}.", param_hint="--click")
        if not (0 <= x_px < info.width_px and 0 <= y_px < info.height_px):
            raise click.BadParameter(
                f"{x_px:g}, {y_px:g} lies outside {info.width_px} × {info.height_px} pixels.", param_hint="--click"
            )
    if len({frame for frame, _, _ in clicks}) < len(clicks):
        raise click.BadParameter("Two clicks are in one frame.", param_hint="--click")


@tracks.command("export")
@click.argument("video", type=FILE)
@click.option("-o", "--output", required=True, type=PATH, help="File (.csv).")
@click.option("--format", "format_name", default="csv", show_default=True, help="csv, deeplabcut or regions.")
@click.option("--track", "names", multiple=True, help="Only the track of this name; repeatable.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def export_tracks(video: Path, output: Path, format_name: str, names: tuple[str, ...], force: bool) -> int:
    """Write the saved tracks of VIDEO to a file."""
    from skillviewer.engine.tracking.measure_units import load_saved_tracks

    track_format = _writable_format(format_name)
    saved_tracks = load_saved_tracks(_describe(video))
    saved_names = [track.name for track in saved_tracks.tracks]
    unknown = [name for name in names if saved_tracks.track(name) is None]
    if unknown:
        raise VideoError(f"{video.name} has no track “{unknown[0]}”, only: {', '.join(saved_names)}.")
    excluded = [name for name in saved_names if names and name not in names]
    selected = saved_tracks.without(excluded)
    assert track_format.write is not None
    track_format.write(selected, output, overwrite=force)
    echo(f"{output}  {len(selected.tracks)} tracks, {len(selected.times_s)} frames")
    return 0


def _describe(video: Path) -> "VideoInfo":
    from skillviewer.media.reading.reader import VideoReader

    token = CancelToken()
    with VideoReader(video, token) as reader:
        return reader.read_info(token)


def _writable_format(name: str) -> "TrackFormat":
    from skillviewer.core.registry import look_up
    from skillviewer.data.tracks.track_formats import TRACK_FORMATS

    writable_formats = [track_format for track_format in TRACK_FORMATS if track_format.write]
    return look_up(writable_formats, name, "format to write tracks in", SettingsError)
