"""``skillviewer tracks``: import, export and measure tracks of hands, tools and other points."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skillviewer.cli.failures import message_of, report_failure
from skillviewer.cli.options.values import FILE, PATH, SOURCE, Chosen, Finite
from skillviewer.cli.output import echo
from skillviewer.cli.tracks_hands import hands, swap
from skillviewer.core.errors import SettingsError, SkillViewerError, VideoError
from skillviewer.core.progress import CancelToken

if TYPE_CHECKING:
    from skillviewer.core.kinematics.measures import LengthUnit, MeasureValue, MotionMeasures, VideoMeasures
    from skillviewer.core.kinematics.reference import ReferencePath
    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.core.video.info import VideoInfo
    from skillviewer.data.tracks.track_formats import TrackFormat
    from skillviewer.engine.scoring.units import ScoringUnit


@click.group()
def tracks() -> None:
    """Find hands, follow clicks, import, export and measure tracks: named points over a video (docs/tracks.md)."""


tracks.add_command(hands)
tracks.add_command(swap)


@tracks.command("import")
@click.argument("source", metavar="FILE", type=PATH)
@click.option("--video", required=True, type=FILE, help="Video of the tracks.")
@click.option("-o", "--output", type=PATH, help="Write the placed tracks as CSV too.")
@click.option("--format", "format_name", help="Format of FILE.  [default: recognised by its content]")
@click.option("--scale", type=Finite(0, min_open=True), help="Pixels of one unit of FILE.")
@click.option("--origin", nargs=2, type=Finite(), help="Pixel, x and y, at which the zero of FILE lies.")
@click.option("--up/--down", default=None, help="Direction of the y axis of FILE.")
@click.option("--first-frame", type=click.IntRange(0), default=0, help="Frame of the video at frame or time 0 of FILE.")
@click.option("--force", is_flag=True, help="Replace an output that is there.")
@click.option("--json", "as_json", is_flag=True, help="Report the counts as one JSON object.")
def import_tracks(source: Path, video: Path, output: Path | None, **chosen: Any) -> int:  # noqa: ANN401 - click's parameters
    """Read the tracks in FILE, place them on a video, and keep them with the video.

    FILE is of DeepLabCut (CSV), SLEAP (analysis HDF5, CSV), OpenPose (folder), COCO key points, Kinovea, Tracker, CVAT,
    X-AnyLabeling (folder), a regions.csv, or this program. Lengths in other units than pixels need --scale, --origin
    and --up or --down.
    """
    from skillviewer.core.atomic_write import check_free
    from skillviewer.data.tracks.own_csv import write_own_csv
    from skillviewer.data.tracks.placing import Placement
    from skillviewer.data.tracks.track_formats import read_tracks
    from skillviewer.data.tracks_file import TrackStore

    if output is not None:
        check_free(output, overwrite=chosen["force"])
    placement = Placement(chosen["scale"], chosen["origin"], chosen["up"], chosen["first_frame"])
    info = _described(video)
    imported = read_tracks(source, info, placement, chosen["format_name"])
    store = TrackStore()
    before = store.get(info.digest)
    store.put(imported.tracks if before is None else before.with_tracks(imported.tracks.tracks))
    if output is not None:
        write_own_csv(imported.tracks, output, overwrite=chosen["force"])
    named = [{"name": t.name, "points": list(t.points), "share_seen": t.share_seen} for t in imported.tracks.tracks]
    if chosen["as_json"]:
        counts = {"read": imported.n_read, "used": imported.n_used, "rejected": dict(imported.rejected)}
        echo(json.dumps({"video": str(video), **counts, "tracks": named}))
    else:
        echo(imported.summary)
        for track in imported.tracks.tracks:
            echo(f"{track.name}: {', '.join(track.points[:5])}{' ...' if len(track.points) > 5 else ''}")
    return 0


@tracks.command()
@click.argument("video", type=FILE)
@click.option("--click", "clicks", nargs=3, type=Finite(), multiple=True, required=True, help="FRAME X Y; repeatable.")
@click.option("--name", default="tool", show_default=True, help="Name of the track.")
@click.option("--json", "as_json", is_flag=True, help="Report the frames as one JSON object.")
def follow(video: Path, clicks: tuple[tuple[float, float, float], ...], name: str, as_json: bool) -> int:
    """Follow an object in VIDEO from clicks (frame from 0, and a pixel), and keep its track with the video.

    A later click corrects, and goes on where the object was lost. Slow things with texture can be followed; fast or
    blurred hands cannot.
    """
    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.data.tracks_file import TrackStore
    from skillviewer.media.click_tracker import Click, track_clicks
    from skillviewer.media.reading.reader import VideoReader

    with VideoReader(video) as reader:
        info = reader.info
        for frame, x_px, y_px in clicks:
            if not (frame.is_integer() and 0 <= frame < info.n_frames):
                raise click.BadParameter(f"{frame:g} is no frame of 0 to {info.n_frames - 1}.", param_hint="--click")
            if not (0 <= x_px < info.width_px and 0 <= y_px < info.height_px):
                raise click.BadParameter(
                    f"{x_px:g}, {y_px:g} lies outside {info.width_px} × {info.height_px} pixels.", param_hint="--click"
                )
        if len({frame for frame, _, _ in clicks}) < len(clicks):
            raise click.BadParameter("Two clicks are in one frame.", param_hint="--click")
        first = int(min(frame for frame, _, _ in clicks))
        pictures = (decoded.rgb() for decoded in reader.stream(range(first, info.n_frames)))
        click_track = track_clicks(pictures, [Click(int(f), x, y) for f, x, y in clicks], info.n_frames, name)
    store = TrackStore()
    kept = store.get(info.digest) or TrackSet.of_video(info)
    store.put(kept.with_tracks([click_track.track]))
    n_measured = int(click_track.track.is_measured.sum())
    if as_json:
        echo(json.dumps({"video": str(video), "name": name, "measured": n_measured, "lost": click_track.lost}))
    else:
        echo(f"{name}: followed in {n_measured} of {info.n_frames} frames")
        for frame in click_track.lost:
            echo(f"lost in frame {frame}: give a click there, or later, to go on")
    return 0


@tracks.command("export")
@click.argument("video", type=FILE)
@click.option("-o", "--output", required=True, type=PATH, help="File (.csv).")
@click.option("--format", "format_name", default="csv", show_default=True, help="csv, deeplabcut or regions.")
@click.option("--track", "names", multiple=True, help="Only the track of this name; repeatable.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export_tracks(video: Path, output: Path, format_name: str, names: tuple[str, ...], force: bool) -> int:
    """Write the tracks that are kept with VIDEO to a file."""
    entry = _writable(format_name)
    kept = _kept_tracks(_described(video))
    unknown = [name for name in names if kept.track(name) is None]
    if unknown:
        raise VideoError(
            f"{video.name} has no track “{unknown[0]}”, only: {', '.join(track.name for track in kept.tracks)}."
        )
    chosen = kept.without([track.name for track in kept.tracks if names and track.name not in names])
    assert entry.write is not None
    entry.write(chosen, output, overwrite=force)
    echo(f"{output}  {len(chosen.tracks)} tracks, {len(chosen.times_s)} frames")
    return 0


@tracks.command()
@click.argument("sources", metavar="VIDEOS...", nargs=-1, required=True, type=SOURCE)
@click.option("--mm-per-px", type=Finite(0, min_open=True), help="Measure in millimetres: length of a pixel.")
@click.option("--known-length", nargs=5, type=Finite(), help="X1 Y1 X2 Y2 MM: two pixels and their distance.")
@click.option("--reference", help="Target, or line to follow, in pixels: X,Y X,Y ...")
@click.option("--closed", is_flag=True, help="The line of --reference ends where it begins.")
@click.option("-o", "--output", type=PATH, help="Write a table too (.csv): one row a video, point and measure.")
@click.option("--force", is_flag=True, help="Replace a table that is there.")
@click.option("--tapping", is_flag=True, help="Measure thumb and index finger as tapping.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a video and line.")
def measure(sources: tuple[Path, ...], output: Path | None, **chosen: Any) -> int:  # noqa: ANN401 - click's parameters
    """Measure the motion in VIDEOS (files, folders, lists, studies) that have tracks.

    Lengths are in palm lengths, in millimetres if the scale is given, else in heights of the picture. Every measure has
    its error at this frame rate and noise, and the share of frames in which the point was seen. With 20 comparable
    videos or more it has a percentile among them.
    """
    from skillviewer.cli.score_sources import gathered_units
    from skillviewer.core.atomic_write import atomic_export, check_free
    from skillviewer.core.kinematics.measures import measure_video
    from skillviewer.data.tables.csv_output import write_rows

    if output is not None:
        check_free(output, overwrite=chosen["force"])
    unit, reference = _unit(chosen), _reference(chosen["reference"], closed=chosen["closed"])
    units, problems = gathered_units(sources, None, None)
    for place, problem in problems:
        report_failure(problem, str(place), as_json=chosen["as_json"])
    measured: list[tuple[Path, VideoMeasures]] = []
    failed = len(problems)
    for one in units:
        try:
            kept = _tracks_of(one)
            found = measure_video(kept, unit, reference, with_tapping=chosen["tapping"])
            if not found.motions:
                raise VideoError(f"No track of {one.path.name} was seen for long enough to be measured.")
            measured.append((one.path, found))
        except SkillViewerError as error:
            failed += 1
            report_failure(message_of(error), str(one.path), as_json=chosen["as_json"])
    everything = [found for _, found in measured]
    table: list[Sequence[object]] = []
    for path, found in measured:
        others = [other for other in everything if other is not found and other.unit.name == found.unit.name]
        motions = _compared(found, others)
        _report(path, found, motions, as_json=chosen["as_json"])
        table += _table_rows(path, motions)
    if output is not None and table:
        with atomic_export(output, overwrite=chosen["force"]) as temporary:
            write_rows(temporary, [_TABLE, *table])
    return 1 if failed else 0


def _described(video: Path) -> "VideoInfo":
    from skillviewer.media.reading.reader import VideoReader

    token = CancelToken()
    with VideoReader(video, token) as reader:
        return reader.describe(token)


def _kept_tracks(info: "VideoInfo", frames: range | None = None) -> "TrackSet":
    from skillviewer.data.tracks_file import TrackStore

    kept = TrackStore().get(info.digest, frames)
    if kept is None or not kept.tracks:
        raise VideoError(
            f"{info.path.name} has no tracks: find hands (skillviewer tracks hands {info.path}), or import tracks."
        )
    kept.check_video(info)
    return kept


def _tracks_of(unit: "ScoringUnit") -> "TrackSet":
    from skillviewer.core.video.clips import range_frames

    info = _described(unit.path)
    clip_range = unit.clip_range
    return _kept_tracks(info, None if clip_range is None else range_frames(clip_range, info))


def _writable(name: str) -> "TrackFormat":
    from skillviewer.core.registry import look_up
    from skillviewer.data.tracks.track_formats import TRACK_FORMATS

    return look_up([each for each in TRACK_FORMATS if each.write], name, "format to write tracks in", SettingsError)


def _unit(chosen: Chosen) -> "LengthUnit | None":
    from skillviewer.core.kinematics.measures import LengthUnit

    known = chosen["known_length"]
    if known is not None and chosen["mm_per_px"] is not None:
        raise click.UsageError("Give --mm-per-px or --known-length, not both.")
    if known is None:
        return None if chosen["mm_per_px"] is None else LengthUnit.millimetres(chosen["mm_per_px"])
    x1, y1, x2, y2, length_mm = known
    apart_px = ((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5
    if not apart_px or length_mm <= 0:
        raise click.BadParameter("The two pixels differ, and the length is above 0.", param_hint="--known-length")
    return LengthUnit.millimetres(length_mm / apart_px)


def _reference(text: str | None, *, closed: bool) -> "ReferencePath | None":
    import numpy as np

    from skillviewer.core.kinematics.reference import ReferencePath

    if text is None:
        return None
    try:
        corners = np.array([[float(part) for part in pair.split(",")] for pair in text.split()], dtype=np.float64)
        if corners.ndim != 2 or corners.shape[1] != 2 or not np.isfinite(corners).all():
            raise ValueError(text)  # noqa: TRY301
    except ValueError as error:
        raise click.BadParameter("Give pixels as X,Y X,Y ...", param_hint="--reference") from error
    return ReferencePath(corners, closed)


_TABLE = ("video", "track", "point", "measure", "value", "unit", "error", "share_seen", "percentile", "note")

_Compared = list[tuple["MotionMeasures", list[tuple["MeasureValue", float | None]], str]]
"""Motions, each with its measures and their percentiles, and a sentence."""


def _compared(found: "VideoMeasures", others: "Sequence[VideoMeasures]") -> _Compared:
    from skillviewer.core.kinematics.measure_text import format_motion, position_of

    motions: _Compared = []
    for motion in found.motions:
        rows, speed = [], None
        for one in motion.measures:
            values = [
                value
                for other in others
                for theirs in other.motions
                if (theirs.track, theirs.point) == (motion.track, motion.point)
                and (value := theirs.value(one.kind.name)) is not None
            ]
            position = position_of(one, values, "the given videos")
            speed = position if one.kind.name == "mean_speed" else speed
            rows.append((one, None if position is None else position.percentile))
        motions.append((motion, rows, format_motion(motion, speed)))
    return motions


def _table_rows(path: Path, motions: _Compared) -> list[Sequence[object]]:
    return [
        (
            *(str(path), motion.track, motion.point, one.kind.name, one.value, one.unit, one.error),
            *(one.share_seen, percentile, one.note),
        )
        for motion, rows, _ in motions
        for one, percentile in rows
    ]


def _report(path: Path, found: "VideoMeasures", motions: _Compared, *, as_json: bool) -> None:
    if as_json:
        echo(
            json.dumps(
                {
                    "path": str(path),
                    "unit": found.unit.name,
                    "unit_px": found.unit.px,
                    "rate_hz": found.rate_hz,
                    "motions": [
                        {
                            "track": motion.track,
                            "point": motion.point,
                            "text": text,
                            "pauses": [[pause.start_s, pause.stop_s] for pause in motion.pauses],
                            "measures": [_as_json(one, percentile) for one, percentile in rows],
                        }
                        for motion, rows, text in motions
                    ],
                }
            )
        )
        return
    echo(f"{path}  (lengths in {found.unit.name}, {found.rate_hz:.3g} frames a second)")
    for motion, rows, text in motions:
        echo(f"  {text or motion.track}")
        for one, percentile in rows:
            echo(f"    {_line(one, percentile)}")


def _as_json(one: "MeasureValue", percentile: float | None) -> Mapping[str, object]:
    return {
        "name": one.kind.name,
        "value": one.value,
        "unit": one.unit,
        "error": one.error,
        "share_seen": one.share_seen,
        "percentile": percentile,
        "note": one.note or None,
    }


def _line(one: "MeasureValue", percentile: float | None) -> str:
    value = "–" if one.value is None else f"{one.value:.4g}"
    error = "" if one.error is None else f" ± {one.error:.2g}"
    place = "" if percentile is None else f", percentile {percentile:.0f}"
    note = f" ({one.note})" if one.note else ""
    return f"{one.kind.title:<40} {value}{error} {one.unit}, seen {100 * one.share_seen:.0f} %{place}{note}"
