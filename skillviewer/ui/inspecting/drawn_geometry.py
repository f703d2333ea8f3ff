"""References and known lengths that the user draws into the picture, for one video or for all of the study."""

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QWidget

from skillviewer.core.tracks.known_length import KnownLength
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.tracks.point_requests import PointRequest, Points
from skillviewer.ui.session.tracks.shown_tracks import frames_of
from skillviewer.ui.widgets.dialogs import Dialogs

CLOSED_WITHIN_PX = 8.0
"""A line whose last corner lies so near to its first is closed, in pixels of a picture of 480 lines."""


class DrawnGeometry:
    """Draws the line to follow, a target, and a length that is known in millimetres."""

    def __init__(self, app_context: AppContext) -> None:
        self._app_context = app_context
        self._tracks = app_context.tracks

    def is_drawn(self) -> bool:
        """Return True if the video on screen has a reference or a known length."""
        tracks = self._tracks.saved
        return tracks is not None and (tracks.reference is not None or tracks.known_length is not None)

    def draw_reference(self, _parent: QWidget, _dialogs: Dialogs) -> None:
        """Ask for the corners of the line to follow; one point is a target."""
        hint = "Click the target, or the corners of the line to follow; Enter or a double click ends it."
        self._app_context.playback.pause()
        self._app_context.point_requests.ask(PointRequest(hint, ended=self._on_reference))

    def mark_length(self, parent: QWidget, dialogs: Dialogs) -> None:
        """Ask for the two ends of a known length, and then for its millimetres."""
        hint = "Click the two ends of a length that you know, in the plane in which the hands move."
        self._app_context.playback.pause()

        def ended(points: Points) -> None:
            self._on_length(parent, dialogs, points)

        self._app_context.point_requests.ask(PointRequest(hint, ended=ended, max_points=2))

    def remove(self) -> None:
        """Remove the reference and the known length of the video on screen."""
        self._tracks.edit("removal of the reference", lambda tracks: replace(tracks, reference=None, known_length=None))

    def share(self) -> None:
        """Give the reference and the length of the video on screen to all videos of its task with the same size."""
        tracks = self._tracks.saved
        app_context = self._app_context
        if tracks is None:
            return
        size = (tracks.width_px, tracks.height_px)
        others = [(c, v) for c, v in self._tracks.comparable() if (v.width_px, v.height_px) == size]
        task = app_context.tracks_worker.submit(lambda _backend, token, _report: _shared(tracks, others, token))
        task.then(succeeded=self._on_shared, failed=app_context.messages.fail)

    def _on_shared(self, changes: list[tuple[TrackSet, TrackSet]]) -> None:
        n = len(changes)
        if not n:
            self._app_context.messages.note("No other video of this task has a picture of the same size.")
            return
        self._tracks.put("reference for all videos", changes)
        self._app_context.messages.note(f"The reference now holds for {n} more videos with a picture of this size.")

    def _on_reference(self, points: Points) -> None:
        video = self._app_context.playback.video
        if video is None:
            return
        corners = np.array(points, dtype=np.float64)
        near = CLOSED_WITHIN_PX * video.height_px / 480
        closed = len(corners) > 3 and float(np.hypot(*(corners[-1] - corners[0]))) <= near
        reference = ReferencePath(corners[:-1] if closed else corners, closed)
        self._tracks.edit("reference", lambda tracks: replace(tracks, reference=reference))

    def _on_length(self, parent: QWidget, dialogs: Dialogs, points: Points) -> None:
        answer = dialogs.word(parent, "Known length", "Length in millimetres", (), "100")
        if answer is None or len(points) != 2:
            return
        try:
            length = KnownLength(points[0], points[1], float(answer.strip().replace(",", ".")))
        except ValueError:
            self._app_context.messages.note(
                f"“{answer}” is no length of a line: click two different points, and give millimetres above 0."
            )
            return
        self._tracks.edit("known length", lambda tracks: replace(tracks, known_length=length))


def _shared(
    tracks: TrackSet, others: list[tuple[VideoClip, VideoInfo]], token: object
) -> list[tuple[TrackSet, TrackSet]]:
    """Return the tracks of other videos before and after they get a reference and a known length."""
    store = TrackStore()
    changes = []
    for clip, video in others:
        token.check()  # type: ignore[attr-defined]
        frames = frames_of(clip, video)
        before = store.get(video.digest, frames) or TrackSet.of_video(video, frames)
        after = replace(before, reference=tracks.reference, known_length=tracks.known_length)
        changes.append((before, after))
    return changes
