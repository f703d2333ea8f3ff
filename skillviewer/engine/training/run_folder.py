"""The folder of one run: one model, trained on one fold with one seed.

``configuration.json`` holds all settings that decide the result; ``log.csv`` and ``curves.png`` the training;
``scores.csv`` the score of every video of the test pairs; ``maps.npz`` the maps of held-out videos;
``score_curves.npz`` their score curves and the contributions of the steps. ``provenance.json`` is written last: a run
with it is finished.
``state-*.safetensors`` is the state of an unfinished training.
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
from skillviewer.engine.training.run_record import Maps, RunConfiguration, RunProvenance, RunResult, ScoreCurves
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.trainer import EpochRow
from skillviewer.export.destination import atomic_output
from skillviewer.export.figures.plots import plot_training

CONFIGURATION, PROVENANCE = "configuration.json", "provenance.json"
SCORES = "scores.csv"
MAPS = "maps.npz"
SCORE_CURVES = "score_curves.npz"
CHECKPOINT = "checkpoint"
RUNS = "runs"
"""Folder of the runs, in the folder of an evaluation."""

_UNNAMED_DEFAULTS = {"tracks_sha256": ""}
_UNNAMED_PREPROCESSING_DEFAULTS = {"sampling": "paper", "crop": ""}
"""Defaults that are left out of the digest in a folder's name: those fields came after the first folders were named."""


def run_name(model: str, seed: int, number: int) -> str:
    """Return the name of the folder of a run on fold ``number``, from 1."""
    return f"{model}-s{seed}-f{number}"


def _name_digest(configuration: RunConfiguration) -> str:
    """Return eight hexadecimal digits for a configuration."""
    values = _without(msgspec.to_builtins(configuration), _UNNAMED_DEFAULTS)
    values["preprocessing"] = _without(values["preprocessing"], _UNNAMED_PREPROCESSING_DEFAULTS)
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()[:8]


def _without(values: Mapping[str, Any], defaults: Mapping[str, object]) -> dict[str, Any]:
    """Return values without those that equal a default."""
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}


class RunFolder:
    """The folder of one run; it need not exist."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def at(cls, path: Path, configuration: RunConfiguration) -> "RunFolder":
        """Return the folder of a run: ``path``, or the same name with a digest if another run lies there.

        The other run, of another configuration, is unchanged. The path need not exist.
        """
        other = cls(path.with_name(f"{path.name}-{_name_digest(configuration)}"))
        if other.path.exists():
            return other
        folder = cls(path)
        free = not (path / CONFIGURATION).exists()  # one that cannot be read may be of a newer program
        return folder if free or folder.configuration == configuration else other

    @property
    def configuration(self) -> RunConfiguration | None:
        """Configuration of the run in the folder, or None."""
        try:
            return msgspec.json.decode((self.path / CONFIGURATION).read_bytes(), type=RunConfiguration)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None

    def finished(self, configuration: RunConfiguration) -> RunResult | None:
        """Return the result of the run if it is finished and has this configuration, else None."""
        return self._read(configuration) if self.configuration == configuration else None

    @property
    def result(self) -> RunResult | None:
        """Result of the run, whatever its configuration, or None if it is not finished."""
        configuration = self.configuration
        return None if configuration is None else self._read(configuration)

    def _read(self, configuration: RunConfiguration) -> RunResult | None:
        try:
            provenance = msgspec.json.decode((self.path / PROVENANCE).read_bytes(), type=RunProvenance)
            if self._results_sha256() != provenance.results_sha256:
                return None
            return RunResult(configuration, provenance, self._scores(), self._maps(), self._curves())
        except (OSError, msgspec.MsgspecError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def begin(self, configuration: RunConfiguration) -> None:
        """Prepare the folder: keep an unfinished training with this configuration, and remove everything else.

        Raises:
            DatasetError: The folder cannot be written.
        """
        with os_error_as(DatasetError, f"The run cannot be kept in {self.path}"):
            self.path.mkdir(parents=True, exist_ok=True)
            agrees = self.configuration == configuration
            (self.path / PROVENANCE).unlink(missing_ok=True)
            for pattern in (
                ".*.part*",
                "*.part",
                *(() if agrees else ("state-*.safetensors", LOG, CURVES, SCORES, MAPS, SCORE_CURVES)),
            ):
                for old in self.path.glob(pattern):
                    old.unlink()
            shutil.rmtree(self.path / CHECKPOINT, ignore_errors=True)
        write_json(self.path / CONFIGURATION, configuration)

    def remove(self) -> None:
        """Remove the folder, as far as the system lets it be removed."""
        shutil.rmtree(self.path, ignore_errors=True)

    def state(self, stage: str, *, writes: bool = True) -> StateFile:
        """Return the file of the state of a stage of the training.

        A process that does not write only continues from it.
        """
        return StateFile(self.path / f"state-{stage}.safetensors", writes=writes)

    def finish(
        self,
        provenance: RunProvenance,
        scores: Mapping[str, float],
        held_out: Collection[str],
        maps: Maps | None,
        curves: ScoreCurves | None = None,
    ) -> None:
        """Write what came of the run, the provenance last, or raise an ExportError."""
        with (
            atomic_output(self.path / SCORES, (".csv",), overwrite=True) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["video", "held_out", "score"])
            writer.writerows([name, int(name in held_out), repr(score)] for name, score in sorted(scores.items()))
        if maps is not None:
            rect = [maps.rect.left, maps.rect.top, maps.rect.right, maps.rect.bottom]
            self._save(MAPS, {"videos": maps.videos, "maps": maps.values, "kind": str(maps.kind), "rect": rect})
        if curves is not None:
            self._save(SCORE_CURVES, asdict(curves))
        write_json(self.path / PROVENANCE, msgspec.structs.replace(provenance, results_sha256=self._results_sha256()))
        for state in self.path.glob("state-*.safetensors"):
            with suppress(OSError):
                state.unlink()

    def _save(self, name: str, arrays: Mapping[str, Any]) -> None:
        with atomic_output(self.path / name, (".npz",), overwrite=True) as temporary, temporary.open("wb") as binary:
            np.savez_compressed(binary, **arrays)

    def _results_sha256(self) -> str:
        files = (self.path / name for name in (SCORES, MAPS, SCORE_CURVES))
        return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()

    def _scores(self) -> dict[str, float]:
        with (self.path / SCORES).open(newline="", encoding="utf-8") as file:
            return {row["video"]: float(row["score"]) for row in csv.DictReader(file)}

    def _maps(self) -> Maps | None:
        path = self.path / MAPS
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            left, top, right, bottom = file["rect"].tolist()
            return Maps(
                tuple(file["videos"].tolist()),
                file["maps"],
                MapKind(str(file["kind"])),
                MapRect(left, top, right, bottom),
            )

    def _curves(self) -> ScoreCurves | None:
        path = self.path / SCORE_CURVES
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return ScoreCurves(tuple(file["videos"].tolist()), file["curves"], file["contributions"])


def earlier_sampling(evaluation: Path, preset: str) -> SamplingRule | None:
    """Return the sampling rule of the runs of a preset in an evaluation's folder; None without runs or with both."""
    runs = [RunFolder(path).configuration for path in evaluation.glob(f"{RUNS}/*")]
    rules = {run.preprocessing.sampling for run in runs if run is not None and run.preset == preset}
    return rules.pop() if len(rules) == 1 else None


def earlier_features(evaluation: Path) -> str | None:
    """Return the effort for features of the runs in an evaluation's folder; None without runs, or with another."""
    runs = [RunFolder(path).configuration for path in evaluation.glob(f"{RUNS}/*")]
    efforts_used = {
        (run.preprocessing.n_segments, run.candidates, run.preprocessing.flow.algorithm)
        for run in runs
        if run is not None and run.backbone
    }
    efforts = [e.name for e in FEATURE_EFFORTS if efforts_used == {(e.n_segments, e.candidates, e.flow)}]
    return efforts[0] if efforts else None


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, aside first, or raise an ExportError; numbers that are none become null."""
    with atomic_output(path, (".json",), overwrite=True) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


LOG, CURVES = "log.csv", "curves.png"


def write_log(folder: Path, rows: Sequence[EpochRow], title: str) -> None:
    """Write the log of a training, ``log.csv`` and its curves, ``curves.png``, or raise an ExportError."""
    columns = [f.name for f in dataclasses.fields(EpochRow)]
    with (
        atomic_output(folder / LOG, (".csv",), overwrite=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["row", *columns])
        writer.writerows([number, *(getattr(row, name) for name in columns)] for number, row in enumerate(rows, 1))
    numbered = [{"row": number, **dataclasses.asdict(row)} for number, row in enumerate(rows, 1)]
    plot_training(numbered, folder / CURVES, x="row", title=title, overwrite=True)
