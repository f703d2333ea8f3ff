"""Fine-tuning from end to end, on tiny videos: what is kept, what is left when it ends early, what is said."""

import csv
import itertools
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from skillviewer.core.dataset.dataset import Measure
from skillviewer.core.dataset.pairs import SimilarPair
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import Cancelled, CheckpointError, DatasetError, DeviceError, SettingsError
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.finetuning import split
from skillviewer.core.finetuning.forgetting import ForgettingMethod
from skillviewer.core.finetuning.split import SplitRole, StudyPairs, TuningChoices, split_pairs
from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.progress import CancelToken, Progress, silent
from skillviewer.core.ratings import fit_calibration
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.study.identity import digest_of
from skillviewer.data.trained_pairs import PAIRS_FILE
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.video_facts import facts_of
from skillviewer.engine.finetuning import before_after, job_forecast, tuned_scale
from skillviewer.engine.finetuning import finetune as finetune_run
from skillviewer.engine.finetuning import job as job_module
from skillviewer.engine.finetuning import tuning_loop as finetune_module
from skillviewer.engine.finetuning.finetune import REPORT, finetune
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.finetuning.job import (
    AutoModelJob,
    TuningJob,
    TuningResult,
    discard_checkpoint,
    discard_state,
    has_state,
)
from skillviewer.engine.finetuning.job_forecast import forecast_job
from skillviewer.engine.finetuning.prior_pairs import PriorPairs, load_prior_pairs
from skillviewer.engine.finetuning.split_study import split_study
from skillviewer.engine.finetuning.state_recorder import StateRecorder
from skillviewer.engine.finetuning.tuned_scale_prospect import tuned_scale_prospect
from skillviewer.engine.finetuning.tuning_baselines import predict_baselines
from skillviewer.engine.finetuning.tuning_data import TuningData
from skillviewer.engine.finetuning.tuning_loop import TunedModel, tune
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.runtime.pace import record_pace
from skillviewer.engine.training import predict
from skillviewer.engine.training.predict import Predictions
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.train_checkpoint import TrainingResources, train_checkpoint
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import FitPairs, FitResult, FitState, Trainer, TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import load_checkpoint
from skillviewer.nets.model_card import ModelCard
from skillviewer.nets.model_summary import format_baselines
from skillviewer.nets.presets import PRESETS
from tests.checkpoints import PREPROCESSING, tiny_checkpoint
from tests.engine.tuned import NAMES, from_nothing, job, write_study
from tests.facts import missing
from tests.videos import write_barcode_video


@pytest.fixture
def begin_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin from nothing on small features."""
    of = InitialModel.of

    def begin(folder: Path | None, device: torch.device, cache: object, *model: str) -> InitialModel:
        return from_nothing(cache) if folder is None else of(folder, device, cache, *model)  # type: ignore[arg-type]

    monkeypatch.setattr(InitialModel, "of", begin)


def run(asked: TuningJob, report: Callable[[Progress], None] = silent, **flags: CancelToken) -> TuningResult:
    return finetune(asked, flags.get("token", CancelToken()), report, flags.get("stop", CancelToken()))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


class Rows:
    """Hears everything; does something at the first row that is asked for."""

    def __init__(self, when: Callable[[object], bool] = lambda _: False, do: Callable[[], None] = lambda: None) -> None:
        self.rows: list[object] = []
        self._when, self._do = when, do
        self.at: int | None = None

    def __call__(self, progress: Progress) -> None:
        if progress.value is not None:
            self.rows.append(progress.value)
            if self.at is None and self._when(progress.value):
                self.at = len(self.rows)
                self._do()

    def after(self, kind: type) -> list[object]:
        assert self.at is not None
        return [row for row in self.rows[self.at :] if isinstance(row, kind)]


def split_of(asked: TuningJob) -> split.TuningSplit:
    """Return the split of a job."""
    name = asked.parent.name if asked.parent is not None else ""
    known = load_prior_pairs(asked.parent, name) if asked.parent is not None else None
    return split_study(asked.study_pairs, asked.choices, known, name)


@pytest.mark.slow
def test_a_new_version_beside_the_model_that_it_began_as(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    before, heard = contents(parent), Rows()
    asked = job(study, parent, tmp_path / "new", seed=5)
    result = run(asked, heard)
    assert contents(parent) == before, "the model that it began as is untouched"
    checkpoint = load_checkpoint(tmp_path / "new")
    assert (checkpoint.digest, result.parent_digest) == (result.digest, load_checkpoint(parent).digest)
    assert result.parent_digest is not None
    assert result.digest != result.parent_digest
    assert not asked.work_folder().exists()

    card, report = checkpoint.card, result.report
    split = split_pairs(study, asked.choices)
    assert (card.task, card.seed, card.n_pairs, card.n_videos) == ("grasp", 5, len(split.fold.train_pairs), 6)
    assert not missing(card.training_data, "15 pairs", "6 videos", "30 votes", "2 raters")
    assert not missing(card.held_out.rule if card.held_out else "", "8 videos")
    assert f"from parent (digest {result.parent_digest[:16]})" in card.notes
    assert any("Only one person is held out (" in warning for warning in report.warnings)
    assert not missing(card.notes, "unknown")
    told = [warning for warning in report.warnings if "(" not in warning]
    assert len(told) >= 3
    assert all(warning in card.notes for warning in told)
    words = json.dumps(contents(tmp_path / "new"), default=str)
    assert re.search(r"\bAnn\b", words) is None, "who voted stays in the study"
    assert result.facts["raters"] == ["Ann", "Ben"]
    assert (result.facts["rule"], result.facts["seed"]) == ("default", 5)
    assert json.loads((tmp_path / "new" / REPORT).read_text())["epoch"] == report.epoch
    json.dumps(result.facts)

    rows = [row for row in heard.rows if isinstance(row, TuningRow)]
    assert [row.epoch for row in rows][:2] == [0, 1], "the model as it was comes first"
    assert rows[0].held_out.n_pairs == len(split.fold.test_pairs)
    assert report.held_out.before is not None
    assert report.held_out.before.value == rows[0].held_out.value
    assert report.held_out.after.value == rows[-1].held_out.value
    assert {shift.video for shift in report.shifts if shift.use is SplitRole.HELD_OUT} == set(
        split.fold.held_out_videos
    )
    assert {change.video for change in report.attention} == set(NAMES)
    correlations = [change.correlation for change in report.attention]
    assert correlations == sorted(correlations), "the attention that changed most comes first"
    with Engine.open(tmp_path / "new", device="cpu") as engine:
        path = study.dataset.videos[0].path
        assert path is not None
        score = engine.assess(path, passes=1).score
    assert score == pytest.approx(next(s.after for s in report.shifts if s.video == NAMES[0]), abs=1e-4)


def test_held_out_videos_are_never_trained_on(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: set[str] = set()
    update = Trainer.train_batch

    def spy(self: Trainer, names: list[str], places: list[tuple[int, int, int]]) -> float:
        trained.update(names)
        return update(self, names, places)

    monkeypatch.setattr(Trainer, "train_batch", spy)
    result = run(job(study, parent, tmp_path / "new"))
    assert trained == set(NAMES) - set(result.facts["held_out_videos"])  # type: ignore[call-overload]


@pytest.mark.slow
def test_same_seed_same_model(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    digests = [
        run(job(study, parent, tmp_path / name, seed=seed)).digest for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert digests[0] == digests[1] != digests[2]


def test_cancelled_it_leaves_no_checkpoint(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    token = CancelToken()
    heard = Rows(lambda row: isinstance(row, BatchRow), token.cancel)
    asked = job(study, parent, tmp_path / "new")
    with pytest.raises(Cancelled):
        run(asked, heard, token=token)
    assert not heard.after(BatchRow)
    assert not asked.folder.exists()
    assert not has_state(asked), "no epoch was finished"


def test_stopped_it_keeps_the_best_and_computes_nothing_more(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    stop = CancelToken()
    heard = Rows(lambda row: isinstance(row, BatchRow) and row.batch == 8, stop.cancel)
    result = run(job(study, parent, tmp_path / "new", epochs=50), heard, stop=stop)
    assert len(heard.after(BatchRow)) == 0
    assert heard.after(TuningRow) == [], "what is not finished is not looked at"
    finished = [row for row in heard.rows if isinstance(row, TuningRow) and row.epoch]
    assert 1 <= result.report.epoch <= len(finished)
    assert result.report.selection.endswith("stopped before its end by the user")
    said = "The user stopped it and could see the held-out accuracy: if that decided when, it is too good."
    assert said in result.report.warnings
    assert said in load_checkpoint(tmp_path / "new").card.notes
    kept = next(row for row in finished if row.epoch == result.report.epoch)
    assert result.report.held_out.after.value == kept.held_out.value
    assert load_checkpoint(tmp_path / "new").digest == result.digest


def test_after_a_stop_nothing_is_looked_at_again(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def spy(
        model: AttentionModel, store: FeatureStore, names: Sequence[str], *rest: Any, **options: Any
    ) -> Predictions:
        if options.get("maps", True):  # scores alone are those of the forgetting check
            looked.extend(names)
        return predict.predict(model, store, names, *rest, **options)

    monkeypatch.setattr(before_after, "predict", spy)
    fold = split_pairs(study, TuningChoices()).fold
    lonely = next(name for name in NAMES if name not in fold.held_out_videos)
    pairs = [p for p in study.dataset.pairs if lonely not in (p.better, p.worse) or p not in fold.test_pairs]
    asked = replace(study, dataset=replace(study.dataset, pairs=tuple(pairs), judgements=()))
    assert split_pairs(asked, TuningChoices()).fold.held_out_videos == fold.held_out_videos
    stop = CancelToken()

    def report(progress: Progress) -> None:
        if isinstance(progress.value, BatchRow) and progress.value.batch == 8:
            assert sorted(looked) == sorted(NAMES), "all videos, as the model was"
            stop.cancel()

    result = run(job(asked, parent, tmp_path / "new", epochs=50), report, stop=stop)
    assert len(looked) == len(NAMES)
    said = result.report
    assert {shift.video for shift in said.shifts} == set(NAMES) - {lonely}
    assert {change.video for change in said.attention} == set(NAMES) - {lonely}
    assert not missing(said.warnings, "1 video")
    with Engine.open(tmp_path / "new", device="cpu") as engine:
        for shift in said.shifts[:2]:
            path = next(video.path for video in study.dataset.videos if video.name == shift.video)
            assert path is not None
            assert engine.assess(path, passes=1).score == pytest.approx(shift.after, abs=1e-4)


def test_an_epoch_that_nobody_has_looked_at_is_nothing_to_keep() -> None:
    best = StateRecorder(None)
    state = FitState(1, (3,), 0, (-1.0, 0.0), (), (0.1,), ((1, 2),), {}, {"best.weight": torch.zeros(1)})
    best.save(lambda: state, finished=False)
    there = [best.has_best_epoch]
    assert best.best_epoch() is None
    best.save(lambda: replace(state, epoch=2, best_epoch=2), finished=False)
    assert [*there, best.has_best_epoch] == [False, True]
    kept = best.best_epoch()
    assert kept is not None
    assert (kept.epoch, list(kept.weights)) == (2, ["weight"])


def test_stopped_in_the_first_epoch_it_keeps_what_there_is(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    stop = CancelToken()
    heard = Rows(lambda row: isinstance(row, BatchRow), stop.cancel)
    result = run(job(study, parent, tmp_path / "new", epochs=50), heard, stop=stop)
    assert result.report.epoch == 1
    assert len(heard.after(BatchRow)) == 0


@pytest.fixture
def choosing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose the epoch though the pairs are few."""
    monkeypatch.setattr(split, "MIN_SELECTION_PAIRS", 5)


@pytest.mark.slow
@pytest.mark.usefixtures("choosing")
def test_the_epoch_is_chosen_then_all_training_pairs_are_used(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    heard = Rows()
    result = run(job(study, parent, tmp_path / "new", epochs=3), heard)
    rows = [row for row in heard.rows if isinstance(row, TuningRow)]
    choice = [row for row in rows if not row.is_final and row.epoch]
    final = [row for row in rows if row.is_final]
    assert len(choice) == 3
    best = max(i for i, row in enumerate(choice, start=1) if row.is_best)
    assert choice[best - 1].choosing_accuracy == max(row.choosing_accuracy for row in choice)
    assert len(final) == best == result.report.epoch
    assert final[-1].is_best
    assert result.report.held_out.after.value == final[-1].held_out.value
    assert not missing(result.report.selection, "trained afresh")


@pytest.mark.usefixtures("choosing")
def test_stopped_in_the_second_stage_it_keeps_what_the_first_has_chosen(
    study: StudyPairs, parent: Path, tmp_path: Path
) -> None:
    stop = CancelToken()
    heard = Rows()

    def report(progress: Progress) -> None:
        heard(progress)
        if isinstance(progress.value, BatchRow) and progress.stage.startswith("training on all"):
            stop.cancel()

    result = run(job(study, parent, tmp_path / "new", epochs=2), report, stop=stop)
    choice = [row for row in heard.rows if isinstance(row, TuningRow) and not row.is_final and row.epoch]
    assert result.report.held_out.after.value == choice[result.report.epoch - 1].held_out.value
    assert "afresh" not in result.report.selection
    assert not any(isinstance(row, TuningRow) and row.is_final for row in heard.rows)
    split = split_pairs(study, TuningChoices(epochs=2))
    assert split.inner_fold is not None
    n_used, n_all = len(split.inner_fold.train_pairs), len(split.fold.train_pairs)
    assert n_used < n_all
    assert (result.report.n_trained, result.facts["pairs"]) == (n_used, n_used), "what chose was not trained on"
    assert any(f"trained on {n_used} of the {n_all} training pairs" in said for said in result.report.warnings)
    card = load_checkpoint(tmp_path / "new").card
    assert (card.n_pairs, card.n_videos) == (n_used, len(split.inner_fold.train_videos))
    uses = {shift.video: shift.use for shift in result.report.shifts}
    chose = set(split.fold.train_videos) - set(split.inner_fold.train_videos)
    assert chose == {name for name, use in uses.items() if use is SplitRole.CHOSE} != set()
    with (tmp_path / "new" / PAIRS_FILE).open() as file:
        kinds = [row["use"] for row in csv.DictReader(file)]
    assert (kinds.count("trained"), kinds.count("chose")) == (n_used, n_all - n_used)


def test_a_full_disk_is_said_before_anything_begins(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=3_000_000))
    heard: list[Progress] = []
    with pytest.raises(CheckpointError, match=r"needs 210.*left"):
        run(job(study, parent, tmp_path / "new"), heard.append)
    assert heard == []
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_loses_nothing(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise CheckpointError("The disk is full.")

    asked = job(study, parent, tmp_path / "new")
    with monkeypatch.context() as patch:
        patch.setattr(finetune_run, "save_checkpoint", full)
        with pytest.raises(CheckpointError, match="disk is full"):
            run(asked)
    assert not asked.folder.exists()
    heard = Rows()
    result = run(asked, heard)
    assert not any(isinstance(row, BatchRow) for row in heard.rows), "what was trained is taken up again"
    assert result.digest == run(replace(asked, folder=tmp_path / "again", work=tmp_path / "w")).digest


def test_a_report_that_cannot_be_written_takes_the_checkpoint_with_it(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(finetune_run, "write_json", full)
    asked = job(study, parent, tmp_path / "new")
    with pytest.raises(CheckpointError, match=r"written.*space left"):
        run(asked)
    assert not asked.folder.exists()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_no_memory_is_said_in_a_sentence_and_loses_nothing(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    asked = job(study, parent, tmp_path / "new")
    with monkeypatch.context() as patch:
        patch.setattr(finetune_run, "compare", fail)
        with pytest.raises(DeviceError, match="ran out of memory"):
            run(asked)
    assert not (tmp_path / "new").exists()
    heard = Rows()
    run(asked, heard)
    assert not any(isinstance(row, BatchRow) for row in heard.rows), "what was trained is taken up again"


def test_a_training_that_diverges_keeps_nothing(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(tuning_data: TuningData, *rest: Any, **options: Any) -> TunedModel:
        tuned = tune(tuning_data, *rest, **options)
        with torch.no_grad():
            for parameter in tuned.model.parameters():
                parameter.fill_(float("nan"))
        return tuned

    monkeypatch.setattr(finetune_run, "tune", diverge)
    asked = job(study, parent, tmp_path / "new")
    with pytest.raises(SettingsError, match="diverged"):
        run(asked)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_work_is_refused_before_features_are_computed(
    study: StudyPairs, parent: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    nothing = replace(study, dataset=replace(study.dataset, pairs=()))
    with pytest.raises(DatasetError, match="no ratings, votes or pairs"):
        run(job(nothing, parent, tmp_path / "new"), heard.append)
    assert heard == []
    (tmp_path / "there").mkdir()
    with pytest.raises(CheckpointError, match="already"):
        run(job(study, parent, tmp_path / "there"))


def test_a_video_that_cannot_be_read_is_told_and_left_out(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video" * 99)
    videos = tuple(replace(v, path=broken) if v.name == "a1" else v for v in study.dataset.videos)
    result = run(job(replace(study, dataset=replace(study.dataset, videos=videos)), parent, tmp_path / "new"))
    assert any("broken.mp4" in problem for problem in result.report.problems)
    assert "a1" not in {shift.video for shift in result.report.shifts}


def test_pairs_reserved_are_only_tested(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    reserved = frozenset(SimilarPair(p.better, p.worse) for p in study.dataset.pairs[::4])
    result = run(job(replace(study, reserved=reserved), parent, tmp_path / "new"))
    assert result.report.reserved is not None
    assert result.report.reserved.after.n_pairs == len(reserved)
    with (tmp_path / "new" / PAIRS_FILE).open() as file:
        trained = {SimilarPair(row["better"], row["worse"]) for row in csv.DictReader(file)}
    assert not trained & reserved


@pytest.mark.slow
def test_what_it_knew_before_is_watched(
    study: StudyPairs, parent: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = run(job(study, parent, tmp_path / "one"))
    forgetting = first.report.forgetting
    assert forgetting.method is ForgettingMethod.DRIFT, "nobody kept the pairs of the first model"
    assert forgetting.drift >= 0
    other = write_study(
        tmp_path_factory.mktemp("others"), tuple(f"{who}{take}" for who in "efgh" for take in (1, 2)), 20
    )
    heard = Rows()
    second = run(job(other, first.folder, tmp_path / "two"), heard)
    forgetting = second.report.forgetting
    assert forgetting.method is ForgettingMethod.PAIRS
    assert forgetting.pair_accuracy is not None
    assert forgetting.pair_accuracy.after.n_pairs == first.report.n_trained
    rows = [row for row in heard.rows if isinstance(row, TuningRow)]
    assert forgetting.pair_accuracy.before is not None
    assert rows[0].forgetting_value == pytest.approx(forgetting.pair_accuracy.before.value)
    assert rows[-1].forgetting_value == pytest.approx(forgetting.pair_accuracy.after.value)
    with (tmp_path / "two" / PAIRS_FILE).open() as file:
        uses = [row["use"] for row in csv.DictReader(file)]
    assert (uses.count("trained"), uses.count("before")) == (second.report.n_trained, first.report.n_trained)
    again = run(job(study, first.folder, tmp_path / "three", seed=9))
    assert again.facts["held_out_videos"] == first.facts["held_out_videos"], (
        "who was never trained on is held out again"
    )
    unwatched = run(job(other, first.folder, tmp_path / "four", old_pairs=False))
    assert unwatched.report.forgetting.method is ForgettingMethod.DRIFT
    assert "were not asked for" in unwatched.report.forgetting.description
    assert "trained on again" not in forgetting.description
    n = first.report.n_trained
    assert not missing(again.report.forgetting.description, f"{n}")
    grandchild = run(job(study, second.folder, tmp_path / "five", seed=9))
    assert grandchild.facts["held_out_videos"] == first.facts["held_out_videos"], "what it began as knew the others"
    (tmp_path / "two" / PAIRS_FILE).unlink()
    unknown = run(job(study, second.folder, tmp_path / "six"))
    assert any("training data of two is unknown" in said for said in unknown.report.warnings)


def test_a_trained_checkpoint_says_what_it_was_trained_on_and_names_nobody(study: StudyPairs, tmp_path: Path) -> None:
    plan = TrainingPlan(preprocessing=PREPROCESSING, epochs=1, candidates=1, select=EpochSelection.LAST)
    made = train_checkpoint(
        plan, study.dataset, tmp_path / "one", TrainingControl(CancelToken()), TrainingResources(FeatureCache(), "cpu")
    )
    text = (made.checkpoint.folder / PAIRS_FILE).read_text()
    assert str(study.dataset.videos[0].path) not in text
    held_out = {name for name in NAMES if study.digests[name] not in text}
    assert len(held_out) == 2
    for seed in (1, 2, 3):
        asked = job(study, made.checkpoint.folder, tmp_path / f"new{seed}", seed=seed)
        split = split_of(asked)
        assert set(split.fold.held_out_videos) == held_out, "those that it has not seen"
        assert not any("trained on" in warning for warning in split.warnings)


def test_pairs_reserved_are_not_even_similar(
    study: StudyPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a pair that was set aside nobody orders its videos, and the depth rule would call them alike."""
    folder = tiny_checkpoint(tmp_path / "tsn", "tsn-frozen").folder
    neighbours = frozenset(SimilarPair(a, b) for a, b in itertools.pairwise(NAMES))
    taken: list[SimilarPair] = []

    def remember(_model: AttentionModel, _store: FeatureStore, pairs: FitPairs, *_: object, **__: object) -> FitResult:
        taken.extend(pairs.similar)
        raise Cancelled

    monkeypatch.setattr(finetune_module, "fit", remember)
    with pytest.raises(Cancelled):
        run(job(replace(study, reserved=neighbours), folder, tmp_path / "new"))
    assert not set(taken) & neighbours
    judged = replace(study.dataset, similar=(SimilarPair("a1", "a2"), SimilarPair("a1", "b2")))
    asked = job(replace(study, dataset=judged, reserved=frozenset([SimilarPair("a1", "a2")])), folder, tmp_path / "two")
    with pytest.raises(Cancelled):
        run(asked)
    assert SimilarPair("a1", "a2") not in taken


@pytest.mark.usefixtures("choosing")
@pytest.mark.parametrize(
    ("model", "every", "at"), [("full", 1, 2), pytest.param("raan", 10, 30, marks=pytest.mark.slow)]
)
def test_a_training_that_was_killed_counts_on(
    study: StudyPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, every: int, at: int
) -> None:
    """One was killed when the epoch was being chosen, one when all training pairs were trained on."""
    monkeypatch.setattr(finetune_module, "StateFile", lambda path: StateFile(path, interval_s=0))
    parent = tiny_checkpoint(tmp_path / "parent", model).folder
    asked = job(study, parent, tmp_path / "whole", epochs=2 * every)
    whole = Rows()
    chosen = run(asked, whole).report.epoch

    def counted(rows: list[object]) -> list[tuple[int, int]]:
        return [(row.epoch, row.batch) for row in rows if isinstance(row, TuningRow) and row.epoch]

    epochs = [epoch for epoch, _ in counted(whole.rows)]
    assert epochs == list(range(every, 2 * every + chosen + 1, every)), "looked at after so many epochs"
    killed, kept = replace(asked, folder=tmp_path / "new", work=tmp_path / "work"), tmp_path / "kept"

    def kill() -> None:
        shutil.copytree(killed.work_folder(), kept)  # as a killed process leaves it
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(killed, Rows(lambda row: isinstance(row, TuningRow) and row.epoch == at, kill))
    again = Rows()
    run(replace(killed, work=kept), again)
    gone_on = counted(again.rows)
    assert gone_on
    assert gone_on[0][0] > 1, "an epoch was kept"
    assert gone_on == counted(whole.rows)[-len(gone_on) :]


def test_a_state_of_other_pairs_is_not_gone_on_with(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's files were missing when it was killed: who was trained on then is held out now."""
    monkeypatch.setattr(finetune_module, "StateFile", lambda path: StateFile(path, interval_s=0))
    asked = job(study, parent, tmp_path / "new")
    videos = tuple(replace(v, path=None) if v.name[0] == "a" else v for v in study.dataset.videos)
    fewer = replace(asked, study_pairs=replace(study, dataset=replace(study.dataset, videos=videos)))
    divisions = [split_pairs(one.study_pairs, one.choices) for one in (fewer, asked)]
    assert set(divisions[0].fold.train_videos) & set(divisions[1].fold.held_out_videos)
    kept = tmp_path / "kept"

    def kill() -> None:
        shutil.copytree(fewer.work_folder(), kept)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fewer, Rows(lambda row: isinstance(row, TuningRow) and row.epoch == 2, kill))
    assert list(kept.rglob("*.safetensors"))
    fresh = run(replace(asked, folder=tmp_path / "fresh", work=tmp_path / "w"))
    assert run(replace(asked, work=kept)).digest == fresh.digest


@pytest.mark.slow
@pytest.mark.parametrize("name", ["raan", "tsn-frozen"])
def test_what_a_model_averages_first_is_averaged_once(
    study: StudyPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    parent = tiny_checkpoint(tmp_path / "parent", name, replace(PREPROCESSING, n_segments=7)).folder
    shapes: set[tuple[int, ...]] = set()
    plainly = AttentionModel.fuse

    def fuse(self: AttentionModel, features: torch.Tensor) -> torch.Tensor:
        if self.training:
            shapes.add(tuple(features.shape[3:]))
        return plainly(self, features)

    monkeypatch.setattr(AttentionModel, "fuse", fuse)

    def tuned(folder: str) -> tuple[list[float], list[float]]:
        shapes.clear()
        heard = Rows()
        report = run(job(study, parent, tmp_path / folder, epochs=10, candidates=2), heard).report
        losses = [row.loss for row in heard.rows if isinstance(row, BatchRow)]
        return losses, [shift.after for shift in report.shifts]

    monkeypatch.setattr(finetune_run, "predict_baselines", lambda *_: {})  # they have inputs of their own
    averaged = tuned("averaged")
    assert shapes == {(1, 1)}
    monkeypatch.setattr(finetune_module, "average_inputs", lambda _model, _sizes, store: store)
    whole = tuned("whole")
    assert shapes == {(4, 4)}
    assert len(averaged[0]) > 4
    for one, other in zip(averaged, whole, strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-5)


@pytest.mark.usefixtures("begin_small")
def test_a_first_model_says_how_little_it_is(study: StudyPairs, tmp_path: Path) -> None:
    heard = Rows()
    result = run(job(study, None, tmp_path / "first", epochs=1), heard)
    report = result.report
    assert (result.parent_digest, result.parent_name) == (None, "")
    assert (report.held_out.before, report.held_out.gain) == (None, None)
    assert report.attention == ()
    assert all(np.isnan(shift.before) for shift in report.shifts)
    assert any("The pairs are few: 15 trained on, 13 held out" in warning for warning in report.warnings)
    assert "Trained from nothing" in load_checkpoint(tmp_path / "first").card.notes
    rows = [row for row in heard.rows if isinstance(row, TuningRow)]
    assert rows[0].epoch == 1, "there is nothing to look at before"


@pytest.mark.slow
def rated_study(study: StudyPairs) -> StudyPairs:
    """Return the study with ratings in the order of its pairs."""
    values = tuple((name, float(i)) for i, name in enumerate(NAMES))
    given = tuple(VideoRating(name, "r", "Flow", x) for name, x in values)
    ratings = RatingSet(given, (RatingScale("Flow", 0, 9),))
    rated = replace(study.dataset, scores=Measure("Flow", values), ratings=ratings, criterion="Flow")
    return replace(study, dataset=rated)


def test_a_version_speaks_the_raters_scale(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated = rated_study(study)
    told: list[str] = []

    def card(name: str) -> ModelCard:
        made = job(rated, parent, tmp_path / name, epochs=1)
        return load_checkpoint(finetune(made, CancelToken(), lambda p: told.append(p.stage)).folder).card

    monkeypatch.setattr(tuned_scale, "prior_pairs_of", lambda _start: PriorPairs(rated.dataset, "", {}))
    few = card("few").raters_scale
    assert few is not None
    assert "11 are needed" in few.refusal
    assert not any("raters' scale" in stage for stage in told), "nothing is trained that cannot help"
    monkeypatch.setattr(fit_calibration, "min_participants", lambda _level: 2)
    scale = card("enough").raters_scale
    assert scale is not None
    assert (scale.criterion, scale.refusal, scale.source) == ("Flow", "", "4 folds by person")
    assert scale.map is not None
    rating = scale.calibrate(0.0).rating
    assert rating is not None
    assert 0 <= rating <= 9
    assert "learning the raters' scale, fold 2" in told


def test_people_that_the_initial_model_has_seen_calibrate_nothing(study: StudyPairs) -> None:
    shown = {name: (study.digests[name], None) for name in NAMES}
    seen = PriorPairs(study.dataset, "", shown, frozenset(NAMES[:2]))
    rated = rated_study(study)
    assert tuned_scale_prospect(rated, seen, "x").n_people == 3, "both videos of a are of one person"
    assert tuned_scale_prospect(rated, None, "").n_people == 4
    unknown = tuned_scale_prospect(rated, None, "x")
    assert (unknown.is_possible, unknown.text.startswith("It is not known")) == (False, True)


def test_features_at_hand_take_no_time_in_the_forecast(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    asked = job(study, parent, tmp_path / "new")
    before = forecast_job(asked)
    assert [phase.name for phase in before.phases] == ["features", "training", "checking"]
    assert before.frames_missing == 8 * PREPROCESSING.n_segments
    assert before.total_s > before.phases[0].seconds > 0
    known = PriorPairs(study.dataset, "the same", {name: (study.digests[name], None) for name in NAMES})
    with monkeypatch.context() as patch:
        patch.setattr(job_forecast, "prior_pairs_of", lambda _start: known)
        again = forecast_job(asked)
    assert again.frames_missing == before.frames_missing, "what is in the study is not counted twice"
    run(asked)
    after = forecast_job(asked)
    assert (after.frames_missing, after.phases[0].seconds) == (0, 0)


def test_the_forecast_counts_the_videos_that_are_opened_for_the_baselines(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    asked = replace(job(study, parent, tmp_path / "new"), choices=TuningChoices(scale_folds=0))
    usual_s = forecast_job(asked).phases[2].idle_s
    n_mb = sum(video.path.stat().st_size for video in study.dataset.videos if video.path is not None) / 1e6
    record_pace("opening videos", 10.0, 1.0)
    slow_s = forecast_job(asked).phases[2].idle_s
    assert usual_s is not None
    assert slow_s is not None
    assert 0 < usual_s < 10
    assert slow_s > 10 * n_mb
    _, problems = facts_of(study.dataset, PREPROCESSING, CancelToken(), silent)
    assert not problems
    faster_s = forecast_job(asked).phases[2].idle_s
    assert faster_s is not None
    assert faster_s < slow_s, "every look at the videos records how long it took"


def test_a_stopped_training_continues_until_it_is_discarded(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetune_module, "StateFile", lambda path: StateFile(path, interval_s=0))
    asked, token = job(study, parent, tmp_path / "new"), CancelToken()
    assert not has_state(asked)
    with pytest.raises(Cancelled):
        run(asked, Rows(lambda row: isinstance(row, TuningRow) and row.epoch == 1, token.cancel), token=token)
    assert has_state(asked)
    assert not asked.folder.exists()
    discard_state(asked)
    assert not asked.work_folder().exists()
    discard_state(asked)


@pytest.mark.slow
def test_it_is_trained_on_parts_of_one_long_file(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    lengths = [8 + i for i in range(8)]
    starts = np.cumsum([0, *lengths])
    film = write_barcode_video(tmp_path / "film.mp4", int(starts[-1])).path
    clip_ranges = {n: FrameRange(int(a), int(b)) for n, a, b in zip(NAMES, starts, starts[1:], strict=False)}
    videos = tuple(replace(v, path=film, clip_range=clip_ranges[v.name]) for v in study.dataset.videos)
    parts = replace(study, dataset=replace(study.dataset, videos=videos), digests=dict.fromkeys(NAMES, digest_of(film)))
    asked = job(parts, parent, tmp_path / "new")
    assert forecast_job(asked).frames_missing == 8 * PREPROCESSING.n_segments
    result = run(asked)
    assert load_checkpoint(tmp_path / "new").card.n_videos == 6
    assert forecast_job(asked).frames_missing == 0
    after = {shift.video: shift.after for shift in result.report.shifts}
    with Engine.open(tmp_path / "new", device="cpu") as engine:
        told = {name: engine.assess(film, clip_range=clip_ranges[name]).score for name in after}
    assert len(after) == 8
    assert told == pytest.approx(after, abs=1e-4), "each of its own part"
    for change in result.report.attention:
        part = clip_ranges[change.video]
        assert part.start_frame <= change.frame_index < part.stop_frame
    held_out = result.facts["held_out_videos"]
    for seed in (1, 2, 3):
        split = split_of(job(parts, tmp_path / "new", tmp_path / "two", seed=seed))
        assert list(split.fold.held_out_videos) == held_out, "the parts that it has not seen, though of one file"


def test_the_same_job_has_the_same_work_folder(study: StudyPairs, parent: Path, tmp_path: Path) -> None:
    asked = replace(job(study, parent, tmp_path / "new"), work=None)
    parts = tuple(replace(video, clip_range=FrameRange(0, 7)) for video in study.dataset.videos)
    assert asked.work_folder() == replace(asked, folder=tmp_path / "other").work_folder()
    others = (
        replace(asked, choices=TuningChoices(seed=1)),
        replace(asked, parent=None),
        replace(asked, study_pairs=study.restricted(NAMES[:6])),
        replace(asked, study_pairs=replace(study, dataset=replace(study.dataset, similar=(SimilarPair("a1", "a2"),)))),
        replace(asked, study_pairs=replace(study, dataset=replace(study.dataset, videos=parts))),
    )
    assert len({one.work_folder() for one in (asked, *others)}) == 6


def test_a_new_title_of_a_preset_loses_no_stopped_training(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(job(study, parent, tmp_path / "new"), work=None)
    before = asked.work_folder()
    monkeypatch.setattr(job_module, "PRESETS", [replace(each, title="another title") for each in PRESETS])
    assert asked.work_folder() == before
    monkeypatch.setattr(job_module, "PRESETS", [replace(each, tuning_share=0.9) for each in PRESETS])
    assert asked.work_folder() != before


def test_trainings_of_a_choice_continue_whatever_is_chosen(study: StudyPairs, tmp_path: Path) -> None:
    asked = AutoModelJob(study, TuningChoices(), CheckLevel.QUICK, tmp_path / "new")
    assert asked.work_folder() == replace(asked, level=CheckLevel.CROSS_VALIDATED).work_folder()
    assert asked.work_folder() != replace(asked, study_pairs=study.restricted(NAMES[:6])).work_folder()
    assert asked.work_folder() != TuningJob(study, TuningChoices(), None, tmp_path / "new").work_folder()


def test_discarding(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "weights").write_text("x")
    discard_checkpoint(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    discard_checkpoint(tmp_path / "new")


@pytest.mark.usefixtures("begin_small")
def test_a_version_is_compared_with_trivial_baselines_on_the_pairs_of_its_accuracy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))  # whose cache has no features without their flow
    own_study = write_study(tmp_path / "videos", first=21)
    opened: list[str] = []
    open_video = VideoReader.__init__

    def count_opened(reader: VideoReader, path: Path, *more: Any, **named: Any) -> None:
        opened.append(path.stem)
        open_video(reader, path, *more, **named)

    def predict_counting(*given: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(VideoReader, "__init__", count_opened)
            return predict_baselines(*given)

    monkeypatch.setattr(finetune_run, "predict_baselines", predict_counting)
    done = run(job(own_study, None, tmp_path / "new"))
    assert sorted(opened) == sorted(NAMES), "each once, for the lengths and the flow"
    report = done.report
    assert [row.name for row in report.baselines] == ["duration", "motion"], "the flow came with the features"
    assert report.both_new is not None
    headline = report.both_new if report.both_new.n_pairs else report.held_out.after
    for row in report.baselines:
        assert row.accuracy.n_pairs == headline.n_pairs
        assert row.lead is not None
        assert row.lead.value == pytest.approx(headline.value - row.accuracy.value)
    assert report.baselines[0].accuracy.value == 1.0, "the longer the better"
    card = load_checkpoint(done.folder).card
    assert card.verdict == report.verdict == done.facts["verdict"]
    assert not missing(card.verdict, "100.0 %")
    assert dict(card.ceilings)[report.baselines[0].title.lower()] == 1.0
    assert "100.0 %" in format_baselines(card)
