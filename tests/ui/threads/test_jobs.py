"""How far work is, and how long it takes still."""

import pytest

from skillviewer.ui.threads.jobs import Job


class Clock:
    """Stands in for the clock of a job."""

    def __init__(self) -> None:
        self.now_ms = self.since_ms = 0

    def elapsed(self) -> int:
        return self.now_ms - self.since_ms

    def restart(self) -> int:
        gone, self.since_ms = self.elapsed(), self.now_ms
        return gone


def test_another_part_of_the_work_has_a_pace_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    job, clock = Job("Fine-tuning"), Clock()
    monkeypatch.setattr(job, "_since_start", clock)
    assert job.left_s is None
    job.set_progress("features of videos", 0, 24)
    clock.now_ms = 60_000
    job.set_progress("features of videos", 12, 24)
    assert job.left_s == pytest.approx(60)
    job.set_progress("training", 2, 40)
    assert job.left_s is None, "nothing is known of its pace"
    clock.now_ms += 10_000
    job.set_progress("training", 7, 40)
    assert job.left_s == pytest.approx(33 * 2)
    assert job.share == pytest.approx(7 / 40)


def test_the_first_steps_of_many_tell_no_time_and_waiting_for_the_turn_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job, clock = Job("Explaining"), Clock()
    monkeypatch.setattr(job, "_since_start", clock)
    clock.now_ms = 40_000  # others were worked on
    job.set_progress("weighing", 0, 1000)
    clock.now_ms += 2_000
    job.set_progress("weighing", 1, 1000)
    assert job.left_s is None
    clock.now_ms += 4_000
    job.set_progress("weighing", 60, 1000)
    assert job.left_s == pytest.approx(6 / 60 * 940)
