"""The folder of one run: one model, trained on one fold with one seed.

``configuration.json`` all that decides the result; ``log.csv`` and ``curves.png`` the training; ``scores.csv`` the
score of every video of the test pairs; ``maps.npz`` where the model looked in held-out videos; ``provenance.json`` is
written last and says that the run is finished. ``state-*.safetensors`` is a training under way.
"""

import csv
import hashlib
import json
import shutil
import zipfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import nn

from skillviewer import __version__
from skillviewer.core.analysis import MapKind, MapRect
from skillviewer.core.arrays import Float32Array
from skillviewer.core.errors import DatasetError
from skillviewer.core.order import similar_for_training
from skillviewer.core.pairs import Dataset, Fold
from skillviewer.core.preprocessing import Preprocessing
from skillviewer.engine.device import device_title
from skillviewer.engine.extractor import FEATURES_VERSION
from skillviewer.engine.plan import TrainingPlan, selection_rule
from skillviewer.engine.train import Trained, TrainSettings
from skillviewer.engine.training_log import CURVES, LOG, seconds_of
from skillviewer.engine.training_state import StateFile
from skillviewer.engine.videos import VideoFacts
from skillviewer.export.destination import aside
from skillviewer.nets.deployment import Precision
from skillviewer.nets.models import Inputs
from skillviewer.nets.sizes import HeadSizes

FORMAT = 1
CONFIGURATION, SCORES, MAPS, PROVENANCE = "configuration.json", "scores.csv", "maps.npz", "provenance.json"
CHECKPOINT = "checkpoint"
RUNS = "runs"
"""Where the folders of the runs of an evaluation lie in its own."""


def run_name(model: str, seed: int, number: int) -> str:
    """Return what the folder of a run on fold ``number``, from 1, is called."""
    return f"{model}-s{seed}-f{number}"


class RunConfiguration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that decides the result of a run; two runs that agree in it need not both be made.

    Attributes:
        format: Number of this format.
        model: Entry in ATTENTION_MODELS.
        fold: Name of the fold.
        held_out: Videos held out.
        preset: Name of the preset.
        dataset_preset: Whose optimiser settings of the preset.
        sizes: Sizes of the head.
        settings: Optimiser, loss, which epoch is kept, seed.
        refit: Whether it is trained afresh on all training videos once an epoch is chosen.
        inner_folds: On how many inner folds the epoch is chosen.
        candidates: K, frames of every segment that training draws from.
        preprocessing: What is done to videos.
        backbone: Entry in BACKBONES, or "" for a model that looks at time alone.
        backbone_digest: Digest of its weights, or "".
        precision: Of the features.
        videos_sha256: Digest of the contents of all videos.
        pairs_sha256: Digest of the pairs, the similar pairs and who is in which video.
        checkpoint: Whether the checkpoint is kept.
        features: Number of the way in which features are made.
        unfreeze: What is trained beside the head.
    """

    format: int = FORMAT
    features: int = 1  # of folders that do not say
    model: str
    fold: str
    held_out: tuple[str, ...]
    preset: str
    dataset_preset: str
    sizes: HeadSizes
    settings: TrainSettings
    refit: bool
    inner_folds: int = 1
    candidates: int
    preprocessing: Preprocessing
    backbone: str
    backbone_digest: str
    precision: Precision
    videos_sha256: str
    pairs_sha256: str
    checkpoint: bool
    unfreeze: str = ""

    @classmethod
    def of(
        cls,
        plan: TrainingPlan,
        dataset: Dataset,
        fold: Fold,
        facts: Mapping[str, VideoFacts],
        digests: Mapping[str, str],
        *,
        checkpoint: bool,
    ) -> "RunConfiguration":
        """Return the configuration of a run.

        Args:
            plan: Model, seed, settings.
            dataset: The videos that can be read.
            fold: The fold.
            facts: Of these videos.
            digests: Digest of the weights of every backbone that is used, by name.
            checkpoint: Whether the checkpoint is kept.
        """
        on_time = plan.inputs is Inputs.TIME
        return cls(
            features=FEATURES_VERSION,
            model=plan.model,
            fold=fold.name,
            held_out=fold.held_out_videos,
            preset=plan.preset,
            dataset_preset=plan.dataset_preset,
            sizes=plan.sizes(),
            settings=plan.settings(),
            refit=plan.refit,
            inner_folds=plan.inner_folds,
            candidates=1 if on_time else plan.candidates,
            preprocessing=plan.preprocessing_used,
            backbone=plan.backbone_used,
            backbone_digest=digests.get(plan.backbone_used, ""),
            precision=plan.precision,
            videos_sha256=_digest(sorted((name, facts[name].digest) for name in dataset.names)),
            pairs_sha256=_digest(
                [
                    [(p.better, p.worse) for p in fold.train_pairs],
                    [(p.better, p.worse) for p in fold.test_pairs],
                    [(p.first, p.second) for p in similar_for_training(dataset, fold)],
                    sorted(dataset.participants.items()),
                ]
            ),
            checkpoint=checkpoint,
            unfreeze=plan.unfreeze,
        )


class RunProvenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a run was made.

    Attributes:
        program: Name and version.
        torch: Version of torch.
        device: Where it was trained.
        n_threads: Threads that torch computed with on the CPU.
        finished: Date and time, ISO 8601.
        seconds: Of training, without features.
        epoch: The epoch that was kept.
        parameters: Of the head.
        selection: How the epoch was chosen, in words.
        videos_looked_at: Videos whose features training has asked for since it was started, or gone on with, last.
        held_out_looked_at: Held-out videos among them: 0, unless the epoch is chosen on the test pairs.
        results_sha256: Digest of scores and maps; filled in when they are written.
    """

    program: str
    torch: str
    device: str
    n_threads: int
    finished: str
    seconds: float
    epoch: int
    parameters: int
    selection: str
    videos_looked_at: int
    held_out_looked_at: int
    results_sha256: str = ""


def provenance_of(
    device: torch.device, model: nn.Module, trained: Trained, plan: TrainingPlan, seen: Collection[str], fold: Fold
) -> RunProvenance:
    """Return how a training that has just ended was made.

    Args:
        device: Where it was trained.
        model: What was trained.
        trained: What came of it.
        plan: How it was trained.
        seen: Videos whose features it has asked for.
        fold: What was held out.
    """
    return RunProvenance(
        program=f"SkillViewer {__version__}",
        torch=str(torch.__version__),
        device=device_title(device),
        n_threads=torch.get_num_threads(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds_of(trained.rows),
        epoch=trained.epoch,
        parameters=sum(p.numel() for p in model.parameters()),
        selection=selection_rule(plan),
        videos_looked_at=len(seen),
        held_out_looked_at=len({*seen} & {*fold.held_out_videos}),
    )


@dataclass(frozen=True, slots=True)
class Maps:
    """Where a model looked in held-out videos, at the frames of the test rule.

    Attributes:
        videos: V names.
        values: (V, N, h, w) float32.
        kind: What the numbers are.
        rect: Where in the picture the maps lie.
    """

    videos: tuple[str, ...]
    values: Float32Array
    kind: MapKind
    rect: MapRect


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run.

    Attributes:
        configuration: What decided it.
        provenance: How it was made.
        scores: Score of every video of the test pairs.
        maps: Maps of the held-out videos, or None for a model without.
    """

    configuration: RunConfiguration
    provenance: RunProvenance
    scores: Mapping[str, float]
    maps: Maps | None


class RunFolder:
    """The folder of one run.

    Args:
        path: Where it lies or is to lie.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def at(cls, path: Path, wanted: RunConfiguration) -> "RunFolder":
        """Return the folder of a run: ``path``, and beside it, by its digest, where another run lies there.

        Args:
            path: Where it lies or is to lie.
            wanted: What decides it. A run that something else decides stays as it is.
        """
        beside = cls(path.with_name(f"{path.name}-{hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()[:8]}"))
        if beside.path.exists():
            return beside
        own = cls(path)
        free = not (path / CONFIGURATION).exists()  # one that cannot be read may be of a newer program
        return own if free or own.configuration == wanted else beside

    @property
    def configuration(self) -> RunConfiguration | None:
        """What decides the run that is there, or None when none is."""
        try:
            return msgspec.json.decode((self.path / CONFIGURATION).read_bytes(), type=RunConfiguration)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None

    def finished(self, wanted: RunConfiguration) -> RunResult | None:
        """Return the run that is there if it is finished and as wanted, else None.

        Args:
            wanted: What is to decide it.
        """
        if self.configuration != wanted:
            return None
        try:
            provenance = msgspec.json.decode((self.path / PROVENANCE).read_bytes(), type=RunProvenance)
            if self._results_sha256() != provenance.results_sha256:
                return None
            return RunResult(wanted, provenance, self._scores(), self._maps())
        except (OSError, msgspec.MsgspecError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def begin(self, configuration: RunConfiguration) -> None:
        """Make the folder ready: a training under way that is as wanted stays, what else is there is removed.

        Raises:
            DatasetError: The folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            agrees = self.configuration == configuration
            (self.path / PROVENANCE).unlink(missing_ok=True)
            for pattern in (
                ".*.part*",
                "*.part",
                *(() if agrees else ("state-*.safetensors", LOG, CURVES, SCORES, MAPS)),
            ):
                for old in self.path.glob(pattern):
                    old.unlink()
            shutil.rmtree(self.path / CHECKPOINT, ignore_errors=True)
        except OSError as error:
            raise DatasetError(f"The run cannot be kept in {self.path}: {error.strerror or error}.") from error
        write_json(self.path / CONFIGURATION, configuration)

    def remove(self) -> None:
        """Remove the folder, as far as the system lets it be removed."""
        shutil.rmtree(self.path, ignore_errors=True)

    def state(self, stage: str, *, writes: bool = True) -> StateFile:
        """Return what keeps the state of a stage of the training.

        Args:
            stage: Name of the stage.
            writes: Whether this process keeps it, or only goes on from it.
        """
        return StateFile(self.path / f"state-{stage}.safetensors", writes=writes)

    def finish(
        self, provenance: RunProvenance, scores: Mapping[str, float], held_out: Collection[str], maps: Maps | None
    ) -> None:
        """Write what came of the run; the provenance last.

        Args:
            provenance: How it was made.
            scores: Score of every video of the test pairs.
            held_out: Which of them were held out.
            maps: Maps of the held-out videos, or None.

        Raises:
            ExportError: The disk is full, say.
        """
        with (
            aside(self.path / SCORES, (".csv",), overwrite=True) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["video", "held_out", "score"])
            writer.writerows([name, int(name in held_out), repr(score)] for name, score in sorted(scores.items()))
        if maps is not None:
            with aside(self.path / MAPS, (".npz",), overwrite=True) as temporary, temporary.open("wb") as binary:
                rect = [maps.rect.left, maps.rect.top, maps.rect.right, maps.rect.bottom]
                np.savez_compressed(
                    binary,
                    videos=np.array(maps.videos),
                    maps=maps.values,
                    kind=np.array(str(maps.kind)),
                    rect=np.array(rect),
                )
        write_json(self.path / PROVENANCE, msgspec.structs.replace(provenance, results_sha256=self._results_sha256()))
        for state in self.path.glob("state-*.safetensors"):
            with suppress(OSError):
                state.unlink()

    def _results_sha256(self) -> str:
        files = (self.path / name for name in (SCORES, MAPS))
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


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, aside first; numbers that are none become null.

    Raises:
        ExportError: It cannot be written.
    """
    with aside(path, (".json",), overwrite=True) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
