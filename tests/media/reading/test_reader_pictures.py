"""What a frame looks like: upright, square pixels, the right colours and sizes."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from skillviewer.media.reading.frame_converter import Orientation
from skillviewer.media.reading.reader import VideoReader
from tests.videos import KINDS, VideoKind, read_barcode, write_barcode_video


def write_colour(
    path: Path, picture: NDArray[np.uint8], matrix: Colorspace, tag: int, colour_range: ColorRange
) -> None:
    """Write one picture, nearly without loss, in given colours under a given tag."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "1"})
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv444p"
        stream.codec_context.colorspace = tag
        stream.codec_context.color_range = colour_range
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame = frame.reformat(format="yuv444p", dst_colorspace=matrix, dst_color_range=colour_range)
        frame.pts, frame.time_base = 0, Fraction(1, 30)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


COLOURS = np.array([[0, 255, 0], [200, 40, 90], [128, 128, 128], [255, 255, 255], [0, 0, 0], [10, 20, 250]], np.uint8)


def patches() -> NDArray[np.uint8]:
    """Return a picture of six plain patches, 32 x 32 each."""
    return np.ascontiguousarray(np.repeat(np.repeat(COLOURS[None], 32, axis=1), 32, axis=0))


@pytest.mark.parametrize("colour_range", [ColorRange.MPEG, ColorRange.JPEG])
@pytest.mark.parametrize(("matrix", "tag"), [(Colorspace.ITU709, 1), (Colorspace.ITU601, 6), (Colorspace.ITU601, 2)])
def test_colours_follow_the_tags_at_every_size(
    matrix: Colorspace, tag: int, colour_range: ColorRange, tmp_path: Path
) -> None:
    write_colour(tmp_path / "c.mp4", patches(), matrix, tag, colour_range)
    with VideoReader(tmp_path / "c.mp4") as reader:
        own = reader.frame(0)
        decoded = next(reader.stream([0]))
        small, large = decoded.rgb((96, 16)), decoded.rgb((384, 64))
        grey = decoded.grey((96, 16))
    for i, colour in enumerate(COLOURS.astype(int)):
        for picture, at in ((own, (16, 32 * i + 16)), (small, (8, 16 * i + 8)), (large, (32, 64 * i + 32))):
            assert np.abs(picture[at].astype(int) - colour).max() <= 4
        assert abs(int(grey[8, 16 * i + 8]) - colour @ [0.299, 0.587, 0.114]) <= 4


@pytest.mark.parametrize(
    ("kind", "turns", "mirrored"),
    [
        ("turned_90", 1, False),
        ("turned_180", 2, False),
        ("turned_270", 3, False),
        ("mirrored", 0, True),
        ("turned_90_mirrored", 1, True),
    ],
)
def test_turning_is_exact(kind: str, turns: int, mirrored: bool, tmp_path: Path) -> None:
    """The display matrix turns counter-clockwise, then mirrors left to right, and changes no pixel."""
    video = write_barcode_video(tmp_path / "film.mp4", 5, kind=kind)
    with av.open(str(video.path)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="rgb24")
    expected = np.rot90(stored, turns)
    expected = expected[:, ::-1] if mirrored else expected
    with VideoReader(video.path) as reader:
        np.testing.assert_array_equal(reader.frame(0), expected)
        decoded = next(reader.stream([3]))
        assert read_barcode(decoded.rgb((100, 80))) == 3
        assert decoded.rgb((100, 80)).shape == (80, 100, 3)
        assert read_barcode(decoded.grey((60, 90))) == 3
        assert decoded.grey((60, 90)).shape == (90, 60)


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("mirror_x", [False, True])
@pytest.mark.parametrize("mirror_y", [False, True])
def test_every_orientation(transpose: bool, mirror_x: bool, mirror_y: bool) -> None:
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    expected = picture.transpose(1, 0, 2) if transpose else picture
    expected = expected[:, ::-1] if mirror_x else expected
    expected = expected[::-1] if mirror_y else expected
    np.testing.assert_array_equal(Orientation(transpose, mirror_x, mirror_y).apply(picture), expected)


@pytest.mark.parametrize(
    ("kind", "size"), [("wide_pixels", (213, 96)), ("tall_pixels", (160, 144)), ("wide_pixels_turned", (96, 213))]
)
def test_pixels_become_square_without_loss(kind: str, size: tuple[int, int], tmp_path: Path) -> None:
    video = write_barcode_video(tmp_path / "film.mp4", 5, kind=kind)
    with VideoReader(video.path) as reader:
        assert (reader.info.width_px, reader.info.height_px) == size
        assert reader.frames([4, 1]).shape == (2, size[1], size[0], 3)
        assert [read_barcode(p) for p in reader.frames([4, 1])] == [4, 1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("transfer=arib-std-b67", "high dynamic range"),
        ("transfer=smpte2084", "high dynamic range"),
        ("transfer=bt709", ""),
        ("tff=1", "interlaced"),
    ],
)
def test_what_pictures_suffer_from_is_told(
    options: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = VideoKind(options={"x264-params": f"{options}:log-level=none"})
    monkeypatch.setitem(KINDS, "made", made)
    with VideoReader(write_barcode_video(tmp_path / "film.mp4", 5, kind="made").path) as reader:
        note = reader.info.note
    assert told in note
    assert bool(note) == bool(told)


def test_nearly_square_pixels_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "nearly", VideoKind(pixel_aspect=Fraction(746, 747)))
    video = write_barcode_video(tmp_path / "film.mp4", 3, kind="nearly")
    with VideoReader(video.path) as reader:
        assert (reader.info.width_px, reader.info.height_px) == (160, 96)


@pytest.mark.parametrize("size", [(161, 97), (99, 55), (33, 201)])
def test_odd_sizes(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    video = write_barcode_video(tmp_path / "film.mp4", 5, kind="444", width=width, height=height)
    with VideoReader(video.path) as reader:
        assert (reader.info.width_px, reader.info.height_px) == size
        picture = reader.frame(3)
        assert picture.shape == (height, width, 3)
        assert picture.flags.c_contiguous
        assert read_barcode(picture) == 3


def test_shrinking_does_not_alias(tmp_path: Path) -> None:
    """Stripes finer than the small picture can show become an even grey."""
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    write_colour(tmp_path / "s.mp4", stripes, Colorspace.ITU601, 6, ColorRange.MPEG)
    with VideoReader(tmp_path / "s.mp4") as reader:
        decoded = next(reader.stream([0]))
        for picture in (decoded.rgb((50, 50)), decoded.grey((50, 50))):
            inner = picture[5:-5, 5:-5].astype(int)
            assert np.abs(inner - 127).max() <= 12


def test_a_scaled_picture_is_near_the_scaled_original(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    smooth = cv2.GaussianBlur(rng.integers(0, 256, (240, 320, 3), dtype=np.uint8), (0, 0), 4)
    smooth = np.clip((smooth.astype(int) - 128) * 4 + 128, 0, 255).astype(np.uint8)
    write_colour(tmp_path / "s.mp4", smooth, Colorspace.ITU709, 1, ColorRange.MPEG)
    with VideoReader(tmp_path / "s.mp4") as reader:
        decoded = next(reader.stream([0]))
        expected = cv2.resize(reader.frame(0), (112, 112), interpolation=cv2.INTER_AREA).astype(int)
        small, grey = decoded.rgb((112, 112)), decoded.grey((112, 112))
    assert np.abs(small - expected).mean() < 2
    assert np.abs(grey - cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(int)).mean() < 1.5


def test_ten_bits_are_rounded_not_cut(tmp_path: Path) -> None:
    eight = write_barcode_video(tmp_path / "eight.mp4", 3)
    ten = write_barcode_video(tmp_path / "ten.mp4", 3, kind="h264_10_bit")
    with VideoReader(eight.path) as a, VideoReader(ten.path) as b:
        assert np.abs(a.frame(1).astype(int) - b.frame(1).astype(int)).mean() < 2
