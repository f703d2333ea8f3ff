"""Models by the criterion that they learnt."""

from pathlib import Path

import msgspec
import pytest

from skillviewer.core.errors import CheckpointError
from skillviewer.core.hashing import CARD
from skillviewer.nets.model_library import criterion_of, model_folder
from tests.checkpoints import tiny_checkpoint


def with_criterion(folder: Path, criterion: str) -> Path:
    card = tiny_checkpoint(folder).card
    (folder / CARD).write_bytes(msgspec.json.encode(msgspec.structs.replace(card, criterion=criterion)))
    return folder


def test_a_folder_of_several_gives_the_one_that_learnt_a_criterion(tmp_path: Path) -> None:
    one = with_criterion(tmp_path / "out" / "Global", "Global")
    two = with_criterion(tmp_path / "out" / "Flow", "Flow")
    assert (criterion_of(one), criterion_of(two)) == ("Global", "Flow")
    assert model_folder(tmp_path / "out", "flow") == two
    assert model_folder(one, "Global") == one
    with pytest.raises(CheckpointError, match="“Speed”"):
        model_folder(tmp_path / "out", "Speed")
    with pytest.raises(CheckpointError, match="“Flow”"):
        model_folder(one, "Flow")
    (two / CARD).write_text("[1]")
    assert criterion_of(two) == "skill"
