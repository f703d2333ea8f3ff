"""Prefetching of an iterator in a background thread."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

ItemT = TypeVar("ItemT")


class _End:
    """Marker of the end of an iterator."""


_END: Final = _End()


def prefetched(items: Iterator[ItemT], depth: int = 2) -> Generator[ItemT, None, None]:
    """Yield the items of an iterator in order, computed up to ``depth`` items ahead in a thread.

    The iterator runs in that thread alone, and its errors are raised here at their position. Closing the generator
    waits until the thread has finished its current item.
    """

    def next_item() -> ItemT | _End:
        return next(items, _END)

    with ThreadPoolExecutor(1, "ahead") as executor:
        pending = deque(executor.submit(next_item) for _ in range(depth))
        try:
            while True:
                item = pending.popleft().result()
                if isinstance(item, _End):
                    return
                pending.append(executor.submit(next_item))
                yield item
        finally:
            for future in pending:
                future.cancel()
