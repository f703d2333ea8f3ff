"""A study of tiny videos and a tiny checkpoint to begin as, for tests of fine-tuning."""

from dataclasses import replace
from pathlib import Path

import torch

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices
from skillviewer.data.study.identity import digest_of
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_sources import FeatureSource, feature_source
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import TuningJob
from skillviewer.nets.configuration import CheckpointConfig
from tests.checkpoints import PREPROCESSING, SIZES
from tests.videos import write_barcode_video

NAMES = tuple(f"{who}{take}" for who in "abcd" for take in (1, 2))
CPU = torch.device("cpu")


def write_study(folder: Path, names: tuple[str, ...] = NAMES, first: int = 8) -> StudyPairs:
    """Write videos of two attempts a person, each longer than the one before; the longer the better, by two raters.

    Args:
        folder: Where; made if it is not there.
        names: Names; the first letter is the person.
        first: Frames of the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.mp4" for name in names}
    for i, path in enumerate(paths.values()):
        write_barcode_video(path, first + i)
    pairs = tuple(Pair(names[j], names[i]) for i in range(len(names)) for j in range(i + 1, len(names)))
    votes = tuple(Judgement(p.better, p.worse, Verdict.LEFT, rater) for p in pairs for rater in ("Ann", "Ben"))
    videos = tuple(DatasetVideo(name, path, participant=name[0]) for name, path in paths.items())
    dataset = Dataset(
        name="tiny", form="study", task="grasp", videos=videos, pairs=pairs, judgements=votes, rule="unanimous"
    )
    return StudyPairs(dataset, digests={name: digest_of(path) for name, path in paths.items()})


def job(study: StudyPairs, parent: Path | None, folder: Path, **choices: object) -> TuningJob:
    """Return a job of two epochs."""
    chosen = TuningChoices(**({"epochs": 2, "candidates": 1} | choices))  # type: ignore[arg-type]
    return TuningJob(study, chosen, parent, folder, "cpu", work=folder.parent / f"work-{folder.name}")


def from_nothing(cache: FeatureCache) -> InitialModel:
    """Return a start without a model, on features as small as those of the tiny checkpoint."""
    source, backbones = feature_source("efficientnet-lite0", PREPROCESSING, CPU, "float32", cache)
    config = CheckpointConfig(
        attention_model="full",
        sizes=replace(SIZES, standardise=True),
        preprocessing=PREPROCESSING,
        backbone=backbones,
        preset="small-study",
    )
    assert isinstance(source, FeatureSource)
    return InitialModel(None, config, source, CPU)
