"""Handlers: the code with which a screen or a panel carries out actions of the window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import SignalInstance


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
        player: What actions of the player do while this screen is shown, which shows the current video; "focus" gives
            its picture the focus.
    """

    run: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    switch: Mapping[str, Callable[[bool], object]] = field(default_factory=dict)
    enabled: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    changed: tuple[SignalInstance, ...] = ()
    arrive: frozenset[str] = frozenset()
    player: Mapping[str, Callable[[], object]] = field(default_factory=dict)
