"""Items made ahead come in order, with their errors, and their thread ends."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from skillviewer.core.errors import VideoError
from skillviewer.core.prefetch import prefetched


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 50])
@pytest.mark.parametrize("depth", [1, 2, 7])
def test_the_same_items_in_the_same_order(n: int, depth: int) -> None:
    assert list(prefetched(iter(range(n)), depth)) == list(range(n))
    assert not threads()


def test_it_is_ahead_by_as_many_as_are_asked_for_and_in_one_other_thread() -> None:
    made: list[tuple[int, int]] = []
    third = threading.Event()

    def items() -> Iterator[int]:
        for at in range(100):
            made.append((at, threading.get_ident()))
            if at == 2:
                third.set()
            yield at

    with closing(prefetched(items(), 2)) as found:
        assert next(found) == 0
        assert third.wait(60), "one is used, two are made meanwhile"
    assert len(made) <= 4
    assert len({thread for _, thread in made} | {threading.get_ident()}) == 2
    assert not threads()


def test_an_error_comes_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise VideoError("frame 3 does not decode")

    found = prefetched(items(), 5)
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(VideoError, match="frame 3"):
        next(found)
    assert not threads()


def test_who_stops_asking_leaves_no_thread() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        while True:
            made.append(0)
            yield 0

    with closing(prefetched(items())) as found:
        next(found)
    assert not threads()
    n_made = len(made)
    assert list(found) == []
    assert len(made) == n_made
