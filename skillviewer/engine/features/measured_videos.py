"""Measures of the videos of a data set, from tracks or from ``measures.csv``, as inputs of baseline models."""

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

    names: tuple[str, ...]  # names of the measures, at most ``N_MEASURES``
    values: Mapping[str, Float32Array]  # (N, 64) float32 by video; NaN where a measure is unknown
    problems: tuple[str, ...] = ()  # one sentence each

    @property
    def digest(self) -> str:
        """SHA-256 of names and values."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        for name in sorted(self.values):
            digest.update(name.encode() + b"\0" + self.values[name].tobytes())
        return digest.hexdigest()

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Videos without any measure at their last frame."""
        return tuple(name for name, values in self.values.items() if not np.isfinite(values[-1]).any())

    @property
    def left_out(self) -> tuple[str, ...]:
        """Sentence on the videos without measures, which a model that adds tracks leaves out; empty without any."""
        names = self.unmeasured
        if not names:
            return ()
        return (f"{len(names)} of {len(self.values)} videos are left out, {names[0]} for one. {missing_tracks_text()}",)

    def restrict(self, dataset: Dataset) -> tuple[Dataset, "MeasuredVideos"]:
        """Return the videos of a data set that have measures, and these measures."""
        names = [name for name in dataset.names if name in self.values and name not in self.unmeasured]
        values = {name: self.values[name] for name in names}
        return dataset.restricted(names), replace(self, values=values, problems=())

    def numbers_of(self, name: str) -> dict[str, FloatArray]:
        """Return every measure of a video up to each sampled frame, (N,) float64 by name of the measure."""
        table = self.values[name].astype(np.float64)
        return {measure: table[:, column] for column, measure in enumerate(self.names)}

    def store(self) -> MappedStore:
        """Return the measures as features: one pass for each video, (N, 64, 1, 1)."""
        return MappedStore({name: [values[:, :, None, None]] for name, values in self.values.items()})


def instrument_numbers(dataset: Dataset, facts: Mapping[str, VideoFacts]) -> MeasuredVideos:
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


def track_numbers(
    dataset: Dataset, facts: Mapping[str, VideoFacts], token: CancelToken, report: Report
) -> MeasuredVideos:
    """Return measures of the tracks of every video, or of its points in ``regions.csv`` if it has no tracks.

    Raises:
        DatasetError: No video has tracks.
    """
    regions = None if dataset.regions_path is None else read_regions(dataset.regions_path, dataset.names)
    references = {} if dataset.reference_path is None else read_references(dataset.reference_path, dataset.names)
    columns: dict[str, dict[str, FloatArray]] = {name: {} for name in facts}
    problems = []
    for name, video in one_by_one("measuring tracks", list(facts.items()), report):
        token.check()
        try:
            tracks = _tracks_of(name, video, regions)
        except SkillViewerError as error:
            problems.append(str(error))
            continue
        if tracks is not None:
            columns[name] = motion_numbers(tracks, video.frames, references.get(name, tracks.reference))
    if not any(columns.values()):
        raise DatasetError(
            f"No video of {dataset.name} has tracks for the model kinematics: import them (skillviewer tracks import), "
            "or put regions.csv with points next to pairs.csv."
        )
    measured = _build_tables(columns, facts, "its tracks")
    return replace(measured, problems=(*problems[:3], *measured.problems))


def measured_dataset(
    dataset: Dataset, preprocessing: Preprocessing, token: CancelToken, report: Report
) -> tuple[Dataset, MeasuredVideos, list[str]]:
    """Return the videos of a data set that have measures of tracks, these measures, and a sentence on the others.

    Raises:
        DatasetError: No video has tracks.
    """
    facts, problems = facts_of(dataset, preprocessing, token, report)
    measured = track_numbers(dataset, facts, token, report)
    with_measures, measures = measured.restrict(dataset)
    return with_measures, measures, [*problems, *measured.left_out]


def has_tracks(dataset: Dataset, facts: Mapping[str, VideoFacts]) -> bool:
    """Return True if the data set has points, or one of its videos has stored tracks."""
    store = TrackStore()
    return dataset.regions_path is not None or any(store.files(video.file_digest) for video in facts.values())


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
    raw_tracks = RawTracks(tuple(region_tracks(video_regions)), complete=True)
    placement = Placement(first_frame=0 if frames is None else frames.start)
    tracks = place_tracks(raw_tracks, facts.info, placement, "regions.csv", "regions.csv").tracks
    return tracks if frames is None else tracks.within(frames)


def _build_tables(
    columns: Mapping[str, Mapping[str, FloatArray]], facts: Mapping[str, VideoFacts], source: str
) -> MeasuredVideos:
    """Return the ``N_MEASURES`` most common measures as a table for each video, the most common first."""
    counts: Counter[str] = Counter()
    for measures in columns.values():
        counts.update(measures.keys())
    names = tuple(sorted(counts, key=lambda name: (-counts[name], name))[:N_MEASURES])
    problems = []
    if len(counts) > N_MEASURES:
        problems.append(
            f"There are {len(counts)} measures in {source}. Only the {N_MEASURES} that most videos have are used."
        )
    missing = [name for name, measures in columns.items() if not measures]
    if missing:
        problems.append(
            f"{len(missing)} of {len(columns)} videos have no measures in {source} ({missing[0]}); "
            "they count as average."
        )
    values = {}
    for name, measures in columns.items():
        table = np.full((len(facts[name].frames), N_MEASURES), np.nan, dtype=np.float32)
        for column, measure in enumerate(names):
            if measure in measures:
                table[:, column] = measures[measure]
        values[name] = table
    return MeasuredVideos(names, values, tuple(problems))
