"""Only the command that started a cluster can use it, and it listens to this computer alone."""

import logging
import os
import socket
from pathlib import Path

import pytest

from skillviewer.core.errors import SettingsError
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime import cluster
from skillviewer.engine.runtime.workers import Workers, map_on_workers
from tests.engine.scoring.made_units import MadeUnit, make

distributed = pytest.importorskip("distributed", reason="needs the extra cluster")
psutil = pytest.importorskip("psutil", reason="comes with distributed")


def listening() -> set[str]:
    """Return the addresses at which this process and its children accept connections."""
    here = psutil.Process(os.getpid())
    every = [here, *here.children(recursive=True)]
    found = [entry for process in every for entry in process.net_connections(kind="inet")]
    return {entry.laddr.ip for entry in found if entry.status == psutil.CONN_LISTEN}


def test_a_second_client_without_the_certificate_of_the_run_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    with cluster._connect("local", 1) as client:
        address = client.scheduler.address
        client.wait_for_workers(1, timeout=600)
        assert address.startswith("tls://127.0.0.1:")
        assert listening() == {"127.0.0.1"}
        others = {address.replace("tls://", "tcp://"): None, address: distributed.security.Security.temporary()}
        with caplog.at_level(logging.CRITICAL):
            for target, security in others.items():
                with pytest.raises((OSError, TypeError)), distributed.Client(target, security=security, timeout="2s"):
                    pytest.fail("a stranger was let in")
        worker = next(iter(client.scheduler_info()["workers"]))
        assert worker.startswith("tls://127.0.0.1:")
        assert client.submit(int, "7").result(timeout=600) == 7


def test_a_cluster_started_here_serves_no_page() -> None:
    with cluster._connect("local", 1) as client:
        port = client.cluster.scheduler.http_server.port
        for path in ("/", "/status", "/health", "/metrics", "/json/counts.json"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                assert b" 404 " in connection.recv(100).splitlines()[0], path


def test_a_scheduler_elsewhere_without_encryption_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError("nobody there")

    monkeypatch.setattr(distributed, "Client", refuse)
    for address, warned in {
        "tcp://scheduler:8786": 1,
        "tcp://127.0.0.1:9": 0,
        "tcp://[::1]:9": 0,
        "tls://scheduler:8786": 0,
    }.items():
        caplog.clear()
        with pytest.raises(SettingsError, match="nobody there"):
            map_on_workers(make, [MadeUnit(1, tmp_path)], Workers(cluster=address), CancelToken(), print, print)
        assert sum("not encrypted" in message for message in caplog.messages) == warned
