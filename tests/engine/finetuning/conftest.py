"""A study with votes, and a model to start from, one of each for a file of tests."""

from pathlib import Path

import pytest

from skillviewer.core.finetuning.split import StudyPairs
from tests.checkpoints import tiny_checkpoint
from tests.engine.tuned import write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyPairs:
    return write_study(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "parent").folder
