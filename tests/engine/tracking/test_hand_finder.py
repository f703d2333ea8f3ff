"""The search for hands on behalf of the window, in a process of its own: live tracks, and stopping without a loss."""

from pathlib import Path

import pytest

from skillviewer.core.errors import Cancelled
from skillviewer.core.progress import CancelToken, silent
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.tracking.hand_finder import HandFinder
from skillviewer.engine.tracking.hand_tracker import HandModel
from skillviewer.engine.tracking.hand_units import HandJob
from skillviewer.engine.tracking.track_hands import HandProgress, HandSearch
from skillviewer.media.reading.reader import VideoReader
from tests.videos import write_barcode_video


@pytest.mark.slow
def test_a_search_is_shown_stopped_and_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    path = write_barcode_video(tmp_path / "a.mp4", 60).path
    with VideoReader(path) as reader:
        video = reader.info
    job, clip, finder = HandJob(HandSearch(HandModel.LITE), device="cpu"), VideoClip(path), HandFinder()
    token, shown = CancelToken(), list[HandProgress]()

    def stop(progress: HandProgress) -> None:
        shown.append(progress)
        token.cancel()

    with pytest.raises(Cancelled):
        finder.find(job, clip, token, silent, stop)
    left = finder.unfinished(job, video, clip)
    assert left is not None
    assert 1 <= left.n_done < 60
    found = finder.find(job, clip, CancelToken(), silent, shown.append)
    assert shown[-1].n_done >= left.n_done
    assert int(found.hands[0].is_searched.sum()) == 60
    assert TrackStore().get(video.digest) is not None
    assert finder.n_frames(job, video, clip) == 60
    assert finder.cost(job, video, CancelToken()).most_s > 0
    finder.close()
