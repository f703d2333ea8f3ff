"""Job, cost and result of a fine-tuning, as values. Imports no torch."""

import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from skillviewer.core.errors import CheckpointError, os_error_as
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices, TuningSplit
from skillviewer.core.finetuning.tuning_report import TuningReport
from skillviewer.core.hashing import values_sha256
from skillviewer.core.paths import cache_dir
from skillviewer.core.ratings.fit_calibration import ScaleProspect
from skillviewer.core.version import __version__
from skillviewer.core.video.clips import range_cells
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.nets.library import digest
from skillviewer.nets.presets import PRESETS


@dataclass(frozen=True, slots=True)
class TuningJob:
    """A fine-tuning: study, choices, parent model and destination."""

    study: StudyPairs  # pairs of the study
    choices: TuningChoices
    parent: Path | None  # folder of the model that is fine-tuned, or None to begin from nothing
    folder: Path  # folder of the new checkpoint
    device_name: str = "auto"
    cache_bytes: int | None = None  # room for features, or None for the usual
    work: Path | None = None  # folder for the state of the training, or None for one in the cache

    def cache(self) -> FeatureCache:
        """Return the cache of features."""
        return FeatureCache() if self.cache_bytes is None else FeatureCache(max_bytes=self.cache_bytes)

    def work_folder(self) -> Path:
        """Return the folder of the training's state: the same for the same job and settings of this program."""
        if self.work is not None:
            return self.work
        parent = digest(self.parent) if self.parent is not None else ""
        dataset = self.study.dataset
        contents = [
            sorted(self.study.digests.items()),
            sorted((p.better, p.worse) for p in dataset.pairs),
            sorted((p.first, p.second) for p in self.study.reserved),
            sorted((p.first, p.second) for p in dataset.similar),
            sorted(dataset.participants.items()),
            sorted((v.name, *range_cells(v.clip_range)) for v in dataset.videos),
            asdict(self.choices),
            parent,
            __version__,
            [asdict(each) for each in PRESETS],
        ]
        return cache_dir() / "tuning" / values_sha256(*contents)[:32]


@dataclass(frozen=True, slots=True)
class TuningResult:
    """A new version, not yet decided on."""

    folder: Path
    digest: str
    parent_digest: str | None
    parent_name: str
    report: TuningReport
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class TuningCost:
    """Cost of a job on this computer."""

    split: TuningSplit  # use of the pairs
    frames_missing: int  # sampled frames whose features are not kept yet
    videos_missing: int  # videos that they are of, old pairs included
    feature_s: float  # seconds for them; 0 when there are none
    epochs: int  # epochs at most, of both stages
    epoch_s: float  # seconds of one pass over the training pairs, with the look at the held-out ones
    prospect: ScaleProspect  # prospect of scores on the raters' scale
    scale_folds: int  # further trainings for the raters' scale, each as long as the first at most
    total_s: float  # seconds in all, at most
    problems: tuple[str, ...]  # videos that cannot be read, one sentence each


def discard(folder: Path) -> None:
    """Remove the checkpoint of a rejected version, or raise a CheckpointError."""
    with os_error_as(CheckpointError, f"{folder} cannot be removed"), suppress(FileNotFoundError):
        shutil.rmtree(folder)
