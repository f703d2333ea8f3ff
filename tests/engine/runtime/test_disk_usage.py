import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from skillviewer.core.errors import Cancelled
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime.disk_usage import Storage, empty_cache_folder, measure_storage


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    for name, n_bytes in (
        ("features/ab/one.safetensors", 1000), ("features/cd/two.safetensors", 500), ("proxies/v.mkv", 70),
        ("tuning/run/state.pt", 9), ("evidence/ab/x.evidence", 5), ("analyses/ab/x.npz", 33), ("kernels/k.nbi", 4),
        ("loose", 1),
    ):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * n_bytes)
    return folder


def test_every_byte_is_told_under_what_it_is(cache: Path) -> None:
    found = measure_storage(folder=cache)
    assert found == Storage(cache, features=1500, copies=70, tuning=9, evidence=5, analyses=33, other=5)
    assert (found.total, found.removable) == (1622, 1584)


def test_emptying_leaves_what_models_said(cache: Path) -> None:
    left = empty_cache_folder(folder=cache)
    assert left == Storage(cache, 0, 0, 0, 0, analyses=33, other=5)
    assert (cache / "analyses/ab/x.npz").exists()
    assert list((cache / "features").iterdir()) == []


def test_a_link_out_of_the_cache_is_not_followed(cache: Path, tmp_path: Path) -> None:
    outside = tmp_path / "videos"
    outside.mkdir()
    (outside / "mine.mp4").write_bytes(b"video")
    (cache / "features" / "link").symlink_to(outside, target_is_directory=True)
    assert empty_cache_folder(folder=cache).features == 0
    assert (outside / "mine.mp4").exists()


def test_where_nothing_was_kept_nothing_is(tmp_path: Path) -> None:
    assert empty_cache_folder(folder=tmp_path / "not there").total == 0


@pytest.mark.parametrize("asked", [measure_storage, empty_cache_folder])
def test_what_another_process_empties_meanwhile_is_passed_over(
    asked: Callable[..., Storage], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.scandir

    def emptied_meanwhile(path: str | Path | int) -> object:
        if not isinstance(path, int) and Path(path).parent == cache / "features":  # all that is known to be there goes
            for inside in list(original(cache / "features")):
                shutil.rmtree(inside)
        return original(path)

    monkeypatch.setattr(os, "scandir", emptied_meanwhile)
    assert asked(folder=cache).features == 0


def test_it_can_be_stopped(cache: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        empty_cache_folder(token, cache)
    assert (cache / "features/ab/one.safetensors").exists()
