"""Search for hands for the window: its cost, the search, and the state of an unfinished search.

The networks run in a child process. In this process, their many small operators would hold Python's lock, and the
player would wait for it.
"""

from collections.abc import Callable
from functools import partial

from skillviewer.core.progress import CancelToken, Progress, Report, silent
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.runtime.processes import work_in_child_process
from skillviewer.engine.scoring.units import ScoringUnit
from skillviewer.engine.tracking.hand_units import HandJob, open_networks, search_of, track_unit
from skillviewer.engine.tracking.track_hands import HandCost, HandProgress, measure_cost, unfinished_search

PATIENCE_S = 10.0
"""Seconds after which a process that was asked to stop is killed; it saves the detections before."""


def _find_hands(job: HandJob, unit: ScoringUnit, token: CancelToken, report: Report) -> TrackSet:
    def show(progress: HandProgress) -> None:
        report(Progress("looking for hands", progress.n_done, progress.n_frames, progress))

    return track_unit(job, unit, token, report, show)


def _measure_cost(job: HandJob, size_px: tuple[int, int], token: CancelToken, _report: Report) -> HandCost:
    networks = open_networks(job.search.model, job.device)
    token.check()
    width_px, height_px = size_px
    return measure_cost(networks, width_px, height_px)


class HandFinder:
    """Finds hands in a child process. It is not thread-safe: one thread owns it."""

    def __init__(self) -> None:
        self._costs: dict[tuple[object, ...], HandCost] = {}

    def cost(self, job: HandJob, video: VideoInfo, token: CancelToken) -> HandCost:
        """Return the time for one frame of a video on this computer. It is measured once for each picture size.

        Raises:
            CheckpointError: The networks are missing or damaged.
            DeviceError: The process died.
        """
        size_px = (video.width_px, video.height_px)
        key = (job.search.model, job.device, size_px)
        if key not in self._costs:
            self._costs[key] = work_in_child_process(
                partial(_measure_cost, job), size_px, token, report=silent, patience_s=PATIENCE_S
            )
        return self._costs[key]

    def n_frames(self, job: HandJob, video: VideoInfo, clip: VideoClip) -> int:
        """Return the number of frames that are searched.

        Raises:
            DatasetError: The clip lies outside the video.
            CheckpointError: The model that samples the frames cannot be used.
        """
        search, frames = search_of(job, video, ScoringUnit(clip.path, clip.clip_range))
        return len(search.frames_of(frames))

    def unfinished(self, job: HandJob, video: VideoInfo, clip: VideoClip) -> HandProgress | None:
        """Return the state of a search that was stopped, or None."""
        search, frames = search_of(job, video, ScoringUnit(clip.path, clip.clip_range))
        return unfinished_search(video, search, frames)

    def find(
        self, job: HandJob, clip: VideoClip, token: CancelToken, report: Report, show: Callable[[HandProgress], None]
    ) -> TrackSet:
        """Find the hands of a video and save their tracks; ``show`` receives the tracks so far.

        Raises the errors of ``track_unit``, and a DeviceError if the process died.
        """

        def forward(progress: Progress) -> None:
            if isinstance(progress.value, HandProgress):
                show(progress.value)
            else:
                report(progress)

        unit = ScoringUnit(clip.path, clip.clip_range)
        return work_in_child_process(partial(_find_hands, job), unit, token, report=forward, patience_s=PATIENCE_S)

    def close(self) -> None:
        """Forget the measured times; no process outlives its work."""
        self._costs.clear()
