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
GROUND = 214
"""Grey between the pages."""


def preview_report(write: Callable[[Path], object]) -> Preview:
    """Return the first ``MAX_PAGES`` pages of a report below each other, as ``write`` writes them as PDF to a path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "preview.pdf"
        write(path)
        return Preview(draw_pages(path.read_bytes()))


def draw_pages(pdf: bytes) -> RGBImage:
    """Return the first pages of a PDF below each other, (H, ``PAGE_PX``, 3) uint8 RGB."""
    import pypdfium2

    rows: list[RGBImage] = []
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            bitmap = page.render(scale=PAGE_PX / page.get_width(), rev_byteorder=True)
            drawn = np.ascontiguousarray(bitmap.to_numpy()[:, :PAGE_PX, :3])
            if rows:
                rows.append(np.full((GAP_PX, drawn.shape[1], 3), GROUND, np.uint8))
            rows.append(drawn)
    finally:
        document.close()
    width = min(row.shape[1] for row in rows)
    return np.concatenate([row[:, :width] for row in rows])
