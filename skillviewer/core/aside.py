"""Never half a file: what is written goes to a name beside its place and is renamed at the end."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ASIDE = ".part"
"""What the names of files under way have in them."""


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a free name beside ``path``; rename it to ``path`` at the end, remove it when anything goes wrong.

    Args:
        path: Where the file is to lie; a file of that name is replaced, its folder is made.

    Yields:
        A name in the same folder with the same suffix.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(6)}{ASIDE}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
