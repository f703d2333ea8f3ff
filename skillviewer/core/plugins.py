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
from skillviewer.core.plugin_trial import fatal_plugins

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
        problem = f"an installed package has damaged entry points ({_reason(error)})"
        tell(PluginError(f"No plug-in is used: {problem}. Install the package again, or set {SWITCH}=off."))
        return []
    return sorted(points, key=lambda point: (_package(point), point.name))


def read_plugins(group: str, kind: type, is_taken: Callable[[str], bool]) -> list[Plugin]:
    """Import the plug-ins of a table, in the order of packages and names; tell of those that are left out.

    Args:
        group: Group of entry points, without ``PREFIX``.
        kind: Type of the entries.
        is_taken: Returns True for a name that no plug-in may have.
    """
    points = [point for point in plugin_points() if point.group == PREFIX + group]
    fatal = fatal_plugins(points)
    entries = [_imported(point, fatal.get(point.value, "")) for point in points]
    names = [_name_of(entry, kind) for entry in entries]
    times = Counter(name for name in names if isinstance(name, str))
    plugins = []
    for point, entry, name in zip(points, entries, names, strict=True):
        package = _package(point)
        if type(entry) is _Failure:  # ``isinstance`` asks the entry itself, which may lie or raise
            problem = f"{point.value} cannot be imported ({entry.reason})"
        elif isinstance(name, _Failure):
            problem = f"its name cannot be read ({name.reason})"
        elif not _is_of(entry, kind):
            problem = f"{point.value} is of type {type(entry).__name__}, not {kind.__name__}"
        elif not isinstance(name, str) or not _NAME.fullmatch(name):
            problem = f"its name {name!r:.40} is not made of a to z, 0 to 9, - and _"
        elif is_taken(name):
            problem = f"the program itself has the name “{name}”"
        elif times[name] > 1:
            owner = {_package(index) for index, other in zip(points, names, strict=True) if other == name}
            problem = f"the name “{name}” is added {times[name]} times, by {' and '.join(sorted(owner))}"
        elif isinstance(guarded := _tried(entry, name, package), _Failure):
            problem = f"its fields cannot be read ({guarded.reason})"
        else:
            plugins.append(Plugin(name, package, guarded))
            continue
        text = f"The plug-in “{point.name}” of {package} is left out: {problem}. {_way_out(package)}"
        plugins.append(Plugin(point.name, package, problem=text))
        tell(PluginError(text))
    return plugins


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error of a plug-in's code, as text."""

    reason: str


def _imported(point: EntryPoint, fatal: str) -> object:
    """Return the object of an entry point, or the import failure; ``fatal`` is the failure of its trial, or ""."""
    if fatal:
        return _Failure(fatal)
    try:
        return point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of others, which may raise anything
        return _Failure(_reason(error))


def _is_of(entry: object, kind: type) -> bool:
    return issubclass(type(entry), kind)


def _name_of(entry: object, kind: type) -> object:
    """Return the name of an entry, None for one of another kind, or what reading it raised."""
    if not _is_of(entry, kind):
        return None
    try:
        name = getattr(entry, "name", None)
        return str.__str__(name) if isinstance(name, str) else None
    except Exception as error:  # noqa: BLE001 - code of others
        return _Failure(_reason(error))


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist and point.dist.name else "a package without a name"


def _reason(error: BaseException) -> str:
    """Return type and first line of an error; one whose text cannot be made has its type alone."""
    kind = type(error).__name__
    try:
        return f"{kind}: {first_line(error)}"
    except Exception:  # noqa: BLE001 - code of others
        return kind


def _way_out(package: str) -> str:
    name = package.rpartition(" ")[0]
    return f"Install another version of {name} or uninstall it, or set {SWITCH}=off."


def _tried(entry: Any, name: str, package: str) -> Any:  # noqa: ANN401 - a dataclass of any table
    """Return the guarded entry, or what reading its fields raised."""
    try:
        return _guarded(entry, name, package)
    except Exception as error:  # noqa: BLE001 - code of others
        return _Failure(_reason(error))


def _guarded(entry: Any, name: str, package: str) -> Any:  # noqa: ANN401 - a dataclass of any table
    """Return the entry with functions whose foreign errors become one sentence."""

    def guard(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - passed on
            try:
                return function(*arguments, **keywords)
            except (SkillViewerError, Cancelled, MemoryError, KeyboardInterrupt, GeneratorExit):
                raise
            except BaseException as error:
                problem = f"The plug-in “{name}” of {package} failed ({_reason(error)})"
                raise PluginError(f"{problem}. {_way_out(package)}") from error

        return run

    values = {field.name: getattr(entry, field.name) for field in fields(entry)}  # options of exporters are a dataclass
    return replace(
        entry, **{key: guard(value) for key, value in values.items() if callable(value) and not is_dataclass(value)}
    )
