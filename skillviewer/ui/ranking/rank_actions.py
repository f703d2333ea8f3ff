"""What the actions of the Rank screen do."""

from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Slot

from skillviewer.core.dataset.pairs import Verdict

if TYPE_CHECKING:
    from skillviewer.ui.ranking.judging_view import JudgingView
    from skillviewer.ui.ranking.pair_clock import PairClock
    from skillviewer.ui.ranking.screen import RankScreen
    from skillviewer.ui.shell.main_window import MainWindow

NAME = "rank"
ON_DESK: dict[str, Callable[["JudgingView"], object]] = {
    "rank_left": methodcaller("vote", Verdict.LEFT),
    "rank_right": methodcaller("vote", Verdict.RIGHT),
    "rank_neither": methodcaller("vote", Verdict.NEITHER),
    "rank_skip": methodcaller("vote", None),
    "rank_swap": methodcaller("swap"),
    "rank_mark": methodcaller("mark"),
    "rank_reason": methodcaller("write_reason"),
    "rank_other": methodcaller("other_one"),
}
ON_CLOCK: dict[str, Callable[["PairClock"], object]] = {
    "rank_play": methodcaller("toggle"),
    "rank_previous_frame": methodcaller("step", -1),
    "rank_next_frame": methodcaller("step", 1),
    "rank_back_second": methodcaller("skip", -1.0),
    "rank_on_second": methodcaller("skip", 1.0),
    "rank_back_ten": methodcaller("skip", -10.0),
    "rank_on_ten": methodcaller("skip", 10.0),
    "rank_first": methodcaller("first"),
    "rank_last": methodcaller("last"),
}
ON_A_PAIR = (*ON_DESK, *ON_CLOCK, "rank_together")
"""All actions of the screen: they mean something while a pair is before a rater."""
ONCE = (*ON_DESK, "rank_together", "rank_play")
"""Those that a key that is held down does once."""


class RankKeys(QObject):
    """Ties the actions of the Rank screen to it, once it is there.

    Args:
        window: The window.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._known = False
        actions = window.actions_
        for name, act in ON_DESK.items():
            actions.bind(name, partial(self._on_desk, act))
        for name, move in ON_CLOCK.items():
            actions.bind(name, partial(self._on_clock, move))
        actions.bind_switch("rank_together", self._on_together)
        for name in ONCE:
            actions[name].setAutoRepeat(False)
        actions["rank_together"].setChecked(True)
        actions.set_enabled(False, *ON_A_PAIR)
        window.screens.shown.connect(self._on_screen)

    @property
    def _screen(self) -> "RankScreen":
        return cast("RankScreen", self._window.screen_named(NAME))

    def _on_desk(self, act: Callable[["JudgingView"], object]) -> None:
        act(self._screen.desk)

    def _on_clock(self, move: Callable[["PairClock"], object]) -> None:
        move(self._screen.desk.deck.clock)

    def _on_together(self, together: bool) -> None:
        self._screen.desk.set_together(together)

    @Slot(str)
    def _on_screen(self, name: str) -> None:
        if name != NAME:
            self._window.actions_.set_enabled(False, *ON_A_PAIR)
        elif not self._known:
            self._known = True
            self._screen.status_changed.connect(self._window.retitle)


def bind(window: "MainWindow") -> None:
    """Tie the actions of the Rank screen to what they do."""
    RankKeys(window)
