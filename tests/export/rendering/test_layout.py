"""Where things stand: nothing overlaps, nothing hangs over, sizes are even."""

from itertools import combinations

import pytest

from skillviewer.export.rendering.layout import MIN_WIDTH_PX, Box, Layout, lay_out, picture_size, picture_sizes


def boxes(layout: Layout) -> list[Box]:
    single = [layout.title, layout.time, layout.score, layout.curve]
    panes = [box for pane in layout.panes for box in (pane.picture, pane.caption) if box.height]
    return [*panes, *(box for box in single if box is not None), *layout.captions, *layout.bars]


def overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


SIZES = [
    (1280, 720),
    (1920, 1080),
    (720, 1280),
    (512, 512),
    (640, 480),
    (832, 746),
    (341, 257),
    (480, 3000),
    (4000, 200),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n", [1, 2, 4, 5, 9])
@pytest.mark.parametrize("title", [False, True])
@pytest.mark.parametrize("n_bars", [0, 1, 3])
def test_nothing_overlaps_or_hangs_over(size: tuple[int, int], n: int, title: bool, n_bars: int) -> None:
    layout = lay_out(picture_sizes([size] * n, None), title=title, n_bars=n_bars)
    assert layout.width % 2 == layout.height % 2 == 0
    found = boxes(layout)
    assert all(b.left >= 0 and b.top >= 0 and b.right <= layout.width and b.bottom <= layout.height for b in found)
    assert all(b.width > 0 and b.height > 0 for b in found)
    assert not [pair for pair in combinations(found, 2) if overlap(*pair)]
    assert layout.curve is not None
    assert layout.curve.width > 8 * layout.em


def test_a_picture_alone_has_no_strip() -> None:
    layout = lay_out([(341, 257)], labels=False, curve=False, n_bars=0)
    assert layout.panes[0].picture == Box(0, 0, 341, 257)
    assert (layout.width, layout.height) == (342, 258)


def test_small_pictures_grow_by_a_whole_number() -> None:
    assert picture_size(128, 128, None) == (512, 512)
    assert picture_size(1280, 720, None) == (1280, 720)
    assert picture_size(341, 257, None)[0] >= MIN_WIDTH_PX


def test_a_wanted_size_keeps_proportions_and_is_even() -> None:
    for width, height in ((1280, 720), (720, 1280), (341, 257)):
        size = picture_size(width, height, (500, 500))
        assert max(size) == 500
        assert size[0] % 2 == size[1] % 2 == 0
        assert size[0] / size[1] == pytest.approx(width / height, rel=0.01)


@pytest.mark.parametrize(("n", "columns", "across"), [(2, 0, 2), (3, 0, 3), (4, 0, 2), (5, 0, 3), (9, 0, 3), (4, 1, 1)])
def test_grid(n: int, columns: int, across: int) -> None:
    layout = lay_out([(320, 240)] * n, columns=columns)
    assert len({pane.picture.left for pane in layout.panes}) == across
    assert len({pane.picture.top for pane in layout.panes}) == -(-n // across)


def test_pictures_of_different_shape_are_centred_in_equal_cells() -> None:
    layout = lay_out([(320, 180), (180, 320)])
    wide, tall = (pane.picture for pane in layout.panes)
    assert wide.top - tall.top == tall.bottom - wide.bottom > 0
    assert tall.left - layout.panes[1].caption.left == pytest.approx((320 - 180) // 2, abs=layout.em)


def test_grids_stay_on_a_screen_and_small_videos_grow_less_there() -> None:
    alone = picture_sizes([(1280, 720)], None)
    assert alone == picture_sizes([(1280, 720)] * 2, None, columns=1)[:1] == [(1280, 720)]
    across = picture_sizes([(1280, 720)] * 2, None)
    assert sum(width for width, _ in across) <= 1920
    small, smaller = picture_sizes([(128, 128)], None)[0], picture_sizes([(128, 128)] * 4, None)[0]
    assert small > smaller > (128, 128)
    wide, upright = picture_sizes([(1280, 720), (720, 1280)], None)
    assert upright[1] <= wide[0], "an upright video does not tower over a wide one"
    assert max(max(size) for size in picture_sizes([(1280, 720), (720, 1280)], (400, 400))) == 400


def test_words_and_curve_can_be_left_out_alone() -> None:
    both = lay_out([(1280, 720)])
    curve_only = lay_out([(1280, 720)], labels=False, n_bars=0)
    assert curve_only.time is None
    assert curve_only.curve is not None
    assert both.curve is not None
    assert curve_only.curve.left < both.curve.left
    words_only = lay_out([(1280, 720)], curve=False)
    assert words_only.curve is None
    assert words_only.captions
    assert words_only.height <= both.height
