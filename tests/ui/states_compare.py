"""States of the Compare screen, for tests and for screenshots."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.map_style import ColourLimits
from skillviewer.ui.comparing.compared_models import UNIFORM
from skillviewer.ui.comparing.screen import CompareScreen

if TYPE_CHECKING:
    from tests.ui.states import Stage

TWO = ("full", "no-attention-pool")
FOUR = ("full", "gate-cbam", "signed-visual", "mapless-tsn")
NINE = ("full", "no-rnn", "x-bar", "h-task", "pool", "gate-cbam", "signed-visual", "mapless-tsn", "other-net")
LONG = tuple(
    f"Aufmerksamkeitsmodell der Klinik für Kinder- und Jugendmedizin, Version {i} vom 12. März" for i in range(1, 5)
)


def _screen(stage: "Stage") -> CompareScreen:
    return cast("CompareScreen", stage.made.window.screens.get_page("compare"))


def compared(
    stage: "Stage", models: tuple[str, ...], *, n: int = 8, stem: str = "grasp_{:02d}", uniform: bool = False
) -> QWidget:
    """Compare models on the first of some videos."""
    stage.world.models = models
    stage.made.app_context.assessments.set_automatic(on=False)
    stage.open(n, stem)
    stage.wait(lambda: stage.made.app_context.state.model is not None)
    stage.made.window.screens.show("compare")
    screen = _screen(stage)
    keys = [str(entry.folder) for entry in stage.made.app_context.models.entries]
    chosen = [(key, screen.candidates.name(key)) for key in keys]
    screen.model_set.choose([*chosen, (UNIFORM, "Uniform")][:9] if uniform else chosen)
    wanted = [key for key in screen.model_set.keys if key != UNIFORM and "broken" not in key]
    stage.wait(lambda: all(screen.model_set.row(key).complete_analysis is not None for key in wanted))
    stage.wait(lambda: len(wanted) < 2 or screen.contrast_loader.contrast is not None)
    stage.seek(97)
    return stage.made.window


def _whole_study(stage: "Stage") -> None:
    screen = _screen(stage)
    stage.pause(700)
    screen.model_set.assess_all()
    stage.wait(lambda: not screen.model_set.is_busy and screen.agreement_loader.agreement is not None, 60_000)
    stage.pause(300)


def compare_empty(stage: "Stage") -> QWidget:
    """No model on this computer, and none chosen."""
    stage.world.models = ()
    stage.open()
    stage.made.window.screens.show("compare")
    return stage.made.window


def compare_one(stage: "Stage") -> QWidget:
    """One model, next to Uniform."""
    stage.world.models = ("full",)
    stage.open()
    stage.assess(1)
    stage.made.window.screens.show("compare")
    stage.wait(lambda: _screen(stage).contrast_loader.contrast is not None)
    return stage.made.window


def compare_two(stage: "Stage") -> QWidget:
    """Two models and their difference."""
    compared(stage, TWO)
    _screen(stage).header.difference_box.setChecked(True)
    stage.pause(200)
    return stage.made.window


def compare_four(stage: "Stage") -> QWidget:
    """Four kinds of maps, the whole study assessed."""
    compared(stage, FOUR)
    _whole_study(stage)
    return stage.made.window


def compare_nine(stage: "Stage") -> QWidget:
    """The greatest number of models."""
    compared(stage, NINE)
    screen = _screen(stage)
    screen.numbers_column.setCurrentWidget(screen.numbers_column.video_numbers_view)
    return stage.made.window


def compare_working(stage: "Stage") -> QWidget:
    """One model at work, the others waiting."""
    stage.world.models, stage.world.held = FOUR, True
    stage.made.app_context.assessments.set_automatic(on=False)
    stage.open()
    stage.made.window.screens.show("compare")
    screen = _screen(stage)
    stage.wait(lambda: any(row.n_done == 12 for row in screen.model_set.rows))
    stage.seek(70)
    return stage.made.window


def compare_failed(stage: "Stage") -> QWidget:
    """A checkpoint that cannot be loaded, next to two that can."""
    stage.made.app_context.assessments.set_automatic(on=False)
    compared(stage, ("full", "broken-download", "gate-cbam"))
    return stage.made.window


def compare_models(stage: "Stage") -> QWidget:
    """The table of models, faithfulness measured."""
    compared(stage, FOUR, uniform=True)
    screen = _screen(stage)
    screen.numbers_column.setCurrentWidget(screen.numbers_column.models_view)
    stage.pause(700)
    screen.model_set.explain()
    stage.wait(lambda: not screen.model_set.is_busy)
    return stage.made.window


def compare_disputes(stage: "Stage") -> QWidget:
    """The videos with the greatest disagreement."""
    compared(stage, FOUR, n=24)
    _screen(stage).numbers_column.setCurrentWidget(_screen(stage).numbers_column.disagreements_view)
    _whole_study(stage)
    return stage.made.window


def compare_matrix(stage: "Stage") -> QWidget:
    """The agreement of nine models."""
    compared(stage, NINE)
    _screen(stage).numbers_column.setCurrentWidget(_screen(stage).numbers_column.matrix_view)
    _whole_study(stage)
    return stage.made.window


def compare_long_names(stage: "Stage") -> QWidget:
    """Long names of models and videos, a scale for each model."""
    compared(stage, LONG, stem="Teilnehmer_{:02d}_Übung_mit_der_linken_Hand_zweiter_Durchgang_nach_der_Pause")
    screen = _screen(stage)
    screen.header.scale_box.setCurrentIndex(screen.header.scale_box.findData(ColourLimits.CLIPPED))
    screen.header.difference_box.setChecked(True)
    screen.numbers_column.setCurrentWidget(screen.numbers_column.models_view)
    return stage.made.window


COMPARE_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make
    for make in (
        compare_empty,
        compare_one,
        compare_two,
        compare_four,
        compare_nine,
        compare_working,
        compare_failed,
        compare_models,
        compare_disputes,
        compare_matrix,
        compare_long_names,
    )
}
