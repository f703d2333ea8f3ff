"""The state of the window: typed properties, one signal each."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.scene import Between, Look, Overlay, Scale
from skillviewer.core.analysis.score_curve import CURVE_LOOK
from skillviewer.core.video.extents import VideoClip


def look_choices() -> dict[str, list[tuple[object, str]]]:
    """Return the values of every field of ``Look`` that can be chosen, each with its words."""
    tr = partial(QCoreApplication.translate, "look")
    return {
        "overlay": [
            (Overlay.HEAT, tr("Heat")),
            (Overlay.CONTOUR, tr("Contour lines")),
            (Overlay.BOTH, tr("Heat with contours")),
            (Overlay.DIMMED, tr("Dim everything else")),
            (Overlay.OFF, tr("Hidden")),
        ],
        "scale": [
            (Scale.FRAME, tr("Per frame")),
            (Scale.VIDEO, tr("Per video")),
            (Scale.COMMON, tr("Same for all videos")),
        ],
        "between": [(Between.HELD, tr("Keep the last map")), (Between.INTERPOLATED, tr("Blend between maps"))],
        "colours": [("inferno", "Inferno"), ("cividis", "Cividis")],
    }


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """The model that is loaded."""

    name: str  # name of the checkpoint
    folder: Path  # where it lies
    device: str  # the device, as it is shown
    memory: str = ""  # used and total memory of a GPU, or ""
    digest: str = ""  # digest of its checkpoint
    caution: str = ""  # warning of its card, or ""


class ViewerState(QObject):
    """The state of the window. Setting a property to its present value does nothing."""

    current_changed = Signal(object)
    analysis_changed = Signal(object)
    look_changed = Signal(object)
    model_changed = Signal(object)
    passes_changed = Signal(int)
    curve_look_changed = Signal(str)

    def __init__(self, look: Look | None = None, passes: int = 1, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: VideoClip | None = None  # the video, or part of one, on screen
        self.analysis: Analysis | None = None  # that of the video on screen, so far
        self.look = look if look is not None else Look()
        self._overlay = self.look.overlay if self.look.overlay is not Overlay.OFF else Overlay.HEAT
        self.model: LoadedModel | None = None
        self.passes = passes  # interleaved passes of the next assessment
        self.curve_look = CURVE_LOOK  # name of one of CURVE_LOOKS

    def set_current(self, footage: VideoClip | None) -> None:
        """Choose a video; its analysis is unknown until it is set."""
        if footage != self.current:
            self.current = footage
            self.set_analysis(None)
            self.current_changed.emit(footage)

    def set_analysis(self, analysis: Analysis | None) -> None:
        if analysis is not self.analysis:
            self.analysis = analysis
            self.analysis_changed.emit(analysis)

    def set_look(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Look, checked by replace()
        look = replace(self.look, **changes)
        if look != self.look:
            if look.overlay is not Overlay.OFF:
                self._overlay = look.overlay
            self.look = look
            self.look_changed.emit(look)

    def toggle_overlay(self) -> None:
        """Hide the map, or show it as it was."""
        self.set_look(overlay=self._overlay if self.look.overlay is Overlay.OFF else Overlay.OFF)

    def set_model(self, model: LoadedModel | None) -> None:
        if model != self.model:
            self.model = model
            self.model_changed.emit(model)

    def set_curve_look(self, look: str) -> None:
        if look != self.curve_look:
            self.curve_look = look
            self.curve_look_changed.emit(look)

    def set_passes(self, passes: int) -> None:
        if passes != self.passes:
            self.passes = passes
            self.passes_changed.emit(passes)
