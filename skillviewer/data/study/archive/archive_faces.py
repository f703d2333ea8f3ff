"""Copies of videos without metadata, with blurred faces if requested, and the warnings about them.

Scores and analyses were computed on the original videos; they are copied to the blurred ones and marked as such.
Blurring is an aid and no guarantee, and the archive says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.errors import ExportError
from skillviewer.core.faces.blurring_text import LOOK_THROUGH, SAID_BEFORE, format_blurring
from skillviewer.core.faces.faces import Faces, doubtful_frames
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange, range_frames
from skillviewer.data.faces_file import FaceStore

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.tracks.tracks import TrackSet
    from skillviewer.core.video.info import VideoInfo

BLURRED_SUFFIX = ".mp4"
"""Suffix of the copies, whatever the videos have."""

_OF_BEFORE = (
    "Scores, maps and votes belong to the videos before their faces were blurred; a model may score the blurred ones "
    "differently."
)
_SILENT = "The blurred videos have no sound: a voice identifies a person as well as a face does."
_HEARD = "a voice identifies a person as well as a face does. Listen to them before you pass them on."
_LISTED = 5


class VideoCopies:
    """Copies for an archive or a pack that is being written.

    Args:
        folder: Temporary folder of a copy until it is packed.
        token: Cancels the job; then no copy is left.
        report: Receives the progress of the search and the writing.
        blur: Whether faces are blurred.
        sound: Whether the copies keep their sound.

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
        self._n_heard = 0
        self._store = FaceStore()
        self._copies: dict[str, VideoInfo] = {}  # by digest of the copy
        self._faces_by_name: list[tuple[str, Faces]] = []
        self.faces: dict[str, Faces] = {}

    def copy(self, source: Path, digest: str, name: str, clip_range: ClipRange | None = None) -> "VideoInfo":
        """Write a video with its stored faces blurred, or else with faces searched now, which are then stored.

        A range writes only that part of the file. It returns the facts about the copy. A digest of "" is not compared.

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
            digest = reader.describe(self._token).digest
            if stated_digest not in {"", digest}:
                raise ExportError(f"{source} has changed since the study was read: look for its videos again.")
            faces = self._store.get(digest) if self._blur else None
            if self._blur and faces is None:
                faces = find_faces(reader, token=self._token, report=self._named_report(f"looking for faces in {name}"))
                self._store.put(faces)
            report = self._named_report(f"{'blurring faces in' if self._blur else 'writing'} {name}")
            try:
                frames = range_frames(clip_range, reader.info)
                info = write_anew(reader, target, frames, faces, self._token, report, sound=self._sound)
            except ExportError as error:  # the user does not know the path of the temporary copy
                text = str(error).replace(str(target), "its blurred copy")
                raise ExportError(f"{source.name}: {text}") from error
        self._n_heard += has_sound(target)
        self._copies[info.digest] = info
        if faces is not None:
            self.faces[digest] = faces
            self._faces_by_name.append((name, faces))
        return info

    def _named_report(self, stage: str) -> Report:
        return lambda progress: self._report(Progress(stage, progress.done, progress.total))

    def restated(self, analysis: "Analysis") -> "Analysis":
        """Return an analysis with the facts of the copy, and the note that it belongs to the original."""
        video = analysis.video
        copy = self._copies.get(video.digest)
        if copy is None:
            return analysis
        facts = copy if copy.n_frames == video.n_frames else video  # the note is added in either case
        note = video.note if SAID_BEFORE in video.note else f"{video.note} {SAID_BEFORE}".strip()
        return replace(analysis, video=replace(facts, path=video.path, note=note))

    def check_tracks(self, tracks: "TrackSet", digest: str) -> None:
        """Raise a VideoError for tracks that do not fit the copy of their video, whose digest is given."""
        copy = self._copies.get(digest)
        if copy is not None:
            replace(tracks, digest=digest).check_video(copy)

    def warnings(self) -> tuple[str, ...]:
        """Return remarks for the user about the archive, one sentence each."""
        if not self._faces_by_name:
            return ("No video is in the archive, so there was no face to blur.",)
        return (self._counted(), LOOK_THROUGH, self._format_sound(), _OF_BEFORE)

    def _format_sound(self) -> str:
        n = self._n_heard
        total = len(self._faces_by_name)
        if not self._sound:
            return _SILENT
        return f"{n} of {total} blurred videos have their sound: {_HEARD}" if n else "None of the videos has sound."

    def _counted(self) -> str:
        blurred = [name for name, faces in self._faces_by_name if faces.tracks]
        without_faces = [name for name, faces in self._faces_by_name if not faces.tracks]
        drawn = [name for name, faces in self._faces_by_name if not faces.searched]
        doubtful = [(name, n) for name, faces in self._faces_by_name if (n := doubtful_frames(faces.doubts))]
        total = sum(n for _, n in doubtful)
        text = f"Faces are blurred in {len(blurred)} of {len(self._faces_by_name)} videos"
        but = f" (none was found in {_list(without_faces)})" if without_faces else ""
        doubtful_text = f" ({_list([f'{name}: {n}' for name, n in doubtful])})" if doubtful else ""
        drawn_text = f"; only boxes drawn by hand are blurred, without a search, in {_list(drawn)}" if drawn else ""
        return f"{text}{but}{drawn_text}; {total} frame{'s are' if total != 1 else ' is'} doubtful{doubtful_text}."

    def readme(self) -> Path:
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


def _list(items: Sequence[str]) -> str:
    """Return some items in words: the first of many, and the number of the others."""
    if len(items) <= _LISTED + 1:
        return ", ".join(items)
    return f"{', '.join(items[:_LISTED])} and {len(items) - _LISTED} more"
