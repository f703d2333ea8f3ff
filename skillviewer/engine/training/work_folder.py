"""Folder of a training in progress."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.paths import training_folder
from skillviewer.data.trained_pairs import PAIRS_FILE, TrainedPair, TrainedVideo, write_pairs
from skillviewer.engine.features.video_facts import VideoFacts, clip_ranges_of, facts_of
from skillviewer.engine.runtime.distributed import ProcessGroup
from skillviewer.engine.training.run_folder import CONFIGURATION, PROVENANCE, RunFolder, write_json
from skillviewer.engine.training.run_record import RunConfiguration, RunProvenance
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_data import TrainingData
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.configuration import BackboneConfig


class WorkFolder:
    """Folder of a training in progress, with its states and its configuration.

    If several processes train together, the first writes into the folder, and all continue from it.
    """

    def __init__(self, plan: TrainingPlan, folder: Path, process_group: ProcessGroup) -> None:
        self._plan = plan
        self.process_group = process_group
        self._run_folder = RunFolder(training_folder(folder.absolute()))
        self._configuration: RunConfiguration | None = None
        self._trained_pairs: list[TrainedPair] = []

    def begin(self, data: TrainingData, backbones: BackboneConfig | None, control: TrainingControl) -> None:
        """Prepare the folder. A state of the same training is resumed; another training gets another folder."""
        dataset = data.dataset
        fold = data.split.fold
        if self.process_group.leads:
            facts, problems = facts_of(dataset, self._plan.preprocessing, control.token, control.report)
            if problems:
                raise DatasetError(problems[0])
            self._trained_pairs = _anonymous_pairs(dataset, fold, facts)
            weights = "" if backbones is None else f"{backbones.appearance_digest} {backbones.motion_digest}"
            digests = {self._plan.backbone_used: weights}
            tracks_sha256 = "" if data.track_measures is None else data.track_measures.digest
            self._configuration = RunConfiguration.of(
                self._plan, dataset, fold, facts, digests, checkpoint=True, tracks_sha256=tracks_sha256
            )
            self._run_folder = RunFolder.for_run(self._run_folder.path, self._configuration)
            self._run_folder.begin(self._configuration)
        paths = self.process_group.collect(str(self._run_folder.path))
        self._run_folder = RunFolder(Path(paths[0]))  # all processes use the folder of the first

    def state_file(self, stage: str) -> StateFile:
        """Return the storage of the state of a stage."""
        return self._run_folder.state_file(stage, writes=self.process_group.leads)

    def describe(self, folder: Path, provenance: RunProvenance) -> None:
        """Write configuration, provenance and training pairs into a folder.

        No file names a video, since the folder of a checkpoint may be passed on.
        """
        configuration = msgspec.to_builtins(self._configuration)
        del configuration["held_out"]
        write_json(folder / CONFIGURATION, configuration)
        write_json(folder / PROVENANCE, provenance)
        write_pairs(folder / PAIRS_FILE, self._trained_pairs)

    def remove(self) -> None:
        """Remove the folder."""
        self._run_folder.remove()


def _anonymous_pairs(dataset: Dataset, fold: Fold, facts: Mapping[str, VideoFacts]) -> list[TrainedPair]:
    """Return the training pairs with digests and ranges of their videos, without names and paths."""
    digests = {name: facts[name].file_digest for name in videos_of(fold.train_pairs)}
    clip_ranges = clip_ranges_of(dataset)
    videos = {}
    for name, digest in digests.items():
        anonymous_name = digest[:8]
        videos[name] = TrainedVideo(anonymous_name, Path(), digest, clip_ranges.get(name))
    return [TrainedPair(videos[pair.better], videos[pair.worse], "trained") for pair in fold.train_pairs]
