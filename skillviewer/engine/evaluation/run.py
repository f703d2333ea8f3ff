"""One run of an evaluation: train a model on a fold with a seed, score the fold's test pairs, keep everything."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.dataset.pairs import Dataset, Fold, videos_of
from skillviewer.core.errors import SettingsError
from skillviewer.core.evaluation.accuracy import FoldScores, count_pairs
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.features import snippets
from skillviewer.engine.features.feature_store import FeatureStore, first_pass
from skillviewer.engine.features.memory_mapped_store import MappedStore, WatchedStore
from skillviewer.engine.features.video_facts import VideoFacts, time_bank
from skillviewer.engine.inference.evidence import segment_contributions
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.fit_fold import choosing_folds, fit_fold
from skillviewer.engine.training.log import seconds_of, write_log
from skillviewer.engine.training.loop import Select
from skillviewer.engine.training.model_card import card_of
from skillviewer.engine.training.plan import TrainingPlan, selection_rule
from skillviewer.engine.training.predict import outputs
from skillviewer.engine.training.run_folder import CHECKPOINT, RunFolder
from skillviewer.engine.training.run_record import Courses, Maps, RunConfiguration, provenance_of
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.attention_models.end_to_end import EndToEndModel
from skillviewer.nets.checkpoint import save_checkpoint
from skillviewer.nets.configuration import BackboneConfig, CheckpointConfig
from skillviewer.nets.models import Inputs


@dataclass(frozen=True, slots=True)
class Run:
    """One model, fold and seed.

    Attributes:
        plan: Model, seed and settings.
        fold: What is held out.
        folder: Where it is kept.
        configuration: All that decides its result.
    """

    plan: TrainingPlan
    fold: Fold
    folder: Path
    configuration: RunConfiguration

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.plan.model}, seed {self.plan.seed}, fold {self.fold.name}"


@dataclass(frozen=True, slots=True)
class SharedInputs:
    """What all runs of an evaluation share.

    Attributes:
        dataset: The videos that can be read.
        participants: Who is in which video, where whole people are held out; else empty.
        facts: Of every video.
        banks: Features and snippets by reference, as far as runs need them.
        backbones: The backbones behind each.
        device_name: Where to compute.
    """

    dataset: Dataset
    participants: Mapping[str, str]
    facts: Mapping[str, VideoFacts]
    banks: Mapping[Inputs, MappedStore]
    backbones: Mapping[Inputs, BackboneConfig]
    device_name: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What to tell of a finished run.

    Attributes:
        accuracy: Over the test pairs that touch a held-out video.
        honest_accuracy: Over those with both videos held out; NaN without any.
        epoch: The epoch that was kept.
        seconds: Of training.
    """

    accuracy: float
    honest_accuracy: float
    epoch: int
    seconds: float


def run_fold(material: SharedInputs, run: Run, token: CancelToken, report: Report) -> RunSummary:
    """Make a run; a training that was killed goes on where it stood.

    Args:
        material: What all runs share.
        run: The run.
        token: Raise it to stop; the state of the last epochs stays.
        report: Told of every batch and epoch.

    Raises:
        DatasetError: A held-out video took part in training, or there is too little to train on.
        SettingsError: The training diverged.
        DeviceError: The device ran out of memory.
        Cancelled: The token was raised.
    """
    plan, fold = run.plan, run.fold
    check_no_leak(fold, material.participants)
    folder = RunFolder(run.folder)
    folder.begin(run.configuration)
    watched = WatchedStore(_bank(material, plan.inputs))
    device = choose_device(material.device_name)
    with device_errors():
        model, trained = fit_fold(plan, material.dataset, fold, watched, device, token, report, keeper=folder.state)
        if plan.select is not Select.BEST_ON_TEST:
            check_no_leak(fold, seen=watched.seen)
        courses, maps = _look(model, watched.bank, fold, token)
        scores = dict(zip(courses.videos, courses.curves[:, -1].tolist(), strict=True))
    if not all(map(math.isfinite, scores.values())):
        raise SettingsError(
            f"The training of {run.title} diverged: its scores are not finite. Take another preset, or a lower "
            "learning rate."
        )
    write_log(run.folder, trained.rows, run.title)
    if run.configuration.checkpoint:
        _save_checkpoint(material, run, model)
    selection = selection_rule(plan, choosing_folds(plan, material.dataset, fold))
    folder.finish(
        provenance_of(device, model, trained, selection, watched.seen, fold),
        scores,
        set(fold.held_out_videos),
        maps,
        courses,
    )
    result = FoldScores(fold, scores)
    accuracy, honest = (count_pairs(result.tested(honest), scores).accuracy for honest in (False, True))
    return RunSummary(accuracy, honest, trained.epoch, seconds_of(trained.rows))


def _bank(material: SharedInputs, inputs: Inputs) -> FeatureStore:
    """Return what a model is fed."""
    return time_bank(material.facts) if inputs is Inputs.TIME else material.banks[inputs]


def _look(model: AttentionModel, bank: FeatureStore, fold: Fold, token: CancelToken) -> tuple[Courses, Maps | None]:
    """Return how the scores of all videos of the test pairs came about, and the maps of those held out."""
    held_out = set(fold.held_out_videos)
    names = sorted(held_out | set(videos_of(fold.test_pairs)))
    curves = []
    mapped: list[str] = []
    maps = []
    for some, output in outputs(model, bank, names, token):
        curves += [*output.score_curve.double().cpu().numpy()]
        places = [i for i, name in enumerate(some) if name in held_out]
        mapped += [some[i] for i in places]
        maps.append(output.attention[places].float().cpu().numpy())
    contributions = np.full((len(names), len(curves[0])), np.nan)
    for place, name in enumerate(names):
        token.check()
        if name in held_out:
            contributions[place] = segment_contributions(model, first_pass(bank, name))
    courses = Courses(tuple(names), np.stack(curves), contributions)
    if model.map_kind is MapKind.NONE:
        return courses, None
    return courses, Maps(tuple(mapped), np.concatenate(maps), model.map_kind, model.map_rect)


def _save_checkpoint(material: SharedInputs, run: Run, model: AttentionModel) -> None:
    plan, dataset = run.plan, material.dataset
    streams = None
    if isinstance(model, EndToEndModel):
        model, streams = snippets.parted(model)
    save_checkpoint(
        run.folder / CHECKPOINT,
        CheckpointConfig(
            attention_model=plan.model,
            sizes=model.sizes,
            preprocessing=plan.preprocessing_used,
            backbone=material.backbones[plan.inputs],
            precision=plan.precision,
            preset=plan.preset,
            dataset_preset=plan.dataset_preset,
        ),
        model,
        card_of(
            run.folder.name,
            dataset,
            run.fold,
            f"{dataset.name}, fold {run.fold.name}: {len(run.fold.train_videos)} videos. {dataset.rule}",
            plan.seed,
            plan.preset,
            notes="Trained for an evaluation; how it does on held-out pairs stands there.",
        ),
        streams=streams,
        half=plan.half,
        replace=True,
    )
