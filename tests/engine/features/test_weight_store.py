"""Fetching weights: only what was asked for, only with the right digest, nothing half kept. The server is our own."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from skillviewer.core.errors import Cancelled, CheckpointError
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.engine.features.weight_store import fetch, find_weights, weight_files, weights_dir
from skillviewer.nets.backbones.weight_sources import WeightSource

DATA = bytes(range(256)) * 20_000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "w.pth").write_bytes(DATA)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/w.pth"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))


def source(url: str, prefix: str) -> WeightSource:
    return WeightSource("resnet18", url, prefix, "test")


PREFIX = hashlib.sha256(DATA).hexdigest()[:8]


def test_weights_are_kept_where_they_are_found(url: str) -> None:
    assert find_weights("resnet18") is None
    reports: list[Progress] = []
    path = fetch(source(url, PREFIX), CancelToken(), reports.append)
    assert path.read_bytes() == DATA
    assert find_weights("resnet18") == path
    assert reports[-1].done == reports[-1].total == len(DATA)


def test_other_bytes_are_refused_and_nothing_is_kept(url: str) -> None:
    with pytest.raises(CheckpointError, match=f"begins with {PREFIX}, not 00000000"):
        fetch(source(url, "00000000"), CancelToken())
    assert list(weights_dir().iterdir()) == []


def test_no_network_says_what_to_do(url: str) -> None:
    with pytest.raises(CheckpointError, match="Fetch"):
        fetch(source(url.replace("w.pth", "missing.pth"), PREFIX), CancelToken())
    assert list(weights_dir().iterdir()) == []


def test_cancel_keeps_nothing(url: str) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        fetch(source(url, PREFIX), token, lambda _: token.cancel())
    assert list(weights_dir().iterdir()) == []


def test_shipped_weights_are_listed_as_here_and_others_as_not() -> None:
    listed = dict(weight_files())
    assert listed["efficientnet-lite0"] is not None
    assert listed["resnet101"] is None
