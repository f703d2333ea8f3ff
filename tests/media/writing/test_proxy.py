"""Scrub proxies: the right frame, small and at once; kept within a budget; never half written, never wrong."""

import multiprocessing
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, VideoError
from skillviewer.core.paths import cache_dir
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.proxy import ScrubProxy, _proxy_size, build_proxy
from skillviewer.media.writing.writer import VideoWriter
from tests.videos import BarcodeVideo, read_barcode, write_barcode_video


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> BarcodeVideo:
    """Return a video of 40 frames."""
    return write_barcode_video(tmp_path_factory.mktemp("film") / "film.mp4", 40)


@pytest.fixture(scope="module")
def info(film: BarcodeVideo) -> VideoInfo:
    """Return what is known of it."""
    with VideoReader(film.path) as reader:
        return reader.info


def entries(folder: Path) -> list[Path]:
    """Return the files of a folder."""
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("as_reader", [True, False])
def test_every_frame_is_the_right_one(as_reader: bool, film: BarcodeVideo, info: VideoInfo, tmp_path: Path) -> None:
    if as_reader:
        with VideoReader(film.path) as reader:
            proxy = build_proxy(reader, folder=tmp_path)
    else:
        proxy = build_proxy(film.path, folder=tmp_path)
    with proxy:
        assert (proxy.size, proxy.n_frames) == ((160, 96), 40)
        for index in np.random.default_rng(0).permutation(40).tolist():
            picture = proxy.frame(index)
            assert read_barcode(picture) == index
            assert picture.shape == (96, 160, 3)
            assert not picture.flags.writeable
    again = ScrubProxy.open(info, tmp_path)
    assert again is not None
    with again:
        assert read_barcode(again.frame(17)) == 17


def test_a_video_of_a_single_frame(tmp_path: Path) -> None:
    film = write_barcode_video(tmp_path / "single.mp4", 1)
    told: list[Progress] = []
    with build_proxy(film.path, folder=tmp_path / "proxies", report=told.append) as proxy:
        assert proxy.n_frames == 1
        assert read_barcode(proxy.frame(0)) == 0
        with pytest.raises(VideoError, match="no frame"):
            proxy.frame(1)
    assert (told[-1].done, told[-1].total) == (1, 1)
    with VideoReader(film.path) as reader:
        again = ScrubProxy.open(reader.info, tmp_path / "proxies")
    assert again is not None
    with again:
        assert read_barcode(again.frame(0)) == 0


def test_colours_are_those_of_the_video(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "c.mp4", 64, 48) as writer:
        for step in range(2):
            writer.write(np.full((48, 64, 3), (200, 40, 90), np.uint8), step / 10)
    with build_proxy(tmp_path / "c.mp4", folder=tmp_path) as proxy:
        assert np.abs(proxy.frame(1).astype(int) - (200, 40, 90)).max() <= 5


@pytest.mark.parametrize(
    ("video", "budget", "expected"),
    [
        ((1920, 1080, 100), 2**32, (960, 540)),
        ((1080, 1920, 100), 2**32, (304, 540)),
        ((480, 360, 100), 2**32, (480, 360)),
        ((2000, 10, 100), 2**32, (960, 5)),
        ((1920, 1080, 3000), 2**28, (640, 360)),
        ((1920, 1080, 6000), 2**28, (480, 270)),
    ],
)
def test_size_fits_the_screen_and_the_budget(
    video: tuple[int, int, int], budget: int, expected: tuple[int, int], info: VideoInfo
) -> None:
    width, height, n = video
    described = replace(info, width_px=width, height_px=height, times_s=np.arange(n) / 30)
    assert _proxy_size(described, budget) == expected


def test_a_video_too_long_for_the_budget_is_refused(film: BarcodeVideo, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="too long"):
        build_proxy(film.path, folder=tmp_path, max_bytes=10_000)
    assert entries(tmp_path) == []


def test_a_proxy_that_grows_over_the_budget_is_given_up(
    film: BarcodeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillviewer.media.writing.proxy._BYTES_PER_PIXEL", 0.0)
    with pytest.raises(VideoError, match="too long"):
        build_proxy(film.path, folder=tmp_path, max_bytes=10_000)
    assert entries(tmp_path) == []


def test_it_lies_in_the_programs_own_cache_under_the_videos_digest(film: BarcodeVideo, info: VideoInfo) -> None:
    assert ScrubProxy.open(info) is None
    build_proxy(film.path).close()
    folder = cache_dir() / "proxies"
    assert [p.name for p in entries(folder)] == [f"{info.digest}.proxy"]
    assert ScrubProxy.open(replace(info, digest="0" * 64)) is None


def test_it_is_made_once(film: BarcodeVideo, tmp_path: Path) -> None:
    told: list[Progress] = []
    build_proxy(film.path, folder=tmp_path, report=told.append).close()
    assert (told[-1].done, told[-1].total) == (40, 40)
    assert [p.done for p in told] == sorted(p.done for p in told)
    told.clear()
    build_proxy(film.path, folder=tmp_path, report=told.append).close()
    assert told == []


def test_cancelling_leaves_nothing(film: BarcodeVideo, tmp_path: Path) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        build_proxy(film.path, token, lambda _progress: token.cancel(), folder=tmp_path)
    assert entries(tmp_path) == []


@pytest.mark.parametrize("damage", ["cut", "empty", "footer", "table", "foreign"])
def test_a_damaged_proxy_is_removed_on_opening(
    damage: str, film: BarcodeVideo, info: VideoInfo, tmp_path: Path
) -> None:
    build_proxy(film.path, folder=tmp_path).close()
    (path,) = entries(tmp_path)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[len(data) // 2 :]
    elif damage == "empty":
        data.clear()
    elif damage == "footer":
        data[-20] ^= 1
    elif damage == "table":
        data[-60] ^= 1
    else:
        data[:] = b"something else " * 100
    path.write_bytes(data)
    assert ScrubProxy.open(info, tmp_path) is None
    assert entries(tmp_path) == []
    with build_proxy(film.path, folder=tmp_path) as proxy:
        assert read_barcode(proxy.frame(3)) == 3


def test_a_damaged_picture_is_never_shown(film: BarcodeVideo, info: VideoInfo, tmp_path: Path) -> None:
    build_proxy(film.path, folder=tmp_path).close()
    (path,) = entries(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(data)
    proxy = ScrubProxy.open(info, tmp_path)
    assert proxy is not None
    with pytest.raises(VideoError, match="damaged"):
        assert [read_barcode(proxy.frame(index)) for index in range(40)] == list(range(40))
    assert entries(tmp_path) == []
    with pytest.raises(VideoError):
        proxy.frame(0)


def test_a_proxy_of_another_number_of_frames_is_removed(film: BarcodeVideo, info: VideoInfo, tmp_path: Path) -> None:
    build_proxy(film.path, folder=tmp_path).close()
    assert ScrubProxy.open(replace(info, times_s=info.times_s[:-1]), tmp_path) is None
    assert entries(tmp_path) == []


@pytest.mark.parametrize("index", [-1, 40])
def test_a_frame_that_is_not_there(index: int, film: BarcodeVideo, tmp_path: Path) -> None:
    with build_proxy(film.path, folder=tmp_path) as proxy, pytest.raises(VideoError, match="no frame"):
        proxy.frame(index)


def test_the_proxy_opened_longest_ago_makes_room(tmp_path: Path) -> None:
    folder = tmp_path / "proxies"
    films = [write_barcode_video(tmp_path / f"{n}.mp4", 20 - n).path for n in range(4)]
    infos = []
    for path in films:
        with VideoReader(path) as reader:
            infos.append(reader.info)
    for age, path in enumerate(films[:3]):
        build_proxy(path, folder=folder).close()
        os.utime(folder / f"{infos[age].digest}.proxy", (1000 + age, 1000 + age))
    opened = ScrubProxy.open(infos[0], folder)  # the oldest is used again
    assert opened is not None
    opened.close()
    abandoned = folder / "killed.part"
    abandoned.write_bytes(b"x")
    os.utime(abandoned, (1000, 1000))
    fresh = folder / "other.part"
    fresh.write_bytes(b"x")
    total = sum(p.stat().st_size for p in folder.glob("*.proxy"))
    build_proxy(films[3], folder=folder, max_bytes=total + 1000).close()
    there = {path.stem for path in folder.glob("*.proxy")}
    assert there == {infos[0].digest, infos[2].digest, infos[3].digest}
    assert not abandoned.exists()
    assert fresh.exists()
    assert sum(p.stat().st_size for p in folder.glob("*.proxy")) <= total + 1000


def test_a_full_disk_is_one_sentence(film: BarcodeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skillviewer.media.writing.proxy._write", full)
    with pytest.raises(VideoError, match="No space left"):
        build_proxy(film.path, folder=tmp_path)
    assert entries(tmp_path) == []


def _build(path: Path, folder: Path) -> None:
    build_proxy(path, folder=folder).close()


def test_two_processes_at_once(film: BarcodeVideo, info: VideoInfo, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_build, args=(film.path, tmp_path)) for _ in range(2)]
    for worker in workers:
        worker.start()
    stop = time.monotonic() + 600
    while any(worker.is_alive() for worker in workers) and time.monotonic() < stop:
        proxy = ScrubProxy.open(info, tmp_path)  # whole at any moment, or not there
        if proxy is not None:
            with proxy:
                assert read_barcode(proxy.frame(39)) == 39
        time.sleep(0.02)
    for worker in workers:
        worker.join(600)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [p.name for p in entries(tmp_path)] == [f"{info.digest}.proxy"]
