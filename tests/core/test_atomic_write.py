"""Nothing is written over a file unasked, and no half file stays."""

import copy
import os
from pathlib import Path

import pytest

from skillviewer.core.atomic_write import atomic_export, atomic_path, check_free
from skillviewer.core.errors import ExportError, NameTakenError


def test_a_free_name_passes_and_a_taken_one_only_where_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    check_free(path, overwrite=False)
    path.write_text("old")
    check_free(path, overwrite=True)
    with pytest.raises(NameTakenError, match=r"a\.csv.*overwrite"):
        check_free(path, overwrite=False)


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_and_impossible_names_are_refused(tmp_path: Path, *, overwrite: bool) -> None:
    with pytest.raises(ExportError, match="is a folder: choose the name of a file"):
        check_free(tmp_path, overwrite=overwrite)
    with pytest.raises(ExportError, match="File name"):
        check_free(tmp_path / ("n" * 300), overwrite=overwrite)


def test_a_file_that_came_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    def write() -> None:
        with atomic_export(path, overwrite=False) as temp_path:
            temp_path.write_text("new")
            path.write_text("somebody else's")

    with pytest.raises(NameTakenError):
        write()
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]
    assert path.read_text() == "somebody else's"


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def write() -> None:
        with atomic_export(path, overwrite=True) as temp_path:
            temp_path.write_text("half")
            raise OSError(28, "no room")

    with pytest.raises(ExportError, match=r"a\.csv could not be written: no room"):
        write()
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


def test_the_refusal_survives_the_way_from_another_process(tmp_path: Path) -> None:
    error = NameTakenError(tmp_path / "a.csv")
    there = copy.copy(error)  # takes an exception apart and makes it anew, as pickle does
    assert str(there) == str(error)
    assert there.path == error.path


def test_an_export_is_on_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key.csv"
    seen: list[tuple[int, bool]] = []
    sync = os.fsync

    def noting(number: int) -> None:
        seen.append((os.fstat(number).st_size, path.exists()))
        sync(number)

    monkeypatch.setattr(os, "fsync", noting)
    with atomic_export(path, overwrite=False) as temp_path:
        temp_path.write_text("12345")
    assert seen == [(5, False)]
    with atomic_path(path) as temp_path:  # what can be computed again need not wait for it
        temp_path.write_text("1")
    assert len(seen) == 1
    assert path.read_text() == "1"
