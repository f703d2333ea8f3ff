"""Search for hands in many videos: a unit is a video or a clip, and its tracks are saved with the video."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from skillviewer.core.errors import VideoError
from skillviewer.core.hashing import CONFIG
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.tracks.tracks import TrackMethod, TrackSet
from skillviewer.core.video.clips import frame_range, range_frames
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.hand_detections_file import discard_detections
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.scoring.units import ScoringUnit
from skillviewer.engine.tracking.hand_tracker import HandModel, HandNetworks
from skillviewer.engine.tracking.track_hands import HandProgress, HandSearch, track_hands
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.configuration import CheckpointConfig
from skillviewer.nets.model_card import decode_part, read_part


@dataclass(frozen=True, slots=True)
class HandJob:
    """Settings that all units of a run share.

    Attributes:
        search: Frames and networks.
        sampled_by: Checkpoint whose sampled frames are searched instead of those of ``search``, or None.
        device: Name of the device, or "auto".
        force: Whether to search again and replace tracks of hands.
    """

    search: HandSearch
    sampled_by: Path | None = None
    device: str = "auto"
    force: bool = False


@lru_cache(maxsize=1)
def open_networks(model: HandModel, device: str) -> HandNetworks:
    """Return the networks of this process, which stay loaded for all units.

    Raises:
        CheckpointError: The networks are missing or damaged.
        DeviceError: The device is not there.
    """
    return HandNetworks(model, str(choose_device(device)))


def search_of(job: HandJob, video: VideoInfo, unit: ScoringUnit) -> tuple[HandSearch, range]:
    """Return the settings for one video, and the frames of its clip.

    Raises:
        DatasetError: The clip lies outside the video.
        CheckpointError: The model that samples the frames cannot be used.
    """
    clip_range = unit.clip_range if unit.ends_s is None else frame_range(video, *unit.ends_s)
    frames = range_frames(clip_range, video)
    if job.sampled_by is None:
        return job.search, frames
    config = decode_part(job.sampled_by / CONFIG, read_part(job.sampled_by, CONFIG), CheckpointConfig)
    sampled_frames = sampling_of(video, config.preprocessing, 1, clip_range).frames
    sampled_indices = sampled_frames.ravel().tolist()
    unique_frames = sorted(set(sampled_indices))
    return replace(job.search, frames=tuple(unique_frames)), frames


def track_unit(
    job: HandJob,
    unit: ScoringUnit,
    token: CancelToken,
    report: Report,
    show: Callable[[HandProgress], None] | None = None,
) -> TrackSet:
    """Find the hands of one video and save their tracks; tracks with the same settings are not made again.

    Args:
        job: Settings of the run.
        unit: The video or clip.
        token: Cancelled to stop; the same unit continues later.
        report: Receives every frame.
        show: Receives the tracks so far, now and then.

    Returns:
        All tracks of the video or clip, also of other objects.

    Raises:
        VideoError: The file cannot be read, or has other tracks of hands already.
        DatasetError: The clip lies outside the video.
        CheckpointError: The networks are missing or damaged.
        DeviceError: The device is missing.
        ExportError: The tracks cannot be written.
    """
    store = TrackStore()
    with VideoReader(unit.path, token, cache_bytes=0) as reader:
        video = reader.read_info(token)
        search, frames = search_of(job, video, unit)
        stored_range = frames if len(frames) < video.n_frames else None
        saved_tracks = store.get(video.digest, stored_range)
        if saved_tracks is None:
            saved_tracks = TrackSet.of_video(video, frames)
        hands = [track for track in saved_tracks.hands if track.method is TrackMethod.HAND_NETWORK]
        if hands and not job.force:
            if hands[0].made_by == search.text:
                return saved_tracks
            raise VideoError(
                f"{unit.path.name} has tracks of hands already ({hands[0].made_by}): keep them, or replace them "
                "(--force)."
            )

        def report_frame(progress: Progress) -> None:
            report(replace(progress, value=None))

        networks = open_networks(search.model, job.device)
        hand_tracks = track_hands(reader, networks, search, frames, token, report_frame, show)
    tracks = saved_tracks.without([track.name for track in hands]).with_tracks(hand_tracks.tracks)
    store.put(tracks)
    discard_detections(video.digest)
    return tracks
