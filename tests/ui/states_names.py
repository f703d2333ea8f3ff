"""States with awkward names of videos, models and people, for tests and for screenshots."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from tests.ui.states_compare import compared
from tests.ui.states_inspect import keep_labels
from tests.ui.states_votes import cast_votes, opened

if TYPE_CHECKING:
    from skillviewer.data.study import Study
    from tests.ui.states import Stage

UNBROKEN = "Krankenhausaufnahmeuntersuchungszimmerkameraeinstellung{:02d}abcdef"
JAPANESE = "右手の縫合練習_二回目_患者{:02d}_手術室の正面カメラ"
RIGHT_TO_LEFT = "ניתוח_יד_ימין_{:02d}_تمرين_اليد"


def _inspected(stage: "Stage", stem: str) -> QWidget:
    stage.world.models = (stem.format(1), "beta")
    stage.open(8, stem)
    stage.assess(5)
    keep_labels(stage, stem.format(7), "Ann Example")
    stage.seek(50)
    return stage.made.window


def _compared(stage: "Stage", stem: str) -> QWidget:
    models = tuple(stem.format(i) for i in range(1, 5))
    return compared(stage, models, stem=stem)


def _voted(stage: "Stage", stem: str) -> QWidget:
    def vote(study: "Study", names: list[str]) -> None:
        cast_votes(study, names, {stem.format(20): 0.5, "Ann": 0.7}, 40, 13)

    return opened(stage, vote, 12, stem, 0)


def names_unbroken(stage: "Stage") -> QWidget:
    """Names of more than 60 letters without a space."""
    return _inspected(stage, UNBROKEN)


def names_unbroken_compare(stage: "Stage") -> QWidget:
    return _compared(stage, UNBROKEN)


def names_unbroken_votes(stage: "Stage") -> QWidget:
    return _voted(stage, UNBROKEN)


def names_japanese(stage: "Stage") -> QWidget:
    return _inspected(stage, JAPANESE)


def names_japanese_compare(stage: "Stage") -> QWidget:
    return _compared(stage, JAPANESE)


def names_right_to_left(stage: "Stage") -> QWidget:
    """Names in Hebrew and Arabic, with numbers."""
    return _inspected(stage, RIGHT_TO_LEFT)


def names_right_to_left_compare(stage: "Stage") -> QWidget:
    return _compared(stage, RIGHT_TO_LEFT)


def names_right_to_left_votes(stage: "Stage") -> QWidget:
    return _voted(stage, RIGHT_TO_LEFT)


NAMES_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make
    for make in (
        names_unbroken,
        names_unbroken_compare,
        names_unbroken_votes,
        names_japanese,
        names_japanese_compare,
        names_right_to_left,
        names_right_to_left_compare,
        names_right_to_left_votes,
    )
}
