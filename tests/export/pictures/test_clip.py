"""Clips read back: every frame, its order, its time, its picture, its cursor."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.analysis.scene import resolve
from skillviewer.core.analysis.score_text import score_decimals, score_so_far
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import Cancelled, ExportError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.text import signed
from skillviewer.core.video.clips import FrameRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.pictures.clip import clip_canvas, clip_layout, export_clip, export_grid, preview_clip
from skillviewer.export.pictures.frame_schedule import build_schedule
from skillviewer.export.pictures.picture_options import ClipOptions, StillOptions
from skillviewer.export.pictures.still import export_still, paint_still
from skillviewer.export.rendering.clip_curve import ClipCurve
from skillviewer.export.rendering.layout import BIG_EM, Box
from skillviewer.export.rendering.text_renderer import TextRenderer
from skillviewer.export.rendering.theme import DARK
from skillviewer.media.overlay.painter import paint
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.writer import VideoWriter
from tests.export.analyses import analysis, info
from tests.videos import read_barcode, write_barcode_video

BARE = MapStyle(overlay=Overlay.OFF)


def cut(picture: RGBImage, box: Box) -> RGBImage:
    return picture[box.top : box.bottom, box.left : box.right]


def read_back(path: Path) -> tuple[VideoInfo, list[RGBImage]]:
    with VideoReader(path) as reader:
        return reader.info, list(reader.frames(range(reader.n_frames)))


def numbers(pictures: Sequence[RGBImage], box: Box) -> list[int]:
    return [read_barcode(cut(p, box)) for p in pictures]


@pytest.mark.parametrize(("suffix", "tick_s"), [(".mp4", 1e-4), (".webm", 1.1e-3), (".gif", 1.1e-2)])
def test_every_frame_in_order_at_its_time(tmp_path: Path, reader: VideoReader, suffix: str, tick_s: float) -> None:
    one = analysis(reader.info)
    options = ClipOptions(start=10, stop=40, look=BARE)
    path = export_clip(reader, one, tmp_path / f"clip{suffix}", options)
    made, pictures = read_back(path)
    layout = clip_layout([one], options)
    assert (made.width_px, made.height_px) == (layout.width, layout.height)
    assert numbers(pictures, layout.panes[0].picture) == list(range(10, 40))
    np.testing.assert_allclose(made.times_s, np.arange(30) / 30, atol=tick_s)
    assert made.duration_s == pytest.approx(1.0, abs=2 * tick_s)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_cursor_of_a_written_clip_stands_at_the_time_of_its_frame(tmp_path: Path) -> None:
    source = write_barcode_video(tmp_path / "variable.mp4", 24, width=480, height=288, kind="variable")
    with VideoReader(source.path) as reader:
        one = analysis(reader.info)
        path = export_clip(reader, one, tmp_path / "clip.mp4", ClipOptions(look=BARE, start=4))
    _, pictures = read_back(path)
    box, span = clip_layout([one], ClipOptions(look=BARE)).curve, build_schedule([one.video], ClipOptions(start=4)).span
    assert box is not None
    axis = ClipCurve([one], span.start_s, span.stop_s, (box.width, box.height), 14, DARK).area
    for picture, time_s in zip(pictures, one.video.times_s[4:], strict=True):
        rows = cut(picture, box)[round(axis.top) + 1 : round(axis.bottom) - 1].astype(int).min(axis=(0, 2))
        assert int(rows.argmax()) + 0.5 == pytest.approx(axis.x(float(time_s)), abs=1)


def test_uneven_times_are_kept_and_speed_divides_them(tmp_path: Path) -> None:
    source = write_barcode_video(tmp_path / "variable.mp4", 24, width=480, height=288, kind="variable")
    with VideoReader(source.path) as reader:
        one = analysis(reader.info)
        options = ClipOptions(look=BARE, speed=0.5)
        made, pictures = read_back(export_clip(reader, one, tmp_path / "slow.mp4", options))
        np.testing.assert_allclose(made.times_s, np.array(source.times_s) * 2, atol=2e-4)
        assert len(set(np.round(np.diff(made.times_s), 3).tolist())) > 2
        assert numbers(pictures, clip_layout([one], options).panes[0].picture) == source.numbers


def test_odd_sizes_become_even_without_scaling(tmp_path: Path) -> None:
    source = write_barcode_video(tmp_path / "odd.mp4", 12, width=501, height=289, kind="444")
    with VideoReader(source.path) as reader:
        one = analysis(reader.info)
        made, pictures = read_back(export_clip(reader, one, tmp_path / "clip.mp4", ClipOptions(look=BARE)))
    box = clip_layout([one], ClipOptions(look=BARE)).panes[0].picture
    assert (box.width, box.height) == (501, 289)
    assert made.width_px == 502
    assert made.height_px % 2 == 0
    assert numbers(pictures, box) == list(range(12))


def test_tiny_videos_grow_until_their_words_can_be_read(tmp_path: Path) -> None:
    source = write_barcode_video(tmp_path / "tiny.gif", 6, width=128, height=128, kind="gif", rate_hz=10)
    with VideoReader(source.path) as reader:
        made, _ = read_back(export_clip(reader, analysis(reader.info), tmp_path / "clip.mp4"))
    assert made.width_px == 512


def test_picture_of_a_still_is_what_the_painter_paints(tmp_path: Path, reader: VideoReader) -> None:
    from PIL import Image

    for kind in MapKind:
        one = analysis(reader.info, kind=kind)
        path = export_still(reader, one, tmp_path / f"{kind}.png", StillOptions(frame=33))
        picture = np.asarray(Image.open(path).convert("RGB"))
        box = clip_layout([one], ClipOptions()).panes[0].picture
        np.testing.assert_array_equal(cut(picture, box), paint(resolve(one, 33, MapStyle()), reader.frame(33)))


def test_a_still_without_words_and_curve_is_the_picture_alone(reader: VideoReader) -> None:
    one = analysis(reader.info)
    picture = paint_still([AnalysedVideo(one, source=reader)], StillOptions(frame=20, labels=False, curve=False))
    np.testing.assert_array_equal(picture, paint(resolve(one, 20, MapStyle()), reader.frame(20)))


def test_preview_is_the_middle_of_the_clip(tmp_path: Path, reader: VideoReader) -> None:
    one = analysis(reader.info, passes=2)
    options = ClipOptions(start=20, stop=26, title="größe 手術.mp4")
    seen = preview_clip([AnalysedVideo(one, source=reader)], options)
    assert (seen.frame, seen.n_frames) == (23, reader.n_frames)
    assert seen.picture is not None
    _, pictures = read_back(export_clip(reader, one, tmp_path / "clip.mp4", options))
    assert np.abs(pictures[3].astype(int) - seen.picture).mean() < 3


def test_preview_waits_for_the_first_map_where_the_clip_has_one(reader: VideoReader) -> None:
    one = analysis(reader.info)
    first = int(one.samples.min())
    assert first > 3
    videos = [AnalysedVideo(one, source=reader)]
    assert preview_clip(videos, ClipOptions(stop=first + 2)).frame == first
    assert preview_clip(videos, ClipOptions(stop=first)).frame == first // 2


def test_words_change_with_the_frames_and_nothing_is_left_of_the_last(reader: VideoReader) -> None:
    """A canvas that has painted other frames before paints the same as a fresh one."""
    one = analysis(reader.info, passes=2)
    options = ClipOptions(title="one")
    videos = [AnalysedVideo(one, source=reader)]
    span = build_schedule([one.video], options).span
    used = clip_canvas(videos, options, span)
    for frame in (0, 59, 8, 30):
        fresh = clip_canvas(videos, options, span)
        pictures = [reader.frame(frame)]
        np.testing.assert_array_equal(
            used.paint(frame / 30, [frame], pictures), fresh.paint(frame / 30, [frame], pictures)
        )


@pytest.mark.parametrize(("size", "said"), [((320, 240), False), ((960, 540), True)])
def test_words_that_have_no_room_are_left_out_whole(
    reader: VideoReader, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], *, said: bool
) -> None:
    written: list[str] = []
    elided = TextRenderer.elided

    def told(self: TextRenderer, text: str, width_px: int) -> str:
        written.append(elided(self, text, width_px))
        return written[-1]

    monkeypatch.setattr(TextRenderer, "elided", told)
    preview_clip([AnalysedVideo(analysis(reader.info, passes=2), source=reader)], ClipOptions(size=size))
    line = " ".join(written)
    assert "frame " in line
    assert "map: " in line
    assert ("sampled " in line) is said
    assert "…" not in line


def test_scale_per_frame_changes_the_numbers_of_the_bar(reader: VideoReader) -> None:
    from dataclasses import replace

    from skillviewer.core.analysis.map_style import ColourLimits

    one = analysis(reader.info)
    values = one.attention.copy()
    values[0, 3:] = 1 / 12
    one = replace(one, attention=values)
    canvas = clip_canvas(
        [AnalysedVideo(one)],
        ClipOptions(look=MapStyle(scale=ColourLimits.FRAME)),
        build_schedule([one.video], ClipOptions()).span,
    )
    frames = [int(one.samples[0, step]) for step in (1, 3)]
    bars = [cut(canvas.paint(0.0, [f], [reader.frame(f)]), canvas.layout.bars[0]).copy() for f in frames]
    assert (bars[0] != bars[1]).any()


def test_models_side_by_side_show_the_same_frame(tmp_path: Path, reader: VideoReader) -> None:
    videos = [
        AnalysedVideo(analysis(reader.info, model=m), m, reader) for m in ("full", "none", "a very long name " * 5)
    ]
    options = ClipOptions(look=BARE, size=(320, 320), start=5, stop=15)
    made, pictures = read_back(export_grid(videos, tmp_path / "grid.mp4", options))
    layout = clip_layout([e.analysis for e in videos], options)
    assert made.n_frames == 10
    for pane in layout.panes:
        assert numbers(pictures, pane.picture) == list(range(5, 15))


@pytest.mark.slow
def test_two_videos_run_on_one_clock(tmp_path: Path) -> None:
    fast = write_barcode_video(tmp_path / "fast.mp4", 30, width=320, height=192, rate_hz=30)
    slow = write_barcode_video(tmp_path / "slow.mp4", 20, width=192, height=320, rate_hz=10)
    with VideoReader(fast.path) as one, VideoReader(slow.path) as two:
        videos = [AnalysedVideo(analysis(r.info), r.info.path.name, r) for r in (one, two)]
        options = ClipOptions(look=BARE)
        made, pictures = read_back(export_grid(videos, tmp_path / "pair.mp4", options))
    left, right = clip_layout([e.analysis for e in videos], options).panes
    # the fast one is over after a second and keeps its last frame; the slow one lasts two
    assert made.n_frames == 60
    assert made.duration_s == pytest.approx(2.0, abs=1e-3)
    assert numbers(pictures, left.picture) == [*range(30), *[29] * 30]
    assert numbers(pictures, right.picture) == [at // 3 for at in range(60)]


@pytest.mark.slow
def test_of_a_part_that_part_is_shown(tmp_path: Path, reader: VideoReader) -> None:
    clip_range = FrameRange(20, 45)
    one = analysis(reader.info, clip_range=clip_range)
    made, pictures = read_back(export_clip(reader, one, tmp_path / "part.mp4", ClipOptions(look=BARE)))
    layout = clip_layout([one], ClipOptions(look=BARE))
    assert numbers(pictures, layout.panes[0].picture) == list(range(20, 45))
    assert made.duration_s == pytest.approx(25 / 30, abs=1e-3)
    tail = read_back(export_clip(reader, one, tmp_path / "tail.mp4", ClipOptions(look=BARE, start=40)))[1]
    assert numbers(tail, layout.panes[0].picture) == list(range(40, 45)), "nothing outside the part"
    with pytest.raises(ExportError, match=r"frames 20.*44"):
        export_clip(reader, one, tmp_path / "no.mp4", ClipOptions(look=BARE, start=40, stop=60))
    for frame in (19, 45):
        with pytest.raises(ExportError, match=f"Frame {frame} of .* which has frames 20 to 44"):
            paint_still([AnalysedVideo(one, "full", reader)], StillOptions(frame=frame))
    both = [
        AnalysedVideo(replace(one, provenance=replace(one.provenance, model=m)), m, reader) for m in ("full", "none")
    ]
    assert read_back(export_grid(both, tmp_path / "models.mp4", ClipOptions(look=BARE)))[0].n_frames == 25
    other = [both[0], AnalysedVideo(analysis(reader.info, clip_range=FrameRange(0, 20)), "other", reader)]
    for refused in (
        lambda: export_grid(other, tmp_path / "no.mp4", ClipOptions()),
        lambda: paint_still(other, StillOptions()),
    ):
        with pytest.raises(ExportError, match="no common clock"):
            refused()
    assert not (tmp_path / "no.mp4").exists()
    span = build_schedule([one.video], ClipOptions(), part=one.frames).span
    assert (span.start_s, span.stop_s) == pytest.approx((20 / 30, 45 / 30))


def test_timetable_leaves_frames_out_only_where_it_must() -> None:
    video = info(240, 120.0)
    assert len(build_schedule([video], ClipOptions()).times_s) == 240
    doubled = build_schedule([video], ClipOptions(speed=2.0))
    assert doubled.frames[:, 0].tolist() == list(range(0, 240, 2))
    np.testing.assert_allclose(doubled.times_s, np.arange(120) / 120)
    assert doubled.stop_s == pytest.approx(1.0)
    assert len(build_schedule([info(60, 30.0)], ClipOptions(speed=2.0)).times_s) == 60
    # a GIF cannot tell frames less than 0.02 s apart
    assert build_schedule([video], ClipOptions(), 0.02).frames[:, 0].tolist() == list(range(0, 240, 3))


def test_a_quick_video_becomes_a_gif_all_the_same(tmp_path: Path) -> None:
    source = write_barcode_video(tmp_path / "quick.mp4", 24, width=480, height=288, rate_hz=120)
    with VideoReader(source.path) as reader:
        made, _ = read_back(export_clip(reader, analysis(reader.info), tmp_path / "quick.gif", ClipOptions(look=BARE)))
    assert made.n_frames == 8
    assert made.duration_s == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ClipOptions(start=60), "choose a start before the stop"),
        (ClipOptions(start=5, stop=5), "choose a start before the stop"),
        (ClipOptions(stop=61), "which has 60"),
        (ClipOptions(speed=0), "choose a speed above 0"),
        (ClipOptions(speed=float("nan")), "choose a speed above 0"),
    ],
)
def test_ranges_that_are_none_are_refused(tmp_path: Path, options: ClipOptions, words: str) -> None:
    with pytest.raises(ExportError, match=words):
        export_clip(Path("nowhere.mp4"), analysis(info(60)), tmp_path / "clip.mp4", options)
    assert list(tmp_path.iterdir()) == []


def test_cancel_after_a_frame_leaves_nothing(tmp_path: Path, reader: VideoReader) -> None:
    token, seen = CancelToken(), []

    def report(progress: Progress) -> None:
        seen.append((progress.done, progress.total))
        if progress.done == 5:
            token.cancel()

    old = tmp_path / "clip.mp4"
    old.write_bytes(b"old")
    with pytest.raises(Cancelled):
        export_clip(reader, analysis(reader.info), old, token=token, report=report, overwrite=True)
    assert seen == [(at, 60) for at in range(1, 6)]
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]
    assert old.read_bytes() == b"old"


def test_a_video_that_was_replaced_is_refused(tmp_path: Path, reader: VideoReader) -> None:
    other = write_barcode_video(tmp_path / "other.mp4", 60, width=480, height=288, rate_hz=25).path
    with pytest.raises(ExportError, match="is not the video that was analysed"):
        export_clip(other, analysis(reader.info), tmp_path / "clip.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["other.mp4"]


def test_an_unfinished_analysis_is_refused(reader: VideoReader) -> None:
    from dataclasses import replace

    unfinished: Analysis = replace(analysis(reader.info), n_segments=25)
    with pytest.raises(ExportError, match="has not been assessed to its end"):
        AnalysedVideo(unfinished)


def test_names_and_sizes_that_no_file_can_have_are_refused_in_a_sentence(tmp_path: Path, reader: VideoReader) -> None:
    one = analysis(reader.info)
    with pytest.raises(ExportError, match="File name"):
        export_clip(reader, one, tmp_path / f"{'l' * 300}.mp4")
    with pytest.raises(ExportError, match="252 pixels"):
        export_clip(reader, one, tmp_path / "small.mp4", ClipOptions(size=(20, 20)))
    with pytest.raises(ExportError, match="16384 pixels"):
        VideoWriter(tmp_path / "large.mp4", 16400, 300)
    assert list(tmp_path.iterdir()) == []
    bare = ClipOptions(size=(20, 20), labels=False, curve=False, stop=3)
    with VideoReader(export_clip(reader, one, tmp_path / "tiny.mp4", bare)) as made:
        assert (made.info.width_px, made.n_frames) == (20, 3)


@pytest.mark.parametrize("shift", [0.0, -12345.678])
@pytest.mark.parametrize("size", [(252, 252), (480, 480), (960, 960)])
def test_a_score_is_never_cut(reader: VideoReader, size: tuple[int, int], shift: float) -> None:
    one = analysis(reader.info, passes=2, shift=shift)
    options = ClipOptions(size=size)
    canvas = clip_canvas([AnalysedVideo(one, source=reader)], options, build_schedule([one.video], options).span)
    box = canvas.layout.score
    assert box is not None
    pane = canvas.layout.panes[0].picture
    painted = canvas.paint(1.9, [57], [np.zeros((pane.height, pane.width, 3), np.uint8)])
    number = signed(score_so_far(one, 57)[1], score_decimals([one]))
    whole = []
    for em in (BIG_EM, 1):  # large letters, or smaller ones where there is no room
        tile = TextRenderer(round(canvas.layout.em * em), DARK.text, DARK.background, bold=True).draw(number)
        top = box.top + (box.height - tile.shape[0]) // 2
        whole.append(np.array_equal(painted[top : top + len(tile), box.right - tile.shape[1] : box.right], tile))
    assert any(whole)


@pytest.mark.slow
def test_an_aligned_video_shows_what_the_first_one_shows(tmp_path: Path) -> None:
    """The clip has the frames of the first video; the other one jumps to the times that the alignment gives."""
    first = write_barcode_video(tmp_path / "first.mp4", 30, width=480, height=288)
    other = write_barcode_video(tmp_path / "other.mp4", 24, width=480, height=288)
    with VideoReader(first.path) as reader, VideoReader(other.path) as second:
        own, better = analysis(reader.info), analysis(second.info)
        knots = np.array([0.0, 0.4, 1.0]), np.array([0.0, 0.6, 0.8])
        videos = [
            AnalysedVideo(own, source=reader),
            AnalysedVideo(better, source=second, alignment=Alignment(*knots, 0.5)),
        ]
        path = export_grid(videos, tmp_path / "both.mp4", ClipOptions(look=BARE))
    _, pictures = read_back(path)
    layout = clip_layout([own, better], ClipOptions(look=BARE))
    assert numbers(pictures, layout.panes[0].picture) == list(range(30))
    times = np.interp(own.video.times_s, *knots)
    assert numbers(pictures, layout.panes[1].picture) == [better.video.frame_at(float(t)) for t in times]
