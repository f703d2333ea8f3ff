"""Preview of a report: its pages as one picture."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.export.preview import Preview

PAGE_PX = 900
"""Width of a page in pixels."""

MAX_PAGES = 4
GAP_PX = 12
_GAP_GREY = 214


def preview_report(write_pdf: Callable[[Path], object]) -> Preview:
    """Return a preview with the first ``MAX_PAGES`` pages of the report that ``write_pdf`` writes to a path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "preview.pdf"
        write_pdf(path)
        return Preview(draw_pages(path.read_bytes()))


def draw_pages(pdf: bytes) -> RGBImage:
    """Return the first ``MAX_PAGES`` pages of a PDF below each other, (H, ``PAGE_PX``, 3) uint8 RGB."""
    import pypdfium2

    pictures: list[RGBImage] = []
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            bitmap = page.render(scale=PAGE_PX / page.get_width(), rev_byteorder=True)
            picture = np.ascontiguousarray(bitmap.to_numpy()[:, :PAGE_PX, :3])
            if pictures:
                pictures.append(np.full((GAP_PX, picture.shape[1], 3), _GAP_GREY, np.uint8))
            pictures.append(picture)
    finally:
        document.close()
    width_px = min(picture.shape[1] for picture in pictures)
    return np.concatenate([picture[:, :width_px] for picture in pictures])
