"""Openers that do what none may, to see it found."""

import os
import time
from pathlib import Path

from skillviewer.core.errors import VideoError


def reads(_path: Path) -> None:
    """Read, as it should be."""


def refuses(_path: Path) -> None:
    raise VideoError("no")


def fails(_path: Path) -> None:
    raise IndexError("a finding")


def ends(_path: Path) -> None:
    os._exit(3)


def hangs(_path: Path) -> None:
    time.sleep(60)


def grows(_path: Path) -> None:
    bytearray(8 << 30)


def escapes(path: Path) -> None:
    (path.parent.parent.parent / "outside").write_text("x")
