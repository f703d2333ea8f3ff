"""Figures of numbers: what is drawn is where it should be."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.export.figures.plots import BAR_ALPHA, Accuracy, moving_average, plot_accuracies, plot_training
from skillviewer.export.rendering.theme import WHITE, Colour


def read(path: Path) -> RGBImage:
    return np.asarray(Image.open(path).convert("RGB"))


def where(picture: RGBImage, colour: Colour) -> NDArray[np.int64]:
    return np.argwhere(np.abs(picture.astype(int) - np.array(colour)).max(axis=-1) <= 12)


def test_smoothing_averages_what_is_there() -> None:
    values = np.array([0.0, 3.0, 6.0, 9.0, 0.0])
    assert moving_average(values, 1).tolist() == [1.5, 3.0, 6.0, 5.0, 4.5]
    assert moving_average(values, 0).tolist() == values.tolist()


def test_training_log_becomes_two_plots(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"epoch": i, "train_loss": 1 / (i + 1), "held_out_accuracy": 0.5 + i / 100 if i % 5 == 0 else None, "note": "x"}
        for i in range(50)
    ]
    rows[7]["train_loss"] = math.nan
    picture = read(plot_training(rows, tmp_path / "log.png", title="größe $x$ 1"))
    loss, accuracy = where(picture, WHITE.series[0]), where(picture, WHITE.series[1])
    middle = picture.shape[0] // 2
    assert len(loss) > 200
    assert len(accuracy) > 200
    assert loss[:, 0].max() < middle < accuracy[:, 0].min()
    # the loss falls and the accuracy rises, left to right
    for points, sign in ((loss, 1), (accuracy, -1)):
        curve = points[points[:, 1] < picture.shape[1] * 0.78]  # what lies right of it are labels
        left, right = (curve[curve[:, 1] == x, 0].mean() for x in (curve[:, 1].min() + 8, curve[:, 1].max() - 8))
        assert sign * (right - left) > 50


def test_bars_reach_from_chance_to_their_value(tmp_path: Path) -> None:
    bars = [
        Accuracy("full", 0.9, 0.85, 0.95),
        Accuracy("a long name that goes on and on, and on", 0.7),
        Accuracy("x", 0.3),
    ]
    picture = read(plot_accuracies(bars, tmp_path / "bars.png", title="Accuracies", references={"ceiling": 0.97}))
    blue = np.rint(np.array(WHITE.series[0]) * BAR_ALPHA + 255 * (1 - BAR_ALPHA)).astype(int)
    found = where(picture, (int(blue[0]), int(blue[1]), int(blue[2])))
    spans = []
    for row in np.split(found, np.flatnonzero(np.diff(found[:, 0]) > 1) + 1):
        top = row[row[:, 0] == row[0, 0] + 2, 1]
        spans.append((int(top.min()), int(top.max())))
    assert len(spans) == 3
    (start, full), (_, middle), (low, chance) = spans
    unit = (full - start) / 0.4
    assert (middle - start) / unit == pytest.approx(0.2, abs=0.01)
    assert (chance - low) / unit == pytest.approx(0.2, abs=0.01)
    assert chance == pytest.approx(start, abs=6)  # the line at chance lies over one of them


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no accuracies"):
        plot_accuracies([], tmp_path / "x.png")
    with pytest.raises(ExportError, match="no column"):
        plot_training([{"epoch": 1, "seconds": 3.0}], tmp_path / "x.png")
    (tmp_path / "x.png").write_text("mine")
    with pytest.raises(ExportError, match="is there already"):
        plot_accuracies([Accuracy("full", 0.9)], tmp_path / "x.png")
    assert (tmp_path / "x.png").read_text() == "mine"
    plot_accuracies([Accuracy("full", 0.9)], tmp_path / "x.png", overwrite=True)
    assert read(tmp_path / "x.png").ndim == 3
