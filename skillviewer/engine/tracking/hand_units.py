"""Search for hands in many videos: one unit is a video or a clip; the tracks are kept with the video."""

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
        sampled_by: Checkpoint whose sampled frames alone are searched, or None for those of ``search``.
        device: Device, or "auto".
        force: Whether to search again, and to replace other tracks of hands.
    """

    search: HandSearch
    sampled_by: Path | None = None
    device: str = "auto"
    force: bool = False


@lru_cache(maxsize=1)
def open_networks(model: HandModel, device: str) -> HandNetworks:
    """Return the networks of this process, which stay loaded from one unit to the next.

    Raises:
        CheckpointError: They are missing or damaged.
        DeviceError: The device is not there.
    """
    return HandNetworks(model, str(choose_device(device)))


def search_of(job: HandJob, video: VideoInfo, unit: ScoringUnit) -> tuple[HandSearch, range]:
    """Return the settings for one video, and the frames of its clip.

    Raises:
        DatasetError: The clip lies outside the video.
        CheckpointError: The model whose frames are wanted cannot be used.
    """
    clip_range = unit.clip_range if unit.ends_s is None else frame_range(video, *unit.ends_s)
    frames = range_frames(clip_range, video)
    if job.sampled_by is None:
        return job.search, frames
    config = decode_part(job.sampled_by / CONFIG, read_part(job.sampled_by, CONFIG), CheckpointConfig)
    preprocessing = config.preprocessing
    sampled = sampling_of(video, preprocessing, 1, clip_range).frames
    return replace(job.search, frames=tuple(sorted(set(sampled.ravel().tolist())))), frames


def track_unit(
    job: HandJob,
    unit: ScoringUnit,
    token: CancelToken,
    report: Report,
    show: Callable[[HandProgress], None] | None = None,
) -> TrackSet:
    """Find the hands of one video and keep the tracks with it; tracks of the same settings are not made again.

    Args:
        job: Settings of the run.
        unit: The video or clip.
        token: Raise it to stop; the same unit goes on later from there.
        report: Receives every frame.
        show: Given the tracks so far, now and then.

    Returns:
        All tracks of the video or clip, those of other objects included.

    Raises:
        VideoError: The file cannot be read, or has other tracks of hands already.
        DatasetError: The clip lies outside the video.
        CheckpointError: The networks are missing or damaged.
        DeviceError: The device is missing.
        ExportError: The tracks cannot be written.
    """
    store = TrackStore()
    with VideoReader(unit.path, token, cache_bytes=0) as reader:
        video = reader.describe(token)
        search, frames = search_of(job, video, unit)
        saved = store.get(video.digest, frames if len(frames) < video.n_frames else None)
        saved = TrackSet.of_video(video, frames) if saved is None else saved
        hands = [track for track in saved.hands if track.method is TrackMethod.HAND_NETWORK]
        if hands and not job.force:
            if hands[0].made_by == search.text:
                return saved
            raise VideoError(
                f"{unit.path.name} has tracks of hands already ({hands[0].made_by}): keep them, or replace them "
                "(--force)."
            )

        def frame_done(progress: Progress) -> None:
            report(replace(progress, value=None))

        networks = open_networks(search.model, job.device)
        hand_search = track_hands(reader, networks, search, frames, token, frame_done, show)
    tracks = saved.without([track.name for track in hands]).with_tracks(hand_search.tracks)
    store.put(tracks)
    discard_detections(video.digest)
    return tracks
