"""Training of an automatically chosen model on a study, in a child process, so that the window stays responsive."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from skillviewer.core.cores import usable_cores
from skillviewer.core.evaluation.model_choice import CheckLevel, ModelChoice
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.text import defined
from skillviewer.core.video.preprocessing import FEATURE_EFFORTS, TRAINED_ON, FlowSettings
from skillviewer.engine.evaluation.choose_model import ChoicePlan
from skillviewer.engine.evaluation.train_chosen import choice_work_folder, train_chosen
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.runtime.processes import work_elsewhere
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.train import TrainingResources
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl

PATIENCE_S = 0.5
"""Seconds after which a process that was asked to stop is ended; its files are written atomically."""


@dataclass(frozen=True, slots=True)
class ChoiceJob:
    """A training with an automatic choice: study, settings and destination."""

    study: StudyPairs  # pairs of the study; those of its honest test set are not trained on
    plan: ChoicePlan
    folder: Path  # folder of the new checkpoint
    device_name: str = "auto"
    cache_bytes: int | None = None  # room for features, or None for the usual

    def cache(self) -> FeatureCache:
        """Return the cache of features."""
        return FeatureCache() if self.cache_bytes is None else FeatureCache(max_bytes=self.cache_bytes)

    def discard_work(self) -> None:
        """Remove the trainings of a stopped job, which would continue from them."""
        shutil.rmtree(choice_work_folder(self.folder), ignore_errors=True)


@dataclass(frozen=True, slots=True)
class ChoiceOutcome:
    """A new version, not yet decided on."""

    folder: Path
    digest: str
    choice: ModelChoice
    facts: dict[str, object]  # facts for the study, as of a fine-tuning
    problems: tuple[str, ...]  # videos that were left out, one sentence each


def choice_plan(choices: TuningChoices, level: CheckLevel = CheckLevel.CROSS_VALIDATED) -> ChoicePlan:
    """Return the plan of a choice on a study, by the choices of a fine-tuning: seed, epochs, frames to draw from."""
    quick = FEATURE_EFFORTS[0]
    training = TrainingPlan(
        preprocessing=replace(TRAINED_ON, n_segments=quick.n_segments, flow=FlowSettings(algorithm=quick.flow)),
        candidates=choices.candidates,
        select=EpochSelection.LAST,
        epochs=choices.epochs,
        seed=choices.seed,
    )
    return ChoicePlan(training, level=level)


class ChoiceTrainer:
    """Trains in another process, one job at a time."""

    def train(self, job: ChoiceJob, token: CancelToken, report: Report) -> ChoiceOutcome:
        """Run a job; after the token was raised the finished trainings stay, and the same job continues from them.

        Errors are those of ``train_chosen``.
        """
        return work_elsewhere(_train, job, token, report, PATIENCE_S)

    def close(self) -> None:
        """Hold nothing between jobs."""


def run_choice(job: ChoiceJob, token: CancelToken, report: Report) -> ChoiceOutcome:
    """Run a job in this process; errors are those of ``train_chosen``."""
    study = job.study
    dataset = replace(study.dataset, pairs=tuple(p for p in study.dataset.pairs if not study.is_reserved(p)))
    resources = TrainingResources(job.cache(), job.device_name)
    outcome = train_chosen(job.plan, dataset, job.folder, TrainingControl(token, report), resources)
    choice, checkpoint = outcome.choice, outcome.training.checkpoint
    scale = checkpoint.card.raters_scale
    facts: dict[str, object] = {
        "model": choice.winner,
        "videos": checkpoint.card.n_videos,
        "pairs": checkpoint.card.n_pairs,
        "held_out_by": choice.unit,
        "held_out_pairs": choice.accuracy.n_pairs,
        "accuracy": defined(choice.accuracy.value),
        "low": defined(choice.accuracy.low),
        "high": defined(choice.accuracy.high),
        "seed": job.plan.training.seed,
        "verdict": choice.verdict.sentence,
        "is_improvement": choice.verdict.is_improvement,
        "raters_scale": scale.about if scale is not None else "",
    }
    return ChoiceOutcome(job.folder, checkpoint.digest, choice, facts, outcome.training.problems)


def _train(job: ChoiceJob, token: CancelToken, report: Report) -> ChoiceOutcome:
    import torch

    torch.set_num_threads(max(usable_cores() - 1, 1))
    return run_choice(job, token, report)
