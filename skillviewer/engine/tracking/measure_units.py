"""Measurement of motion in many videos: a unit is a video or a clip with tracks, and its measures are cached."""

from dataclasses import dataclass

from skillviewer.core.errors import VideoError
from skillviewer.core.kinematics.measures import LengthUnit, VideoMeasures
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import frame_range, range_frames
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.measures_file import measure_stored_tracks
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.scoring.units import ScoringUnit
from skillviewer.media.reading.reader import VideoReader


@dataclass(frozen=True, slots=True)
class MeasureJob:
    """Settings that all units of a run share.

    Attributes:
        unit: Unit of length, or None for that of each video's tracks.
        reference: Target or path in pixels, or None for that of each video's tracks.
        with_tapping: Whether to measure thumb and index finger as tapping.
    """

    unit: LengthUnit | None = None
    reference: ReferencePath | None = None
    with_tapping: bool = False


def load_saved_tracks(info: VideoInfo, frames: range | None = None) -> TrackSet:
    """Return the saved tracks of a video, or of a range of its frames.

    Raises:
        VideoError: There are no tracks, or they were made in another video.
    """
    tracks = TrackStore().get(info.digest, frames)
    if tracks is None or not tracks.tracks:
        raise VideoError(
            f"{info.path.name} has no tracks: find hands (skillviewer tracks hands {info.path}), or import tracks."
        )
    tracks.check_video(info)
    return tracks


def measure_unit(job: MeasureJob, unit: ScoringUnit, token: CancelToken, report: Report) -> VideoMeasures:
    """Measure the motion in one video; saved measures are reused.

    Raises:
        VideoError: The file cannot be read, has no tracks, or no track was seen for long enough.
        DatasetError: The clip lies outside the video.
    """
    del report  # one video is measured in a second
    with VideoReader(unit.path, token, cache_bytes=0) as reader:
        info = reader.read_info(token)
    clip_range = unit.clip_range if unit.ends_s is None else frame_range(info, *unit.ends_s)
    frames = None if clip_range is None else range_frames(clip_range, info)
    tracks = load_saved_tracks(info, frames)
    measures = measure_stored_tracks(tracks, frames, job.unit, job.reference, with_tapping=job.with_tapping)
    if not measures.motions:
        raise VideoError(f"No track of {unit.path.name} was seen for long enough to be measured.")
    return measures
