"""The curve of a clip: what is drawn lies where the axis says."""

import numpy as np
import pytest
from numpy.typing import NDArray

from skillviewer.core.analysis.score_curve import score_labels, score_ticks, time_label, time_step
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.figures.score_curve import CurveOptions, _draw_figure
from skillviewer.export.rendering.clip_curve import ClipCurve
from skillviewer.export.rendering.layout import Box
from skillviewer.export.rendering.theme import DARK, Colour
from tests.export.analyses import analysis, info

SIZE = (600, 120)


def near(picture: RGBImage, colour: Colour, tolerance: int = 40) -> NDArray[np.bool_]:
    return np.asarray(np.abs(picture.astype(int) - np.array(colour)).max(axis=-1) <= tolerance)


@pytest.fixture
def plot() -> ClipCurve:
    return ClipCurve([analysis(info(90))], 0.0, 3.0, SIZE, 16, DARK)


def painted(plot: ClipCurve, time_s: float, frame: int) -> RGBImage:
    canvas = np.zeros((SIZE[1] + 20, SIZE[0] + 10, 3), np.uint8)
    plot.paint(canvas, Box(10, 20, *SIZE), time_s, [frame])
    assert not canvas[:20].any()
    assert not canvas[:, :10].any()
    return canvas[20:, 10:]


@pytest.mark.parametrize("time_s", [0.0, 0.7, 1.5, 2.97])
def test_cursor_stands_at_its_time(plot: ClipCurve, time_s: float) -> None:
    picture = painted(plot, time_s, 0)
    rows = slice(round(plot.area.top), round(plot.area.bottom))
    columns = np.flatnonzero((picture[rows] == DARK.text).all(axis=(0, 2)))
    assert columns.mean() + 0.5 == pytest.approx(plot.area.x(time_s), abs=1)


def test_curve_passes_through_every_step(plot: ClipCurve) -> None:
    one = analysis(info(90))
    picture = painted(plot, 3.0, 0)
    for time_s, score in zip(one.times_s[0], one.score_curve[0], strict=True):
        x, y = round(plot.area.x(float(time_s))), round(plot.area.y(float(score)))
        assert near(picture[y - 2 : y + 3, x - 2 : x + 3], DARK.series[0]).any()


def test_what_is_ahead_is_fainter_than_what_was_seen(plot: ClipCurve) -> None:
    one = analysis(info(90))
    x = round(plot.area.x(float(one.times_s[0, 2])))
    y = round(plot.area.y(float(one.score_curve[0, 2])))
    seen, ahead = (painted(plot, t, 0)[y - 2 : y + 3, x - 2 : x + 3].max() for t in (3.0, 0.0))
    assert seen >= 230
    assert ahead < 160


def test_disc_lies_on_the_last_step_that_was_seen(plot: ClipCurve) -> None:
    one = analysis(info(90))
    frame = int(one.samples[0, 3])
    for shown, step in ((frame, 3), (frame - 1, 2)):
        picture = painted(plot, shown / 30, shown)
        x, y = plot.area.x(float(one.times_s[0, step])), plot.area.y(float(one.score_curve[0, step]))
        left = picture[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) - 1]
        assert near(left, DARK.series[0]).all()
        # no disc at the next step
        x, y = plot.area.x(float(one.times_s[0, step + 1])), plot.area.y(float(one.score_curve[0, step + 1]))
        after = picture[round(y) - 3 : round(y) + 4, round(x) + 2 : round(x) + 4]
        assert not near(after, DARK.series[0]).all()


def test_each_curve_has_its_colour_and_a_flat_one_can_be_drawn() -> None:
    flat = analysis(info(90))
    object.__setattr__(flat, "score_curve", np.zeros((1, 5)))
    two = ClipCurve([flat, analysis(info(90), shift=1.0)], 0.0, 3.0, SIZE, 16, DARK)
    picture = painted_two(two)
    assert near(picture, DARK.series[0]).sum() > 100
    assert near(picture, DARK.series[1]).sum() > 100
    ClipCurve([flat], 0.0, 0.0, SIZE, 16, DARK)


def painted_two(plot: ClipCurve) -> RGBImage:
    canvas = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    plot.paint(canvas, Box(0, 0, *SIZE), 3.0, [0, 0])
    return canvas


def test_score_ticks_are_round_and_on_the_axis() -> None:
    assert score_ticks(-1.0, 1.0, 4) == [(-1.0, "−1.0"), (-0.5, "−0.5"), (0.0, "0.0"), (0.5, "0.5"), (1.0, "1.0")]
    assert [label for _, label in score_ticks(6.0, 30.0, 8)] == ["10", "15", "20", "25", "30"]
    random = np.random.default_rng(0)
    for n in 100 * [3, 4, 5, 8, 9]:
        low, span = random.normal(0, 50), 10 ** random.uniform(-4, 3)
        ticks = [score for score, _ in score_ticks(low, low + span, n)]
        assert 2 <= len(ticks) <= n + 1
        assert min(ticks) >= low - 1e-6 * span
        assert max(ticks) <= low + (1 + 1e-6) * span
        step = np.diff(ticks).mean()
        np.testing.assert_allclose(np.diff(ticks), step, rtol=1e-3)
        assert f"{step:.5e}"[:4] in {"1.00", "2.00", "2.50", "5.00"}


def test_labels() -> None:
    assert score_labels([-0.25, 0.0, 0.5]) == ["−0.25", "0.00", "0.50"]
    assert score_labels([-1.0, 0.0]) == ["−1", "0"]
    assert time_step(10.0, 5) == 2
    assert time_step(0.7, 8) == 0.1
    assert time_step(50_000.0, 5) == 3600
    assert time_label(125.0, 5) == "2:05"
    assert time_label(0.4, 0.2) == "0:00.4"


@pytest.mark.parametrize("name", ["x" * 250, "手術 " * 60, "W i " * 60])
def test_a_long_name_leaves_the_score_of_a_figure_whole(name: str) -> None:
    shown = [AnalysedVideo(analysis(info(90), passes=3), name), AnalysedVideo(analysis(info(90)), "short")]
    figure = _draw_figure(shown, CurveOptions(width_mm=120, title=name))
    texts = [text for text in figure.texts if text.get_text()]
    assert len(texts) == 3
    assert ["score" in text.get_text() for text in texts] == [False, True, True]
    assert "\N{HORIZONTAL ELLIPSIS}" in texts[1].get_text()
    right = figure.bbox.width
    assert all(text.get_window_extent().x1 <= right for text in texts), "nothing is cut"
    with pytest.raises(ExportError, match="The score does not fit into 40 mm"):
        _draw_figure(shown, CurveOptions(width_mm=40, height_mm=100, text_pt=12))
