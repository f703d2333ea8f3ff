"""Sentences on the motion in a video for its report, among the videos of its study."""

from collections.abc import Sequence

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.kinematics.compared_measures import compare_measures
from skillviewer.core.kinematics.measures import VideoMeasures
from skillviewer.core.video.clips import FrameRange, range_frames
from skillviewer.data.measures_file import measure_stored_tracks
from skillviewer.data.study import StudyVideo
from skillviewer.data.tracks_file import TrackStore


def motion_sentences(analysis: Analysis, others: Sequence[StudyVideo] = ()) -> tuple[str, ...]:
    """Return a sentence on every tracked hand or point of a video; none without tracks.

    Args:
        analysis: Analysis of the video.
        others: Comparable videos, without the video itself; those with tracks count.

    Raises:
        VideoError: The file of tracks cannot be read, or was made in another video.
    """
    store = TrackStore()
    frames = None if analysis.clip_range is None else range_frames(analysis.clip_range, analysis.video)
    tracks = store.get(analysis.video.digest, frames)
    if tracks is None or not tracks.tracks:
        return ()
    tracks.check_video(analysis.video)
    other_measures = [measures for other in others if (measures := _measures_of(other, store)) is not None]
    compared = compare_measures(measure_stored_tracks(tracks, frames), other_measures)
    return tuple(
        f"{each.text} It was seen in {100 * each.motion.measures[0].share_seen:.0f} % of the searched frames."
        for each in compared
        if each.text
    )


def _measures_of(video: StudyVideo, store: TrackStore) -> VideoMeasures | None:
    """Return the measures of a video of the study; None without tracks, or if its part is stated in seconds."""
    part = video.clip_range
    if not video.digest or not (part is None or isinstance(part, FrameRange)):
        return None
    frames = None if part is None else range(part.start_frame, part.stop_frame)
    tracks = store.get_readable(video.digest, frames)
    return None if tracks is None or not tracks.tracks else measure_stored_tracks(tracks, frames)
