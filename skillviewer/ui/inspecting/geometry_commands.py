"""Commands to draw reference paths and known lengths into the picture, and to share them with other videos."""

import math
from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import CancelToken
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

CLOSING_DISTANCE_PX = 8.0
"""Distance of the first and the last corner within which a line is closed, in pixels of a picture of 480 lines."""


class GeometryCommands:
    """Commands on the reference path and the known length of the video on screen."""

    def __init__(self, app_context: AppContext) -> None:
        self._app_context = app_context
        self._tracks = app_context.tracks

    def is_drawn(self) -> bool:
        """Return True if the video on screen has a reference or a known length."""
        tracks = self._tracks.saved_tracks
        if tracks is None:
            return False
        return tracks.reference is not None or tracks.known_length is not None

    def draw_reference(self, _parent: QWidget, _dialogs: Dialogs) -> None:
        """Ask for the corners of the line to follow; a single point is a target."""
        hint = "Click the target, or the corners of the line to follow; Enter or a double click ends it."
        self._app_context.playback.pause()
        self._app_context.point_requests.ask(PointRequest(hint, on_ended=self._on_reference))

    def mark_length(self, parent: QWidget, dialogs: Dialogs) -> None:
        """Ask for the two ends of a known length, and then for the length in millimetres."""
        hint = "Click the two ends of a length that you know, in the plane in which the hands move."
        self._app_context.playback.pause()

        def on_points(points: Points) -> None:
            self._on_length(parent, dialogs, points)

        self._app_context.point_requests.ask(PointRequest(hint, on_ended=on_points, max_points=2))

    def remove(self) -> None:
        """Remove the reference and the known length of the video on screen."""
        self._tracks.edit("removal of the reference", lambda tracks: replace(tracks, reference=None, known_length=None))

    def share(self) -> None:
        """Copy the reference and the length to all videos of the task whose pictures have the same size."""
        tracks = self._tracks.saved_tracks
        app_context = self._app_context
        if tracks is None:
            return
        size_px = (tracks.width_px, tracks.height_px)
        same_size = [
            (clip, video) for clip, video in self._tracks.comparable() if (video.width_px, video.height_px) == size_px
        ]
        task = app_context.tracks_worker.submit(lambda _slot, token, _report: _copy_geometry(tracks, same_size, token))
        task.then(succeeded=self._on_copied, failed=app_context.messages.fail)

    def _on_copied(self, changes: list[tuple[TrackSet, TrackSet]]) -> None:
        n_videos = len(changes)
        if not n_videos:
            self._app_context.messages.note("No other video of this task has a picture of the same size.")
            return
        self._tracks.put("reference for all videos", changes)
        self._app_context.messages.note(
            f"The reference now holds for {n_videos} more videos with a picture of this size."
        )

    def _on_reference(self, points: Points) -> None:
        video = self._app_context.playback.video
        if video is None:
            return
        corners = np.array(points, dtype=np.float64)
        closing_distance_px = CLOSING_DISTANCE_PX * video.height_px / 480
        is_closed = len(points) > 3 and math.dist(points[-1], points[0]) <= closing_distance_px
        if is_closed:
            corners = corners[:-1]
        reference = ReferencePath(corners, is_closed)
        self._tracks.edit("reference", lambda tracks: replace(tracks, reference=reference))

    def _on_length(self, parent: QWidget, dialogs: Dialogs, points: Points) -> None:
        answer = dialogs.word(parent, "Known length", question="Length in millimetres", words=(), current="100")
        if answer is None or len(points) != 2:
            return
        try:
            length_mm = float(answer.strip().replace(",", "."))
            length = KnownLength(points[0], points[1], length_mm)
        except ValueError:
            self._app_context.messages.note(
                f"“{answer}” is no length of a line: click two different points, and give millimetres above 0."
            )
            return
        self._tracks.edit("known length", lambda tracks: replace(tracks, known_length=length))


def _copy_geometry(
    tracks: TrackSet, videos: list[tuple[VideoClip, VideoInfo]], token: CancelToken
) -> list[tuple[TrackSet, TrackSet]]:
    """Return the tracks of videos before and after they get the reference and the known length of some tracks."""
    store = TrackStore()
    changes = []
    for clip, video in videos:
        token.check()
        frames = frames_of(clip, video)
        before = store.get(video.digest, frames)
        if before is None:
            before = TrackSet.of_video(video, frames)
        after = replace(before, reference=tracks.reference, known_length=tracks.known_length)
        changes.append((before, after))
    return changes
