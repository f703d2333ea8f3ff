"""Facts on each video that an evaluation needs before any features: file, picture and sampled frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, Report, one_by_one
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.media.reading.reader import VideoReader


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """Facts on one video."""

    digest: str  # SHA-256 of the file; for a range of a file followed by "[start:stop]"
    size_px: tuple[int, int]  # width and height of the picture
    frames: tuple[int, ...]  # N sampled frame indices of the first pass
    times_s: tuple[float, ...]  # presentation times of these frames, in seconds from the first frame of the attempt
    part: tuple[int, int] | None = None  # (start, stop), the range of frames in the file; None for the whole file
    info: VideoInfo | None = field(default=None, compare=False)  # facts on the file
    crop: MapRect | None = None  # part of the picture that a model sees, or None for the whole picture

    @property
    def file_digest(self) -> str:
        """SHA-256 of the file."""
        return self.digest.partition("[")[0]

    def shares_frames(self, other: "VideoFacts") -> bool:
        """Return True if two videos have frames in common; names of files are ignored."""
        if self.file_digest != other.file_digest:
            return False
        if self.part is None or other.part is None:
            return True
        return max(self.part[0], other.part[0]) < min(self.part[1], other.part[1])


def files_of(dataset: Dataset) -> list[tuple[str, Path]]:
    """Return (name, file) of every video that has a file; videos may be ranges of one file (``clip_ranges_of``)."""
    return [(video.name, video.path) for video in dataset.videos if video.path is not None]


def clip_ranges_of(dataset: Dataset) -> dict[str, ClipRange]:
    """Return the range in the file of every video that is not a whole file, by name of video."""
    return {video.name: video.clip_range for video in dataset.videos if video.clip_range is not None}


def facts_of(
    dataset: Dataset, preprocessing: Preprocessing, token: CancelToken, report: Report
) -> tuple[dict[str, VideoFacts], list[str]]:
    """Open every video of a data set; return facts by name, and a sentence for each video that cannot be read."""
    files = files_of(dataset)
    clip_ranges = clip_ranges_of(dataset)
    facts: dict[str, VideoFacts] = {}
    problems = []
    for name, path in one_by_one("opening videos", files, report):
        token.check()
        try:
            with VideoReader(path, token) as reader:
                info = reader.describe(token)
            sampling = sampling_of(info, preprocessing, 1, clip_ranges.get(name))
        except SkillViewerError as error:
            problems.append(f"{name}: {error}" if name in clip_ranges else str(error))
            continue
        frames = sampling.frames[0]
        times_s = info.times_s[frames] - info.times_s[sampling.timeline[0]]
        range_suffix = "" if sampling.part is None else "[{}:{}]".format(*sampling.part)
        facts[name] = VideoFacts(
            info.digest + range_suffix,
            (info.width_px, info.height_px),
            tuple(frames.tolist()),
            tuple(times_s.tolist()),
            sampling.part,
            info,
            sampling.crop,
        )
    return facts, problems


def shared_frames(facts: Mapping[str, VideoFacts], fold: Fold) -> tuple[str, str] | None:
    """Return a held-out video and a training video that show the same frames, or None."""
    by_file: dict[str, list[str]] = {}
    for name in fold.train_videos:
        by_file.setdefault(facts[name].file_digest, []).append(name)
    for name in fold.held_out_videos:
        for other in by_file.get(facts[name].file_digest, ()):
            if facts[name].shares_frames(facts[other]):
                return name, other
    return None


def time_store(facts: Mapping[str, VideoFacts]) -> FeatureStore:
    """Return times instead of features: one pass for each video, (N, 1, 1, 1) float32, seconds from the first frame."""
    return {
        name: [np.array(video_facts.times_s, np.float32)[:, None, None, None]] for name, video_facts in facts.items()
    }
