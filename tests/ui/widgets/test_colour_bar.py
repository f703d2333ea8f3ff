"""Labels of colour bars: all are written if there is space, and both ends of a signed bar before its middle."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import Scene, resolve
from skillviewer.ui.comparing.colour_bar_strip import MIN_BAR_WIDTH_PX, ColourBarStrip
from skillviewer.ui.widgets.colour_bar import ColourBar, _marks
from tests.ui.fakes import make_analysis, video_info

pytestmark = pytest.mark.styled

VIDEO = video_info(Path("a.mp4"), 3000)


def scene_of(kind: MapKind) -> Scene:
    map_style = MapStyle(scale=ColourLimits.COMMON, common_limit=5.6) if kind is MapKind.DISTRIBUTION else MapStyle()
    return resolve(make_analysis(VIDEO, kind=kind), 2000, map_style)


def labels_of(bar: ColourBar, width: int) -> set[str]:
    assert bar._scene is not None
    return {text for text, _, _ in bar._label_spans(bar._scene, width)}


@pytest.mark.parametrize("kind", [MapKind.DISTRIBUTION, MapKind.GATE, MapKind.SIGNED])
def test_a_strip_of_bars_has_all_labels(qtbot: QtBot, kind: MapKind) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    strip = ColourBarStrip(outer)
    strip.show_bars("", [("maps", scene_of(kind))])
    strip.resize(800, 40)
    outer.show()
    ((_, bar),) = strip._labelled_bars
    expected = {text for _, text in _marks(scene_of(kind))}
    assert len(expected) >= 2
    qtbot.waitUntil(lambda: labels_of(bar, bar.width()) == expected)
    width = bar.width()
    assert MIN_BAR_WIDTH_PX <= width <= 200
    strip.show_bars("", [("maps", scene_of(MapKind.GATE))])
    assert bar.minimumWidth() == width, "a bar does not shrink from frame to frame"


def test_a_narrow_signed_bar_labels_its_ends(qtbot: QtBot) -> None:
    bar = ColourBar()
    qtbot.addWidget(bar)
    scene = scene_of(MapKind.SIGNED)
    bar.set_scene(scene)
    (_, low), _, (_, high) = _marks(scene)
    metrics = bar.fontMetrics()
    width = metrics.horizontalAdvance(low) + metrics.horizontalAdvance(high) + 8
    assert labels_of(bar, width) == {low, high}
