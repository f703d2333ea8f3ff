"""Scores of other tasks and other studies take no part in percentiles, better videos and comparisons of the window."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from skillviewer.data.study import NewVideo, Study
from skillviewer.ui.app import Composition
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.video_entry import VideoEntry
from tests.facts import missing
from tests.ui.fakes import FakeWorld
from tests.ui.inspect_driving import assess_all, by_score, open_assessed


def found_among(qtbot: QtBot, made: Composition, entry: VideoEntry, n: int) -> Findings:
    """Choose a video, and return its findings once so many videos are comparable."""
    made.app_context.state.set_current(entry.clip)

    def there() -> bool:
        found = made.app_context.why_loader.findings
        return found is not None and found.analysis.clip == entry.clip and found.position.n_compared == n

    qtbot.waitUntil(there)
    found = made.app_context.why_loader.findings
    assert found is not None
    return found


def test_another_task_lends_no_percentile_and_no_better_video(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_assessed(qtbot, window, world, 8)
    videos = window.app_context.videos
    lowest, *others = by_score(window)
    better = {entry.clip for entry in others[:3]}
    for entry in others[3:]:  # all that score highest
        videos.update(entry.clip, task="knots")
    found = found_among(qtbot, window, lowest, 3)
    assert found.reference_clip in better
    assert not missing(found.position.format_position(), "only 3", "too few")
    position = videos.cohorts.position(videos[videos.row(others[-1].clip) or 0])
    assert position is not None
    assert position.n_compared == len(others) - 4


def test_another_study_lends_nothing(qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path) -> None:
    open_assessed(qtbot, window, world, 6)
    files = world.touch("other_1.mp4", "other_2.mp4")
    with Study.create(tmp_path / "other.skillstudy") as study:
        study.videos.add([NewVideo(file) for file in files])
    window.app_context.open([tmp_path / "other.skillstudy"])
    qtbot.waitUntil(lambda: [entry.name for entry in window.app_context.videos] == ["other_1", "other_2"])
    assess_all(qtbot, window)
    lowest, best = by_score(window)
    assert found_among(qtbot, window, lowest, 1).reference_clip == best.clip
