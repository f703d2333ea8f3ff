"""The painter: geometry against ground truth, values against an independent reckoning, what stays untouched."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.analysis.scene import MapSource, Scene
from skillviewer.core.arrays import Float32Array, FloatArray, RGBImage
from skillviewer.media.overlay import painter as painter_module
from skillviewer.media.overlay.colours import colour_map
from skillviewer.media.overlay.painter import CONTOUR_LEVELS, Painter, paint
from skillviewer.media.screen_scaling import shrunk

RECT_13 = MapRect(16 / 448, 16 / 448, 432 / 448, 432 / 448)
WHOLE = MapRect()
PAINTING = (Overlay.HEAT, Overlay.CONTOUR, Overlay.BOTH, Overlay.DIMMED)


def scene_of(
    values: Any,
    overlay: Overlay = Overlay.HEAT,
    *,
    kind: MapKind = MapKind.DISTRIBUTION,
    rect: MapRect = WHOLE,
    low: float = 0.0,
    high: float = 1.0,
    **map_style: Any,
) -> Scene:
    return Scene(
        frame_index=0, time_s=0.0, values=None if values is None else np.asarray(values, dtype=np.float32), low=low,
        high=high, kind=kind, unit="", rect=rect, map_style=MapStyle(overlay=overlay, **map_style),
        source=MapSource.OWN, sample=0, n_samples=1, sample_frame=0, age_s=0.0, step=0, score=0.0,
    )  # fmt: skip


def signed_of(values: Any, overlay: Overlay = Overlay.HEAT, **rest: Any) -> Scene:
    return scene_of(values, overlay, kind=MapKind.SIGNED, low=-1.0, **rest)


def noise(height: int, width: int, seed: int = 0) -> RGBImage:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def impulse(h: int, w: int, row: int, column: int) -> Float32Array:
    values = np.zeros((h, w), dtype=np.float32)
    values[row, column] = 1
    return values


def box(changed: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[int, int, int, int]:
    """Return the smallest (top, bottom, left, right) that holds what changed, ends excluded."""
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 6), (6, 0), (6, 6), (3, 2)])
@pytest.mark.parametrize("size", [(448, 448), (720, 1280), (224, 672)])
def test_a_cell_lights_exactly_its_block(row: int, column: int, size: tuple[int, int]) -> None:
    height, width = size
    frame = np.full((height, width, 3), 100, dtype=np.uint8)
    painted = paint(scene_of(impulse(7, 7, row, column), smooth=False), frame)
    changed = (painted != frame).any(axis=2)
    # a pixel belongs to the cell that its centre lies in
    expected = [
        int(np.ceil(at * n / 7 - 0.5))
        for at, n in ((row, height), (row + 1, height), (column, width), (column + 1, width))
    ]
    assert box(changed) == tuple(expected)
    assert changed[expected[0] : expected[1], expected[2] : expected[3]].all()


@pytest.mark.parametrize(("row", "column"), [(0, 0), (12, 12), (5, 7)])
def test_the_finer_grid_lies_half_a_cell_inside(row: int, column: int) -> None:
    """13x13 cells of 32 px in [16, 432] of 448: method, geometry of stride 1."""
    frame = noise(448, 448) // 2 + 40
    painted = paint(scene_of(impulse(13, 13, row, column), smooth=False, rect=RECT_13), frame)
    changed = (painted != frame).any(axis=2)
    assert box(changed) == (16 + 32 * row, 48 + 32 * row, 16 + 32 * column, 48 + 32 * column)


@pytest.mark.parametrize("kind", PAINTING)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("smooth", [False, True])
def test_nothing_outside_the_rectangle_changes(kind: Overlay, signed: bool, smooth: bool) -> None:
    frame = noise(180, 321)
    values = np.random.default_rng(2).uniform(-1 if signed else 0, 1, (13, 13))
    scene = (signed_of if signed else scene_of)(values, kind, rect=RECT_13, smooth=smooth)
    outside = frame
    if kind is Overlay.DIMMED:  # as dark everywhere as where nothing was attended to
        outside = paint(scene_of(np.zeros((1, 1)), kind), frame)
        assert outside.sum() < frame.sum()
    changed = (paint(scene, frame) != outside).any(axis=2)
    assert changed.any()
    top, bottom, left, right = box(changed)
    assert top >= 180 * 16 / 448 - 0.5
    assert bottom <= 180 * 432 / 448 + 0.5
    assert left >= 321 * 16 / 448 - 0.5
    assert right <= 321 * 432 / 448 + 0.5


@pytest.mark.parametrize(("name", "rect", "m"), [("same", (16, 464), 14), ("padded", (-16, 464), 15)])
@pytest.mark.parametrize("smooth", [False, True])
def test_a_rectangle_past_the_picture_is_cut_off(name: str, rect: tuple[int, int], m: int, smooth: bool) -> None:
    del name
    ends = [r / 448 for r in rect]
    values = np.random.default_rng(1).random((m, m)).astype(np.float32)
    frame = noise(112, 112)
    painted = paint(scene_of(values, rect=MapRect(ends[0], ends[0], ends[1], ends[1]), smooth=smooth), frame)
    expected = by_definition(values, frame, rect, smooth)
    assert painted.shape == frame.shape
    assert np.abs(painted.astype(int) - expected).max() <= 2


def by_definition(values: Float32Array, frame: RGBImage, rect: tuple[int, int], smooth: bool) -> FloatArray:
    """Paint heat pixel by pixel into a square frame: bilinear at half-pixel centres, or the cell; no rounding.

    A smooth map fades by a cubic over three quarters of a cell at edges inside the picture.
    """
    n, m = frame.shape[0], values.shape[0]
    result = frame.astype(np.float64)
    table = colour_map("inferno").astype(np.float64)

    def among(pixel: int) -> float:
        return float((pixel + 0.5 - rect[0] * n / 448) / ((rect[1] - rect[0]) * n / 448) * m)

    for y in range(n):
        for x in range(n):
            cy, cx = among(y), among(x)
            if not (0 <= cy < m and 0 <= cx < m):
                continue
            if smooth:
                sy, sx = min(max(cy - 0.5, 0), m - 1), min(max(cx - 0.5, 0), m - 1)
                y0, x0 = int(sy), int(sx)
                y1, x1 = min(y0 + 1, m - 1), min(x0 + 1, m - 1)
                fy, fx = sy - y0, sx - x0
                value = (values[y0, x0] * (1 - fx) + values[y0, x1] * fx) * (1 - fy) + (
                    values[y1, x0] * (1 - fx) + values[y1, x1] * fx
                ) * fy
            else:
                value = values[int(cy), int(cx)]
            shade = min(max(float(value), 0.0), 1.0)
            alpha = 0.65 * round(shade * 255) / 255
            for at in (cy, cx) if smooth else ():
                depth = min(at if rect[0] > 0 else m, m - at if rect[1] < 448 else m, 0.75) / 0.75
                alpha *= depth**2 * (3 - 2 * depth)
            result[y, x] = result[y, x] * (1 - alpha) + table[round(shade * 255)] * alpha
    return result


@pytest.mark.parametrize("kind", PAINTING)
def test_a_smooth_map_has_no_edge_inside_the_picture(kind: Overlay) -> None:
    """At the border of a map that ends inside the picture the change of the picture begins with nothing."""
    frame = np.full((448, 448, 3), 120, dtype=np.uint8)
    values = np.full((13, 13), 0.6)
    changes = np.abs(paint(scene_of(values, kind, rect=RECT_13), frame).astype(int) - frame).max(axis=2)
    edge, inside = changes[16:432, 16], changes[100:300, 100]
    assert np.abs(edge - changes[0, 0]).max() <= 1
    assert (changes[0, 0] > 60) == (kind is Overlay.DIMMED)
    assert np.abs(np.diff(changes[200])).max() <= max(3, inside.max() // 8)
    if kind is not Overlay.CONTOUR:  # a uniform map has no iso-line
        assert inside.min() > 10
        whole = np.abs(paint(scene_of(values, kind), frame).astype(int) - frame).max(axis=2)
        assert whole.min() == whole.max() == inside.min()


@pytest.mark.parametrize("size", [(56, 56), (61, 61)])
@pytest.mark.parametrize("smooth", [False, True])
def test_heat_equals_its_definition(size: tuple[int, int], smooth: bool) -> None:
    values = np.random.default_rng(0).random((7, 7)).astype(np.float32)
    frame = noise(*size)
    painted = paint(scene_of(values, smooth=smooth), frame)
    assert np.abs(painted.astype(int) - by_definition(values, frame, (0, 448), smooth)).max() <= 2


def test_smooth_maps_reach_the_cell_at_its_centre_and_repeat_the_edge() -> None:
    values = np.array([[0.2, 0.8], [0.4, 1.0]])
    frame = np.zeros((60, 60, 3), dtype=np.uint8)
    smooth = paint(scene_of(values, colours="cividis"), frame).astype(int)
    cells = paint(scene_of(values, colours="cividis", smooth=False), frame).astype(int)
    for y, x in ((14, 14), (14, 45), (45, 14), (45, 45)):
        assert np.abs(smooth[y, x] - cells[y, x]).max() <= 6
    assert np.array_equal(smooth[0, 0], smooth[14, 14])  # the outer half cell is flat
    assert np.array_equal(smooth[59, 59], smooth[45, 45])
    assert (np.diff(smooth[14, 15:45].sum(axis=1)) >= 0).all()
    assert smooth[14, 44].sum() > smooth[14, 15].sum()


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("colours", ["inferno", "cividis"])
def test_the_hottest_colour_is_the_largest_value(smooth: bool, colours: str) -> None:
    values = np.random.default_rng(3).random((7, 7)).astype(np.float32) * 0.8
    values[4, 1] = 1.0
    black = np.zeros((147, 147, 3), dtype=np.uint8)  # cells of 21 px: a pixel lies in their very middle
    painted = paint(scene_of(values, smooth=smooth, colours=colours), black)
    brightest = np.unravel_index(painted.astype(int).sum(axis=2).argmax(), (147, 147))
    assert (brightest[0] // 21, brightest[1] // 21) == (4, 1)
    hottest = np.rint(colour_map(colours)[255] * 0.65)
    assert np.abs(painted[brightest].astype(int) - hottest).max() <= 1


def test_values_beyond_the_scale_take_its_ends() -> None:
    frame = noise(40, 40)
    for smooth in (False, True):
        inside = paint(scene_of([[0.0, 1.0]], smooth=smooth), frame)
        beyond = paint(scene_of([[-0.5, 1.5]], smooth=False), frame)
        if not smooth:
            assert np.array_equal(inside, beyond)
        assert np.array_equal(inside[:, :10], frame[:, :10])
    stretched = paint(scene_of([[2.0, 6.0]], low=2.0, high=6.0, smooth=False), frame)
    assert np.array_equal(stretched, paint(scene_of([[0.0, 1.0]], smooth=False), frame))


@pytest.mark.parametrize("kind", PAINTING)
@pytest.mark.parametrize("channels", [3, 4])
def test_no_map_no_overlay_or_no_strength_leaves_the_frame(kind: Overlay, channels: int) -> None:
    frame = noise(33, 47)
    unchanged = [
        scene_of(None, kind),
        scene_of(np.ones((7, 7)), Overlay.OFF),
        scene_of(np.ones((7, 7)), kind, strength=0.0),
        signed_of(np.ones((7, 7)), kind, strength=0.0),
    ]
    for scene in unchanged:
        painted = paint(scene, frame, np.zeros((33, 47, channels), dtype=np.uint8))
        assert np.array_equal(painted[..., :3], frame if channels == 3 else frame[..., ::-1])
        assert paint(scene, frame) is not frame


def test_nothing_to_see_is_transparent() -> None:
    frame = noise(70, 70)
    assert np.array_equal(paint(scene_of(np.zeros((7, 7))), frame), frame)
    assert np.array_equal(paint(scene_of(np.ones((7, 7)), Overlay.DIMMED), frame), frame)
    assert np.array_equal(paint(signed_of(np.zeros((7, 7))), frame), frame)
    assert np.array_equal(paint(signed_of(np.zeros((7, 7)), Overlay.CONTOUR), frame), frame)


def test_strength_is_the_greatest_opacity() -> None:
    frame = noise(70, 70)
    full = paint(scene_of(np.ones((7, 7)), strength=1.0), frame)
    assert (full == colour_map("inferno")[255]).all()
    gone = paint(scene_of(np.zeros((7, 7)), Overlay.DIMMED, strength=1.0), frame)
    assert (gone == 0).all()
    half = paint(scene_of(np.zeros((7, 7)), Overlay.DIMMED, strength=0.5), frame)
    assert np.abs(half - frame / 2).max() <= 1


def test_dimmed_keeps_what_matters_and_darkens_the_rest() -> None:
    frame = np.full((70, 70, 3), 200, dtype=np.uint8)
    painted = paint(scene_of(impulse(7, 7, 3, 3), Overlay.DIMMED, smooth=False), frame)
    assert (painted[30:40, 30:40] == 200).all()
    assert (painted[:30] == 70).all()  # 200 * (1 - 0.65)


def test_signed_maps_tell_the_sign_by_colour_and_by_marks() -> None:
    values = np.zeros((5, 5), dtype=np.float32)
    values[1, 1], values[3, 3], values[1, 3] = 1.0, -1.0, 0.1
    frame = np.full((400, 400, 3), 128, dtype=np.uint8)
    painted = paint(signed_of(values, smooth=False), frame).astype(int)
    plus, minus, weak = painted[80:160, 80:160], painted[240:320, 240:320], painted[80:160, 240:320]
    assert plus[5, 5, 0] > 128 > plus[5, 5, 2]  # orange
    assert minus[5, 5, 0] < 128 < minus[5, 5, 2]  # blue

    def white(cell: Any) -> tuple[bool, bool]:
        """Return whether there is a white stroke across and one down through the cell's centre."""
        return bool(cell[40, 32:49].min() > 240), bool(cell[32:49, 40].min() > 240)

    assert white(plus) == (True, True)
    assert white(minus) == (True, False)
    assert white(weak) == (False, False)
    assert (weak == weak[0, 0]).all()


@pytest.mark.parametrize("kind", PAINTING)
def test_marks_are_on_every_kind_of_signed_overlay(kind: Overlay) -> None:
    values = impulse(3, 3, 1, 1)
    frame = np.full((300, 300, 3), 60, dtype=np.uint8)
    plain = paint(scene_of(values, kind, smooth=False, colours="cividis"), frame)
    marked = paint(signed_of(values, kind, smooth=False), frame)
    assert (marked[150, 140:160] > 240).all()
    assert not (plain[150, 140:160] > 240).all()


@pytest.mark.parametrize("signed", [False, True])
def test_heat_with_contours_is_either_of_the_two(signed: bool) -> None:
    values = np.random.default_rng(2).uniform(0, 1, (4, 4))
    frame = noise(240, 320)
    make = signed_of if signed else scene_of
    heat, lines, both = (paint(make(values, k), frame) for k in (Overlay.HEAT, Overlay.CONTOUR, Overlay.BOTH))
    other = 255 - frame
    inked = (lines != frame).any(axis=2) | (paint(make(values, Overlay.CONTOUR), other) != other).any(axis=2)
    assert 0.01 < inked.mean() < 0.5
    assert np.array_equal(both[inked], lines[inked])
    assert np.array_equal(both[~inked], heat[~inked])


@pytest.mark.parametrize("ground", [0, 255])
def test_in_greys_a_high_map_is_told_from_none_on_dark_and_on_light(ground: int) -> None:
    """A heat map alone is not: on a ground as light as its colours it leaves nothing to be seen in a photocopy."""
    frame = np.full((240, 320, 3), ground, dtype=np.uint8)
    values = impulse(4, 4, 1, 2)
    grey = paint(scene_of(values, Overlay.BOTH), frame).astype(float) @ [0.299, 0.587, 0.114]
    steps = np.abs(np.diff(grey[90]))
    assert steps.max() > 60, "a line is drawn around it that is darker or lighter than both sides"


@pytest.mark.parametrize("ground", [0, 255])
@pytest.mark.parametrize("signed", [False, True])
def test_contours_are_seen_on_dark_and_on_light(ground: int, signed: bool) -> None:
    ramp = np.linspace(-1 if signed else 0, 1, 32, dtype=np.float32)
    values = np.broadcast_to(ramp, (2, 32))
    frame = np.full((360, 640, 3), ground, dtype=np.uint8)
    scene = (signed_of if signed else scene_of)(values, Overlay.CONTOUR, strength=1.0)
    row = paint(scene, frame)[90 if not signed else 3].astype(int)
    contrast = np.abs(row - ground).max(axis=1)
    lines = np.flatnonzero(np.diff((contrast > 0).astype(int)) == 1)
    levels = [-0.75, -0.5, -0.25, 0.25, 0.5, 0.75] if signed else list(CONTOUR_LEVELS)
    centres = [((level - ramp[0]) / (1 - ramp[0]) * 31 + 0.5) / 32 * 640 for level in levels]
    assert len(lines) == len(levels)
    for start, centre in zip(lines, centres, strict=True):
        assert abs(start - centre) <= 5
        assert contrast[start : start + 6].max() > 100


def test_contours_without_smoothing_run_along_the_cells() -> None:
    frame = np.full((70, 70, 3), 128, dtype=np.uint8)
    painted = paint(scene_of(impulse(7, 7, 3, 3), Overlay.CONTOUR, smooth=False), frame)
    top, bottom, left, right = box((painted != frame).any(axis=2))
    assert (top, bottom, left, right) == (29, 41, 29, 41)  # the cell's border, and one pixel of outline
    assert (painted[33:37, 33:37] == 128).all()  # nothing inside


SIZES = [(1, 1), (1, 9), (9, 1), (2, 3), (17, 31), (35, 64), (101, 99)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", PAINTING)
@pytest.mark.parametrize("signed", [False, True])
def test_any_size_and_both_outputs_pixel_by_pixel(size: tuple[int, int], kind: Overlay, signed: bool) -> None:
    frame = noise(*size)
    values = np.random.default_rng(5).uniform(-1 if signed else 0, 1, (13, 13))
    for rect in (WHOLE, RECT_13):
        scene = (signed_of if signed else scene_of)(values, kind, rect=rect)
        rgb = paint(scene, frame)
        bgrx = paint(scene, frame, np.full((*size, 4), 9, dtype=np.uint8))
        assert np.array_equal(bgrx[..., 2::-1], rgb)
        assert (bgrx[..., 3] == 255).all()


def test_padded_rows_read_only_and_strided_frames() -> None:
    """QImage pads its rows; frames that were decoded may be frozen or parts of larger pictures."""
    frame = noise(50, 61)
    scene = scene_of(np.random.default_rng(5).random((7, 7)), rect=RECT_13)
    expected = paint(scene, frame)
    frozen = frame.copy()
    frozen.flags.writeable = False
    assert np.array_equal(paint(scene, frozen), expected)
    wide = noise(50, 122)
    wide[:, ::2] = frame
    assert np.array_equal(paint(scene, wide[:, ::2]), expected)
    for channels in (3, 4):
        row = 61 * channels + 7
        buffer = np.zeros(50 * row, dtype=np.uint8)
        out = np.lib.stride_tricks.as_strided(buffer, (50, 61, channels), (row, channels, 1))
        assert paint(scene, frame, out) is out
        assert np.array_equal(out[..., :3], expected if channels == 3 else expected[..., ::-1])
        padding = buffer.reshape(50, row)[:, 61 * channels :]
        assert (padding == 0).all()


def test_frame_and_map_are_not_changed_and_results_repeat() -> None:
    frame, values = noise(90, 91), np.random.default_rng(5).random((7, 7)).astype(np.float32)
    frame_before, values_before = frame.copy(), values.copy()
    for kind in PAINTING:
        assert np.array_equal(paint(scene_of(values, kind), frame), paint(scene_of(values, kind), frame))
    assert np.array_equal(frame, frame_before)
    assert np.array_equal(values, values_before)


def test_a_painter_that_is_kept_paints_what_a_new_one_does() -> None:
    painter = Painter()
    values = np.random.default_rng(6).random((7, 7)).astype(np.float32)
    scenes = [
        scene_of(values),
        scene_of(values, smooth=False),
        scene_of(values, strength=0.3),
        scene_of(values, colours="cividis"),
        scene_of(values, Overlay.DIMMED),
        scene_of(None),
        scene_of(values, rect=RECT_13),
        scene_of(values, high=2.0),
        scene_of(values.T),
        scene_of(values.reshape(1, 49)),
        signed_of(values),
        scene_of(values, Overlay.OFF),
        scene_of(values),
    ]
    frames = [noise(40, 60), noise(60, 40)]
    expected = [[paint(scene, frame) for scene in scenes] for frame in frames]
    for before in scenes:
        for i, scene in enumerate(scenes):
            for f, frame in enumerate(frames):
                painter.paint(before, frames[0])
                assert np.array_equal(painter.paint(scene, frame), expected[f][i])


def test_a_held_map_is_turned_into_a_layer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Scene] = []
    real = painter_module._make_layer

    def counted(scene: Scene, *rest: Any) -> Any:
        made.append(scene)
        return real(scene, *rest)

    monkeypatch.setattr(painter_module, "_make_layer", counted)
    painter = Painter()
    values = np.random.default_rng(6).random((7, 7)).astype(np.float32)
    scene = scene_of(values)
    for seed in range(5):  # resolve() makes a new array for every frame of a held map
        held = replace(scene, frame_index=seed, values=values.copy(), age_s=seed / 30)
        painter.paint(held, noise(40, 60, seed))
    assert len(made) == 1
    painter.paint(replace(scene, values=values * np.float32(0.9)), noise(40, 60))
    assert len(made) == 2


def test_wrong_pictures_are_refused() -> None:
    scene, frame = scene_of(np.ones((7, 7))), noise(20, 30)
    wrong: list[Any] = [frame[..., 0], frame.astype(np.float32), np.zeros((20, 30, 4), np.uint8)]
    for picture in wrong:
        with pytest.raises(ValueError, match="a frame is"):
            paint(scene, picture)
    outs: list[Any] = [np.zeros((30, 20, 3), np.uint8), np.zeros((20, 30, 3), np.float32), frame.copy()[:, ::-1]]
    for out in outs:
        with pytest.raises(ValueError, match="cannot be painted"):
            paint(scene, frame, out)


def test_a_smaller_picture_is_the_mean_of_what_each_pixel_covers() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    blocks = picture.reshape(2, 3, 3, 3, 3).astype(float).mean(axis=(1, 3))
    assert np.abs(shrunk(picture, 3) - blocks).max() <= 0.5
    assert shrunk(picture, 1).shape == (1, 1, 3)
