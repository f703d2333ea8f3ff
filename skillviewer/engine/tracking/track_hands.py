"""Finding of hands in a video: every frame, every second one, or chosen frames; it can be stopped and continued."""

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
"""Seconds of work that a killed process loses at most."""

SHOW_S = 0.5
"""Seconds between two views of the tracks so far."""

_VERSION = 1
"""Number of the method: detections of another one are not continued."""


@dataclass(frozen=True, slots=True)
class HandSearch:
    """Settings of a search for hands.

    Attributes:
        model: Size of the networks.
        every: 1 to look at every frame of the range, 2 at every second one, and so on.
        frames: Frames of the file to look at instead, ascending; or None.
        max_hands: Largest number of hands in a frame.
    """

    model: HandModel = HandModel.FULL
    every: int = 1
    frames: tuple[int, ...] | None = None
    max_hands: int = 2

    def searched(self, frames: range) -> Sequence[int]:
        """Return the frames to look at, of a range of frames of the file."""
        if self.frames is None:
            return frames[:: self.every]
        return [frame for frame in self.frames if frame in frames]

    @property
    def text(self) -> str:
        """Networks and settings, as a track names them."""
        rhythm = "every frame" if self.every == 1 else f"every {self.every}. frame"
        if self.frames is not None:
            rhythm = "sampled frames"
        return f"MediaPipe Hands {self.model}, {rhythm}, {self.max_hands} hands at most"


@dataclass(frozen=True, slots=True)
class HandCost:
    """Time for one frame on this computer, measured with the video's own picture size."""

    least_s: float  # seconds for a frame in which nothing is found, or both hands are followed: the smaller
    most_s: float  # seconds for a frame with one hand, in which the second is searched

    def text(self, n_frames: int) -> str:
        """Return a sentence about the time for some frames: "3000 frames take 1 to 3 minutes (22 to 50 ms each)."."""
        low_s, high_s = self.least_s * n_frames, self.most_s * n_frames
        unit, divisor = ("minutes", 60) if high_s >= 90 else ("seconds", 1)
        ends = f"{low_s / divisor:.2g} to {high_s / divisor:.2g} {unit}"
        return f"{n_frames} frames take {ends} ({1000 * self.least_s:.0f} to {1000 * self.most_s:.0f} ms each)."


def measured_cost(networks: HandNetworks, width_px: int, height_px: int) -> HandCost:
    """Return the time for one frame: the best of three runs of each network on a grey picture."""
    picture = np.full((height_px, width_px, 3), 128, np.uint8)
    region = HandRegion(width_px / 2, height_px / 2, height_px / 2, 0.0)

    def fastest(run: Callable[[], object]) -> float:
        run()  # the first run prepares the libraries
        times = []
        for _ in range(3):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return min(times)

    palms_s = fastest(lambda: networks.find_palms(picture, 2))
    hand_s = fastest(lambda: networks.find_landmarks(picture, [region]))
    return HandCost(min(palms_s, 2 * hand_s), palms_s + hand_s)


@dataclass(frozen=True, slots=True)
class HandProgress:
    """State of a search for hands.

    Attributes:
        n_done: Frames that were looked at.
        n_frames: Frames to look at.
        tracks: Tracks of the frames so far; the others count as not searched.
    """

    n_done: int
    n_frames: int
    tracks: TrackSet


@dataclass(slots=True)
class _Search:
    """A search in one video, with what an earlier one with the same settings has found."""

    search: HandSearch
    empty: TrackSet
    searched: Sequence[int]
    path: Path
    detections: list[FrameHands]

    @classmethod
    def of(cls, video: VideoInfo, search: HandSearch, frames: range | None) -> "_Search":
        empty = TrackSet.of_video(video, frames)
        searched = search.searched(empty.frames)
        key = values_sha256(_VERSION, search.model, search.every, search.frames, search.max_hands, list(searched[:1]))
        path = detections_path(video.digest, f"{empty.frames.start}-{empty.frames.stop}.{key[:16]}")
        detections = load_detections(path)
        if [hands.frame for hands in detections] != list(searched[: len(detections)]):
            detections = []
        return cls(search, empty, searched, path, detections)

    def tracks(self) -> TrackSet:
        """Return the tracks of the frames so far."""
        return self.empty.with_tracks(hand_tracks(self.detections, self.empty, self.search.text, self.search.max_hands))

    def progress(self) -> HandProgress:
        return HandProgress(len(self.detections), len(self.searched), self.tracks())


def unfinished_search(video: VideoInfo, search: HandSearch, frames: range | None = None) -> HandProgress | None:
    """Return the state of a search that was stopped, or None if none was begun."""
    state = _Search.of(video, search, frames)
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

    Frames that a search with the same settings has looked at before are not looked at again.

    Args:
        reader: The video.
        networks: The networks, of the model that the settings name.
        search: Settings.
        frames: Frames of the file, or None for all.
        token: Raise it to stop; what is found by then is kept, and the next call goes on from there.
        report: Receives every frame, with the ``FrameHands`` of the frame as its value.
        show: Given the tracks so far, about every second and for at most a tenth of the time.

    Raises:
        VideoError: A frame cannot be decoded.
        ExportError: What is found cannot be written.
    """
    video = reader.describe(token)
    state = _Search.of(video, search, frames)
    detections = state.detections
    tracker = HandTracker(networks, search.max_hands)
    tracker.follow(detections[-1].hands if detections else ())
    todo = state.searched[len(detections) :]
    last_saved = time.monotonic()
    show_next = time.monotonic()
    try:
        for decoded in reader.stream(todo, token):
            token.check()
            if detections and video.times_s[decoded.index] - video.times_s[detections[-1].frame] > LINK_S:
                tracker.follow(())
            hands = FrameHands(decoded.index, tracker.step(decoded.rgb()))
            detections.append(hands)
            report(Progress("looking for hands", len(detections), len(state.searched), hands))
            now = time.monotonic()
            if show is not None and now >= show_next:
                show(state.progress())
                show_next = time.monotonic() + max(SHOW_S, 9 * (time.monotonic() - now))
            if now - last_saved > SAVE_S:
                save_detections(detections, state.path)
                last_saved = now
    finally:
        if todo:
            save_detections(detections, state.path)
    return state.tracks()
