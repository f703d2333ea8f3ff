"""A short soak of the window over the real engine; ``python -m benchmarks.soak`` makes the long one."""

import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks import soak
from benchmarks.soak import COUNTS, Held, growth, left, open_window, sound
from skillviewer.ui.exporting import export_queue
from skillviewer.ui.session.video_list import VideoList

if sys.platform != "linux":
    pytest.skip("threads and open files are counted as on Linux", allow_module_level=True)

MAX_ROUNDS = 6
"""Some widgets are made late, so that more than two rounds may pass until one adds nothing; a leak adds in each."""


def counts(held: Held) -> list[int]:
    return [getattr(held, name) for name in COUNTS]


@pytest.mark.slow
def test_use_leaves_no_thread_file_or_widget_and_what_stays_is_seen(
    qapp: QApplication,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(soak, "KINDS", ("still", "scores"))
    monkeypatch.setattr(export_queue, "MAX_LISTED", 1)
    before = soak.held()
    with open_window(tmp_path / "window") as use:
        held: list[Held] = []
        for _ in range(MAX_ROUNDS):
            use.use_study(1, 3, 2)
            use.use_video()
            held.append(use.held())
            if len(held) > 1 and counts(held[-1]) == counts(held[-2]):
                break
        else:
            pytest.fail(f"every round leaves something: {held}")
        clear, stay = VideoList.clear, list[QWidget]()

        def leak(videos: VideoList) -> None:
            stay.append(QWidget(use.window))
            clear(videos)

        monkeypatch.setattr(VideoList, "clear", leak)
        use.use_video()
        assert use.held().widgets == held[-1].widgets + len(stay)
        assert stay
    remain = left(before, soak.held())
    assert remain["widgets"] <= 0
    assert use.done.analyses == len(held)
    assert use.done.exports == 2 * len(held)


def test_growth_is_judged_after_the_warm_up() -> None:
    flat = [Held(memory, 5, 9, 100, 300) for memory in (300.0, 500, 510, 490, 505, 495, 500, 510, 490, 500)]
    nothing = dict.fromkeys(COUNTS, 0.0)
    assert sound(growth(flat), nothing)
    rising = [Held(500 + 5 * at, 5, 9, 100, 300) for at in range(10)]  # 35 MB in 7 steps, of 522.5 on average
    assert growth(rising)["memory_mb"] == pytest.approx(35 / 527.5)
    assert not sound(growth(rising), nothing)
    assert not sound(growth([*flat[:-1], Held(500, 5, 10, 100, 300)]), nothing)
    assert not sound(growth(flat), nothing | {"threads": 1.0})
