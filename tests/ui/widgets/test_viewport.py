import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillviewer.ui.player.viewport import MAX_ZOOM, Viewport

sizes = st.integers(1, 4000)
lengths = st.floats(50, 3000)
parts = st.floats(0, 1)


@st.composite
def viewports(draw: st.DrawFn) -> Viewport:
    start = Viewport(draw(lengths), draw(lengths), draw(sizes), draw(sizes))
    zoomed = start.zoomed(draw(st.floats(1, 20)), draw(parts) * start.width, draw(parts) * start.height)
    return zoomed.panned(draw(st.floats(-500, 500)), draw(st.floats(-500, 500)))


@given(viewports())
def test_proportions_are_true(viewport: Viewport) -> None:
    _, _, w, h = viewport.rect
    assert w / h == pytest.approx(viewport.picture_width / viewport.picture_height)


@given(viewports())
def test_the_picture_fills_the_widget_or_is_centred(viewport: Viewport) -> None:
    left, top, w, h = viewport.rect
    for start, size, room in ((left, w, viewport.width), (top, h, viewport.height)):
        if size <= room:
            assert start == pytest.approx((room - size) / 2, abs=1e-6)
        else:
            assert start <= 1e-6
            assert start + size >= room - 1e-6


@given(viewports())
def test_fitting_shows_all_and_touches_two_sides(viewport: Viewport) -> None:
    fitted = viewport.fitted()
    _, _, w, h = fitted.rect
    assert w <= fitted.width + 1e-6
    assert h <= fitted.height + 1e-6
    assert w == pytest.approx(fitted.width) or h == pytest.approx(fitted.height)


def test_what_lies_under_the_mouse_stays_there() -> None:
    before = Viewport(800, 600, 1280, 720).zoomed(4, 400, 300)
    after = before.zoomed(1.5, 250, 410)

    def place(viewport: Viewport) -> tuple[float, float]:
        left, top, w, h = viewport.rect
        return ((250 - left) / w, (410 - top) / h)

    assert place(before) == pytest.approx(place(after))


def test_zoom_is_limited_and_can_be_undone() -> None:
    viewport = Viewport(800, 600, 1280, 720)
    assert viewport.zoomed(1e6, 0, 0).zoom == MAX_ZOOM
    assert viewport.zoomed(1e-6, 0, 0).zoom == 1
    assert viewport.zoomed(3, 10, 10).fitted() == viewport


def test_zoom_and_place_stay_for_the_next_picture_and_another_size() -> None:
    zoomed = Viewport(800, 600, 1280, 720).zoomed(4, 100, 300)
    same = zoomed.of_picture(1280, 720)
    assert same == zoomed
    wider = zoomed.resized(1000, 600)
    assert wider.zoom == zoomed.zoom
    assert wider.centre_x == pytest.approx(zoomed.centre_x, abs=0.1)
