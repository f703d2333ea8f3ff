"""Several processes train one model: the same weights as one process by itself, up to rounding."""

import multiprocessing
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.multiprocessing.spawn import start_processes

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DeviceError
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup, launched
from skillviewer.engine.training.batches import FrameSampler, make_pair_batch
from skillviewer.engine.training.state_file import StateFile
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import FitPairs, FitResult, TrainingControl, fit
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import LossSettings
from tests.cli.studies import write_study
from tests.engine.training.test_trainer import NAMES, OPTIMISER, PAIRS, SETTINGS, SIZES, store

CPU = torch.device("cpu")
INNER = replace(SETTINGS, select=EpochSelection.INNER_FOLDS, optimiser=replace(OPTIMISER, epochs=3, clip_norm=1.0))
CHOOSING = [Pair(p.worse, p.better) for p in PAIRS[:20]]
ON, CONTROL = FitPairs(PAIRS, CHOOSING), TrainingControl(CancelToken())
MODELS = (
    "full", "none", "no-rnn", "follow", "cbam", "cbam-original", "sca", "pool", "visual", "tsn-frozen", "raan",
    "pooled",
)  # fmt: skip
FITTED = ("full", "cbam-original")  # the second mixes the videos of a batch
LOSS = LossSettings(attention_penalty=0.5)


def beginning(name: str, seed: int = 1) -> AttentionModel:
    torch.manual_seed(seed)
    return attention_model(name).build(SIZES)


def batch() -> tuple[torch.Tensor, PairBatch]:
    features = torch.randn(5, 5, 6, 4, 4, generator=torch.Generator().manual_seed(2))
    return features, make_pair_batch([(0, 1, 1), (1, 2, 1), (2, 3, 1), (4, 0, 1), (1, 4, 0)])


def gradients(name: str, process_group: ProcessGroup) -> dict[str, torch.Tensor]:
    """Return the gradients of the whole batch of five videos, and what it leaves behind; nothing is drawn."""
    torch.manual_seed(7)
    model = attention_model(name).build(replace(SIZES, tsn_splits=5)).train(name == "cbam-original")
    features, pairs = batch()
    share = process_group.share(5)
    model.gather = process_group.gather(5)
    model.loss(features[share.start : share.stop], pairs, LOSS).loss.backward()  # type: ignore[no-untyped-call]
    process_group.add_gradients(list(model.parameters()))
    left = {f"{name}.{k}": b for k, b in model.named_buffers()}
    return left | {f"{name}.{k}": p.grad for k, p in model.named_parameters() if p.grad is not None}


def work(rank: int, size: int, folder: str, port: int) -> None:
    """What each process does; the first writes what came of it."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with launched("cpu") as (process_group, _):
        take_part(process_group, Path(folder))
    os._exit(0)  # as the command line does


def take_part(process_group: ProcessGroup, folder: Path) -> None:
    found = {k: v for name in MODELS for k, v in gradients(name, process_group).items()}
    for name in FITTED:
        model = beginning(name, 1 + 10 * process_group.rank)  # the others begin as the first does
        trained = fit(model, store(), ON, INNER, CONTROL, process_group=process_group)
        found |= {f"trained.{name}.{k}": v for k, v in trained.weights.items()}
        found[f"epoch.{name}"] = torch.tensor(trained.epoch)
        found[f"accuracies.{name}"] = torch.tensor([row.held_out_accuracy for row in trained.rows])
        resumed = stopped_and_gone_on_with(name, process_group, folder)
        found |= {f"resumed.{name}.{k}": v for k, v in resumed.weights.items()}
        assert [row.held_out_accuracy for row in resumed.rows] == [row.held_out_accuracy for row in trained.rows]
    save_file(found, folder / f"{process_group.rank}.safetensors")


def stopped_and_gone_on_with(name: str, process_group: ProcessGroup, folder: Path) -> FitResult:
    """Train for an epoch, keep the state, and go on from it with models that began elsewhere."""
    state = StateFile(folder / f"{name}.state", interval_s=0, can_write=process_group.leads)
    fit(
        beginning(name),
        store(),
        FitPairs(PAIRS, CHOOSING),
        INNER,
        TrainingControl(CancelToken()),
        state_store=state,
        last_epoch=1,
        process_group=process_group,
    )
    process_group.wait()
    kept = state.load()
    assert kept is not None
    assert kept.epoch == 1
    model = beginning(name, 5 + process_group.rank)
    return fit(model, store(), ON, INNER, CONTROL, state_store=state, process_group=process_group)


@pytest.mark.parametrize("size", [3])  # shares of 2, 2 and 1 video: even and uneven ones
def test_gradients_and_weights_are_those_of_one_process(size: int, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.set_forkserver_preload([__name__])  # what takes longest is imported once
    start_processes(work, (size, str(tmp_path), port), nprocs=size, start_method="forkserver")  # type: ignore[no-untyped-call]
    first, *others = [load_file(tmp_path / f"{rank}.safetensors") for rank in range(size)]
    for other in others:
        assert all(torch.equal(first[name], other[name]) for name in first), "the processes went different ways"
    for name in MODELS:
        alone = gradients(name, SINGLE_PROCESS)
        assert sum(float(g.abs().sum()) for g in alone.values()) > 0
        for key, gradient in alone.items():
            torch.testing.assert_close(first[key], gradient, rtol=1e-4, atol=1e-6, msg=key)
    for name in FITTED:
        trained = fit(beginning(name), store(), ON, INNER, CONTROL)
        assert int(first[f"epoch.{name}"]) == trained.epoch
        assert first[f"accuracies.{name}"].tolist() == pytest.approx([row.held_out_accuracy for row in trained.rows])
        for key, tensor in trained.weights.items():
            torch.testing.assert_close(first[f"trained.{name}.{key}"], tensor, rtol=1e-3, atol=1e-5, msg=key)
            assert torch.equal(first[f"resumed.{name}.{key}"], first[f"trained.{name}.{key}"]), key


@pytest.mark.parametrize(("size", "n"), [(1, 4), (2, 5), (3, 7), (4, 4), (4, 2), (3, 1)])
def test_every_video_is_the_share_of_one_process(size: int, n: int) -> None:
    processes = [ProcessGroup(rank, size) for rank in range(size)]
    shares = processes[0].shares(n)
    assert sum(shares) == n
    assert max(shares) - min(shares) <= 1
    counted = [place for one, k in zip(processes, shares, strict=True) for place in list(one.share(n))[:k]]
    assert counted == list(range(n))
    assert all(len(one.share(n)) >= 1 for one in processes)


def test_all_processes_draw_the_same_frames() -> None:
    whole = FrameSampler(store(), np.random.default_rng(4), CPU)
    parts = [FrameSampler(store(), np.random.default_rng(4), CPU) for _ in range(2)]
    for names in (NAMES[:5], NAMES[3:9]):
        expected = whole.draw(names)
        shares = [ProcessGroup(rank, 2).share(len(names)) for rank in range(2)]
        found = torch.cat([one.draw(names, share) for one, share in zip(parts, shares, strict=True)])
        assert torch.equal(found, expected)


def test_alone_nothing_is_waited_for() -> None:
    with launched("cpu") as (process_group, device):
        assert (process_group, device) == (SINGLE_PROCESS, "cpu")
    assert process_group.collect(3) == [3]
    assert process_group.gather(4) is None


def test_one_device_for_several_processes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    with pytest.raises(DeviceError, match=r"2 processes.*cuda:1"), launched("cuda:1"):
        pass


@pytest.mark.slow
def test_two_launchers_of_torch_train_one_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each launcher stands for a machine: they know one address of each other, and share a file system."""
    study = write_study(tmp_path / "study", names=("a1", "b1", "c1", "d2"))
    train = ["train", str(study), "--device", "cpu"]
    settings = {"epochs": "1", "flow": "dis", "candidates": "1", "segments": "3", "input-px": "64"}
    train += [word for name, value in settings.items() for word in (f"--{name}", value)]
    train += ["--no-refit", "-o"]
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    torchrun = ["-m", "torch.distributed.run", "--nnodes", "2", "--rdzv-backend", "c10d", "--rdzv-id", "test"]
    launchers = [
        subprocess.Popen(
            [sys.executable, *torchrun, f"--rdzv-endpoint=localhost:{port}", "-m", "skillviewer", *train,
             str(tmp_path / "two")],
            env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    told = [launcher.communicate() for launcher in launchers]
    assert [launcher.returncode for launcher in launchers] == [0, 0], told
    assert run([*train, str(tmp_path / "one")]) == 0
    process_group = "".join(out for out, _ in told)
    said = [
        process_group.replace(str(tmp_path / "two"), ""),
        capsys.readouterr().out.replace(str(tmp_path / "one"), ""),
    ]
    assert said[0] == said[1] != "", "it is said once, and the same"
    two, one = (load_file(tmp_path / name / "weights.safetensors") for name in ("two", "one"))
    for key, tensor in one.items():
        torch.testing.assert_close(two[key].float(), tensor.float(), rtol=2e-3, atol=1e-4, msg=key)
