"""Tables of named entries, to which plug-ins may add, and look-up by name."""

import re
from collections.abc import Collection, Iterable, Iterator
from threading import RLock
from typing import Protocol, TypeVar

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.plugins import Plugin, read_plugins


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """Name by which the entry is requested."""


NamedT = TypeVar("NamedT", bound=Named)


def table(*entries: NamedT) -> tuple[NamedT, ...]:
    """Return the entries as a tuple, or raise a ValueError if a name occurs twice."""
    names = [entry.name for entry in entries]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise ValueError(f"named twice: {', '.join(duplicates)}")
    return entries


class Registry(Collection[NamedT]):
    """The program's own entries, then those of plug-ins, which are imported on first access.

    Args:
        entries: The program's own entries.
        group: Group of entry points of plug-ins.
        reserved: Regular expression of further names that no plug-in may have.
    """

    def __init__(self, *entries: NamedT, group: str, reserved: str = "") -> None:
        self.group = group
        self._own_entries = table(*entries)
        self._reserved = reserved
        self._plugins: list[Plugin] | None = None
        self._lock = RLock()

    @property
    def plugins(self) -> list[Plugin]:
        """Plug-ins, including those that are left out."""
        with self._lock:
            if self._plugins is None:
                self._plugins = []  # a plug-in may read the table while it is imported
                self._plugins = read_plugins(self.group, type(self._own_entries[0]), self._is_taken)
            return self._plugins

    def _is_taken(self, name: str) -> bool:
        is_own = any(entry.name == name for entry in self._own_entries)
        return is_own or re.fullmatch(self._reserved, name) is not None

    def package_of(self, name: str) -> str:
        """Return name and version of the package that adds an entry; "" for the program's own entries."""
        if any(entry.name == name for entry in self._own_entries):
            return ""
        for plugin in self.plugins:
            if plugin.entry is not None and plugin.name == name:
                return plugin.package
        return ""

    def __iter__(self) -> Iterator[NamedT]:
        yield from self._own_entries
        yield from (plugin.entry for plugin in self.plugins if plugin.entry is not None)

    def __contains__(self, entry: object) -> bool:
        return any(other == entry for other in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def look_up(entries: Iterable[NamedT], name: str, kind: str, error_type: type[SkillViewerError]) -> NamedT:
    """Return the entry with a name.

    Args:
        entries: The entries.
        name: The name.
        kind: Kind of the entries for the error message, such as "attention model".
        error_type: Class of the error if no entry has the name.
    """
    names = []
    for entry in entries:
        if entry.name == name:
            return entry
        names.append(entry.name)
    raise error_type(f"There is no {kind} “{name}”. Choose one of: {', '.join(names)}.")
