"""Layout of the canvas of a clip or a still: the pictures above, the strip below.

Everything is measured in ems, the size of the text, which follows the size of the canvas: a clip shown at half its size
on a slide can still be read, and a thumbnail of 128 pixels is scaled up until its strip can.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from skillviewer.core.errors import ExportError

MIN_WIDTH_PX = 480
MIN_PANE_PX = 300
MAX_GRID_WIDTH_PX = 1920
MIN_EM_PX = 14
_WIDE_EM = 50
"""From this width on, words, curve and colour bar stand side by side; below, one under the other."""
_MIN_CAPTION_EM = 18
"""Below this width the time and the score would cover each other."""

LINE_EM = 1.55
BIG_EM = 1.35
_BIG_LINE_EM = 1.85
_PAD_EM = 0.8
_LEFT_EM = 13.5
_CLOCK_EM = 12.0
_RIGHT_EM = 13.0
BAR_TITLE_EM = 1.4
BAR_EM = 0.75


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the canvas in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column beyond it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row beyond it."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class PictureSlot:
    """The place of one picture."""

    picture: Box  # the picture; its size is that which frames are scaled to
    caption: Box  # below it, two lines; empty where there is only one picture


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole canvas."""

    width: int  # width of the canvas; even
    height: int  # height of the canvas; even
    em: int  # size of the text in pixels
    panes: tuple[PictureSlot, ...]  # one for each picture
    title: Box | None  # one line, or None
    time: Box | None  # one big line: the time
    captions: tuple[Box, ...]  # lines of words about the frame (one picture) or none
    score: Box | None  # one big line for the score so far, or None
    curve: Box | None  # the curve with its axes, or None
    bars: tuple[Box, ...]  # one for each colour bar: a line for its unit, the bar and its numbers


def picture_size(
    width_px: int, height_px: int, fit: tuple[int, int] | None, min_px: int = MIN_WIDTH_PX
) -> tuple[int, int]:
    """Return the size at which a picture is shown.

    ``fit`` is (width_px, height_px) that it is to fill as far as its proportions let it, or None: its own size, or the
    least whole multiple of it with ``min_px``.

    Returns:
        (width_px, height_px); even where it was scaled.
    """
    if fit is None:
        times = max(1, math.ceil(min_px / width_px))
        return width_px * times, height_px * times
    share = min(fit[0] / width_px, fit[1] / height_px)
    return max(2, round(width_px * share / 2) * 2), max(2, round(height_px * share / 2) * 2)


def picture_sizes(
    video_sizes: Sequence[tuple[int, int]], fit: tuple[int, int] | None, columns: int = 0
) -> list[tuple[int, int]]:
    """Return the sizes at which the pictures of a grid are shown.

    Without a wanted size a single picture has its own, and small ones are scaled up; several are scaled down until a
    row of them is at most ``MAX_GRID_WIDTH_PX`` wide. Upright pictures next to wide ones are then given the height of a
    picture of 4 to 3.

    ``fit`` is (width_px, height_px) that each picture is to fill as far as its proportions let it. There are
    ``columns`` in a row, or with 0 a number that suits.
    """
    if fit is None and len(video_sizes) > 1:
        sizes = [picture_size(w, h, None, MIN_PANE_PX) for w, h in video_sizes]
        n_columns = n_across(len(video_sizes), columns)
        side = (MAX_GRID_WIDTH_PX - 24 * (n_columns - 1)) // n_columns  # 24: room for a gap
        if max(w for w, _ in sizes) <= side:
            return sizes
        heights = [side * h / w for w, h in video_sizes]
        fit = (side, round(max(heights) if max(heights) < 1.5 * min(heights) else side * 3 / 4))
    return [picture_size(w, h, fit) for w, h in video_sizes]


def n_across(n: int, columns: int) -> int:
    """Return the number of pictures in a row, of ``n``; ``columns`` is the preferred number, or 0."""
    return min(columns or (n if n <= 3 else math.ceil(math.sqrt(n))), n)


def lay_out(
    sizes: Sequence[tuple[int, int]],
    *,
    columns: int = 0,
    title: bool = False,
    labels: bool = True,
    curve: bool = True,
    n_bars: int = 1,
) -> Layout:
    """Lay out a canvas of one or more pictures with their sizes as shown, (width_px, height_px).

    There are ``columns`` pictures in a row, or with 0 a number that suits; a title above the strip; labels next to the
    pictures.

    Raises:
        ExportError: Words or a curve are wanted and the pictures are too narrow for them.
    """
    n_columns = n_across(len(sizes), columns)
    n_rows = math.ceil(len(sizes) / n_columns)
    cell_w, cell_h = max(w for w, _ in sizes), max(h for _, h in sizes)
    em = max(MIN_EM_PX, round(math.sqrt(cell_w * n_columns * cell_h * n_rows) / 54))
    gap = 2 * round(em * 0.3) if len(sizes) > 1 else 0
    caption_h = round(em * (2 * LINE_EM + 0.4)) if len(sizes) > 1 and labels else 0
    width = n_columns * cell_w + (n_columns - 1) * gap
    panes = []
    for index, (w, h) in enumerate(sizes):
        row, column = divmod(index, n_columns)
        left, top = column * (cell_w + gap), row * (cell_h + caption_h + gap)
        picture = Box(left + (cell_w - w) // 2, top + (cell_h - h) // 2, w, h)
        side = round(em * 0.5)
        panes.append(PictureSlot(picture, Box(left + side, top + cell_h, cell_w - 2 * side, caption_h)))
    strip_top = n_rows * (cell_h + caption_h) + (n_rows - 1) * gap
    strip = _Strip(width, strip_top, em)
    if not (labels or curve or n_bars):
        return _finish(strip, panes, strip_top)
    if width < _MIN_CAPTION_EM * em:
        raise ExportError(
            f"Pictures of {cell_w} × {cell_h} pixels leave no room for words and a curve: choose a size of at least "
            f"{math.ceil(_MIN_CAPTION_EM * em / n_columns)} pixels across, or leave both out."
        )
    if width >= _WIDE_EM * em:
        strip.wide(title=title, labels=labels, curve=curve, n_bars=n_bars, single=len(sizes) == 1)
    else:
        strip.narrow(title=title, labels=labels, curve=curve, n_bars=n_bars, single=len(sizes) == 1)
    return _finish(strip, panes, strip.y + strip.px(_PAD_EM))


class _Strip:
    def __init__(self, width: int, top: int, em: int) -> None:
        self.width = width
        self.em = em
        self.y = top + self.px(_PAD_EM)
        self.title: Box | None = None
        self.time: Box | None = None
        self.score: Box | None = None
        self.curve: Box | None = None
        self.captions: tuple[Box, ...] = ()
        self.bars: tuple[Box, ...] = ()

    def px(self, ems: float) -> int:
        return round(ems * self.em)

    def line(self, left: int, width: int, ems: float, top: int) -> Box:
        return Box(left, top, width, self.px(ems))

    def head(self, *, title: bool) -> tuple[int, int]:
        side = self.px(1)
        if title:
            self.title = self.line(side, self.width - 2 * side, LINE_EM, self.y)
            self.y = self.title.bottom + self.px(0.3)
        return side, self.width - 2 * side

    def bar(self, left: int, width: int, top: int) -> Box:
        return self.line(left, width, BAR_TITLE_EM + BAR_EM + 1.45, top)

    def wide(self, *, title: bool, labels: bool, curve: bool, n_bars: int, single: bool) -> None:
        side, inner = self.head(title=title)
        top = self.y
        left_w = self.px(_LEFT_EM if single else _CLOCK_EM) if labels else 0
        right_w = self.px(_RIGHT_EM) if n_bars or (labels and single) else 0
        right = side + inner - right_w
        if labels:
            self.time = self.line(side, left_w, _BIG_LINE_EM, top)
            if single:
                self.captions = tuple(
                    self.line(side, left_w, LINE_EM, self.time.bottom + line_number * self.px(LINE_EM))
                    for line_number in range(3)
                )
        right_y = top
        if labels and single:
            self.score = self.line(right, right_w, _BIG_LINE_EM, top)
            right_y = self.score.bottom + self.px(0.7)
        bars = []
        for _ in range(n_bars):
            bars.append(self.bar(right, right_w, right_y))
            right_y = bars[-1].bottom + self.px(0.3)
        self.bars = tuple(bars)
        bottoms = [box.bottom for box in (self.time, self.score, *self.captions, *self.bars) if box is not None]
        bottom = max([*bottoms, top + self.px(_BIG_LINE_EM + 3 * LINE_EM)] if curve else bottoms)
        if curve:
            gap = self.px(1)
            start = side + left_w + (gap if left_w else 0)
            self.curve = Box(start, top, right - (gap * 2 if right_w else 0) - start, bottom - top)
        self.y = bottom

    def narrow(self, *, title: bool, labels: bool, curve: bool, n_bars: int, single: bool) -> None:
        side, inner = self.head(title=title)
        if labels:
            score_w = min(inner // 2, self.px(_RIGHT_EM))
            self.time = self.line(side, inner - score_w, _BIG_LINE_EM, self.y)
            if single:
                self.score = self.line(side + inner - score_w, score_w, _BIG_LINE_EM, self.y)
            self.y = self.time.bottom
            if single:
                self.captions = (self.line(side, inner, LINE_EM, self.y),)
                self.y = self.captions[0].bottom
            self.y += self.px(0.4)
        if curve:
            self.curve = self.line(side, inner, 6.4, self.y)
            self.y = self.curve.bottom + self.px(0.5)
        bars = []
        for _ in range(n_bars):
            bars.append(self.bar(side, inner, self.y))
            self.y = bars[-1].bottom + self.px(0.3)
        self.bars = tuple(bars)


def _finish(strip: _Strip, panes: Sequence[PictureSlot], height: int) -> Layout:
    return Layout(
        width=strip.width + strip.width % 2,
        height=height + height % 2,
        em=strip.em,
        panes=tuple(panes),
        title=strip.title,
        time=strip.time,
        captions=strip.captions,
        score=strip.score,
        curve=strip.curve,
        bars=strip.bars,
    )
