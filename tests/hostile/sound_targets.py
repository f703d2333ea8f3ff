"""Damaged sound and cameras: files, how they are damaged, and how they are opened."""

import random
from contextlib import suppress
from pathlib import Path

import numpy as np

from skillviewer.core.errors import VideoError
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.sound import SOUND_RATE_HZ, SoundFacts
from skillviewer.core.video.sound_offset import find_offset
from skillviewer.data.envelope_file import envelope_path, load_envelope, save_envelope
from skillviewer.data.study import NewVideo, Study
from skillviewer.export.analysed_video import ShownCamera
from skillviewer.export.pictures.camera_tiles import CameraTiles
from skillviewer.export.rendering.theme import DARK
from skillviewer.media.reading.sound_reader import SoundReader
from tests.hostile.mutators import bytes_mutated, sql_mutated
from tests.hostile.workers import Target
from tests.sounds import LENGTH_S, write_clicks
from tests.videos import write_barcode_video

SOUNDS = {
    "clicks.mp4": {},
    "clicks.mkv": {"codec": "libmp3lame"},
    "clicks.ts": {"codec": "mp2"},
    "clicks.avi": {"codec": "pcm_s16le", "picture_codec": "mpeg4", "rate_hz": 22050},
    "clicks.webm": {"codec": "libopus", "picture_codec": "libvpx"},
    "flac.mkv": {"codec": "flac", "rate_hz": 16000},
    "late.mov": {"codec": "pcm_s16le", "sound_start_s": 1.0, "sound_stop_s": 2.0},
}
"""Videos with sound, by file."""

DIGEST = "e" * 64
_SPEEDS = (1.0, 1.7)


def make_sound_seeds(folder: Path) -> None:
    """Write a sound file of every kind."""
    for name, options in SOUNDS.items():
        write_clicks(folder / name, **options)  # type: ignore[arg-type]
    save_envelope(SoundReader(folder / "clicks.mp4").envelope(DIGEST, LENGTH_S))
    (folder / "one.envelope").write_bytes(envelope_path(DIGEST).read_bytes())
    np.save(folder / "pair.npy", np.concatenate([SoundReader(folder / "clicks.mp4").mono(LENGTH_S, 6)] * 2))
    place = folder / "cameras"
    place.mkdir()
    with Study.create(place / "cams") as study:
        for name, n in (("front", 20), ("side", 22), ("top", 24)):
            write_barcode_video(place / f"{name}.mp4", n)
        study.videos.add([NewVideo(place / "front.mp4", participant="Ann")])
        study.cameras.add("front", place / "side.mp4", offset_s=0.25, confidence=0.8)
        study.cameras.add("front", place / "top.mp4")


def _sound_mutated(data: bytes, chance: random.Random) -> bytes:
    """Damage the middle of a file, where the packets are, or anything."""
    if chance.random() < 0.4:
        return bytes_mutated(data, chance)
    made = bytearray(data)
    for _ in range(chance.choice((1, 4, 16, 64))):
        at, n = chance.randrange(len(made)), chance.choice((1, 4, 64, 512))
        made[at : at + n] = chance.randbytes(min(n, len(made) - at))
    return bytes(made)


def _sound(path: Path) -> None:
    reader = SoundReader(path)
    for speed in _SPEEDS:
        n = 0
        for block in reader.blocks(0.4, 1.6, speed):
            assert block.dtype == np.float32
            assert np.isfinite(block).all()
            n += block.shape[1]
        assert n == round(1.2 / speed * SOUND_RATE_HZ)
    envelope = reader.envelope(DIGEST, LENGTH_S)
    assert envelope.peaks.max(initial=0) <= 1
    assert envelope.facts is not None
    _said(envelope.facts)
    assert len(reader.mono(LENGTH_S, 6)) <= LENGTH_S * SOUND_RATE_HZ / 6


def _said(facts: SoundFacts) -> None:
    for start_s, stop_s in ((0.0, LENGTH_S), (1.0, 1.5), (2.9, 1e6)):
        assert len(facts.describe_missing(start_s, stop_s)) < 500


def _envelope(path: Path) -> None:
    target = envelope_path(DIGEST)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(path.read_bytes())
    envelope = load_envelope(DIGEST)
    if envelope is None:
        raise VideoError("It is computed again.")
    if envelope.facts is not None:
        _said(envelope.facts)


def _cameras(path: Path) -> None:
    info = VideoInfo(path, "", np.arange(20) / 30, 160, 96, 20 / 30, 30.0)
    with Study.open(path) as study:
        for name in [video.name for video in study.videos.all()]:
            cameras = study.cameras.of(name)
            for camera in cameras:
                for at in (-1.0, 0.0, 0.3, 1e5):
                    frame = camera.frame_at(info, at)
                    assert frame is None or 0 <= frame < info.n_frames
                assert len(camera.describe_missing(info, 0.0, 0.6)) < 1 << 20
            if cameras:
                with CameraTiles([ShownCamera(camera) for camera in cameras], 240, DARK) as tiles:
                    tiles.describe_gaps(0.0, 0.6)
                    assert tiles.paint(0.3).shape == (240, tiles.width_px, 3)
                study.cameras.set_offset(cameras[0].name, 0.1)
                study.cameras.remove(cameras[0].name)
                study.cameras.restore(cameras[0].name)
        study.cameras.by_digest()
        study.log()
        study.erase([video.digest for video in study.videos.all()])


def _offset(path: Path) -> None:
    data = path.read_bytes()
    both = np.frombuffer(data[: len(data) // 4 * 4], np.float32)
    both = np.nan_to_num(both, posinf=0.0, neginf=0.0).clip(-1, 1)
    with suppress(FloatingPointError):
        found = find_offset(both[: len(both) // 2], both[len(both) // 2 :])
        assert np.isfinite([found.offset_s, found.correlation, found.confidence]).all()
        assert -1.001 <= found.correlation <= 1.001
        assert 0 <= found.confidence <= 1


SOUND_TARGETS: dict[str, Target] = {
    "sound": Target(tuple(SOUNDS), _sound_mutated, _sound),
    "envelope of a sound": Target(("one.envelope",), bytes_mutated, _envelope),
    "cameras": Target(("cameras/cams.skillstudy",), sql_mutated, _cameras),
    "offset of sounds": Target(("pair.npy",), _sound_mutated, _offset),
}
"""By what they are called."""
