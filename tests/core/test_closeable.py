"""The end of a ``with`` block closes what it opened, and hides no error."""

import pytest

from skillviewer.core.closeable import Closeable


class Door(Closeable):
    shut = False

    def close(self) -> None:
        self.shut = True


def test_the_end_of_the_block_closes() -> None:
    with Door() as door:
        assert not door.shut
    assert door.shut


def test_an_error_closes_and_goes_on() -> None:
    door = Door()
    with pytest.raises(ValueError, match="inside"), door:
        raise ValueError("inside")
    assert door.shut
