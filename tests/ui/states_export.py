"""States of the Export screen, for tests and for screenshots."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from skillviewer.ui.exporting.export_choices import FileSplit
from skillviewer.ui.exporting.export_queue import QueueStage
from skillviewer.ui.exporting.screen import ExportScreen
from tests.ui.hands import mark

if TYPE_CHECKING:
    from tests.ui.states import Stage as Window

LONG = "Teilnehmer_{:02d}_Übung_mit_der_linken_Hand_zweiter_Durchgang_nach_der_Pause"


def _screen(stage: "Window", *, stem: str = "grasp_{:02d}", assessed: int = 6) -> ExportScreen:
    stage.world.exporting.real = True
    stage.open(8, stem)
    if assessed:
        stage.assess(assessed)
    else:
        stage.made.app_context.assessments.set_automatic(on=False)
        stage.world.exporting.assessed = False
    stage.made.app_context.settings.export_folder = str(Path(stage.world.folder).parent / "exports")
    stage.made.window.screens.show("export")
    screen = cast("ExportScreen", stage.made.window.screens.get_page("export"))
    stage.wait(lambda: not screen.preview_loader.is_busy, 60_000)
    return screen


def _settled(stage: "Window", screen: ExportScreen) -> QWidget:
    stage.wait(lambda: not screen.preview_loader.is_busy, 60_000)
    return stage.made.window


def export_nothing(stage: "Window") -> QWidget:
    """Nothing is open."""
    stage.made.window.screens.show("export")
    return stage.made.window


def export_clip(stage: "Window") -> QWidget:
    """A clip of the video on screen."""
    return _settled(stage, _screen(stage))


def export_not_assessed(stage: "Window") -> QWidget:
    """A clip of a video that has not been assessed."""
    return _settled(stage, _screen(stage, assessed=0))


def export_models(stage: "Window") -> QWidget:
    """Two models side by side."""
    screen = _screen(stage)
    for model in screen.source_form.chosen_models:
        mark(screen.source_form.model_list, model.folder, on=True)
    for entry in stage.made.app_context.models.entries:
        mark(screen.source_form.model_list, entry.folder, on=True)
    return _settled(stage, screen)


def export_sheet(stage: "Window") -> QWidget:
    """A contact sheet of chosen videos with long names."""
    screen = _screen(stage, stem=LONG)
    screen.exporter_list.choose("sheet")
    screen.source_form.split_box.setCurrentIndex(screen.source_form.split_box.findData(FileSplit.CHOSEN))
    for candidate in screen.source_form._candidates[:3]:
        mark(screen.source_form.video_list, candidate.clip, on=True)
    return _settled(stage, screen)


def export_study(stage: "Window") -> QWidget:
    """A whole study."""
    screen = _screen(stage)
    screen.exporter_list.choose("study")
    return _settled(stage, screen)


def export_study_blurred(stage: "Window") -> QWidget:
    """A whole study with blurred faces."""
    screen = _screen(stage)
    screen.exporter_list.choose("study")
    stage.world.exporting.warning = (
        "Faces are blurred in 7 of 8 videos (none was found in V3); 31 frames are doubtful (V1: 12, V4: 19)."
    )
    screen.option_form.set_values(blur_faces=True, pseudonyms=True)
    screen.export_button.click()
    stage.wait(lambda: all(entry.stage.is_over for entry in screen.queue.entries))
    return _settled(stage, screen)


def export_table(stage: "Window") -> QWidget:
    """A table that cannot be made yet."""
    screen = _screen(stage)
    screen.exporter_list.choose("comparison")
    return _settled(stage, screen)


def export_rows(stage: "Window") -> QWidget:
    """A table with its first rows shown."""
    screen = _screen(stage)
    screen.exporter_list.choose("curves")
    return _settled(stage, screen)


def export_queue(stage: "Window") -> QWidget:
    """One export done, one partly, one failed, one in progress, one waiting."""
    screen = _screen(stage)
    exporting = stage.world.exporting
    button = screen.export_button

    def over(n: int) -> Callable[[], bool]:
        return lambda: sum(entry.stage.is_over for entry in screen.queue.entries) == n

    exporting.warning = "The sound is left out: the clip plays at 2 times the speed of the video."
    button.click()
    stage.wait(over(1))
    exporting.warning, exporting.failing = "", {"grasp_03"}
    screen.source_form.split_box.setCurrentIndex(screen.source_form.split_box.findData(FileSplit.EACH))
    button.click()
    stage.wait(over(2))
    exporting.failing = {"still"}
    screen.exporter_list.choose("still")
    screen.source_form.split_box.setCurrentIndex(0)
    button.click()
    stage.wait(over(3))
    exporting.held = True
    screen.exporter_list.choose("sheet")
    button.click()
    screen.exporter_list.choose("scores")
    button.click()
    stage.wait(lambda: any(entry.stage is QueueStage.WORKING for entry in screen.queue.entries))
    screen.exporter_list.choose("clip")
    return _settled(stage, screen)


EXPORT_STATES = {
    make.__name__: make
    for make in (
        export_nothing,
        export_clip,
        export_not_assessed,
        export_models,
        export_sheet,
        export_study,
        export_study_blurred,
        export_table,
        export_rows,
        export_queue,
    )
}
