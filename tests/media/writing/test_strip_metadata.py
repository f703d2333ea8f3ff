"""User data in compressed pictures, byte by byte: words go, all else stays as it was."""

import pytest

from skillviewer.media.writing.strip_metadata import metadata_remover, stripped_header

WORDS = bytes(range(16)) + b"\0\0\3\1Anna"  # 0 0 1 would be a start code: a 3 is stuffed between
PICTURE = b"\x65\x88\x84\0\0\3\0\x80"
RECOVERY = b"\x06\x01\xc4"  # message 6: decoding can begin here; must stay


def message(kind: int, payload: bytes) -> bytes:
    plain = payload.replace(b"\0\0\3", b"\0\0")
    assert len(plain) < 255
    return bytes([kind, len(plain)]) + payload


def boxed(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def started(*units: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + unit for unit in units)


AVCC = b"\1\x64\0\x1f\xff\xe0\0"  # lengths of four bytes, no parameters
HVCC = b"\1" + bytes(20) + b"\xff"


@pytest.mark.parametrize("build", [boxed, started])
def test_words_go_from_h264_and_other_messages_stay(build: object) -> None:
    assert callable(build)
    clean = metadata_remover("h264", AVCC if build is boxed else b"")
    assert clean is not None
    both = b"\x06" + RECOVERY + message(5, WORDS) + b"\x80"
    alone = b"\x06" + message(4, b"Anna") + b"\x80"
    assert clean(build(b"\x09\xf0", both, alone, PICTURE)) == build(b"\x09\xf0", b"\x06" + RECOVERY + b"\x80", PICTURE)
    assert clean(build(PICTURE, PICTURE)) == build(PICTURE, PICTURE)


def test_a_stuffed_message_that_stays_is_stuffed_again() -> None:
    clean = metadata_remover("h264", b"")
    assert clean is not None
    kept = message(1, b"\0\0\3\2\7")
    unit = b"\x06" + kept + message(5, WORDS) + b"\x80"
    assert clean(started(unit, PICTURE)) == started(b"\x06" + kept + b"\x80", PICTURE)


def test_words_longer_than_one_byte_of_size_go() -> None:
    clean = metadata_remover("h264", AVCC)
    assert clean is not None
    long = b"\x06\x05" + b"\xff\x2d" + b"x" * 300 + RECOVERY + b"\x80"  # 255 + 45
    assert clean(boxed(long, PICTURE)) == boxed(b"\x06" + RECOVERY + b"\x80", PICTURE)


def test_words_go_from_hevc_and_its_header() -> None:
    clean = metadata_remover("hevc", HVCC)
    assert clean is not None
    before, after = b"\x4e\x01", b"\x50\x01"  # units of types 39 and 40
    picture = b"\x26\x01\xaf"
    unit = before + message(5, WORDS) + RECOVERY + b"\x80"
    assert clean(boxed(unit, picture, after + message(5, WORDS) + b"\x80")) == boxed(
        before + RECOVERY + b"\x80", picture
    )
    arrays = b"\xa1\0\1\0\3\x42\1\5", b"\xa7\0\2\0\2ab\0\1c"  # parameters, then two messages
    header = bytes(22).replace(b"\0", b"\1", 1)
    assert stripped_header("hevc", header + b"\2" + b"".join(arrays), clean) == header + b"\1" + arrays[0]
    assert stripped_header("h264", AVCC, clean) == AVCC


def test_words_go_from_mpeg_and_the_mark_of_packed_frames_stays() -> None:
    clean = metadata_remover("mpeg4", b"")
    assert clean is not None
    start, mark, words, plane = (
        b"\0\0\1\xb0\1",
        b"\0\0\1\xb2DivX503b1393p",
        b"\0\0\1\xb2Anna 2024",
        b"\0\0\1\xb6\x10\x60",
    )
    assert clean(start + mark + words + plane) == start + mark + plane
    assert clean(start + words) == start
    assert clean(start + b"\0\0\1\xb2DivX503b1393p of Anna" + plane) == start + plane
    assert stripped_header("mpeg4", start + words, clean) == start


def test_comments_and_applications_segments_go_from_jpeg_fields() -> None:
    clean = metadata_remover("mjpeg", b"")
    assert clean is not None
    begin, order, exif = b"\xff\xd8", b"\xff\xe0\0\6AVI1", b"\xff\xe1\0\6Anna"
    comment, colours, table = b"\xff\xfe\0\6Anna", b"\xff\xee\0\4ad", b"\xff\xdb\0\3\7"
    scan = b"\xff\xda\0\2\x12\xff\0\x34\xff\xd0\x56\xff\xd9"
    field = begin + order + exif + colours + comment + table + scan
    assert clean(field + b"\0" + field) == (
        begin + order + colours + table + scan + b"\0" + begin + order + colours + table + scan
    )


def test_metadata_units_go_from_av1() -> None:
    clean = metadata_remover("av1", b"")
    assert clean is not None
    delimiter, frame = b"\x12\0", b"\x32\x81\1" + b"f" * 129  # sizes of one byte and of two
    metadata, rest = b"\x2a\4Anna", b"\x30frame to the end"
    assert clean(delimiter + metadata + frame + metadata + rest) == delimiter + frame + rest


def test_codecs_without_a_place_for_words_are_left_as_they_are_and_others_unknown() -> None:
    same = metadata_remover("vp9", b"")
    assert same is not None
    assert same(b"\0\0\1\xb2Anna") == b"\0\0\1\xb2Anna"
    assert metadata_remover("dvvideo", b"") is None
