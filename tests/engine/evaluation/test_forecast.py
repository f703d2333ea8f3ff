"""The forecast of a training: phases, features at hand, and paces that this computer has shown."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import PlannedPhase, ScaleProspect, TrainingForecast
from skillviewer.core.finetuning.split import StudyPairs, TuningChoices
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, Progress, with_time_left
from skillviewer.core.video.clips import FrameRange
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.evaluation.choice_plan import ChoicePlan
from skillviewer.engine.evaluation.forecast import file_digests, forecast_choice, forecast_training, frame_pace
from skillviewer.engine.features.decoding_pace import decoding_pace, record_decoding
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.finetuning import first_forecast as first_forecast_module
from skillviewer.engine.finetuning.first_forecast import first_forecast, remember_forecast
from skillviewer.engine.finetuning.job import AutoModelJob
from skillviewer.engine.runtime import pace
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.training import training_duration
from skillviewer.engine.training.train_checkpoint import TrainingResources, train_checkpoint
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_duration import saving_duration
from skillviewer.engine.training.training_inputs import TrainingInputs
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.media.reading.header import read_header
from skillviewer.media.reading.reader import VideoReader
from tests.facts import missing
from tests.videos import write_barcode_video

PLAN = TrainingPlan(
    preprocessing=Preprocessing(n_segments=3, input_px=64, flow=FlowSettings(algorithm="dis"), sampling="even"),
    candidates=2,
    epochs=1,
    select=EpochSelection.LAST,
)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    names = [f"{who}{take}" for who in "abcd" for take in (1, 2)]
    for i, name in enumerate(names):
        write_barcode_video(tmp_path / f"{name}.mp4", 40 + i)
    videos = tuple(DatasetVideo(name, tmp_path / f"{name}.mp4", participant=name[0]) for name in names)
    return Dataset("rated", "pairs", "bars", videos, tuple(Pair(b, a) for a in names for b in names if a < b))


def test_features_at_hand_take_no_time_and_the_pace_is_remembered(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    cache, digests = FeatureCache(tmp_path / "cache"), file_digests(dataset)
    before = forecast_training(PLAN, dataset, digests, cache, "cpu")
    assert [phase.name for phase in before.phases] == ["features", "training", "checking"]
    assert before.frames_missing == 8 * 2 * 3
    assert before.phases[0].seconds > 0
    assert not before.prospect.is_possible
    resources = TrainingResources(cache, "cpu")
    train_checkpoint(PLAN, dataset, tmp_path / "m", TrainingControl(CancelToken()), resources)
    after = forecast_training(PLAN, dataset, digests, cache, "cpu")
    assert (after.frames_missing, after.phases[0].seconds) == (0, 0)
    assert forecast_training(PLAN, dataset, {}, cache, "cpu").frames_missing == 48, "without digests nothing is known"
    kinds = {name.split()[0] for name in json.loads((cache_dir() / pace.FILE).read_text())}
    assert kinds == {"opening", "frame", "decoding", "training"}
    monkeypatch.setattr(pace, "current_load", lambda: pace.IDLE)
    source = TrainingInputs.of(PLAN, choose_device("cpu"), cache).source
    (cache_dir() / pace.FILE).write_text(json.dumps({f"frame {source.recipe}": (7.0, 1.0)}))
    assert frame_pace(source) == pace.Pace(7.0, 1.0)


def test_a_choice_takes_longer_the_better_it_is_checked(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pace, training_duration):
        monkeypatch.setattr(module, "current_load", lambda: pace.IDLE)
    cache = FeatureCache(tmp_path / "cache")
    quick, whole = (
        forecast_choice(ChoicePlan(PLAN, level=level), dataset, {}, cache, "cpu")
        for level in (CheckLevel.QUICK, CheckLevel.CROSS_VALIDATED)
    )
    assert [phase.name for phase in whole.phases] == ["features", "checking", "training"]
    assert quick.phases[1].seconds < whole.phases[1].seconds
    assert quick.phases[0].seconds == pytest.approx(whole.phases[0].seconds)
    assert whole.other_check_s == pytest.approx(quick.total_s), "the two stand side by side"
    assert quick.other_check_s == pytest.approx(whole.total_s)


def test_the_trainings_that_weigh_the_tracks_are_counted(dataset: Dataset, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "cache")
    plain, fused = (
        forecast_training(replace(PLAN, with_tracks=with_tracks), dataset, {}, cache, "cpu").phases[1]
        for with_tracks in (False, True)
    )
    assert not missing(fused.text, "3 further"), "three people are trained on"
    assert fused.idle_s is not None
    assert plain.idle_s is not None
    assert fused.idle_s - plain.idle_s > plain.idle_s - saving_duration().idle_s, (
        "each takes about as long as the training"
    )


def test_a_pace_that_cannot_be_written_or_read_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pace, "current_load", lambda: pace.Load(1.0, 2.0, 2))
    usual = pace.Pace(1.5, 1.0)
    assert pace.pace_of("x", 3) == usual, "twice as fast as the computer of the table"
    pace.record_pace("x", 1.0, 1.0)
    assert pace.pace_of("x", 3).cpu_s == pytest.approx(1.0)
    pace.record_pace("x", 3.0, 1.0)
    assert pace.pace_of("x", 3).cpu_s == pytest.approx(2.0)
    for text in ("[]", '{"x": 3.0}', '{"x": [-1, 1]}'):
        (cache_dir() / pace.FILE).write_text(text)
        assert pace.pace_of("x", 3) == usual
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home" / "cache" / pace.FILE))
    pace.record_pace("x", 1.0, 1.0)
    assert pace.pace_of("x", 3) == usual


def test_waiting_for_the_processor_is_no_part_of_a_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path))
    wall_s, cpu_s = [10.0], [2.0]
    monkeypatch.setattr(time, "perf_counter", lambda: wall_s[0])
    monkeypatch.setattr(time, "process_time", lambda: cpu_s[0])
    timer = pace.PaceTimer()
    wall_s[0], cpu_s[0] = 40.0, 8.0
    timer.record("x", 2, other_s=2.0)
    assert pace.pace_of("x", 99) == pace.Pace(2.0, 1.0), "30 seconds on a busy computer, 4 of its own work"


def test_a_busy_computer_shares_its_processors() -> None:
    free, alone, shared = (pace.Load(share, 1.0, 2) for share in (1.0, 0.97, 0.5))
    assert (free.n_free_processors(1), free.n_free_processors(5), alone.is_busy) == (1, 2, False)
    assert shared.n_free_processors(1) == pytest.approx(0.5)
    assert shared.n_free_processors(2) == pytest.approx(0.8), "two threads and three others on two processors"
    assert pace.Pace(4.0, 2.0).seconds(shared) == pytest.approx(5.0)
    assert 0 < pace._measure_load().share <= 1


@pytest.mark.parametrize("slow_chunks", [range(1), range(1, 5)], ids=["a cold start", "a shared core"])
def test_a_processor_that_is_rarely_free_is_not_taken_for_a_slow_one(
    monkeypatch: pytest.MonkeyPatch, slow_chunks: range
) -> None:
    """A turn that comes seldom, and next to a busy thread on the same core, says little about the processor."""
    wall_s, cpu_s, chunks = [0.0], [0.0], list[float]()

    def chunk(values: object, power: float, out: object) -> None:  # noqa: ARG001
        chunks.append(0.002 if len(chunks) - 1 in slow_chunks else 0.0012)  # the first one is not measured
        cpu_s[0] += chunks[-1]
        wall_s[0] += 0.1

    monkeypatch.setattr(np, "power", chunk)
    monkeypatch.setattr(time, "perf_counter", lambda: wall_s[0])
    monkeypatch.setattr(time, "thread_time", lambda: cpu_s[0])
    monkeypatch.setattr(pace, "_busy_s", lambda: 2 * wall_s[0])
    monkeypatch.setattr(pace, "_own_s", lambda: cpu_s[0])
    monkeypatch.setattr(pace, "usable_cores", lambda: 2)
    monkeypatch.setattr(pace, "_n_lasting_threads", lambda: 100.0)
    load = pace._measure_load()
    assert load.speed == pytest.approx(1.0)
    assert load.share == pytest.approx(0.02, abs=0.01)
    monkeypatch.setattr(pace, "_n_lasting_threads", lambda: 3.0)
    assert pace._measure_load().share == pytest.approx(0.5), "a burst: in the last minute three threads waited"


@pytest.mark.parametrize(("own_threads", "other_threads"), [(0, 0), (5, 0), (0, 1), (2, 1), (0, 3), (4, 6)], ids=str)
def test_the_rest_of_this_program_is_not_taken_for_other_programs(own_threads: int, other_threads: int) -> None:
    n_cores = 2
    share = min(1.0, n_cores / (1 + own_threads + other_threads))  # all threads have equal rights
    alone = min(1.0, n_cores / (1 + other_threads))
    assert pace._share_next_to(share * other_threads, share, n_cores) == pytest.approx(alone)


def test_programs_on_processors_of_others_are_not_counted() -> None:
    assert pace._share_next_to(30.0, 1.0, 2) == 1.0, "of 64 processors this program may use two, and they are free"


def test_processes_that_this_one_started_are_its_own() -> None:
    own_s = pace._own_s()
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert pace._own_s() >= own_s + 0.25
        process.communicate(b"\n")


def test_a_long_video_is_decoded_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    short, long = (DatasetVideo(str(n), write_barcode_video(tmp_path / f"{n}.mp4", n).path) for n in (20, 200))
    header = read_header(tmp_path / "200.mp4")
    with VideoReader(tmp_path / "200.mp4") as reader:
        info = reader.info
    assert header is not None
    exact = info.n_frames * info.width_px * info.height_px / 1e6
    assert header.total_megapixels() == pytest.approx(exact, rel=0.05)
    monkeypatch.setattr(pace, "current_load", lambda: pace.IDLE)
    costs = [decoding_pace(Dataset("x", "pairs", "x", (video,), ())).cpu_s for video in (short, long)]
    assert costs[1] / costs[0] == pytest.approx(10, rel=0.1)
    half = replace(long, clip_range=FrameRange(0, 100))
    assert decoding_pace(Dataset("x", "pairs", "x", (half,), ())).cpu_s == pytest.approx(costs[1] / 2, rel=0.05)
    record_decoding(info, info.n_frames, 30.0)
    assert decoding_pace(Dataset("x", "pairs", "x", (long,), ())).cpu_s == pytest.approx(30.0, rel=0.05)
    assert decoding_pace(Dataset("x", "pairs", "x", (DatasetVideo("y", tmp_path / "none.mp4"),), ())).cpu_s == 0


def test_other_programs_are_named_with_what_they_cost() -> None:
    prospect = ScaleProspect(1, 2, "")
    busy, idle = (
        TrainingForecast(
            (PlannedPhase("features", 30.0, "", 10.0), PlannedPhase("training", now, "", 30.0)), 1, prospect
        )
        for now in (70.0, 20.0)
    )
    assert not missing(busy.busy_text, "Other programs", "2.5")
    assert idle.busy_text == ""


def test_the_time_left_counts_the_steps_that_were_made() -> None:
    now, heard = [0.0], list[Progress]()
    report = with_time_left(heard.append, lambda: now[0])
    for at, done in ((0, 4), (10, 6), (20, 8), (30, 10)):
        now[0] = at
        report(Progress("features", done, 10))
    now[0] = 40
    report(Progress("features", 0, 10))  # once more, of something else
    report(Progress("training", 0, 3))
    report(Progress("training", 1, 0))
    assert [p.left_s for p in heard] == [None, 20, 10, 0, None, None, None]


def test_a_first_forecast_takes_the_figures_of_the_last_one(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(first_forecast_module, "current_load", lambda: pace.Load(0.5, 1.0, 1))
    job = AutoModelJob(StudyPairs(dataset), TuningChoices(), CheckLevel.QUICK, tmp_path / "model")
    usual = first_forecast(job)
    assert usual.is_first
    assert usual.total_s > 0
    phases = (PlannedPhase("features", 99.0, "", 80.0), PlannedPhase("training", 9.0, "", 4.0))
    remember_forecast(job, TrainingForecast(phases, 1, usual.prospect))
    after = {phase.name: phase.seconds for phase in first_forecast(job).phases}
    assert (after["features"], after["training"]) == pytest.approx((160, 8)), "the processor is shared with another"
    assert after["checking"] == usual.phases[1].seconds
