"""Layout of the canvas of a clip or a still: the pictures above, the strip below.

Lengths are in ems, the size of the text, which follows the size of the canvas. So the text of a clip stays readable at
half its size on a slide. Small videos, of 128 pixels for example, are scaled up until their strip is readable.
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
"""Smallest width at which text, curve and colour bar are side by side; in narrower strips they are stacked."""
_MIN_STRIP_EM = 18
"""Smallest width at which the time and the score do not overlap."""

LINE_EM = 1.55
BIG_EM = 1.35
_BIG_LINE_EM = 1.85
_PADDING_EM = 0.8
_TEXT_COLUMN_EM = 13.5
_CLOCK_COLUMN_EM = 12.0
_RIGHT_COLUMN_EM = 13.0
_STACKED_CURVE_EM = 6.4
BAR_TITLE_EM = 1.4
BAR_EM = 0.75
_BAR_LABELS_EM = 1.45


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the canvas in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column beyond the rectangle."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row beyond the rectangle."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class PictureSlot:
    """Boxes of one picture and its caption."""

    picture: Box  # frames are scaled to its size
    caption: Box  # two lines below the picture; of no height if there is only one picture


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes of all parts of the canvas."""

    width: int  # width of the canvas in pixels; even
    height: int  # height of the canvas in pixels; even
    em: int  # size of the text in pixels
    panes: tuple[PictureSlot, ...]  # one for each picture
    title: Box | None  # one line, or None
    time: Box | None  # one big line, or None if there is no text
    captions: tuple[Box, ...]  # lines of text about the frame of a single picture; empty for several pictures
    score: Box | None  # one big line for the score so far, or None
    curve: Box | None  # the curve with its axes, or None
    bars: tuple[Box, ...]  # one for each colour bar: title, bar and labels of its ticks


def picture_size(
    width_px: int, height_px: int, fit: tuple[int, int] | None, min_px: int = MIN_WIDTH_PX
) -> tuple[int, int]:
    """Return the size at which a picture is shown.

    Args:
        width_px: Width of the frames.
        height_px: Height of the frames.
        fit: (width_px, height_px) that the picture fills as far as its proportions allow, or None for its own size.
        min_px: Smallest width without ``fit``: narrower pictures are enlarged by the smallest sufficient whole number.

    Returns:
        (width_px, height_px); even with ``fit``.
    """
    if fit is None:
        factor = max(1, math.ceil(min_px / width_px))
        return width_px * factor, height_px * factor
    scale = min(fit[0] / width_px, fit[1] / height_px)
    return max(2, round(width_px * scale / 2) * 2), max(2, round(height_px * scale / 2) * 2)


def picture_sizes(
    video_sizes: Sequence[tuple[int, int]], fit: tuple[int, int] | None, columns: int = 0
) -> list[tuple[int, int]]:
    """Return the sizes at which the pictures of a grid are shown.

    Without ``fit``, small pictures are enlarged, and several pictures are reduced until a row is at most
    ``MAX_GRID_WIDTH_PX`` wide. If upright and wide pictures are then mixed, all get the height of a 4 to 3 picture.

    Args:
        video_sizes: (width_px, height_px) of the frames of each video.
        fit: (width_px, height_px) that each picture fills as far as its proportions allow, or None.
        columns: Pictures in a row, or 0 to choose the number automatically.
    """
    if fit is None and len(video_sizes) > 1:
        sizes = [picture_size(width, height, None, MIN_PANE_PX) for width, height in video_sizes]
        n_columns = count_columns(len(video_sizes), columns)
        gap = 24
        max_width = (MAX_GRID_WIDTH_PX - gap * (n_columns - 1)) // n_columns
        if max(width for width, _ in sizes) <= max_width:
            return sizes
        heights = [max_width * height / width for width, height in video_sizes]
        are_alike = max(heights) < 1.5 * min(heights)
        max_height = max(heights) if are_alike else max_width * 3 / 4
        fit = (max_width, round(max_height))
    return [picture_size(width, height, fit) for width, height in video_sizes]


def count_columns(n_pictures: int, columns: int) -> int:
    """Return the number of pictures in a row; ``columns`` is the preferred number, or 0."""
    if not columns:
        columns = n_pictures if n_pictures <= 3 else math.ceil(math.sqrt(n_pictures))
    return min(columns, n_pictures)


def lay_out(
    sizes: Sequence[tuple[int, int]],
    *,
    columns: int = 0,
    title: bool = False,
    labels: bool = True,
    curve: bool = True,
    n_bars: int = 1,
) -> Layout:
    """Return the layout of a canvas with one or more pictures.

    Args:
        sizes: (width_px, height_px) at which each picture is shown.
        columns: Pictures in a row, or 0 to choose the number automatically.
        title: Whether there is a title above the strip.
        labels: Whether there is text: time, frame and score.
        curve: Whether there is a score curve.
        n_bars: Number of colour bars.

    Raises:
        ExportError: The pictures are too narrow for text and curve.
    """
    n_columns = count_columns(len(sizes), columns)
    n_rows = math.ceil(len(sizes) / n_columns)
    cell_width = max(width for width, _ in sizes)
    cell_height = max(height for _, height in sizes)
    em = max(MIN_EM_PX, round(math.sqrt(cell_width * n_columns * cell_height * n_rows) / 54))
    has_several = len(sizes) > 1
    gap = 2 * round(em * 0.3) if has_several else 0
    has_captions = has_several and labels
    caption_height = round(em * (2 * LINE_EM + 0.4)) if has_captions else 0
    panes = []
    for index, (width, height) in enumerate(sizes):
        row, column = divmod(index, n_columns)
        left = column * (cell_width + gap)
        top = row * (cell_height + caption_height + gap)
        picture = Box(left + (cell_width - width) // 2, top + (cell_height - height) // 2, width, height)
        padding = round(em * 0.5)
        caption = Box(left + padding, top + cell_height, cell_width - 2 * padding, caption_height)
        panes.append(PictureSlot(picture, caption))
    canvas_width = n_columns * cell_width + (n_columns - 1) * gap
    strip_top = n_rows * (cell_height + caption_height) + (n_rows - 1) * gap
    strip = _Strip(canvas_width, strip_top, em)
    if not (labels or curve or n_bars):
        return _make_layout(strip, panes, strip_top)
    if canvas_width < _MIN_STRIP_EM * em:
        raise ExportError(
            f"Pictures of {cell_width} × {cell_height} pixels leave no room for words and a curve: choose a size of at "
            f"least {math.ceil(_MIN_STRIP_EM * em / n_columns)} pixels across, or leave both out."
        )
    if title:
        strip.add_title()
    if canvas_width >= _WIDE_EM * em:
        strip.arrange_in_columns(labels=labels, curve=curve, n_bars=n_bars, single=not has_several)
    else:
        strip.arrange_in_rows(labels=labels, curve=curve, n_bars=n_bars, single=not has_several)
    return _make_layout(strip, panes, strip.y + strip.to_px(_PADDING_EM))


class _Strip:
    """Boxes of the strip, which are added from top to bottom. ``y`` is the first free row."""

    def __init__(self, width: int, top: int, em: int) -> None:
        self.width = width
        self.em = em
        self.y = top + self.to_px(_PADDING_EM)
        self.left = self.to_px(1)
        self.inner_width = width - 2 * self.left
        self.title: Box | None = None
        self.time: Box | None = None
        self.score: Box | None = None
        self.curve: Box | None = None
        self.captions: tuple[Box, ...] = ()
        self.bars: tuple[Box, ...] = ()

    def to_px(self, length_em: float) -> int:
        return round(length_em * self.em)

    def make_box(self, left: int, top: int, width: int, height_em: float) -> Box:
        return Box(left, top, width, self.to_px(height_em))

    def add_title(self) -> None:
        self.title = self.make_box(self.left, self.y, self.inner_width, LINE_EM)
        self.y = self.title.bottom + self.to_px(0.3)

    def add_bars(self, n_bars: int, left: int, top: int, width: int) -> int:
        """Add colour bars below each other, and return the first free row below them."""
        bars = []
        for _ in range(n_bars):
            bar = self.make_box(left, top, width, BAR_TITLE_EM + BAR_EM + _BAR_LABELS_EM)
            bars.append(bar)
            top = bar.bottom + self.to_px(0.3)
        self.bars = tuple(bars)
        return top

    def arrange_in_columns(self, *, labels: bool, curve: bool, n_bars: int, single: bool) -> None:
        """Arrange text on the left, the curve in the middle, score and colour bars on the right."""
        top = self.y
        gap = self.to_px(1)
        text_width = 0
        left_gap = 0
        if labels:
            text_em = _TEXT_COLUMN_EM if single else _CLOCK_COLUMN_EM
            text_width = self.to_px(text_em)
            left_gap = gap
        has_score = labels and single
        right_width = 0
        right_gap = 0
        if n_bars or has_score:
            right_width = self.to_px(_RIGHT_COLUMN_EM)
            right_gap = 2 * gap
        right = self.left + self.inner_width - right_width
        bars_top = top
        if labels:
            self.time = self.make_box(self.left, top, text_width, _BIG_LINE_EM)
        if self.time is not None and single:
            caption_tops = [self.time.bottom + line * self.to_px(LINE_EM) for line in range(3)]
            self.captions = tuple(self.make_box(self.left, y, text_width, LINE_EM) for y in caption_tops)
            self.score = self.make_box(right, top, right_width, _BIG_LINE_EM)
            bars_top = self.score.bottom + self.to_px(0.7)
        self.add_bars(n_bars, right, bars_top, right_width)
        bottoms = [box.bottom for box in (self.time, self.score, *self.captions, *self.bars) if box is not None]
        if curve:
            bottoms.append(top + self.to_px(_BIG_LINE_EM + 3 * LINE_EM))
        self.y = max(bottoms)
        if curve:
            curve_left = self.left + text_width + left_gap
            curve_right = right - right_gap
            self.curve = Box(curve_left, top, curve_right - curve_left, self.y - top)

    def arrange_in_rows(self, *, labels: bool, curve: bool, n_bars: int, single: bool) -> None:
        """Arrange text, curve and colour bars below each other."""
        if labels:
            score_width = min(self.inner_width // 2, self.to_px(_RIGHT_COLUMN_EM))
            time_width = self.inner_width - score_width
            self.time = self.make_box(self.left, self.y, time_width, _BIG_LINE_EM)
            if single:
                self.score = self.make_box(self.left + time_width, self.y, score_width, _BIG_LINE_EM)
                caption = self.make_box(self.left, self.time.bottom, self.inner_width, LINE_EM)
                self.captions = (caption,)
                self.y = caption.bottom
            else:
                self.y = self.time.bottom
            self.y += self.to_px(0.4)
        if curve:
            self.curve = self.make_box(self.left, self.y, self.inner_width, _STACKED_CURVE_EM)
            self.y = self.curve.bottom + self.to_px(0.5)
        self.y = self.add_bars(n_bars, self.left, self.y, self.inner_width)


def _make_layout(strip: _Strip, panes: Sequence[PictureSlot], height: int) -> Layout:
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
