"""How frames are reached: what is decoded, kept and converted on the way."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import PictureType, VideoFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skillviewer.core.errors import Cancelled, VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.media.reading.container import VideoFile
from skillviewer.media.reading.frame_converter import FrameConverter
from skillviewer.media.reading.reader import VideoReader
from tests.videos import N_NUMBERS, BarcodeVideo, barcode, read_barcode, write_barcode_video

FRAME_BYTES = 160 * 96 * 3 // 2


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BarcodeVideo]:
    """Return one video of each kind that reaches its frames in another way."""
    folder = tmp_path_factory.mktemp("films")
    kinds = ("mp4", "open_gop", "ts", "long_gop", "avi_h264", "gif", "intra", "hevc")
    return {kind: write_barcode_video(folder / kind, 60, kind=kind) for kind in kinds}


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of packets that are handed to the decoder from now on."""
    packets: list[int] = []
    original = VideoFile.decode

    def counting(self: VideoFile, number: int, packet: Any, *, skip: bool = False) -> Any:
        packets.append(number)
        return original(self, number, packet, skip=skip)

    monkeypatch.setattr(VideoFile, "decode", counting)
    return packets


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_sequence_of_calls_gives_the_right_frames(films: dict[str, BarcodeVideo], data: st.DataObject) -> None:
    video = films[data.draw(st.sampled_from(sorted(films)))]
    n = len(video.numbers)
    index = st.integers(0, n - 1)
    run = st.builds(
        lambda a, step, k: [a + step * j for j in range(k)], index, st.sampled_from([-1, 1, 2, 7]), st.integers(1, 6)
    )
    one = index.map(lambda i: [i])
    calls = st.lists(
        st.one_of(
            st.tuples(st.just("frame"), one | run),
            st.tuples(st.just("frames"), st.lists(index, max_size=5)),
            st.tuples(st.just("stream"), st.sets(index, max_size=6).map(sorted)),
            st.tuples(st.just("prefetch"), one),
        ),
        min_size=1,
        max_size=8,
    )
    budget = data.draw(st.sampled_from([0, 5 * FRAME_BYTES, 40 * FRAME_BYTES, 2**24]))
    with VideoReader(video.path, cache_bytes=budget) as reader:
        for name, asked in data.draw(calls):
            indices = [i for i in asked if 0 <= i < n]
            numbers = [video.numbers[i] for i in indices]
            if name == "frame":
                assert [read_barcode(reader.frame(i)) for i in indices] == numbers
            elif name == "frames":
                assert [read_barcode(picture) for picture in reader.frames(indices)] == numbers
            elif name == "stream":
                assert [(d.index, read_barcode(d.rgb())) for d in reader.stream(indices)] == list(
                    zip(indices, numbers, strict=True)
                )
            else:
                reader.prefetch(indices[0])
                assert reader.nearest_cached(indices[0]) == indices[0]
                kept = reader.cached(indices[0])
                assert kept is not None
                assert read_barcode(kept) == numbers[0]


def test_transport_streams_are_entered_where_a_group_begins(
    films: dict[str, BarcodeVideo], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have no table of key frames; aiming by presentation time would land past the wanted one half of the time."""
    sought: list[int] = []
    original = VideoFile.seek

    def counting(self: VideoFile, ticks: int, find: Any) -> Any:
        sought.append(ticks)
        return original(self, ticks, find)

    with VideoReader(films["ts"].path, cache_bytes=0) as reader:
        monkeypatch.setattr(VideoFile, "seek", counting)
        for index in (50, 30, 40, 7, 55, 20):
            assert read_barcode(reader.frame(index)) == index
    assert len(sought) <= 6


def test_sequential_reading_decodes_every_packet_once(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    with VideoReader(films["mp4"].path, cache_bytes=0) as reader:
        decoded.clear()
        reader.frame(59)  # away from the beginning, so that nothing is left from opening
        decoded.clear()
        for index in range(60):
            reader.frame(index)
    assert sorted(decoded) == sorted(set(decoded))
    assert len(decoded) == 60


def test_backward_steps_decode_a_group_once(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    with VideoReader(films["long_gop"].path) as reader:
        decoded.clear()
        for index in range(59, -1, -1):
            assert read_barcode(reader.frame(index)) == index
    # once with as little as leads to the last frame, once whole
    assert len(decoded) <= 2 * 60


def test_backward_steps_with_a_small_cache_work_in_windows(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    with VideoReader(films["long_gop"].path, cache_bytes=16 * FRAME_BYTES) as reader:
        decoded.clear()
        for index in range(59, -1, -1):
            assert read_barcode(reader.frame(index)) == index
    assert len(decoded) < 60 * 60 / 2 / 4  # one by one it would be half of 60 x 60


def test_scrubbing_within_a_group_decodes_it_twice_at_most(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    with VideoReader(films["long_gop"].path) as reader:
        decoded.clear()
        for index in np.random.default_rng(0).permutation(60).tolist():
            reader.frame(index)
    assert len(decoded) <= 2 * 60 + 8


def test_prefetch_makes_the_steps_before_free(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    with VideoReader(films["long_gop"].path) as reader:
        reader.prefetch(50)
        decoded.clear()
        for index in range(50, 50 - 32, -1):
            assert read_barcode(reader.frame(index)) == index
    assert decoded == []


def test_frames_decodes_each_group_at_most_once(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    video = films["mp4"]
    with VideoReader(video.path, cache_bytes=0) as reader:
        decoded.clear()
        asked = [55, 3, 55, 30, 31, 3, 7, 59]
        pictures = reader.frames(asked)
    assert pictures.shape == (8, 96, 160, 3)
    assert pictures.dtype == np.uint8
    assert [read_barcode(p) for p in pictures] == asked
    assert len(decoded) == len(set(decoded))


def test_no_frames(films: dict[str, BarcodeVideo]) -> None:
    with VideoReader(films["mp4"].path) as reader:
        assert reader.frames([]).shape == (0, 96, 160, 3)
        assert list(reader.stream(np.array([], np.int64))) == []


def test_stream_jumps_over_groups(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    with VideoReader(films["mp4"].path, cache_bytes=0) as reader:
        decoded.clear()
        assert [read_barcode(d.rgb()) for d in reader.stream([0, 50])] == [0, 50]
    assert len(decoded) < 20


def test_pictures_that_nothing_refers_to_are_left_out_on_the_way(
    films: dict[str, BarcodeVideo], monkeypatch: pytest.MonkeyPatch
) -> None:
    came_out = 0
    original = VideoFile.decode

    def counting(self: VideoFile, number: int, packet: Any, *, skip: bool = False) -> Any:
        nonlocal came_out
        frames = original(self, number, packet, skip=skip)
        came_out += len(frames)
        return frames

    monkeypatch.setattr(VideoFile, "decode", counting)
    with VideoReader(films["long_gop"].path, cache_bytes=0) as reader:
        came_out = 0
        assert read_barcode(reader.frame(55)) == 55
        assert came_out < 45  # of 56, and some more that the decoder already has in hand
        reader.prefetch(0)
        came_out = 0
        assert [read_barcode(d.rgb()) for d in reader.stream([20, 55])] == [20, 55]
        assert came_out < 45


def test_stream_converts_nothing_unasked(films: dict[str, BarcodeVideo], monkeypatch: pytest.MonkeyPatch) -> None:
    converted: list[object] = []
    original = FrameConverter.picture

    def counting(self: FrameConverter, *args: Any) -> Any:
        converted.append(args)
        return original(self, *args)

    monkeypatch.setattr(FrameConverter, "picture", counting)
    with VideoReader(films["mp4"].path) as reader:
        frames = list(reader.stream(range(60)))
        assert converted == []
        assert read_barcode(frames[20].rgb()) == 20
        assert len(converted) == 1


def test_stream_may_be_interrupted_by_other_calls(films: dict[str, BarcodeVideo]) -> None:
    for video in films.values():
        with VideoReader(video.path, cache_bytes=0) as reader:
            for step, decoded_frame in enumerate(reader.stream(range(2, 50, 5))):
                assert read_barcode(decoded_frame.rgb()) == video.numbers[2 + 5 * step]
                assert read_barcode(reader.frame(59 - step)) == video.numbers[59 - step]


@pytest.mark.parametrize("indices", [[3, 3], [4, 2]])
def test_stream_wants_ascending_indices(indices: list[int], films: dict[str, BarcodeVideo]) -> None:
    with VideoReader(films["mp4"].path) as reader, pytest.raises(ValueError, match="ascend"):
        reader.stream(indices)


@pytest.mark.parametrize(
    "call",
    [
        lambda r, i: r.frame(i),
        lambda r, i: r.frames([0, i]),
        lambda r, i: r.stream([i]),
        lambda r, i: r.prefetch(i),
        lambda r, i: r.group_start(i),
    ],
)
@pytest.mark.parametrize("index", [-1, 60, 10**9])
def test_a_frame_that_is_not_there(
    call: Callable[[VideoReader, int], object], index: int, films: dict[str, BarcodeVideo]
) -> None:
    with VideoReader(films["mp4"].path) as reader, pytest.raises(VideoError, match=f"no frame {index}.* 0 to 59"):
        call(reader, index)


def test_cache_stays_within_its_budget_and_nearest_is_found(films: dict[str, BarcodeVideo]) -> None:
    with VideoReader(films["intra"].path, cache_bytes=10 * FRAME_BYTES) as reader:
        for index in range(60):
            reader.frame(index)
        assert 1 <= len(reader._cache) <= 10
        assert reader._cache.n_bytes <= 10 * FRAME_BYTES
        assert reader.cached(59) is not None
        assert reader.cached(0) is None
        oldest = 60 - len(reader._cache)
        assert reader.nearest_cached(5) == oldest
        assert reader.nearest_cached(57) == 57
        reader.close()
        assert reader.nearest_cached(57) is None


def test_key_frame_is_the_one_that_decodes_at_once(films: dict[str, BarcodeVideo], decoded: list[int]) -> None:
    with VideoReader(films["open_gop"].path, cache_bytes=0) as reader:
        keys = {reader.group_start(i) for i in range(60)}
        assert all(reader.group_start(key) == key for key in keys)
        assert all(reader.group_start(i) <= i for i in range(60))
        assert len(keys) == 5
        last = max(keys)
        reader.frame(0)
        decoded.clear()
        assert read_barcode(reader.frame(last)) == last
        assert len(decoded) <= 8  # the decoder holds some back to put them in order


def test_a_raised_token_stops_the_way_to_a_frame_and_loses_nothing(
    films: dict[str, BarcodeVideo], decoded: list[int]
) -> None:
    token = CancelToken()
    token.cancel()
    with VideoReader(films["long_gop"].path) as reader:
        assert read_barcode(reader.frame(3, token)) == 3  # in the cache since opening: no way to stop on
        decoded.clear()
        with pytest.raises(Cancelled):
            reader.frame(55, token)
        assert len(decoded) <= 1
        assert read_barcode(reader.frame(55)) == 55


@pytest.mark.parametrize(
    ("kind", "n_checks"),
    [("mp4", 10), ("avi_h264", 70), ("mp4", 61)],
    ids=["reading packets", "counting frames", "taking the digest"],
)
def test_a_raised_token_stops_the_opening(
    kind: str, n_checks: int, films: dict[str, BarcodeVideo], decoded: list[int]
) -> None:
    class Raised(CancelToken):
        left = n_checks

        def check(self) -> None:
            self.left -= 1
            if self.left < 0:
                self.cancel()
            super().check()

    token = Raised()
    with pytest.raises(Cancelled):
        VideoReader(films[kind].path, token).read_info(token)
    assert len(decoded) < 40, "not after all that was left to do"


def test_a_raised_token_stops_a_stream_on_the_way_to_its_next_frame(
    films: dict[str, BarcodeVideo], decoded: list[int]
) -> None:
    token = CancelToken()
    with VideoReader(films["long_gop"].path) as reader:
        stream = reader.stream([3, 55], token)
        assert read_barcode(next(stream).rgb()) == 3
        decoded.clear()
        token.cancel()
        with pytest.raises(Cancelled):
            next(stream)
        assert len(decoded) <= 1


def test_pictures_are_read_only_and_whole(films: dict[str, BarcodeVideo]) -> None:
    with VideoReader(films["mp4"].path) as reader:
        picture = reader.frame(10)
        assert picture.flags.c_contiguous
        assert not picture.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            picture[0, 0, 0] = 0


def test_a_closed_reader_says_so(films: dict[str, BarcodeVideo]) -> None:
    reader = VideoReader(films["mp4"].path)
    reader.close()
    reader.close()
    with pytest.raises(VideoError, match="closed"):
        reader.frame(50)


def test_frames_outlive_the_reader(films: dict[str, BarcodeVideo]) -> None:
    with VideoReader(films["mp4"].path) as reader:
        kept = list(reader.stream([5, 25, 45]))
    assert [read_barcode(d.rgb()) for d in kept] == [5, 25, 45]


def _write_long(path: Path, n_frames: int) -> None:
    """Write frames of 80 x 48 in groups of 1000, as fast as can be; each carries its number modulo N_NUMBERS."""
    pictures = [
        VideoFrame.from_ndarray(barcode(number, 80, 48), format="rgb24").reformat(format="yuv420p")
        for number in range(N_NUMBERS)
    ]
    options = {"preset": "ultrafast", "x264-params": "keyint=1000:min-keyint=1000:scenecut=0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 80, 48, "yuv420p", 1000
        for number in range(n_frames):
            frame = pictures[number % N_NUMBERS]
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, 30), PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_thousands_of_frames_in_long_groups(tmp_path: Path, decoded: list[int]) -> None:
    """Neither 1000 nor 12,000 divides by the numbers' range: a frame of another group carries another number."""
    n_frames = 12_000
    _write_long(tmp_path / "long.mp4", n_frames)
    with VideoReader(tmp_path / "long.mp4") as reader:
        info = reader.info
        assert info.n_frames == n_frames
        np.testing.assert_allclose(info.times_s, np.arange(n_frames) / 30, atol=1e-4)
        assert info.duration_s == pytest.approx(n_frames / 30, abs=1e-3)
        asked = [n_frames - 1, 0, *np.random.default_rng(0).integers(0, n_frames, 5).tolist(), 999, 1000, 1001]
        for index in asked:
            assert read_barcode(reader.frame(index)) == index % N_NUMBERS
        assert {reader.group_start(index) for index in asked} == {index // 1000 * 1000 for index in asked}
        decoded.clear()
        some = [7, 5_000, 5_400, 11_998]
        assert [read_barcode(frame.rgb()) for frame in reader.stream(some)] == [index % N_NUMBERS for index in some]
        assert len(decoded) < 2 * 1000, "what lies between is not decoded"
