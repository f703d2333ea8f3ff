"""Features by reference: the same numbers, no open files, and a word when they are gone."""

from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.engine.features.feature_cache import FeatureCache, FeatureKey
from skillviewer.engine.features.feature_store import (
    AveragedStore,
    MappedPass,
    MappedStore,
    WatchedStore,
    locate_if_mapped,
)

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(3, 4, 2, 2)).astype(np.float16)


@pytest.fixture
def kept(tmp_path: Path) -> MappedPass:
    cache = FeatureCache(tmp_path)
    key = FeatureKey("digest", (("a", 1),), (1, 2, 3))
    assert cache.put(key, FEATURES)
    features = cache.get(key, FEATURES.shape)
    assert features is not None
    found = locate_if_mapped(features)
    assert isinstance(found, MappedPass)
    return found


def test_reference_leads_to_the_same_numbers_in_any_process(kept: MappedPass) -> None:
    here, there = Pipe()
    here.send(MappedStore({"v": [kept, FEATURES]}))
    store = there.recv()
    for features in store["v"]:
        np.testing.assert_array_equal(features, FEATURES)
    assert list(store) == ["v"]
    assert len(store) == 1


def n_open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
def test_store_keeps_no_file_open(kept: MappedPass) -> None:
    store = MappedStore({f"v{i}": [kept] * 4 for i in range(50)})
    before = n_open_files()
    for name in store:
        assert len(store[name]) == 4
    assert n_open_files() <= before + 4


def test_features_that_went_away_are_named(kept: MappedPass) -> None:
    store = MappedStore({"P07 second try": [kept]})
    kept.path.unlink()
    with pytest.raises(DatasetError, match=r"P07 second try.*larger cache"):
        store["P07 second try"]


def test_averaged_store_averages_over_the_cells_once(kept: MappedPass) -> None:
    watched = WatchedStore(MappedStore({"v": [kept], "w": [kept]}))
    store = AveragedStore(watched)
    (averaged,) = store["v"]
    np.testing.assert_allclose(averaged[:, :, 0, 0], FEATURES.astype(np.float64).mean(axis=(2, 3)), atol=1e-6)
    assert averaged.shape == (3, 4, 1, 1)
    assert store["v"] is store["v"]
    assert watched.names_read == {"v"}
    assert sorted(store) == sorted(watched) == ["v", "w"]
