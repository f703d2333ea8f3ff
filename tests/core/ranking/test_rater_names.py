"""One person is one rater, however the name was typed."""

import unicodedata

import pytest

from skillviewer.core.ranking.rater_names import match_key, match_rater_name, normalize

JUERGEN = "Jürgen M"


@pytest.mark.parametrize(
    "typed", [JUERGEN, "jürgen m", " JÜRGEN  M ", unicodedata.normalize("NFD", JUERGEN), "Jürgen\u00a0M"]
)
def test_a_name_that_is_written_alike_is_the_known_one(typed: str) -> None:
    assert match_rater_name(typed, ("Ann", JUERGEN)) == JUERGEN
    assert match_key(typed) == match_key(JUERGEN)


def test_a_name_that_is_written_exactly_so_comes_first() -> None:
    known = ("ann", "Ann", unicodedata.normalize("NFD", JUERGEN))
    assert match_rater_name("Ann", known) == "Ann"
    assert match_rater_name(" Ann ", known) == "Ann"
    assert match_rater_name("ANN", known) == "ann"
    assert match_rater_name(known[2], known) == known[2]


def test_a_new_name_is_composed_and_has_single_blanks() -> None:
    assert match_rater_name(unicodedata.normalize("NFD", "  Jürgen   M"), ("Ann",)) == JUERGEN
    assert normalize(" \t ") == ""
    assert match_key("Ben") != match_key("Benn")
