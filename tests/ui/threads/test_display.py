"""A display that is not there is told in a sentence; Qt, which would end the process, is not asked."""

import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from skillviewer.ui.threads import display
from skillviewer.ui.threads.display import display_problem
from tests.facts import missing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has displays that may be missing")

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM")


def start(**displays: str) -> subprocess.CompletedProcess[str]:
    """Start the program as a person does, with other displays."""
    environment = {name: value for name, value in os.environ.items() if name not in DISPLAYS} | displays
    return subprocess.run(
        [sys.executable, "-m", "skillviewer"], env=environment, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.parametrize(
    ("displays", "told"),
    [
        ({"DISPLAY": ":977"}, "no X server lets it in at DISPLAY=:977"),
        ({"DISPLAY": "nonsense"}, "no X server lets it in at DISPLAY=nonsense"),
        ({}, "DISPLAY is not set"),
        ({"WAYLAND_DISPLAY": "wayland-977"}, "no Wayland server answers at WAYLAND_DISPLAY=wayland-977"),
        ({"DISPLAY": ":977", "QT_QPA_PLATFORM": "xcb"}, "no X server lets it in at DISPLAY=:977"),
    ],
)
def test_the_program_says_so_and_ends(tmp_path: Path, displays: dict[str, str], told: str) -> None:
    ended = start(**displays, SKILLVIEWER_HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path))
    assert ended.returncode == 1, "an error that is told, and not the end by a signal"
    (line,) = ended.stderr.splitlines()
    assert not missing(line, "display")
    assert told in line
    assert "command line" in line
    assert "qt." not in ended.stderr


class XServer:
    """Knows how to greet, and nothing else: no screens.

    Attributes:
        lets_in: Whether it accepts who knocks.
    """

    def __init__(self, number: int) -> None:
        self.lets_in = True
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(f"\0/tmp/.X11-unix/X{number}")  # a name in memory: nothing is left on the disk
        self._socket.listen()
        self._thread = threading.Thread(target=self._greet)
        self._thread.start()

    def _greet(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self._socket.accept()
                with guest, suppress(OSError):
                    guest.recv(1024)
                    if self.lets_in:
                        guest.sendall(struct.pack("<BxHHH", 1, 11, 0, 8) + bytes(32))
                    else:
                        guest.sendall(struct.pack("<BBHHH", 0, 8, 11, 0, 2) + b"go away.")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def x_server() -> Iterator[XServer]:
    server = XServer(978)
    yield server
    server.close()


@pytest.fixture
def whole_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not this one has all libraries of a desktop."""
    monkeypatch.setattr(display, "_plugin_problem", lambda _platform: None)


@pytest.mark.usefixtures("whole_system")
def test_a_server_that_is_there_will_do_unless_it_lets_nobody_in(x_server: XServer) -> None:
    here = {"DISPLAY": ":978"}
    assert display_problem(here) is None
    assert display_problem(here | {"WAYLAND_DISPLAY": "wayland-977"}) is None, "Qt goes on to X"
    assert display_problem(here | {"QT_QPA_PLATFORM": "wayland"}) is not None, "Qt was told not to"
    x_server.lets_in = False
    problem = display_problem(here)
    assert problem is not None
    assert "DISPLAY=:978" in problem


@pytest.mark.usefixtures("whole_system")
def test_a_wayland_server_that_is_there_will_do(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "w"))
        server.listen()
        assert display_problem({"WAYLAND_DISPLAY": str(tmp_path / "w")}) is None
        assert display_problem({"WAYLAND_DISPLAY": "w", "XDG_RUNTIME_DIR": str(tmp_path)}) is None


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc:size=640x480", "xcb;offscreen"])
def test_what_needs_no_display_is_left_to_qt(platform: str) -> None:
    assert display_problem({"QT_QPA_PLATFORM": platform, "DISPLAY": ":977"}) is None


@pytest.mark.usefixtures("x_server")
def test_a_library_that_the_system_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    plugin = tmp_path / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    plugin.parent.mkdir(parents=True)
    plugin.write_bytes(b"no library")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: Spec)
    problem = display_problem({"DISPLAY": ":978"})
    assert problem is not None
    assert "libqxcb.so" in problem
    assert "system-libraries.sh" in problem
