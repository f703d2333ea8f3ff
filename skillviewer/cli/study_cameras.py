"""``skillviewer study cameras``: further files of an attempt, and their offsets from the assessed video."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, say
from skillviewer.cli.options.values import FILE, PATH
from skillviewer.cli.output import echo
from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.text import printable

if TYPE_CHECKING:
    from skillviewer.core.video.cameras import Camera
    from skillviewer.core.video.sound_offset import SoundOffset


@click.group()
def cameras() -> None:
    """Keep up to three further cameras of a video: files that show the same attempt from elsewhere.

    They play along with the assessed video, without a map, and clips can show them next to it. Their offsets are found
    by sound, or set in frames.
    """


@cameras.command("list")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("video", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a camera and line.")
def list_cameras(path: Path, video: str | None, as_json: bool) -> None:
    """List the cameras in STUDY, or those of VIDEO, with their offsets in seconds."""
    with open_study(path, read_only=True) as opened:
        names = [video] if video is not None else [study_video.name for study_video in opened.videos.all()]
        listed = [(name, camera) for name in names for camera in opened.cameras.of(name)]
    for name, camera in listed:
        if as_json:
            record = {
                "video": name,
                "camera": camera.name,
                "path": None if camera.path is None else str(camera.path),
                "digest": camera.digest,
                "offset_s": camera.offset_s,
                "confidence": camera.confidence,
                "problem": camera.problem,
            }
            echo(json.dumps(record))
        else:
            echo(f"{printable(name)}  {_line(camera)}")


def _line(camera: "Camera") -> str:
    offset = "offset unknown" if camera.offset_s is None else f"{camera.offset_s:+.3f} s"
    origin = "" if camera.offset_s is None else " by hand"
    if camera.confidence is not None:
        origin = f" by sound, confidence {camera.confidence:.2f}"
    return printable(f"{camera.name}  {offset}{origin}  {camera.problem or camera.path}")


@cameras.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("video")
@click.argument("file", type=FILE)
@click.option("--name", default="", help="Name of the camera, if not that of its file.")
@click.option("--offset", type=int, metavar="FRAMES", help="Set the offset instead of finding it by sound.")
def add(path: Path, video: str, file: Path, name: str, offset: int | None) -> int:
    """Add the camera FILE to VIDEO of STUDY, and find its offset by sound.

    The offset is the frame of FILE minus the frame of VIDEO at the same moment, counted at the rate of VIDEO.
    """
    with open_study(path) as opened:
        assessed = opened.videos.get(video)
        measured, problem = _offset(_file(assessed.path, video), file, offset)
        camera = opened.cameras.add(video, file, name, *measured)
    echo(_line(camera))
    say([f"{problem} Set it with “skillviewer study cameras align --offset FRAMES”."] if problem else [])
    return 1 if problem else 0


@cameras.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("video")
@click.argument("camera", required=False)
@click.option("--offset", type=int, metavar="FRAMES", help="Set the offset instead of finding it by sound.")
def align(path: Path, video: str, camera: str | None, offset: int | None) -> int:
    """Find the offsets of the cameras of VIDEO in STUDY by sound, or only that of CAMERA; or set it in frames.

    If no offset is found, the earlier one stays.
    """
    if offset is not None and camera is None:
        raise click.UsageError("--offset is of one camera: name the CAMERA.")
    problems = []
    with open_study(path) as opened:
        assessed = opened.videos.get(video)
        selected = [
            selected_camera
            for selected_camera in opened.cameras.of(video)
            if camera is None or selected_camera.name == camera
        ]
        if not selected:
            camera_text = f" “{camera}”" if camera else ""
            raise StudyError(f"“{video}” has no camera{camera_text}.")
        for selected_camera in selected:
            if selected_camera.path is None:
                problems.append(selected_camera.problem)
                continue
            (offset_s, confidence), problem = _offset(_file(assessed.path, video), selected_camera.path, offset)
            if problem:
                problems.append(problem)
            else:
                opened.cameras.set_offset(selected_camera.name, offset_s, confidence)
        aligned = [
            selected_camera
            for selected_camera in opened.cameras.of(video)
            if camera is None or selected_camera.name == camera
        ]
    for selected_camera in aligned:
        echo(_line(selected_camera))
    say(problems)
    return 1 if problems else 0


@cameras.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("camera")
def remove(path: Path, camera: str) -> None:
    """Remove CAMERA from STUDY. Its file stays."""
    with open_study(path) as opened:
        opened.cameras.remove(camera)


def _file(path: Path | None, video: str) -> Path:
    if path is None:
        raise StudyError(f"The file of “{video}” is missing: find it with “skillviewer study relink” first.")
    return path


def _offset(video_path: Path, other: Path, frames: int | None) -> tuple[tuple[float | None, float | None], str]:
    """Return offset and confidence, and a sentence if no offset is found by sound."""
    from skillviewer.media.reading.reader import VideoReader
    from skillviewer.media.reading.sound_reader import offset_by_sound

    with VideoReader(other, cache_bytes=0):
        pass  # raises an error if the file is no video
    if frames is not None:
        with VideoReader(video_path, cache_bytes=0) as reader:
            return (frames / reader.info.rate_hz, None), ""
    try:
        sound_offset: SoundOffset = offset_by_sound(video_path, other)
    except VideoError as error:
        return (None, None), f"No offset by sound: {error}"
    if not sound_offset.is_sure:
        return (None, None), f"No offset of {other.name} by sound: {sound_offset.reason}"
    return (sound_offset.offset_s, sound_offset.confidence), ""
