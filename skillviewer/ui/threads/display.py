"""Checks for a display before Qt is started, since Qt ends the process without a display.

Only on Linux can a display be missing. Except for ``window_problem``, the checks do not use Qt.
"""

import ctypes
import importlib.util
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from skillviewer.core.errors import os_reason
from skillviewer.core.paths import resources_dir

CONNECT_TIMEOUT_S = 5.0
ADVICE = (
    "Correct that, start the window in a desktop session (over ssh: ssh -X), or use the command line, which needs no "
    "display: skillviewer --help."
)
INSTALL_HINT = "on Debian, bash packaging/system-libraries.sh installs what the window needs"


def display_problem(environment: Mapping[str, str]) -> str | None:
    """Return a known reason why no window can be shown, with advice, or None.

    Platforms are checked in Qt's order: those in QT_QPA_PLATFORM, or else Wayland in a Wayland session, and then X.
    Platforms that need no display or are unknown here are left to Qt. libxcb reads the environment of the process, not
    ``environment``.
    """
    if not sys.platform.startswith("linux"):
        return None
    problems = []
    for platform in _platforms(environment):
        if platform not in {"xcb", "wayland"}:
            return None
        problem = _x_problem(environment) if platform == "xcb" else _wayland_problem(environment)
        if problem is None:
            problem = _plugin_problem(platform)
        if problem is None:
            return None
        problems.append(problem)
    return f"The window has no display: {', and '.join(problems)}. {ADVICE}"


def _platforms(environment: Mapping[str, str]) -> list[str]:
    """Return the platforms that Qt tries, in order (``init_platform`` in Qt's qguiapplication.cpp)."""
    setting = environment.get("QT_QPA_PLATFORM", "")
    if setting:
        return [_platform_of(part) for part in setting.split(";") if part]
    if environment.get("XDG_SESSION_TYPE") == "wayland" or "WAYLAND_DISPLAY" in environment:
        return ["wayland", "xcb"]
    return ["xcb"]


def _platform_of(entry: str) -> str:
    """Return the platform that an entry of QT_QPA_PLATFORM names; all kinds of Wayland are the same platform."""
    platform, _, _ = entry.partition(":")
    return "wayland" if platform.startswith("wayland") else platform


def _x_problem(environment: Mapping[str, str]) -> str | None:
    display = environment.get("DISPLAY", "")
    if not display:
        return "DISPLAY is not set"
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        return f"{error} ({INSTALL_HINT})"
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    for function in (xcb.xcb_connection_has_error, xcb.xcb_disconnect):
        function.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)  # checks sockets, forwarded ports and access rights
    has_error = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"no X server lets it in at DISPLAY={display}" if has_error else None


def _wayland_problem(environment: Mapping[str, str]) -> str | None:
    name = environment.get("WAYLAND_DISPLAY", "wayland-0")
    socket_path = Path(environment.get("XDG_RUNTIME_DIR", "/")) / name  # an absolute name is kept as it is
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(CONNECT_TIMEOUT_S)
            connection.connect(str(socket_path))
    except OSError as error:
        return f"no Wayland server answers at WAYLAND_DISPLAY={name} ({socket_path}: {os_reason(error)})"
    return None


def _plugin_problem(platform: str) -> str | None:
    """Load Qt's plugin for a platform; return the error if a system library is missing, or None."""
    spec = importlib.util.find_spec("PySide6")
    if spec is None or not spec.submodule_search_locations:
        return None
    package_dir = Path(next(iter(spec.submodule_search_locations)))
    plugin = package_dir / "Qt" / "plugins" / "platforms" / f"libq{platform}.so"
    if not plugin.exists():  # Qt is installed elsewhere
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return f"{error} ({INSTALL_HINT})"
    return None


def window_problem() -> str | None:
    """Return the reason why the window cannot work, or None.

    Raises:
        ImportError: Qt's own libraries do not load.
    """
    from PySide6.QtGui import QFontDatabase, QGuiApplication

    new_app = None
    if QGuiApplication.instance() is None:
        new_app = QGuiApplication(["skillviewer", "-platform", "offscreen"])
    own_fonts = (resources_dir() / "style" / "fonts").glob("*.[ot]tf")
    has_font = bool(QFontDatabase.families()) or any(own_fonts)
    if new_app is not None:
        new_app.shutdown()  # a window may still be opened in this process
    if not has_font:
        return "there is no font, so every letter would be a box: on Debian apt-get install fonts-dejavu-core"
    return None
