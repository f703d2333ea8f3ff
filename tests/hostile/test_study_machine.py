"""Short runs of the state machine over the study; ``python -m benchmarks.state_machines`` makes long ones."""

import sys
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import Phase

from skillviewer.data.study import Study, Vote
from skillviewer.data.study import videos as study_videos
from skillviewer.data.study.votes import StudyVotes
from tests.hostile.killed import Victims
from tests.hostile.study_machine import StudyMachine
from tests.machines import run_alike

if sys.platform == "win32":
    pytest.skip("processes are forked", allow_module_level=True)


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[..., None]]:
    """Return a function that runs the machine, always with the same acts."""
    with Victims() as victims:
        StudyMachine.victims = victims
        yield partial(run_alike, StudyMachine, 60, 20)  # so many that each kind of act is among them


def test_a_study_keeps_what_it_promised(run: Callable[..., None]) -> None:
    run()
    assert all(StudyMachine.done[act] for act in ("votes", "undone", "kills")), StudyMachine.done


def _doubles_a_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = StudyVotes.cast

    def twice(self: StudyVotes, vote: Vote) -> Vote:
        cast(self, vote)
        return cast(self, vote)

    monkeypatch.setattr(StudyVotes, "cast", twice)


def _keeps_backups_of_the_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_videos, "delete_backups", lambda *_: None)


def _makes_no_backup_on_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Study, "back_up_if_changed", lambda _study: None)


@pytest.mark.parametrize("plant", [_doubles_a_vote, _keeps_backups_of_the_erased, _makes_no_backup_on_opening])
def test_the_machine_sees_a_broken_promise(
    run: Callable[..., None], monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        run(phases=(Phase.generate,), report_multiple_bugs=False)
