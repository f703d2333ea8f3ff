"""Copies of a video or of a part of it, with the same frames at the same times, with or without blurred faces.

The sound is written only on request, because a voice identifies its speaker as well as a face does.
"""

from pathlib import Path

from skillviewer.core.errors import ExportError
from skillviewer.core.faces.faces import Faces, fits
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.faces import blurred
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import Sound, has_sound
from skillviewer.media.writing.writer import VideoWriter, rate_of_last_frame_hz


def write_anew(
    source: VideoReader,
    target: Path,
    frames: range,
    faces: Faces | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
    *,
    sound: bool = False,
) -> VideoInfo:
    """Write consecutive frames of a video as displayed, at their times from the first.

    Title, place, date, device and chapters are dropped. Odd sizes become even. The copy has the quality of a good clip,
    and is verified like one (``writing.writer``): count, times, size and duration. A cancelled job leaves nothing
    behind.

    Args:
        source: Reader of the video.
        target: Path of the copy; the suffix selects the format.
        frames: The frames.
        faces: Faces to blur, or None.
        token: Checked at every frame.
        report: Gets the number of written frames.
        sound: Whether to write the sound, which is encoded again.

    Returns:
        Facts about the copy.

    Raises:
        ExportError: The faces belong to another video, or the copy cannot be written.
        VideoError: A frame of the video, or the sound, does not decode.
    """
    info = source.info
    if faces is not None and not fits(faces, info.digest):
        raise ExportError(f"The face boxes are of another video than {info.path.name}: look for faces again.")
    start_s = float(info.times_s[frames[0]])
    stop_s = info.end_s(frames[-1])
    rate_hz = rate_of_last_frame_hz(stop_s - float(info.times_s[frames[-1]]))
    source_sound = None
    if sound and has_sound(info.path):
        source_sound = Sound(info.path, start_s, stop_s)
    stage = "writing the video" if faces is None else "blurring faces"
    with VideoWriter(
        target, info.width_px, info.height_px, rate_hz=rate_hz, quality="good", sound=source_sound
    ) as writer:
        for n_done, decoded_frame in enumerate(source.stream(frames), start=1):
            token.check()
            picture = decoded_frame.rgb()
            if faces is not None:
                picture = blurred(picture, faces.boxes_at(decoded_frame.index))
            writer.write(picture, float(info.times_s[decoded_frame.index]))
            report(Progress(stage, n_done, len(frames)))
    with VideoReader(target, cache_bytes=0) as reader:
        return reader.info
