"""A fake for fine-tuning: instant rows, a report with given scores, a folder that looks like a checkpoint."""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate, pooled_accuracy
from skillviewer.core.evaluation.model_choice import (
    BaselineAccuracy,
    CandidateAccuracy,
    CheckLevel,
    LearningPoint,
    ModelChoice,
)
from skillviewer.core.evaluation.training_forecast import PlannedPhase, TrainingForecast
from skillviewer.core.finetuning.before_after import before_after
from skillviewer.core.finetuning.forgetting import Forgetting, ForgettingMethod
from skillviewer.core.finetuning.split import SplitRole, split_pairs
from skillviewer.core.finetuning.tuning_report import BatchRow, TuningReport, TuningRow, verdict
from skillviewer.core.finetuning.video_changes import AttentionChange, shifts
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.engine.finetuning.job import AutoModelJob, ChoiceResult, TrainingJob, TuningJob, TuningResult
from skillviewer.engine.finetuning.process import StopFolder
from skillviewer.nets.model_library import checkpoint_digest

N_EPOCHS = 4
N_BATCHES = 5


def _attention(names: Sequence[str]) -> tuple[AttentionChange, ...]:
    return tuple(
        AttentionChange(name, 0.31 + 0.05 * i, 0.12 - 0.01 * i, 3 + i, 30 + 17 * i, 0.2)
        for i, name in enumerate(sorted(names)[:8])
    )


def write_fake_checkpoint(folder: Path, *, alike: bool = False) -> None:
    """Write a folder that looks like a checkpoint; the digests of ``alike`` ones are the same."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("" if alike else folder.name)
    (folder / "weights.safetensors").write_bytes(b"0")


def fake_choice(lead_low: float = 0.02, lead: float = 0.1) -> ModelChoice:
    """Return a choice whose lead over the closest baseline has a lower end."""

    def estimate(value: float, low: float | None = None) -> PooledEstimate:
        return PooledEstimate(value, value - 0.1 if low is None else low, value + 0.1, 120, 12, "participant")

    duration = BaselineAccuracy("duration", "Duration", estimate(0.55), estimate(0.2, 0.1))
    motion = BaselineAccuracy("motion", "Ridge on the flow", estimate(0.65), estimate(lead, lead_low))
    candidates = (
        CandidateAccuracy("motion", "Ridge on the flow", 0.66, can_be_kept=False, n_chosen=0),
        CandidateAccuracy("none", "No Attention", 0.71, can_be_kept=True, n_chosen=1),
        CandidateAccuracy("full", "Full", 0.76, can_be_kept=True, n_chosen=3),
    )
    curve = (LearningPoint(5.5, estimate(0.7)), LearningPoint(9, estimate(0.75)))
    return ModelChoice(
        winner="full",
        title="Full",
        level=CheckLevel.CROSS_VALIDATED,
        unit="participant",
        accuracy=estimate(0.75),
        all_pairs=estimate(0.82),
        on_new_people=True,
        candidates=candidates,
        baselines=(duration, motion),
        one_rater=estimate(0.8),
        curve=curve,
        curve_gain=estimate(0.05, 0.01),
    )


@dataclass
class FakeTuner:
    """A training that takes no time, unless it is held.

    Attributes:
        held: True to wait after an epoch until stopped or cancelled.
        held_at: Index of that epoch; -1 for before the first report.
        error: Error of the training, or None.
        alike: True if every training has the same result.
        jobs: The jobs received.
        choice: Result of an automatic choice.
        ended: How trainings ended: "done", "stopped", "cancelled".
    """

    held: bool = False
    held_at: int = 1
    error: SkillViewerError | None = None
    alike: bool = False
    jobs: list[TrainingJob] = field(default_factory=list)
    choice: ModelChoice = field(default_factory=fake_choice)
    ended: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)

    def forecast(self, job: TrainingJob, /) -> TrainingForecast:
        phases = (
            PlannedPhase("features", 90.0, "features of 3 videos, 75 sampled frames"),
            PlannedPhase("training", 20.0, "training"),
            PlannedPhase("checking", 0.0, "check on pairs held out"),
        )
        return TrainingForecast(phases, 75, scale_prospect(job.study_pairs.dataset), other_check_s=95.0)

    def choose(self, job: AutoModelJob, token: CancelToken, report: Report, /) -> ChoiceResult:
        self.jobs.append(job)
        try:
            return self._choose(job, token, report)
        except Exception:
            self.ended.append("cancelled" if token.cancelled else "failed")
            raise

    def _choose(self, job: AutoModelJob, token: CancelToken, report: Report) -> ChoiceResult:
        if self.error is not None:
            raise self.error
        for stage in ("features of videos", "comparing models", "training"):
            for done in range(3):
                report(Progress(stage, done, 4, left_s=6.0 - done))
            if stage == "comparing models":
                job.work_folder().mkdir(parents=True, exist_ok=True)
                (job.work_folder() / "one.json").write_text("{}")
                self.begun.set()
                while self.held:
                    token.check()
                    token.wait(0.005)
        token.check()
        write_fake_checkpoint(job.folder, alike=self.alike)
        shutil.rmtree(job.work_folder())
        self.ended.append("done")
        accuracy, n_pairs = self.choice.accuracy, len(job.study_pairs.dataset.pairs)
        facts: dict[str, object] = {"accuracy": accuracy.value, "pairs": n_pairs, "low": accuracy.low}
        facts |= {"high": accuracy.high, "held_out_pairs": accuracy.n_pairs, "raters_scale": "Flow: 11 people."}
        facts["verdict"] = self.choice.verdict.sentence
        return ChoiceResult(job.folder, checkpoint_digest(job.folder), self.choice, facts, ())

    def finetune(self, job: TuningJob, stop: StopFolder, token: CancelToken, report: Report, /) -> TuningResult:
        self.jobs.append(job)
        with stop:
            try:
                return self._finetune(job, stop, token, report)
            except Exception:
                self.ended.append("cancelled" if token.cancelled else "failed")
                raise

    def _finetune(self, job: TuningJob, stop: StopFolder, token: CancelToken, report: Report) -> TuningResult:
        if self.error is not None:
            raise self.error
        dataset, split = job.study_pairs.dataset, split_pairs(job.study_pairs, job.choices)
        old = {name: float(-i % 5) for i, name in enumerate(sorted(dataset.names))}
        new = {name: float(i + 3 * (i % 3 == 1)) * 0.5 for i, name in enumerate(sorted(dataset.names))}
        total, smoothed = N_EPOCHS * N_BATCHES, 0.0
        for epoch in range(-1, N_EPOCHS + 1):
            while self.held and epoch == self.held_at < 0 and not stop.path.exists():
                token.check()
                token.wait(0.005)
            if epoch < 0:
                continue
            scores = new if epoch > 1 else {n: -s if i % 2 else s for i, (n, s) in enumerate(old.items())}
            row = TuningRow(
                epoch=epoch,
                batch=epoch * N_BATCHES,
                is_final=epoch > 2,
                loss=0.5 / (epoch + 1),
                choosing_accuracy=0.5,
                held_out_loss=0.6 / (epoch + 1),
                held_out=pooled_accuracy([FoldScores(split.fold, scores)], dataset),
                forgetting_value=0.9,
                forgetting_method=ForgettingMethod.PAIRS,
                is_best=epoch > 1,
                seconds=float(epoch),
                seconds_left=float(4 - epoch),
            )
            report(Progress("choosing the epoch", epoch * N_BATCHES, total, row))
            self.begun.set()
            while self.held and epoch == self.held_at and not stop.path.exists():
                token.check()
                token.wait(0.005)
            if stop.path.exists():
                break
            for batch in range(N_BATCHES if epoch < N_EPOCHS else 0):
                number = epoch * N_BATCHES + batch + 1
                loss = 0.5 / number**0.5 + 0.1 * (number % 3)
                smoothed = loss if number == 1 else 0.7 * smoothed + 0.3 * loss
                report(Progress("choosing the epoch", number, total, BatchRow(number, loss, smoothed, 9.0)))
        token.check()
        write_fake_checkpoint(job.folder, alike=self.alike)
        known = old if job.parent is not None else None
        held_out = before_after(dataset, split.fold, known, new)
        forgetting = Forgetting(ForgettingMethod.NOTHING, "nothing was known before")
        if known is not None:
            forgetting = Forgetting(ForgettingMethod.DRIFT, "drift of familiar videos", None, 0.25, 0.9, 3)
        uses = dict.fromkeys(split.fold.train_videos, SplitRole.TRAINED)
        uses |= dict.fromkeys(split.fold.held_out_videos, SplitRole.HELD_OUT)
        outcome = TuningReport(
            held_out=held_out,
            reserved=None,
            forgetting=forgetting,
            shifts=shifts(known, new, uses),
            attention=_attention(dataset.names) if known is not None else (),
            epoch=3,
            selection="last epoch",
            n_trained=len(split.fold.train_pairs),
            warnings=verdict(held_out, len(split.fold.train_pairs), forgetting),
            problems=(),
            seconds=4.0,
        )
        self.ended.append("stopped" if stop.path.exists() else "done")
        parent = checkpoint_digest(job.parent) if job.parent is not None else None
        after = held_out.after
        facts: dict[str, object] = {
            "accuracy": after.value,
            "pairs": len(split.fold.train_pairs),
            "held_out_videos": list(split.fold.held_out_videos),
        }
        facts |= {"low": 0.25, "high": 0.75, "held_out_pairs": after.n_pairs}
        parent_name = job.parent.name if job.parent is not None else ""
        return TuningResult(job.folder, checkpoint_digest(job.folder), parent, parent_name, outcome, facts)

    def close(self) -> None:
        pass
