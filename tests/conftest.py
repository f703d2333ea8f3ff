"""What every test stands on: nothing that a test does reaches the person's own folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from skillviewer.core.paths import HOME_VARIABLE


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Move everything that the program writes by itself to a folder of this test session."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(folder))
        yield folder
