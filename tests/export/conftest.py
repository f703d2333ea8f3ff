"""A barcode video with an analysis."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from skillviewer.media.reading.reader import VideoReader
from tests.videos import write_barcode_video


@pytest.fixture(scope="session")
def barcode_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 frames at 30 a second, 480 x 288, H.264."""
    return write_barcode_video(tmp_path_factory.mktemp("barcodes") / "bär codes 1.mp4", 60, width=480, height=288).path


@pytest.fixture
def reader(barcode_path: Path) -> Iterator[VideoReader]:
    with VideoReader(barcode_path) as opened:
        yield opened
