"""One person is one rater, however the name was typed."""

import unicodedata

import pytest

from skillviewer.core.ranking.rater_names import folded, known_as, tidy

JUERGEN = "Jürgen M"


@pytest.mark.parametrize(
    "typed", [JUERGEN, "jürgen m", " JÜRGEN  M ", unicodedata.normalize("NFD", JUERGEN), "Jürgen\u00a0M"]
)
def test_a_name_that_is_written_alike_is_the_known_one(typed: str) -> None:
    assert known_as(typed, ("Ann", JUERGEN)) == JUERGEN
    assert folded(typed) == folded(JUERGEN)


def test_a_name_that_is_written_exactly_so_comes_first() -> None:
    known = ("ann", "Ann", unicodedata.normalize("NFD", JUERGEN))
    assert known_as("Ann", known) == "Ann"
    assert known_as(" Ann ", known) == "Ann"
    assert known_as("ANN", known) == "ann"
    assert known_as(known[2], known) == known[2]


def test_a_new_name_is_composed_and_has_single_blanks() -> None:
    assert known_as(unicodedata.normalize("NFD", "  Jürgen   M"), ("Ann",)) == JUERGEN
    assert tidy(" \t ") == ""
    assert folded("Ben") != folded("Benn")
