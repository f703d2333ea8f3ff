"""The program as Orca reads it: AT-SPI over D-Bus, under an X server without a screen."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, MessageFlag, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.ui.actions.actions import without_mnemonic
from tests.ui.screen_reader import Node

ENABLED, SHOWING, EDITABLE = 8, 25, 7
"""Bits of a node's state, from ``atspi-constants.h``."""
ROLES = {"push button": "Button", "button": "Button", "list item": "ListItem"}
"""Qt's names of the kinds that the flows ask for."""
MAX_CHILDREN = 200
WAIT_S = 120.0


@dataclass
class SpiNode:
    """A node of the accessibility bus: the name of its program there, and its path."""

    bus: DBusConnection
    program: str
    path: str

    def _call(self, interface: str, method: str, signature: str | None = None, *given: object) -> Any:
        address = DBusAddress(self.path, self.program, f"org.a11y.atspi.{interface}")
        answer = self.bus.send_and_get_reply(new_method_call(address, method, signature, given), timeout=120)
        return answer.body[0] if answer.body and answer.header.message_type.name == "method_return" else None

    def _get(self, name: str) -> str:
        address = DBusAddress(self.path, self.program, "org.a11y.atspi.Accessible")
        answer = self.bus.send_and_get_reply(Properties(address).get(name), timeout=120)
        return str(answer.body[0][1]) if answer.header.message_type.name == "method_return" else ""

    def _is(self, bit: int) -> bool:
        state = self._call("Accessible", "GetState") or (0, 0)
        return bool(state[bit // 32] >> bit % 32 & 1)

    @property
    def name(self) -> str:
        return without_mnemonic(self._get("Name"))

    @property
    def role(self) -> str:
        role = self._call("Accessible", "GetRoleName") or ""
        return ROLES.get(role, role)

    @property
    def words(self) -> str:
        return " ".join(filter(None, (self._get("Name"), self._get("Description"))))

    @property
    def usable(self) -> bool:
        return self._is(SHOWING) and self._is(ENABLED)

    @property
    def actions(self) -> dict[str, Callable[[], None]]:
        names = [name for name, _, _ in self._call("Action", "GetActions") or ()]
        return {name: partial(self._act, at) for at, name in enumerate(names)}

    def _act(self, at: int) -> None:
        message = new_method_call(DBusAddress(self.path, self.program, "org.a11y.atspi.Action"), "DoAction", "i", (at,))
        message.header.flags |= MessageFlag.no_reply_expected  # a dialog answers when it is closed
        self.bus.send(message)

    def children(self) -> list[Node]:
        found = self._call("Accessible", "GetChildren") or ()
        return [SpiNode(self.bus, program, path) for program, path in found[:MAX_CHILDREN]]

    def write(self, text: str) -> bool:
        return self._is(EDITABLE) and bool(self._call("EditableText", "SetTextContents", "s", text))

    def choose(self) -> None:
        self.actions["Toggle"]()


def missing() -> str:
    """Return what the test needs and this computer lacks, or ""."""
    programs = [name for name in ("Xvfb", "dbus-daemon") if shutil.which(name) is None]
    services = Path("/usr/share/dbus-1/services/org.a11y.Bus.service")
    return ", ".join(programs + ([] if services.is_file() else ["at-spi2-core"]))


@contextlib.contextmanager
def _running(*command: str, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=120)


@contextlib.contextmanager
def running_program(home: Path, *arguments: str) -> Iterator[Callable[[], Node]]:
    """Run the program under an X server and a session bus of its own, as if a screen reader were there.

    Yields:
        Returns the node of the program's foremost window.
    """
    env = {**os.environ, HOME_VARIABLE: str(home), "QT_QPA_PLATFORM": "xcb", "XDG_RUNTIME_DIR": str(home)}
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    with contextlib.ExitStack() as stack:
        screen = stack.enter_context(
            _running("Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", env=env)
        )
        assert screen.stdout is not None
        env["DISPLAY"] = f":{screen.stdout.readline().strip()}"
        session = stack.enter_context(_running("dbus-daemon", "--session", "--nofork", "--print-address", env=env))
        assert session.stdout is not None
        env["DBUS_SESSION_BUS_ADDRESS"] = session.stdout.readline().strip()
        with open_dbus_connection(env["DBUS_SESSION_BUS_ADDRESS"]) as bus:
            at = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
            address = bus.send_and_get_reply(new_method_call(at, "GetAddress"), timeout=WAIT_S).body[0]
            status = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Status")
            bus.send_and_get_reply(Properties(status).set("IsEnabled", "b", value=True), timeout=WAIT_S)
        program = stack.enter_context(_running(sys.executable, "-m", "skillviewer", *arguments, env=env))
        accessible_text = stack.enter_context(open_dbus_connection(address))
        registry = SpiNode(accessible_text, "org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")

        def root() -> Node:
            end = time.monotonic() + WAIT_S
            while not (found := registry.children()):
                assert program.poll() is None, "the program ended"
                assert time.monotonic() < end, "the program did not come to the bus"
                time.sleep(0.1)
            windows = [window for window in found[0].children() if window.usable]
            return windows[-1] if windows else found[0]  # a dialog stands before the window

        yield root
