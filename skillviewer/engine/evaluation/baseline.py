"""Baseline of an evaluation: another evaluation of the same videos, pairs and folds, to compare models with."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from skillviewer.core.dataset.dataset import Fold
from skillviewer.core.errors import DatasetError
from skillviewer.engine.evaluation.record import EVALUATION
from skillviewer.engine.evaluation.result_builder import FinishedRun
from skillviewer.engine.training.run_folder import RUNS, RunFolder, run_name
from skillviewer.engine.training.run_record import RunConfiguration


class _Run(msgspec.Struct, frozen=True):
    fold: str
    seed: int
    folder: str = ""


class _Model(msgspec.Struct, frozen=True):
    model: str
    runs: tuple[_Run, ...]


class _Fold(msgspec.Struct, frozen=True):
    name: str


class _Record(msgspec.Struct, frozen=True):
    """The part of an ``EvaluationRecord`` that is read; undefined numbers are null in the file."""

    folds: tuple[_Fold, ...]
    models: tuple[_Model, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The first model of another evaluation."""

    folder: Path
    record: _Record

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the evaluation in a folder.

        Raises:
            DatasetError: The folder has no evaluation, or the evaluation has no result.
        """
        try:
            record = msgspec.json.decode((folder / EVALUATION).read_bytes(), type=_Record)
        except FileNotFoundError as error:
            raise DatasetError(
                f"{folder} holds no evaluation to compare with: skillviewer evaluate ... -o {folder} makes one."
            ) from error
        except (OSError, msgspec.MsgspecError) as error:
            raise DatasetError(f"The evaluation in {folder} cannot be read: {error}.") from error
        if not record.models:
            raise DatasetError(f"The evaluation in {folder} has no result to compare with: all of its runs failed.")
        return cls(folder, record)

    @property
    def title(self) -> str:
        """Model and folder, for the user."""
        return f"{self.record.models[0].model} of {self.folder.name}"

    def load_runs(self, configurations: Iterable[tuple[Fold, RunConfiguration]]) -> tuple[FinishedRun, ...]:
        """Return the runs of the baseline, one for every fold and seed.

        Args:
            configurations: The folds of the new evaluation, each with the configuration of its run.

        Raises:
            DatasetError: The baseline was made on other videos, pairs or folds, or one of its runs is gone.
        """
        expected_runs = {fold.name: (fold, _shared_settings(configuration)) for fold, configuration in configurations}
        model = self.record.models[0]
        fold_numbers = {fold.name: i for i, fold in enumerate(self.record.folds, start=1)}
        finished_runs = []
        for run in model.runs:
            folder_name = run.folder
            if not folder_name:
                folder_name = run_name(model.model, run.seed, fold_numbers.get(run.fold, 0))
            path = self.folder / RUNS / folder_name
            result = RunFolder(path).result
            if result is None:
                raise DatasetError(f"The run {path} is gone or damaged: evaluate {self.folder} again.")
            fold, settings = expected_runs.get(run.fold, (None, None))
            if fold is None or settings != _shared_settings(result.configuration):
                raise DatasetError(
                    f"{self.folder} was evaluated on other videos, pairs or folds: nothing can be compared with it."
                )
            finished_runs.append(FinishedRun(fold, result, path.name))
        if {run.fold.name for run in finished_runs} != expected_runs.keys():
            raise DatasetError(f"{self.folder} was evaluated on other folds: nothing can be compared with it.")
        return tuple(finished_runs)


def _shared_settings(configuration: RunConfiguration) -> tuple[object, ...]:
    """Return the settings in which two runs must agree to be compared."""
    return configuration.held_out, configuration.videos_sha256, configuration.pairs_sha256
