"""Cost of a painted frame with its map, in the painter alone and up to a widget's screen.

Run: ``QT_QPA_PLATFORM=offscreen python -m benchmarks.painting``. Each figure is the median wall time of many frames in
ms, and the mean CPU time; the bare picture is drawn in the same run.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.analysis.scene import MapSource, Scene
from skillviewer.core.arrays import RGBImage
from skillviewer.media.overlay.painter import Painter

SIZES = {"1280x720": (720, 1280), "1920x1080": (1080, 1920)}


class Canvas(QWidget):
    """Draws a numpy picture pixel for pixel."""

    def __init__(self, buffer: RGBImage) -> None:
        super().__init__()
        self._buffer = buffer
        height, width, channels = buffer.shape
        form = QImage.Format.Format_RGB32 if channels == 4 else QImage.Format.Format_RGB888
        self._image = QImage(buffer.data, width, height, channels * width, form)
        self.setFixedSize(width, height)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the picture."""
        del event
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        painter.end()


def scene(values: np.ndarray[tuple[int, int], np.dtype[np.float32]], map_style: MapStyle, kind: MapKind) -> Scene:
    """Return the scene of a 13x13 map."""
    rect = MapRect(16 / 448, 16 / 448, 432 / 448, 432 / 448)
    low = -1.0 if kind is MapKind.SIGNED else 0.0
    return Scene(0, 0.0, values, low, 1.0, kind, "", rect, map_style, MapSource.OWN, 0, 1, 0, 0.0, 0, 0.0)


def median_ms(work: Callable[[int], None], n: int) -> tuple[float, float]:
    """Return the median wall and the mean CPU time of ``work(0) ... work(n - 1)`` in ms, after a few to warm up."""
    for i in range(3):
        work(i)
    walls = []
    cpu = time.process_time()
    for i in range(n):
        start = time.perf_counter()
        work(i)
        walls.append(time.perf_counter() - start)
    return 1e3 * statistics.median(walls), 1e3 * (time.process_time() - cpu) / n


def measure(size: str, n: int) -> None:
    """Print the figures of one size."""
    height, width = SIZES[size]
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(4)]
    maps = rng.random((8, 13, 13)).astype(np.float32)
    painter = Painter()
    cases = [("bare picture", MapStyle(overlay=Overlay.OFF), MapKind.DISTRIBUTION, False)]
    cases += [
        (f"{o.value}, held", MapStyle(overlay=o), MapKind.DISTRIBUTION, False) for o in (Overlay.HEAT, Overlay.CONTOUR)
    ]
    cases += [
        (f"{o.value}, new map", MapStyle(overlay=o), MapKind.DISTRIBUTION, True) for o in Overlay if o != Overlay.OFF
    ]
    cases += [("heat in cells, new map", MapStyle(smooth=False), MapKind.DISTRIBUTION, True)]
    cases += [("signed heat, new map", MapStyle(), MapKind.SIGNED, True)]
    for name, map_style, map_kind, changing in cases:
        row = f"{size:>9}  {name:<28}"
        for channels in (3, 4):
            out = np.empty((height, width, channels), dtype=np.uint8)
            canvas = Canvas(out)
            canvas.show()
            QApplication.processEvents()  # before the window is exposed, repaint() does nothing
            shown = scene(maps[0], map_style, map_kind)

            def paint(i: int, out: RGBImage = out, shown: Scene = shown, changing: bool = changing) -> None:
                now = replace(shown, values=maps[i % len(maps)]) if changing else shown
                painter.paint(now, frames[i % len(frames)], out)

            def show(i: int, paint: Callable[[int], None] = paint, canvas: Canvas = canvas) -> None:
                paint(i)
                canvas.repaint()

            alone, shown_ms = median_ms(paint, n), median_ms(show, n)
            label = "RGB888" if channels == 3 else "RGB32"
            row += f" | {label}: {alone[0]:5.2f} ({alone[1]:5.2f}), shown {shown_ms[0]:5.2f} ({shown_ms[1]:5.2f})"
            canvas.close()
        print(row)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100, help="frames per figure")
    n = parser.parse_args().frames
    app = QApplication.instance() or QApplication([])
    print(
        "ms per frame (CPU ms), a 13x13 map over the inner 416/448 of the picture; shown: painted and drawn by a widget"
    )
    for size in SIZES:
        measure(size, n)
    app.processEvents()


if __name__ == "__main__":
    main()
