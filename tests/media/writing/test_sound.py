"""The sound of a clip: cut to the sample where the pictures are cut, encoded anew, and nothing else of the old file."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.faces.faces import FaceBox, Faces
from skillviewer.core.video.sound import SOUND_RATE_HZ
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.pictures.clip import clip_warnings, export_clip
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import Sound, has_sound
from skillviewer.media.writing.blurred_copy import write_anew
from skillviewer.media.writing.writer import VideoWriter
from tests.export.analyses import analysis
from tests.sounds import CLICKS_S, damage_sound, loud_s, write_clicks
from tests.videos import barcode, write_barcode_video

RATE = 44100
BURST = (0.9, 1.1)
"""When the tone is heard, in seconds from the first frame; before and after there is silence."""


def write_with_burst(path: Path, *, n_frames: int = 60, starts_s: float = 0.0, sound_s: float = 2.0) -> Path:
    """Write a video of 30 frames a second with a tone in it; the whole may start late on its container's clock."""
    with av.open(str(path), "w") as container:
        video, sound = container.add_stream("libx264", rate=30), container.add_stream("aac", rate=RATE)
        assert isinstance(video, VideoStream)
        assert isinstance(sound, AudioStream)
        container.metadata["title"] = "Anna at home"
        sound.metadata["language"] = "nor"
        video.width, video.height, video.pix_fmt, sound.codec_context.layout = 160, 96, "yuv420p", "mono"
        t = np.arange(round(sound_s * RATE)) / RATE
        tone = np.where((t >= BURST[0]) & (t < BURST[1]), 0.5 * np.sin(2 * np.pi * 1000 * t), 0).astype(np.float32)
        for number in range(n_frames):
            frame = VideoFrame.from_ndarray(barcode(number), format="rgb24")
            frame.pts, frame.time_base = round((number / 30 + starts_s) * 90000), Fraction(1, 90000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for at in range(0, len(tone), 1024):
            piece = AudioFrame.from_ndarray(tone[None, at : at + 1024], format="fltp", layout="mono")
            piece.sample_rate, piece.pts = RATE, at + round(starts_s * RATE)
            piece.time_base = Fraction(1, RATE)
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return path


def heard(path: Path) -> NDArray[np.float32]:
    """Return the left channel of a file as it is played, from the first frame on."""
    out = np.zeros(0, np.float32)
    with av.open(str(path)) as container:
        resampler = AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE_HZ)
        for frame in container.decode(audio=0):
            start = round(float(frame.time or 0) * SOUND_RATE_HZ)
            for made in resampler.resample(frame):
                samples = made.to_ndarray()[0]
                if start + len(samples) > len(out):
                    out = np.concatenate([out, np.zeros(start + len(samples) - len(out), np.float32)])
                kept = samples[max(0, -start) :]
                out[max(0, start) : max(0, start) + len(kept)] = kept
                start += len(samples)
    return out


def burst_s(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Return when the tone begins and ends."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    return float(loud[0]) / SOUND_RATE_HZ, float(loud[-1]) / SOUND_RATE_HZ


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("starts_s", [0.0, 3.0])
def test_sound_is_cut_where_the_pictures_are(tmp_path: Path, suffix: str, starts_s: float) -> None:
    source = write_with_burst(tmp_path / "in.mp4", starts_s=starts_s)
    with VideoReader(source) as reader:
        one = analysis(reader.info)
        out = export_clip(reader, one, tmp_path / f"out{suffix}", ClipOptions(start=15, stop=45, sound=True))
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        words = {**container.metadata, **container.streams.audio[0].metadata}
    assert "Anna" not in str(words)
    assert "title" not in {word.lower() for word in words}
    begin, end = burst_s(heard(out))
    assert begin == pytest.approx(BURST[0] - 0.5, abs=0.004)
    assert end == pytest.approx(BURST[1] - 0.5, abs=0.01)


def test_sound_is_kept_unless_it_is_unwanted_and_it_is_said_why_it_is_left_out(tmp_path: Path) -> None:
    source = write_with_burst(tmp_path / "in.mp4")
    silent = write_barcode_video(tmp_path / "silent.mp4", 30).path
    with VideoReader(source) as reader, VideoReader(silent) as quiet:
        one, none = AnalysedVideo(analysis(reader.info)), AnalysedVideo(analysis(quiet.info))
        assert has_sound(export_clip(reader, one.analysis, tmp_path / "plain.mp4", ClipOptions(stop=10)))
        assert not has_sound(export_clip(reader, one.analysis, tmp_path / "no.mp4", ClipOptions(stop=10, sound=False)))
        slow = ClipOptions(stop=10, speed=0.25)
        assert not has_sound(export_clip(reader, one.analysis, tmp_path / "slow.mp4", slow))
    path = tmp_path / "a.mp4"
    assert clip_warnings([one], ClipOptions(), path) == clip_warnings([one], ClipOptions(sound=False), path) == ()
    assert clip_warnings([none], ClipOptions(), path) == ()
    assert "0.25 times" in clip_warnings([one], slow, path)[0]
    assert ".gif files have none" in clip_warnings([one], ClipOptions(), tmp_path / "a.gif")[0]
    assert "voice" in clip_warnings([one], ClipOptions(blur_faces=True), path)[0]
    assert clip_warnings([one], ClipOptions(blur_faces=True, sound_with_blur=True), path) == ()
    short = AnalysedVideo(one.analysis, source=write_with_burst(tmp_path / "short.mp4", sound_s=1.2))
    assert "ends 0.8 s before" in clip_warnings([short], ClipOptions(), path)[0]


@pytest.mark.parametrize("kind", ["late", "damaged", "8 kHz"])
def test_an_awkward_sound_is_written_as_far_as_it_goes_and_the_rest_is_said(kind: str, tmp_path: Path) -> None:
    clicks_s: tuple[float, ...]
    if kind == "late":
        source = write_clicks(tmp_path / "in.mkv", codec="pcm_s16le", sound_start_s=1.0)
        clicks_s, said = CLICKS_S[1:], "starts 1.0 s after"
    elif kind == "damaged":
        source = write_clicks(tmp_path / "in.mp4")
        damage_sound(source, (0.4, 0.55))
        clicks_s, said = CLICKS_S[::2], "The sound has"
    else:
        source = write_clicks(tmp_path / "in.mp4", rate_hz=8000)
        clicks_s, said = CLICKS_S, ""
    with VideoReader(source) as reader:
        video = AnalysedVideo(analysis(reader.info), source=source)
        out = export_clip(reader, video.analysis, tmp_path / "out.mp4", ClipOptions())
    clicks = [at_s for at_s in loud_s(heard(out)) if kind != "damaged" or not 1.0 < at_s < 2.0]
    assert clicks == pytest.approx(clicks_s, abs=0.03)
    warnings = clip_warnings([video], ClipOptions(), out)
    assert [said in warning for warning in warnings] == [True] * bool(said)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_sound_of_a_range_at_another_speed_stays_with_its_pictures(tmp_path: Path, speed: float) -> None:
    source = write_with_burst(tmp_path / "in.mp4")
    with VideoReader(source) as reader:
        options = ClipOptions(start=15, stop=45, speed=speed)
        out = export_clip(reader, analysis(reader.info), tmp_path / "out.mp4", options)
    begin, end = burst_s(heard(out))
    assert (begin, end) == pytest.approx(((BURST[0] - 0.5) / speed, (BURST[1] - 0.5) / speed), abs=0.04)


def test_where_the_sound_ends_early_there_is_silence(tmp_path: Path) -> None:
    source = write_with_burst(tmp_path / "in.mp4", sound_s=1.0)
    samples = np.concatenate(list(Sound(source, 0.5, 2.0).blocks()), axis=1)
    assert samples.shape == (2, round(1.5 * SOUND_RATE_HZ))
    assert np.abs(samples[:, SOUND_RATE_HZ:]).max() == 0
    assert burst_s(samples[0])[0] == pytest.approx(BURST[0] - 0.5, abs=0.004)


def test_what_has_no_sound_or_takes_none_is_refused(tmp_path: Path) -> None:
    silent = write_barcode_video(tmp_path / "silent.mp4", 5).path
    with pytest.raises(VideoError, match="has no sound"):
        Sound(silent, 0, 1)
    source = write_with_burst(tmp_path / "in.mp4")
    with pytest.raises(ExportError, match="cannot hold sound"):
        VideoWriter(tmp_path / "a.gif", 160, 96, sound=Sound(source, 0, 1))
    assert not has_sound(tmp_path / "nothing.mp4")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "silent.mp4"]


@pytest.mark.parametrize("sound", [False, True])
def test_a_copy_with_blurred_faces_is_silent_unless_its_sound_is_asked_for(tmp_path: Path, *, sound: bool) -> None:
    source, copy = write_with_burst(tmp_path / "talk.mp4", starts_s=0.7), tmp_path / "copy.mp4"
    with VideoReader(source) as reader:
        faces = Faces(reader.info.digest, reader.n_frames).with_drawn(
            FaceBox(0.3, 0.3, 0.7, 0.7), 0, 0, reader.n_frames
        )
        made = write_anew(reader, copy, range(reader.n_frames), faces, sound=sound)
        assert np.abs(made.times_s - reader.info.times_s).max() < 1e-4
    assert has_sound(copy) is sound
    assert b"Anna" not in copy.read_bytes()
    if sound:
        loud = np.flatnonzero(np.abs(heard(copy)) > 0.2) / SOUND_RATE_HZ
        assert (loud[0], loud[-1]) == pytest.approx(BURST, abs=0.01)
