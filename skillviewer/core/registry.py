"""Registries: tuples of named entries that can be read, typed and looked up."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from skillviewer.core.errors import SkillViewerError


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


def look_up(entries: Iterable[NamedT], name: str, what: str, error: type[SkillViewerError]) -> NamedT:
    """Return the entry with a name, or raise ``error``, whose message names the kind of entries ("attention model")."""
    entries = tuple(entries)
    for entry in entries:
        if entry.name == name:
            return entry
    raise error(f"There is no {what} “{name}”. Choose one of: {', '.join(e.name for e in entries)}.")
