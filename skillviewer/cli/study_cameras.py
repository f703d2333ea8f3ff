"""``skillviewer study cameras``: further cameras of an attempt, and their offsets from the assessed video."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skillviewer.cli.failures import open_study, print_notices
from skillviewer.cli.options.values import FILE, PATH
from skillviewer.cli.output import echo
from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skillviewer.core.video.cameras import Camera


@click.group()
def cameras() -> None:
    """Manage up to three further cameras of a video: files that show the same attempt from elsewhere.

    Cameras play along with the assessed video, without a map, and clips can show them next to it. Their offsets are
    found by sound, or set in frames.
    """


@cameras.command("list")
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("video", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object on a line for every camera.")
def list_cameras(path: Path, video: str | None, as_json: bool) -> None:
    """List the cameras in STUDY, or those of VIDEO, with their offsets in seconds."""
    with open_study(path, read_only=True) as study:
        video_names = [video] if video is not None else [study_video.name for study_video in study.videos.all()]
        rows = [(video_name, camera) for video_name in video_names for camera in study.cameras.of(video_name)]
    for video_name, camera in rows:
        if as_json:
            camera_path = None if camera.path is None else str(camera.path)
            record = {
                "video": video_name,
                "camera": camera.name,
                "path": camera_path,
                "digest": camera.digest,
                "offset_s": camera.offset_s,
                "confidence": camera.confidence,
                "problem": camera.problem,
            }
            echo(json.dumps(record))
        else:
            echo(f"{printable(video_name)}  {_camera_line(camera)}")


def _camera_line(camera: "Camera") -> str:
    offset = "offset unknown" if camera.offset_s is None else f"{camera.offset_s:+.3f} s by hand"
    if camera.offset_s is not None and camera.confidence is not None:
        offset = f"{camera.offset_s:+.3f} s by sound, confidence {camera.confidence:.2f}"
    return printable(f"{camera.name}  {offset}  {camera.problem or camera.path}")


@cameras.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("video")
@click.argument("file", type=FILE)
@click.option("--name", default="", help="Name of the camera.  [default: the name of its file]")
@click.option("--offset", "offset_frames", type=int, metavar="FRAMES", help="Set the offset, and do not use the sound.")
def add(path: Path, video: str, file: Path, name: str, offset_frames: int | None) -> int:
    """Add the camera FILE to VIDEO of STUDY, and find its offset by sound.

    The offset is the frame of FILE minus the frame of VIDEO at the same moment, counted at the rate of VIDEO.
    """
    with open_study(path) as study:
        video_path = _existing_path(study.videos.get(video).path, video)
        offset = _find_offset(video_path, file, offset_frames)
        camera = study.cameras.add(video, file, name, offset.offset_s, offset.confidence)
    echo(_camera_line(camera))
    if offset.problem:
        print_notices([f"{offset.problem} Set it with “skillviewer study cameras align --offset FRAMES”."])
        return 1
    return 0


@cameras.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("video")
@click.argument("camera", required=False)
@click.option("--offset", "offset_frames", type=int, metavar="FRAMES", help="Set the offset, and do not use the sound.")
def align(path: Path, video: str, camera: str | None, offset_frames: int | None) -> int:
    """Find the offsets of all cameras of VIDEO in STUDY by sound, or only that of CAMERA; or set it in frames.

    If no offset is found, the earlier one stays.
    """
    if offset_frames is not None and camera is None:
        raise click.UsageError("--offset is of one camera: name the CAMERA.")
    problems = []
    with open_study(path) as study:
        recorded_path = study.videos.get(video).path
        selected = _select(study.cameras.of(video), camera)
        if not selected:
            camera_text = f" “{camera}”" if camera else ""
            raise StudyError(f"“{video}” has no camera{camera_text}.")
        for selected_camera in selected:
            if selected_camera.path is None:
                problems.append(selected_camera.problem)
                continue
            offset = _find_offset(_existing_path(recorded_path, video), selected_camera.path, offset_frames)
            if offset.problem:
                problems.append(offset.problem)
            else:
                study.cameras.set_offset(selected_camera.name, offset.offset_s, offset.confidence)
        aligned = _select(study.cameras.of(video), camera)
    for aligned_camera in aligned:
        echo(_camera_line(aligned_camera))
    print_notices(problems)
    return 1 if problems else 0


@cameras.command()
@click.argument("path", metavar="STUDY", type=PATH)
@click.argument("camera")
def remove(path: Path, camera: str) -> None:
    """Remove CAMERA from STUDY. Its file stays."""
    with open_study(path) as study:
        study.cameras.remove(camera)


def _select(cameras_of_video: "Sequence[Camera]", name: str | None) -> "list[Camera]":
    """Return the camera of a name, or all cameras if no name is given."""
    return [camera for camera in cameras_of_video if name is None or camera.name == name]


def _existing_path(path: Path | None, video: str) -> Path:
    if path is None:
        raise StudyError(f"The file of “{video}” is missing: find it with “skillviewer study relink” first.")
    return path


@dataclass(frozen=True, slots=True)
class _CameraOffset:
    offset_s: float | None = None  # None if it is not known
    confidence: float | None = None  # of an offset by sound, else None
    problem: str = ""  # sentence if no offset was found by sound


def _find_offset(video_path: Path, camera_path: Path, frames: int | None) -> _CameraOffset:
    """Return the stated offset of a camera, or measure it by sound if ``frames`` is None."""
    from skillviewer.media.reading.reader import VideoReader
    from skillviewer.media.reading.sound_reader import offset_by_sound

    with VideoReader(camera_path, cache_bytes=0):
        pass  # raises an error if the file is no video
    if frames is not None:
        with VideoReader(video_path, cache_bytes=0) as reader:
            return _CameraOffset(frames / reader.info.rate_hz)
    try:
        sound_offset = offset_by_sound(video_path, camera_path)
    except VideoError as error:
        return _CameraOffset(problem=f"No offset by sound: {error}")
    if not sound_offset.is_sure:
        return _CameraOffset(problem=f"No offset of {camera_path.name} by sound: {sound_offset.reason}")
    return _CameraOffset(sound_offset.offset_s, sound_offset.confidence)
