"""The words under a pane."""

from PySide6.QtCore import QCoreApplication

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.scene import MapSource, Overlay, Scene
from skillviewer.core.analysis.wording import score_digits, score_words
from skillviewer.core.text import plain
from skillviewer.ui.comparing.models_view import kind_words
from skillviewer.ui.comparing.row import ComparedModel, ModelProgress


def _tr(text: str) -> str:
    return QCoreApplication.translate("Captions", text)


def kind_of(row: ComparedModel) -> str:
    """Return what kind of maps a model has, as far as it is known."""
    if row.analysis is not None:
        return kind_words(row.analysis.map_kind)
    return kind_words(row.facts.map_kind) if row.facts is not None else ""


def score_of(row: ComparedModel) -> str:
    """Return the score with its interval, or what became of it."""
    analysis = row.analysis
    if row.standing is ModelProgress.WORKING:
        return _tr("looking, {} of {}").format(row.done, row.total) if row.total else _tr("loading")
    if row.is_uniform:
        return _tr("no score")
    if analysis is not None:
        return score_words(analysis, score_digits([analysis]))
    return {
        ModelProgress.FAILED: _tr("failed"),
        ModelProgress.STOPPED: _tr("stopped"),
    }.get(row.standing, _tr("waiting"))


def source_of(scene: Scene | None) -> str:
    """Return where the map on screen comes from: never silently held."""
    if scene is None or scene.kind is MapKind.NONE or scene.look.overlay is Overlay.OFF:
        return ""
    return {
        MapSource.OWN: _tr("own map"),
        MapSource.HELD: _tr("held {:.2f} s"),
        MapSource.INTERPOLATED: _tr("interpolated"),
        MapSource.NOTHING: _tr("no map yet"),
    }[scene.source].format(scene.age_s)


def limits_words(scene: Scene | None) -> str:
    """Return the ends of the colours of a pane that has a scale of its own."""
    if scene is None or scene.values is None or scene.look.overlay is Overlay.OFF:
        return ""
    unit = "×" if scene.unit else ""
    return f"{plain(scene.low)}…{plain(scene.high)}{unit}"


def rest_of(scene: Scene | None, *, with_limits: bool) -> str:
    """Return the ends of the colours of the map on screen, and where it comes from.

    Args:
        scene: What the pane shows.
        with_limits: Whether its scale is its own.
    """
    parts = [limits_words(scene) if with_limits else "", source_of(scene)]
    return " · ".join(part for part in parts if part)
