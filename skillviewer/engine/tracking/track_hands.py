"""Search for hands in the frames of a video, which can be stopped and continued."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skillviewer.core.hashing import values_sha256
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.tracks.hand_detections import FrameHands
from skillviewer.core.tracks.hand_linking import LINK_S, hand_tracks
from skillviewer.core.tracks.hand_regions import HandRegion
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.hand_detections_file import detections_path, load_detections, save_detections
from skillviewer.engine.tracking.hand_tracker import HandModel, HandNetworks, HandTracker
from skillviewer.media.reading.reader import VideoReader

SAVE_S = 20.0
"""Seconds between two savings of the detections: a killed process loses no more work."""

SHOW_S = 0.5
"""Least number of seconds between two reports of the tracks so far."""

_VERSION = 1
"""Number of the method: a search does not continue from detections of another number."""


@dataclass(frozen=True, slots=True)
class HandSearch:
    """Settings of a search for hands.

    Attributes:
        model: Size of the networks.
        every: 1 to search every frame of the range, 2 to search every second one, and so on.
        frames: Ascending frames of the file to search instead, or None.
        max_hands: Greatest number of hands in a frame.
    """

    model: HandModel = HandModel.FULL
    every: int = 1
    frames: tuple[int, ...] | None = None
    max_hands: int = 2

    def frames_of(self, frame_range: range) -> Sequence[int]:
        """Return the frames to search in a range of frames of the file."""
        if self.frames is None:
            return frame_range[:: self.every]
        return [frame for frame in self.frames if frame in frame_range]

    @property
    def text(self) -> str:
        """Networks and settings as text, as stored with tracks."""
        if self.frames is not None:
            frames_text = "sampled frames"
        else:
            frames_text = "every frame" if self.every == 1 else f"every {self.every}. frame"
        return f"MediaPipe Hands {self.model}, {frames_text}, {self.max_hands} hands at most"


@dataclass(frozen=True, slots=True)
class HandCost:
    """Time for one frame on this computer, measured with a picture of the video's size."""

    least_s: float  # seconds for a frame without hands or with two followed hands, whichever is shorter
    most_s: float  # seconds for a frame with one followed hand, in which a second is searched

    def text(self, n_frames: int) -> str:
        """Return a sentence about the time for some frames: "3000 frames take 1 to 3 minutes (22 to 50 ms each)."."""
        total_least_s = self.least_s * n_frames
        total_most_s = self.most_s * n_frames
        unit, unit_s = ("minutes", 60) if total_most_s >= 90 else ("seconds", 1)
        total = f"{total_least_s / unit_s:.2g} to {total_most_s / unit_s:.2g} {unit}"
        return f"{n_frames} frames take {total} ({1000 * self.least_s:.0f} to {1000 * self.most_s:.0f} ms each)."


def measure_cost(networks: HandNetworks, width_px: int, height_px: int) -> HandCost:
    """Return the time for one frame, by the fastest of three runs of each network on a grey picture."""
    picture = np.full((height_px, width_px, 3), 128, np.uint8)
    region = HandRegion(width_px / 2, height_px / 2, height_px / 2, 0.0)

    def fastest_s(run: Callable[[], object]) -> float:
        run()  # the first run prepares the libraries
        durations_s = []
        for _ in range(3):
            started_s = time.perf_counter()
            run()
            durations_s.append(time.perf_counter() - started_s)
        return min(durations_s)

    palms_s = fastest_s(lambda: networks.find_palms(picture, 2))
    hand_s = fastest_s(lambda: networks.find_landmarks(picture, [region]))
    return HandCost(min(palms_s, 2 * hand_s), palms_s + hand_s)


@dataclass(frozen=True, slots=True)
class HandProgress:
    """State of a search for hands.

    Attributes:
        n_done: Number of frames that were searched.
        n_frames: Number of frames to search.
        tracks: Tracks of the frames so far; other frames count as not searched.
    """

    n_done: int
    n_frames: int
    tracks: TrackSet


@dataclass(slots=True)
class _Search:
    """State of a search in one video, with the detections of an earlier search with the same settings."""

    search: HandSearch
    no_tracks: TrackSet  # the video without tracks
    frames: Sequence[int]  # frames to search
    path: Path  # file of the detections
    detections: list[FrameHands]  # hands in the frames so far

    @classmethod
    def load(cls, video: VideoInfo, search: HandSearch, frame_range: range | None) -> "_Search":
        no_tracks = TrackSet.of_video(video, frame_range)
        frames = search.frames_of(no_tracks.frames)
        key = values_sha256(_VERSION, search.model, search.every, search.frames, search.max_hands, list(frames[:1]))
        path = detections_path(video.digest, f"{no_tracks.frames.start}-{no_tracks.frames.stop}.{key[:16]}")
        detections = load_detections(path)
        if [hands.frame for hands in detections] != list(frames[: len(detections)]):
            detections = []
        return cls(search, no_tracks, frames, path, detections)

    def tracks(self) -> TrackSet:
        """Return the tracks of the frames so far."""
        tracks = hand_tracks(self.detections, self.no_tracks, self.search.text, self.search.max_hands)
        return self.no_tracks.with_tracks(tracks)

    def progress(self) -> HandProgress:
        return HandProgress(len(self.detections), len(self.frames), self.tracks())


def unfinished_search(video: VideoInfo, search: HandSearch, frames: range | None = None) -> HandProgress | None:
    """Return the state of a search that was stopped, or None if there is none."""
    state = _Search.load(video, search, frames)
    return state.progress() if state.detections else None


def track_hands(
    reader: VideoReader,
    networks: HandNetworks,
    search: HandSearch,
    frames: range | None = None,
    token: CancelToken = NEVER,
    report: Report = silent,
    show: Callable[[HandProgress], None] | None = None,
) -> TrackSet:
    """Return the tracks of the hands in a video, or in a range of its frames.

    Frames that an earlier search with the same settings has searched are not searched again.

    Args:
        reader: The video.
        networks: The networks, of the size in the settings.
        search: Settings.
        frames: Range of frames of the file, or None for all.
        token: Cancelled to stop; the detections are saved, and the next call continues from them.
        report: Receives every frame, with the ``FrameHands`` of the frame as value.
        show: Receives the tracks so far, at most every half second and in a tenth of the time.

    Raises:
        VideoError: A frame cannot be decoded.
        ExportError: The detections cannot be written.
    """
    video = reader.read_info(token)
    state = _Search.load(video, search, frames)
    detections = state.detections
    tracker = HandTracker(networks, search.max_hands)
    if detections:
        tracker.follow(detections[-1].hands)
    remaining_frames = state.frames[len(detections) :]
    last_saved_s = time.monotonic()
    next_show_s = time.monotonic()
    try:
        for decoded in reader.stream(remaining_frames, token):
            token.check()
            if detections and video.times_s[decoded.index] - video.times_s[detections[-1].frame] > LINK_S:
                tracker.follow(())
            hands = FrameHands(decoded.index, tracker.step(decoded.rgb()))
            detections.append(hands)
            report(Progress("looking for hands", len(detections), len(state.frames), hands))
            now_s = time.monotonic()
            if show is not None and now_s >= next_show_s:
                show(state.progress())
                shown_s = time.monotonic()
                next_show_s = shown_s + max(SHOW_S, 9 * (shown_s - now_s))
            if now_s - last_saved_s > SAVE_S:
                save_detections(detections, state.path)
                last_saved_s = now_s
    finally:
        if remaining_frames:
            save_detections(detections, state.path)
    return state.tracks()
