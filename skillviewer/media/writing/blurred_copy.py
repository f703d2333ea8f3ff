"""Copy of a video with blurred faces: the same frames at the same times, and nothing else of the old file.

The sound is copied only on request: a voice identifies its speaker as well as a face does.
"""

from pathlib import Path

from skillviewer.core.errors import ExportError
from skillviewer.core.faces.faces import Faces, fits
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.faces import blurred
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.sound import Sound, has_sound
from skillviewer.media.writing.writer import VideoWriter, last_rate_hz


def copy_with_blurred_faces(
    source: VideoReader,
    target: Path,
    faces: Faces,
    token: CancelToken = NEVER,
    report: Report = silent,
    *,
    sound: bool = False,
) -> VideoInfo:
    """Write every frame of a video as displayed, at its own time, with its faces blurred.

    Title, place, date, device and chapters are dropped, and so is the sound unless it is requested; then it is encoded
    anew. Odd sizes become even. The copy is verified like a clip (``writing.writer``): count, times, size and duration.
    Its quality is that of a good clip: the copy is hardly larger than a recording with equal compression, and hard to
    tell from it (docs/export.md has sizes and differences). It returns the facts about the copy. The suffix of the
    target selects the format. When the job is cancelled nothing is left behind.

    Raises:
        ExportError: The faces belong to another video, or the copy cannot be written.
        VideoError: A frame of the video, or the sound to keep, does not decode.
    """
    info = source.info
    if not fits(faces, info.digest):
        raise ExportError(f"The face boxes are of another video than {info.path.name}: look for faces again.")
    rate_hz = last_rate_hz(info.duration_s - float(info.times_s[-1]))
    heard = Sound(info.path, 0.0, info.duration_s) if sound and has_sound(info.path) else None
    with VideoWriter(target, info.width_px, info.height_px, rate_hz=rate_hz, quality="good", sound=heard) as writer:
        for decoded in source.stream(range(info.n_frames)):
            token.check()
            picture = blurred(decoded.rgb(), faces.boxes_at(decoded.index))
            writer.write(picture, float(info.times_s[decoded.index]))
            report(Progress("blurring faces", decoded.index + 1, info.n_frames))
    with VideoReader(target, cache_bytes=0) as made:
        return made.info
