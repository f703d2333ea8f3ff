"""The forecast of a training: phases, features at hand, and paces that this computer has shown."""

import json
import time
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Dataset, DatasetVideo, Pair
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, Progress, with_time_left
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.evaluation.choose_model import ChoicePlan
from skillviewer.engine.evaluation.forecast import file_digests, forecast_choice, forecast_training, frame_s
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.runtime import pace
from skillviewer.engine.runtime.device import choose_device
from skillviewer.engine.training.inputs import TrainingInputs
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.train import TrainingResources, train_checkpoint
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
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
    assert kinds == {"frame", "epoch"}
    monkeypatch.setattr(pace, "unit_s", lambda: 0.05)
    monkeypatch.setattr(pace, "busy_factor", lambda: 1.0)
    source = TrainingInputs.of(PLAN, choose_device("cpu"), cache).source
    (cache_dir() / pace.FILE).write_text(json.dumps({f"frame {source.recipe}": 7.0}))
    assert frame_s(source) == pytest.approx(0.35)


def test_a_choice_takes_longer_the_better_it_is_checked(dataset: Dataset, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "cache")
    quick, whole = (
        forecast_choice(ChoicePlan(PLAN, level=level), dataset, {}, cache, "cpu")
        for level in (CheckLevel.QUICK, CheckLevel.CROSS_VALIDATED)
    )
    assert [phase.name for phase in whole.phases] == ["features", "checking", "training"]
    assert quick.phases[1].seconds < whole.phases[1].seconds
    assert quick.phases[0].seconds == pytest.approx(whole.phases[0].seconds, rel=0.5)


def test_a_pace_that_cannot_be_written_or_read_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pace, "unit_s", lambda: 0.1)
    monkeypatch.setattr(pace, "busy_factor", lambda: 1.0)
    assert pace.pace_s("x", 3) == pytest.approx(0.3)
    pace.record_pace("x", 1.0)
    assert pace.pace_s("x", 3) == pytest.approx(1.0)
    pace.record_pace("x", 3.0)
    assert pace.pace_s("x", 3) == pytest.approx(2.0)
    (cache_dir() / pace.FILE).write_text("[]")
    assert pace.pace_s("x", 3) == pytest.approx(0.3)
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home" / "cache" / pace.FILE))
    pace.record_pace("x", 1.0)
    assert pace.pace_s("x", 3) == pytest.approx(0.3)


def test_waiting_for_the_processor_is_no_part_of_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    wall_s, cpu_s = [10.0], [2.0]
    monkeypatch.setattr(time, "perf_counter", lambda: wall_s[0])
    monkeypatch.setattr(time, "process_time", lambda: cpu_s[0])
    watch = pace.PaceTimer()
    wall_s[0], cpu_s[0] = 40.0, 5.0
    waited, cpu_s[0] = watch.idle_s(), 62.0
    assert waited == pytest.approx(3), "27 of 30 seconds it waited"
    assert watch.idle_s() == pytest.approx(30), "two threads share the work"


def test_a_busy_computer_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "unit_s", lambda: 0.1)
    monkeypatch.setattr(pace, "busy_factor", lambda: 4.0)
    assert pace.pace_s("never recorded", 3) == pytest.approx(1.2)
    assert 1 <= pace._measured_unit()[1] <= 20


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
