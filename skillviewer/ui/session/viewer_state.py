"""State of the window, with one signal for each property."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_style import ColourLimits, MapInterpolation, MapStyle, Overlay
from skillviewer.core.analysis.score_curve import CURVE_LOOK
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.session.loaded_model import LoadedModel


def map_style_choices() -> dict[str, list[tuple[object, str]]]:
    """Return the choices for every field of ``MapStyle``, each as (value, label)."""
    return {
        "overlay": [
            (Overlay.HEAT, "Heat"),
            (Overlay.CONTOUR, "Contour lines"),
            (Overlay.BOTH, "Heat with contours"),
            (Overlay.DIMMED, "Dim everything else"),
            (Overlay.OFF, "Hidden"),
        ],
        "scale": [
            (ColourLimits.CLIPPED, "Clear in every frame"),
            (ColourLimits.FRAME, "Per frame"),
            (ColourLimits.VIDEO, "Largest of the video"),
            (ColourLimits.COMMON, "Same for all videos"),
        ],
        "between": [
            (MapInterpolation.HELD, "Keep the last map"),
            (MapInterpolation.INTERPOLATED, "Blend between maps"),
        ],
        "colours": [("inferno", "Inferno"), ("cividis", "Cividis")],
        "strength": [(0.35, "Faint"), (0.5, "Medium"), (0.65, "Usual"), (0.8, "Strong"), (1.0, "Full")],
        "smooth": [(True, "Smooth"), (False, "As cells")],
    }


class ViewerState(QObject):
    """The state of the window. Setting a property to its present value does nothing."""

    current_changed = Signal(object)
    analysis_changed = Signal(object)
    map_style_changed = Signal(object)
    model_changed = Signal(object)
    digest_changed = Signal(str)
    passes_changed = Signal(int)
    curve_look_changed = Signal(str)

    def __init__(self, map_style: MapStyle | None = None, passes: int = 1, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current_clip: VideoClip | None = None  # the video on screen
        self.analysis: Analysis | None = None  # its analysis, which may be incomplete
        self.map_style = map_style if map_style is not None else MapStyle()
        self._last_overlay = Overlay.HEAT  # last overlay that was not hidden
        if self.map_style.overlay is not Overlay.OFF:
            self._last_overlay = self.map_style.overlay
        self.model: LoadedModel | None = None
        self.digest = ""  # digest of the chosen checkpoint, which may still be loading; "" without one
        self.passes = passes  # number of interleaved passes of the next assessment
        self.curve_look = CURVE_LOOK  # name of an entry of ``CURVE_LOOKS``

    def set_current(self, clip: VideoClip | None) -> None:
        """Choose the video on screen. Its analysis is None until it is set."""
        if clip != self.current_clip:
            self.current_clip = clip
            self.set_analysis(None)
            self.current_changed.emit(clip)

    def set_analysis(self, analysis: Analysis | None) -> None:
        if analysis is not self.analysis:
            self.analysis = analysis
            self.analysis_changed.emit(analysis)

    def set_map_style(self, **changes: Any) -> None:  # noqa: ANN401 - fields of MapStyle, checked by replace()
        map_style = replace(self.map_style, **changes)
        if map_style != self.map_style:
            if map_style.overlay is not Overlay.OFF:
                self._last_overlay = map_style.overlay
            self.map_style = map_style
            self.map_style_changed.emit(map_style)

    def next_overlay(self) -> None:
        """Choose the next overlay. A hidden map is shown with its last overlay first."""
        if self.map_style.overlay is Overlay.OFF:
            self.toggle_overlay()
            return
        overlays = [overlay for overlay in Overlay if overlay is not Overlay.OFF]
        next_index = (overlays.index(self.map_style.overlay) + 1) % len(overlays)
        self.set_map_style(overlay=overlays[next_index])

    def toggle_overlay(self) -> None:
        """Hide the map, or show it with its last overlay."""
        is_hidden = self.map_style.overlay is Overlay.OFF
        overlay = self._last_overlay if is_hidden else Overlay.OFF
        self.set_map_style(overlay=overlay)

    def set_model(self, model: LoadedModel | None) -> None:
        is_changed = model != self.model
        self.model = model
        digest = model.digest if model is not None else ""
        self.set_digest(digest)
        if is_changed:
            self.model_changed.emit(model)

    def set_digest(self, digest: str) -> None:
        """Choose the checkpoint whose stored analyses are shown."""
        if digest != self.digest:
            self.digest = digest
            self.digest_changed.emit(digest)

    def set_curve_look(self, look: str) -> None:
        if look != self.curve_look:
            self.curve_look = look
            self.curve_look_changed.emit(look)

    def set_passes(self, passes: int) -> None:
        if passes != self.passes:
            self.passes = passes
            self.passes_changed.emit(passes)
