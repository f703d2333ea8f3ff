"""Copies of videos for archives and packs, encoded without metadata and with blurred faces if requested.

The copies take over the scores and analyses of the original videos, with a note that they belong to the originals.
Blurring is an aid and no guarantee, which the warnings say.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.errors import ExportError
from skillviewer.core.faces.blurring_text import LOOK_THROUGH, SCORED_BEFORE_BLURRING, format_blurring
from skillviewer.core.faces.faces import Faces, doubtful_frames
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange, range_frames
from skillviewer.data.faces_file import FaceStore

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.core.video.info import VideoInfo

BLURRED_SUFFIX = ".mp4"
"""Suffix of all copies, whatever the suffixes of the videos."""

_SCORES_WARNING = (
    "Scores, maps and votes belong to the videos before their faces were blurred; a model may score the blurred ones "
    "differently."
)
_NO_SOUND_TEXT = "The blurred videos have no sound: a voice identifies a person as well as a face does."
_VOICE_WARNING = "a voice identifies a person as well as a face does. Listen to them before you pass them on."
_MAX_LISTED = 5


class VideoCopies:
    """Copies of videos for an archive or a pack that is being written.

    Args:
        folder: Temporary folder of a copy until it is packed.
        token: Cancels the job; no copy is left then.
        report: Receives the progress of the face search and of the writing.
        blur: Whether to blur faces.
        sound: Whether to keep the sound.

    Attributes:
        faces: Blurred faces, by digest of the original.
    """

    def __init__(
        self, folder: Path, token: CancelToken, report: Report, *, blur: bool = True, sound: bool = False
    ) -> None:
        self._folder = folder
        self._token = token
        self._report = report
        self._blur = blur
        self._sound = sound
        self._n_with_sound = 0
        self._store = FaceStore()
        self._copies: dict[str, VideoInfo] = {}  # by digest of the copy
        self._faces_by_name: list[tuple[str, Faces]] = []
        self.faces: dict[str, Faces] = {}

    def copy(self, source: Path, digest: str, name: str, clip_range: ClipRange | None = None) -> "VideoInfo":
        """Write a copy of a video, or of a part of it, and return the facts about the copy.

        Faces are searched and stored if the video has no stored faces. An empty ``digest`` is not compared with the
        file.

        Raises:
            ExportError: The video has changed, or the copy cannot be written.
            DatasetError: The range lies outside the file.
            VideoError: The video or its stored faces cannot be read, or the face search fails.
        """
        from skillviewer.media.faces import find_faces
        from skillviewer.media.reading.reader import VideoReader
        from skillviewer.media.reading.sound_reader import has_sound
        from skillviewer.media.writing.blurred_copy import write_anew

        target = self._folder / f"copy{BLURRED_SUFFIX}"
        with VideoReader(source, self._token) as reader:
            stated_digest = digest
            digest = reader.read_info(self._token).digest
            if stated_digest not in {"", digest}:
                raise ExportError(f"{source} has changed since the study was read: look for its videos again.")
            faces = self._store.get(digest) if self._blur else None
            if self._blur and faces is None:
                faces = find_faces(reader, token=self._token, report=self._named_report(f"looking for faces in {name}"))
                self._store.put(faces)
            work_text = "blurring faces in" if self._blur else "writing"
            report = self._named_report(f"{work_text} {name}")
            try:
                frames = range_frames(clip_range, reader.info)
                info = write_anew(reader, target, frames, faces, self._token, report, sound=self._sound)
            except ExportError as error:  # the user does not know the path of the temporary copy
                text = str(error).replace(str(target), "its blurred copy")
                raise ExportError(f"{source.name}: {text}") from error
        self._n_with_sound += has_sound(target)
        self._copies[info.digest] = info
        if faces is not None:
            self.faces[digest] = faces
            self._faces_by_name.append((name, faces))
        return info

    def _named_report(self, stage: str) -> Report:
        return lambda progress: self._report(Progress(stage, progress.done, progress.total))

    def analysis_of_copy(self, analysis: "Analysis") -> "Analysis":
        """Convert an analysis of an original video to an analysis of its copy, with a note about the original."""
        video = analysis.video
        copy = self._copies.get(video.digest)
        if copy is None:
            return analysis
        facts = copy if copy.n_frames == video.n_frames else video  # the note is added in either case
        note = video.note if SCORED_BEFORE_BLURRING in video.note else f"{video.note} {SCORED_BEFORE_BLURRING}".strip()
        return replace(analysis, video=replace(facts, path=video.path, note=note))

    def check_tracks(self, tracks: "TrackSet", digest: str) -> None:
        """Raise a VideoError if the tracks of an original video do not fit its copy, whose digest is given."""
        copy = self._copies.get(digest)
        if copy is not None:
            replace(tracks, digest=digest).check_video(copy)

    def warnings(self) -> tuple[str, ...]:
        """Return warnings for the user about the blurred videos, one sentence each."""
        if not self._faces_by_name:
            return ("No video is in the archive, so there was no face to blur.",)
        return (self._faces_warning(), LOOK_THROUGH, self._sound_warning(), _SCORES_WARNING)

    def _sound_warning(self) -> str:
        if not self._sound:
            return _NO_SOUND_TEXT
        if self._n_with_sound == 0:
            return "None of the videos has sound."
        return f"{self._n_with_sound} of {len(self._faces_by_name)} blurred videos have their sound: {_VOICE_WARNING}"

    def _faces_warning(self) -> str:
        blurred = []
        without_faces = []
        only_drawn = []
        doubtful = []
        n_doubtful_frames = 0
        for name, faces in self._faces_by_name:
            if faces.tracks:
                blurred.append(name)
            else:
                without_faces.append(name)
            if not faces.searched:
                only_drawn.append(name)
            n = doubtful_frames(faces.doubts)
            if n:
                doubtful.append(f"{name}: {n}")
                n_doubtful_frames += n
        text = f"Faces are blurred in {len(blurred)} of {len(self._faces_by_name)} videos"
        if without_faces:
            text += f" (none was found in {_format_list(without_faces)})"
        if only_drawn:
            text += f"; only boxes drawn by hand are blurred, without a search, in {_format_list(only_drawn)}"
        doubtful_text = "1 frame is" if n_doubtful_frames == 1 else f"{n_doubtful_frames} frames are"
        text += f"; {doubtful_text} doubtful"
        if doubtful:
            text += f" ({_format_list(doubtful)})"
        return f"{text}."

    def write_readme(self) -> Path:
        """Write the README of the archive: the blurred faces, the doubtful frames, and the origin of the scores."""
        lines = [
            "Faces in the videos of this archive were blurred by SkillViewer. This is an aid and no guarantee.",
            *self.warnings(),
            "",
            "To look the doubtful frames over: open the study, Export, Blur faces, Review faces.",
            "",
            *(format_blurring(name, faces) for name, faces in self._faces_by_name),
        ]
        path = self._folder / "readme.txt"
        path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8", newline="\n")
        return path


def _format_list(texts: Sequence[str]) -> str:
    """Return texts as a list; of many, the first and the number of the others."""
    if len(texts) <= _MAX_LISTED + 1:
        return ", ".join(texts)
    return f"{', '.join(texts[:_MAX_LISTED])} and {len(texts) - _MAX_LISTED} more"
