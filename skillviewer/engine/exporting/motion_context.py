"""Sentences on the motion in a video for its report, compared with other videos of its study."""

from collections.abc import Sequence

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.kinematics.compared_measures import compare_measures
from skillviewer.core.kinematics.measures import VideoMeasures
from skillviewer.core.video.clips import FrameRange, range_frames
from skillviewer.data.measures_file import measure_stored_tracks
from skillviewer.data.study import StudyVideo
from skillviewer.data.tracks_file import TrackStore


def motion_sentences(analysis: Analysis, others: Sequence[StudyVideo] = ()) -> tuple[str, ...]:
    """Return a sentence on every tracked hand or point of a video; () without tracks.

    Args:
        analysis: Analysis of the video.
        others: Cohort of the video; only videos with tracks are compared.

    Raises:
        VideoError: The file of tracks cannot be read, or was made in another video.
    """
    store = TrackStore()
    frames = None if analysis.clip_range is None else range_frames(analysis.clip_range, analysis.video)
    tracks = store.get(analysis.video.digest, frames)
    if tracks is None or not tracks.tracks:
        return ()
    tracks.check_video(analysis.video)
    other_measures = []
    for other in others:
        measures = _measures_of(other, store)
        if measures is not None:
            other_measures.append(measures)
    sentences = []
    for compared_motion in compare_measures(measure_stored_tracks(tracks, frames), other_measures):
        if compared_motion.text:
            seen_percent = 100 * compared_motion.motion.measures[0].share_seen
            sentences.append(f"{compared_motion.text} It was seen in {seen_percent:.0f} % of the searched frames.")
    return tuple(sentences)


def _measures_of(video: StudyVideo, store: TrackStore) -> VideoMeasures | None:
    """Return the measures of a video of the study; None if there are no tracks, or if its range is in seconds."""
    clip_range = video.clip_range
    if not video.digest or not (clip_range is None or isinstance(clip_range, FrameRange)):
        return None
    frames = None if clip_range is None else range(clip_range.start_frame, clip_range.stop_frame)
    tracks = store.get_readable(video.digest, frames)
    if tracks is None or not tracks.tracks:
        return None
    return measure_stored_tracks(tracks, frames)
