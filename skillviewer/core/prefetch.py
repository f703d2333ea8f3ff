"""Prefetching in a background thread."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

ItemT = TypeVar("ItemT")


class _Over:
    """Marker of the end."""


_OVER: Final = _Over()


def prefetched(items: Iterator[ItemT], depth: int = 2) -> Generator[ItemT, None, None]:
    """Yield the items of another iterator, computed up to ``depth`` items ahead in a thread.

    The other iterator runs in that thread alone. Its errors are raised here, at their position. Closing this generator
    waits until the thread has finished its current item.

    Yields:
        The same items in the same order.
    """

    def make() -> ItemT | _Over:
        return next(items, _OVER)

    with ThreadPoolExecutor(1, "ahead") as maker:
        waiting = deque(maker.submit(make) for _ in range(depth))
        try:
            while not isinstance(item := waiting.popleft().result(), _Over):
                waiting.append(maker.submit(make))
                yield item
        finally:
            for future in waiting:
                future.cancel()
