"""Making things before they are asked for, in a thread beside the one that uses them."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

ItemT = TypeVar("ItemT")


class _Over:
    """What stands for the end."""


_OVER: Final = _Over()


def ahead(items: Iterator[ItemT], depth: int = 2) -> Generator[ItemT, None, None]:
    """Yield what another iterator yields, made in a thread that is so many items ahead.

    The other iterator runs in that thread alone. Its errors are raised here, in their place. When this generator is
    closed the thread has ended, after the item at hand.

    Args:
        items: Slow in code that lets go of Python's lock: decoding, say.
        depth: Items that wait at most.

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
