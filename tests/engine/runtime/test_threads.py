"""Numbers of threads: shared among processes, fewer on a busy computer, and without effect on a score."""

import os

import numpy as np
import pytest
import torch

from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.runtime import threads
from skillviewer.engine.runtime.threads import (
    COUNT_VARIABLES,
    PASSIVE_WAITING,
    configure_threads,
    one_thread,
    use_free_cores,
)
from skillviewer.engine.runtime.workers import GPUS, Workers
from tests.checkpoints import tiny_checkpoint
from tests.videos import write_barcode_video


@pytest.fixture(autouse=True)
def _as_before() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_what_the_user_set_stays_and_processes_share() -> None:
    environment = {"OMP_NUM_THREADS": "6", "OMP_WAIT_POLICY": "ACTIVE"}
    configure_threads(environment)
    assert environment["OMP_WAIT_POLICY"] == "ACTIVE"
    assert {environment[name] for name in COUNT_VARIABLES} == {"6"}
    assert environment.keys() == {*PASSIVE_WAITING, *COUNT_VARIABLES}
    configure_threads(environment, 4)
    assert {environment[name] for name in COUNT_VARIABLES} == {"1"}


def test_threads_are_fewer_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    for others, expected in ((0, 4), (3, 4), (6, 2), (20, 1)):
        monkeypatch.setattr(threads, "_count_other_threads", lambda n=others: n)
        use_free_cores()
        assert torch.get_num_threads() == expected
    with one_thread():
        assert torch.get_num_threads() == 1


def test_every_process_sees_its_gpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.delenv(GPUS, raising=False)
    seen = [made[GPUS] for made in Workers(3, ("cuda:0", "cuda:1")).environments()]
    assert seen == ["0", "1", "0"]
    monkeypatch.setenv(GPUS, "4,7")  # as a batch system gives them
    made = Workers(2, ("cuda:1", "cuda:0")).environments()
    assert [one[GPUS] for one in made] == ["7", "4"]
    assert {one["OMP_NUM_THREADS"] for one in made} == {"4"}


def test_scores_do_not_depend_on_the_number_of_threads(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("threads")
    video = write_barcode_video(folder / "a.mp4", 14).path
    found = []
    monkeypatch.setattr("skillviewer.engine.inference.engine.use_free_cores", lambda: None)
    with Engine.open(tiny_checkpoint(folder / "tiny").folder, "cpu") as engine:
        for n in (1, 2):
            torch.set_num_threads(n)
            found.append(engine.assess(video, passes=2))
    first, second = found
    for name in ("attention", "task_state", "score_curve"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
