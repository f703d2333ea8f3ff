"""Text as small pictures on a plain background, fast enough for every frame of a clip.

Digits of DejaVu Sans are all of one width, so numbers are set digit by digit from tiles that are drawn once; words
between them are drawn whole, with their kerning, and kept.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.export.rendering.figure import MM_PER_INCH, lettered
from skillviewer.export.rendering.theme import WHITE, Colour

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_PIECES = re.compile(r"\d|\D+")
ELLIPSIS = "…"


class TextRenderer:
    """Sets text in one size, weight and colour on one background."""

    def __init__(self, size_px: int, colour: Colour, background: Colour, *, bold: bool = False) -> None:
        self._size_px = size_px
        self._bold = bold
        self._colour = np.array(colour, np.float32)
        self._background = np.array(background, np.float32)
        self._fonts: dict[str, FreeTypeFont] = {}
        ascent, descent = self._font("").getmetrics()
        self._ascent_px = ascent
        self.height_px = ascent + descent
        self._piece = lru_cache(maxsize=512)(self._draw_piece)

    def _font(self, text: str) -> "FreeTypeFont":
        from PIL import ImageFont

        file = str(lettered(text, bold=self._bold)[1])
        if file not in self._fonts:
            self._fonts[file] = ImageFont.truetype(file, self._size_px)
        return self._fonts[file]

    def _draw_piece(self, text: str) -> RGBImage:
        from PIL import Image, ImageDraw

        font = self._font(text)
        drawable = lettered(text, bold=self._bold)[0]
        width = max(1, round(font.getlength(drawable)))
        mask = Image.new("L", (width, self.height_px))
        ImageDraw.Draw(mask).text((0, self._ascent_px), drawable, fill=255, font=font, anchor="ls")
        share = np.asarray(mask, np.float32)[..., None] / 255
        return np.rint(self._background + (self._colour - self._background) * share).astype(np.uint8)

    def tile(self, text: str) -> RGBImage:
        """Return a text as (``height_px``, width, 3) uint8."""
        pieces = [self._piece(piece) for piece in _PIECES.findall(text)]
        return np.concatenate(pieces, axis=1) if pieces else np.empty((self.height_px, 0, 3), np.uint8)

    def width(self, text: str) -> int:
        """Return the width of a text in pixels."""
        return sum(self._piece(piece).shape[1] for piece in _PIECES.findall(text))

    def elided(self, text: str, width_px: int) -> str:
        """Return a text that fits into a width, its middle left out where need be: both ends of a file name tell."""
        if self.width(text) <= width_px:
            return text
        # characters kept
        fits = 0
        fails = len(text)
        while fails - fits > 1:
            middle = (fits + fails) // 2
            fits, fails = (middle, fails) if self.width(_shortened(text, middle)) <= width_px else (fits, middle)
        return _shortened(text, fits)


def _shortened(text: str, n_kept: int) -> str:
    tail = n_kept * 2 // 5
    return text[: n_kept - tail] + ELLIPSIS + (text[-tail:] if tail else "")


def place(canvas: RGBImage, tile: RGBImage, left: int, top: int) -> None:
    """Copy a tile onto a canvas; what hangs over the edge is cut off."""
    height, width = canvas.shape[:2]
    rows = slice(max(top, 0), min(top + tile.shape[0], height))
    columns = slice(max(left, 0), min(left + tile.shape[1], width))
    if rows.start < rows.stop and columns.start < columns.stop:
        canvas[rows, columns] = tile[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


_MEASURED_DPI = 300


def measuring(size_pt: float, *, bold: bool = False) -> TextRenderer:
    """Return letters by which words of a figure are measured, whatever its resolution; see ``measured_px``."""
    return TextRenderer(round(size_pt * _MEASURED_DPI / 72), WHITE.text, WHITE.background, bold=bold)


def measured_px(room_mm: float) -> int:
    """Return a width in pixels of the letters of ``measuring``."""
    return int(room_mm / MM_PER_INCH * _MEASURED_DPI)
