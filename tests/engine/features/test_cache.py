"""The feature cache: what goes in comes out, and nothing unsound does."""

import os
import resource
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from skillviewer.engine.features.feature_cache import FeatureCache, FeatureKey

SHAPE = (3, 4, 2, 2)


def key(video: str = "v", positions: tuple[int, ...] = (1, 2, 3), flow: str = "dis") -> FeatureKey:
    return FeatureKey(video, (("flow", flow), ("rate_hz", None)), positions)


def features(seed: int = 0) -> NDArray[np.float16]:
    return np.random.default_rng(seed).normal(size=SHAPE).astype(np.float16)


def test_round_trip_is_exact_and_read_only(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    assert cache.get(key(), SHAPE) is None
    assert cache.put(key(), features())
    found = cache.get(key(), SHAPE)
    assert found is not None
    np.testing.assert_array_equal(found, features())
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


@pytest.mark.parametrize("other", [key(video="w"), key(positions=(1, 2, 4)), key(flow="tvl1")])
def test_other_video_positions_or_configuration_is_another_entry(tmp_path: Path, other: FeatureKey) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key(), features())
    assert cache.get(other, SHAPE) is None


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("??/*.safetensors")
    return path


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 0x40
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip_a_byte, cut_short, empty])
def test_damaged_entry_is_dropped_and_can_be_computed_again(tmp_path: Path, damage: object) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key(), features())
    assert callable(damage)
    damage(only_file(tmp_path))
    assert cache.get(key(), SHAPE) is None
    assert not list(tmp_path.glob("??/*"))
    assert cache.put(key(), features())
    assert cache.get(key(), SHAPE) is not None


def test_entry_that_cannot_be_read_for_now_is_left_alone(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key(), features())
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = os.open(tmp_path, os.O_RDONLY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken, most))  # no file more can be opened
    try:
        assert cache.get(key(), SHAPE) is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        os.close(taken)
    assert cache.get(key(), SHAPE) is not None


def test_entry_of_another_shape_is_not_given_out(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key(), features())
    assert cache.get(key(), (3, 4, 2, 3)) is None


def test_cap_drops_what_was_not_used_for_longest(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key("a"), features())
    one = sum(size for _, size, _ in cache.entries())
    cache = FeatureCache(tmp_path, max_bytes=3 * one)
    for age, name in ((300, "a"), (200, "b"), (100, "c")):
        cache.put(key(name), features())
        path = tmp_path / key(name).name[:2] / f"{key(name).name}.safetensors"
        os.utime(path, (time.time() - age, time.time() - age))
    cache.get(key("a"), SHAPE)  # now the last used
    cache.put(key("d"), features())
    assert [cache.get(key(n), SHAPE) is not None for n in "abcd"] == [True, False, True, True]
    assert sum(size for _, size, _ in cache.entries()) <= 3 * one


def test_what_a_killed_process_left_goes_after_an_hour(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    (tmp_path / "ab").mkdir()
    old, new = tmp_path / "ab" / ".old.part.safetensors", tmp_path / "ab" / ".new.part.safetensors"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 4000, time.time() - 4000))
    cache.put(key(), features())
    assert not old.exists()
    assert new.exists()


def test_cache_that_cannot_be_written_costs_no_result(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    cache = FeatureCache(blocked)
    assert not cache.put(key(), features())
    assert cache.get(key(), SHAPE) is None


def test_folders_that_another_process_removes_meanwhile_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FeatureCache(tmp_path)
    for number in range(8):
        cache.put(key(positions=(number,)), features())
    original = os.scandir

    def emptied_meanwhile(path: str | Path | int) -> object:
        if not isinstance(path, int) and Path(path).parent == tmp_path:  # all that is known to be there goes
            for inside in list(original(tmp_path)):
                shutil.rmtree(inside)
        return original(path)

    monkeypatch.setattr(os, "scandir", emptied_meanwhile)
    assert cache.entries() == []


def test_entry_larger_than_the_cap_is_not_kept(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, max_bytes=10)
    assert not cache.put(key(), features())
    assert cache.entries() == []


def _hammer(folder: str, seed: int) -> int:
    cache = FeatureCache(Path(folder), max_bytes=1200)
    wrong = 0
    for turn in range(60):
        name = str((turn * 7 + seed) % 5)
        found = cache.get(key(name), SHAPE)
        if found is not None and not np.array_equal(found, features(int(name))):
            wrong += 1
        cache.put(key(name), features(int(name)))
    return wrong


def test_two_processes_never_see_half_an_entry(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        wrong = list(pool.map(_hammer, [str(tmp_path)] * 2, [0, 3]))
    assert wrong == [0, 0]
