"""The search for hands on behalf of the window: cost, search, and what an earlier search has left."""

from collections.abc import Callable
from pathlib import Path

from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.scoring.units import ScoringUnit
from skillviewer.engine.tracking.hand_units import HandJob, open_networks, search_of, track_unit
from skillviewer.engine.tracking.track_hands import HandCost, HandProgress, measured_cost, unfinished_search


class HandFinder:
    """Finds hands; its networks stay loaded. It has one owner and is not thread-safe."""

    def __init__(self) -> None:
        self._costs: dict[tuple[object, ...], HandCost] = {}

    def cost(self, job: HandJob, video: VideoInfo) -> HandCost:
        """Return the time for one frame of a video on this computer; measured once for each size of picture.

        Raises:
            CheckpointError: The networks are missing or damaged.
        """
        key = (job.search.model, job.device, video.width_px, video.height_px)
        if key not in self._costs:
            networks = open_networks(job.search.model, job.device)
            self._costs[key] = measured_cost(networks, video.width_px, video.height_px)
        return self._costs[key]

    def n_frames(self, job: HandJob, video: VideoInfo, clip: VideoClip) -> int:
        """Return the number of frames that a search looks at.

        Raises:
            DatasetError: The clip lies outside the video.
            CheckpointError: The model whose frames are wanted cannot be used.
        """
        search, frames = search_of(job, video, ScoringUnit(clip.path, clip.clip_range))
        return len(search.searched(frames))

    def unfinished(self, job: HandJob, video: VideoInfo, clip: VideoClip) -> HandProgress | None:
        """Return the state of a search that was stopped, or None."""
        search, frames = search_of(job, video, ScoringUnit(clip.path, clip.clip_range))
        return unfinished_search(video, search, frames)

    def find(
        self, job: HandJob, clip: VideoClip, token: CancelToken, report: Report, show: Callable[[HandProgress], None]
    ) -> TrackSet:
        """Find the hands of a video and keep the tracks with it; raises the errors of ``track_unit``."""
        return track_unit(job, ScoringUnit(Path(clip.path), clip.clip_range), token, report, show)

    def close(self) -> None:
        """Release the networks."""
        open_networks.cache_clear()
