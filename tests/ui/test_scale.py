"""On a display of two pixels a point: in a process of its own, since Qt reads the scale once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skillviewer.core.paths import HOME_VARIABLE

pytestmark = pytest.mark.styled

CODE = """
import json, os, sys
from pathlib import Path
import numpy as np
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.ui.app import compose, set_up_application
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.session.settings import Settings
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click
from tests.ui.states import Stage

def pixels(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    whole = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
    return whole, image.devicePixelRatio()

folder = Path(sys.argv[1])
app = QApplication([])
settings = Settings.in_folder(folder)
themes, icons = set_up_application(app, settings)
world = FakeWorld(folder / "videos")
world.size, world.picture = (640, 360), lambda number: np.full((360, 640, 3), 60, np.uint8)
made = compose(world.backend(), settings, themes, icons, FakeDialogs())
stage = Stage(made, world)
made.window.show()
stage.pause(20)
made.window.resize(1280, 720)  # after it has been fitted to the small screen of the platform without one
stage.open(2)
stage.assess(1)
program, screen = made.app_context, made.window.screens.named("inspect")
assert isinstance(screen, InspectScreen)
program.state.set_map_style(overlay=Overlay.HEAT, smooth=False, strength=0.9)
stage.seek(int(program.state.analysis.samples[0, 11]))
stage.pause(100)
canvas, curve = screen.player.canvas, screen.curve
said = {}
grabbed, said["ratio"] = pixels(made.window)
said["size"] = [grabbed.shape[1], grabbed.shape[0]]
# where the overlay is brightest, by the values and by the pixels of the window
scene = canvas.shown.scene
h, w = scene.values.shape
row, column = divmod(int(scene.values.argmax()), w)
left, top, width, height = canvas.viewport.rect
origin = canvas.mapTo(made.window, QPoint(0, 0))
rect = scene.rect
x0, x1 = (left + origin.x() + width * (rect.left + (rect.right - rect.left) * (column + at) / w) for at in (0, 1))
y0, y1 = (top + origin.y() + height * (rect.top + (rect.bottom - rect.top) * (row + at) / h) for at in (0, 1))
said["cell"] = [2 * x0, 2 * y0, 2 * x1, 2 * y1]
y, x = (round(2 * (at + o)) for at, o in ((top, origin.y()), (left, origin.x())))
picture = grabbed[y : y + round(2 * height), x : x + round(2 * width)]
light = picture.sum(axis=2)
ys, xs = np.nonzero(light >= light.max() - 6)
said["brightest"] = [int(xs.min()) + x, int(ys.min()) + y, int(xs.max()) + x + 1, int(ys.max()) + y + 1]
box = curve.getPlotItem().getViewBox()
times = program.playback.video.times_s
said["clicks"] = []
for frame in (10, 57, len(times) - 1, 0):
    at = curve.mapFromScene(box.mapViewToScene(QPointF(times[frame], box.viewRange()[1][0]))) - QPoint(0, 30)
    point_s = box.viewPixelSize()[0]
    click(curve.viewport(), at)
    said["clicks"].append([float(times[frame]), float(program.playback.time_s), float(point_s)])
print(json.dumps(said), flush=True)
world.hold.set()
program.close()
program.wait()
os._exit(0)  # the order in which an interpreter takes Qt apart at its end is none of this test's business
"""


@pytest.mark.slow
def test_two_pixels_a_point(tmp_path: Path) -> None:
    """The whole window is sharp, the map lies over its own place, and the mouse reaches the frame it points at."""
    environment = {
        **os.environ,
        HOME_VARIABLE: str(tmp_path / "home"),
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["size"] == [2560, 1440]
    assert said["ratio"] == 2
    assert said["brightest"] == pytest.approx(said["cell"], abs=3), "pixels; a cell is many times as large"
    x0, y0, x1, y1 = said["cell"]
    assert min(x1 - x0, y1 - y0) > 30
    for wanted_s, reached_s, point_s in said["clicks"]:
        assert reached_s == pytest.approx(wanted_s, abs=max(1 / 30, 2 * point_s))
