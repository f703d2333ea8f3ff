"""Jobs of trainings on a study, and their results, as plain values without torch."""

import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from skillviewer.core.errors import CheckpointError, os_error_as
from skillviewer.core.evaluation.model_choice import CheckLevel, ModelChoice
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices
from skillviewer.core.finetuning.tuning_report import TuningReport
from skillviewer.core.hashing import values_sha256
from skillviewer.core.paths import cache_dir
from skillviewer.core.version import __version__
from skillviewer.core.video.clips import range_cells
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.nets.model_library import checkpoint_digest
from skillviewer.nets.presets import PRESETS


def _state_folder(study: StudyPairs, *settings: object) -> Path:
    """Return the folder of a training's state: the same for equal studies and settings in this version."""
    dataset = study.dataset
    contents = [
        sorted(study.digests.items()),
        sorted((pair.better, pair.worse) for pair in dataset.pairs),
        sorted((pair.first, pair.second) for pair in study.reserved),
        sorted((pair.first, pair.second) for pair in dataset.similar),
        sorted(dataset.participants.items()),
        sorted((video.name, *range_cells(video.clip_range)) for video in dataset.videos),
        *settings,
        __version__,
        [asdict(replace(preset, title="")) for preset in PRESETS],  # a new title changes no training
    ]
    return cache_dir() / "tuning" / values_sha256(*contents)[:32]


@dataclass(frozen=True, slots=True)
class TuningJob:
    """A fine-tuning: study, choices, parent model and destination."""

    study_pairs: StudyPairs  # pairs of the study
    choices: TuningChoices
    parent: Path | None  # folder of the model that is fine-tuned, or None for a new model
    folder: Path  # folder of the new checkpoint
    device_name: str = "auto"
    cache_bytes: int | None = None  # size limit of the cache of features, or None for the default
    work: Path | None = None  # folder for the state of the training, or None for one in the cache

    def cache(self) -> FeatureCache:
        """Return the cache of features."""
        return FeatureCache() if self.cache_bytes is None else FeatureCache(max_bytes=self.cache_bytes)

    def work_folder(self) -> Path:
        """Return the folder of the training's state: the same for equal jobs in this version."""
        if self.work is not None:
            return self.work
        parent_digest = checkpoint_digest(self.parent) if self.parent is not None else ""
        return _state_folder(self.study_pairs, asdict(self.choices), parent_digest)


@dataclass(frozen=True, slots=True)
class AutoModelJob:
    """A training in which the program chooses the model: study, settings and destination."""

    study_pairs: StudyPairs  # pairs of the study; its reserved test pairs are not trained on
    choices: TuningChoices  # choices of the user; only seed and epochs are used
    level: CheckLevel
    folder: Path  # folder of the new checkpoint
    device_name: str = "auto"
    cache_bytes: int | None = None  # size limit of the cache of features, or None for the default
    work: Path | None = None  # folder for finished trainings, or None for one in the cache

    def cache(self) -> FeatureCache:
        """Return the cache of features."""
        return FeatureCache() if self.cache_bytes is None else FeatureCache(max_bytes=self.cache_bytes)

    def work_folder(self) -> Path:
        """Return the folder of finished trainings, which a quick and a thorough check of the same study share."""
        if self.work is not None:
            return self.work
        return _state_folder(self.study_pairs, "automatic choice", self.choices.epochs, self.choices.seed)


TrainingJob = TuningJob | AutoModelJob
"""A training on a study."""


def has_state(job: TrainingJob) -> bool:
    """Return True if a stopped training left a state from which the same job continues."""
    return any(path.is_file() for path in job.work_folder().rglob("*"))


def discard_state(job: TrainingJob) -> None:
    """Remove the state of a stopped training, or raise a CheckpointError."""
    with os_error_as(CheckpointError, f"{job.work_folder()} cannot be removed"), suppress(FileNotFoundError):
        shutil.rmtree(job.work_folder())


@dataclass(frozen=True, slots=True)
class TuningResult:
    """A new version by fine-tuning, neither accepted nor discarded yet."""

    folder: Path
    digest: str
    parent_digest: str | None
    parent_name: str
    report: TuningReport
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class ChoiceResult:
    """A new version by an automatic choice, neither accepted nor discarded yet."""

    folder: Path
    digest: str
    choice: ModelChoice
    facts: dict[str, object]  # facts for the study, with the keys of a fine-tuning
    problems: tuple[str, ...]  # videos that were left out, one sentence each


TrainingOutcome = TuningResult | ChoiceResult
"""A new version, neither accepted nor discarded yet."""


def discard_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a rejected version, or raise a CheckpointError."""
    with os_error_as(CheckpointError, f"{folder} cannot be removed"), suppress(FileNotFoundError):
        shutil.rmtree(folder)
