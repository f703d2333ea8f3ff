"""The folder of one run: one model, trained on one fold with one seed.

``configuration.json`` has all settings that decide the result, ``log.csv`` and ``curves.png`` the course of the
training, ``scores.csv`` the score of every video of the test pairs, ``maps.npz`` the maps of held-out videos, and
``score_curves.npz`` the score curves and the contributions of the steps. ``state-*.safetensors`` is the state of an
unfinished training. ``provenance.json`` is written last, so a run that has it is finished.
"""

import csv
import dataclasses
import hashlib
import shutil
import zipfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.errors import DatasetError, os_error_as
from skillviewer.core.video.preprocessing import FEATURE_EFFORTS, SamplingRule
from skillviewer.engine.training.run_record import RunConfiguration, RunProvenance
from skillviewer.engine.training.run_result import Maps, RunResult, ScoreCurves
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.trainer import EpochRow
from skillviewer.export.destination import atomic_output
from skillviewer.export.figures.plots import plot_training

CONFIGURATION = "configuration.json"
PROVENANCE = "provenance.json"
LOG = "log.csv"
CURVES = "curves.png"
SCORES = "scores.csv"
MAPS = "maps.npz"
SCORE_CURVES = "score_curves.npz"
CHECKPOINT = "checkpoint"
RUNS = "runs"
"""Folder of the runs, in the folder of an evaluation."""

_LATER_DEFAULTS = {"tracks_sha256": "", "crops_sha256": ""}
_LATER_PREPROCESSING_DEFAULTS = {"sampling": "paper", "crop": ""}
"""Defaults of fields that the first folders did not have. The digest in a folder's name leaves such defaults out."""


def run_name(model: str, seed: int, fold_number: int) -> str:
    """Return the name of the folder of a run; ``fold_number`` counts from 1."""
    return f"{model}-s{seed}-f{fold_number}"


def _name_digest(configuration: RunConfiguration) -> str:
    """Return the first eight hexadecimal digits of the SHA-256 of a configuration."""
    values = _without_defaults(msgspec.to_builtins(configuration), _LATER_DEFAULTS)
    values["preprocessing"] = _without_defaults(values["preprocessing"], _LATER_PREPROCESSING_DEFAULTS)
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()[:8]


def _without_defaults(values: Mapping[str, Any], defaults: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}


class RunFolder:
    """The folder of one run, which may not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def for_run(cls, path: Path, configuration: RunConfiguration) -> "RunFolder":
        """Return the folder of a run: ``path``, or that name with a digest if ``path`` holds another run.

        A run of another configuration stays unchanged. The folder that is returned may not exist.
        """
        path_with_digest = path.with_name(f"{path.name}-{_name_digest(configuration)}")
        folder = cls(path)
        folder_with_digest = cls(path_with_digest)
        if path_with_digest.exists():
            return folder_with_digest
        # an unreadable configuration counts as another run: it may be of a newer program
        has_configuration = (path / CONFIGURATION).exists()
        if has_configuration and folder.configuration != configuration:
            return folder_with_digest
        return folder

    @property
    def configuration(self) -> RunConfiguration | None:
        """Configuration of the run in the folder; None if there is none that can be read."""
        try:
            return msgspec.json.decode((self.path / CONFIGURATION).read_bytes(), type=RunConfiguration)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None

    def finished_result(self, configuration: RunConfiguration) -> RunResult | None:
        """Return the result of the run if the run is finished and has this configuration, else None."""
        return self._read_result(configuration) if self.configuration == configuration else None

    @property
    def result(self) -> RunResult | None:
        """Result of the run of any configuration, or None if the run is not finished."""
        configuration = self.configuration
        return None if configuration is None else self._read_result(configuration)

    def _read_result(self, configuration: RunConfiguration) -> RunResult | None:
        try:
            provenance = msgspec.json.decode((self.path / PROVENANCE).read_bytes(), type=RunProvenance)
            if self._results_sha256() != provenance.results_sha256:
                return None
            return RunResult(configuration, provenance, self._read_scores(), self._read_maps(), self._read_curves())
        except (OSError, msgspec.MsgspecError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def begin(self, configuration: RunConfiguration) -> None:
        """Prepare the folder for a run: only an unfinished training with the same configuration stays in it.

        Raises:
            DatasetError: The folder cannot be written.
        """
        with os_error_as(DatasetError, f"The run cannot be kept in {self.path}"):
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / PROVENANCE).unlink(missing_ok=True)
            patterns = [".*.part*", "*.part"]
            if self.configuration != configuration:
                patterns += ["state-*.safetensors", LOG, CURVES, SCORES, MAPS, SCORE_CURVES]
            for pattern in patterns:
                for path in self.path.glob(pattern):
                    path.unlink()
            shutil.rmtree(self.path / CHECKPOINT, ignore_errors=True)
        write_json(self.path / CONFIGURATION, configuration)

    def remove(self) -> None:
        """Remove the folder; files that the system does not let go stay."""
        shutil.rmtree(self.path, ignore_errors=True)

    def state_file(self, stage: str, *, writes: bool = True) -> StateFile:
        """Return the storage of the state of a stage of the training; without ``writes`` states are only loaded."""
        return StateFile(self.path / f"state-{stage}.safetensors", can_write=writes)

    def finish(
        self,
        provenance: RunProvenance,
        scores: Mapping[str, float],
        held_out: Collection[str],
        maps: Maps | None,
        curves: ScoreCurves | None = None,
    ) -> None:
        """Write the results of the run, the provenance last, and remove the states of the training.

        Args:
            provenance: Provenance, without the digest of the results.
            scores: Score of every video of the test pairs.
            held_out: Held-out videos.
            maps: Maps of the held-out videos, or None for a model without maps.
            curves: Score curves, or None to write none.

        Raises:
            ExportError: A file cannot be written.
        """
        with (
            atomic_output(self.path / SCORES, (".csv",), overwrite=True) as temp_path,
            temp_path.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["video", "held_out", "score"])
            for name, score in sorted(scores.items()):
                writer.writerow([name, int(name in held_out), repr(score)])
        if maps is not None:
            rect = [maps.rect.left, maps.rect.top, maps.rect.right, maps.rect.bottom]
            arrays = {"videos": maps.videos, "maps": maps.values, "kind": str(maps.kind), "rect": rect}
            self._save_arrays(MAPS, arrays)
        if curves is not None:
            self._save_arrays(SCORE_CURVES, asdict(curves))
        complete_provenance = msgspec.structs.replace(provenance, results_sha256=self._results_sha256())
        write_json(self.path / PROVENANCE, complete_provenance)
        for state in self.path.glob("state-*.safetensors"):
            with suppress(OSError):
                state.unlink()

    def _save_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        with atomic_output(self.path / name, (".npz",), overwrite=True) as temp_path, temp_path.open("wb") as binary:
            np.savez_compressed(binary, **arrays)

    def _results_sha256(self) -> str:
        """Return the SHA-256 of the files with results, one after the other."""
        digest = hashlib.sha256()
        for name in (SCORES, MAPS, SCORE_CURVES):
            path = self.path / name
            if path.exists():
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def _read_scores(self) -> dict[str, float]:
        with (self.path / SCORES).open(newline="", encoding="utf-8") as file:
            return {row["video"]: float(row["score"]) for row in csv.DictReader(file)}

    def _read_maps(self) -> Maps | None:
        path = self.path / MAPS
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            left, top, right, bottom = file["rect"].tolist()
            return Maps(
                videos=tuple(file["videos"].tolist()),
                values=file["maps"],
                kind=MapKind(str(file["kind"])),
                rect=MapRect(left, top, right, bottom),
            )

    def _read_curves(self) -> ScoreCurves | None:
        path = self.path / SCORE_CURVES
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return ScoreCurves(tuple(file["videos"].tolist()), file["curves"], file["contributions"])


def earlier_sampling(evaluation_folder: Path, preset: str) -> SamplingRule | None:
    """Return the sampling rule of the runs of a preset in an evaluation's folder; None if there is not exactly one."""
    configurations = _earlier_configurations(evaluation_folder)
    rules = {run.preprocessing.sampling for run in configurations if run.preset == preset}
    return rules.pop() if len(rules) == 1 else None


def earlier_effort(evaluation_folder: Path) -> str | None:
    """Return the name of the effort for features of all runs in an evaluation's folder.

    Return None if there are no runs, if their settings differ, or if the settings are those of no effort.
    """
    settings_of_runs = set()
    for run in _earlier_configurations(evaluation_folder):
        if run.backbone:
            preprocessing = run.preprocessing
            settings_of_runs.add((preprocessing.n_segments, run.candidates, preprocessing.flow.algorithm))
    for effort in FEATURE_EFFORTS:
        if settings_of_runs == {(effort.n_segments, effort.candidates, effort.flow)}:
            return effort.name
    return None


def _earlier_configurations(evaluation_folder: Path) -> list[RunConfiguration]:
    """Return the readable configurations of the runs in an evaluation's folder."""
    configurations = [RunFolder(path).configuration for path in evaluation_folder.glob(f"{RUNS}/*")]
    return [configuration for configuration in configurations if configuration is not None]


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON atomically, or raise an ExportError; numbers that are not finite become null."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=1)
    with atomic_output(path, (".json",), overwrite=True) as temp_path:
        temp_path.write_bytes(text + b"\n")


def write_log(folder: Path, rows: Sequence[EpochRow], title: str) -> None:
    """Write the log of a training, ``log.csv`` and its curves, ``curves.png``, or raise an ExportError."""
    columns = ["row", *(field.name for field in dataclasses.fields(EpochRow))]
    numbered_rows = [{"row": number} | dataclasses.asdict(row) for number, row in enumerate(rows, start=1)]
    with (
        atomic_output(folder / LOG, (".csv",), overwrite=True) as temp_path,
        temp_path.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(numbered_rows)
    plot_training(numbered_rows, folder / CURVES, x="row", title=title, overwrite=True)
