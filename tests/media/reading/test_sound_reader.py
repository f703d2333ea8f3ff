"""Sound is where its pictures are, at any speed, and says what is missing of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.sound import ENVELOPE_BIN_S, SOUND_RATE_HZ, SoundFacts, plays_sound
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import SoundReader
from tests.sounds import CLICKS_S, LENGTH_S, centres_s, clicks, damage_sound, loud_s, write_clicks
from tests.videos import write_barcode_video

KINDS: dict[str, Any] = {
    "mp4": {},
    "mp4 8 kHz": {"rate_hz": 8000},
    "mkv 22 kHz": {"rate_hz": 22050, "suffix": ".mkv"},
    "mkv late": {"starts_s": 5.0, "suffix": ".mkv"},
    "ts late": {"starts_s": 7.5, "suffix": ".ts"},
    "avi": {"codec": "pcm_s16le", "picture_codec": "mpeg4", "suffix": ".avi"},
    "avi mp3": {"codec": "libmp3lame", "picture_codec": "mpeg4", "suffix": ".avi"},
    "webm": {"codec": "libopus", "picture_codec": "libvpx", "suffix": ".webm"},
    "mov 96 kHz": {"rate_hz": 96000, "codec": "pcm_s16le", "suffix": ".mov"},
}


def written(folder: Path, suffix: str = ".mp4", **options: object) -> Path:
    return write_clicks(folder / f"clip{suffix}", **options)  # type: ignore[arg-type]


def heard(path: Path, start_s: float = 0.0, stop_s: float = LENGTH_S, speed: float = 1.0) -> np.ndarray:
    return np.concatenate(list(SoundReader(path).blocks(start_s, stop_s, speed)), axis=1)


@pytest.mark.parametrize("kind", KINDS)
def test_clicks_are_heard_when_the_flashes_are_seen(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, **KINDS[kind])
    samples = heard(path)
    assert samples.shape == (2, round(LENGTH_S * SOUND_RATE_HZ))
    with VideoReader(path) as reader:
        lit = np.array([reader.frame(i).mean() > 120 for i in range(reader.info.n_frames)])
        flashes = reader.info.times_s[lit & ~np.insert(lit[:-1], 0, False)]
    assert flashes == pytest.approx(CLICKS_S, abs=0.034)
    off_s = 0.024 if kind == "avi mp3" else 0.005  # AVI does not store the delay of an MP3 encoder
    assert loud_s(samples[0]) == pytest.approx(CLICKS_S, abs=off_s)
    assert loud_s(heard(path, 1.2, 2.9)[0]) == pytest.approx([at - 1.2 for at in CLICKS_S[1:]], abs=off_s)


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.5, 2.0])
def test_at_other_speeds_the_sound_keeps_its_place_and_its_pitch(speed: float, tmp_path: Path) -> None:
    path = written(tmp_path)
    samples = heard(path, 0.2, 2.7, speed)
    assert samples.shape[1] == round(2.5 / speed * SOUND_RATE_HZ)
    assert centres_s(samples[0]) == pytest.approx([(at + 0.01 - 0.2) / speed for at in CLICKS_S], abs=0.02)
    assert loud_s(samples[0]) == pytest.approx([(at - 0.2) / speed for at in CLICKS_S], abs=0.038)
    tone = np.sin(2 * np.pi * 1000 * np.arange(3 * SOUND_RATE_HZ) / SOUND_RATE_HZ).astype(np.float32)
    steady = heard(written(tmp_path, samples=0.5 * tone), 0.5, 2.5, speed)[0, 9600:-9600]
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady))))
    assert np.argmax(spectrum) * SOUND_RATE_HZ / len(steady) == pytest.approx(1000, abs=5)


def test_what_is_missing_is_silent_and_said(tmp_path: Path) -> None:
    late = written(tmp_path, sound_start_s=0.9, sound_stop_s=2.3, gap_s=(1.3, 1.7), codec="pcm_s16le", suffix=".mkv")
    assert loud_s(heard(late)[0]) == pytest.approx([2.1], abs=0.005)
    envelope = SoundReader(late).envelope("d", LENGTH_S)
    text = envelope.describe_missing(0.0, LENGTH_S)
    assert all(fact in text for fact in ("starts 0.9 s after", "1 gap (0.4 s", "ends 0.7 s before")), text
    assert envelope.describe_missing(1.75, 2.25) == ""
    assert "no sound in this part" in envelope.describe_missing(0.0, 0.8)
    loudest = np.flatnonzero(envelope.peaks > 0.3) * ENVELOPE_BIN_S
    assert (loudest[0], loudest[-1]) == pytest.approx((2.1, 2.11), abs=0.0101)
    assert "no sound" in SoundReader(late).envelope("d", 0.5).describe_missing(0, 0.5)


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
def test_damage_in_the_middle_leaves_the_rest_in_its_place(codec: str, tmp_path: Path) -> None:
    path = written(tmp_path, codec=codec, suffix=".mp4" if codec == "aac" else ".mkv")
    damage_sound(path, (0.4, 0.55))
    samples = heard(path)[0]
    assert loud_s(samples[:SOUND_RATE_HZ]) == pytest.approx([0.5], abs=0.03)  # encoders of MP3 have a delay
    assert loud_s(samples[2 * SOUND_RATE_HZ :], level=0.2) == pytest.approx([0.1], abs=0.03)
    facts = SoundReader(path).envelope("d", LENGTH_S).facts
    assert facts is not None
    assert facts.n_damaged or facts.gaps_s


def test_a_rate_that_changes_in_the_file_is_followed_and_said(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, ".ts", rate_hz=rate, codec="mp2") for name, rate in folders(tmp_path))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    samples = heard(joined, 0.0, 2 * LENGTH_S)
    assert loud_s(samples[0])[:4] == pytest.approx([*CLICKS_S, LENGTH_S + CLICKS_S[0]], abs=0.06)
    assert "changes its sampling rate" in SoundReader(joined).envelope("d", 2 * LENGTH_S).describe_missing(
        0, 2 * LENGTH_S
    )


def folders(place: Path) -> list[tuple[str, int]]:
    for name in ("a", "b"):
        (place / name).mkdir()
    return [("a", 48000), ("b", 32000)]


def test_mono_is_the_mean_of_what_is_heard(tmp_path: Path) -> None:
    path = written(tmp_path, sound_stop_s=2.5)
    mono = SoundReader(path).mono(LENGTH_S, 6)
    expected = heard(path).mean(axis=0).reshape(-1, 6).mean(axis=1)
    assert len(mono) / 8000 == pytest.approx(2.5, abs=0.05)
    assert np.abs(mono - expected[: len(mono)]).max() < 1e-6
    assert np.corrcoef(mono[:16000], clicks(LENGTH_S, 8000)[:16000])[0, 1] > 0.5


def test_a_file_without_sound_is_refused_and_reading_can_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="has no sound"):
        SoundReader(write_barcode_video(tmp_path / "silent.mp4", 5).path)
    with pytest.raises(VideoError, match="has no sound"):
        SoundReader(tmp_path / "missing.mp4")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(SoundReader(written(tmp_path)).blocks(0, 1, token=token))


def test_speeds_with_sound() -> None:
    assert [plays_sound(speed) for speed in (0.25, 0.5, 1, 2, 3)] == [False, True, True, True, False]
    assert SoundFacts(0.0, 3.0).describe_missing(0.0, 3.05) == ""
    assert "2 damaged packets" in SoundFacts(0.0, 3.0, n_damaged=2).describe_missing(0.0, 3.0)
