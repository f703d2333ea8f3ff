"""The search for hands: frames that are looked at, stopping and going on, and its cost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, VideoError
from skillviewer.core.paths import models_dir
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.core.tracks.hand_detections import FrameHands
from skillviewer.core.tracks.tracks import FrameState, TrackSet, nothing_found
from skillviewer.core.video.info import sample_positions
from skillviewer.data.hand_detections_file import detections_path, load_detections, save_detections
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.scoring.units import ScoringUnit
from skillviewer.engine.tracking import hand_units
from skillviewer.engine.tracking.hand_tracker import HandModel
from skillviewer.engine.tracking.hand_units import HandJob, search_of, track_unit
from skillviewer.engine.tracking.track_hands import HandCost, HandProgress, HandSearch, track_hands, unfinished_search
from skillviewer.media.reading.reader import VideoReader
from tests.engine.tracking.fake_networks import FakeNetworks
from tests.videos import write_barcode_video

N = 24
LITE = HandSearch(HandModel.LITE)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    write_barcode_video(tmp_path / "a.mp4", N)
    return tmp_path / "a.mp4"


def same(first: TrackSet, second: TrackSet) -> bool:
    """Return True if the tracks of two sets are equal to the bit."""
    return all(
        np.array_equal(a.xy_px, b.xy_px, equal_nan=True) and np.array_equal(a.states, b.states)
        for a, b in zip(first.tracks, second.tracks, strict=True)
    )


def test_every_frame_is_searched_in_order_and_gaps_stay(video: Path) -> None:
    networks = FakeNetworks(range(5, 9))
    told: list[Progress] = []
    with VideoReader(video) as reader:
        tracks = track_hands(reader, networks, LITE, report=told.append)
    left, right = tracks.hands
    assert left.is_empty
    assert right.states.tolist() == [FrameState.ABSENT if 5 <= k < 9 else FrameState.FOUND for k in range(N)]
    assert networks.landmark_frames == list(range(N))
    assert [(p.done, p.total) for p in told] == [(k + 1, N) for k in range(N)]
    assert "lite, every frame" in right.made_by


def test_a_stopped_search_goes_on_where_it_was(video: Path) -> None:
    with VideoReader(video) as reader:
        token, networks = CancelToken(), FakeNetworks()

        def stop(progress: Progress) -> None:
            if progress.done == 10:
                token.cancel()

        with pytest.raises(Cancelled):
            track_hands(reader, networks, LITE, token=token, report=stop)
        again = FakeNetworks()
        track_hands(reader, again, LITE)
        assert networks.landmark_frames + again.landmark_frames == list(range(N))
        assert track_hands(reader, FakeNetworks(range(N)), LITE).hands[1].share_seen == 1  # all of it is known
        others = FakeNetworks()
        track_hands(reader, others, replace(LITE, max_hands=1))
        assert others.landmark_frames == list(range(N))


def test_a_continued_search_equals_an_uninterrupted_one(video: Path) -> None:
    with VideoReader(video) as reader:
        whole = track_hands(reader, FakeNetworks(), LITE)
        path = detections_path(reader.info.digest, "*")
        (file,) = path.parent.glob(path.name)
        found = load_detections(file)
        save_detections(found[:11], file)
        assert same(track_hands(reader, FakeNetworks(), LITE), whole)
        file.write_bytes(file.read_bytes()[:100])  # damaged: all is searched again
        assert same(track_hands(reader, FakeNetworks(), LITE), whole)


def test_the_tracks_so_far_are_shown_and_left_by_a_stopped_search(video: Path) -> None:
    shown: list[HandProgress] = []
    with VideoReader(video) as reader:
        assert unfinished_search(reader.info, LITE) is None
        token = CancelToken()

        def stop(progress: Progress) -> None:
            if progress.done == 10:
                token.cancel()

        with pytest.raises(Cancelled):
            track_hands(reader, FakeNetworks(), LITE, token=token, report=stop, show=shown.append)
        left = unfinished_search(reader.info, LITE)
    assert (shown[0].n_done, shown[0].n_frames) == (1, N)
    assert left is not None
    assert (left.n_done, left.n_frames) == (10, N)
    assert left.tracks.hands[1].states.tolist() == [FrameState.FOUND] * 10 + [FrameState.UNSEARCHED] * (N - 10)


def test_fewer_frames_leave_the_others_unsearched(video: Path) -> None:
    with VideoReader(video) as reader:
        second = track_hands(reader, FakeNetworks(), replace(LITE, every=2))
        networks = FakeNetworks()
        sampled = track_hands(reader, networks, replace(LITE, frames=(3, 12, 21)))
    assert np.flatnonzero(second.hands[1].is_searched).tolist() == list(range(0, N, 2))
    assert np.flatnonzero(sampled.hands[1].is_searched).tolist() == [3, 12, 21]
    assert networks.palm_frames == [3, 12, 21]  # too far apart to be followed: every palm is searched
    assert not sampled.hands[1].states[4:12].any()


def test_a_clip_is_searched_alone(video: Path) -> None:
    networks = FakeNetworks()
    with VideoReader(video) as reader:
        tracks = track_hands(reader, networks, LITE, range(8, 14))
    assert tracks.frames == range(8, 14)
    assert networks.landmark_frames == list(range(8, 14))


def test_no_hand_is_said_and_measured_by_nothing(video: Path) -> None:
    with VideoReader(video) as reader:
        tracks = track_hands(reader, FakeNetworks(range(N)), LITE)
    assert nothing_found(tracks).startswith("No hand was found in 00:00.000 to 00:00.7")
    assert [track.share_seen for track in tracks.hands] == [0, 0]


def test_the_cost_is_told_in_seconds_or_minutes() -> None:
    cost = HandCost(0.02, 0.05)
    assert cost.text(100) == "100 frames take 2 to 5 seconds (20 to 50 ms each)."
    assert "1 to 2.5 minutes" in cost.text(3000)


def test_detections_of_other_frames_are_not_continued(video: Path) -> None:
    with VideoReader(video) as reader:
        track_hands(reader, FakeNetworks(), LITE)
        (file,) = detections_path(reader.info.digest, "").parent.iterdir()
        save_detections([FrameHands(k) for k in (1, 4)], file)
        assert track_hands(reader, FakeNetworks(), LITE).hands[1].share_seen == 1


def test_units_keep_their_tracks_and_are_not_done_twice(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = FakeNetworks()
    monkeypatch.setattr(hand_units, "open_networks", lambda _model, _device: networks)
    job, unit = HandJob(LITE), ScoringUnit(video)
    tracks = track_unit(job, unit, CancelToken(), lambda _: None)
    kept = TrackStore().get(tracks.digest)
    assert kept is not None
    assert same(kept, tracks)
    assert same(track_unit(job, unit, CancelToken(), lambda _: None), tracks)
    assert len(networks.landmark_frames) == N
    other = replace(job, search=replace(LITE, every=2))
    with pytest.raises(VideoError, match=r"already.*--force"):
        track_unit(other, unit, CancelToken(), lambda _: None)
    replaced = track_unit(replace(other, force=True), unit, CancelToken(), lambda _: None)
    assert np.flatnonzero(replaced.hands[1].is_searched).tolist() == list(range(0, N, 2))


def test_a_unit_of_a_part_has_tracks_of_its_own(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_units, "open_networks", lambda _model, _device: FakeNetworks())
    tracks = track_unit(HandJob(LITE), ScoringUnit(video, ends_s=(0.2, 0.5)), CancelToken(), lambda _: None)
    assert tracks.frames == range(6, 15)
    assert TrackStore().get(tracks.digest) is None
    assert TrackStore().get(tracks.digest, range(6, 15)) is not None


def test_the_sampled_frames_of_a_model_can_be_searched_alone(video: Path) -> None:
    job = HandJob(LITE, sampled_by=models_dir() / "sample-sharp")
    with VideoReader(video) as reader:
        search, frames = search_of(job, reader.info, ScoringUnit(video))
    expected = sample_positions(N, 16, 10, sampling="even")  # segments, flow length and sampling of the checkpoint
    assert search.frames_of(frames) == sorted(set(expected[0].tolist()))
