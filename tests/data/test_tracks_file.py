"""Tracks on disk: the same values come back, and what cannot be read is reported in one sentence."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.kinematics.measures import LengthUnit, measure_video
from skillviewer.core.tracks.known_length import KnownLength
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackMethod, TrackSet
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.measures_file import cached_measure_files, load_or_compute_measures
from skillviewer.data.tracks_file import TrackStore, load_tracks, save_tracks
from tests.core.tracks.test_tracks import VIDEO, A, F, I, U, track

HAND = Track.empty(
    "left hand",
    ("wrist", "tip"),
    np.array([U, A, A, A, U, A], np.uint8),
    kind=TrackKind.HAND,
    side=Side.LEFT,
    method=TrackMethod.HAND_NETWORK,
    made_by="full",
)
TRACKS = TrackSet.of_video(VIDEO, tracks=[track(A, F, F, I, F, U, points=("a", "b")), HAND])


def same(first: TrackSet, second: TrackSet) -> bool:
    """Return True if two sets are equal, with NaN equal to NaN."""
    return repr(first) == repr(second) and all(
        np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True)
        for a, b in zip((first, *first.tracks), (second, *second.tracks), strict=True)
        for name in (("times_s",) if isinstance(a, TrackSet) else ("xy_px", "presence", "states"))
    )


def test_tracks_come_back_as_they_were(tmp_path: Path) -> None:
    path = save_tracks(TRACKS, tmp_path / "new" / "one.tracks.safetensors")
    assert same(load_tracks(path), TRACKS)
    with pytest.raises(ExportError, match="is there already"):
        save_tracks(TRACKS, path)


def test_the_store_has_one_file_a_video_and_clip(tmp_path: Path) -> None:
    store = TrackStore(tmp_path / "tracks")
    assert store.get(VIDEO.digest) is None
    store.put(TRACKS)
    clip = TRACKS.within(range(1, 4)).without(["left hand"])
    store.put(clip)
    whole, own, other = store.get(VIDEO.digest), store.get(VIDEO.digest, range(1, 4)), store.get(VIDEO.digest, range(3))
    assert whole is not None
    assert own is not None
    assert other is not None
    assert same(whole, TRACKS)
    assert same(own, clip)
    assert same(other, TRACKS.within(range(3)))
    store.put(clip.without(["tip"]))
    assert not store.path(VIDEO.digest, range(1, 4)).exists()
    store.put(clip)
    store.forget(VIDEO.digest)
    assert list((tmp_path / "tracks").iterdir()) == []


def _about(**changes: object) -> dict[str, str]:
    one = {"name": "tip", "points": ["tip"], "kind": "tool", "side": "", "method": "click", "made_by": ""}
    about = {"format": 1, "digest": "d" * 64, "width_px": 64, "height_px": 48, "n_frames": 3, "start_frame": 0}
    return {"about": json.dumps(about | {"tracks": [one]} | changes)}


def _arrays(**changes: object) -> dict[str, np.ndarray]:
    arrays = {
        "times_s": np.arange(3.0),
        "states.0": np.array([A, F, F], np.uint8),
        "xy_px.0": np.zeros((2, 1, 2), np.float32),
        "presence.0": np.ones((2, 1), np.float32),
    }
    return arrays | changes  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("arrays", "about", "message"),
    [
        (_arrays(), {}, "malformed|truncated"),
        (_arrays(), _about(format=2), "newer"),
        (_arrays(), _about(digest="../x"), "digest"),
        (_arrays(), _about(n_frames=2), "0 to 3 of 2"),
        (_arrays(), _about(n_frames=10**9), "n_frames"),
        (_arrays(), _about(tracks=[]), "arrays"),
        (_arrays(times_s=np.array([0.0, 2.0, 1.0])), _about(), "ascend"),
        (_arrays(**{"states.0": np.array([A, F], np.uint8)}), _about(), "states"),
        (_arrays(**{"states.0": np.array([A, 7, F], np.uint8)}), _about(), "unknown"),
        (_arrays(**{"xy_px.0": np.zeros((3, 1, 2), np.float32)}), _about(), "coordinates"),
        (_arrays(**{"xy_px.0": np.full((2, 1, 2), np.nan, np.float32)}), _about(), "contradict"),
        (_arrays(**{"xy_px.0": np.zeros((2, 1, 2))}), _about(), "type float64"),
    ],
)
def test_damaged_files_are_one_sentence(
    arrays: dict[str, np.ndarray], about: dict[str, str], message: str, tmp_path: Path
) -> None:
    save_file(arrays, tmp_path / "x.tracks.safetensors", about)
    with pytest.raises(VideoError, match=message):
        load_tracks(tmp_path / "x.tracks.safetensors")


def test_a_file_of_numbers_that_numpy_lacks_is_one_sentence(tmp_path: Path) -> None:
    save_file(_arrays(**{"presence.0": np.zeros((2, 1), np.uint16)}), tmp_path / "x.tracks.safetensors", _about())
    content = (tmp_path / "x.tracks.safetensors").read_bytes()
    (tmp_path / "x.tracks.safetensors").write_bytes(content.replace(b'"U16"', b'"BF16"'))
    with pytest.raises(VideoError, match="no tracks that can be read"):
        load_tracks(tmp_path / "x.tracks.safetensors")


def test_a_valid_file_made_by_hand_is_read(tmp_path: Path) -> None:
    save_file(_arrays(), tmp_path / "x.tracks.safetensors", _about())
    assert load_tracks(tmp_path / "x.tracks.safetensors").tracks[0].share_seen == pytest.approx(2 / 3)
    saved = load_file(save_tracks(TRACKS, tmp_path / "y.tracks.safetensors"))
    assert saved["xy_px.1"].shape == (0, 2, 2)


def test_a_damaged_file_of_the_store_is_renamed_and_reported_once(tmp_path: Path) -> None:
    store = TrackStore(tmp_path)
    store.put(TRACKS)
    path = store.path(VIDEO.digest)
    path.write_bytes(path.read_bytes()[:50])
    assert store.get_readable(VIDEO.digest) is None
    assert path.exists()
    with pytest.raises(VideoError, match=r"now called .*damaged"):
        store.get(VIDEO.digest)
    assert store.get(VIDEO.digest) is None
    assert path.with_name(path.name + ".damaged").exists()
    store.forget(VIDEO.digest)
    assert list(tmp_path.iterdir()) == []


def test_a_marked_length_and_a_reference_are_kept_with_the_tracks(tmp_path: Path) -> None:
    length, line = KnownLength((1, 2), (4, 6), 10), ReferencePath(np.array([[1.0, 2], [3, 4], [5, 6]]), closed=True)
    store = TrackStore(tmp_path)
    store.put(replace(TRACKS, known_length=length, reference=line, tracks=()))
    kept = store.get(VIDEO.digest)
    assert kept is not None
    assert (kept.known_length, kept.tracks) == (length, ())
    assert kept.reference is not None
    assert kept.reference.closed
    assert kept.reference.points.tolist() == line.points.tolist()
    store.put(replace(TRACKS, tracks=()))
    assert list(tmp_path.iterdir()) == []


def test_measures_of_the_same_tracks_and_settings_are_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path))
    video = VideoInfo(Path("b.mp4"), "e" * 64, np.arange(50) / 25, 64, 48, 2.0, 25.0)
    xy = np.stack([20 + 10 * np.sin(np.arange(50) / 5), np.full(50, 20)], axis=1)[:, None].astype(np.float32)
    tip = Track("tip", ("tip",), xy, np.ones((50, 1), np.float32), np.full(50, FrameState.FOUND, np.uint8))
    tracks = TrackSet.of_video(video, tracks=[tip])
    path = save_tracks(tracks, tmp_path / "x.tracks.safetensors")
    first = load_or_compute_measures(tracks, path)
    assert first.motions
    assert first == measure_video(tracks)
    (file,) = cached_measure_files(video.digest)
    file.write_bytes(file.read_bytes().replace(b'"tip"', b'"top"'))
    assert load_or_compute_measures(tracks, path).motions[0].track == "top"  # from the cache
    assert load_or_compute_measures(tracks, path, LengthUnit.millimetres(2)).unit.name == "mm"
    save_tracks(tracks.with_tracks([replace(tip, name="other")]), path, overwrite=True)
    assert load_or_compute_measures(tracks, path).motions[0].track == "tip"  # other content
    file.write_text("{")
    save_tracks(tracks, path, overwrite=True)
    assert load_or_compute_measures(tracks, path) == first  # a damaged file is computed again
