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
from skillviewer.engine.features.decoding_pace import record_opening
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.engine.runtime.pace import PaceTimer
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
        start, stop = self.part
        other_start, other_stop = other.part
        return max(start, other_start) < min(stop, other_stop)


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
    timer = PaceTimer()
    for name, path in one_by_one("opening videos", files, report):
        token.check()
        try:
            with VideoReader(path, token) as reader:
                info = reader.read_info(token)
            sampling = sampling_of(info, preprocessing, 1, clip_ranges.get(name))
        except SkillViewerError as error:
            problem = f"{name}: {error}" if name in clip_ranges else str(error)
            problems.append(problem)
            continue
        frames = sampling.frames[0]
        times_s = info.times_s[frames] - info.times_s[sampling.timeline[0]]
        range_suffix = "" if sampling.part is None else "[{}:{}]".format(*sampling.part)
        facts[name] = VideoFacts(
            digest=info.digest + range_suffix,
            size_px=(info.width_px, info.height_px),
            frames=tuple(frames.tolist()),
            times_s=tuple(times_s.tolist()),
            part=sampling.part,
            info=info,
            crop=sampling.crop,
        )
    if facts:
        record_opening(dataset, timer)
    return facts, problems


def shared_frames(facts: Mapping[str, VideoFacts], fold: Fold) -> tuple[str, str] | None:
    """Return a held-out video and a training video that show the same frames, or None."""
    train_names_by_file: dict[str, list[str]] = {}
    for train_name in fold.train_videos:
        digest = facts[train_name].file_digest
        train_names_by_file.setdefault(digest, []).append(train_name)
    for held_out_name in fold.held_out_videos:
        held_out_facts = facts[held_out_name]
        for train_name in train_names_by_file.get(held_out_facts.file_digest, ()):
            if held_out_facts.shares_frames(facts[train_name]):
                return held_out_name, train_name
    return None


def time_store(facts: Mapping[str, VideoFacts]) -> FeatureStore:
    """Return times instead of features: one pass for each video, (N, 1, 1, 1) float32, seconds from the first frame."""
    store = {}
    for name, video_facts in facts.items():
        times_s = np.array(video_facts.times_s, np.float32)
        store[name] = [times_s[:, None, None, None]]
    return store
