"""Base class of objects that are closed at the end of a ``with`` block."""

from abc import ABC, abstractmethod
from typing import Self


class Closeable(ABC):
    """Base class of context managers that close themselves at the end of the block."""

    @abstractmethod
    def close(self) -> None:
        """Release files and other resources."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
