"""Who is in which video."""

from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.participants import Spellings, participants_of
from tests.data.files import write
from tests.facts import missing

NAMES = ["P01_a", "P01_b", "P02_a", "x"]


def participants(
    names: list[str], files: list[Path], stated: str | None, own: str | None = None
) -> tuple[dict[str, str], list[str]]:
    """Return the participants, and the problems."""
    problems: list[str] = []
    return participants_of(names, files, stated, problems, own), problems


def test_a_stated_pattern_counts_before_all_else(tmp_path: Path) -> None:
    file = write(tmp_path / "participants.csv", "video,participant\nP01_a,Ann\n")
    found, problems = participants(NAMES, [file], r"^(P\d+)_")
    assert found == {"P01_a": "P01", "P01_b": "P01", "P02_a": "P02"}
    assert problems == ["The pattern “^(P\\d+)_” finds no participant in x."]
    assert participants(["A1"], [], r"[A-Z]")[0] == {"A1": "A"}


def test_a_file_says_who_is_in_which(tmp_path: Path) -> None:
    text = "Video,Subject\nP01_a.mp4,Ann\nP01_b,Ann\nP02_a,Bob\nP02_a,Cem\n,Dee\nz,Eve\n"
    found, problems = participants(NAMES, [tmp_path / "none.csv", write(tmp_path / "p.csv", text)], None, r"^(P)")
    assert found == {"P01_a": "Ann", "P01_b": "Ann", "P02_a": "Bob"}
    assert problems == [
        "p.csv line 5 says P02_a is Cem, an earlier line Bob; the first counts.",
        "p.csv line 6 does not name a video and its participant; it is left out.",
        "p.csv does not say who is in x.",
    ]


def test_else_the_data_sets_own_names() -> None:
    assert participants(NAMES, [], None, r"^(P\d+)")[0] == {"P01_a": "P01", "P01_b": "P01", "P02_a": "P02"}
    assert participants(NAMES, [], None) == ({}, [])


def test_a_pattern_that_is_none_is_told() -> None:
    with pytest.raises(DatasetError, match="not a regular expression"):
        participants(NAMES, [], "(")


def test_a_pattern_that_exhausts_the_memory_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_pattern: str) -> None:
        raise MemoryError

    monkeypatch.setattr("skillviewer.data.tables.participants.regex.compile", fail)
    with pytest.raises(DatasetError, match=r"expression: \w+"):
        participants(NAMES, [], "P1")


def test_videos_are_found_however_a_file_calls_them(tmp_path: Path) -> None:
    names = ["P1/001", "P2/001", "c03", "007"]
    text = "video,participant\nvideos/P1/001.mp4,Ann\nP2\\001,Bob\nC03.MP4,Cem\n7,Dee\n"
    found, problems = participants(names, [write(tmp_path / "p.csv", text)], None)
    assert found == {"P1/001": "Ann", "P2/001": "Bob", "c03": "Cem", "007": "Dee"}
    assert len(problems) == 1
    assert not missing(problems[0], "p.csv", "leading zeros", "7 with 007")
    two = write(tmp_path / "q.csv", "video,participant\nvideos/c03.mp4,Eve\nc03,Cem\n")
    found, problems = participants(["c03"], [two], None)
    assert found == {"c03": "Eve"}
    assert problems == ["q.csv line 3 says c03 is Cem, an earlier line Eve; the first counts."]


def test_a_person_in_two_spellings_is_one_and_that_is_told(tmp_path: Path) -> None:
    text = "video,participant\nP01_a,Anna  Bell\nP01_b,anna bell\nP02_a,Ben\nx,BEN \nP02_a,ben\n"
    found, problems = participants(NAMES, [write(tmp_path / "p.csv", text)], None)
    assert found == {"P01_a": "Anna Bell", "P01_b": "Anna Bell", "P02_a": "Ben", "x": "Ben"}
    assert problems == [
        "p.csv: people who are spelled in several ways are one each: Anna Bell (anna bell), Ben (BEN, ben)."
    ]
    assert participants(["p1_a", "P1_b"], [], r"^(\w+)_")[0] == {"p1_a": "p1", "P1_b": "p1"}


def test_accents_are_no_other_spelling() -> None:
    people = Spellings()
    assert (
        people.canonical("Jos\u00e9")
        == people.canonical("Jose\u0301")
        == people.canonical(" JOSE\u0301")
        == "Jos\u00e9"
    )
    assert people.canonical("") == ""
    assert people.merged_notice("x") == [
        "x: people who are spelled in several ways are one each: Jos\u00e9 (JOS\u00c9)."
    ]
