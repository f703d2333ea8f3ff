"""Find out if there is a display before Qt is asked: without one, Qt ends the process.

Only Linux has displays that may be missing while the program runs. Free of Qt, but for ``window_problem``.
"""

import ctypes
import importlib.util
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from skillviewer.core.paths import resources_dir

PATIENCE_S = 5.0
WHAT_TO_DO = (
    "Correct that, start the window in a desktop session (over ssh: ssh -X), or use the command line, which needs no "
    "display: skillviewer --help."
)
LIBRARIES = "on Debian, bash packaging/system-libraries.sh installs what the window needs"


def display_problem(environment: Mapping[str, str]) -> str | None:
    """Return in two sentences why no window can be shown, or None if none of the known reasons applies.

    What Qt would choose is asked in Qt's order: what QT_QPA_PLATFORM names, else Wayland in a Wayland session, then X.
    Choices of Qt that need no display, and those that this function does not know, are left to Qt. libxcb looks up
    DISPLAY in the process itself, not in ``environment``.
    """
    if not sys.platform.startswith("linux"):
        return None
    problems = []
    for platform in _platforms(environment):
        if platform not in {"xcb", "wayland"}:
            return None
        problem = _x_problem(environment) if platform == "xcb" else _wayland_problem(environment)
        problem = problem or _plugin_problem(platform)
        if problem is None:
            return None
        problems.append(problem)
    return f"The window has no display: {', and '.join(problems)}. {WHAT_TO_DO}"


def _platforms(environment: Mapping[str, str]) -> list[str]:
    """Return the platforms that Qt tries, in order: qguiapplication.cpp, init_platform."""
    setting = environment.get("QT_QPA_PLATFORM", "")
    if setting:
        platforms = [part.partition(":")[0] for part in setting.split(";") if part]
        return ["wayland" if part.startswith("wayland") else part for part in platforms]
    wayland = environment.get("XDG_SESSION_TYPE") == "wayland" or "WAYLAND_DISPLAY" in environment
    return ["wayland", "xcb"] if wayland else ["xcb"]


def _x_problem(environment: Mapping[str, str]) -> str | None:
    display = environment.get("DISPLAY", "")
    if not display:
        return "DISPLAY is not set"
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        return f"{error} ({LIBRARIES})"
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    for function in (xcb.xcb_connection_has_error, xcb.xcb_disconnect):
        function.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)  # knows sockets, ssh's ports and who may connect
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if not failed:
        return None
    return f"no X server lets it in at DISPLAY={display}"


def _wayland_problem(environment: Mapping[str, str]) -> str | None:
    name = environment.get("WAYLAND_DISPLAY", "wayland-0")
    place = Path(environment.get("XDG_RUNTIME_DIR", "/")) / name  # an absolute name stays unchanged
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(str(place))
    except OSError as error:
        return f"no Wayland server answers at WAYLAND_DISPLAY={name} ({place}: {error.strerror or error})"
    return None


def _plugin_problem(platform: str) -> str | None:
    """Return which system library is missing for Qt's plugin, which is loaded as Qt would."""
    spec = importlib.util.find_spec("PySide6")
    places = spec.submodule_search_locations if spec is not None else None
    plugin = Path(next(iter(places or ["/"]))) / "Qt" / "plugins" / "platforms" / f"libq{platform}.so"
    if not plugin.exists():  # Qt is installed elsewhere, and finds its plugin
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return f"{error} ({LIBRARIES})"
    return None


def window_problem() -> str | None:
    """Return the reason why the window cannot work, or None; ImportError if Qt's own libraries do not load."""
    from PySide6.QtGui import QFontDatabase, QGuiApplication

    created = None
    if QGuiApplication.instance() is None:
        created = QGuiApplication(["skillviewer", "-platform", "offscreen"])
    lettered = bool(QFontDatabase.families()) or any((resources_dir() / "style" / "fonts").glob("*.[ot]tf"))
    if created is not None:
        created.shutdown()  # a window may still be opened in this process
    if not lettered:
        return "there is no font, so every letter would be a box: on Debian apt-get install fonts-dejavu-core"
    return None
