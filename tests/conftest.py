"""What every test stands on: nothing that a test does reaches the person's own folders."""

import gc
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.plugins import SWITCH

settings.register_profile("any computer", deadline=None)  # a busy one is no failure
settings.load_profile("any computer")


def pytest_collection_finish() -> None:
    """Keep Python's collector from walking through all modules and tests again and again: they stay to the end."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the reasons of skipped tests, with their numbers, below everything else; the gate ends with such lists."""
    skipped = Counter(
        report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", ())
    )
    reasons = "; ".join(f"{reason} ({n})" for reason, n in sorted(skipped.items()))
    terminalreporter.write_line(f"not run: {reasons or 'nothing'}")
    if skipped and "NOT_RUN" in os.environ:
        with Path(os.environ["NOT_RUN"]).open("a", encoding="utf-8") as file:
            file.writelines(f"  {reason} ({n})\n" for reason, n in skipped.items())


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Move everything that the program writes by itself to a folder of this test session."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(folder))
        patch.setenv(SWITCH, "off")  # what is installed on this computer has no part in the tests
        yield folder


@pytest.fixture(autouse=True, scope="module")
def _imported_modules_are_not_collected() -> Iterator[None]:
    """Keep the collector from walking through what this module of tests imported, too."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_tracks_of_other_tests(home: Path) -> Iterator[None]:
    """Forget tracks after every test: they are found by the content of a video, and drawn videos are often alike."""
    yield
    shutil.rmtree(home / "data" / "tracks", ignore_errors=True)
