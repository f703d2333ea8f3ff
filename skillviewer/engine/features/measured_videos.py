"""Measures of the videos of a data set at their sampled frames, from tracks or from ``measures.csv``."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.arrays import Float32Array, FloatArray
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import DatasetError, SkillViewerError
from skillviewer.core.kinematics.crop import missing_tracks_text
from skillviewer.core.kinematics.motion_numbers import motion_numbers
from skillviewer.core.progress import CancelToken, Report, one_by_one
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.data.tables.reference import read_references
from skillviewer.data.tables.regions import Regions, read_regions
from skillviewer.data.tracks.placing import Placement, place_tracks
from skillviewer.data.tracks.raw_tracks import RawTracks
from skillviewer.data.tracks.region_points import region_tracks
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.features.feature_store import MappedStore
from skillviewer.engine.features.video_facts import VideoFacts, facts_of
from skillviewer.nets.number_inputs import N_MEASURES


@dataclass(frozen=True, slots=True)
class MeasuredVideos:
    """Measures of every video at its sampled frames."""

    measure_names: tuple[str, ...]  # at most ``N_MEASURES``
    values: Mapping[str, Float32Array]  # (N, 64) float32 by video; NaN where a measure is unknown
    source_problems: tuple[str, ...] = ()  # sentences on tracks that cannot be read, and on measures that are not used
    missing_warning: str = ""  # sentence on videos without measures, or ""

    @property
    def problems(self) -> tuple[str, ...]:
        """All problems, one sentence each."""
        return (*self.source_problems, self.missing_warning) if self.missing_warning else self.source_problems

    @property
    def digest(self) -> str:
        """SHA-256 of the names and values of the measures."""
        digest = hashlib.sha256("\n".join(self.measure_names).encode())
        for video, values in sorted(self.values.items()):
            digest.update(video.encode() + b"\0" + values.tobytes())
        return digest.hexdigest()

    def restrict(self, dataset: Dataset) -> tuple[Dataset, "MeasuredVideos"]:
        """Return the videos of a data set that have measures at their last frame, and these measures.

        The problems of the returned measures name the videos that were left out.
        """
        unmeasured = [name for name, values in self.values.items() if not np.isfinite(values[-1]).any()]
        warning = ""
        if unmeasured:
            counts_text = f"{len(unmeasured)} of {len(self.values)} videos are left out, {unmeasured[0]} for one."
            warning = f"{counts_text} {missing_tracks_text()}"
        measured_names = self.values.keys() - set(unmeasured)
        names = [name for name in dataset.names if name in measured_names]
        values = {name: self.values[name] for name in names}
        return dataset.restricted(names), replace(self, values=values, missing_warning=warning)

    def numbers_of(self, name: str) -> dict[str, FloatArray]:
        """Return every measure of a video up to each sampled frame, (N,) float64 by name of the measure."""
        table = self.values[name].astype(np.float64)
        return {measure: table[:, column] for column, measure in enumerate(self.measure_names)}

    def store(self) -> MappedStore:
        """Return the measures as features: one pass for each video, (N, 64, 1, 1)."""
        return MappedStore({name: [values[:, :, None, None]] for name, values in self.values.items()})


def instrument_measures(dataset: Dataset, facts: Mapping[str, VideoFacts]) -> MeasuredVideos:
    """Return the measures of ``measures.csv``. They describe whole videos, so they are known at the last frame only.

    Raises:
        DatasetError: The data set has no measures.
    """
    if not dataset.instruments:
        raise DatasetError(
            f"{dataset.name} has no numbers for the model measures: put measures.csv (video, and columns of numbers) "
            "next to pairs.csv."
        )
    columns: dict[str, dict[str, FloatArray]] = {name: {} for name in facts}
    for measure in dataset.instruments:
        for name, value in measure.values:
            if name in columns:
                column = np.full(len(facts[name].frames), math.nan)
                column[-1] = value
                columns[name][measure.name] = column
    return _build_tables(columns, facts, "measures.csv")


def measure_tracks(
    dataset: Dataset, facts: Mapping[str, VideoFacts], token: CancelToken, report: Report
) -> MeasuredVideos:
    """Return measures of the tracks of every video, or of its points in ``regions.csv`` if it has no tracks.

    A video whose tracks cannot be read has no measures; a sentence among the problems names the file.

    Raises:
        DatasetError: No video has tracks.
    """
    regions = None if dataset.regions_path is None else read_regions(dataset.regions_path, dataset.names)
    references = {} if dataset.reference_path is None else read_references(dataset.reference_path, dataset.names)
    columns: dict[str, dict[str, FloatArray]] = {name: {} for name in facts}
    unreadable = []
    for name, video_facts in one_by_one("measuring tracks", list(facts.items()), report):
        token.check()
        try:
            tracks = _tracks_of(name, video_facts, regions)
        except SkillViewerError as error:
            unreadable.append(str(error))
            continue
        if tracks is not None:
            reference = references.get(name, tracks.reference)
            columns[name] = motion_numbers(tracks, video_facts.frames, reference)
    if not any(columns.values()):
        raise DatasetError(
            f"No video of {dataset.name} has tracks for the model kinematics: import them (skillviewer tracks import), "
            "or put regions.csv with points next to pairs.csv."
        )
    measured_videos = _build_tables(columns, facts, "its tracks")
    return replace(measured_videos, source_problems=(*unreadable, *measured_videos.source_problems))


def measured_dataset(
    dataset: Dataset, preprocessing: Preprocessing, token: CancelToken, report: Report
) -> tuple[Dataset, MeasuredVideos, list[str]]:
    """Return the videos of a data set that have measures of tracks, these measures, and all problems.

    Each problem is a sentence on videos or tracks that cannot be read, on videos that are left out, or on measures that
    are not used.

    Raises:
        DatasetError: No video has tracks.
    """
    facts, problems = facts_of(dataset, preprocessing, token, report)
    all_measured = measure_tracks(dataset, facts, token, report)
    restricted_dataset, measured_videos = all_measured.restrict(dataset)
    return restricted_dataset, measured_videos, [*problems, *measured_videos.problems]


def has_tracks(dataset: Dataset, facts: Mapping[str, VideoFacts]) -> bool:
    """Return True if the data set has points, or one of its videos has stored tracks."""
    if dataset.regions_path is not None:
        return True
    store = TrackStore()
    return any(store.files(video_facts.file_digest) for video_facts in facts.values())


def _tracks_of(name: str, facts: VideoFacts, regions: Regions | None) -> TrackSet | None:
    """Return the stored tracks of a video, or else its regions as tracks; None if it has neither."""
    if facts.info is None:
        return None
    frames = None if facts.part is None else range(*facts.part)
    stored_tracks = TrackStore().get(facts.file_digest, frames)
    if stored_tracks is not None:
        return stored_tracks
    video_regions = {} if regions is None else regions.of(name)
    if not video_regions:
        return None
    raw_tracks = RawTracks(tuple(region_tracks(video_regions)), every_frame_searched=True)
    first_frame = 0 if frames is None else frames.start
    placement = Placement(first_frame=first_frame)
    placed = place_tracks(raw_tracks, facts.info, placement, source="regions.csv", tool="regions.csv")
    return placed.tracks if frames is None else placed.tracks.within(frames)


def _build_tables(
    columns: Mapping[str, Mapping[str, FloatArray]], facts: Mapping[str, VideoFacts], source: str
) -> MeasuredVideos:
    """Return the ``N_MEASURES`` most common measures as a table for each video, the most common first."""
    n_videos_by_measure: Counter[str] = Counter()
    for measures in columns.values():
        n_videos_by_measure.update(measures.keys())
    by_frequency = sorted(n_videos_by_measure)
    by_frequency.sort(key=lambda measure: -n_videos_by_measure[measure])  # equal numbers stay in the order of names
    measure_names = tuple(by_frequency[:N_MEASURES])
    source_problems = []
    if len(by_frequency) > N_MEASURES:
        source_problems.append(
            f"There are {len(by_frequency)} measures in {source}. Only the {N_MEASURES} that most videos have are used."
        )
    missing = [name for name, measures in columns.items() if not measures]
    missing_warning = ""
    if missing:
        counts_text = f"{len(missing)} of {len(columns)} videos"
        missing_warning = f"{counts_text} have no measures in {source} ({missing[0]}); they count as average."
    values = {}
    for name, measures in columns.items():
        table = np.full((len(facts[name].frames), N_MEASURES), np.nan, dtype=np.float32)
        for column, measure in enumerate(measure_names):
            if measure in measures:
                table[:, column] = measures[measure]
        values[name] = table
    return MeasuredVideos(measure_names, values, tuple(source_problems), missing_warning)
