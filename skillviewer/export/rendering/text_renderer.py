"""Text as pictures on a plain background, fast enough for every frame of a clip.

The digits of DejaVu Sans have one width, so numbers are put together from pictures of digits that are drawn once. Text
between the digits is drawn as a whole, with its kerning, and cached.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.export.rendering.matplotlib_figure import MM_PER_INCH, text_and_font_file
from skillviewer.export.rendering.theme import WHITE, Colour

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_PIECES = re.compile(r"\d|\D+")
ELLIPSIS = "…"


class TextRenderer:
    """Renderer of text in one size, weight and colour on one background."""

    def __init__(self, size_px: int, colour: Colour, background: Colour, *, bold: bool = False) -> None:
        self._size_px = size_px
        self._bold = bold
        self._colour = np.array(colour, np.float32)
        self._background = np.array(background, np.float32)
        self._fonts: dict[str, FreeTypeFont] = {}
        ascent, descent = self._font("").getmetrics()
        self._ascent_px = ascent
        self.height_px = ascent + descent
        self._cached_piece = lru_cache(maxsize=512)(self._draw_piece)

    def _font(self, text: str) -> "FreeTypeFont":
        from PIL import ImageFont

        _, font_file = text_and_font_file(text, bold=self._bold)
        key = str(font_file)
        if key not in self._fonts:
            self._fonts[key] = ImageFont.truetype(key, self._size_px)
        return self._fonts[key]

    def _draw_piece(self, text: str) -> RGBImage:
        from PIL import Image, ImageDraw

        font = self._font(text)
        drawable, _ = text_and_font_file(text, bold=self._bold)
        width = max(1, round(font.getlength(drawable)))
        mask = Image.new("L", (width, self.height_px))
        ImageDraw.Draw(mask).text((0, self._ascent_px), drawable, fill=255, font=font, anchor="ls")
        opacity = np.asarray(mask, np.float32)[..., None] / 255
        return np.rint(self._background + (self._colour - self._background) * opacity).astype(np.uint8)

    def draw(self, text: str) -> RGBImage:
        """Return a picture of a text, (``height_px``, width, 3) uint8."""
        pieces = [self._cached_piece(piece) for piece in _PIECES.findall(text)]
        if not pieces:
            return np.empty((self.height_px, 0, 3), np.uint8)
        return np.concatenate(pieces, axis=1)

    def width(self, text: str) -> int:
        """Return the width of a text in pixels."""
        return sum(self._cached_piece(piece).shape[1] for piece in _PIECES.findall(text))

    def elided(self, text: str, width_px: int) -> str:
        """Return a text that fits into a width; an ellipsis replaces its middle, since both ends of a name matter."""
        if self.width(text) <= width_px:
            return text
        # bisection over the number of characters that remain
        n_fitting = 0
        n_too_wide = len(text)
        while n_too_wide - n_fitting > 1:
            n_middle = (n_fitting + n_too_wide) // 2
            if self.width(_shortened(text, n_middle)) <= width_px:
                n_fitting = n_middle
            else:
                n_too_wide = n_middle
        return _shortened(text, n_fitting)


def _shortened(text: str, n_characters: int) -> str:
    n_tail = n_characters * 2 // 5
    head = text[: n_characters - n_tail]
    tail = text[-n_tail:] if n_tail else ""
    return head + ELLIPSIS + tail


def copy_onto(canvas: RGBImage, picture: RGBImage, left: int, top: int) -> None:
    """Copy a picture onto a canvas, cut off at the edges of the canvas."""
    height, width = canvas.shape[:2]
    rows = slice(max(top, 0), min(top + picture.shape[0], height))
    columns = slice(max(left, 0), min(left + picture.shape[1], width))
    if rows.start < rows.stop and columns.start < columns.stop:
        canvas[rows, columns] = picture[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


_MEASURING_DPI = 300


def measuring_renderer(size_pt: float, *, bold: bool = False) -> TextRenderer:
    """Return a renderer that measures the text of a figure, independent of the resolution of the figure.

    ``to_measuring_px`` converts lengths to the pixels of this renderer.
    """
    return TextRenderer(round(size_pt * _MEASURING_DPI / 72), WHITE.text, WHITE.background, bold=bold)


def to_measuring_px(length_mm: float) -> int:
    """Return a length in the pixels of ``measuring_renderer``, rounded down."""
    return int(length_mm / MM_PER_INCH * _MEASURING_DPI)
