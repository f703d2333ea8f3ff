"""Tables of things by name."""

from dataclasses import dataclass

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.core.registry import look_up, table


@dataclass(frozen=True)
class Thing:
    name: str


A, B = Thing("a"), Thing("b")


def test_a_table_keeps_its_order() -> None:
    assert table(B, A) == (B, A)


def test_a_name_given_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="named twice: a"):
        table(A, B, Thing("a"))


def test_look_up() -> None:
    assert look_up((A, B), "b", "thing", DatasetError) is B


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(DatasetError, match=r"There is no thing “c”. Choose one of: a, b."):
        look_up(iter((A, B)), "c", "thing", DatasetError)
