"""Handlers: what a screen or a panel does for the actions of the window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True, eq=False)
class Handlers:
    """The actions that a screen or a panel carries out, by name.

    A screen or a panel that has any returns them from ``handlers(dialogs)``. It knows nothing of the window.

    Attributes:
        run: What an action does.
        switch: What a switch does; it is given whether the switch is on.
        enabled: Whether an action is possible now; actions that are not named always are.
        changed: Signals after which ``enabled`` is asked again.
        arrive: Actions that only show their screen while another screen is shown.
    """

    run: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    switch: Mapping[str, Callable[[bool], object]] = field(default_factory=dict)
    enabled: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    changed: tuple[SignalInstance, ...] = ()
    arrive: frozenset[str] = frozenset()


class PlayerScreen(Protocol):
    """A screen that shows the video on screen, as the player's actions see it."""

    @property
    def transport(self) -> QWidget:
        """The player's buttons."""
        ...

    def focus_player(self) -> None:
        """Give the picture the focus."""
        ...

    def zoom_in(self) -> None:
        """Zoom in on the picture."""
        ...

    def zoom_out(self) -> None:
        """Zoom out of the picture."""
        ...

    def fit(self) -> None:
        """Show the whole picture."""
        ...

    def fit_curve(self) -> None:
        """Show the whole curve."""
        ...
