"""Entries that installed packages add to the program's tables, by entry points (docs/plugins.md)."""

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, wraps
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from skillviewer.core.errors import Cancelled, PluginError, SkillViewerError, first_line

SWITCH = "SKILLVIEWER_PLUGINS"
"""Variable of the environment; ``off`` leaves all plug-ins out."""

PREFIX = "skillviewer."
"""Beginning of the groups of entry points."""

ON_PROBLEM: list[Callable[[PluginError], object]] = []
"""Called once for each plug-in that is left out or fails, in any thread; worker processes have nothing here."""

_NAME = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_told: set[str] = set()


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry that a package adds.

    Attributes:
        name: Name of the entry, or of its entry point if it is left out.
        package: Name and version of the package.
        entry: The entry; None if it is left out.
        problem: The reason for leaving it out, or "".
    """

    name: str
    package: str
    entry: Any = None
    problem: str = ""


def switched_off() -> bool:
    """Return True if the environment leaves all plug-ins out."""
    return (os.environ.get(SWITCH) or "on").strip().lower() != "on"


def tell(problem: PluginError) -> None:
    """Tell the user of a plug-in that is left out or fails, once."""
    if str(problem) not in _told:
        _told.add(str(problem))
        for listener in ON_PROBLEM:
            listener(problem)


@cache
def plugin_points() -> list[EntryPoint]:
    """Return the entry points of all plug-ins, in the order of packages and names; none if they are switched off."""
    if switched_off():
        return []
    try:
        groups = [group for group in entry_points().groups if group.startswith(PREFIX)]
        points = [point for group in groups for point in entry_points(group=group)]
    except Exception as error:  # noqa: BLE001 - metadata of others, in any state
        what = f"an installed package has damaged entry points ({_reason(error)})"
        tell(PluginError(f"No plug-in is used: {what}. Install the package again, or set {SWITCH}=off."))
        return []
    return sorted(points, key=lambda point: (_package(point), point.name))


def read_plugins(group: str, kind: type, taken: Callable[[str], bool]) -> list[Plugin]:
    """Import the plug-ins of a table, in the order of packages and names; tell of those that are left out.

    Args:
        group: Group of entry points, without ``PREFIX``.
        kind: Type of the entries.
        taken: Returns True for a name that no plug-in may have.
    """
    points = [point for point in plugin_points() if point.group == PREFIX + group]
    entries = [_imported(point) for point in points]
    times = Counter(getattr(entry, "name", None) for entry in entries if isinstance(entry, kind))
    plugins = []
    for point, entry in zip(points, entries, strict=True):
        package, name = _package(point), getattr(entry, "name", None)
        if isinstance(entry, Exception):
            why = f"{point.value} cannot be imported ({_reason(entry)})"
        elif not isinstance(entry, kind):
            why = f"{point.value} is of type {type(entry).__name__}, not {kind.__name__}"
        elif not isinstance(name, str) or not _NAME.fullmatch(name):
            why = f"its name {name!r:.40} is not made of a to z, 0 to 9, - and _"
        elif taken(name):
            why = f"the program itself has the name “{name}”"
        elif times[name] > 1:
            whose = {_package(at) for at, one in zip(points, entries, strict=True) if getattr(one, "name", "") == name}
            why = f"the name “{name}” is added {times[name]} times, by {' and '.join(sorted(whose))}"
        else:
            plugins.append(Plugin(name, package, _guarded(entry, name, package)))
            continue
        text = f"The plug-in “{point.name}” of {package} is left out: {why}. {_way_out(package)}"
        plugins.append(Plugin(point.name, package, problem=text))
        tell(PluginError(text))
    return plugins


def _imported(point: EntryPoint) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - code of others, which may raise anything
        return error if isinstance(error, Exception) else RuntimeError(f"it ends the program: {error}")


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist and point.dist.name else "a package without a name"


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _way_out(package: str) -> str:
    name = package.rpartition(" ")[0]
    return f"Install another version of {name} or uninstall it, or set {SWITCH}=off."


def _guarded(entry: Any, name: str, package: str) -> Any:  # noqa: ANN401 - a dataclass of any table
    """Return the entry with functions whose foreign errors are told as one sentence."""

    def guard(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
            try:
                return function(*given, **named)
            except (SkillViewerError, Cancelled, MemoryError):
                raise
            except Exception as error:
                what = f"The plug-in “{name}” of {package} failed ({_reason(error)})"
                raise PluginError(f"{what}. {_way_out(package)}") from error

        return run

    values = {field.name: getattr(entry, field.name) for field in fields(entry)}  # options of exporters are a dataclass
    return replace(entry, **{key: guard(it) for key, it in values.items() if callable(it) and not is_dataclass(it)})
