"""The test videos themselves: a barcode is read right or refused."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.videos import KINDS, N_NUMBERS, barcode, read_barcode, write_barcode_video


def test_every_number_reads_back() -> None:
    for number in [*range(0, N_NUMBERS, 37), N_NUMBERS - 1]:
        assert read_barcode(barcode(number)) == number


@pytest.mark.parametrize("size", [(161, 97), (40, 24), (320, 240), (96, 160)])
def test_at_every_size_and_with_noise(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).normal(0, 25, (size[1], size[0], 3))
    noisy = np.clip(barcode(1234, *size) + noise, 0, 255).astype(np.uint8)
    assert read_barcode(noisy) == 1234


def test_turned_or_mirrored_pictures_are_refused() -> None:
    for number in range(0, N_NUMBERS, 101):
        picture = barcode(number)
        for wrong in (picture[::-1], picture[:, ::-1], picture[::-1, ::-1], np.rot90(picture), np.rot90(picture, 3)):
            with pytest.raises(ValueError, match=r"not upright|check bits"):
                read_barcode(np.ascontiguousarray(wrong))


def test_mixtures_of_neighbours_are_not_taken_for_a_third_number() -> None:
    """Neighbours differ in one bit of the number, so a mixture is one of them or refused."""
    for number in range(200):
        mixed = (barcode(number).astype(int) + barcode(number + 1)) // 2
        try:
            assert read_barcode(mixed.astype(np.uint8)) in (number, number + 1)
        except ValueError as error:
            assert "check bits" in str(error)  # noqa: PT017


def test_kinds_are_what_their_names_say(tmp_path: Path) -> None:
    def stream_of(kind: str) -> dict[str, object]:
        video = write_barcode_video(tmp_path / kind, 30, kind=kind)
        with av.open(str(video.path)) as container:
            stream = container.streams.video[0]
            packets = [p for p in container.demux(stream) if p.size]
            first = min(p.pts or 0 for p in packets) * (stream.time_base or 1)
            return {
                "start": float(first),
                "discards": sum(p.is_discard for p in packets),
                "leading": sum(
                    (p.pts or 0) < (k.pts or 0)
                    for i, k in enumerate(packets)
                    if k.is_keyframe
                    for p in packets[i : i + 6]
                ),
                "reordered": any((a.pts or 0) > (b.pts or 0) for a, b in pairwise(packets)),
                "steps": len(set(np.diff(sorted(p.pts or 0 for p in packets)).tolist())),
                "keys": sum(p.is_keyframe for p in packets),
                "pixels": stream.codec_context.pix_fmt,
                "frames": stream.frames,
                "shown": len(video.numbers),
            }

    assert stream_of("mp4")["reordered"]
    assert stream_of("mp4")["leading"] == 0
    assert stream_of("open_gop")["leading"] != 0
    assert stream_of("hevc")["leading"] != 0
    assert stream_of("late_mkv")["start"] == pytest.approx(7.5, abs=0.1)
    assert stream_of("late_mp4")["start"] == pytest.approx(7.5, abs=0.1)
    assert stream_of("variable")["steps"] == 4
    trimmed = stream_of("trimmed")
    assert (trimmed["frames"], trimmed["shown"]) == (30, 18)
    assert trimmed["discards"] != 0
    assert stream_of("intra")["keys"] == 30
    assert stream_of("long_gop")["keys"] == 1
    assert stream_of("hevc_10_bit")["pixels"] == "yuv420p10le"
    assert stream_of("interlaced")["shown"] == 30
    assert len(KINDS) > 45
