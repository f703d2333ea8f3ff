"""A few hundred damaged files of every kind that is opened; ``python -m benchmarks.hostile`` tries thousands."""

import shutil
import sys
from pathlib import Path

import pytest

from skillviewer.core.paths import HOME_VARIABLE
from tests.hostile.targets import TARGETS, make_seeds
from tests.hostile.track_targets import TRACK_TARGETS
from tests.hostile.workers import Case, run

FOUND_BEFORE = (
    *(Case("study packed", number) for number in (1054, 9027, 723131)),
    *(Case("session", number) for number in (5026, 721179)),
    *(Case("configuration", number) for number in (721089, 721108)),
    *(Case("study", 9028), Case("result of score", 721082), Case("votes of a browser", 842)),
    Case("ratings", 5_000_217),
    Case("ratings", 5_000_376),
    *(Case("timeline in lines", number) for number in (5_000_287, 6_000_283)),
    Case("export", 6_000_333),
    Case("tracks of the program", 36_000_066),
)
"""Cases that once found something: they are tried for ever."""

EACH = 11

if sys.platform != "linux":
    pytest.skip("limits are set as on Linux", allow_module_level=True)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound file of every kind."""
    folder = tmp_path_factory.mktemp("seeds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(tmp_path_factory.mktemp("home of seeds")))
        make_seeds(folder)
    return folder


def test_nothing_but_one_sentence_leaves_a_damaged_file(seeds: Path, tmp_path: Path) -> None:
    cases = [*FOUND_BEFORE, *(Case(kind, number) for number in range(EACH) for kind in TARGETS)]
    outcomes = list(run(cases, seeds, tmp_path))
    assert [outcome.case for outcome in outcomes] == cases
    found = [f"{o.case.kind} {o.case.number}: {o.found} {o.told}" for o in outcomes if not o.sound]
    assert not found, "\n".join(found)
    assert any(outcome.found == "read" for outcome in outcomes)
    assert any(outcome.found == "refused" for outcome in outcomes)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, one in TRACK_TARGETS.items() for name in one.seeds])
def test_a_sound_file_of_tracks_is_read(kind: str, name: str, seeds: Path, tmp_path: Path) -> None:
    shutil.copytree(seeds / "tracks", tmp_path / "tracks")
    TRACK_TARGETS[kind].open(tmp_path / name)


def test_the_harness_sees_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "pairs.csv").write_text("better,worse\n")
    expected = {
        "reads": "read",
        "refuses": "refused",
        "fails": "IndexError",
        "ends": "crash",
        "hangs": "hang",
        "grows": "MemoryError",
        "escapes": "outside",
    }
    cases = [Case(f"tests.hostile.planted:{opener}", 0) for opener in expected]
    (tmp_path / "work").mkdir()
    outcomes = list(run(cases, tmp_path / "seeds", tmp_path / "work", longest_s=5))
    assert [outcome.found for outcome in outcomes] == list(expected.values())
