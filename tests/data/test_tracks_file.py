"""Tracks on disk: the same values come back, and what cannot be read is reported in one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from skillviewer.core.errors import ExportError, VideoError
from skillviewer.core.tracks.tracks import Side, Track, TrackKind, TrackMethod, TrackSet
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
