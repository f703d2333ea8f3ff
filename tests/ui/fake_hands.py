"""A fake search for hands: two hands that circle with the disc of the fake pictures."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.tracks.hand_points import HAND_POINTS
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackMethod, TrackSet
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.tracking.hand_units import HandJob
from skillviewer.engine.tracking.track_hands import HandCost, HandProgress

SHAPE = np.random.default_rng(5).uniform(-12, 12, (21, 2)).astype(np.float32)
SHAPE[0], SHAPE[9] = (0, 14), (0, -14)


def hand(video: VideoInfo, side: Side, n_searched: int | None = None, gap: range = range(0)) -> Track:
    """Return a hand that goes around; frames from ``n_searched`` on were not searched, and it is away in a gap."""
    n = video.n_frames
    angle = np.arange(n) * 0.07 + (0 if side is Side.LEFT else np.pi)
    reach = np.array([video.width_px, video.height_px]) * [0.3, 0.25]
    centre = np.array([video.width_px, video.height_px]) / 2
    path = centre + reach * np.stack([np.cos(angle), np.sin(1.3 * angle)], axis=1)
    xy = (path[:, None] + SHAPE).astype(np.float32)
    states = np.full(n, FrameState.FOUND, dtype=np.uint8)
    states[n_searched if n_searched is not None else n :] = FrameState.UNSEARCHED
    states[gap.start : gap.stop] = FrameState.ABSENT
    found = states == FrameState.FOUND
    xy[~found] = np.nan
    presence = np.repeat(found[:, None], 21, axis=1).astype(np.float32)
    name = f"{side} hand"
    return Track(name, HAND_POINTS, xy, presence, states, TrackKind.HAND, side, TrackMethod.HAND_NETWORK, "fake")


def hands(video: VideoInfo, n_searched: int | None = None, gap: range = range(0)) -> TrackSet:
    """Return a left and a right hand of a video."""
    tracks = (hand(video, Side.LEFT, n_searched), hand(video, Side.RIGHT, n_searched, gap))
    return TrackSet.of_video(video, tracks=tracks)


@dataclass
class FakeHandFinder:
    """Finds the hands of fake videos.

    Attributes:
        info: Facts about a video.
        empty: Stems of videos without hands.
        hold_at: Frame at which a search waits until ``go`` is set, or -1.
        found: Videos that were searched, in order.
        left_at: Frames that a stopped search has looked at, by video.
    """

    info: Callable[..., VideoInfo]
    empty: set[str] = field(default_factory=set)
    hold_at: int = -1
    go: threading.Event = field(default_factory=threading.Event)
    found: list[VideoClip] = field(default_factory=list)
    left_at: dict[VideoClip, int] = field(default_factory=dict)

    def cost(self, _job: HandJob, _video: VideoInfo, _token: CancelToken) -> HandCost:
        return HandCost(0.02, 0.05)

    def n_frames(self, job: HandJob, video: VideoInfo, _clip: VideoClip) -> int:
        return len(job.search.frames_of(range(video.n_frames)))

    def unfinished(self, _job: HandJob, video: VideoInfo, clip: VideoClip) -> HandProgress | None:
        done = self.left_at.get(clip, 0)
        return HandProgress(done, video.n_frames, hands(video, done)) if done else None

    def find(
        self, job: HandJob, clip: VideoClip, token: CancelToken, report: Report, show: Callable[[HandProgress], None]
    ) -> TrackSet:
        video = self.info(clip.path)
        if clip.path.stem.startswith("broken"):
            raise VideoError(f"{clip.path.name} is damaged.")
        for frame in range(self.left_at.get(clip, 0), video.n_frames):
            self.left_at[clip] = frame
            if frame == self.hold_at:
                show(HandProgress(frame, video.n_frames, hands(video, frame)))
                while not self.go.wait(0.005):
                    token.check()
            token.check()
            report(Progress("looking for hands", frame + 1, video.n_frames))
        self.left_at.pop(clip)
        self.found.append(clip)
        made = hands(video, gap=range(30, 45))
        if clip.path.stem in self.empty:
            made = made.with_tracks([track.cleared(slice(0, None)) for track in made.tracks])
        kept = TrackStore().get(video.digest)
        if kept is not None and not job.force:
            made = kept.with_tracks(made.tracks)
        TrackStore().put(made)
        return made

    def close(self) -> None:
        pass
