"""Tables of things by name: tuples that can be read, typed and looked up."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from skillviewer.core.errors import SkillViewerError


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """Name by which it is asked for."""
        ...


NamedT = TypeVar("NamedT", bound=Named)


def table(*entries: NamedT) -> tuple[NamedT, ...]:
    """Return the entries as a tuple; a duplicate name is an error of the programmer."""
    names = [entry.name for entry in entries]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"named twice: {', '.join(doubled)}")
    return entries


def look_up(entries: Iterable[NamedT], name: str, what: str, error: type[SkillViewerError]) -> NamedT:
    """Return the entry of a name.

    Args:
        entries: The table.
        name: Name asked for.
        what: What the entries are, for the message ("attention model").
        error: Error to raise when the name is not there.
    """
    entries = tuple(entries)
    for entry in entries:
        if entry.name == name:
            return entry
    raise error(f"There is no {what} “{name}”. Choose one of: {', '.join(e.name for e in entries)}.")
