"""Pictures become the planes that an encoder takes: within a rounding of BT.709, and in their places."""

import numpy as np
import pytest

from skillviewer.core.arrays import FloatArray, RGBImage
from skillviewer.media.writing.yuv_converter import YuvConverter


def planes(picture: RGBImage) -> list[RGBImage]:
    """Return the three planes of a picture, without what pads their rows."""
    frame = YuvConverter(picture.shape[1], picture.shape[0]).frame(picture)
    assert (frame.format.name, frame.width, frame.height) == ("yuv420p", picture.shape[1], picture.shape[0])
    return [
        np.frombuffer(memoryview(p), np.uint8).reshape(-1, p.line_size)[: p.height, : p.width] for p in frame.planes
    ]


def exact(picture: RGBImage) -> FloatArray:
    """Return (H, W, 3) Y, Cb, Cr by the equations of BT.709, unrounded."""
    red, green, blue = np.moveaxis(picture.astype(float) / 255, 2, 0)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.stack([16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748], axis=2)


def test_every_pixel_is_within_a_rounding_of_the_equations() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 130, 3), dtype=np.uint8)
    y, blue, red = planes(picture)
    assert np.abs(y - exact(picture)[..., 0]).max() < 0.7
    colour = exact(picture).reshape(32, 2, 65, 2, 3).mean(axis=(1, 3))
    for plane, channel in ((blue, 1), (red, 2)):
        assert np.abs(plane - colour[..., channel]).max() < 1.2


def test_grey_has_no_colour_and_keeps_its_ends() -> None:
    steps = np.arange(256, dtype=np.uint8)
    y, blue, red = planes(np.repeat(np.repeat(steps[None, :, None], 2, axis=0), 3, axis=2))
    assert (y[0, 0], y[0, -1]) == (16, 235)
    assert (np.diff(y[0].astype(int)) >= 0).all()
    assert (blue == 128).all()
    assert (red == 128).all()


@pytest.mark.parametrize(("width", "height"), [(2, 2), (6, 4), (98, 2), (2, 98), (1282, 722)])
def test_any_even_size(width: int, height: int) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (height, width, 3), dtype=np.uint8)
    y, blue, red = planes(picture)
    assert np.abs(y - exact(picture)[..., 0]).max() < 0.7
    assert blue.shape == red.shape == (height // 2, width // 2)


def test_frames_do_not_share_memory() -> None:
    made = YuvConverter(16, 16)
    first = made.frame(np.full((16, 16, 3), 255, np.uint8))
    made.frame(np.zeros((16, 16, 3), np.uint8))
    assert np.frombuffer(memoryview(first.planes[0]), np.uint8).max() == 235


def test_ffmpeg_reads_the_colours_back() -> None:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255]], np.uint8)
    picture = np.repeat(np.repeat(colours[None], 4, axis=0), 4, axis=1).astype(np.uint8)
    frame = YuvConverter(24, 4).frame(picture)
    back = frame.reformat(format="rgb24", src_colorspace=1).to_ndarray()  # 1 is BT.709
    assert np.abs(back[:, 1::4].astype(int) - picture[:, 1::4]).max() <= 4
