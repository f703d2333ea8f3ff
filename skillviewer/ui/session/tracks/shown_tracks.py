"""Tracks with their curves and measures for the window, computed in a worker thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillviewer.core.errors import DatasetError, SkillViewerError
from skillviewer.core.progress import CancelToken
from skillviewer.core.scipy_import import import_scipy
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import VideoClip, range_frames
from skillviewer.core.video.info import VideoInfo

if TYPE_CHECKING:  # scipy takes half a second
    from skillviewer.core.kinematics.compared_measures import ComparedMotion
    from skillviewer.core.kinematics.measures import VideoMeasures
    from skillviewer.core.kinematics.motion_curves import MotionCurves
    from skillviewer.core.kinematics.motion_summary import MotionSummary


@dataclass(frozen=True, slots=True, eq=False)
class ShownTracks:
    """Tracks of a video: the stored tracks, or the tracks found so far."""

    tracks: TrackSet
    curves: "MotionCurves"
    measures: "VideoMeasures | None" = None  # None while the video is searched
    compared_motions: "tuple[ComparedMotion, ...]" = ()  # the measures with their positions among comparable videos


def frames_of(clip: VideoClip, video: VideoInfo) -> range | None:
    """Return the frames of a part of a video, or None for the whole file.

    Raises:
        DatasetError: The part lies outside the video.
    """
    return None if clip.clip_range is None else range_frames(clip.clip_range, video)


def shown_live(tracks: TrackSet, saved: TrackSet | None) -> ShownTracks:
    """Return the tracks found so far, together with the stored tracks of other objects."""
    import_scipy()
    from skillviewer.core.kinematics.motion_curves import motion_curves

    if saved is not None:
        names = [track.name for track in tracks.tracks]
        tracks = saved.without(names).with_tracks(tracks.tracks)
    return ShownTracks(tracks, motion_curves(tracks))


def load_shown(
    clip: VideoClip, video: VideoInfo, others: Sequence[tuple[VideoClip, VideoInfo]], token: CancelToken
) -> ShownTracks | None:
    """Return the stored tracks of a video, with its measures among comparable videos; None without tracks.

    Raises:
        VideoError: The file of tracks cannot be read, or belongs to another video.
    """
    from skillviewer.core.kinematics.compared_measures import compare_measures
    from skillviewer.core.kinematics.motion_curves import motion_curves
    from skillviewer.data.measures_file import measure_stored_tracks
    from skillviewer.data.tracks_file import TrackStore

    frames = frames_of(clip, video)
    tracks = TrackStore().get(video.digest, frames)
    if tracks is None:
        return None
    import_scipy()
    tracks.check_video(video)
    if not tracks.tracks:
        return ShownTracks(tracks, motion_curves(tracks))
    own_measures = measure_stored_tracks(tracks, frames)
    other_measures = []
    for other_clip, other_video in others:
        token.check()
        measures = load_measures(other_clip, other_video)
        if measures is not None:
            other_measures.append(measures)
    return ShownTracks(tracks, motion_curves(tracks), own_measures, compare_measures(own_measures, other_measures))


def _load_usable_tracks(clip: VideoClip, video: VideoInfo) -> TrackSet | None:
    """Return the stored tracks of a video in the list, or None without usable tracks."""
    from skillviewer.data.tracks_file import TrackStore

    try:
        tracks = TrackStore().get_readable(video.digest, frames_of(clip, video))
    except (DatasetError, SkillViewerError, OSError):
        return None
    if tracks is None or not tracks.tracks or not tracks.fits(video):
        return None
    return tracks


def load_curves(clip: VideoClip, video: VideoInfo) -> "MotionCurves | None":
    """Return the curves of a video in the list; None if nothing moves."""
    from skillviewer.core.kinematics.motion_curves import motion_curves

    tracks = _load_usable_tracks(clip, video)
    if tracks is None:
        return None
    import_scipy()
    curves = motion_curves(tracks)
    return curves if curves.curves else None


def load_measures(clip: VideoClip, video: VideoInfo) -> "VideoMeasures | None":
    """Return the measures of a video in the list, or None without usable tracks (opening it shows the error)."""
    from skillviewer.data.measures_file import measure_stored_tracks

    tracks = _load_usable_tracks(clip, video)
    if tracks is None:
        return None
    import_scipy()
    try:
        return measure_stored_tracks(tracks, frames_of(clip, video))
    except (DatasetError, SkillViewerError, OSError):
        return None


def load_summary(clip: VideoClip, video: VideoInfo) -> "MotionSummary | None":
    """Return the summary of the motion of a video in the list, or None without usable tracks."""
    from skillviewer.core.kinematics.motion_summary import summarise_motion

    measures = load_measures(clip, video)
    return None if measures is None else summarise_motion(measures)
