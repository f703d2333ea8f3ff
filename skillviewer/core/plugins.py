"""Plug-ins: entries that installed packages add to the program's tables by entry points (docs/plugins.md)."""

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, wraps
from importlib.metadata import EntryPoint, entry_points
from operator import attrgetter
from typing import Any

from skillviewer.core.errors import Cancelled, PluginError, SkillViewerError, first_line
from skillviewer.core.plugin_trial import fatal_plugins

SWITCH = "SKILLVIEWER_PLUGINS"
"""Environment variable; ``off`` disables all plug-ins."""

PREFIX = "skillviewer."
"""Prefix of the groups of entry points."""

ON_PROBLEM: list[Callable[[PluginError], object]] = []
"""Listeners, called once for each plug-in that is left out or fails, in any thread. Worker processes have none."""

_NAME = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_reported_problems: set[str] = set()


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry that a package adds.

    Attributes:
        name: Name of the entry; of the entry point if the plug-in is left out.
        package: Name and version of the package.
        entry: The entry; None if the plug-in is left out.
        problem: Reason for leaving the plug-in out, or "".
    """

    name: str
    package: str
    entry: Any = None
    problem: str = ""


def switched_off() -> bool:
    """Return True if the environment disables all plug-ins."""
    return (os.environ.get(SWITCH) or "on").strip().lower() != "on"


def report_problem(problem: PluginError) -> None:
    """Report a plug-in that is left out or fails to the listeners, once."""
    if str(problem) not in _reported_problems:
        _reported_problems.add(str(problem))
        for listener in ON_PROBLEM:
            listener(problem)


@cache
def plugin_points() -> list[EntryPoint]:
    """Return the entry points of all plug-ins, sorted by package and name; none if plug-ins are disabled."""
    if switched_off():
        return []
    try:
        groups = [group for group in entry_points().groups if group.startswith(PREFIX)]
        points = [point for group in groups for point in entry_points(group=group)]
    except Exception as error:  # noqa: BLE001 - metadata of other packages may be damaged in any way
        problem = f"an installed package has damaged entry points ({_reason(error)})"
        report_problem(PluginError(f"No plug-in is used: {problem}. Install the package again, or set {SWITCH}=off."))
        return []
    points.sort(key=attrgetter("name"))
    return sorted(points, key=_package)


def read_plugins(group: str, entry_type: type, is_taken: Callable[[str], bool]) -> list[Plugin]:
    """Import the plug-ins of a table, sorted by package and name, and report those that are left out.

    Args:
        group: Group of entry points, without ``PREFIX``.
        entry_type: Type of the entries.
        is_taken: Returns True for a name that no plug-in may have.
    """
    points = [point for point in plugin_points() if point.group == PREFIX + group]
    fatal = fatal_plugins(points)
    entries = [_import_entry(point, fatal.get(point.value, "")) for point in points]
    names = [_entry_name(entry, entry_type) for entry in entries]
    name_counts = Counter(name for name in names if isinstance(name, str))
    plugins = []
    for point, entry, name in zip(points, entries, names, strict=True):
        package = _package(point)
        if type(entry) is _Failure:  # ``isinstance`` would ask the entry, which may lie or raise
            problem = f"{point.value} cannot be imported ({entry.reason})"
        elif isinstance(name, _Failure):
            problem = f"its name cannot be read ({name.reason})"
        elif not _has_type(entry, entry_type):
            problem = f"{point.value} is of type {type(entry).__name__}, not {entry_type.__name__}"
        elif not isinstance(name, str) or not _NAME.fullmatch(name):
            problem = f"its name {name!r:.40} is not made of a to z, 0 to 9, - and _"
        elif is_taken(name):
            problem = f"the program itself has the name “{name}”"
        elif name_counts[name] > 1:
            packages = {_package(other) for other, other_name in zip(points, names, strict=True) if other_name == name}
            problem = f"the name “{name}” is added {name_counts[name]} times, by {' and '.join(sorted(packages))}"
        else:
            guarded_entry = _guarded_or_failure(entry, name, package)
            if not isinstance(guarded_entry, _Failure):
                plugins.append(Plugin(name, package, guarded_entry))
                continue
            problem = f"its fields cannot be read ({guarded_entry.reason})"
        text = f"The plug-in “{point.name}” of {package} is left out: {problem}. {_advice(package)}"
        plugins.append(Plugin(point.name, package, problem=text))
        report_problem(PluginError(text))
    return plugins


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error of a plug-in's code, as text."""

    reason: str


def _import_entry(point: EntryPoint, trial_failure: str) -> object:
    """Return the object of an entry point, or the failure of its trial or its import."""
    if trial_failure:
        return _Failure(trial_failure)
    try:
        return point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - code of plug-ins may raise anything
        return _Failure(_reason(error))


def _has_type(entry: object, entry_type: type) -> bool:
    return issubclass(type(entry), entry_type)


def _entry_name(entry: object, entry_type: type) -> object:
    """Return the name of an entry, None for an entry of another type, or the failure of reading the name."""
    if not _has_type(entry, entry_type):
        return None
    try:
        name = getattr(entry, "name", None)
        return str.__str__(name) if isinstance(name, str) else None
    except Exception as error:  # noqa: BLE001 - code of plug-ins may raise anything
        return _Failure(_reason(error))


def _package(point: EntryPoint) -> str:
    if not point.dist or not point.dist.name:
        return "a package without a name"
    return f"{point.dist.name} {point.dist.version}"


def _reason(error: BaseException) -> str:
    """Return the type and first line of an error; the type alone if the error has no readable text."""
    type_name = type(error).__name__
    try:
        return f"{type_name}: {first_line(error)}"
    except Exception:  # noqa: BLE001 - code of plug-ins may raise anything
        return type_name


def _advice(package: str) -> str:
    name = package.rpartition(" ")[0]
    return f"Install another version of {name} or uninstall it, or set {SWITCH}=off."


def _guarded_or_failure(entry: Any, name: str, package: str) -> Any:  # noqa: ANN401 - a dataclass of any table
    """Return the guarded entry, or the failure of reading its fields."""
    try:
        return _guarded(entry, name, package)
    except Exception as error:  # noqa: BLE001 - code of plug-ins may raise anything
        return _Failure(_reason(error))


def _guarded(entry: Any, name: str, package: str) -> Any:  # noqa: ANN401 - a dataclass of any table
    """Return the entry with its functions wrapped, so that their errors become PluginErrors."""

    def guard(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - passed on
            try:
                return function(*arguments, **keywords)
            except (SkillViewerError, Cancelled, MemoryError, KeyboardInterrupt, GeneratorExit):
                raise
            except BaseException as error:
                problem = f"The plug-in “{name}” of {package} failed ({_reason(error)})"
                raise PluginError(f"{problem}. {_advice(package)}") from error

        return run

    values = {field.name: getattr(entry, field.name) for field in fields(entry)}
    guarded_functions = {
        # the options of an exporter are a dataclass, which is callable too
        key: guard(value)
        for key, value in values.items()
        if callable(value) and not is_dataclass(value)
    }
    return replace(entry, **guarded_functions)
