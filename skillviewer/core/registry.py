"""Registries: tables of named entries that can be read, typed and looked up."""

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
    """Return the entries as a tuple; a duplicate name is a programming error."""
    names = [entry.name for entry in entries]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"named twice: {', '.join(doubled)}")
    return entries


class Registry(Collection[NamedT]):
    """The program's entries, then those of plug-ins, which are imported when a reader comes to them.

    Args:
        entries: The program's own.
        group: Group of entry points of plug-ins.
        reserved: Pattern of further names that no plug-in may have.
    """

    def __init__(self, *entries: NamedT, group: str, reserved: str = "") -> None:
        self.group = group
        self._own_entries = table(*entries)
        self._reserved = reserved
        self._plugins: list[Plugin] | None = None
        self._lock = RLock()

    @property
    def plugins(self) -> list[Plugin]:
        """Plug-ins, those that are left out too."""
        with self._lock:
            if self._plugins is None:
                self._plugins = []  # for a plug-in that reads the table while it is imported
                own_names = {entry.name for entry in self._own_entries}
                self._plugins = read_plugins(
                    self.group,
                    type(self._own_entries[0]),
                    lambda name: name in own_names or bool(re.fullmatch(self._reserved, name)),
                )
            return self._plugins

    def package_of(self, name: str) -> str:
        """Return name and version of the package that adds an entry; "" if none does."""
        if any(entry.name == name for entry in self._own_entries):
            return ""
        return next((plugin.package for plugin in self.plugins if plugin.entry is not None and plugin.name == name), "")

    def __iter__(self) -> Iterator[NamedT]:
        yield from self._own_entries
        yield from (plugin.entry for plugin in self.plugins if plugin.entry is not None)

    def __contains__(self, entry: object) -> bool:
        return any(other == entry for other in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def look_up(entries: Iterable[NamedT], name: str, kind: str, error: type[SkillViewerError]) -> NamedT:
    """Return the entry with a name, or raise ``error``, whose message names the kind of entries ("attention model")."""
    names = []
    for entry in entries:
        if entry.name == name:
            return entry
        names.append(entry.name)
    raise error(f"There is no {kind} “{name}”. Choose one of: {', '.join(names)}.")
