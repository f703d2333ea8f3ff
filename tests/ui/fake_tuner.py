"""A fake for fine-tuning: instant rows, a report with given scores, a folder that looks like a checkpoint."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy
from skillviewer.core.finetuning.split import split_pairs
from skillviewer.core.finetuning.tuning_report import (
    AttentionChange,
    BatchRow,
    Forgetting,
    ForgettingMethod,
    SplitRole,
    TuningReport,
    TuningRow,
    before_after,
    shifts,
    verdict,
)
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.ratings.fit_calibration import scale_prospect
from skillviewer.engine.finetuning.job import TuningCost, TuningJob, TuningResult
from skillviewer.engine.finetuning.process import StopFolder
from skillviewer.nets.library import digest

N_EPOCHS = 4
N_BATCHES = 5


def _attention(names: Sequence[str]) -> tuple[AttentionChange, ...]:
    return tuple(
        AttentionChange(name, 0.31 + 0.05 * i, 0.12 - 0.01 * i, 3 + i, 30 + 17 * i, 0.2)
        for i, name in enumerate(sorted(names)[:8])
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
        ended: How trainings ended: "done", "stopped", "cancelled".
    """

    held: bool = False
    held_at: int = 1
    error: SkillViewerError | None = None
    alike: bool = False
    jobs: list[TuningJob] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)

    def cost(self, job: TuningJob, token: CancelToken, report: Report, /) -> TuningCost:
        token.check()
        report(Progress("looking which features are kept", 1, 2))
        return TuningCost(
            split=split_pairs(job.study, job.choices),
            frames_missing=75,
            videos_missing=3,
            feature_s=90.0,
            epochs=2 * N_EPOCHS,
            epoch_s=2.5,
            prospect=scale_prospect(job.study.dataset),
            scale_folds=0,
            total_s=110.0,
            problems=(),
        )

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
        dataset, split = job.study.dataset, split_pairs(job.study, job.choices)
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
                final=epoch > 2,
                loss=0.5 / (epoch + 1),
                choosing_accuracy=0.5,
                held_out_loss=0.6 / (epoch + 1),
                held_out=pooled_accuracy([FoldScores(split.fold, scores)], dataset),
                old=0.9,
                old_kind=ForgettingMethod.PAIRS,
                best=epoch > 1,
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
        job.folder.mkdir(parents=True)
        (job.folder / "config.json").write_text("" if self.alike else job.folder.name)
        (job.folder / "weights.safetensors").write_bytes(b"0")
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
        parent = digest(job.parent) if job.parent is not None else None
        after = held_out.after
        facts: dict[str, object] = {"accuracy": after.value, "pairs": len(split.fold.train_pairs)}
        facts |= {"low": 0.25, "high": 0.75, "held_out_pairs": after.n_pairs}
        parent_name = job.parent.name if job.parent is not None else ""
        return TuningResult(job.folder, digest(job.folder), parent, parent_name, outcome, facts)

    def close(self) -> None:
        pass
