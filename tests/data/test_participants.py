"""Who is in which video."""

from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.participants import participants_of
from tests.data.files import write

NAMES = ["P01_a", "P01_b", "P02_a", "x"]


def test_a_stated_pattern_counts_before_all_else(tmp_path: Path) -> None:
    file = write(tmp_path / "participants.csv", "video,participant\nP01_a,Ann\n")
    found, problems = participants_of(NAMES, [file], r"^(P\d+)_")
    assert found == {"P01_a": "P01", "P01_b": "P01", "P02_a": "P02"}
    assert problems == ["The pattern “^(P\\d+)_” finds no participant in x."]
    assert participants_of(["A1"], [], r"[A-Z]")[0] == {"A1": "A"}


def test_a_file_says_who_is_in_which(tmp_path: Path) -> None:
    text = "Video,Subject\nP01_a.mp4,Ann\nP01_b,Ann\nP02_a,Bob\nP02_a,Cem\n,Dee\nz,Eve\n"
    found, problems = participants_of(NAMES, [tmp_path / "none.csv", write(tmp_path / "p.csv", text)], None, r"^(P)")
    assert found == {"P01_a": "Ann", "P01_b": "Ann", "P02_a": "Bob"}
    assert problems == [
        "p.csv line 5 says P02_a is Cem, an earlier line Bob; the first counts.",
        "p.csv line 6 does not name a video and its participant; it is left out.",
        "p.csv does not say who is in x.",
    ]


def test_else_the_data_sets_own_names() -> None:
    assert participants_of(NAMES, [], None, r"^(P\d+)")[0] == {"P01_a": "P01", "P01_b": "P01", "P02_a": "P02"}
    assert participants_of(NAMES, [], None) == ({}, [])


def test_a_pattern_that_is_none_is_told() -> None:
    with pytest.raises(DatasetError, match="not a regular expression"):
        participants_of(NAMES, [], "(")
