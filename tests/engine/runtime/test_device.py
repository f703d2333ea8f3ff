"""The device: chosen in the open, and out of memory in one sentence after which all goes on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from skillviewer.core.errors import DeviceError
from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.features import extractor
from skillviewer.engine.features.build_store import build_store
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.inference.model_cache import ModelCache
from skillviewer.engine.runtime.device import DeviceBatches, choose_device, device_errors
from skillviewer.engine.training.train_checkpoint import TrainingResources, train_checkpoint
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.checkpoint import load_checkpoint
from skillviewer.nets.sizes import HeadSizes
from tests.checkpoints import PREPROCESSING, SIZES, tiny_checkpoint
from tests.engine.tiny_dataset import tiny_dataset
from tests.videos import write_barcode_video

GPU_IS_FULL = "The GPU ran out of memory. Close other programs that use it, use fewer passes, or choose the device cpu."
Cuda = Callable[[int], None]
Fill = Callable[[type, str], None]


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    """Pretend that there are n GPUs of NVIDIA, and none of Apple."""

    def pretend(n: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: n > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: n)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    return pretend


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_barcode_video(tmp_path / "v.mp4", 20).path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "features")


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fill]:
    """Let a method of a network run out of memory the second time that it is called, and never again."""

    def make(kind: type, name: str) -> None:
        original, calls = getattr(kind, name), []

        def full(*args: object, **options: object) -> object:
            calls.append(1)
            if len(calls) == 2:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has ...")
            return original(*args, **options)

        monkeypatch.setattr(kind, name, full)

    yield make
    monkeypatch.undo()


@pytest.mark.parametrize(("n", "chosen"), [(0, "cpu"), (1, "cuda:0"), (2, "cuda:0")])
def test_auto_takes_the_first_gpu_or_the_cpu(cuda: Cuda, n: int, chosen: str) -> None:
    cuda(n)
    assert choose_device("auto") == torch.device(chosen)


def test_a_device_that_is_there_is_taken(cuda: Cuda) -> None:
    cuda(2)
    for name in ("cpu", "cuda", "cuda:1"):
        assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("name", "n", "said"),
    [
        ("cuda", 0, "This computer has no device cuda: torch sees no CUDA GPU. Use auto or cpu."),
        ("cuda:9", 1, "This computer has no device cuda:9: torch sees cuda:0 only. Use one of these, auto or cpu."),
        (
            "cuda:2",
            2,
            "This computer has no device cuda:2: torch sees cuda:0 to cuda:1. Use one of these, auto or cpu.",
        ),
        ("mps", 0, "This computer has no Apple GPU that torch can use. Use cpu."),
        ("abacus", 1, "“abacus” is not a device. Use auto, cpu, cuda, cuda:1 or mps."),
        ("meta", 1, "“meta” is not a device. Use auto, cpu, cuda, cuda:1 or mps."),
        ("cuda:-1", 1, "“cuda:-1” is not a device. Use auto, cpu, cuda, cuda:1 or mps."),
        ("", 1, "“” is not a device. Use auto, cpu, cuda, cuda:1 or mps."),
    ],
)
def test_a_device_that_is_not_there_is_named(cuda: Cuda, name: str, n: int, said: str) -> None:
    cuda(n)
    with pytest.raises(DeviceError) as raised:
        choose_device(name)
    assert str(raised.value) == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "The computer ran out of memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "The computer ran out"),
        (torch.OutOfMemoryError("CUDA out of memory."), "The GPU ran out of memory"),
        (RuntimeError("CUDA error: out of memory"), "The GPU ran out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), "The GPU ran out of"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 7 GB)"), "The GPU ran out of memory"),
    ],
)
def test_every_way_to_run_out_of_memory_is_one_sentence(error: Exception, said: str) -> None:
    with pytest.raises(DeviceError, match=said), device_errors():
        raise error


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(RuntimeError, match="shapes"), device_errors():
        raise RuntimeError("shapes do not fit")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [(FeatureExtractor, "features"), (AttentionModel, "fuse")])
def test_assess_out_of_memory_and_again(
    folder: Path, video: Path, cache: FeatureCache, fill: Fill, kind: type, name: str
) -> None:
    with Engine.open(folder, device="cpu", cache=cache) as engine:
        fill(kind, name)
        with pytest.raises(DeviceError) as raised:
            engine.assess(video, passes=2)
        assert str(raised.value) == GPU_IS_FULL
        assert cache.entries() == [], "nothing half computed is kept"
        again = engine.assess(video, passes=2)
    with Engine.open(folder, device="cpu", cache=FeatureCache(cache.folder / "other")) as engine:
        assert np.array_equal(again.score_curve, engine.assess(video, passes=2).score_curve)


def test_explain_out_of_memory_and_again(folder: Path, video: Path, cache: FeatureCache, fill: Fill) -> None:
    with Engine.open(folder, device="cpu", cache=cache) as engine:
        analysis = engine.assess(video)
        fill(type(engine._model), "step")
        with pytest.raises(DeviceError) as raised:
            engine.explain(analysis)
        assert str(raised.value) == GPU_IS_FULL
        assert engine.explain(analysis).score == pytest.approx(analysis.score, abs=1e-5)


def test_a_pool_out_of_memory_and_again(folder: Path, video: Path, cache: FeatureCache, fill: Fill) -> None:
    with ModelCache("cpu", cache) as model_cache:
        fill(FeatureExtractor, "features")
        with pytest.raises(DeviceError) as raised:
            model_cache.assess(folder, video)
        assert str(raised.value) == GPU_IS_FULL
        assert np.isfinite(model_cache.assess(folder, video).score)


def test_a_pool_whose_model_did_not_fit_loads_it_later(
    folder: Path, video: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with ModelCache("cpu", cache) as model_cache:
        # the head, and the backbones that are loaded for the first frame
        for owner, name in ((AttentionModel, "to"), (extractor, "deploy")):
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, full)
                with pytest.raises(DeviceError) as raised:
                    model_cache.assess(folder, video)
            assert str(raised.value) == GPU_IS_FULL
        assert np.isfinite(model_cache.assess(folder, video).score)


@pytest.mark.slow
def test_training_out_of_memory_and_again(
    tmp_path: Path, cache: FeatureCache, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The features of the first training are there for the second, which fails later."""
    monkeypatch.setattr(TrainingPlan, "sizes", lambda _plan: _small())
    monkeypatch.setattr(
        "skillviewer.engine.training.checkpoint_writing.write_log", lambda *_: None
    )  # its figure takes longer than all else
    dataset = tiny_dataset(tmp_path)
    plan, control = TrainingPlan(preprocessing=PREPROCESSING, candidates=1, epochs=1), TrainingControl(CancelToken())
    for kind, name in ((FeatureExtractor, "features"), (AttentionModel, "fuse")):
        fill(kind, name)
        folder = tmp_path / f"model-{name}"
        with pytest.raises(DeviceError) as raised:
            train_checkpoint(plan, dataset, folder, control, TrainingResources(cache, "cpu"))
        assert str(raised.value) == GPU_IS_FULL
        assert not folder.exists()
        train_checkpoint(plan, dataset, folder, control, TrainingResources(cache, "cpu"))
        assert load_checkpoint(folder).card.n_videos == 6, "no video was left out for want of memory"


def _small() -> HeadSizes:
    return replace(SIZES, standardise=True)


def test_out_of_memory_is_no_fault_of_one_video(video: Path) -> None:
    class Full:
        def passes(self, *_: object) -> list[np.ndarray]:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(DeviceError, match="The GPU ran out of memory"):
        build_store([("v", video)], cast("Any", Full()), 1, CancelToken(), silent)


def test_batches_are_halved_and_end_on_the_cpu_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The device "meta" stands for a GPU whose memory holds fewer and fewer inputs."""
    sizes: list[tuple[str, int]] = []
    fits = 2

    def double(some: torch.Tensor) -> torch.Tensor:
        sizes.append((some.device.type, len(some)))
        if some.device.type == "meta" and len(some) > fits:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return torch.zeros(len(some), 2) if some.device.type == "meta" else 2 * some

    inputs = torch.arange(14.0).reshape(7, 2)
    batches = DeviceBatches(torch.device("meta"), batch_size=6)
    assert len(batches.run(double, inputs)) == 7
    assert sizes == [("meta", 6), ("meta", 3), *[("meta", 1)] * 7]
    assert not caplog.records, "it still computes there"
    fits = 0
    for _ in range(2):
        assert torch.equal(batches.run(double, inputs), 2 * inputs)
    assert [record.getMessage() for record in caplog.records] == [
        "meta ran out of memory: the CPU goes on, more slowly."
    ]


def test_an_input_that_fits_nowhere_is_an_error() -> None:
    def full(_some: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(torch.OutOfMemoryError):
        DeviceBatches(torch.device("cpu")).run(full, torch.zeros(3, 1))
